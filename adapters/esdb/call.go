package esdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"approdo/domain/event"
)

// errOutage marks an error that another try, perhaps of another node, may not meet.
var errOutage = errors.New("esdb: no answer")

// ErrStreamDeleted says that an administrator deleted a stream on the server. A journal has no such thing; it can neither be read nor
// written.
var ErrStreamDeleted = errors.New("esdb: the stream was deleted on the server")

// elsewhere is the answer of a node that does not lead.
type elsewhere struct{ leader string }

func (e *elsewhere) Error() string { return "esdb: the leader is " + e.leader }

// meaning says what the error of a call means for us. The trailer tells more than the code.
func meaning(err error, trailer metadata.MD) error {
	if err == nil {
		return nil
	}
	first := func(key string) string {
		if v := trailer.Get(key); len(v) > 0 {
			return v[0]
		}
		return ""
	}
	switch exception := first("exception"); {
	case exception == "not-leader":
		return &elsewhere{net.JoinHostPort(first("leader-endpoint-host"), first("leader-endpoint-port"))}
	case exception == "stream-deleted":
		return fmt.Errorf("%w: %w", ErrStreamDeleted, err)
	case strings.HasPrefix(exception, "maximum-append"):
		return fmt.Errorf("%w: %w", event.ErrTooLarge, err)
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	switch s.Code() {
	case codes.Unauthenticated, codes.PermissionDenied, codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange,
		codes.Unimplemented, codes.NotFound, codes.ResourceExhausted:
		return fmt.Errorf("%w: the server refuses: %w", event.ErrUnavailable, err)
	}
	// Unavailable, but also what has no code of its own, such as an election (Unknown) and a connection cut at the wrong moment (Internal).
	return fmt.Errorf("%w: %w", errOutage, err)
}

// passes reports whether an error may be gone at the next try, if there is time for one.
func passes(err error) bool {
	var other *elsewhere
	return errors.As(err, &other) || errors.Is(err, errOutage) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// try makes a call on the link there is, again and on another where it meets an outage, until time is up. A call that ends with ctx
// ends with its error. Calls that only read also end when the store closes: life is then the store's, else nil.
func (s *Store) try(ctx, life context.Context, call func(ctx context.Context, l *link) error) error {
	bounded, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	if life != nil {
		defer context.AfterFunc(life, cancel)()
	}
	bounded = metadata.AppendToOutgoingContext(bounded, "requires-leader", "true")
	for tries := 0; ; tries++ {
		err := s.tryOnce(bounded, call)
		if err == nil || !passes(err) {
			return err
		}
		if other := (*elsewhere)(nil); errors.As(err, &other) {
			tries = 0 // it is known where to go: a leader that is asked late may lead no more
		}
		pause(bounded, tries)
		switch {
		case bounded.Err() == nil:
		case life != nil && life.Err() != nil:
			return event.ErrClosed
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
		}
	}
}

func (s *Store) tryOnce(ctx context.Context, call func(ctx context.Context, l *link) error) error {
	l, err := s.links.join(ctx)
	if err != nil {
		return err
	}
	defer l.calls.Done()
	err = call(ctx, l)
	if ctx.Err() == nil {
		s.links.blame(l, err)
	}
	return err
}
