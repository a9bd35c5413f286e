package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/adapters/postgres/pgtest"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/places"
)

// nodeVariable makes a process of this test program be the program itself.
const nodeVariable = "APPRODO_TEST_BE_THE_PROGRAM"

// node is the program in a process of its own, which can be killed.
type node struct {
	t      *testing.T
	args   []string
	stdout *output
	stderr *output
	cmd    *exec.Cmd
	ended  chan error
	url    atomic.Pointer[string] // nil while it does not answer
}

// start begins the process and returns once it is ready.
func (n *node) start() {
	n.t.Helper()
	n.stdout, n.stderr, n.ended = &output{}, &output{}, make(chan error, 1)
	n.cmd = exec.Command(os.Args[0], n.args...)
	n.cmd.Env = append(os.Environ(), nodeVariable+"=1")
	n.cmd.Stdout, n.cmd.Stderr = n.stdout, n.stderr
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	go func() { n.ended <- n.cmd.Wait() }()
	eventually(n.t, "a node is ready", func() bool {
		at := address.FindString(n.stdout.String())
		if at == "" {
			return false
		}
		res, err := http.Get("http://" + at + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return false
		}
		url := "http://" + at
		n.url.Store(&url)
		return true
	})
}

// end sends a signal and waits until the process is gone.
func (n *node) end(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatal(err)
	}
	select {
	case err := <-n.ended:
		if s == syscall.SIGTERM && err != nil {
			n.t.Errorf("asked to stop, the program ends with %v: %s", err, n.stderr.String())
		}
	case <-time.After(patience):
		n.t.Fatal("the program does not end")
	}
}

// balancer sends requests in turn to the nodes that say they are ready, as what stands before them does: it asks every now and then,
// and passes over a node it cannot reach.
type balancer struct {
	nodes []*node
	next  atomic.Int64
	mu    sync.Mutex
	ready map[*node]bool
}

