package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
)

// viewsPath is where a person keeps filters of the list of cases under a name of his own.
const viewsPath = "/pratiche/viste"

// viewDraft is the kind of the drafts that saved views are kept as. Like every draft one that nobody uses is dropped after a while; to
// follow it is to use it.
const viewDraft = "view"

// mostViews is how many views a person keeps, longestView how long a name of one may be.
const (
	mostViews   = 20
	longestView = 60
)

// savedView is a filter with its name.
type savedView struct {
	ID    uuid.UUID `json:"-"`
	Name  string    `json:"name"`
	Query string    `json:"query"`
	Used  time.Time `json:"-"`
}

// Href follows the view.
func (v savedView) Href() string { return viewsPath + "/" + v.ID.String() }

func (s *site) viewRoutes(r chi.Router) {
	r.Post(viewsPath, s.page(s.saveView))
	r.Get(viewsPath+"/{view}", s.page(s.followView))
	r.Post(viewsPath+"/{view}/elimina", s.page(s.dropView))
}

var (
	errViewName  = domain.Invalid("view-name").On("name")
	errManyViews = domain.Refused("too-many-views")
	errNoView    = domain.NotFound("page-not-found")
)

// viewsOf lists a person's views by their names.
func (s *site) viewsOf(ctx context.Context, account uuid.UUID) (out []savedView, err error) {
	err = s.Drafts.Drafts(ctx, account, viewDraft, func(id uuid.UUID, sealed []byte, used time.Time) error {
		v, err := s.openView(ctx, account, id, sealed)
		if err == nil {
			v.Used = used
			out = append(out, v)
		}
		return err
	})
	slices.SortFunc(out, func(a, b savedView) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}

func (s *site) openView(ctx context.Context, account, id uuid.UUID, sealed []byte) (v savedView, err error) {
	plain, err := s.Keys.Open(ctx, account, domain.ClassPersonal, draftPlace(id), sealed)
	if err != nil {
		return v, err
	}
	if json.Unmarshal(plain, &v) != nil {
		return v, errors.New("web: a saved view does not decode")
	}
	v.ID = id
	return v, nil
}

func (s *site) keepView(ctx context.Context, account uuid.UUID, v savedView) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return err
	}
	sealed, err := s.Keys.Seal(ctx, account, domain.ClassPersonal, draftPlace(v.ID), plain)
	if err != nil {
		return err
	}
	return s.Drafts.SaveDraft(ctx, account, v.ID, viewDraft, sealed, s.Clock())
}

// saveView keeps what the list shows. A view of the same name is replaced.
func (s *site) saveView(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ListCases); err != nil {
		return err
	}
	var f Form
	if err := f.read(r); err != nil {
		return err
	}
	typed, err := url.ParseQuery(r.PostForm.Get("query"))
	if err != nil {
		return errMalformed
	}
	name := strings.Join(strings.Fields(r.PostForm.Get("name")), " ")
	if name == "" || len([]rune(name)) > longestView {
		return errViewName
	}
	views, err := s.viewsOf(r.Context(), a.Account)
	if err != nil {
		return err
	}
	v := savedView{ID: uuid.Must(uuid.NewV7()), Name: name, Query: listQueryOf(typed).query("")}
	same := slices.IndexFunc(views, func(x savedView) bool { return x.Name == name })
	switch {
	case same >= 0:
		v.ID = views[same].ID
	case len(views) >= mostViews:
		return errManyViews
	}
	if err := s.keepView(r.Context(), a.Account, v); err != nil {
		return err
	}
	s.redirect(w, r, listAt(v.Query), "view-saved")
	return nil
}

func listAt(query string) string {
	if query == "" {
		return "/pratiche"
	}
	return "/pratiche?" + query
}

// viewAsked finds the view of an address among the person's own.
func (s *site) viewAsked(r *http.Request) (savedView, error) {
	a := actorOf(r)
	if err := access.Large(a, access.ListCases); err != nil {
		return savedView{}, err
	}
	id, err := uuid.Parse(chi.URLParam(r, "view"))
	if err != nil {
		return savedView{}, errNoView
	}
	kind, sealed, _, err := s.Drafts.Draft(r.Context(), a.Account, id)
	if err == nil && kind != viewDraft {
		err = errNoView
	}
	if err != nil {
		return savedView{}, err
	}
	return s.openView(r.Context(), a.Account, id, sealed)
}

// followView leads to the list, and keeps the view for as long again.
func (s *site) followView(w http.ResponseWriter, r *http.Request) error {
	v, err := s.viewAsked(r)
	if err != nil {
		return err
	}
	if err := s.keepView(r.Context(), actorOf(r).Account, v); err != nil {
		return err
	}
	http.Redirect(w, r, listAt(v.Query), http.StatusSeeOther)
	return nil
}

func (s *site) dropView(w http.ResponseWriter, r *http.Request) error {
	v, err := s.viewAsked(r)
	if err != nil {
		return err
	}
	if err := s.Drafts.DropDraft(r.Context(), actorOf(r).Account, v.ID); err != nil {
		return err
	}
	s.redirect(w, r, listAt(v.Query), "view-dropped")
	return nil
}
