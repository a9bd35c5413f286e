package esdb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/esdb"
	"approdo/adapters/esdb/esdbtest"
	"approdo/domain"
	"approdo/domain/event"
)

// short is a deadline for calls that are meant to meet it.
const short = "&defaultDeadline=1500"

func draft() event.Draft {
	return event.Draft{ID: uuid.Must(uuid.NewV7()), Type: "case.noted", Schema: 1, Data: []byte(`{}`),
		Meta: event.Meta{Actor: domain.System, At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Command: uuid.New()}}
}

func one(stream string, expected event.Expected) event.Append {
	return event.Append{Stream: stream, Expected: expected, Events: []event.Draft{draft()}}
}

func add(t *testing.T, s event.Store, a event.Append) event.Result {
	t.Helper()
	res, err := s.Append(t.Context(), a)
	if err != nil {
		t.Fatalf("append to %s at %d: %v", a.Stream, a.Expected, err)
	}
	return res
}

// all gives where everything stands.
func all(t *testing.T, s event.Store) []string {
	t.Helper()
	out := []string{}
	for p, err := range s.ReadAll(t.Context(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Records {
			out = append(out, fmt.Sprintf("%s@%d", r.Stream, r.Revision))
		}
	}
	return out
}

func holds(t *testing.T, s event.Store, want ...string) {
	t.Helper()
	if got := all(t, s); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the journal holds %v, want %v", got, want)
	}
}

func met(t *testing.T, server *esdbtest.Server, f esdbtest.Fault) {
	t.Helper()
	if server.Met(f) == 0 {
		t.Errorf("fault %d was never met", f)
	}
}

// Edge 1: the client gives up for good after some discoveries in vain.
func TestAServerThatIsAwayForLongIsFoundAgain(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	s, impatient := open(t, server.URL()), open(t, server.URL()+short)
	add(t, s, one("case-1", event.NoStream))
	server.Stop()
	for range 3 {
		if _, err := impatient.Append(t.Context(), one("case-1", 0)); !errors.Is(err, event.ErrUnavailable) {
			t.Errorf("append gave %v", err)
		}
		if _, err := impatient.Head(t.Context()); !errors.Is(err, event.ErrUnavailable) {
			t.Errorf("head gave %v", err)
		}
	}
	server.Restart()
	add(t, s, one("case-1", 0))
	holds(t, s, "case-1@0", "case-1@1")
}

// Edge 1, in a cluster: every node is away for longer than the client would look for one.
func TestAClusterThatIsAwayForLongIsFoundAgain(t *testing.T) {
	t.Parallel()
	c := esdbtest.StartCluster(t, esdbtest.NewLog(), nodes, roomy)
	s, impatient := open(t, c.URL()), open(t, c.URL()+short)
	add(t, s, one("case-1", event.NoStream))
	for _, n := range c.Nodes {
		n.Stop()
	}
	var err error
	for range 2 { // the first may have been handed over to a node on its way down
		_, err = impatient.Append(t.Context(), one("case-1", 0))
	}
	if !errors.Is(err, event.ErrUnavailable) || errors.Is(err, event.ErrUnknownOutcome) {
		t.Errorf("append gave %v", err)
	}
	c.Nodes[2].Restart()
	c.Elect(2)
	add(t, s, one("case-1", 0))
	holds(t, s, "case-1@0", "case-1@1")
}

// Edge 2: the client panics when it is closed beside a call that fails.
func TestClosingBesideCallsThatFailAnswersThemAll(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	s := open(t, server.URL()+short)
	var all sync.WaitGroup
	begun := make(chan struct{}, 64)
	for i := range 64 {
		all.Go(func() {
			for n := 0; ; n++ {
				_, err := s.Append(context.Background(), one(fmt.Sprintf("case-%d-%d", i, n), event.NoStream))
				if errors.Is(err, event.ErrClosed) {
					return
				}
				if err != nil && !errors.Is(err, event.ErrUnavailable) && !errors.Is(err, event.ErrUnknownOutcome) {
					t.Error(err)
				}
				if n == 2 {
					begun <- struct{}{}
				}
			}
		})
	}
	for range 64 {
		<-begun
	}
	server.CutConnections()
	server.Stop()
	shut(t, s)
	all.Wait()
}

