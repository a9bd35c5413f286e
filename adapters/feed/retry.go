package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/policy"
)

const (
	maxTries    = 5
	tryTimeout  = time.Minute
	firstPause  = 100 * time.Millisecond
	longPause   = 30 * time.Second
	pauseGrowth = 2
)

// backoff is a pause that grows, give or take a half so that what failed together does not come again together.
type backoff struct{ last time.Duration }

// wait pauses; false when ctx ended before.
func (b *backoff) wait(ctx context.Context) bool {
	b.last = min(max(b.last*pauseGrowth, firstPause), longPause)
	return sleep(ctx, b.last/2+rand.N(b.last))
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// try hands a record to a policy until it succeeds, has failed maxTries times, or ctx ends; it says how often it failed. What is
// storage's fault does not count.
func try(ctx context.Context, do func(context.Context, event.Record) error, r event.Record, log *slog.Logger) (failures int, err error) {
	var pause backoff
	for {
		if err = once(ctx, do, r); err == nil || ctx.Err() != nil {
			return failures, err
		}
		if !passing(err) {
			failures++
		}
		log.Warn("policy failed", "stream", r.Stream, "position", r.Position, "failures", failures, "code", codeOf(err), "error", err)
		if failures == maxTries || !pause.wait(ctx) {
			return failures, err
		}
	}
}

// panicked stands for what a policy threw. Its text has the place and not the value, which may be anything.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("feed: panic of type %T\n%s", p.value, p.stack) }

func once(ctx context.Context, do func(context.Context, event.Record) error, r event.Record) (err error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, debug.Stack()}
		}
	}()
	return do(ctx, r)
}

// passing errors say nothing about the record: storage does not take writes now, or the house is being closed.
func passing(err error) bool {
	return errors.Is(err, domain.KindUnavailable) || errors.Is(err, domain.KindOverloaded) || errors.Is(err, event.ErrClosed)
}

// codeOf names an error without its words.
func codeOf(err error) string {
	if errors.Is(err, event.ErrConflict) {
		return policy.CodeConflict
	}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Code
	}
	if _, ok := errors.AsType[*panicked](err); ok {
		return policy.CodePanic
	}
	switch {
	case errors.Is(err, event.ErrUnknownEvent):
		return policy.CodeUnknown
	case errors.Is(err, context.DeadlineExceeded):
		return policy.CodeTimeout
	}
	return policy.CodeFault
}
