-- Second factors: what a person proves besides the password. What a factor is checked with is sealed under the account's own key.

-- What the person of a session has proved.
ALTER TABLE sessions ADD COLUMN proof TEXT NOT NULL DEFAULT 'password';

-- The mark only rises: of codes by time the last step that was used, of a passkey its sign counter.
CREATE TABLE factors (
	id      BLOB PRIMARY KEY,
	account BLOB NOT NULL,
	kind    TEXT NOT NULL,
	sealed  BLOB NOT NULL,
	mark    INTEGER NOT NULL,
	since   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX factors_account ON factors (account);

-- Keyed tokens of the codes that have not been used yet.
CREATE TABLE recovery_codes (
	account BLOB NOT NULL,
	code    BLOB NOT NULL,
	PRIMARY KEY (account, code)
) STRICT, WITHOUT ROWID;

-- What a session was asked and has not answered yet: one question of each kind, answered once.
CREATE TABLE questions (
	session BLOB NOT NULL,
	kind    TEXT NOT NULL,
	account BLOB NOT NULL,
	sealed  BLOB NOT NULL,
	expires INTEGER NOT NULL,
	PRIMARY KEY (session, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX questions_account ON questions (account);
