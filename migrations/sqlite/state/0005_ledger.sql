-- Signed checkpoints of the ledger: a note says of so many records which root their tree has. None is ever changed or forgotten.
CREATE TABLE ledger_checkpoints (
	size INTEGER PRIMARY KEY,
	note BLOB NOT NULL,
	at   INTEGER NOT NULL
) STRICT;

-- Why the last attempt to sign was refused; no row while there is nothing to refuse.
CREATE TABLE ledger_refusal (
	one   INTEGER PRIMARY KEY CHECK (one = 1),
	code  TEXT NOT NULL,
	since INTEGER NOT NULL
) STRICT;

-- The last checkpoint that each destination was sent.
CREATE TABLE ledger_sent (
	destination TEXT PRIMARY KEY,
	size        INTEGER NOT NULL,
	at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
