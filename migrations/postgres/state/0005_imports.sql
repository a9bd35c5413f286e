-- Sheets that are being taken in. What was typed in them lies sealed under the key of its account, and of a row only until it is
-- recorded: then its number, what came of it and its case are left.
CREATE TABLE state.imports (
	id      uuid PRIMARY KEY,
	account uuid NOT NULL,
	kind    text NOT NULL,
	stage   text NOT NULL,
	updated timestamptz NOT NULL,
	leased  timestamptz NOT NULL DEFAULT '-infinity', -- until when a node works at it
	sealed  bytea NOT NULL
);
CREATE INDEX imports_account ON state.imports (account, updated);

CREATE TABLE state.import_rows (
	import  uuid NOT NULL REFERENCES state.imports (id) ON DELETE CASCADE,
	number  integer NOT NULL,
	sealed  bytea,
	outcome text NOT NULL,
	about   uuid,
	PRIMARY KEY (import, number)
);
CREATE INDEX import_rows_about ON state.import_rows (about) WHERE about IS NOT NULL;
