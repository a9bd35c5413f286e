package session

import (
	"context"
	"net/http"
	"strings"
)

// CookieName is that of the session's cookie. With the prefix a browser takes it only over https, from this host, for every path.
func (s *Service) CookieName() string {
	if s.plainHTTP {
		return "approdo-session"
	}
	return "__Host-approdo-session"
}

// SetCookie gives the browser a token, until it is closed; the empty token takes the cookie back. SameSite=Lax lets people follow
// a link from a mail; what changes anything is guarded by http.CrossOriginProtection besides.
func (s *Service) SetCookie(w http.ResponseWriter, token string) {
	c := &http.Cookie{Name: s.CookieName(), Value: token, Path: "/", HttpOnly: true, Secure: !s.plainHTTP,
		SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// Token is the token a request carries: as "Authorization: Bearer", else in the cookie, else empty.
func (s *Service) Token(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	c, err := r.Cookie(s.CookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// Enter signs in from a page: the session the browser had before ends, and the cookie carries the new one.
func (s *Service) Enter(w http.ResponseWriter, r *http.Request, login, password string) (Session, error) {
	token, sess, err := s.SignIn(r.Context(), login, password, r.RemoteAddr)
	if err != nil {
		return Session{}, err
	}
	if err := s.SignOut(r.Context(), s.Token(r)); err != nil {
		return Session{}, err
	}
	s.SetCookie(w, token)
	return sess, nil
}

// Leave signs out from a page.
func (s *Service) Leave(w http.ResponseWriter, r *http.Request) error {
	s.SetCookie(w, "")
	return s.SignOut(r.Context(), s.Token(r))
}

// Authenticate looks the request's token up, for FromContext to give. It lets everybody through: what needs a session asks for it.
func (s *Service) Authenticate(next http.Handler) http.Handler { return s.authenticate(next, s.Lookup) }

// Recognise is Authenticate for what a page asks by itself: see Glance.
func (s *Service) Recognise(next http.Handler) http.Handler { return s.authenticate(next, s.Glance) }

func (s *Service) authenticate(next http.Handler, look func(context.Context, string) (Session, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := s.Token(r); token != "" {
			sess, err := look(r.Context(), token)
			r = r.WithContext(context.WithValue(r.Context(), key{}, found{sess, err}))
		}
		next.ServeHTTP(w, r)
	})
}

type key struct{}

type found struct {
	session Session
	err     error
}

// NewContext is a context in which somebody is signed in.
func NewContext(ctx context.Context, s Session) context.Context {
	return context.WithValue(ctx, key{}, found{session: s})
}

// FromContext gives who is signed in and lacks nothing: ErrNotSignedIn where nobody is, ErrFactorMissing where a second factor is still to
// be shown, and what the look-up failed with where it failed.
func FromContext(ctx context.Context) (Session, error) {
	s, err := AtTheDoor(ctx)
	if err == nil && s.Lacks != LacksNothing {
		return Session{}, ErrFactorMissing.With("lacks", string(s.Lacks))
	}
	return s, err
}

// AtTheDoor gives who is signed in, whatever is lacking: for the pages on which a second factor is shown, and for counting requests.
func AtTheDoor(ctx context.Context) (Session, error) {
	f, ok := ctx.Value(key{}).(found)
	if !ok {
		return Session{}, ErrNotSignedIn
	}
	return f.session, f.err
}
