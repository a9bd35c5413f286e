package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Turn runs f while it is this node's turn, and ends its context when it no longer is; see projections.Shared.
type Turn func(ctx context.Context, name string, f func(context.Context) error) error

// turnName is that of the turn at running policies.
const turnName = "policies"

// How long a node leaves off when it could not take part in the turns, and how often one whose turn it is not looks how far the
// policies have come.
const (
	turnAgain = 500 * time.Millisecond
	lookAgain = time.Second
)

// gate is open while it is this node's turn. Without one it always is.
type gate struct {
	mu     sync.Mutex
	turn   context.Context // nil while it is closed
	opened chan struct{}   // closed when it opens
	inside sync.WaitGroup
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// keep opens the gate whenever it is this node's turn, until ctx ends.
func (g *gate) keep(ctx context.Context, turn Turn, log *slog.Logger) {
	for ctx.Err() == nil {
		err := turn(ctx, turnName, func(inner context.Context) error {
			g.mu.Lock()
			g.turn = inner
			close(g.opened)
			g.mu.Unlock()
			log.Info("this node runs the policies")
			<-inner.Done()
			g.mu.Lock()
			g.turn, g.opened = nil, make(chan struct{})
			g.mu.Unlock()
			g.inside.Wait() // the next one begins when this one has stopped
			return nil
		})
		if err != nil && ctx.Err() == nil {
			log.Warn("no turn at the policies", "error", err)
			sleep(ctx, turnAgain)
		}
	}
}

// within runs f whenever the gate is open, with a context that ends when it closes, until ctx ends. Meanwhile calls closed now and
// then while it is not.
func (g *gate) within(ctx context.Context, f func(context.Context), closed func(context.Context)) {
	if g == nil {
		f(ctx)
		return
	}
	for ctx.Err() == nil {
		g.mu.Lock()
		turn, opened := g.turn, g.opened
		if turn != nil {
			g.inside.Add(1)
		}
		g.mu.Unlock()
		if turn == nil {
			select {
			case <-opened:
			case <-time.After(lookAgain):
				closed(ctx)
			case <-ctx.Done():
			}
			continue
		}
		inner, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(turn, cancel)
		f(inner)
		stop()
		cancel()
		g.inside.Done()
		if turn.Err() != nil {
			sleep(ctx, turnAgain) // until the gate has closed
		}
	}
}
