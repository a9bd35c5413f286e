// Package migrations holds the schema of every SQLite file and every PostgreSQL schema of the program, and the few lines that bring
// them up to it.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed sqlite postgres
var scripts embed.FS

// Apply runs the scripts of a folder below sqlite ("journal", "state") that a database has not seen yet, all or none, in the
// order of their numbers from 0001. PRAGMA user_version counts them. A database that has seen more scripts than there are was
// written by a newer program and is refused. What is there already costs one look and no write.
func Apply(conn *sqlite.Conn, folder string) (err error) {
	files, err := list("sqlite", folder)
	if err != nil {
		return err
	}
	if seen, err := version(conn); err != nil || seen == len(files) {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return fmt.Errorf("migrations: %s: %w", folder, err)
	}
	defer end(&err)
	seen, err := version(conn)
	if err != nil {
		return err
	}
	if seen > len(files) {
		return fmt.Errorf("migrations: %s has schema %d, this program knows %d", folder, seen, len(files))
	}
	for i := seen; i < len(files); i++ {
		if err := sqlitex.ExecuteScriptFS(conn, scripts, files[i], nil); err != nil {
			return fmt.Errorf("migrations: %s: %w", files[i], err)
		}
	}
	return sqlitex.ExecuteTransient(conn, fmt.Sprintf("PRAGMA user_version = %d", len(files)), nil)
}

// list gives the scripts of a folder in the order of their numbers.
func list(engine, folder string) ([]string, error) {
	files, err := fs.Glob(scripts, path.Join(engine, folder, "*.sql"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("migrations: no scripts for %q", folder)
	}
	for i, name := range files {
		if number := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(path.Base(name), number) {
			return nil, fmt.Errorf("migrations: %s is not numbered %s", name, number)
		}
	}
	return files, nil
}

// version is how many scripts a database has seen.
func version(conn *sqlite.Conn) (seen int, err error) {
	err = sqlitex.ExecuteTransient(conn, "PRAGMA user_version", &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		seen = row.ColumnInt(0)
		return nil
	}})
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	return seen, nil
}
