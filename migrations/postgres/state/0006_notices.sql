-- What people are to be told, and what they were told: one row for each thing and account. Nothing of a pupil is in it.
CREATE TABLE state.notices (
	id      uuid PRIMARY KEY,
	account uuid NOT NULL,
	content bytea NOT NULL,
	due     timestamptz NOT NULL,                                                             -- not to leave before
	status  text NOT NULL CHECK (status IN ('waiting', 'sending', 'sent', 'recorded', 'failed')),
	mail    uuid,                                                                             -- the message it leaves in, or left
	tries   integer NOT NULL DEFAULT 0,
	code    text NOT NULL DEFAULT '',                                                         -- why the last try failed
	at      timestamptz NOT NULL                                                              -- since when it has its status
);

CREATE INDEX notices_waiting ON state.notices (due) WHERE status = 'waiting';
CREATE INDEX notices_mail ON state.notices (mail);
CREATE INDEX notices_account ON state.notices (account, status);

-- What a person has chosen about being told.
CREATE TABLE state.notice_preferences (
	account uuid PRIMARY KEY,
	chosen  bytea NOT NULL
);
