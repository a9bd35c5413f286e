package session

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"approdo/domain"
)

// Limiter lets each key so many requests pass at once, and as many more in the course of each window. It may be used by many
// goroutines. It counts what comes to this process: on several nodes a key has its allowance on each, so that a round of three gives
// it up to three times as much. What guards passwords, the tries to sign in, is counted for all nodes together by Service.
type Limiter struct {
	limit int
	every rate.Limit
	clock domain.Clock

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	swept   time.Time
}

// maxBuckets bounds the memory: when as many keys are busy at once, those who come share one.
const maxBuckets = 100_000

// NewLimiter lets limit requests pass per window.
func NewLimiter(limit int, window time.Duration, clock domain.Clock) *Limiter {
	every := rate.Limit(float64(limit) / window.Seconds())
	return &Limiter{limit: limit, every: every, clock: clock, buckets: map[string]*rate.Limiter{}}
}

// Allowance is what a key has left.
type Allowance struct {
	OK        bool
	Limit     int
	Remaining int
	Reset     time.Duration // until all of Limit is there again
	Retry     time.Duration // until one is; 0 where OK
}

// Take lets one request of a key pass, or says when to come back.
func (l *Limiter) Take(key string) Allowance {
	now := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key, now)
	a := Allowance{OK: b.AllowN(now, 1), Limit: l.limit}
	left := b.TokensAt(now)
	a.Remaining, a.Reset = max(0, int(left)), l.until(float64(l.limit)-left)
	if !a.OK {
		a.Retry = l.until(1 - left)
	}
	return a
}

func (l *Limiter) until(tokens float64) time.Duration {
	return time.Duration(tokens / float64(l.every) * float64(time.Second))
}

func (l *Limiter) bucket(key string, now time.Time) *rate.Limiter {
	if b, ok := l.buckets[key]; ok {
		return b
	}
	if len(l.buckets) >= maxBuckets && now.Sub(l.swept) >= time.Second {
		l.swept = now
		for k, b := range l.buckets { // a full bucket is as good as none
			if b.TokensAt(now) >= float64(l.limit) {
				delete(l.buckets, k)
			}
		}
	}
	if len(l.buckets) >= maxBuckets {
		key = ""
	}
	b, ok := l.buckets[key]
	if !ok {
		b = rate.NewLimiter(l.every, l.limit)
		l.buckets[key] = b
	}
	return b
}

// Limit counts requests by session, or by network where nobody is signed in; Authenticate comes before it, and behind a proxy
// BehindProxies before both. Every answer says what
// is left, in the headers and units of the Italian interoperability guidelines (ModI, RAC_ROBUSTEZZA). A request too many gets
// Retry-After and then refused, which is to answer 429 in its own format.
func (l *Limiter) Limit(next, refused http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := "network " + network(r.RemoteAddr)
		if s, err := AtTheDoor(r.Context()); err == nil {
			key = "session " + s.ID
		}
		a, h := l.Take(key), w.Header()
		h.Set("X-RateLimit-Limit", strconv.Itoa(a.Limit))
		h.Set("X-RateLimit-Remaining", strconv.Itoa(a.Remaining))
		h.Set("X-RateLimit-Reset", strconv.Itoa(int((a.Reset+time.Second-1)/time.Second)))
		if !a.OK {
			h.Set("Retry-After", strconv.Itoa(seconds(a.Retry)))
			refused.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
