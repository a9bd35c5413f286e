package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

// visit is what is known of the request being served. One pointer travels with its context, so that the access log, outermost,
// sees what was found out further in.
type visit struct {
	id       string
	lang     Lang
	person   *Person // nil while nobody is signed in
	lacks    session.Lack
	nameless bool // no pupil's data is shown, since nobody could record it
}

type visitKey struct{}

// visitOf never gives nil: begin is the first thing every request meets.
func visitOf(r *http.Request) *visit { return r.Context().Value(visitKey{}).(*visit) }

// begin gives the request its id, also sent back, and its language.
func (s *site) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{id: uuid.Must(uuid.NewV7()).String(), lang: languageOf(r)}
		w.Header().Set("X-Request-Id", v.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
	})
}

// cookie names carry __Host- over https: the browser then takes them only from this host, over https, for every path.
func (s *site) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.Secure,
		SameSite: http.SameSiteLaxMode}
}

func (s *site) cookieName(name string) string {
	if s.Secure {
		return "__Host-approdo-" + name
	}
	return "approdo-" + name
}

// identified finds out who is signed in. A session that ended is nobody's.
func (s *site) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := session.AtTheDoor(r.Context())
		if err == nil {
			visitOf(r).lacks = who.Lacks
			visitOf(r).person, err = s.person(r.Context(), who)
		}
		if err != nil && !errors.Is(err, domain.KindUnauthorised) {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *site) person(ctx context.Context, who session.Session) (*Person, error) {
	name, err := who.Name(ctx)
	if err != nil {
		return nil, err
	}
	body, err := s.BodyName(ctx, who.Actor)
	if err != nil {
		return nil, err
	}
	return &Person{Actor: who.Actor, Name: name, Body: body}, nil
}

// signedIn sends everybody else to the sign-in page, and back here afterwards where that is a page to read.
func (s *site) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case visitOf(r).person == nil && r.Method == http.MethodPost:
			s.page(s.signInKeeping)(w, r)
			return
		case visitOf(r).person == nil:
			s.toSignIn(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *site) toSignIn(w http.ResponseWriter, r *http.Request) {
	to := "/accedi"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		to += "?next=" + r.URL.EscapedPath()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// local keeps a redirect inside the site: whatever is not a path of ours becomes the home page.
func local(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// remote is the address of the peer, without its port.
func remote(r *http.Request) string {
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return a.Addr().Unmap().String()
	}
	return r.RemoteAddr
}
