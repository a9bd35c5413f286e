package seal

import (
	"crypto/hmac"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// schemaVersion is the user_version of the file.
const schemaVersion = 2

// In keyring, one row: proof is derived from the master key and tells a wrong one apart; unclean says that keys were destroyed
// and the file not yet rewritten. In wrappings, one row: the generation in force and its salt.
const schema = `
CREATE TABLE keyring (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	proof   BLOB NOT NULL,
	unclean INTEGER NOT NULL
) STRICT;
CREATE TABLE wrappings (
	generation INTEGER PRIMARY KEY,
	salt       BLOB NOT NULL
) STRICT;
CREATE TABLE keys (
	subject    BLOB NOT NULL,
	class      TEXT NOT NULL,
	generation INTEGER NOT NULL,
	wrapped    BLOB NOT NULL,
	PRIMARY KEY (subject, class)
) STRICT, WITHOUT ROWID;
CREATE TABLE forgotten (
	subject BLOB NOT NULL,
	class   TEXT NOT NULL, -- empty: all of them
	at      INTEGER NOT NULL, -- Unix milliseconds
	PRIMARY KEY (subject, class)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;`

// fromSchema1 is the way up from a file that could forget a subject only altogether.
const fromSchema1 = `
ALTER TABLE forgotten RENAME TO forgotten_1;
CREATE TABLE forgotten (
	subject BLOB NOT NULL,
	class   TEXT NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (subject, class)
) STRICT, WITHOUT ROWID;
INSERT INTO forgotten (subject, class, at) SELECT subject, '', at FROM forgotten_1;
DROP TABLE forgotten_1;
PRAGMA user_version = 2;`

// prepare makes a new file ready, checks an old one against the master key, and cleans it if need be.
func (f *file) prepare(conn *sqlite.Conn) error {
	unclean, err := f.check(conn)
	if err == nil && unclean {
		err = f.clean(conn)
	}
	return unavailable(err)
}

func (f *file) check(conn *sqlite.Conn) (unclean bool, err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return false, err
	}
	defer end(&err)
	version, err := queryInt(conn, "PRAGMA user_version")
	switch {
	case err != nil:
		return false, err
	case version == 0:
		return false, f.found(conn)
	case version == 1:
		if err := sqlitex.ExecuteScript(conn, fromSchema1, nil); err != nil {
			return false, err
		}
	case version != schemaVersion:
		return false, fmt.Errorf("seal: key file of schema %d; this program knows %d", version, schemaVersion)
	}
	var proof []byte
	err = sqlitex.Execute(conn, "SELECT proof, unclean FROM keyring", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			proof, unclean = columnBytes(row, 0), row.ColumnBool(1)
			return nil
		},
	})
	if err == nil && !hmac.Equal(proof, f.master.proof()) {
		err = ErrWrongMaster
	}
	return unclean, err
}

// found makes the tables and the first generation, inside a transaction.
func (f *file) found(conn *sqlite.Conn) error {
	if err := sqlitex.ExecuteScript(conn, schema, nil); err != nil {
		return err
	}
	err := sqlitex.Execute(conn, "INSERT INTO keyring (one, proof, unclean) VALUES (1, ?, 0)",
		&sqlitex.ExecOptions{Args: []any{f.master.proof()}})
	if err != nil {
		return err
	}
	_, err = f.newWrapping(conn, 1)
	return err
}

func (f *file) newWrapping(conn *sqlite.Conn, generation int64) (wrapping, error) {
	salt := newSecret()
	err := sqlitex.Execute(conn, "INSERT INTO wrappings (generation, salt) VALUES (?, ?)",
		&sqlitex.ExecOptions{Args: []any{generation, salt}})
	return f.master.wrapping(generation, salt), err
}

func queryInt(conn *sqlite.Conn, query string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error { n = row.ColumnInt64(0); return nil },
	})
	return n, err
}
