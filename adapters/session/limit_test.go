package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"approdo/adapters/session"
)

func TestEveryAnswerSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := session.NewLimiter(3, 30*time.Second, time.Now)
		ask := func(remote string, signedIn *session.Session) string {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = remote
			if signedIn != nil {
				r = r.WithContext(session.NewContext(r.Context(), *signedIn))
			}
			w := httptest.NewRecorder()
			l.Limit(
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }),
			).ServeHTTP(w, r)
			h := w.Header()
			return fmt.Sprintf("%d %s/%s %ss %s", w.Code, h.Get("X-RateLimit-Remaining"), h.Get("X-RateLimit-Limit"),
				h.Get("X-RateLimit-Reset"), h.Get("Retry-After"))
		}
		want := func(got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		want(ask("192.0.2.1:1", nil), "204 2/3 10s ")
		want(ask("192.0.2.1:2", nil), "204 1/3 20s ")
		want(ask("192.0.2.1:3", nil), "204 0/3 30s ")
		want(ask("192.0.2.1:4", nil), "429 0/3 30s 10")
		want(ask("192.0.2.2:4", nil), "204 2/3 10s ")
		want(ask("192.0.2.1:4", &session.Session{ID: "a"}), "204 2/3 10s ")
		want(ask("192.0.2.9:4", &session.Session{ID: "a"}), "204 1/3 20s ")
		time.Sleep(9500 * time.Millisecond)
		want(ask("192.0.2.1:4", nil), "429 0/3 21s 1")
		time.Sleep(500 * time.Millisecond)
		want(ask("192.0.2.1:4", nil), "204 0/3 30s ")
		want(ask("192.0.2.1:4", nil), "429 0/3 30s 10")
		time.Sleep(time.Hour)
		want(ask("192.0.2.1:4", nil), "204 2/3 10s ")
	})
}

func TestACrowdOfKeysSharesOneAllowanceUntilOthersRest(t *testing.T) {
	t.Parallel()
	now := time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	l := session.NewLimiter(2, time.Minute, func() time.Time { return now })
	for i := range 100_000 {
		if !l.Take(fmt.Sprint(i)).OK {
			t.Fatalf("key %d was refused its first", i)
		}
	}
	if a, b, c := l.Take("late 1"), l.Take("late 2"), l.Take("late 3"); !a.OK || !b.OK || c.OK {
		t.Errorf("three late keys: %v %v %v, want the third refused", a.OK, b.OK, c.OK)
	}
	if a := l.Take("7"); !a.OK || a.Remaining != 0 {
		t.Errorf("an early key has its own: %+v", a)
	}
	now = now.Add(time.Minute)
	for i := range 3 {
		if a := l.Take(fmt.Sprint("later ", i)); !a.OK || a.Remaining != 1 {
			t.Errorf("when the others rest, key %d has %+v", i, a)
		}
	}
}
