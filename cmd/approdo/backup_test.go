package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/archive"
	"approdo/adapters/esdb/esdbtest"
	"approdo/adapters/postgres/pgtest"
	"approdo/domain"
	"approdo/domain/event"
)

var recipientLine = regexp.MustCompile(`Destinatario: (age1[a-z0-9]+)`)

// reader is somebody who can open backups: the file of the identity, and the recipient.
type reader struct{ file, recipient string }

func newReader(t *testing.T, dir, name string) reader {
	t.Helper()
	file := filepath.Join(dir, name)
	said := recipientLine.FindStringSubmatch(command(t, "backup", "identity", file))
	if said == nil {
		t.Fatal("no recipient was told")
	}
	return reader{file, said[1]}
}

// demoIn makes a demo and leaves its files.
func demoIn(t *testing.T, dir string, cases int, more ...string) string {
	t.Helper()
	data := filepath.Join(dir, "demo")
	p := start(t, append([]string{"demo", "--data", data, "--cases", fmt.Sprint(cases), "--listen", "127.0.0.1:0"}, more...)...)
	p.stop()
	return data
}

// setsIn are the folders of whole sets, the oldest first.
func setsIn(t *testing.T, dir string) (all []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "approdo-*Z-*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(s string) bool { return strings.HasSuffix(s, ".part") })
}

// take backs up and gives the new set.
func take(t *testing.T, to string, args ...string) (set, out string) {
	t.Helper()
	before := setsIn(t, to)
	out = command(t, append([]string{"backup", "--to", to}, args...)...)
	all := setsIn(t, to)
	if len(all) != len(before)+1 {
		t.Fatalf("%d sets became %d: %s", len(before), len(all), out)
	}
	return all[len(all)-1], out
}

// recordsIn decrypts the journal of a set.
func recordsIn(t *testing.T, set string, who reader) (all []event.Record, f archive.Facts) {
	t.Helper()
	c, err := openCopied(set, set, []string{who.file})
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range c.records() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all, c.set().Facts
}

// While eight append, a backup takes what was there when it began, in order and without holes, and holds nobody up.
func TestABackupTakesABeginningOfTheJournalWhileOthersWrite(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(t *testing.T, dir string) []string{
		"sqlite":     func(t *testing.T, dir string) []string { return []string{"--data", demoIn(t, dir, 3)} },
		"postgresql": func(t *testing.T, dir string) []string { return []string{"--database", moved(t, demoIn(t, dir, 3))} },
		"eventstoredb": func(t *testing.T, dir string) []string {
			data := demoIn(t, dir, 3)
			url := esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{}).URL()
			command(t, "migrate", "--from", data, "--to", url)
			return []string{"--data", data, "--journal", url}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			who, where := newReader(t, dir, "identity"), at(t, dir)
			address := where[len(where)-1]
			if name == "sqlite" {
				address = filepath.Join(address, journalFile)
			}
			journal, err := openJournal(t.Context(), address, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := journal.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}()
			var acknowledged atomic.Uint64 // the last position of which somebody has heard
			var written atomic.Int64
			var writers sync.WaitGroup
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			for w := range 8 {
				writers.Go(func() {
					stream := "case-" + uuid.NewString()
					for n := 0; ctx.Err() == nil; n++ {
						d := event.Draft{ID: uuid.New(), Type: "case.tested", Schema: 1, Data: fmt.Appendf(nil, `{"writer":%d,"n":%d}`, w, n),
							Meta: event.Meta{Actor: domain.System, At: time.Now().UTC(), Command: uuid.New()}}
						done, err := journal.Append(t.Context(), event.Append{Stream: stream, Expected: event.Any, Events: []event.Draft{d}})
						if err != nil {
							t.Error(err)
							return
						}
						written.Add(1)
						time.Sleep(time.Millisecond)
						for {
							last := acknowledged.Load()
							if last >= uint64(done.Position) || acknowledged.CompareAndSwap(last, uint64(done.Position)) {
								break
							}
						}
					}
				})
			}
			var sets []string
			var floor []uint64 // what was acknowledged before each began
			for i := range 3 {
				from := written.Load()
				eventually(t, "the writers write", func() bool { return written.Load() > from+50 })
				floor = append(floor, acknowledged.Load())
				more := []string{"--recipient", who.recipient, "--verify-identity", who.file}
				if i == 2 {
					more = append(more, "--since", last)
				}
				set, _ := take(t, filepath.Join(dir, "to"), append(slices.Clone(where), more...)...)
				sets = append(sets, set)
			}
			stop()
			writers.Wait()
			var whole []event.Record
			for page, err := range journal.ReadAll(t.Context(), 0, event.ReadAll{}) {
				if err != nil {
					t.Fatal(err)
				}
				whole = append(whole, page.Records...)
			}
			for i, set := range sets {
				got, facts := recordsIn(t, set, who)
				if uint64(facts.Head) < floor[i] || len(got) > len(whole) || facts.Engine != name {
					t.Errorf("%s: up to %d of %s, acknowledged before was %d", set, facts.Head, facts.Engine, floor[i])
				}
				for j, r := range got {
					if !event.Same(r, whole[j]) || r.Position != whole[j].Position {
						t.Fatalf("%s: record %d is %s of %s, want %s of %s", set, j, r.ID, r.Stream, whole[j].ID, whole[j].Stream)
					}
				}
			}
		})
	}
}

