-- Signed checkpoints of the ledger: a note says of so many records which root their tree has. None is ever changed or forgotten.
CREATE TABLE state.ledger_checkpoints (
	size bigint PRIMARY KEY,
	note bytea NOT NULL,
	at   timestamptz NOT NULL
);

-- Why the last attempt to sign was refused; no row while there is nothing to refuse.
CREATE TABLE state.ledger_refusal (
	one   integer PRIMARY KEY CHECK (one = 1),
	code  text NOT NULL,
	since timestamptz NOT NULL
);

-- The last checkpoint that each destination was sent.
CREATE TABLE state.ledger_sent (
	destination text PRIMARY KEY,
	size        bigint NOT NULL,
	at          timestamptz NOT NULL
);
