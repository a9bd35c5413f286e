-- What is neither history nor view: it may be changed and forgotten. Nothing personal is here in clear: logins and network
-- addresses are keyed tokens, links and sessions are SHA-256 of random tokens, drafts are sealed.
-- Instants are milliseconds since 1970, UTC; ids are the 16 bytes of a UUID.

-- Until a password is chosen the row only reserves the login, as long as the invitation stands.
CREATE TABLE credentials (
	account        BLOB PRIMARY KEY,
	login          BLOB NOT NULL UNIQUE,
	hash           TEXT,
	reserved_until INTEGER,
	CHECK ((hash IS NULL) <> (reserved_until IS NULL))
) STRICT, WITHOUT ROWID;

-- One link per account: the newest.
CREATE TABLE invitations (
	link    BLOB PRIMARY KEY,
	account BLOB NOT NULL UNIQUE,
	expires INTEGER NOT NULL,
	used    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	token   BLOB PRIMARY KEY,
	account BLOB NOT NULL,
	created INTEGER NOT NULL,
	seen    INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_expires ON sessions (expires);

-- Tries to sign in, by login or by address. A login nobody has is counted like any other: a lock must not tell who exists.
CREATE TABLE tries (
	key   BLOB PRIMARY KEY,
	count INTEGER NOT NULL,
	last  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE drafts (
	id      BLOB PRIMARY KEY,
	account BLOB NOT NULL,
	kind    TEXT NOT NULL,
	updated INTEGER NOT NULL,
	sealed  BLOB NOT NULL
) STRICT;
CREATE INDEX drafts_account ON drafts (account, kind, updated);

-- Status 0: the request was taken and has not been answered yet.
CREATE TABLE idempotency (
	account  BLOB NOT NULL,
	key      BLOB NOT NULL,
	request  BLOB NOT NULL,
	at       INTEGER NOT NULL,
	status   INTEGER NOT NULL DEFAULT 0,
	position INTEGER NOT NULL DEFAULT 0,
	location TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
