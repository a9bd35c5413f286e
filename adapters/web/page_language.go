package web

import (
	"net/http"
	"slices"

	"approdo/domain"
)

// A language outlives the session: it is the browser's, and says nothing about its owner that the browser does not say already.
const languageCookie = "approdo-language"

// language remembers the language and reads the page again.
func (s *site) language(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errMalformed
	}
	lang := Lang(r.PostForm.Get("lang"))
	if !slices.Contains(languages, lang) {
		return domain.Invalid("language-unknown")
	}
	c := s.cookie("language", string(lang), 365*24*3600)
	c.Name = languageCookie
	http.SetCookie(w, c)
	http.Redirect(w, r, local(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}
