-- Sheets that are being taken in. What was typed in them lies sealed under the key of its account, and of a row only until it is
-- recorded: then its number, what came of it and its case are left.
CREATE TABLE imports (
	id      BLOB PRIMARY KEY,
	account BLOB NOT NULL,
	kind    TEXT NOT NULL,
	stage   TEXT NOT NULL,
	updated INTEGER NOT NULL,
	leased  INTEGER NOT NULL DEFAULT 0, -- until when a node works at it
	sealed  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imports_account ON imports (account, updated);

CREATE TABLE import_rows (
	import  BLOB NOT NULL,
	number  INTEGER NOT NULL,
	sealed  BLOB,
	outcome TEXT NOT NULL,
	about   BLOB,
	PRIMARY KEY (import, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_rows_about ON import_rows (about) WHERE about IS NOT NULL;

CREATE TRIGGER imports_dropped AFTER DELETE ON imports BEGIN
	DELETE FROM import_rows WHERE import = old.id;
END;
