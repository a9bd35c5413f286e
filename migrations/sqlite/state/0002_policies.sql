-- How far each policy has come in the journal, and what it could not deal with. Streams are named by codes and ids, never by people.

CREATE TABLE checkpoints (
	policy   TEXT PRIMARY KEY,
	position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A nil event stands for a ticker's, which answers to no record. Attempts are 0 for what waits behind another record of its stream.
CREATE TABLE parked (
	id       BLOB PRIMARY KEY,
	policy   TEXT NOT NULL,
	event    BLOB NOT NULL,
	type     TEXT NOT NULL,
	stream   TEXT NOT NULL,
	revision INTEGER NOT NULL,
	position INTEGER NOT NULL,
	code     TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	first    INTEGER NOT NULL,
	last     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_stream ON parked (policy, stream, position);

-- What a person gave up, and who that was.
CREATE TABLE dropped (
	policy   TEXT NOT NULL,
	event    BLOB NOT NULL,
	type     TEXT NOT NULL,
	stream   TEXT NOT NULL,
	position INTEGER NOT NULL,
	code     TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	first    INTEGER NOT NULL,
	account  BLOB NOT NULL,
	reason   TEXT NOT NULL,
	at       INTEGER NOT NULL
) STRICT;