// Edge 2: the client's readers panic on a message they do not know.
func TestAnUnexpectedMessageInAReadIsPassedOver(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	s := open(t, server.URL())
	add(t, s, one("case-1", event.NoStream))
	server.Inject(esdbtest.UnexpectedMessage, 4)
	holds(t, s, "case-1@0")
	for r, err := range s.ReadStream(t.Context(), "case-1", event.ReadStream{}) {
		if err != nil || r.Revision != 0 {
			t.Errorf("revision %d, %v", r.Revision, err)
		}
	}
	met(t, server, esdbtest.UnexpectedMessage)
}

// Edge 3: the client's requires-leader never leaves the process.
func TestEveryCallRequiresTheLeader(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	s := open(t, server.URL())
	add(t, s, one("case-1", event.NoStream))
	for p, err := range s.Subscribe(t.Context(), 0, event.Subscribe{}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Records) > 0 && p.Records[0].Stream == "case-2" {
			break
		}
		add(t, s, one("case-2", event.Any))
	}
	headers := server.Headers()
	for _, md := range headers {
		if v := md.Get("requires-leader"); len(v) != 1 || v[0] != "true" {
			t.Errorf("a call came with requires-leader %v", v)
		}
	}
	if len(headers) < 5 {
		t.Errorf("%d calls", len(headers))
	}
}

// Edge 3: a node that does not lead says who does, and is believed even where the connection string names it alone.
func TestAFollowerSendsToTheLeader(t *testing.T) {
	t.Parallel()
	c := esdbtest.StartCluster(t, esdbtest.NewLog(), nodes, roomy)
	c.Lag(1000)
	s := open(t, c.Nodes[2].URL())
	add(t, s, one("case-1", event.NoStream))
	holds(t, s, "case-1@0")
	c.Elect(1)
	holds(t, s, "case-1@0")
	c.Elect(2)
	add(t, s, one("case-1", 0))
	holds(t, s, "case-1@0", "case-1@1")
}

// A cluster is found through any of its nodes, as through a name that stands for all.
func TestOneSeedIsEnough(t *testing.T) {
	t.Parallel()
	c := esdbtest.StartCluster(t, esdbtest.NewLog(), nodes, roomy)
	c.Elect(1)
	c.Lag(1000)
	s := open(t, "esdb+discover://"+c.Nodes[2].Addr()+"?tls=false")
	add(t, s, one("case-1", event.NoStream))
	holds(t, s, "case-1@0")
	if n := len(c.Nodes[2].Headers()); n > 0 {
		t.Errorf("the seed, which does not lead, got %d calls", n)
	}
}

// Edge 4: the client tells of a wrong revision in prose only.
func TestAConflictCarriesTheActualRevision(t *testing.T) {
	t.Parallel()
	s := open(t, esdbtest.Start(t, esdbtest.NewLog(), roomy).URL())
	add(t, s, one("case-1", event.NoStream))
	add(t, s, one("case-1", 0))
	for _, expected := range []event.Expected{event.NoStream, 0, 7} {
		_, err := s.Append(t.Context(), one("case-1", expected))
		var conflict *event.ConflictError
		if !errors.As(err, &conflict) || conflict.Actual != 1 {
			t.Errorf("at %d: %v", expected, err)
		}
	}
	_, err := s.Append(t.Context(), one("case-2", 3))
	var conflict *event.ConflictError
	if !errors.As(err, &conflict) || conflict.Actual != -1 {
		t.Errorf("without a stream: %v", err)
	}
}

