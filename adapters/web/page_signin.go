package web

import (
	"net/http"
)

type signIn struct {
	Form *Form
	Next string
	Demo bool
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
	return s.showSignIn(w, r, http.StatusOK, signIn{signInForm(), local(r.URL.Query().Get("next")), s.Demo})
}

func (s *site) showSignIn(w http.ResponseWriter, r *http.Request, status int, c signIn) error {
	return signInView.show(s, w, r, status, text("signin.title"), c)
}

func (s *site) signInPost(w http.ResponseWriter, r *http.Request) error {
	form := signInForm()
	if err := form.read(r); err != nil {
		return err
	}
	next := local(r.PostForm.Get("next"))
	token, err := s.Sessions.SignIn(r.Context(), form.value("username"), form.value("password"), remote(r))
	if err != nil {
		if !form.refuse(err) {
			return err
		}
		form.Set("password")
		return s.showSignIn(w, r, form.Status(), signIn{form, next, s.Demo})
	}
	http.SetCookie(w, s.cookie("session", token, 0))
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) error {
	if t := visitOf(r).token; t != "" {
		if err := s.Sessions.SignOut(r.Context(), t); err != nil {
			return err
		}
	}
	http.SetCookie(w, s.cookie("session", "", -1))
	s.redirect(w, r, "/accedi", "signed-out")
	return nil
}
