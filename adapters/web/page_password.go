package web

import (
	"net/http"

	"approdo/domain"
)

// choose is the page on which a password is chosen in place of another.
type choose struct {
	Title Text
	Lead  Text
	Form  *Form
}

var passwordView = view[choose]{"password"}

var errNotRepeated = domain.Invalid("password-not-repeated").On("repeat")

// newPassword are the two fields in which a password is chosen. It is typed twice, as nothing can show it without a script.
func newPassword() []Field {
	return []Field{
		{Name: "password", Kind: FieldPassword, Label: text("password.new"), Hint: text("password.new-hint"), Autocomplete: "new-password", Width: 40},
		{Name: "repeat", Kind: FieldPassword, Label: text("password.repeat"), Autocomplete: "new-password", Width: 40},
	}
}

func activateForm() *Form {
	invitation := Field{Name: "invitation", Kind: FieldText, Label: text("password.invitation"), Hint: text("password.invitation-hint")}
	return newForm("/attiva", text("password.activate"), append([]Field{invitation}, newPassword()...)...)
}

// activate asks for the invitation's code in a field and not in the address: addresses are kept in histories and logs. The link in a
// message has it behind a #, which browsers keep to themselves, and a script puts it into the field.
func (s *site) activate(w http.ResponseWriter, r *http.Request) error {
	return s.showActivate(w, r, activateForm())
}

func (s *site) showActivate(w http.ResponseWriter, r *http.Request, f *Form) error {
	title := text("password.activate-title")
	return activateView.show(s, w, r, f.Status(), title, activation{f, s.providerDoor()}, Crumb{Text: title})
}

// activation is the page on which an invitation is used: a password is chosen, or the provider.
type activation struct {
	Form     *Form
	Provider *providerDoor
}

var activateView = view[activation]{"activate"}

func (s *site) activatePost(w http.ResponseWriter, r *http.Request) error {
	form := activateForm()
	if err := form.read(r); err != nil {
		return err
	}
	err := repeated(form)
	if err == nil {
		err = s.Sessions.ActivateFrom(r.Context(), form.value("invitation"), form.value("password"), r.RemoteAddr)
	}
	if err != nil {
		if !form.refuse(onActivation(err)) {
			return err
		}
		return s.showActivate(w, r, form)
	}
	s.redirect(w, r, "/accedi", "activated")
	return nil
}

func passwordForm() *Form {
	present := Field{Name: "current", Kind: FieldPassword, Label: text("password.current"), Autocomplete: "current-password", Width: 40}
	f := newForm("/password", text("password.change"), append([]Field{present}, newPassword()...)...)
	f.Cancel = securityPath
	return f
}

func (s *site) password(w http.ResponseWriter, r *http.Request) error {
	return s.showPassword(w, r, passwordForm())
}

func (s *site) showPassword(w http.ResponseWriter, r *http.Request, f *Form) error {
	title := text("password.change-title")
	return passwordView.show(s, w, r, f.Status(), title, choose{title, text("password.change-lead"), f}, securityCrumb, Crumb{Text: title})
}

func (s *site) passwordPost(w http.ResponseWriter, r *http.Request) error {
	form := passwordForm()
	if err := form.read(r); err != nil {
		return err
	}
	err := repeated(form)
	token := ""
	if err == nil {
		token, _, err = s.Sessions.ChangePassword(r.Context(), s.Sessions.Token(r), form.value("current"), form.value("password"))
	}
	if err != nil {
		if !form.refuse(err) {
			return err
		}
		return s.showPassword(w, r, form)
	}
	s.Sessions.SetCookie(w, token)
	s.redirect(w, r, securityPath, "password-changed")
	return nil
}

func repeated(f *Form) error {
	if f.value("password") != f.value("repeat") {
		return errNotRepeated
	}
	return nil
}
