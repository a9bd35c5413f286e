package feed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
)

// ticker is a message.Subscriber that sends an empty message at once and then at every interval, one at a time: what cannot be
// taken in time is left out.
type ticker struct {
	interval time.Duration
	gate     *gate // nil: always open

	mu      sync.Mutex
	closed  bool
	cancels []context.CancelFunc
	running sync.WaitGroup
}

func (t *ticker) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, errors.New("feed: ticker is closed")
	}
	ctx, cancel := context.WithCancel(ctx)
	t.cancels = append(t.cancels, cancel)
	out := make(chan *message.Message)
	t.running.Go(func() {
		defer cancel()
		defer close(out)
		t.gate.within(ctx, func(ctx context.Context) { t.tick(ctx, out) }, func(context.Context) {})
	})
	return out, nil
}

func (t *ticker) tick(ctx context.Context, out chan<- *message.Message) {
	every := time.NewTicker(t.interval)
	defer every.Stop()
	for {
		msg := message.NewMessageWithContext(ctx, uuid.NewString(), nil)
		select {
		case out <- msg:
		case <-ctx.Done():
			return
		}
		select {
		case <-msg.Acked():
		case <-msg.Nacked():
		case <-ctx.Done():
			return
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

func (t *ticker) Close() error {
	t.mu.Lock()
	t.closed = true
	for _, cancel := range t.cancels {
		cancel()
	}
	t.mu.Unlock()
	t.running.Wait()
	return nil
}
