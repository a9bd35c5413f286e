package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
)

// contentPolicy is that under which Bootstrap Italia works; data: is for the icons inside its style sheet.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// permissions leaves pages of ours the passkeys and takes from them what they never ask for.
const permissions = "publickey-credentials-create=(self), publickey-credentials-get=(self), camera=(), geolocation=(), microphone=(), payment=(), usb=()"

// staticRoute is logged only when debugging: style sheets tell nothing of what people did.
const staticRoute = "/static/{hash}/*"

// Nobody's form is larger, but for the few that bring a file.
const largestForm = 256 << 10

func secured(https bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", contentPolicy)
			h.Set("X-Frame-Options", "DENY")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Permissions-Policy", permissions)
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Cache-Control", "no-store")
			if https {
				h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (s *site) sameOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errCrossOrigin) }))
	return p.Handler(next)
}

func (s *site) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most := int64(largestForm)
		if TakesFile(r) {
			most = largestUpload
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// logged writes the access log that the interoperability guidelines ask for (RAC_GEN_LOG_01): instant, URI, method, outcome,
// address, consumer, request. The URI is the pattern of the route and those of its parameters that are UUIDs: what a person
// types into an address bar, a name perhaps, never reaches the log.
func (s *site) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(rec, r)
		v := visitOf(r)
		route := chi.RouteContext(r.Context())
		attrs := []slog.Attr{
			slog.String("at", start.UTC().Format(time.RFC3339)),
			slog.String("request", v.id),
			slog.String("method", r.Method),
			slog.String("uri", route.RoutePattern()),
			slog.Int("status", max(rec.Status(), http.StatusOK)),
			slog.Int("bytes", rec.BytesWritten()),
			slog.Duration("took", time.Since(start)),
			slog.String("client", remote(r)),
		}
		if v.person != nil {
			attrs = append(attrs, slog.String("consumer", v.person.Actor.Account.String()), slog.String("role", string(v.person.Actor.Role)))
		}
		for i, key := range route.URLParams.Keys {
			if id, err := uuid.Parse(route.URLParams.Values[i]); err == nil {
				attrs = append(attrs, slog.String(key, id.String()))
			}
		}
		level := slog.LevelInfo
		if route.RoutePattern() == staticRoute {
			level = slog.LevelDebug
		}
		s.Log.LogAttrs(r.Context(), level, "access", attrs...)
	})
}

// recovered turns a panic into the page for faults of ours. The value of a panic may hold anything, so only a runtime error's
// text is logged, and of others the type.
func (s *site) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			switch e := v.(type) {
			case nil:
				return
			case runtime.Error:
				s.Log.ErrorContext(r.Context(), "panic", "request", visitOf(r).id, "error", e.Error(), "stack", string(debug.Stack()))
			default:
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.Log.ErrorContext(r.Context(), "panic", "request", visitOf(r).id, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			}
			s.fail(w, r, errPanic)
		}()
		next.ServeHTTP(w, r)
	})
}
