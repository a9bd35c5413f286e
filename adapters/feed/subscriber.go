package feed

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"approdo/domain/event"
)

const (
	pageSize = 256
	// A checkpoint is written once so many records were passed, or so long after the first that was, whichever is earlier.
	saveEvery = 1000
	saveAfter = time.Second
	// finalSave is how long the last checkpoint may take once everything else has stopped.
	finalSave = 5 * time.Second
)

// Consumer says for whom a Subscriber follows the journal.
type Consumer struct {
	Name  string        // of its checkpoint
	Types []string      // stored names that become messages; none: all
	After time.Duration // age, since the journal wrote it, at which a record becomes a message
}

// Subscriber is a message.Subscriber over a journal. The topic is a category, the prefix of the streams to follow. A message leaves
// when the one before it was acknowledged; one that is refused comes again, after a while that grows. The checkpoint follows the
// acknowledgements, and is one for all subscriptions of a Subscriber: have one.
type Subscriber struct {
	store       event.Store
	checkpoints Checkpoints
	consumer    Consumer
	log         *slog.Logger
	gate        *gate // nil: always open

	mu      sync.Mutex
	closed  bool
	cancels []context.CancelFunc
	running sync.WaitGroup

	passed progress
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber makes a Subscriber. Only Close, or the end of the contexts it was given, ends its subscriptions.
func NewSubscriber(store event.Store, checkpoints Checkpoints, c Consumer, log *slog.Logger) *Subscriber {
	return &Subscriber{store: store, checkpoints: checkpoints, consumer: c, log: log.With("policy", c.Name)}
}

// Subscribe follows a category from the checkpoint on. The channel is closed when ctx ends or the Subscriber is closed.
func (s *Subscriber) Subscribe(ctx context.Context, category string) (<-chan *message.Message, error) {
	from, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("feed: subscriber of %s is closed", s.consumer.Name)
	}
	ctx, cancel := context.WithCancel(ctx)
	s.cancels = append(s.cancels, cancel)
	s.passed.come(from)
	out := make(chan *message.Message)
	s.running.Go(func() {
		defer cancel()
		defer close(out)
		s.serve(ctx, category, out, from)
	})
	return out, nil
}

// load finds out where to go on.
func (s *Subscriber) load(ctx context.Context) (event.Position, error) {
	from, err := s.checkpoints.Load(ctx, s.consumer.Name)
	if err != nil {
		return 0, fmt.Errorf("feed: checkpoint of %s: %w", s.consumer.Name, err)
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("feed: head of the journal: %w", err)
	}
	if from > head { // the journal was restored from before the checkpoint
		s.log.Warn("checkpoint is beyond the journal, beginning anew", "checkpoint", from, "head", head)
		from = 0
	}
	return from, nil
}

// serve follows the journal whenever it is this node's turn, from where the one that had it before stopped.
func (s *Subscriber) serve(ctx context.Context, category string, out chan<- *message.Message, from event.Position) {
	known := true
	look := func(ctx context.Context) {
		at, err := s.load(ctx)
		if known = err == nil; known {
			from = at
			s.passed.come(at)
		} else if ctx.Err() == nil {
			s.log.Warn("checkpoint not read", "error", err)
		}
	}
	s.gate.within(ctx, func(ctx context.Context) {
		if s.gate != nil {
			look(ctx)
		}
		if !known {
			sleep(ctx, turnAgain)
			return
		}
		(&subscription{Subscriber: s, category: category, out: out, position: from, saved: from}).follow(ctx)
	}, look)
}

// Close ends every subscription and returns when their checkpoints are written.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, cancel := range s.cancels {
		cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// subscription is the state of the goroutine behind a channel.
type subscription struct {
	*Subscriber
	category string
	out      chan<- *message.Message
	position event.Position // passed: acknowledged, or of no concern
	saved    event.Position
	unsaved  int              // records passed since
	saveDue  <-chan time.Time // nil while there is nothing to save
}

func (s *subscription) follow(ctx context.Context) {
	pages := make(chan event.Page)
	var reading sync.WaitGroup
	defer reading.Wait()
	reading.Go(func() { s.read(ctx, s.position, pages) })
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalSave)
		defer cancel()
		s.save(last)
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.saveDue:
			s.save(ctx)
		case page := <-pages:
			for _, r := range page.Records {
				if s.wants(r) && !s.deliver(ctx, r) {
					return
				}
				s.pass(ctx, r.Position)
			}
			s.pass(ctx, page.Checkpoint)
		}
	}
}

// read fetches pages while the last one is worked on. It outlives a journal that cannot be read for a while.
func (s *subscription) read(ctx context.Context, after event.Position, pages chan<- event.Page) {
	o := event.Subscribe{Filter: event.Filter{Prefixes: []string{s.category}}, PageSize: pageSize}
	var pause backoff
	for ctx.Err() == nil {
		for page, err := range s.store.Subscribe(ctx, after, o) {
			if err != nil {
				if ctx.Err() == nil {
					s.log.Warn("journal cannot be followed", "after", after, "error", err)
				}
				break
			}
			select {
			case pages <- page:
			case <-ctx.Done():
				return
			}
			after, pause = page.Checkpoint, backoff{}
		}
		pause.wait(ctx)
	}
}

func (s *subscription) wants(r event.Record) bool {
	return len(s.consumer.Types) == 0 || slices.Contains(s.consumer.Types, r.Type)
}

// deliver sends a record until it is acknowledged; false when ctx ended before.
func (s *subscription) deliver(ctx context.Context, r event.Record) bool {
	if age := s.consumer.After; age > 0 {
		if left := time.Until(r.At.Add(age)); left > 0 {
			s.save(ctx)
			if !sleep(ctx, left) {
				return false
			}
		}
	}
	var pause backoff
	for {
		msg := messageOf(ctx, r)
		select {
		case s.out <- msg:
		case <-ctx.Done():
			return false
		}
		select {
		case <-msg.Acked():
			return true
		case <-msg.Nacked():
			if !pause.wait(ctx) {
				return false
			}
		case <-ctx.Done():
			return false
		}
	}
}

func (s *subscription) pass(ctx context.Context, p event.Position) {
	if p <= s.position {
		return
	}
	s.position = p
	s.passed.come(p)
	s.unsaved++
	if s.unsaved >= saveEvery {
		s.save(ctx)
	} else if s.saveDue == nil {
		s.saveDue = time.After(saveAfter)
	}
}

// save writes the checkpoint. When that fails it is tried again with the next record: an old one only means repetition.
func (s *subscription) save(ctx context.Context) {
	s.unsaved, s.saveDue = 0, nil
	if s.position == s.saved {
		return
	}
	if err := s.checkpoints.Save(ctx, s.consumer.Name, s.position); err != nil {
		s.log.Warn("checkpoint not written", "position", s.position, "error", err)
		return
	}
	s.saved = s.position
}

// progress is a position that others can wait for.
type progress struct {
	mu   sync.Mutex
	at   event.Position
	news chan struct{} // closed, and replaced, when it moves; nil while nobody waits
}

func (p *progress) come(to event.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = to
	if p.news != nil {
		close(p.news)
		p.news = nil
	}
}

func (p *progress) position() event.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// moved gives a channel that closes at the next move, nil once it has come so far.
func (p *progress) moved(to event.Position) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at >= to {
		return nil
	}
	if p.news == nil {
		p.news = make(chan struct{})
	}
	return p.news
}

func (p *progress) await(ctx context.Context, to event.Position) error {
	for news := p.moved(to); news != nil; news = p.moved(to) {
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