func (b *balancer) watch(ctx context.Context) {
	client := &http.Client{Timeout: time.Second}
	for ctx.Err() == nil {
		for _, n := range b.nodes {
			ok := false
			if url := n.url.Load(); url != nil {
				if res, err := client.Get(*url + "/readyz"); err == nil {
					ok = res.StatusCode == http.StatusOK
					res.Body.Close()
				}
			}
			b.mu.Lock()
			b.ready[n] = ok
			b.mu.Unlock()
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// pick gives the address of the next node that is ready, empty where none is.
func (b *balancer) pick() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.nodes {
		n := b.nodes[int(b.next.Add(1))%len(b.nodes)]
		if url := n.url.Load(); b.ready[n] && url != nil {
			return *url
		}
	}
	return ""
}

// asker is a comune that asks for one pupil after another through the balancer, and repeats under the same key what was not answered.
type asker struct {
	token    string
	comune   string
	via      *balancer
	accepted []uuid.UUID
	failed   []string // answers and failures that somebody would have seen
}

func (a *asker) ask(ctx context.Context, n int) error {
	key := uuid.NewString()
	body, err := json.Marshal(fields{"comune": a.comune, "family_name": fmt.Sprintf("Inventata %s %d", a.comune, n), "given_name": "Prova", "sex": "F",
		"birth_date": "2014-05-02"})
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 20 * time.Second}
	for ctx.Err() == nil {
		url := a.via.pick()
		if url == "" {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		r, err := http.NewRequestWithContext(ctx, "POST", url+"/api/v1/cases", bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+a.token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		res, err := client.Do(r)
		if err != nil {
			a.failed = append(a.failed, fmt.Sprintf("%T", errors.Unwrap(err)))
			time.Sleep(20 * time.Millisecond)
			continue
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		switch {
		case err == nil && (res.StatusCode == http.StatusCreated || res.StatusCode == http.StatusOK):
			var made struct {
				ID uuid.UUID `json:"id"`
			}
			if err := json.Unmarshal(answer, &made); err != nil {
				return err
			}
			a.accepted = append(a.accepted, made.ID)
			return nil
		case err == nil && res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusConflict:
			return fmt.Errorf("answered %d: %s", res.StatusCode, answer)
		}
		a.failed = append(a.failed, res.Status)
		time.Sleep(20 * time.Millisecond)
	}
	return ctx.Err()
}

// rounds is how often every node is ended while the others work.
const rounds = 2

func TestThreeNodesLoseNothingWhileTheyAreEndedInTurn(t *testing.T) {
	t.Parallel()
	s := newStory(t, inPostgreSQL)
	admin := s.begin(inventedSchools)
	ust := s.invite(admin, "ust", "")
	b := &balancer{ready: map[*node]bool{}}
	var askers []*asker
	for _, comune := range []string{"015189", "015118", "015146"} {
		askers = append(askers, &asker{token: s.invite(ust, "comune", comune).token, comune: comune, via: b})
	}
	s.program.stop()
	for range 3 {
		n := &node{t: t, args: append([]string{"serve", "--plain", "--listen", "127.0.0.1:0", "--email", "approdo@example.org", "--drain", "2s"}, s.where...)}
		n.start()
		t.Cleanup(func() {
			if n.cmd.ProcessState == nil {
				n.end(syscall.SIGKILL)
			}
		})
		b.nodes = append(b.nodes, n)
	}
	watching, unwatch := context.WithCancel(t.Context())
	defer unwatch()
	go b.watch(watching)

	// load has everybody ask while something is done, and gives what they saw fail.
	load := func(do func()) (failed []string) {
		working, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for _, a := range askers {
			a.failed = nil
			all.Go(func() {
				for n := len(a.accepted); working.Err() == nil; n++ {
					if err := a.ask(t.Context(), n); err != nil {
						t.Errorf("a request of %s: %v", a.comune, err)
						return
					}
				}
			})
		}
		do()
		stop()
		all.Wait()
		for _, a := range askers {
			failed = append(failed, a.failed...)
		}
		return failed
	}
	everyone := func(signal syscall.Signal) func() {
		return func() {
			for range rounds {
				for _, n := range b.nodes {
					time.Sleep(300 * time.Millisecond)
					n.end(signal)
					n.url.Store(nil)
					n.start()
				}
			}
		}
	}
	if failed := load(everyone(syscall.SIGTERM)); len(failed) > 0 {
		t.Errorf("while nodes were stopped in turn %d requests failed: %v", len(failed), failed[:min(5, len(failed))])
	}
	asked := 0
	for _, a := range askers {
		asked += len(a.accepted)
	}
	t.Logf("%d requests while nodes were stopped in turn", asked)
	failed := load(everyone(syscall.SIGKILL))
	t.Logf("while nodes were killed in turn %d tries failed and were repeated", len(failed))
	unwatch()
	for _, n := range b.nodes {
		n.end(syscall.SIGTERM)
	}
	s.account(askers)
}

// account holds what was acknowledged against the journal and the views: nothing lost, nothing twice, and views as a rebuild makes them.
func (s *story) account(askers []*asker) {
	s.Helper()
	var where storage
	for i, flag := range s.where {
		switch flag {
		case "--database":
			where.Database = s.where[i+1]
		case "--key":
			where.Key = s.where[i+1]
		}
	}
	h, err := where.load(s.Context(), true, slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	defer h.shut(s.Context())
	begun := map[uuid.UUID]bool{}
	commands := map[uuid.UUID]string{}
	for page, err := range h.store.ReadAll(s.Context(), 0, event.ReadAll{}) {
		if err != nil {
			s.Fatal(err)
		}
		for _, r := range page.Records {
			if r.Type == "case.requested" {
				begun[casefile.IDOf(r.Stream)] = true
			}
			if at, twice := commands[r.Meta.Command]; twice && at != r.Stream && !strings.HasPrefix(r.Stream, places.Category) && r.Meta.Actor != domain.System {
				s.Errorf("one command wrote to %s and to %s", at, r.Stream)
			}
			commands[r.Meta.Command] = r.Stream
		}
	}
	acknowledged := map[uuid.UUID]bool{}
	for _, a := range askers {
		for _, id := range a.accepted {
			if acknowledged[id] {
				s.Errorf("case %s was acknowledged twice", id)
			}
			acknowledged[id] = true
			if !begun[id] {
				s.Errorf("case %s was acknowledged and is lost", id)
			}
		}
	}
	if len(acknowledged) < 50 || len(begun) != len(acknowledged) {
		s.Errorf("%d cases were acknowledged, the journal has %d", len(acknowledged), len(begun))
	}
	s.Logf("%d requests acknowledged", len(acknowledged))
	if err := h.catchUp(s.Context()); err != nil {
		s.Fatal(err)
	}
	var kept, made bytes.Buffer
	if err := h.views.Dump(s.Context(), &kept); err != nil {
		s.Fatal(err)
	}
	if _, err := h.views.Rebuild(s.Context(), nil); err != nil {
		s.Fatal(err)
	}
	if err := h.views.Dump(s.Context(), &made); err != nil {
		s.Fatal(err)
	}
	if kept.Len() == 0 || !bytes.Equal(kept.Bytes(), made.Bytes()) {
		s.Errorf("views that nodes kept are not those that a rebuild makes: %s", difference(kept.String(), made.String()))
	}
}

// difference names the first table whose rows differ; rows are not shown.
func difference(a, b string) string {
	x, y := slices.Collect(strings.Lines(a)), slices.Collect(strings.Lines(b))
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			table, _, _ := strings.Cut(x[i], "\t")
			return fmt.Sprintf("line %d, of %s", i+1, table)
		}
	}
	return fmt.Sprintf("%d rows and %d rows", len(x), len(y))
}

func TestMain(m *testing.M) {
	if os.Getenv(nodeVariable) != "" {
		main()
	}
	pgtest.Main(m)
}
