package web

import (
	"errors"
	"net/http"

	"approdo/adapters/session"
	"approdo/domain"
)

type signIn struct {
	Form *Form
	Next string
	Demo bool
	Kept string // what was typed before the session ended, encoded as a form
	// Provider is filled in when the page is shown.
	Provider *providerDoor
}

var signInView = view[signIn]{"signin"}

func signInForm() *Form {
	return newForm("/accedi", text("signin.submit"),
		Field{Name: "username", Kind: FieldText, Label: text("signin.username"), Autocomplete: "username", Width: 40},
		Field{Name: "password", Kind: FieldPassword, Label: text("signin.password"), Autocomplete: "current-password", Width: 40})
}

func (s *site) signIn(w http.ResponseWriter, r *http.Request) error {
	if visitOf(r).person != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	return s.showSignIn(w, r, signIn{Form: signInForm(), Next: local(r.URL.Query().Get("next")), Demo: s.Demo})
}

func (s *site) showSignIn(w http.ResponseWriter, r *http.Request, c signIn) error {
	c.Provider = s.providerDoor()
	return signInView.show(s, w, r, c.Form.Status(), text("signin.title"), c)
}

func (s *site) signInPost(w http.ResponseWriter, r *http.Request) error {
	form := signInForm()
	if err := form.read(r); err != nil {
		return err
	}
	next, kept := local(r.PostForm.Get("next")), r.PostForm.Get(keptField)
	who, err := s.Sessions.Enter(w, r, form.value("username"), form.value("password"))
	if e, ok := errors.AsType[*domain.Error](err); ok {
		form.place(e)
		return s.showSignIn(w, r, signIn{Form: form, Next: next, Demo: s.Demo, Kept: kept})
	}
	if err != nil {
		return err
	}
	// Whoever has only the password leaves nothing in the account.
	if kept != "" && who.Lacks != session.LacksFactor && !secret(next) {
		return s.keep(w, r, who.Actor, next, kept)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Sessions.Leave(w, r); err != nil {
		return err
	}
	s.redirect(w, r, "/accedi", "signed-out")
	return nil
}