// Edge 5: a connection that is cut while an append is on its way. One cut is mended by the next try with the same ids.
func TestAnAppendThatIsCutIsThereOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]esdbtest.Fault{
		"before it was sent whole": esdbtest.CutWhileSent, "before it was written": esdbtest.CutBeforeWrite, "after it was written": esdbtest.CutAfterWrite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
			s := open(t, server.URL())
			add(t, s, one("case-1", event.NoStream))
			for _, expected := range []event.Expected{0, event.NoStream, event.Any, event.StreamExists} {
				stream := fmt.Sprintf("case-1%d", -expected)
				if expected == event.StreamExists {
					add(t, s, one(stream, event.NoStream))
				}
				if expected == 0 {
					stream = "case-1"
				}
				server.Inject(fault, 2)
				if res := add(t, s, one(stream, expected)); res.Duplicate || res.Position == 0 {
					t.Errorf("at %d the result is %+v", expected, res)
				}
			}
			met(t, server, fault)
			holds(t, s, "case-1@0", "case-1@1", "case-11@0", "case-12@0", "case-14@0", "case-14@1")
		})
	}
}

// Edge 5: where no try is answered the outcome is unknown, and a retry with the same ids settles it.
func TestAnOutcomeThatStaysUnknownIsSettledByARetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault     esdbtest.Fault
		duplicate bool
	}{"not written": {esdbtest.CutBeforeWrite, false}, "written": {esdbtest.CutAfterWrite, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
			s, impatient := open(t, server.URL()), open(t, server.URL()+short)
			for i, expected := range []event.Expected{event.NoStream, event.Any} {
				a := one(fmt.Sprintf("case-%d", i), expected)
				server.Inject(c.fault, 1_000_000)
				if _, err := impatient.Append(t.Context(), a); !errors.Is(err, event.ErrUnknownOutcome) {
					t.Errorf("append gave %v", err)
				}
				server.Inject(c.fault, 0)
				server.Restart()
				if res := add(t, s, a); res.Duplicate != c.duplicate || res.Last != 0 {
					t.Errorf("the retry gave %+v", res)
				}
			}
			holds(t, s, "case-0@0", "case-1@0")
		})
	}
}

// follow collects what a subscription yields, until it has so many records.
func follow(t *testing.T, s event.Store, after event.Position, o event.Subscribe) (want func(n int) []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	records := make(chan string)
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
	})
	go func() {
		defer close(done)
		for p, err := range s.Subscribe(ctx, after, o) {
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("the subscription ended: %v", err)
				}
				return
			}
			for _, r := range p.Records {
				select {
				case records <- fmt.Sprintf("%s@%d", r.Stream, r.Revision):
				case <-ctx.Done():
				}
			}
		}
	}()
	var seen []string
	return func(n int) []string {
		t.Helper()
		for len(seen) < n {
			select {
			case r := <-records:
				seen = append(seen, r)
			case <-done:
				t.Fatalf("%d of %d records", len(seen), n)
			}
		}
		return seen
	}
}

// Edge 6: the client's subscriptions do not come back.
func TestASubscriptionOutlivesEverythingBelowIt(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	s := open(t, server.URL())
	want := follow(t, s, 0, event.Subscribe{PageSize: 3})
	next := event.NoStream
	write := func() {
		for range 5 {
			add(t, s, one("case-1", next))
			next++
		}
		want(int(next) + 1)
	}
	write()
	for _, strike := range []func(){
		server.Restart, server.CutConnections, server.DropSubscriptions,
		func() { server.Inject(esdbtest.CutWhileRead, 3) }, func() { server.Inject(esdbtest.NotReady, 5); server.DropSubscriptions() },
	} {
		strike()
		write()
	}
	server.Stop()
	wait(t.Context(), 200*time.Millisecond)
	server.Restart()
	write()
	for i, r := range want(35) {
		if r != fmt.Sprintf("case-1@%d", i) {
			t.Errorf("record %d is %s", i, r)
		}
	}
	met(t, server, esdbtest.CutWhileRead)
	met(t, server, esdbtest.NotReady)
}

