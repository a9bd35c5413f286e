-- Second factors: what a person proves besides the password. What a factor is checked with is sealed under the account's own key.

-- What the person of a session has proved.
ALTER TABLE state.sessions ADD COLUMN proof text NOT NULL DEFAULT 'password';

-- The mark only rises: of codes by time the last step that was used, of a passkey its sign counter.
CREATE TABLE state.factors (
	id      uuid PRIMARY KEY,
	account uuid NOT NULL,
	kind    text NOT NULL,
	sealed  bytea NOT NULL,
	mark    bigint NOT NULL,
	since   timestamptz NOT NULL
);
CREATE INDEX factors_account ON state.factors (account);

-- Keyed tokens of the codes that have not been used yet.
CREATE TABLE state.recovery_codes (
	account uuid NOT NULL,
	code    bytea NOT NULL,
	PRIMARY KEY (account, code)
);

-- What a session was asked and has not answered yet: one question of each kind, answered once.
CREATE TABLE state.questions (
	session bytea NOT NULL,
	kind    text NOT NULL,
	account uuid NOT NULL,
	sealed  bytea NOT NULL,
	expires timestamptz NOT NULL,
	PRIMARY KEY (session, kind)
);
CREATE INDEX questions_account ON state.questions (account);
