-- Identities that other providers vouch for, sign-ins on their way there and back, and what is to be or was sent to people.

-- Keyed token of issuer and claim: nobody without the key can tell who it is by trying.
CREATE TABLE state.identities (
	identity bytea PRIMARY KEY,
	account  uuid NOT NULL UNIQUE,
	since    timestamptz NOT NULL
);

-- SHA-256 of the state that the provider brings back and of the cookie of the browser that was sent there. The account is the nil UUID
-- where nobody is signed in; the errand says what for, in no personal words.
CREATE TABLE state.errands (
	state   bytea PRIMARY KEY,
	browser bytea NOT NULL,
	account uuid NOT NULL,
	errand  bytea NOT NULL,
	expires timestamptz NOT NULL
);

-- Who said to have forgotten the password, until somebody has looked whether there is such a login.
CREATE TABLE state.recoveries (
	id    uuid PRIMARY KEY,
	login bytea NOT NULL,
	at    timestamptz NOT NULL
);

-- Invitations of which the message has been handed to the mail server.
CREATE TABLE state.posted (
	invitation uuid PRIMARY KEY,
	at         timestamptz NOT NULL
);
