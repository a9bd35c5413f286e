package web

import (
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"

	"approdo/adapters/session"
	"approdo/domain"
)

// enrol is a page on which a factor is enrolled.
type enrol struct {
	Title    Text
	Next     string
	Form     *Form
	Secret   string       // in groups of four, for whoever types it
	Picture  template.URL // of a QR code
	Question string       // to the browser
	Fault    *domain.Error
}

var (
	enrolCodeView    = view[enrol]{"enrol-code"}
	enrolPasskeyView = view[enrol]{"enrol-passkey"}
)

func enrolForm() *Form {
	f := newForm(codePath, text("enrol.submit"), Field{Name: "code", Kind: FieldText, Label: text("enrol.code"), Hint: text("enrol.code-hint"),
		Autocomplete: "one-time-code", Width: 10})
	f.Cancel = securityPath
	return f
}

func (s *site) enrolCode(w http.ResponseWriter, r *http.Request) error {
	return s.showEnrolCode(w, r, enrolForm())
}

func (s *site) showEnrolCode(w http.ResponseWriter, r *http.Request, f *Form) error {
	offer, err := s.Sessions.OfferCode(r.Context(), s.Sessions.Token(r))
	if err != nil {
		return s.refusedSecurity(w, r, err)
	}
	c := enrol{Title: text("enrol.code-title"), Next: local(r.FormValue("next")), Form: f.Set("code", ""), Secret: grouped(offer.Secret),
		Picture: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(offer.Picture))}
	return enrolCodeView.show(s, w, r, f.Status(), c.Title, c, securityCrumb, Crumb{Text: c.Title})
}

func grouped(secret string) string {
	out := ""
	for i, c := range secret {
		if i > 0 && i%4 == 0 {
			out += " "
		}
		out += string(c)
	}
	return out
}

func (s *site) enrolCodePost(w http.ResponseWriter, r *http.Request) error {
	f := enrolForm()
	if err := f.read(r); err != nil {
		return err
	}
	e, err := s.Sessions.EnrolCode(r.Context(), s.Sessions.Token(r), f.value("code"))
	if err != nil {
		if !f.refuse(err) {
			return s.refusedSecurity(w, r, err)
		}
		return s.showEnrolCode(w, r, f)
	}
	return s.enrolled(w, r, e)
}

func (s *site) enrolPasskey(w http.ResponseWriter, r *http.Request) error {
	return s.showEnrolPasskey(w, r, nil)
}

func (s *site) showEnrolPasskey(w http.ResponseWriter, r *http.Request, fault *domain.Error) error {
	question, err := s.Sessions.OfferPasskey(r.Context(), s.Sessions.Token(r), s.Sessions.Origin(r))
	if err != nil {
		return s.refusedSecurity(w, r, err)
	}
	c := enrol{Title: text("enrol.passkey-title"), Next: local(r.FormValue("next")), Question: string(question), Fault: fault}
	status := http.StatusOK
	if fault != nil {
		status = statusOf(fault)
	}
	return enrolPasskeyView.show(s, w, r, status, c.Title, c, securityCrumb, Crumb{Text: c.Title})
}

func (s *site) enrolPasskeyPost(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errMalformed
	}
	e, err := s.Sessions.EnrolPasskey(r.Context(), s.Sessions.Token(r), s.Sessions.Origin(r), []byte(r.PostForm.Get("answer")))
	if errors.Is(err, session.ErrFactorWrong) {
		return s.showEnrolPasskey(w, r, errPasskey)
	}
	if err != nil {
		return s.refusedSecurity(w, r, err)
	}
	return s.enrolled(w, r, e)
}

// enrolled shows the recovery codes, this once, where there are new ones. They are not answered with a redirect, since nothing may keep
// them on the way.
func (s *site) enrolled(w http.ResponseWriter, r *http.Request, e session.Enrolled) error {
	s.Sessions.SetCookie(w, e.Token)
	visitOf(r).lacks = e.Session.Lacks
	next := local(r.PostForm.Get("next"))
	if len(e.Codes) == 0 {
		s.redirect(w, r, securityPath, "factor-enrolled")
		return nil
	}
	return s.showCodes(w, r, text("codes.enrolled"), e.Codes, next)
}

// recoveryCodes are told once, to be written down.
type recoveryCodes struct {
	Title Text
	Codes []string
	Next  string
}

var codesView = view[recoveryCodes]{"codes"}

func (s *site) showCodes(w http.ResponseWriter, r *http.Request, title Text, all []string, next string) error {
	return codesView.show(s, w, r, http.StatusOK, title, recoveryCodes{title, all, next}, securityCrumb, Crumb{Text: title})
}
