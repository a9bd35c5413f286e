package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/policy"
)

// closeTimeout is how long a policy that is at work may take to notice that it is interrupted.
const closeTimeout = 20 * time.Second

// Router runs policies. Give it all of them before Run, which can be called once.
type Router struct {
	store       event.Store
	checkpoints Checkpoints
	parking     Parking
	log         *slog.Logger
	inner       *message.Router
	turn        Turn  // nil where no other node runs policies
	gate        *gate // opens in turn
	workers     map[string]*worker
	subscribers map[string]*Subscriber
}

// NewRouter makes a Router without policies.
func NewRouter(store event.Store, checkpoints Checkpoints, parking Parking, log *slog.Logger) (*Router, error) {
	// What Watermill finds worth telling is of interest to whoever debugs.
	levels := map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug, slog.LevelDebug: watermill.LevelTrace}
	inner, err := message.NewRouter(message.RouterConfig{CloseTimeout: closeTimeout}, watermill.NewSlogLoggerWithLevelMapping(log, levels))
	if err != nil {
		return nil, err
	}
	return &Router{store: store, checkpoints: checkpoints, parking: parking, log: log, inner: inner,
		workers: map[string]*worker{}, subscribers: map[string]*Subscriber{}}, nil
}

// Share has the policies run on one of several nodes at a time, which share checkpoints and parking: another one goes on when its turn
// comes, from the checkpoints. What a policy did since the last checkpoint it is asked to do again. Call it before the policies are
// added.
func (r *Router) Share(turn Turn) { r.turn, r.gate = turn, newGate() }

// React adds a policy that follows the journal. Two of one name are a fault of the program, and panic.
func (r *Router) React(p policy.Reaction) {
	s := NewSubscriber(r.store, r.checkpoints, Consumer{Name: p.Name, Types: p.Types, After: p.After}, r.log)
	s.gate = r.gate
	w := r.worker(p.Name, p.React)
	r.inner.AddConsumerHandler(p.Name, p.Category, s, w.live)
	r.subscribers[p.Name] = s
}

// Every adds what is to be done at once and then at every interval, one at a time. When it goes on failing that is parked for people
// to see; it is tried at every interval all the same, and unparked as soon as it succeeds.
func (r *Router) Every(name string, interval time.Duration, do func(context.Context) error) {
	w := r.worker(name, func(ctx context.Context, _ event.Record) error { return do(ctx) })
	r.inner.AddConsumerHandler(name, "", &ticker{interval: interval, gate: r.gate}, w.tick)
}

func (r *Router) worker(name string, do func(context.Context, event.Record) error) *worker {
	w := &worker{name: name, do: do, store: r.store, parking: r.parking, log: r.log.With("policy", name), turn: make(chan struct{}, 1)}
	r.workers[name] = w
	return w
}

// Run runs the policies until ctx ends, and then returns once they have stopped and their checkpoints are written. A policy that is at
// work then is interrupted, and has the same record again the next time. The error is that of a start or a stop that failed.
func (r *Router) Run(ctx context.Context) error {
	if r.turn != nil {
		var turns sync.WaitGroup
		taking, stop := context.WithCancel(ctx)
		defer turns.Wait()
		defer stop()
		turns.Go(func() { r.gate.keep(taking, r.turn, r.log) })
	}
	ended := make(chan error, 1)
	go func() { ended <- r.inner.Run(context.WithoutCancel(ctx)) }()
	var err error
	select {
	case err = <-ended:
	case <-r.inner.Running():
		select {
		case err = <-ended:
		case <-ctx.Done():
			err = errors.Join(r.inner.Close(), <-ended)
		}
	}
	for _, s := range r.subscribers {
		err = errors.Join(err, s.Close()) // those of a start that failed are still open
	}
	// Watermill does not wait for a message that it passed on while it closed.
	last, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	for _, w := range r.workers {
		if late := w.take(last); late != nil {
			return errors.Join(err, fmt.Errorf("feed: policy %s has not stopped: %w", w.name, late))
		}
		w.give()
	}
	return err
}

// Positions says how far each policy that follows the journal has come; what it parked it has passed.
func (r *Router) Positions() map[string]event.Position {
	at := make(map[string]event.Position, len(r.subscribers))
	for name, s := range r.subscribers {
		at[name] = s.passed.position()
	}
	return at
}

// Await returns when a policy has passed a position, or with the error of ctx.
func (r *Router) Await(ctx context.Context, name string, p event.Position) error {
	s, ok := r.subscribers[name]
	if !ok {
		return policy.ErrNotRunning
	}
	return s.passed.await(ctx, p)
}

// Parked lists what a person should look at, by policy, stream and position.
func (r *Router) Parked(ctx context.Context) ([]policy.Parked, error) { return r.parking.All(ctx) }

// Release tries what is parked of the same policy and stream again, the oldest first, whichever of them id names. It ends with
// policy.ErrStillFails at the first that fails, which stays parked with those behind it.
func (r *Router) Release(ctx context.Context, id uuid.UUID) error {
	p, w, err := r.find(ctx, id)
	if err != nil {
		return err
	}
	return w.again(ctx, p.Stream)
}

// Drop gives up a parked record, which must be the oldest of its stream, and tries those behind it. The policy never sees it again;
// that somebody dropped it is kept.
func (r *Router) Drop(ctx context.Context, id uuid.UUID, by domain.Actor, reason policy.DropReason) error {
	p, w, err := r.find(ctx, id)
	if err != nil {
		return err
	}
	if err := w.drop(ctx, p, by, reason); err != nil {
		return err
	}
	if err := w.again(ctx, p.Stream); !errors.Is(err, policy.ErrStillFails) {
		return err
	}
	return nil // the next one is parked in its own right
}

func (r *Router) find(ctx context.Context, id uuid.UUID) (policy.Parked, *worker, error) {
	p, err := r.parking.Find(ctx, id)
	if err != nil {
		return p, nil, err
	}
	w, ok := r.workers[p.Policy]
	if !ok {
		return p, nil, policy.ErrNotRunning
	}
	return p, w, nil
}
