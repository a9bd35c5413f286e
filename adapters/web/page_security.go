package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

// Security is what the pages ask of package session for a person's own account; *session.Service is it.
type Security interface {
	Origin(r *http.Request) string
	Factors(ctx context.Context, id uuid.UUID) ([]session.Factor, int, error)
	OfferCode(ctx context.Context, token string) (session.CodeOffer, error)
	EnrolCode(ctx context.Context, token, code string) (session.Enrolled, error)
	OfferPasskey(ctx context.Context, token, origin string) ([]byte, error)
	EnrolPasskey(ctx context.Context, token, origin string, answer []byte) (session.Enrolled, error)
	ProveCode(ctx context.Context, token, code string) (string, session.Session, error)
	AskPasskey(ctx context.Context, token, origin string) ([]byte, error)
	ProvePasskey(ctx context.Context, token, origin string, answer []byte) (string, session.Session, error)
	RemoveFactor(ctx context.Context, token string, id uuid.UUID) error
	NewRecoveryCodes(ctx context.Context, token string) ([]string, error)
	Accesses(ctx context.Context, token string) ([]session.Access, error)
	EndAccess(ctx context.Context, token, id string) error
	EndOtherAccesses(ctx context.Context, token string) error
}

const (
	securityPath = "/sicurezza"
	provePath    = securityPath + "/verifica"
	codePath     = securityPath + "/codice"
	passkeyPath  = securityPath + "/passkey"
)

var securityCrumb = Crumb{text("security.title"), securityPath}

// securityRoutes are for whoever is signed in, whatever is lacking, but for those that change what is there.
func (s *site) securityRoutes(r chi.Router) {
	r.Get(securityPath, s.page(s.security))
	r.Get(provePath, s.page(s.prove))
	r.Post(provePath, s.page(s.provePost))
	r.Post(provePath+"/passkey", s.page(s.provePasskey))
	r.Get(codePath, s.page(s.enrolCode))
	r.Post(codePath, s.page(s.enrolCodePost))
	r.Get(passkeyPath, s.page(s.enrolPasskey))
	r.Post(passkeyPath, s.page(s.enrolPasskeyPost))
	r.Post(securityPath+"/rientra", s.page(s.signInAnew))
	r.Group(func(r chi.Router) {
		r.Use(s.whole)
		r.Post(securityPath+"/recupero", s.page(s.newCodes))
		r.Post(securityPath+"/fattori/{factor}/togli", s.page(s.removeFactor))
		r.Post(securityPath+"/accessi/altri", s.page(s.endOthers))
		r.Post(securityPath+"/accessi/{access}/chiudi", s.page(s.endAccess))
	})
}

// whole sends whoever lacks a second factor to where it is shown, and back here afterwards where that is a page to read.
func (s *site) whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := securityPath
		switch visitOf(r).lacks {
		case session.LacksNothing:
			next.ServeHTTP(w, r)
			return
		case session.LacksFactor:
			to = provePath
		}
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			to += "?next=" + url.QueryEscape(r.URL.EscapedPath())
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
}

// navFor is navOf for whoever may go anywhere.
func navFor(v *visit, path string) []navItem {
	if v.lacks != session.LacksNothing {
		return nil
	}
	return navOf(v.person, path)
}

// security is the page of a person's own account.
type security struct {
	Must     bool // nothing else is open until a factor is enrolled
	Next     string
	Optional bool // this is a trial, where nobody needs a factor
	Needed   bool // the role needs one: the last stays
	Factors  []session.Factor
	Codes    int
	Passkeys bool
	Accesses []session.Access
	Provider *part // nil where there is none
	Fault    *domain.Error
}

// Last tells whether there is one factor that has to stay.
func (c security) Last() bool { return c.Needed && len(c.Factors) == 1 }

// Others tells whether there are other accesses than this.
func (c security) Others() bool { return len(c.Accesses) > 1 }

// Kind is the text that names a factor.
func (security) Kind(f session.Factor) Text { return text("factor." + string(f.Kind)) }

// By is the text that says by which means an access began.
func (security) By(a session.Access) Text { return text("proof." + string(a.Proof)) }

var securityView = view[security]{"security"}

func (s *site) security(w http.ResponseWriter, r *http.Request) error {
	if visitOf(r).lacks == session.LacksFactor {
		http.Redirect(w, r, provePath, http.StatusSeeOther)
		return nil
	}
	return s.showSecurity(w, r, nil)
}

func (s *site) showSecurity(w http.ResponseWriter, r *http.Request, fault *domain.Error) error {
	actor := actorOf(r)
	c := security{Must: visitOf(r).lacks == session.LacksEnrolment, Next: local(r.FormValue("next")), Optional: s.Demo,
		Needed: session.NeedsFactor(actor.Role) && !s.Demo, Passkeys: s.Sessions.Origin(r) != "", Fault: fault}
	var err error
	if c.Factors, c.Codes, err = s.Sessions.Factors(r.Context(), actor.Account); err != nil {
		return err
	}
	if c.Accesses, err = s.Sessions.Accesses(r.Context(), s.Sessions.Token(r)); err != nil {
		return err
	}
	if p, there, err := s.providerPart(r); err != nil {
		return err
	} else if there {
		c.Provider = &p
	}
	status := http.StatusOK
	if fault != nil {
		status = statusOf(fault)
	}
	title := text("security.title")
	return securityView.show(s, w, r, status, title, c, Crumb{Text: title})
}

// refusedSecurity shows the page again with why something was refused, or gives what is no refusal of the person's. Whoever has yet to
// prove a factor does that first.
func (s *site) refusedSecurity(w http.ResponseWriter, r *http.Request, err error) error {
	if errors.Is(err, session.ErrFactorMissing) {
		http.Redirect(w, r, provePath, http.StatusSeeOther)
		return nil
	}
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind != domain.KindUnauthorised && e.Kind != domain.KindNotFound {
		return s.showSecurity(w, r, e)
	}
	return err
}

func (s *site) newCodes(w http.ResponseWriter, r *http.Request) error {
	all, err := s.Sessions.NewRecoveryCodes(r.Context(), s.Sessions.Token(r))
	if err != nil {
		return s.refusedSecurity(w, r, err)
	}
	return s.showCodes(w, r, text("codes.new"), all, securityPath)
}

func (s *site) removeFactor(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(chi.URLParam(r, "factor"))
	if err != nil {
		return session.ErrNoFactor
	}
	if err := s.Sessions.RemoveFactor(r.Context(), s.Sessions.Token(r), id); err != nil {
		return s.refusedSecurity(w, r, err)
	}
	s.redirect(w, r, securityPath, "factor-removed")
	return nil
}

func (s *site) endAccess(w http.ResponseWriter, r *http.Request) error {
	if err := s.Sessions.EndAccess(r.Context(), s.Sessions.Token(r), chi.URLParam(r, "access")); err != nil {
		return err
	}
	s.redirect(w, r, securityPath, "access-ended")
	return nil
}

func (s *site) endOthers(w http.ResponseWriter, r *http.Request) error {
	if err := s.Sessions.EndOtherAccesses(r.Context(), s.Sessions.Token(r)); err != nil {
		return err
	}
	s.redirect(w, r, securityPath, "accesses-ended")
	return nil
}

// signInAnew is for whoever signed in too long ago to change what signing in takes.
func (s *site) signInAnew(w http.ResponseWriter, r *http.Request) error {
	if err := s.Sessions.Leave(w, r); err != nil {
		return err
	}
	http.Redirect(w, r, "/accedi?next="+securityPath, http.StatusSeeOther)
	return nil
}
