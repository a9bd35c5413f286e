package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// The addresses at which pages hear what has changed since they were made. Whoever takes no event stream is answered with all of it, once.
const (
	boardStreamPath = "/cruscotto/vivo"
	newsStreamPath  = "/novita"
)

// How often a stream shows that it is there, and looks whether its reader still may; how long a write may take; and how soon a browser
// comes back at least, and how many times as late at most, so that not all come at once after the service was away.
const (
	streamBeat   = 20 * time.Second
	streamWrite  = 10 * time.Second
	streamRetry  = 2 * time.Second
	streamSpread = 4
)

// StartsStream tells the requests that are answered for as long as somebody looks.
func StartsStream(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Path == boardStreamPath || r.URL.Path == newsStreamPath) && takesStream(r)
}

func takesStream(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream") && r.URL.Query().Get(formatParam) != "json"
}

// liveRoutes are asked by scripts of ours, whether or not somebody sits there.
func (s *site) liveRoutes(r chi.Router) {
	r.Get(boardStreamPath, s.telling(s.boardLive))
	r.Get(newsStreamPath, s.telling(s.newsLive))
}

// telling answers with a question, as a stream or once. The key says who hears the same answer.
func (s *site) telling(of func(*http.Request) (key string, ask question, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, ask, err := of(r)
		if err == nil && takesStream(r) {
			err = s.stream(w, r, key, ask)
		} else if err == nil {
			err = s.tellOnce(w, r, key, ask)
		}
		if err != nil && r.Context().Err() == nil {
			s.fail(w, r, err)
		}
	}
}

// tellOnce is for browsers that do not get a stream through: they ask now and then, and mostly nothing has changed.
func (s *site) tellOnce(w http.ResponseWriter, r *http.Request, key string, ask question) (err error) {
	now, at, known := s.live.current(key)
	if !known {
		if at, err = s.live.position(r.Context()); err != nil {
			return err
		}
		if now, err = ask(r.Context()); err != nil {
			return err
		}
	}
	tag, err := now.tag()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := now.json(at)
	if err != nil {
		return err
	}
	h.Set("Content-Type", "application/json")
	w.Write(body) // a browser that went away is no fault of ours
	return nil
}

// stream tells a reader what changes until he goes, is too slow, has no session any more, or the service stops.
func (s *site) stream(w http.ResponseWriter, r *http.Request, key string, ask question) error {
	c := http.NewResponseController(w)
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	in, err := s.live.join(actorOf(r).Account, key, ask)
	if err != nil {
		return err
	}
	defer s.live.leave(in)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers an answer would tell it when it is over
	w.WriteHeader(http.StatusOK)
	send := func(b []byte) bool {
		if c.SetWriteDeadline(time.Now().Add(streamWrite)) != nil {
			return false
		}
		_, err := w.Write(b)
		return err == nil && c.Flush() == nil
	}
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	retry := streamRetry + rand.N((streamSpread-1)*streamRetry)
	for on := send(fmt.Appendf(nil, "retry: %d\n\n", retry.Milliseconds())); on; {
		select {
		case told, inTime := <-in.events:
			on = inTime && send(told)
		case <-beat.C:
			on = s.mayHear(r) && send([]byte(":\n\n"))
		case <-s.Ending:
			on = false
		case <-r.Context().Done():
			on = false
		}
	}
	return nil
}

// mayHear looks whether a reader is still who he was.
func (s *site) mayHear(r *http.Request) bool {
	who, err := s.Sessions.Glance(r.Context(), s.Sessions.Token(r))
	return err == nil && who.Actor == actorOf(r) && who.Lacks == visitOf(r).lacks
}

// asks is a request for a page of ours as somebody would make it, for a question that outlives his.
func asks(r *http.Request, path string, q url.Values) func(context.Context) *http.Request {
	v := &visit{id: visitOf(r).id, lang: visitOf(r).lang, person: visitOf(r).person}
	at := &url.URL{Path: path, RawQuery: q.Encode()}
	return func(ctx context.Context) *http.Request {
		return (&http.Request{Method: http.MethodGet, URL: at, Header: http.Header{}}).WithContext(context.WithValue(ctx, visitKey{}, v))
	}
}