// moved moves a house to PostgreSQL.
func moved(t *testing.T, data string) (database string) {
	t.Helper()
	database = pgtest.Database(t)
	command(t, "migrate", "--from", data, "--to", database, "--key", data+".key")
	return database
}

// A backup that is killed leaves nothing that a restore takes, and is in nobody's way.
func TestAKilledBackupLeavesNoSet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who, to := demoIn(t, dir, 120), newReader(t, dir, "identity"), filepath.Join(dir, "to")
	killed := 0
	for wait := time.Millisecond; wait < time.Second; wait *= 2 {
		if !killedAfter(t, wait, to, "backup", "--data", data, "--to", to, "--keys-to", filepath.Join(dir, "keys"), "--recipient", who.recipient) {
			break
		}
		killed++
		for _, kept := range []string{to, filepath.Join(dir, "keys")} {
			left, err := os.ReadDir(kept)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			for _, f := range left {
				set := filepath.Join(kept, f.Name())
				code, _, said := called(t, nil, "restore", "--check", "--from", set, "--identity", who.file)
				if strings.HasSuffix(set, ".part") && (code == exitOK || !strings.Contains(said, "interrotta")) {
					t.Fatalf("%s: code %d, %s", set, code, said)
				}
				if s, err := archive.Open(set); !strings.HasSuffix(set, ".part") && (err != nil || s.Check(archive.Keys) != nil && s.Check(archive.Journal) != nil) {
					t.Fatalf("%s has its name and is not whole: %v", set, err)
				}
			}
		}
	}
	if killed == 0 {
		t.Fatal("no backup was killed at work")
	}
	before := len(setsIn(t, to))
	out := command(t, "backup", "--data", data, "--to", to, "--recipient", who.recipient)
	if left, err := filepath.Glob(filepath.Join(to, "*.part")); len(left) > 0 || err != nil || len(setsIn(t, to)) != before+1 {
		t.Errorf("%v, %v: %s", left, err, out)
	}
}

func TestOldBackupsGoAfterTheNewOneIsVerified(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who, to, keys := demoIn(t, dir, 3), newReader(t, dir, "identity"), filepath.Join(dir, "to"), filepath.Join(dir, "keys")
	args := []string{"--data", data, "--recipient", who.recipient, "--keys-to", keys}
	for i := range 3 {
		if i > 0 {
			time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // names have seconds
		}
		take(t, to, args...)
	}
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	// A verification that fails, here for an identity that opens nothing, keeps the old ones and not the new one.
	before := setsIn(t, to)
	stranger := newReader(t, dir, "stranger")
	code, _, said := called(t, nil, append([]string{"backup", "--to", to, "--keep", "1", "--verify-identity", stranger.file}, args...)...)
	if code != exitFailed || !strings.Contains(said, "identità") || !slices.Equal(setsIn(t, to), before) || len(setsIn(t, keys)) != 3 {
		t.Errorf("code %d, %s, %d sets", code, said, len(setsIn(t, to)))
	}
	out := command(t, append([]string{"backup", "--to", to, "--keep", "2", "--keys-keep", "1", "--verify-identity", who.file}, args...)...)
	if after := setsIn(t, to); len(after) != 2 || after[0] != before[2] || len(setsIn(t, keys)) != 1 || strings.Count(out, "Tolta") != 5 {
		t.Errorf("%v became %v: %s", before, after, out)
	}
	// Keys of a newer set go with an older journal.
	command(t, "restore", "--check", "--from", before[2], "--keys-from", setsIn(t, keys)[0], "--identity", who.file, "--key", data+".key")
}

func TestABackupNamesItsFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	who, to := newReader(t, dir, "identity"), filepath.Join(dir, "to")
	for _, f := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--data", filepath.Join(dir, "nothing"), "--recipient", who.recipient}, exitFailed, "--data"},
		{[]string{"--data", dir, "--recipient", "age1wrong"}, exitUsage, "--recipient"},
		{[]string{"--data", dir, "--recipient", who.recipient, "--keys-recipient", "x"}, exitUsage, "--keys-recipient"},
		{[]string{"--recipient", who.recipient}, exitUsage, "--data"},
	} {
		if code, _, said := called(t, nil, append([]string{"backup", "--to", to}, f.args...)...); code != f.code || !strings.Contains(said, f.want) {
			t.Errorf("%v: code %d, %s", f.args, code, said)
		}
	}
	if code, _, _ := called(t, nil, "backup", "identity", who.file); code != exitFailed {
		t.Error("an identity was written over")
	}
}

// killedAfter starts a backup in a process of its own and kills it once it has begun to write, and a while later; false where it ended
// before.
func killedAfter(t *testing.T, wait time.Duration, to string, args ...string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), nodeVariable+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	eventually(t, "it writes, or has ended", func() bool {
		parts, err := filepath.Glob(filepath.Join(to, "*.part", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(parts) > 0 || len(ended) > 0
	})
	time.Sleep(wait)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	return <-ended != nil
}
