-- The journal. Rows are never changed and never deleted, so the next position is the largest plus one, without a hole.
-- A stream's last revision is not kept beside it: the index on (sid, rev) finds it as fast, and nothing can disagree with it.

CREATE TABLE streams (
    sid  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE events (
    pos  INTEGER PRIMARY KEY,
    sid  INTEGER NOT NULL REFERENCES streams,
    rev  INTEGER NOT NULL,
    id   BLOB NOT NULL,    -- 16 bytes
    type TEXT NOT NULL,
    ver  INTEGER NOT NULL, -- schema of the payload
    ts   INTEGER NOT NULL, -- written at, microseconds since 1970 UTC
    data TEXT NOT NULL,    -- JSON as the writer gave it, to the byte
    meta TEXT NOT NULL     -- JSON
) STRICT;

CREATE UNIQUE INDEX events_stream ON events (sid, rev);
CREATE UNIQUE INDEX events_id ON events (id);

CREATE TRIGGER events_never_change BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER streams_never_change BEFORE UPDATE ON streams BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER streams_never_go BEFORE DELETE ON streams BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
