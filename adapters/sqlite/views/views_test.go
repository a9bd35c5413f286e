package views_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/projections"
	"approdo/projections/enginetest"
)

func TestAFileOfNoUseIsMadeAnew(t *testing.T) {
	t.Parallel()
	spoil := map[string]func(t *testing.T, path string){
		"no database": func(t *testing.T, path string) {
			write(t, path, bytes.Repeat([]byte("not a database. "), 1000))
		},
		"broken header": func(t *testing.T, path string) {
			b := read(t, path)
			copy(b, "SQLite format 9")
			write(t, path, b)
		},
		"broken schema": func(t *testing.T, path string) {
			b := read(t, path)
			for i := 100; i < 4000; i++ {
				b[i] = 0xa5
			}
			write(t, path, b)
		},
		"newer format": func(t *testing.T, path string) {
			b := read(t, path)
			b[63]++ // user_version
			write(t, path, b)
		},
		"marked as broken": func(t *testing.T, path string) { write(t, path+"-broken", nil) },
	}
	for name, spoil := range spoil {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			j := enginetest.NewJournal()
			enginetest.Fill(j, 5)
			for range 2 {
				db := open(t, dir)
				r := enginetest.NewRunner(j, db, enginetest.Toys()...)
				enginetest.CatchUp(t, r)
				enginetest.WantFolded(t, r, j)
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				spoil(t, filepath.Join(dir, "views.db"))
			}
			db := open(t, dir)
			if err := db.Read(t.Context(), func(s projections.Session) error {
				all, err := s.Generations()
				if len(all) > 0 {
					t.Errorf("left from before: %+v", all)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestADatabaseOfSomethingElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(header []byte){
		"another program's": func(b []byte) { b[71]++ },
		"nobody's":          func(b []byte) { copy(b[68:], []byte{0, 0, 0, 0}) }, // application_id
	} {
		dir := t.TempDir()
		db := open(t, dir)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "views.db")
		b := read(t, path)
		spoil(b)
		write(t, path, b)
		if _, err := views.Open(t.Context(), path); !errors.Is(err, views.ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(read(t, path), b) {
			t.Errorf("%s was changed", name)
		}
	}
}

func TestAFileThatBreaksInUseIsMadeAnewAtTheNextStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := enginetest.NewJournal()
	enginetest.Fill(j, 200)
	db := open(t, dir)
	enginetest.CatchUp(t, enginetest.NewRunner(j, db, enginetest.Toys()...))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "views.db")
	b := read(t, path)
	for i := 3 * 4096; i < len(b); i++ {
		b[i] ^= 0x5a
	}
	write(t, path, b)
	db = open(t, dir)
	r := enginetest.NewRunner(j, db, enginetest.Toys()...)
	err := r.Dump(t.Context(), &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("read from a broken file: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	defer db.Close()
	r = enginetest.NewRunner(j, db, enginetest.Toys()...)
	enginetest.CatchUp(t, r)
	enginetest.WantFolded(t, r, j)
}

func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	defer db.Close()
	j := enginetest.NewJournal()
	enginetest.Fill(j, 1)
	enginetest.CatchUp(t, enginetest.NewRunner(j, db, enginetest.Toys()...))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(f), info.Mode().Perm())
		}
	}
}

func TestScrubLeavesNothingOfWhatWasDeleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	defer db.Close()
	j := enginetest.NewJournal()
	secrets := make([][]byte, 50)
	for i := range secrets {
		name := "Oleksandra-" + uuid.New().String()
		secrets[i] = []byte(name)
		j.Add(enginetest.Stream(enginetest.Nth(i)), enginetest.Sent{Depot: "Bra", Paper: domain.Open(enginetest.Nth(i), domain.ClassPersonal, enginetest.Paper{Name: domain.NewPersonal(name)})})
	}
	r := enginetest.NewRunner(j, db, enginetest.Toys()...)
	enginetest.CatchUp(t, r)
	if n := found(t, dir, secrets); n != len(secrets) {
		t.Fatalf("%d of %d rows are found before: the search proves nothing", n, len(secrets))
	}
	for i := range secrets {
		j.Add(enginetest.Stream(enginetest.Nth(i)), enginetest.Delivered{}) // the row stays, its paper goes
	}
	enginetest.CatchUp(t, r)
	if err := db.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := found(t, dir, secrets); n != 0 {
		t.Errorf("%d are found after", n)
	}
	enginetest.WantFolded(t, r, j)
}

// found counts the secrets that stand in a file of the directory.
func found(t *testing.T, dir string, secrets [][]byte) (n int) {
	var all []byte
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		all = append(all, read(t, f)...)
	}
	for _, s := range secrets {
		if bytes.Contains(all, s) {
			n++
		}
	}
	return n
}

func TestAnIndexThatEndsInTheNumberOfTheRowIsWalkedInItsOrder(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	defer db.Close()
	schema := &projections.Schema{Name: "notes", Indexes: []projections.Index{{"kind", "n"}},
		Columns: []projections.Column{{Name: "kind", Type: projections.Text}, {Name: "n", Type: projections.Int, Key: true}}}
	g := projections.Generation{Projection: "notes", Tables: []string{"notes"}, State: projections.Building}
	if err := db.Write(t.Context(), func(b projections.Batch) (err error) {
		if g, err = b.Create(g, []*projections.Schema{schema}); err != nil {
			return err
		}
		w, err := b.Table(g, schema)
		for n := int64(100); n > 0 && err == nil; n-- {
			err = w.Insert([]projections.Value{{Type: projections.Text, Text: []string{"even", "odd"}[n%2]}, {Type: projections.Int, Int: n}})
		}
		return errors.Join(err, b.Index(g, schema))
	}); err != nil {
		t.Fatal(err)
	}
	query := "SELECT n FROM " + g.Physical("notes") + " WHERE kind = 'odd' AND n > 50 ORDER BY n LIMIT 3"
	if plan := texts(t, db, "EXPLAIN QUERY PLAN "+query, 3); len(plan) != 1 || !strings.Contains(plan[0], "kind=? AND rowid>?") {
		t.Errorf("the plan is %q", plan)
	}
	if made := texts(t, db, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", 0); len(made) != 1 || strings.Contains(made[0], `"n"`) {
		t.Errorf("the number of the row is in %q twice", made)
	}
	if got := texts(t, db, query, 0); strings.Join(got, " ") != "51 53 55" {
		t.Errorf("found %v", got)
	}
}

// texts are the values of one column of a query.
func texts(t *testing.T, db *views.DB, sql string, column int) (all []string) {
	t.Helper()
	if err := db.Read(t.Context(), func(s projections.Session) error {
		rows, err := s.Query(sql, nil)
		if err != nil {
			return err
		}
		cells := make([]projections.Value, len(rows.Columns()))
		for {
			there, err := rows.Next(cells)
			if err != nil || !there {
				return errors.Join(err, rows.Close())
			}
			if v := cells[column]; v.Type == projections.Int {
				all = append(all, strconv.FormatInt(v.Int, 10))
			} else {
				all = append(all, v.Text)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAClosedFileAnswersWithAnError(t *testing.T) {
	t.Parallel()
	db, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Read(t.Context(), func(projections.Session) error { return nil }); err == nil {
		t.Error("read")
	}
	if err := db.Write(t.Context(), func(projections.Batch) error { return nil }); err == nil {
		t.Error("written")
	}
	if err := db.Scrub(t.Context()); err == nil {
		t.Error("scrubbed")
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
