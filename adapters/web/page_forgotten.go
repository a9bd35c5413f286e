package web

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Post is what the pages ask of package session to have links sent.
type Post interface {
	// Posts tells whether they can be.
	Posts() bool
	Forgot(ctx context.Context, login, remote string) error
}

func (s *site) forgottenRoutes(r chi.Router) {
	r.Get("/password/dimenticata", s.page(s.forgotten))
	r.Post("/password/dimenticata", s.page(s.forgottenPost))
}

// forgottenPage asks for a login, or says that it was taken note of.
type forgottenPage struct {
	Form *Form // nil where there is nothing to ask
	Sent bool
}

var forgottenView = view[forgottenPage]{"forgotten"}

func forgottenForm() *Form {
	f := newForm("/password/dimenticata", text("forgotten.submit"),
		Field{Name: "username", Kind: FieldText, Label: text("signin.username"), Autocomplete: "username", Width: 40})
	f.Cancel = "/accedi"
	return f
}

func (s *site) forgotten(w http.ResponseWriter, r *http.Request) error {
	if !s.Sessions.Posts() {
		return s.showForgotten(w, r, forgottenPage{})
	}
	return s.showForgotten(w, r, forgottenPage{Form: forgottenForm()})
}

func (s *site) showForgotten(w http.ResponseWriter, r *http.Request, c forgottenPage) error {
	title, status := text("forgotten.title"), http.StatusOK
	if c.Form != nil {
		status = c.Form.Status()
	}
	return forgottenView.show(s, w, r, status, title, c, Crumb{Text: title})
}

// forgottenPost says the same whoever it is, and whether or not there is anybody.
func (s *site) forgottenPost(w http.ResponseWriter, r *http.Request) error {
	if !s.Sessions.Posts() {
		return s.showForgotten(w, r, forgottenPage{})
	}
	f := forgottenForm()
	if err := f.read(r); err != nil {
		return err
	}
	if f.require(); f.Refused() {
		return s.showForgotten(w, r, forgottenPage{Form: f})
	}
	if err := s.Sessions.Forgot(r.Context(), f.value("username"), r.RemoteAddr); err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showForgotten(w, r, forgottenPage{Form: f})
	}
	return s.showForgotten(w, r, forgottenPage{Sent: true})
}
