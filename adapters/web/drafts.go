package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
)

// Drafts keeps, closed, what an account has not sent yet; *state.Store is it. A draft of another account is answered like one that
// is not there: domain.KindNotFound.
type Drafts interface {
	SaveDraft(ctx context.Context, account, draft uuid.UUID, kind string, sealed []byte, now time.Time) error
	Draft(ctx context.Context, account, draft uuid.UUID) (kind string, sealed []byte, updated time.Time, err error)
	Drafts(ctx context.Context, account uuid.UUID, kind string, each func(draft uuid.UUID, sealed []byte, updated time.Time) error) error
	DropDraft(ctx context.Context, account, draft uuid.UUID) error
}

// requestDraft is the kind of a draft of a request.
const requestDraft = "request"

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
func (s *site) saveDraft(ctx context.Context, account uuid.UUID, f *Form) error {
	plain, err := json.Marshal(f.answers())
	if err != nil {
		return err
	}
	sealed, err := s.Keys.Seal(ctx, account, domain.ClassPersonal, draftPlace(f.Key), plain)
	if err != nil {
		return err
	}
	return s.Drafts.SaveDraft(ctx, account, f.Key, requestDraft, sealed, s.Clock())
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

// resume fills a form with a draft and gives it the draft's key.
func (s *site) resume(ctx context.Context, account uuid.UUID, draft string, f *Form) error {
	id, err := uuid.Parse(draft)
	if err != nil {
		return errNoDraft
	}
	_, sealed, _, err := s.Drafts.Draft(ctx, account, id)
	if err != nil {
		return err
	}
	v, err := s.openDraft(ctx, account, id, sealed)
	if err != nil {
		return err
	}
	f.fill(v)
	f.Key = id
	return nil
}

var errNoDraft = domain.NotFound("draft-not-found")

// draftLine is a draft in the list of one's own.
type draftLine struct {
	ID    uuid.UUID
	Name  []domain.Personal // empty where no name was typed yet
	Saved time.Time
}

// draftsOf lists an account's drafts, the last changed first.
func (s *site) draftsOf(ctx context.Context, account uuid.UUID) ([]draftLine, error) {
	var out []draftLine
	err := s.Drafts.Drafts(ctx, account, requestDraft, func(id uuid.UUID, sealed []byte, saved time.Time) error {
		v, err := s.openDraft(ctx, account, id, sealed)
		if errors.Is(err, domain.ErrForgotten) {
			return nil
		}
		line := draftLine{ID: id, Saved: saved}
		for _, field := range []string{"family_name", "given_name"} {
			if name := v.Get(field); name != "" {
				line.Name = append(line.Name, domain.NewPersonal(name))
			}
		}
		out = append(out, line)
		return err
	})
	return out, err
}

// requestPath is where a request is filled in, the one form with drafts of its own.
const requestPath = "/pratiche/nuova"

// resumeRequest makes a draft of a request that was typed before, and leads to it.
func (s *site) resumeRequest(w http.ResponseWriter, r *http.Request, a domain.Actor, typed url.Values) error {
	if access.Large(a, access.Request) != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return err
	}
	form := s.requestForm(a, &registers{land: land})
	form.fill(typed)
	if key, err := uuid.Parse(typed.Get(keyField)); err == nil {
		form.Key = key
	}
	err = s.saveDraft(r.Context(), a.Account, form)
	if isAbsent(err) { // the key is a draft of somebody else's
		form.Key = uuid.Must(uuid.NewV7())
		err = s.saveDraft(r.Context(), a.Account, form)
	}
	if err != nil {
		return err
	}
	s.redirect(w, r, requestPath+"?bozza="+form.Key.String(), "draft-kept")
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
	if err := s.Drafts.DropDraft(r.Context(), a.Account, id); err != nil {
		return err
	}
	s.redirect(w, r, requestPath, "draft-dropped")
	return nil
}
