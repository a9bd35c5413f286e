package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"approdo/adapters/archive"
	"approdo/domain/ledger"
)

// Of what was signed a backup has the last checkpoint of each day, and the newest.
func TestABackupHasTheLastCheckpointOfEachDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who := demoIn(t, dir, 3), newReader(t, dir, "identity")
	var e engines
	if err := (&storage{Data: data}).openState(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	const demo = 10_000_000 // whatever the demo has signed is smaller
	var want []int64
	size, tomorrow := int64(demo), time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	for day := range 3 {
		for _, at := range []time.Duration{0, 12 * time.Hour, 24*time.Hour - time.Second} {
			size++
			if err := e.signed.Keep(t.Context(), ledger.Signed{Size: size, Note: []byte("note"), At: tomorrow.AddDate(0, 0, day).Add(at)}); err != nil {
				t.Fatal(err)
			}
		}
		want = append(want, size)
	}
	if err := e.shut(t.Context()); err != nil {
		t.Fatal(err)
	}
	set, _ := take(t, filepath.Join(dir, "to"), "--data", data, "--recipient", who.recipient)
	c, err := openCopied(set, set, []string{who.file})
	if err != nil {
		t.Fatal(err)
	}
	b, err := archive.Value[belongings](c.set(), archive.State, c.identities...)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	days := map[string]bool{}
	for _, s := range b.Signed {
		day := s.At.UTC().Format(time.DateOnly)
		if days[day] {
			t.Errorf("two of %s", day)
		}
		days[day] = true
		if s.Size > demo {
			got = append(got, s.Size)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
