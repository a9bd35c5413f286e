package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

// Providers is what the pages ask of package session to have people sign in by a provider.
type Providers interface {
	// Provider is nil where there is none.
	Provider() session.Provider
	SetOutToSignIn(w http.ResponseWriter, r *http.Request, next string) (address string, err error)
	SetOutToActivate(w http.ResponseWriter, r *http.Request, invitation string) (address string, err error)
	SetOutToBind(w http.ResponseWriter, r *http.Request) (address string, err error)
	Arrive(w http.ResponseWriter, r *http.Request) (session.Arrival, error)
	BoundSince(ctx context.Context, account uuid.UUID) (time.Time, error)
	Unbind(ctx context.Context, token string) error
}

func (s *site) providerRoutes(r chi.Router) {
	r.Post("/accedi/provider", s.page(s.setOutPost))
	r.Get("/accedi/ritorno", s.page(s.arrive))
	r.Post("/attiva/provider", s.page(s.activateByProviderPost))
}

func (s *site) bindingRoutes(r chi.Router) {
	r.Post(securityPath+"/provider", s.page(s.bindPost))
	r.Post(securityPath+"/provider/rimuovi", s.page(s.unbindPost))
}

// providerDoor is the provider as the pages offer it.
type providerDoor struct {
	Name string
	Away bool // it has not answered yet: there is no button, and the page says why
}

// providerDoor is nil where there is none.
func (s *site) providerDoor() *providerDoor {
	p := s.Sessions.Provider()
	if p == nil {
		return nil
	}
	return &providerDoor{Name: p.Name(), Away: p.Ready() != nil}
}

// departure leads to the provider. It is a page, and not a redirect: browsers hold the redirects that answer a form to the addresses that
// the form may be sent to, the provider's own redirects too.
type departure struct {
	Name    string
	Address string
}

var departureView = view[departure]{"departure"}

func (s *site) depart(w http.ResponseWriter, r *http.Request, address string) error {
	w.Header().Set("Refresh", "0; url="+address)
	w.Header().Set("Referrer-Policy", "no-referrer")
	name := s.Sessions.Provider().Name()
	title := text("provider.departure", "name", name)
	return departureView.show(s, w, r, http.StatusOK, title, departure{name, address}, Crumb{Text: title})
}

func (s *site) setOutPost(w http.ResponseWriter, r *http.Request) error {
	f := signInForm()
	if err := f.read(r); err != nil {
		return err
	}
	next := local(r.PostForm.Get("next"))
	address, err := s.Sessions.SetOutToSignIn(w, r, next)
	if err == nil {
		return s.depart(w, r, address)
	}
	return s.refuseSignIn(w, r, f, next, err)
}

// refuseSignIn shows the sign-in page with what went wrong at the provider.
func (s *site) refuseSignIn(w http.ResponseWriter, r *http.Request, f *Form, next string, err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind == domain.KindNotFound {
		return err
	}
	f.place(e)
	return s.showSignIn(w, r, signIn{Form: f, Next: next, Demo: s.Demo})
}

// arrive takes the browser back from the provider. Why the provider was not believed is for the log: to people one refusal is like the
// other.
func (s *site) arrive(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds a code that was used up
	at, err := s.Sessions.Arrive(w, r)
	if err != nil {
		s.Log.WarnContext(r.Context(), "sign-in by the provider refused", "request", visitOf(r).id, "purpose", string(at.Purpose), "error", err.Error())
	}
	switch {
	case err == nil && at.Purpose == session.ToBind:
		s.redirect(w, r, securityPath, "provider-bound")
		return nil
	case err == nil:
		http.Redirect(w, r, local(at.Next), http.StatusSeeOther)
		return nil
	case at.Purpose == session.ToActivate:
		f := activateForm()
		if !f.refuse(onActivation(err)) {
			return s.refuseSignIn(w, r, signInForm(), "/", err)
		}
		return s.showActivate(w, r, f)
	case at.Purpose == session.ToBind && visitOf(r).person != nil:
		if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind == domain.KindUnauthorised { // at the provider; here somebody is signed in
			err = domain.Refused(e.Code)
		}
		return s.refusedSecurity(w, r, err)
	}
	return s.refuseSignIn(w, r, signInForm(), local(at.Next), err)
}

// onActivation puts what is wrong with an invitation beside its field.
func onActivation(err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind == domain.KindNotFound {
		return domain.Invalid(e.Code).On("invitation")
	}
	return err
}

func (s *site) activateByProviderPost(w http.ResponseWriter, r *http.Request) error {
	f := activateForm()
	if err := f.read(r); err != nil {
		return err
	}
	if s.Sessions.Provider() == nil {
		return session.ErrNoProvider
	}
	address, err := s.Sessions.SetOutToActivate(w, r, f.value("invitation"))
	if err == nil {
		return s.depart(w, r, address)
	}
	if !f.refuse(onActivation(err)) {
		return err
	}
	return s.showActivate(w, r, f)
}

func (s *site) bindPost(w http.ResponseWriter, r *http.Request) error {
	address, err := s.Sessions.SetOutToBind(w, r)
	if err != nil {
		return s.refusedSecurity(w, r, err)
	}
	return s.depart(w, r, address)
}

func (s *site) unbindPost(w http.ResponseWriter, r *http.Request) error {
	if s.Sessions.Provider() == nil {
		return session.ErrNoProvider
	}
	if err := s.Sessions.Unbind(r.Context(), s.Sessions.Token(r)); err != nil {
		return s.refusedSecurity(w, r, err)
	}
	s.redirect(w, r, securityPath, "provider-unbound")
	return nil
}

// providerPart is the section of the page about one's own security where the account is bound to the provider and parted from it; false
// where there is no provider.
func (s *site) providerPart(r *http.Request) (part, bool, error) {
	door := s.providerDoor()
	if door == nil {
		return part{}, false, nil
	}
	since, err := s.Sessions.BoundSince(r.Context(), actorOf(r).Account)
	if err != nil {
		return part{}, false, err
	}
	p := part{ID: "provider", Title: text("provider.part", "name", door.Name)}
	switch {
	case !since.IsZero():
		p.Text, p.Facts = text("provider.bound-text", "name", door.Name), []Pair{{text("provider.since"), at(since)}}
		p.Form = newForm(securityPath+"/provider/rimuovi", text("provider.unbind"))
		p.Form.Danger = true
	case door.Away:
		p.Text = text("provider.away", "name", door.Name)
	default:
		p.Text = text("provider.bind-text", "name", door.Name)
		p.Form = newForm(securityPath+"/provider", text("provider.bind", "name", door.Name))
	}
	return p, true, nil
}
