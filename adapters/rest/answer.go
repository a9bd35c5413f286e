package rest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"approdo/domain/event"
	"approdo/domain/reading"
)

// answer is what a route says when nothing went wrong. A nil body is none.
type answer struct {
	status   int // 0: 200
	body     any
	etag     string
	location string
}

// etag is the entity tag of a revision.
func etag(r event.Revision) string { return `"` + strconv.FormatInt(int64(r), 10) + `"` }

// read serves what changes nothing, and the few acts that no journal keeps.
func (a *api) read(f func(r *http.Request) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, sheet := reading.NewContext(r.Context())
		r = r.WithContext(ctx)
		out, err := f(r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		a.write(w, r, out, sheet)
	}
}

// write answers. What of pupils the body shows stands in the access record before it leaves.
func (a *api) write(w http.ResponseWriter, r *http.Request, out answer, sheet *reading.Sheet) {
	h := w.Header()
	if out.etag != "" {
		h.Set("ETag", out.etag)
	}
	if out.location != "" {
		h.Set("Location", out.location)
	}
	switch {
	case out.etag != "" && r.Method != http.MethodPost && matches(r.Header.Get("If-None-Match"), out.etag):
		w.WriteHeader(http.StatusNotModified)
	case out.body == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		if v := visitOf(r.Context()); v.session != nil && r.Method != http.MethodHead {
			if err := a.Readings.Keep(r.Context(), v.session.Actor, v.id, r.Method+" "+chi.RouteContext(r.Context()).RoutePattern(), sheet); err != nil {
				a.Log.ErrorContext(r.Context(), "reading not kept", "request", v.id, "error", err.Error())
				a.fail(w, r, err)
				return
			}
		}
		a.send(w, r, max(out.status, http.StatusOK), "application/json", out.body)
	}
}

// matches compares as If-None-Match wants it: weakly, with any of a list.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}
