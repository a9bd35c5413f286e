package rest

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

// visit is what is known of the request being served. One pointer travels with its context, so that the access log, outermost,
// sees what was found out further in.
type visit struct {
	id      string
	lang    lang
	began   time.Time
	session *session.Session // nil while nobody is signed in
}

type visitKey struct{}

// visitOf never gives nil: begin is the first thing every request meets.
func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

// actorOf is who is signed in. Routes for which nobody need be do not ask.
func actorOf(ctx context.Context) domain.Actor { return visitOf(ctx).session.Actor }

// begin gives the request its id, also sent back, and its language.
func (a *api) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{id: uuid.Must(uuid.NewV7()).String(), lang: languageOf(r), began: time.Now()}
		w.Header().Set("X-Request-Id", v.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
	})
}

// bearerOnly hides cookies from the session service: a token that a browser sends by itself would let any page act for its user.
func bearerOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Header.Del("Cookie")
		next.ServeHTTP(w, r)
	})
}

// identified finds out who is signed in. A session that ended is nobody's.
func (a *api) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.AtTheDoor(r.Context())
		switch {
		case err == nil:
			visitOf(r.Context()).session = &s
		case !errors.Is(err, domain.KindUnauthorised):
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// signedIn turns everybody else away.
func (a *api) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if visitOf(r.Context()).session == nil {
			a.fail(w, r, session.ErrNotSignedIn)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// whole turns away whoever has yet to show a second factor.
func (a *api) whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := session.FromContext(r.Context()); err != nil {
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// remote is the address of the peer, without its port.
func remote(r *http.Request) string {
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return a.Addr().Unmap().String()
	}
	return r.RemoteAddr
}
