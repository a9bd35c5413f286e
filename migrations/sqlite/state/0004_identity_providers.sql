-- Identities that other providers vouch for, sign-ins on their way there and back, and what is to be or was sent to people.

-- Keyed token of issuer and claim: nobody without the key can tell who it is by trying.
CREATE TABLE identities (
	identity BLOB PRIMARY KEY,
	account  BLOB NOT NULL UNIQUE,
	since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- SHA-256 of the state that the provider brings back and of the cookie of the browser that was sent there. The account is the nil UUID
-- where nobody is signed in; the errand says what for, in no personal words.
CREATE TABLE errands (
	state   BLOB PRIMARY KEY,
	browser BLOB NOT NULL,
	account BLOB NOT NULL,
	errand  BLOB NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who said to have forgotten the password, until somebody has looked whether there is such a login.
CREATE TABLE recoveries (
	id    BLOB PRIMARY KEY,
	login BLOB NOT NULL,
	at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Invitations of which the message has been handed to the mail server.
CREATE TABLE posted (
	invitation BLOB PRIMARY KEY,
	at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
