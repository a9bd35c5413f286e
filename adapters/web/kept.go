package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
)

// KeptDraft is the kind of a draft of whatever was sent after a session had ended: where to, and the answers.
const KeptDraft = "kept"

// KeptCase is the case that a draft of this kind is about; uuid.Nil where it is about none.
func KeptCase(ctx context.Context, k domain.Sealer, account, draft uuid.UUID, sealed []byte) (uuid.UUID, error) {
	plain, err := k.Open(ctx, account, domain.ClassPersonal, draftPlace(draft), sealed)
	if err != nil {
		return uuid.Nil, err
	}
	var kept keptForm
	if json.Unmarshal(plain, &kept) != nil {
		return uuid.Nil, errors.New("web: a draft does not decode") // the decoder's own words would quote it
	}
	for _, part := range strings.FieldsFunc(kept.To, func(r rune) bool { return r == '/' || r == '?' || r == '=' || r == '&' }) {
		if id, err := uuid.Parse(part); err == nil {
			return id, nil
		}
	}
	return uuid.Nil, nil
}

type keptForm struct {
	To   string     `json:"to"`
	Form url.Values `json:"form"`
}

// keptField carries what was typed through the page on which one signs in again; draftField names the draft that a form goes on with.
const (
	keptField  = "_kept"
	draftField = "_draft"
)

// secret reports whether the forms of a path hold what signing in takes: passwords, and codes of second factors.
func secret(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return slices.ContainsFunc([]string{"/password", "/attiva", "/accedi", securityPath}, func(p string) bool {
		return path == p || strings.HasPrefix(path, p+"/")
	})
}

// keeps reports whether a form that comes without a session is worth asking to sign in again over. What signing in takes is never kept.
func keeps(r *http.Request, f url.Values) bool {
	if secret(r.URL.Path) {
		return false
	}
	for name, values := range f {
		if !strings.HasPrefix(name, "_") && slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
			return true
		}
	}
	return draftedAt(r.URL.Path) != ""
}

// signInKeeping answers a form that was posted after the session ended. Nobody is known to keep a draft for, so what was typed goes
// back to the browser it came from, and becomes a draft of whoever signs in there.
func (s *site) signInKeeping(w http.ResponseWriter, r *http.Request) error {
	var f Form
	if err := f.read(r); err != nil {
		return err
	}
	if !keeps(r, r.PostForm) {
		s.toSignIn(w, r)
		return nil
	}
	if draftedAt(r.URL.Path) != "" {
		for _, name := range []string{doField, otherField} {
			r.PostForm.Del(name)
		}
	}
	return s.showSignIn(w, r, signIn{Form: signInForm(), Next: local(r.URL.RequestURI()), Demo: s.Demo, Kept: r.PostForm.Encode()})
}

// keep makes a draft of what was typed before, and leads to where it can be sent.
func (s *site) keep(w http.ResponseWriter, r *http.Request, a domain.Actor, to, kept string) error {
	typed, err := url.ParseQuery(kept)
	if err != nil {
		return errMalformed
	}
	if draftedAt(to) != "" {
		return s.resumeTyped(w, r, a, to, typed)
	}
	plain, err := json.Marshal(keptForm{to, typed})
	if err != nil {
		return err
	}
	id := uuid.Must(uuid.NewV7())
	sealed, err := s.Keys.Seal(r.Context(), a.Account, domain.ClassPersonal, draftPlace(id), plain)
	if err != nil {
		return err
	}
	if err := s.Drafts.SaveDraft(r.Context(), a.Account, id, KeptDraft, sealed, s.Clock()); err != nil {
		return err
	}
	http.Redirect(w, r, "/riprendi/"+id.String(), http.StatusSeeOther)
	return nil
}

// resumePage offers what was typed before the session ended: to be sent as it was, or dropped.
type resumePage struct {
	What    Text // the act, or the part of the service it is in
	To      string
	Kept    []keptAnswer
	Written []domain.Personal
	Drop    string
}

var resumeView = view[resumePage]{"resume"}

func (s *site) keptRoutes(r chi.Router) {
	r.Get("/riprendi/{draft}", s.page(s.resumeKept))
	r.Post("/riprendi/{draft}/elimina", s.page(s.dropKept))
}

func (s *site) resumeKept(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(chi.URLParam(r, "draft"))
	if err != nil {
		return errNoDraft
	}
	kind, sealed, _, err := s.Drafts.Draft(r.Context(), actorOf(r).Account, id)
	if err != nil {
		return err
	}
	plain, err := s.Keys.Open(r.Context(), actorOf(r).Account, domain.ClassPersonal, draftPlace(id), sealed)
	if err != nil {
		return err
	}
	var kept keptForm
	if kind != KeptDraft {
		return errNoDraft
	}
	if json.Unmarshal(plain, &kept) != nil {
		return errors.New("web: a draft does not decode") // the decoder's own words would quote it
	}
	c := resumePage{What: whatIsAt(visitOf(r).person, kept.To), To: kept.To, Drop: "/riprendi/" + id.String() + "/elimina"}
	c.Kept = append(c.Kept, keptAnswer{draftField, id.String()})
	for name, values := range kept.Form {
		for _, v := range values {
			c.Kept = append(c.Kept, keptAnswer{name, v})
			if !strings.HasPrefix(name, "_") && strings.Contains(strings.TrimSpace(v), " ") { // words, where a code has no space
				c.Written = append(c.Written, domain.NewPersonal(v))
			}
		}
	}
	title := text("resume.title")
	return resumeView.show(s, w, r, http.StatusOK, title, c, Crumb{Text: title})
}

// whatIsAt names what a form's address is about: the act on a case, or the page it belongs to.
func whatIsAt(p *Person, to string) Text {
	path, _, _ := strings.Cut(to, "?")
	for _, a := range acts {
		if strings.HasPrefix(path, "/pratiche/") && lastPart(path) == a.path {
			return a.title()
		}
	}
	for _, item := range navOf(p, path) {
		if item.Current {
			return item.Text
		}
	}
	return Text{}
}

// dropKept throws away what was typed before the session ended.
func (s *site) dropKept(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(chi.URLParam(r, "draft"))
	if err != nil {
		return errNoDraft
	}
	if err := s.Drafts.DropDraft(r.Context(), actorOf(r).Account, id); err != nil {
		return err
	}
	s.redirect(w, r, "/", "draft-dropped")
	return nil
}

// sent lets go of the draft of a form that goes on with one: from here on its page shows again what cannot be taken.
func (s *site) sent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if id, err := uuid.Parse(r.PostFormValue(draftField)); err == nil {
				if err := s.Drafts.DropDraft(r.Context(), actorOf(r).Account, id); err != nil {
					s.fail(w, r, err)
					return
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}
