package web

import (
	"errors"
	"net/http"

	"approdo/adapters/session"
	"approdo/domain"
)

// prove is the page on which a second factor is proved.
type prove struct {
	Form    *Form
	Next    string
	Passkey string // the question to the browser, empty where the account has none or it cannot be used here
}

var proveView = view[prove]{"prove"}

func proveForm() *Form {
	return newForm(provePath, text("prove.submit"), Field{Name: "code", Kind: FieldText, Label: text("prove.code"), Hint: text("prove.code-hint"),
		Autocomplete: "one-time-code", Width: 20})
}

func (s *site) prove(w http.ResponseWriter, r *http.Request) error {
	if visitOf(r).lacks != session.LacksFactor {
		http.Redirect(w, r, local(r.URL.Query().Get("next")), http.StatusSeeOther)
		return nil
	}
	return s.showProve(w, r, proveForm())
}

func (s *site) showProve(w http.ResponseWriter, r *http.Request, f *Form) error {
	c := prove{Form: f.Set("code", ""), Next: local(r.FormValue("next"))}
	if origin := s.Sessions.Origin(r); origin != "" {
		question, err := s.Sessions.AskPasskey(r.Context(), s.Sessions.Token(r), origin)
		if err != nil && !errors.Is(err, session.ErrNoFactor) {
			return err
		}
		c.Passkey = string(question)
	}
	return proveView.show(s, w, r, f.Status(), text("prove.title"), c)
}

func (s *site) provePost(w http.ResponseWriter, r *http.Request) error {
	f := proveForm()
	if err := f.read(r); err != nil {
		return err
	}
	token, _, err := s.Sessions.ProveCode(r.Context(), s.Sessions.Token(r), f.value("code"))
	return s.proved(w, r, f, token, err)
}

func (s *site) provePasskey(w http.ResponseWriter, r *http.Request) error {
	f := proveForm()
	if err := f.read(r); err != nil {
		return err
	}
	token, _, err := s.Sessions.ProvePasskey(r.Context(), s.Sessions.Token(r), s.Sessions.Origin(r), []byte(r.PostForm.Get("answer")))
	if errors.Is(err, session.ErrFactorWrong) {
		err = errPasskey
	}
	return s.proved(w, r, f, token, err)
}

// errPasskey is session.ErrFactorWrong where no code was asked for.
var errPasskey = domain.Invalid("passkey-wrong")

func (s *site) proved(w http.ResponseWriter, r *http.Request, f *Form, token string, err error) error {
	if err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showProve(w, r, f)
	}
	s.Sessions.SetCookie(w, token)
	http.Redirect(w, r, local(r.PostForm.Get("next")), http.StatusSeeOther)
	return nil
}
