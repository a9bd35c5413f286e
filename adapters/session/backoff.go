package session

import (
	"context"
	"strconv"
	"time"
)

// backoff makes whoever tries again and again wait longer each time: a second after the free tries, then twice as long, up to most.
// With every span of decay since the last try one is forgotten.
type backoff struct {
	free        int
	most, decay time.Duration
}

// By login ninety-six guesses a day remain; by address an office behind one router still gets in on a Monday morning.
var (
	strict            = backoff{free: 5, most: 15 * time.Minute, decay: 15 * time.Minute}
	tolerantOfOffices = backoff{free: 30, most: 15 * time.Minute, decay: time.Minute}
)

func (b backoff) judge(now time.Time) func(count int, last time.Time) (int, time.Time) {
	return func(count int, last time.Time) (int, time.Time) {
		if count == 0 {
			return 1, time.Time{}
		}
		count = max(0, count-int(max(0, now.Sub(last))/b.decay))
		if until := last.Add(b.wait(count)); now.Before(until) {
			return count, until
		}
		return count + 1, time.Time{}
	}
}

func (b backoff) wait(count int) time.Duration {
	over := count - b.free
	if over < 0 {
		return 0
	}
	return min(time.Second<<min(over, 30), b.most)
}

// try counts a try before it is made, so that many at once count as many.
func (s *Service) try(ctx context.Context, key []byte, b backoff) error {
	now := s.clock()
	until, err := s.storage.Try(ctx, key, now, b.judge(now))
	if err != nil || until.IsZero() {
		return err
	}
	return ErrTooManyTries.With("seconds", strconv.Itoa(seconds(until.Sub(now))))
}

// seconds rounds up, and says at least one.
func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }
