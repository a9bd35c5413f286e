package views_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
	"approdo/adapters/postgres/views"
)

// Every table is written anew, into a file of its own, once nobody can see any more what was deleted.
func TestScrubWritesTheTablesAnewWhenNobodySeesWhatWasDeleted(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	db, err := views.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn := func() *pgx.Conn {
		c, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close(t.Context()) })
		return c
	}
	writer, reader := conn(), conn()
	run := func(c *pgx.Conn, sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	file := func() (node, rows int64) {
		t.Helper()
		err := writer.QueryRow(t.Context(), "SELECT pg_relation_filenode('views.toy_1')::bigint, (SELECT count(*) FROM views.toy_1)").Scan(&node, &rows)
		if err != nil {
			t.Fatal(err)
		}
		return node, rows
	}
	run(writer, "CREATE TABLE views.toy_1 (id integer PRIMARY KEY, token text); INSERT INTO views.toy_1 SELECT n, 'token ' || n FROM generate_series(1, 100) n")
	run(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM views.generation")
	run(writer, "DELETE FROM views.toy_1 WHERE id > 90")
	before, _ := file()
	done := make(chan error, 1)
	go func() { done <- db.Scrub(t.Context()) }()
	select {
	case err := <-done:
		t.Fatalf("scrubbed while somebody still sees what was deleted: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	run(reader, "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if node, rows := file(); node == before || rows != 90 {
		t.Errorf("the file %d is the same as %d, or not 90 rows: %d", node, before, rows)
	}
	var dead int64
	if err := writer.QueryRow(t.Context(), "SELECT pg_relation_size('views.toy_1') / 8192").Scan(&dead); err != nil || dead != 1 {
		t.Errorf("%d pages for 90 rows, %v", dead, err)
	}
}