// Edge 6: a node that was followed and leads no more may lag; another one is followed.
func TestASubscriptionFollowsTheLeader(t *testing.T) {
	t.Parallel()
	c := esdbtest.StartCluster(t, esdbtest.NewLog(), nodes, roomy)
	s := open(t, c.URL())
	want := follow(t, s, 0, event.Subscribe{})
	next := event.NoStream
	for round := range 6 {
		for range 4 {
			add(t, s, one("case-1", next))
			next++
		}
		want(int(next) + 1)
		c.Elect((round + 1) % nodes)
		c.Nodes[round%nodes].Restart()
	}
	add(t, s, one("case-1", next))
	for i, r := range want(25) {
		if r != fmt.Sprintf("case-1@%d", i) {
			t.Errorf("record %d is %s", i, r)
		}
	}
}

// Edge 6: a node that was cut off from its cluster keeps its subscribers and has nothing to tell them.
func TestASubscriptionThatHearsNothingAsksTheLeader(t *testing.T) {
	t.Parallel()
	c := esdbtest.StartCluster(t, esdbtest.NewLog(), nodes, roomy)
	c.Lag(1000)
	reader := open(t, c.URL()+short)
	writer := open(t, c.URL())
	add(t, writer, one("case-1", event.NoStream))
	want := follow(t, reader, 0, event.Subscribe{})
	want(1)
	wait(t.Context(), 500*time.Millisecond) // so that it follows the first leader by then; if not, the test is the easier
	c.Elect(1)
	add(t, writer, one("case-1", 0))
	want(2)
}

// Edge 7: the client's subscriptions begin at the end, and look at 32 records in one go. The server filters, reads as well as
// subscriptions: of a log that others fill, what is ours goes over the wire and hardly more.
func TestWhatOthersWriteIsNotSent(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	other, s := open(t, server.URL()+"&streamPrefix=other."), open(t, server.URL()+"&streamPrefix=ours.")
	add(t, s, one("case-1", event.NoStream))
	var crowd []event.Draft
	for range event.MaxEvents {
		crowd = append(crowd, draft())
	}
	for i := range 10 {
		add(t, other, event.Append{Stream: fmt.Sprintf("case-%d", i), Expected: event.NoStream, Events: crowd})
		for k := range crowd {
			crowd[k].ID = uuid.New()
		}
	}
	add(t, s, one("places-1", event.NoStream))
	before := server.Sent()
	holds(t, s, "case-1@0", "places-1@0")
	want := follow(t, s, 0, event.Subscribe{})
	want(2)
	add(t, s, one("case-1", 0))
	if got := strings.Join(want(3), " "); got != "case-1@0 places-1@0 case-1@1" {
		t.Errorf("followed %s", got)
	}
	if sent := server.Sent() - before; sent > 30 {
		t.Errorf("%d records were sent for 3", sent)
	}
	if n := len(all(t, other)); n != 10*event.MaxEvents {
		t.Errorf("the other journal holds %d records", n)
	}
}

// Edge 8: the client leaves the user out where there is no TLS.
func TestAUserIsSentOverTLSAndNoOtherWay(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{TLS: true, Users: map[string]string{"approdo": "c0rrect h@rse:/?"}})
	s := open(t, server.URL())
	add(t, s, one("case-1", event.NoStream))
	want := follow(t, s, 0, event.Subscribe{})
	want(1)

	wrong := strings.Replace(server.URL(), "c0rrect", "wr0ng-secret", 1)
	nobody := strings.Replace(server.URL(), "approdo:c0rrect%20h%40rse%3A%2F%3F@", "", 1)
	plain := strings.Replace(wrong, "?", "?tls=false&", 1)
	for _, url := range []string{wrong, nobody, plain} {
		_, err := esdb.Open(t.Context(), url, esdb.Options{})
		if err == nil {
			t.Fatal("it let somebody in")
		}
		if text := err.Error(); strings.Contains(text, "secret") || strings.Contains(text, "h@rse") || strings.Contains(text, "approdo:") {
			t.Errorf("the error tells the password: %s", text)
		}
		if errors.Is(err, context.DeadlineExceeded) || url != plain && !errors.Is(err, event.ErrUnavailable) {
			t.Errorf("the error is %v", err)
		}
	}
}

