-- What people are to be told, and what they were told: one row for each thing and account. Nothing of a pupil is in it.
CREATE TABLE notices (
	id       BLOB PRIMARY KEY,
	account  BLOB NOT NULL,
	content  BLOB NOT NULL,
	due      INTEGER NOT NULL,                                                             -- not to leave before
	status   TEXT NOT NULL CHECK (status IN ('waiting', 'sending', 'sent', 'recorded', 'failed')),
	mail     BLOB,                                                                         -- the message it leaves in, or left
	tries    INTEGER NOT NULL DEFAULT 0,
	code     TEXT NOT NULL DEFAULT '',                                                     -- why the last try failed
	at       INTEGER NOT NULL                                                              -- since when it has its status
) STRICT, WITHOUT ROWID;

CREATE INDEX notices_waiting ON notices (due) WHERE status = 'waiting';
CREATE INDEX notices_mail ON notices (mail);
CREATE INDEX notices_account ON notices (account, status);

-- What a person has chosen about being told.
CREATE TABLE notice_preferences (
	account BLOB PRIMARY KEY,
	chosen  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
