-- What is neither history nor view: it may be changed and forgotten. Nothing personal is here in clear: logins and network
-- addresses are keyed tokens, links and sessions are SHA-256 of random tokens, drafts are sealed.

-- Until a password is chosen the row only reserves the login, as long as the invitation stands.
CREATE TABLE state.credentials (
	account        uuid PRIMARY KEY,
	login          bytea NOT NULL UNIQUE,
	hash           text,
	reserved_until timestamptz,
	CHECK ((hash IS NULL) <> (reserved_until IS NULL))
);

-- One link per account: the newest.
CREATE TABLE state.invitations (
	link    bytea PRIMARY KEY,
	account uuid NOT NULL UNIQUE,
	expires timestamptz NOT NULL,
	used    timestamptz
);

CREATE TABLE state.sessions (
	token   bytea PRIMARY KEY,
	account uuid NOT NULL,
	created timestamptz NOT NULL,
	seen    timestamptz NOT NULL,
	expires timestamptz NOT NULL
);
CREATE INDEX sessions_account ON state.sessions (account);
CREATE INDEX sessions_expires ON state.sessions (expires);

-- Tries to sign in, by login or by address. A login nobody has is counted like any other: a lock must not tell who exists.
CREATE TABLE state.tries (
	key   bytea PRIMARY KEY,
	count integer NOT NULL,
	last  timestamptz -- none for a key whose first try is being judged
);

CREATE TABLE state.drafts (
	id      uuid PRIMARY KEY,
	account uuid NOT NULL,
	kind    text NOT NULL,
	updated timestamptz NOT NULL,
	sealed  bytea NOT NULL
);
CREATE INDEX drafts_account ON state.drafts (account, kind, updated);

-- Status 0: the request was taken and has not been answered yet.
CREATE TABLE state.idempotency (
	account  uuid NOT NULL,
	key      bytea NOT NULL,
	request  bytea NOT NULL,
	at       timestamptz NOT NULL,
	status   integer NOT NULL DEFAULT 0,
	position bigint NOT NULL DEFAULT 0,
	location text NOT NULL DEFAULT '',
	PRIMARY KEY (account, key)
);

-- How far each policy has come in the journal, and what it could not deal with. Streams are named by codes and ids, never by people.
CREATE TABLE state.checkpoints (
	policy   text PRIMARY KEY,
	position bigint NOT NULL
);

-- A nil event stands for a ticker's, which answers to no record. Attempts are 0 for what waits behind another record of its stream.
CREATE TABLE state.parked (
	id       uuid PRIMARY KEY,
	policy   text COLLATE "C" NOT NULL,
	event    uuid NOT NULL,
	type     text NOT NULL,
	stream   text COLLATE "C" NOT NULL,
	revision bigint NOT NULL,
	position bigint NOT NULL,
	code     text NOT NULL,
	attempts integer NOT NULL,
	first    timestamptz NOT NULL,
	last     timestamptz NOT NULL
);
CREATE INDEX parked_stream ON state.parked (policy, stream, position);

-- What a person gave up, and who that was.
CREATE TABLE state.dropped (
	policy   text NOT NULL,
	event    uuid NOT NULL,
	type     text NOT NULL,
	stream   text NOT NULL,
	position bigint NOT NULL,
	code     text NOT NULL,
	attempts integer NOT NULL,
	first    timestamptz NOT NULL,
	account  uuid NOT NULL,
	reason   text NOT NULL,
	at       timestamptz NOT NULL
);
