package rest

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
)

// largestBody bounds every request body.
const largestBody = 1 << 20

// secured sets what every answer carries. Nothing may be kept by a cache: most answers are about one reader's cases.
func (a *api) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Authorization, Accept-Language")
		if a.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, largestBody)
		}
		next.ServeHTTP(w, r)
	})
}

// limited counts requests and says in every answer what is left.
func (a *api) limited(next http.Handler) http.Handler {
	return a.Limiter.Limit(next, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, errTooMany) }))
}

// logged writes the access log that the interoperability guidelines ask for (RAC_GEN_LOG_01), with the same names as the pages':
// instant, URI, method, outcome, address, consumer, request. The URI is the pattern of the route and those of its parameters that
// are UUIDs: whatever else somebody writes into a path or a query never reaches the log.
func (a *api) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(rec, r)
		v, route := visitOf(r.Context()), chi.RouteContext(r.Context())
		attrs := []slog.Attr{
			slog.String("at", v.began.UTC().Format(time.RFC3339)),
			slog.String("request", v.id),
			slog.String("method", r.Method),
			slog.String("uri", route.RoutePattern()),
			slog.Int("status", max(rec.Status(), http.StatusOK)),
			slog.Int("bytes", rec.BytesWritten()),
			slog.Duration("took", time.Since(v.began)),
			slog.String("client", remote(r)),
		}
		if v.session != nil {
			attrs = append(attrs, slog.String("consumer", v.session.Actor.Account.String()), slog.String("role", string(v.session.Actor.Role)))
		}
		for i, key := range route.URLParams.Keys {
			if id, err := uuid.Parse(route.URLParams.Values[i]); err == nil {
				attrs = append(attrs, slog.String(key, id.String()))
			}
		}
		a.Log.LogAttrs(r.Context(), slog.LevelInfo, "access", attrs...)
	})
}

// recovered turns a panic into a fault of ours. The value of a panic may hold anything, so only a runtime error's text is logged,
// and of others the type.
func (a *api) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			id := visitOf(r.Context()).id
			switch e := v.(type) {
			case nil:
				return
			case runtime.Error:
				a.Log.ErrorContext(r.Context(), "panic", "request", id, "error", e.Error(), "stack", string(debug.Stack()))
			default:
				if v == http.ErrAbortHandler {
					panic(v)
				}
				a.Log.ErrorContext(r.Context(), "panic", "request", id, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			}
			a.fail(w, r, errPanic)
		}()
		next.ServeHTTP(w, r)
	})
}

// methodNotAllowed says which methods there are.
func (a *api) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if a.router.Match(chi.NewRouteContext(), m, r.URL.Path) {
			allowed = append(allowed, m)
		}
	}
	if i := slices.Index(allowed, http.MethodGet); i >= 0 {
		allowed = slices.Insert(allowed, i+1, http.MethodHead)
	}
	if len(allowed) == 0 { // a method that nobody knows, on a path that is not there
		a.fail(w, r, errPath)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	a.fail(w, r, errMethod)
}
