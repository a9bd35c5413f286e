package esdb_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"approdo/adapters/esdb/esdbtest"
	"approdo/domain/event"
)

// These tests are about the client itself, v4.2.0. The first ones show that the test server is a server to it; the others show the edges
// for which the adapter calls the generated stubs and not the client. When one of those fails the client has been mended, and the
// decision can be looked at again.

// plain is the client itself.
type plain struct{ *esdb.Client }

func client(t *testing.T, url string) plain {
	t.Helper()
	config, err := esdb.ParseConnectionString(url)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return plain{c}
}

func (c plain) append(t *testing.T, stream, meta string, data ...[]byte) *esdb.WriteResult {
	t.Helper()
	res, err := c.try(t, stream, esdb.Any{}, meta, data...)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func (c plain) try(t *testing.T, stream string, expected esdb.ExpectedRevision, meta string, data ...[]byte) (*esdb.WriteResult, error) {
	t.Helper()
	var events []esdb.EventData
	for _, d := range data {
		events = append(events, esdb.EventData{
			EventID: uuid.New(), EventType: "case.noted", ContentType: esdb.ContentTypeJson, Data: d, Metadata: []byte(meta)})
	}
	return c.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, events...)
}

func TestTheClientSpeaksWithTheTestServer(t *testing.T) {
	t.Parallel()
	c := esdbtest.StartCluster(t, esdbtest.NewLog(), nodes, roomy)
	for name, url := range map[string]string{"single": c.Nodes[0].URL(), "discovery": strings.Replace(c.URL(), "esdb+discover", "esdb", 1)} {
		t.Run(name, func(t *testing.T) {
			c := client(t, url)
			stream := "case-" + name
			if res, err := c.try(t, stream, esdb.NoStream{}, "{}", []byte("1"), []byte("2")); err != nil || res.NextExpectedVersion != 1 {
				t.Fatalf("%+v, %v", res, err)
			}
			var wrong *esdb.Error
			if _, err := c.try(t, stream, esdb.Revision(7), "{}", []byte("3")); !errors.As(err, &wrong) || wrong.Code() != esdb.ErrorCodeWrongExpectedVersion {
				t.Errorf("a wrong revision gave %v", err)
			}
			read, err := c.ReadStream(t.Context(), stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 10)
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			for _, want := range []string{"2", "1"} {
				if e, err := read.Recv(); err != nil || string(e.Event.Data) != want || time.Since(e.Event.CreatedDate) > time.Hour {
					t.Fatalf("%+v, %v", e, err)
				}
			}
			if _, err := read.Recv(); !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
			none, err := c.ReadStream(t.Context(), "nowhere", esdb.ReadStreamOptions{}, 10)
			if err == nil {
				_, err = none.Recv()
			}
			if !errors.As(err, &wrong) || wrong.Code() != esdb.ErrorCodeResourceNotFound {
				t.Errorf("no stream gave %v", err)
			}
		})
	}
}

// A filtered subscription tells checkpoints as it passes over what is not wanted, and that it has caught up.
func TestTheClientIsToldCheckpoints(t *testing.T) {
	t.Parallel()
	c := client(t, esdbtest.Start(t, esdbtest.NewLog(), roomy).URL())
	for range 50 {
		c.append(t, "other-1", "{}", []byte("0"))
	}
	wanted := c.append(t, "case-1", "{}", []byte("1"))
	sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}, MaxSearchWindow: 4, CheckpointInterval: 2,
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"case-"}}})
	if err != nil {
		t.Fatal(err)
	}
	checkpoints, events := 0, 0
	var last uint64
	for caughtUp := false; !caughtUp; {
		e := sub.Recv()
		switch {
		case e.SubscriptionDropped != nil:
			t.Fatal(e.SubscriptionDropped.Error)
		case e.CheckPointReached != nil:
			if checkpoints++; e.CheckPointReached.Commit <= last {
				t.Errorf("checkpoint %d after %d", e.CheckPointReached.Commit, last)
			}
			last = e.CheckPointReached.Commit
		case e.EventAppeared != nil:
			if events++; e.EventAppeared.Event.Position.Commit != wanted.CommitPosition {
				t.Errorf("event at %d, written at %d", e.EventAppeared.Event.Position.Commit, wanted.CommitPosition)
			}
		case e.CaughtUp != nil:
			caughtUp = true
		}
	}
	if events != 1 || checkpoints < 50/8 {
		t.Errorf("%d events, %d checkpoints", events, checkpoints)
	}
	if err := sub.Close(); err != nil {
		t.Error(err)
	}
}

