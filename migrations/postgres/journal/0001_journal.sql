-- The journal. Rows are never changed and never deleted, so the next position is the largest plus one, without a hole.
-- A stream's last revision is not kept beside it: the index on (stream, rev) finds it as fast, and nothing can disagree with it.
--
-- The owner may take the triggers away. A program that runs as another role needs no more than
--   GRANT USAGE ON SCHEMA journal TO role; GRANT SELECT, INSERT ON journal.events TO role; GRANT SELECT ON journal.migrations TO role;

DO $$ BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'the journal needs a database in UTF8, this one is in %', current_setting('server_encoding');
    END IF;
END $$;

CREATE TABLE journal.events (
    pos    bigint      PRIMARY KEY,
    stream text        COLLATE "C" NOT NULL,
    rev    bigint      NOT NULL,
    id     uuid        NOT NULL,
    type   text        COLLATE "C" NOT NULL,
    ver    integer     NOT NULL, -- schema of the payload
    ts     timestamptz NOT NULL, -- written at
    data   json        NOT NULL, -- as the writer gave it: json keeps the text to the byte, jsonb does not
    meta   json        NOT NULL,
    CONSTRAINT events_stream UNIQUE (stream, rev),
    CONSTRAINT events_id UNIQUE (id)
);

CREATE FUNCTION journal.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END $$;

CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.events EXECUTE FUNCTION journal.refuse();

-- begin_append takes the lock that puts all appends in one order and gives the last position. PostgreSQL lets go of the lock after the
-- transaction is on disk and visible, so whoever gets it next sees every position below his own, and so does every reader of a
-- position. The function that calls this is one statement and its own transaction: a client that dies cannot keep the lock.
CREATE FUNCTION journal.begin_append() RETURNS bigint LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs a snapshot taken under its lock: read committed';
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    PERFORM pg_advisory_xact_lock(7021781883);
    RETURN (SELECT coalesce(max(pos), 0) FROM journal.events);
END $$;

-- append_one adds one event to one stream. The revision before is "cur"; "last" is the position of the event, or -1 where the
-- stream was not as expected and nothing was written. Expected -1 is no stream, -2 any, -4 one that exists; with these two an id that is
-- there already is not as expected either. Tell wakes whoever listens.
CREATE FUNCTION journal.append_one(stream text, expected bigint, id uuid, type text, ver integer, data json, meta json, tell boolean,
    OUT cur bigint, OUT last bigint) LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    last := journal.begin_append() + 1;
    SELECT coalesce(max(e.rev), -1) INTO cur FROM journal.events e WHERE e.stream = append_one.stream;
    IF expected <> cur AND (expected >= -1 OR expected = -4 AND cur < 0
        OR EXISTS (SELECT FROM journal.events e WHERE e.id = append_one.id)) THEN
        last := -1;
        RETURN;
    END IF;
    INSERT INTO journal.events VALUES (last, stream, cur + 1, id, type, ver, clock_timestamp(), data, meta);
    IF tell THEN
        PERFORM pg_notify('journal', '');
    END IF;
END $$;

-- append adds the events of many appends, each to a stream of its own, all in one transaction. Of each append come its stream, what
-- it expects, and its events' first index and number; of each event its append, its place in it from 1, and what it is. It gives
-- the revision before of each append and the position of its last event, -1 where nothing was written as in append_one.
CREATE FUNCTION journal.append(streams text[], expects bigint[], firsts integer[], counts integer[],
    appends integer[], places integer[], names text[], ids uuid[], types text[], vers integer[], datas json[], metas json[], tell boolean,
    OUT curs bigint[], OUT lasts bigint[]) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    head bigint := journal.begin_append();
    at timestamptz := clock_timestamp();
BEGIN
    SELECT array_agg(a.cur ORDER BY a.i),
           array_agg(CASE WHEN a.taken THEN head + a.upto ELSE -1 END ORDER BY a.i)
    INTO curs, lasts
    FROM (
        SELECT b.i, b.cur, b.taken, sum(b.n) FILTER (WHERE b.taken) OVER (ORDER BY b.i) AS upto
        FROM (
            SELECT r.i, r.n, h.cur, CASE
                WHEN r.expected >= -1 THEN r.expected = h.cur
                WHEN r.expected = -4 AND h.cur < 0 THEN false
                ELSE NOT EXISTS (SELECT FROM journal.events e WHERE e.id = ANY (ids[r.f : r.f + r.n - 1])) END AS taken
            FROM unnest(streams, expects, firsts, counts) WITH ORDINALITY AS r (stream, expected, f, n, i),
                LATERAL (SELECT coalesce(max(e.rev), -1) AS cur FROM journal.events e WHERE e.stream = r.stream) h
        ) b
    ) a;
    INSERT INTO journal.events
    SELECT lasts[e.a] - counts[e.a] + e.nth, e.stream, curs[e.a] + e.nth, e.id, e.type, e.ver, at, e.data, e.meta
    FROM unnest(appends, places, names, ids, types, vers, datas, metas) AS e (a, nth, stream, id, type, ver, data, meta)
    WHERE lasts[e.a] >= 0;
    IF FOUND AND tell THEN
        PERFORM pg_notify('journal', '');
    END IF;
END $$;
