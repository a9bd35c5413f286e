package rest

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

type credentials struct {
	Login    string `json:"login"`
	Password string `json:"password"`
	Code     string `json:"code"` // of a second factor, or a recovery code
}

// sessionAnswer is who is signed in. The token is told once, to whoever signs in.
type sessionAnswer struct {
	Token     string       `json:"token,omitzero"`
	Lacks     session.Lack `json:"lacks,omitzero"` // until it is shown, the session is good for nothing else
	TokenType string       `json:"token_type,omitzero"`
	ExpiresAt time.Time    `json:"expires_at"` // unless it is used until then
	Account   uuid.UUID    `json:"account_id"`
	FullName  string       `json:"full_name,omitzero"`
	Role      domain.Role  `json:"role"`
	Body      string       `json:"body,omitzero"`
}

func (a *api) signIn(r *http.Request) (answer, error) {
	body, err := bodyOf(r)
	if err != nil {
		return answer{}, err
	}
	in, err := decode[credentials](body)
	if err != nil {
		return answer{}, err
	}
	token, s, err := a.Sessions.SignInWithCode(r.Context(), in.Login, in.Password, in.Code, r.RemoteAddr)
	if err != nil {
		return answer{}, err
	}
	out, err := sessionOf(r, s)
	out.Token, out.TokenType = token, "Bearer"
	return answer{status: http.StatusCreated, location: base + "/sessions/current", body: out}, err
}

func (a *api) whoAmI(r *http.Request) (answer, error) {
	out, err := sessionOf(r, *visitOf(r.Context()).session)
	return answer{body: out}, err
}

func sessionOf(r *http.Request, s session.Session) (sessionAnswer, error) {
	name, err := s.Name(r.Context())
	return sessionAnswer{Lacks: s.Lacks, ExpiresAt: s.Expires.UTC(), Account: s.Actor.Account, FullName: name.Reveal(), Role: s.Actor.Role, Body: s.Actor.Body}, err
}

func (a *api) signOut(r *http.Request) (answer, error) {
	return answer{}, a.Sessions.SignOut(r.Context(), a.Sessions.Token(r))
}