// The server's idempotency at any revision lasts as long as its memory. The adapter's lasts.
func TestTheServerForgetsIdsAndTheAdapterDoesNot(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	c, s := client(t, server.URL()), open(t, server.URL())
	e := esdb.EventData{EventID: uuid.New(), EventType: "case.noted", ContentType: esdb.ContentTypeJson, Data: []byte("1"), Metadata: []byte(`{"schema":1,"meta":{}}`)}
	ours := one("case-2", event.Any)
	write := func() (uint64, event.Result) {
		res, err := c.AppendToStream(t.Context(), "case-1", esdb.AppendToStreamOptions{}, e)
		if err != nil {
			t.Fatal(err)
		}
		return res.NextExpectedVersion, add(t, s, ours)
	}
	for range 2 {
		if theirs, ours := write(); theirs != 0 || ours.Last != 0 {
			t.Errorf("revisions %d and %d", theirs, ours.Last)
		}
	}
	server.Restart()
	c = client(t, server.URL())
	if theirs, ours := write(); theirs != 1 || ours.Last != 0 || !ours.Duplicate {
		t.Errorf("after a restart: revisions %d and %+v", theirs, ours)
	}
}

// Edge 1.
func TestTheClientDiesOfADiscoveryInVain(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	server.Stop()
	c := client(t, server.URL()+"&maxDiscoverAttempts=1&gossipTimeout=1")
	if _, err := c.try(t, "case-1", esdb.Any{}, "{}", []byte("1")); err == nil {
		t.Fatal("nobody is there")
	}
	server.Restart()
	var dead *esdb.Error
	if _, err := c.try(t, "case-1", esdb.Any{}, "{}", []byte("1")); !errors.As(err, &dead) || dead.Code() != esdb.ErrorCodeConnectionClosed {
		t.Errorf("it found the server again: %v", err)
	}
}

// Edge 2.
func TestTheClientPanicsOverWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, fault := range []esdbtest.Fault{esdbtest.UnexpectedMessage, esdbtest.NoStreamIdentifier} {
		server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
		c := client(t, server.URL())
		c.append(t, "case-1", "{}", []byte("1"))
		server.Inject(fault, 1)
		read, err := c.ReadStream(t.Context(), "case-1", esdb.ReadStreamOptions{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		panicked := func() (v any) {
			defer func() { v = recover() }()
			_, err := read.Recv()
			return fmt.Sprintf("no panic but %v", err)
		}()
		if text := fmt.Sprint(panicked); strings.HasPrefix(text, "no panic") {
			t.Errorf("fault %d: %s", fault, text)
		}
	}
}

// Edge 3.
func TestTheClientKeepsRequiresLeaderToItself(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	c := client(t, server.URL())
	if _, err := c.AppendToStream(t.Context(), "case-1", esdb.AppendToStreamOptions{RequiresLeader: true}); err != nil {
		t.Fatal(err)
	}
	for _, md := range server.Headers() {
		if len(md.Get("requires-leader")) > 0 {
			t.Error("it is sent")
		}
	}
}

// Edge 8.
func TestTheClientLeavesTheUserOutWithoutTLS(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	client(t, strings.Replace(server.URL(), "esdb://", "esdb://user:secret@", 1)).append(t, "case-1", "{}", []byte("1"))
	for _, md := range server.Headers() {
		if len(md.Get("authorization")) > 0 {
			t.Error("it is sent")
		}
	}
}

// child marks the process that is to end.
const child = "APPRODO_TEST_ESDB_CHILD"

// The client calls log.Fatalf, so a process of its own is spent on it.
func TestTheClientEndsTheProcessOverATime(t *testing.T) {
	t.Parallel()
	if os.Getenv(child) != "" {
		server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
		c := client(t, server.URL())
		c.append(t, "case-1", "{}", []byte("1"))
		server.Inject(esdbtest.MalformedCreated, 1)
		read, err := c.ReadStream(t.Context(), "case-1", esdb.ReadStreamOptions{}, 10)
		if err == nil {
			_, err = read.Recv()
		}
		t.Logf("it lives: %v", err)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestTheClientEndsTheProcessOverATime$")
	cmd.Env = append(os.Environ(), child+"=1")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "Failed to parse created date") {
		t.Errorf("it lived: %v\n%s", err, out)
	}
}