// Edge 8: a server whose certificate nobody vouches for is not spoken to.
func TestAStrangersCertificateIsRefused(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{TLS: true})
	stranger := esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{TLS: true})
	url := strings.Replace(server.URL(), server.Addr(), stranger.Addr(), 1) + short
	if s, err := esdb.Open(t.Context(), url, esdb.Options{}); err == nil {
		shut(t, s)
		t.Error("it was trusted")
	}
	open(t, server.URL())
}

// Edge 9: the client's reads and subscriptions have no deadline.
func TestAServerThatSaysNothingIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	s, impatient := open(t, server.URL()), open(t, server.URL()+short)
	add(t, s, one("case-1", event.NoStream))

	server.Inject(esdbtest.Stall, 1_000_000)
	if _, err := impatient.Append(t.Context(), one("case-1", 0)); !errors.Is(err, event.ErrUnknownOutcome) {
		t.Errorf("append gave %v", err)
	}
	if _, err := impatient.Head(t.Context()); !errors.Is(err, event.ErrUnavailable) {
		t.Errorf("head gave %v", err)
	}
	for _, err := range impatient.ReadStream(t.Context(), "case-1", event.ReadStream{}) {
		if !errors.Is(err, event.ErrUnavailable) {
			t.Errorf("a read gave %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Head(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("head with a deadline of its own gave %v", err)
	}
	want := follow(t, impatient, 0, event.Subscribe{})
	wait(t.Context(), 2*time.Second)
	server.Inject(esdbtest.Stall, 0)
	want(1)
	met(t, server, esdbtest.Stall)
}

// Edge 10 bounds messages at 17 MiB; what other programs wrote into our streams may be larger than what we write.
func TestALargeRecordIsRead(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{MaxAppendSize: 16 << 20})
	s := open(t, server.URL())
	data := []byte(`"` + strings.Repeat("x", 12<<20) + `"`)
	client(t, server.URL()).append(t, "case-1", `{"schema":1,"meta":{}}`, data)
	for r, err := range s.ReadStream(t.Context(), "case-1", event.ReadStream{}) {
		if err != nil || len(r.Data) != len(data) {
			t.Errorf("%d bytes, %v", len(r.Data), err)
		}
	}
}

// The client ends the process over a time it cannot read, and panics over a stream that is missing.
func TestAMalformedRecordIsAnErrorAndNothingWorse(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]esdbtest.Fault{"time of writing": esdbtest.MalformedCreated, "no stream": esdbtest.NoStreamIdentifier} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
			s := open(t, server.URL())
			add(t, s, one("case-1", event.NoStream))
			server.Inject(fault, 1)
			var got error
			for _, err := range s.ReadStream(t.Context(), "case-1", event.ReadStream{}) {
				got = err
			}
			if got == nil || errors.Is(got, event.ErrUnavailable) {
				t.Errorf("a read gave %v", got)
			}
			server.Inject(fault, 1)
			for _, err := range s.Subscribe(t.Context(), 0, event.Subscribe{}) {
				got = err
				break
			}
			if got == nil {
				t.Error("a subscription took it")
			}
			holds(t, s, "case-1@0")
			met(t, server, fault)
		})
	}
}

func TestAStreamThatWasDeletedOnTheServerSaysSo(t *testing.T) {
	t.Parallel()
	log := esdbtest.NewLog()
	s := open(t, esdbtest.Start(t, log, roomy).URL())
	add(t, s, one("case-1", event.NoStream))
	log.Delete("case-1")
	if _, err := s.Append(t.Context(), one("case-1", 0)); !errors.Is(err, esdb.ErrStreamDeleted) {
		t.Errorf("append gave %v", err)
	}
	for _, err := range s.ReadStream(t.Context(), "case-1", event.ReadStream{}) {
		if !errors.Is(err, esdb.ErrStreamDeleted) {
			t.Errorf("a read gave %v", err)
		}
	}
}

