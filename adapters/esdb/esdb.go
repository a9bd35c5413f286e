// Package esdb is the journal on EventStoreDB, one node or a cluster.
//
// Of the client github.com/EventStore/EventStore-Client-Go it takes the connection strings and the generated stubs, and calls the
// server with those: the client's own connection dies for good after a failed discovery, blocks its callers past their deadlines and
// panics when it is closed beside them, and its readers panic or end the process on messages they do not expect
// (docs/adr/0014-journal-on-eventstoredb.md, client_test.go).
//
// A link is a connection to the node that leads (link.go). Every call has a deadline and is made again, after a pause, on a new link
// when it meets an outage (call.go). Appends are always at an exact revision, where the server's idempotency is strong (append.go).
// Reads are filtered by the server to the streams of this journal (read.go); subscriptions go on from their last record for ever
// (subscribe.go).
package esdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"approdo/domain/event"
)

// inFlight is how many appends may be on their way; one more is event.ErrOverloaded.
const inFlight = 4096

// Options of Open. The zero value is good.
type Options struct {
	Log *slog.Logger // what subscriptions have to tell, never about people and never a password; nil: slog.Default()
}

// Store is a journal on EventStoreDB. Positions are commit positions of its log: sparse, and shared with whatever else it keeps.
type Store struct {
	links    *links
	prefix   string
	deadline time.Duration
	log      *slog.Logger
	slots    chan struct{} // holds one for every append on its way

	life    context.Context // ends with the first Close
	end     context.CancelFunc
	closed  chan struct{} // closed once everything is freed
	err     error         // what went wrong in between; read after closed
	mu      sync.RWMutex  // guards shut, so that no append begins behind it
	shut    bool
	appends sync.WaitGroup
}

var _ event.Importer = (*Store)(nil)

// Open connects to the journal that a connection string names, in the forms of EventStoreDB's clients:
//
//	esdb://node:2113?tls=false
//	esdb+discover://user:password@a:2113,b:2113,c:2113?tlsCAFile=/etc/approdo/ca.crt
//
// Its setting defaultDeadline bounds each call, in milliseconds (10 s where it is missing), and streamPrefix, which is ours, stands
// before the name of every stream on the server, so that journals and other programs can share one; readers never see it. The user
// needs the right to read $all. It fails if the string is wrong or nobody answers.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Store{
		links: newLinks(a), prefix: a.prefix, deadline: a.deadline, log: o.Log,
		slots: make(chan struct{}, inFlight), closed: make(chan struct{}),
	}
	s.life, s.end = context.WithCancel(context.Background())
	if _, err := s.Head(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("esdb: open journal: %w", err), s.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// name is what a stream is called on the server.
func (s *Store) name(stream string) (string, error) {
	if s.prefix == "" && strings.HasPrefix(stream, "$") {
		return "", fmt.Errorf("%w: %q would be a stream of the server's", event.ErrMalformed, stream)
	}
	return s.prefix + stream, nil
}

// begin takes an append, unless the journal is closed or too many are on their way. The caller ends it with the function given.
func (s *Store) begin() (done func(), err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.shut {
		return nil, event.ErrClosed
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return nil, event.ErrOverloaded
	}
	s.appends.Add(1)
	return func() {
		<-s.slots
		s.appends.Done()
	}, nil
}

// Close implements event.Store. When ctx ends first it gives that error, and the closing goes on; appends on their way bound it by
// their deadline. A second Close waits as the first did and gives event.ErrClosed.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	first := !s.shut
	if first {
		s.shut = true
		s.end()
		go func() {
			defer close(s.closed)
			s.appends.Wait()
			s.err = s.links.close()
		}()
	}
	s.mu.Unlock()
	select {
	case <-s.closed:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !first {
		return event.ErrClosed
	}
	return s.err
}
