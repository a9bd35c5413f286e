package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
)

// Drafts keeps, closed, what an account has not sent yet; *state.Store is it. A draft of another account is answered like one that
// is not there: domain.KindNotFound.
type Drafts interface {
	SaveDraft(ctx context.Context, account, draft uuid.UUID, kind string, sealed []byte, now time.Time) error
	Draft(ctx context.Context, account, draft uuid.UUID) (kind string, sealed []byte, updated time.Time, err error)
	Drafts(ctx context.Context, account uuid.UUID, kind string, each func(draft uuid.UUID, sealed []byte, updated time.Time) error) error
	DropDraft(ctx context.Context, account, draft uuid.UUID) error
}

// The kinds of drafts that one comes back to in a list: of a request, and of brothers and sisters.
const (
	requestDraft   = "request"
	householdDraft = "household"
)

// draftPaths are the forms with drafts of their own, by the kind of the drafts.
var draftPaths = map[string]string{requestDraft: requestPath, householdDraft: householdPath}

// draftedAt is the kind of the drafts of the form at a path; empty where it has none.
func draftedAt(path string) string {
	for kind, p := range draftPaths {
		if p == path {
			return kind
		}
	}
	return ""
}

// draftPlace is what a draft is sealed for, so that it opens as itself alone.
func draftPlace(id uuid.UUID) string { return "draft/" + id.String() }

// answers are the questions that were answered.
func (f *Form) answers() url.Values {
	v := url.Values{}
	for _, x := range f.fields {
		for _, answer := range x.values {
			if answer != "" {
				v.Add(x.Name, answer)
			}
		}
	}
	return v
}

// saveDraft keeps what is typed in a form under the form's key, sealed under the key of the account: so a form that is saved twice is
// one draft, and one that is sent is no draft any more.
func (s *site) saveDraft(ctx context.Context, account uuid.UUID, kind string, f *Form) error {
	plain, err := json.Marshal(f.answers())
	if err != nil {
		return err
	}
	sealed, err := s.Keys.Seal(ctx, account, domain.ClassPersonal, draftPlace(f.Key), plain)
	if err != nil {
		return err
	}
	return s.Drafts.SaveDraft(ctx, account, f.Key, kind, sealed, s.Clock())
}

func (s *site) openDraft(ctx context.Context, account, id uuid.UUID, sealed []byte) (url.Values, error) {
	plain, err := s.Keys.Open(ctx, account, domain.ClassPersonal, draftPlace(id), sealed)
	if err != nil {
		return nil, err
	}
	var v url.Values
	if json.Unmarshal(plain, &v) != nil {
		return nil, errors.New("web: a draft does not decode") // the decoder's own words would quote it
	}
	return v, nil
}

// draftOf is what was typed in a draft of a kind, and the key of its form.
func (s *site) draftOf(ctx context.Context, account uuid.UUID, draft, kind string) (uuid.UUID, url.Values, error) {
	id, err := uuid.Parse(draft)
	if err != nil {
		return id, nil, errNoDraft
	}
	kept, sealed, _, err := s.Drafts.Draft(ctx, account, id)
	if err == nil && kept != kind {
		err = errNoDraft
	}
	if err != nil {
		return id, nil, err
	}
	v, err := s.openDraft(ctx, account, id, sealed)
	return id, v, err
}

// endDraft lets go of the draft of a form that was recorded.
func (s *site) endDraft(r *http.Request, key uuid.UUID) {
	if err := s.Drafts.DropDraft(r.Context(), actorOf(r).Account, key); err != nil {
		s.Log.WarnContext(r.Context(), "draft stays", "request", visitOf(r).id, "draft", key)
	}
}

var errNoDraft = domain.NotFound("draft-not-found")

// draftLine is a draft in the list of one's own.
type draftLine struct {
	ID       uuid.UUID
	Path     string            // of its form
	Name     []domain.Personal // empty where no name was typed yet
	Children int               // of a household; 0 for one child's request
	Saved    time.Time
}

// draftsOf lists an account's drafts, the last changed first, but for the one that is open.
func (s *site) draftsOf(ctx context.Context, account, open uuid.UUID) ([]draftLine, error) {
	var out []draftLine
	for _, kind := range []string{requestDraft, householdDraft} {
		err := s.Drafts.Drafts(ctx, account, kind, func(id uuid.UUID, sealed []byte, saved time.Time) error {
			v, err := s.openDraft(ctx, account, id, sealed)
			if errors.Is(err, domain.ErrForgotten) || id == open {
				return nil
			}
			line := draftLine{ID: id, Path: draftPaths[kind], Saved: saved}
			called := []string{"family_name", "given_name"}
			if kind == householdDraft {
				line.Children = childrenIn(v)
				called = []string{desk.ChildField(0, "family_name")}
			}
			for _, field := range called {
				if name := v.Get(field); name != "" {
					line.Name = append(line.Name, domain.NewPersonal(name))
				}
			}
			out = append(out, line)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b draftLine) int { return b.Saved.Compare(a.Saved) })
	return out, nil
}

// requestPath is where a request is filled in.
const requestPath = "/pratiche/nuova"

// resumeTyped makes a draft of a form that was typed before and has drafts of its own, and leads to it.
func (s *site) resumeTyped(w http.ResponseWriter, r *http.Request, a domain.Actor, to string, typed url.Values) error {
	if access.Large(a, access.Request) != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return err
	}
	g := &registers{land: land}
	form := s.requestForm(a, g)
	if to == householdPath {
		form = newHousehold(a, g, childrenIn(typed)).Form
	}
	form.fill(typed)
	if key, err := uuid.Parse(typed.Get(keyField)); err == nil {
		form.Key = key
	}
	kind := draftedAt(to)
	err = s.saveDraft(r.Context(), a.Account, kind, form)
	if isAbsent(err) { // the key is a draft of somebody else's
		form.Key = uuid.Must(uuid.NewV7())
		err = s.saveDraft(r.Context(), a.Account, kind, form)
	}
	if err != nil {
		return err
	}
	s.redirect(w, r, to+"?bozza="+form.Key.String(), "draft-kept")
	return nil
}

// dropDraft throws a draft away.
func (s *site) dropDraft(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Request); err != nil {
		return err
	}
	id, err := uuid.Parse(chi.URLParam(r, "draft"))
	if err != nil {
		return errNoDraft
	}
	back := requestPath
	if kind, _, _, err := s.Drafts.Draft(r.Context(), a.Account, id); err == nil && draftPaths[kind] != "" {
		back = draftPaths[kind]
	}
	if err := s.Drafts.DropDraft(r.Context(), a.Account, id); err != nil {
		return err
	}
	s.redirect(w, r, back, "draft-dropped")
	return nil
}