// A server with its own limit counts metadata too.
func TestAnAppendTooLargeForTheServerIsTooLarge(t *testing.T) {
	t.Parallel()
	s := open(t, esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{}).URL())
	a := one("case-1", event.NoStream)
	a.Events[0].Data = []byte(`"` + strings.Repeat("x", event.MaxBytes-2) + `"`)
	if _, err := s.Append(t.Context(), a); !errors.Is(err, event.ErrTooLarge) {
		t.Errorf("append gave %v", err)
	}
	holds(t, s)
}

func TestMoreAppendsThanMayWaitAreOverload(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	s := open(t, server.URL())
	server.Inject(esdbtest.Stall, 1_000_000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const many = 4096 + 1
	overloaded := make(chan error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			if _, err := s.Append(ctx, one(fmt.Sprintf("case-%d", i), event.NoStream)); errors.Is(err, event.ErrOverloaded) {
				overloaded <- err
			}
		})
	}
	<-overloaded
	cancel()
	all.Wait()
	server.Inject(esdbtest.Stall, 0)
	add(t, s, one("case-1", event.NoStream))
}

func TestAStreamOfTheServersIsNotWritten(t *testing.T) {
	t.Parallel()
	server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
	if _, err := open(t, server.URL()).Append(t.Context(), one("$settings", event.Any)); !errors.Is(err, event.ErrMalformed) {
		t.Errorf("append gave %v", err)
	}
	s := open(t, server.URL()+"&streamPrefix=ours.")
	add(t, s, one("$settings", event.NoStream))
	holds(t, s, "$settings@0")
}

// The server has a new name and the same protocol.
func TestTheServersNewNameIsTaken(t *testing.T) {
	t.Parallel()
	c := esdbtest.StartCluster(t, esdbtest.NewLog(), nodes, roomy)
	for _, url := range []string{c.URL(), c.Nodes[0].URL()} {
		add(t, open(t, strings.Replace(url, "esdb", "kurrentdb", 1)), one("case-1", event.Any))
	}
}

func TestConnectionStringsAreReadStrictly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "esdb://", "postgres://127.0.0.1/approdo", "esdb://127.0.0.1:2113?tls=perhaps", "esdb://127.0.0.1:port?tls=false", "esdb://127.0.0.1:2113?%zz",
		"esdb://127.0.0.1:2113?tsl=false", "esdb://127.0.0.1:2113?maxDiscoverAttempts=3", "esdb://127.0.0.1:2113/path?tls=false",
		"esdb://user:secret@127.0.0.1:2113?tls=false", "esdb://user:se%zzcret@127.0.0.1:2113", "esdb://:secret@127.0.0.1:2113",
		"esdb+discover://user:secret@a:1,b:2?tls=false", "esdb://a:secret@127.0.0.1:x,b:2", "esdb://127.0.0.1:2113?nodePreference=follower&tls=false",
		"esdb://127.0.0.1:2113?tls=false&defaultDeadline=0", "esdb://127.0.0.1:2113?tls=false&defaultDeadline=soon", "esdb://127.0.0.1:2113?streamPrefix=$ours&tls=false",
		"esdb://127.0.0.1:2113?tlsCAFile=/nowhere/ca.crt", "esdb://127.0.0.1:2113?userCertFile=/nowhere/a.crt", "esdb://user:secret\x7f@127.0.0.1:2113/%",
	} {
		s, err := esdb.Open(t.Context(), text, esdb.Options{})
		if err == nil {
			shut(t, s)
			t.Errorf("%q was taken", text)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the password: %v", text, err)
		}
	}
}
