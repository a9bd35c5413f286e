package sqlite_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/sqlite"
	"approdo/domain"
	"approdo/domain/event"
)

// The test program starts itself as a process that appends until it is killed, and tells on its standard output what was
// acknowledged: a line "stream revision id" an event.
const (
	childPath  = "APPRODO_TEST_KILL_JOURNAL" // the journal to append to; unset: this is no child
	childLies  = "APPRODO_TEST_KILL_LIES"    // set: acknowledge before the append
	childCount = 8                           // writers
)

var killCycles = flag.Int("kill.cycles", 20, "how often the writing process is killed")

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := appendUntilKilled(path, os.Getenv(childLies) != ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func appendUntilKilled(path string, lies bool) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range childCount {
		go func() { failed <- appendForEver(ctx, s, fmt.Sprintf("case-%d", w), lies) }()
	}
	return <-failed
}

// appendForEver appends one to four events at a time; each says in its payload how many its append has.
func appendForEver(ctx context.Context, s event.Store, stream string, lies bool) error {
	last := event.NoStream
	for r, err := range s.ReadStream(ctx, stream, event.ReadStream{Backward: true, Limit: 1}) {
		if err != nil {
			return err
		}
		last = event.Expected(r.Revision)
	}
	for {
		a := event.Append{Stream: stream, Expected: last}
		command, n := uuid.New(), rand.IntN(4)+1
		acknowledgement := ""
		for i := range n {
			d := event.Draft{
				ID: uuid.Must(uuid.NewV7()), Type: "case.noted", Schema: 1, Data: fmt.Appendf(nil, `{"of":%d}`, n),
				Meta: event.Meta{Actor: domain.System, At: time.Now().UTC(), Command: command},
			}
			a.Events = append(a.Events, d)
			acknowledgement += fmt.Sprintf("%s %d %s\n", stream, int64(last)+1+int64(i), d.ID)
		}
		if lies {
			fmt.Print(acknowledgement)
		}
		res, err := s.Append(ctx, a)
		if err != nil {
			return err
		}
		if !lies {
			fmt.Print(acknowledgement)
		}
		last = event.Expected(res.Last)
	}
}

// killed runs the child on a journal, kills it after a while, and gives the lines it had written whole.
func killed(t *testing.T, path string, lies bool) (acknowledged []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childPath+"="+path)
	if lies {
		child.Env = append(child.Env, childLies+"=1")
	}
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var once sync.Once
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // what is left of a line was not acknowledged
		}
		if err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, strings.TrimSpace(line))
		once.Do(func() { // it is at work now
			time.AfterFunc(time.Duration(5+rand.IntN(100))*time.Millisecond, func() {
				if err := child.Process.Kill(); err != nil {
					t.Error(err)
				}
			})
		})
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child was not killed but ended: %v", err)
	}
	return acknowledged
}

// verify compares a journal with what was acknowledged, and gives what is wrong.
func verify(t *testing.T, path string, acknowledged []string) (wrong []string) {
	t.Helper()
	s := open(t, path)
	defer func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	found := map[string]bool{}
	revisions := map[string]event.Revision{}
	ids := map[uuid.UUID]bool{}
	commands := map[uuid.UUID]int{}
	whole := map[uuid.UUID]int{}
	position := event.Position(0)
	for p, err := range s.ReadAll(t.Context(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Records {
			if position++; r.Position != position {
				wrong = append(wrong, fmt.Sprintf("position %d, want %d", r.Position, position))
			}
			if r.Revision != revisions[r.Stream] {
				wrong = append(wrong, fmt.Sprintf("%s@%d, want %d", r.Stream, r.Revision, revisions[r.Stream]))
			}
			if ids[r.ID] {
				wrong = append(wrong, fmt.Sprintf("%s is there twice", r.ID))
			}
			revisions[r.Stream]++
			ids[r.ID] = true
			commands[r.Meta.Command]++
			of := 0
			if _, err := fmt.Sscanf(string(r.Data), `{"of":%d}`, &of); err != nil {
				t.Fatal(err)
			}
			whole[r.Meta.Command] = of
			found[fmt.Sprintf("%s %d %s", r.Stream, r.Revision, r.ID)] = true
		}
	}
	for command, n := range commands {
		if n != whole[command] {
			wrong = append(wrong, fmt.Sprintf("%d of %d events of an append", n, whole[command]))
		}
	}
	for _, line := range acknowledged {
		if !found[line] {
			wrong = append(wrong, "lost "+line)
		}
	}
	return wrong
}

func TestWhatWasAcknowledgedSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	var acknowledged []string
	for cycle := range *killCycles {
		acknowledged = append(acknowledged, killed(t, path, false)...)
		if wrong := verify(t, path, acknowledged); len(wrong) > 0 {
			t.Fatalf("after kill %d: %s", cycle+1, strings.Join(wrong, "; "))
		}
	}
	t.Logf("%d kills, %d events acknowledged, none lost, doubled or torn", *killCycles, len(acknowledged))
	if len(acknowledged) < *killCycles {
		t.Errorf("only %d events were acknowledged", len(acknowledged))
	}
}

// TestTheKillHarnessCatchesALie shows that the harness sees loss: the child acknowledges before it appends.
func TestTheKillHarnessCatchesALie(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	var acknowledged []string
	for range 20 {
		acknowledged = append(acknowledged, killed(t, path, true)...)
		if wrong := verify(t, path, acknowledged); len(wrong) > 0 {
			return
		}
	}
	t.Errorf("%d events acknowledged before they were written, and no loss was seen", len(acknowledged))
}
