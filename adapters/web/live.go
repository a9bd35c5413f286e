package web

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// The streams that a person, and that all of them together, may have open on a node. A page that is shown has one; one that is hidden
// has none.
const (
	streamsEach  = 8
	streamsInAll = 1000
)

// How a feed keeps pace: it leaves at least liveRest between two questions, and up to liveMost where the last one took so long; it asks once in
// liveAnyway although nothing was committed, since terms run out by themselves; and after a fault it waits for liveAgain.
const (
	liveRest   = 50 * time.Millisecond
	liveMost   = 100 * time.Millisecond
	liveAnyway = 30 * time.Second
	liveAgain  = 5 * time.Second
)

// liveBehind is how many changes wait for a reader who does not take them, before he is dropped.
const liveBehind = 16

var (
	errManyStreams = &domain.Error{Kind: domain.KindOverloaded, Code: "too-many-streams"}
	errStreamsFull = &domain.Error{Kind: domain.KindUnavailable, Code: "streams-full"}
)

// live is what is told while it happens. Readers who would see the same have one feed together: it is asked once after a commit of the
// views, however many they are, and each is told what has changed since. One feed is asked at a time, so that they never take more than
// one processor between them.
type live struct {
	views Views
	log   *slog.Logger
	turn  chan struct{}

	mu    sync.Mutex
	feeds map[string]*feed
	each  map[uuid.UUID]int // streams of an account
	all   int
}

// question finds what a page would show now.
type question func(context.Context) (shown, error)

// feed is a question with those who want to hear the answer.
type feed struct {
	stop    context.CancelFunc
	readers map[*reader]bool
	known   bool // there is an answer
	at      event.Position
	last    shown
	whole   []byte // last, as it is told to whoever comes; nil until somebody does
}

// reader is one stream. What it is told comes in events, which is closed when it was too slow.
type reader struct {
	account uuid.UUID
	key     string
	feed    *feed
	events  chan []byte
}

func newLive(views Views, log *slog.Logger) *live {
	return &live{views: views, log: log, turn: make(chan struct{}, 1), feeds: map[string]*feed{}, each: map[uuid.UUID]int{}}
}

// join begins a stream: first it is told everything, then what changes. Those with the same key hear the answer to the question of the
// first of them.
func (l *live) join(account uuid.UUID, key string, ask question) (*reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.each[account] >= streamsEach:
		return nil, errManyStreams
	case l.all >= streamsInAll:
		return nil, errStreamsFull
	}
	f := l.feeds[key]
	if f == nil {
		ctx, stop := context.WithCancel(context.Background()) // it goes on when its first reader leaves
		f = &feed{stop: stop, readers: map[*reader]bool{}}
		l.feeds[key] = f
		go l.run(ctx, f, ask)
	}
	r := &reader{account, key, f, make(chan []byte, liveBehind)}
	if f.known {
		if err := f.tellAll(r); err != nil {
			return nil, err
		}
	}
	f.readers[r] = true
	l.each[account]++
	l.all++
	return r, nil
}

func (f *feed) tellAll(r *reader) (err error) {
	if f.whole == nil {
		if f.whole, err = f.last.message(f.at); err != nil {
			return err
		}
	}
	r.events <- f.whole // the first of all
	return nil
}

// leave ends a stream, and the feed with its last reader.
func (l *live) leave(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.each[r.account]--; l.each[r.account] == 0 {
		delete(l.each, r.account)
	}
	if delete(r.feed.readers, r); len(r.feed.readers) == 0 && l.feeds[r.key] == r.feed {
		r.feed.stop()
		delete(l.feeds, r.key)
	}
}

// current is the answer that a feed has, where there is one.
func (l *live) current(key string) (now shown, at event.Position, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.feeds[key]; f != nil {
		return f.last, f.at, f.known
	}
	return shown{}, 0, false
}

// run asks again and again, until the feed is stopped.
func (l *live) run(ctx context.Context, f *feed, ask question) {
	for {
		at, took, err := l.ask(ctx, f, ask)
		pause := min(max(liveRest, took), liveMost)
		if err != nil && ctx.Err() == nil {
			l.log.ErrorContext(ctx, "stream", "error", err.Error())
			pause = liveAgain
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		wait, cancel := context.WithTimeout(ctx, liveAnyway)
		err = l.views.Await(wait, at+1)
		cancel()
		if err != nil && ctx.Err() != nil { // otherwise it is time to ask anyway
			return
		}
	}
}

// answeredIn is how long one question may take.
const answeredIn = 10 * time.Second

// ask takes its turn, and gives how far the views had come at least, and how long it took.
func (l *live) ask(ctx context.Context, f *feed, ask question) (at event.Position, took time.Duration, err error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, answeredIn) // whoever hangs holds everybody's turn
	defer cancel()
	began := time.Now()
	defer func() {
		took = time.Since(began)
		if v := recover(); v != nil { // its value may hold anything
			err = fmt.Errorf("%w: %T\n%s", errPanic, v, debug.Stack())
		}
	}()
	if at, err = l.position(ctx); err != nil {
		return at, 0, err
	}
	now, err := ask(ctx)
	if err != nil {
		return at, 0, err
	}
	return at, 0, l.publish(f, at, now)
}

// position is what every view that serves has come to.
func (l *live) position(ctx context.Context) (at event.Position, err error) {
	all, err := l.views.Status(ctx)
	first := true
	for _, s := range all {
		if s.State == projections.Live && (first || s.Position < at) {
			at, first = s.Position, false
		}
	}
	return at, err
}

// publish tells every reader what has changed. One who has not taken the last changes yet is dropped: he comes back, and is told everything.
func (l *live) publish(f *feed, at event.Position, now shown) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := now.since(f.last)
	f.known, f.at, f.last, f.whole = true, at, now, nil
	if len(changed.figures) == 0 {
		return nil
	}
	told, err := changed.message(at)
	if err != nil {
		return err
	}
	for r := range f.readers {
		select {
		case r.events <- told:
		default:
			close(r.events)
			delete(f.readers, r)
		}
	}
	return nil
}
