package esdbtest

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Fault is something that goes wrong on purpose.
type Fault int

// The faults of a server. The first three meet appends, the next four reads and subscriptions, the last two meet either.
const (
	CutBeforeWrite     Fault = iota // the connection breaks when the append is complete; nothing is written
	CutAfterWrite                   // the connection breaks when the append is written; nobody is told
	CutWhileSent                    // the connection breaks before the append is complete
	MalformedCreated                // a record's time is no number
	NoStreamIdentifier              // a record belongs to no stream
	UnexpectedMessage               // a message stands between the records that no reader asked for
	CutWhileRead                    // the connection breaks after the first record
	NotReady                        // the server says that it is starting
	Stall                           // nothing comes, until the caller gives up
)

// faults counts what is still to go wrong.
type faults struct {
	mu   sync.Mutex
	left map[Fault]int
	met  map[Fault]int
}

// Inject makes something go wrong so many times, from the next call on that it can meet.
func (s *Server) Inject(f Fault, times int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.left == nil {
		s.faults.left, s.faults.met = map[Fault]int{}, map[Fault]int{}
	}
	s.faults.left[f] = times
}

// Met says how often a fault went wrong. A test that injected one and finds 0 has tested nothing.
func (s *Server) Met(f Fault) int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.met[f]
}

// strikes reports whether a fault is to happen now.
func (s *Server) strikes(f Fault) bool {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.left[f] == 0 {
		return false
	}
	s.faults.left[f]--
	s.faults.met[f]++
	return true
}

// CutConnections breaks every connection there is. New ones are taken.
func (s *Server) CutConnections() { s.cutFrom("") }

func (s *Server) cutFrom(addr string) {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	l.cut(addr)
}

// cut breaks the connection of a call.
func (s *Server) cut(ctx context.Context) error {
	if p, ok := peer.FromContext(ctx); ok {
		s.cutFrom(p.Addr.String())
	}
	return status.Error(codes.Unavailable, "connection is cut")
}

// DropSubscriptions ends every subscription and leaves the connections alone.
func (s *Server) DropSubscriptions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.dropped)
	s.dropped = make(chan struct{})
}

// The texts and trailers are those of the server.

func notReady() error { return status.Error(codes.Unavailable, "Server Is Not Ready") }

func exception(ctx context.Context, code codes.Code, text string, trailer ...string) error {
	if err := grpc.SetTrailer(ctx, metadata.Pairs(trailer...)); err != nil {
		return err
	}
	return status.Error(code, text)
}
