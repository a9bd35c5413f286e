package migrations

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// migrationsLock is the advisory lock under which one node at a time changes a schema.
const migrationsLock = 0x6170_7072_6f64_6f // "approdo"

// incompatible is the first line of a script that a program without it cannot live with.
const incompatible = "-- incompatible"

// Postgres brings the schema of a folder below postgres ("journal", "views") up to date; schema and folder bear one name. Every
// script runs once, in a transaction of its own and under a lock, so that several nodes may start at once; the table "migrations"
// in the schema says which have run. What is there already costs one look and no right to change anything.
//
// Nodes are replaced one by one, so a schema is used in three states: by the old program alone, by the old and the new together,
// by the new alone. A script therefore only adds: tables, columns with a default, indexes, functions under a new name. What the new
// program no longer needs goes with a script of the version after it, once no old node is left. A program that meets scripts it
// does not know goes on, unless one of them begins with the line "-- incompatible": then it is refused.
func Postgres(ctx context.Context, conn *pgx.Conn, folder string) error {
	files, err := list("postgres", folder)
	if err != nil {
		return err
	}
	seen, err := applied(ctx, conn, folder, len(files))
	if err != nil {
		return err
	}
	for ; seen < len(files); seen++ {
		if err := apply(ctx, conn, folder, files, seen); err != nil {
			return fmt.Errorf("migrations: %s: %w", files[seen], err)
		}
	}
	return nil
}

// applied is how many scripts a schema has seen. It is an error if one that this program does not know shuts it out.
func applied(ctx context.Context, conn *pgx.Conn, folder string, known int) (seen int, err error) {
	table := pgx.Identifier{folder, "migrations"}.Sanitize()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil || !there {
		return 0, wrapped(folder, err)
	}
	var refused bool
	err = conn.QueryRow(ctx, "SELECT coalesce(max(number), 0), coalesce(bool_or(number > $1 AND NOT compatible), false) FROM "+table, known).
		Scan(&seen, &refused)
	if refused {
		return seen, fmt.Errorf("migrations: %s has schema %d and no place for a program that knows %d", folder, seen, known)
	}
	return seen, wrapped(folder, err)
}

func wrapped(folder string, err error) error {
	if err != nil {
		return fmt.Errorf("migrations: %s: %w", folder, err)
	}
	return nil
}

// apply runs the script behind those that were seen, unless another node did meanwhile.
func apply(ctx context.Context, conn *pgx.Conn, folder string, files []string, seen int) error {
	script, err := scripts.ReadFile(files[seen])
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", migrationsLock); err != nil {
			return err
		}
		schema := pgx.Identifier{folder}.Sanitize()
		begin := "CREATE SCHEMA IF NOT EXISTS " + schema + "; CREATE TABLE IF NOT EXISTS " + schema + `.migrations (
			number     integer PRIMARY KEY,
			compatible boolean NOT NULL, -- with programs that do not know it
			applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
		)`
		if _, err := tx.Exec(ctx, begin); err != nil {
			return err
		}
		if now, err := applied(ctx, conn, folder, len(files)); err != nil || now > seen {
			return err
		}
		if _, err := tx.Exec(ctx, string(script)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO "+schema+".migrations (number, compatible) VALUES ($1, $2)", seen+1,
			!strings.HasPrefix(string(script), incompatible+"\n"))
		return err
	})
}
