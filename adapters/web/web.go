// Package web serves Approdo's pages: server-rendered HTML on Bootstrap Italia, in Italian with English beside it.
//
// Every page works without JavaScript: a form is posted, answered with a redirect, and the page is read again. A page is three
// files of one name: page_<name>.go with its typed content and handlers, templates/pages/<name>.html, and its texts in
// catalogue/it/<name>.json and catalogue/en/<name>.json.
package web

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
)

//go:embed all:static
var embedded embed.FS

// Sessions is what the pages ask of whoever keeps accounts and sessions. A token is opaque, unguessable and never logged.
type Sessions interface {
	// SignIn opens a session. It MUST answer an unknown login and a wrong password with the same domain.Error, and with one of
	// kind overloaded after too many tries. Remote is the address the request came from.
	SignIn(ctx context.Context, login, password, remote string) (token string, err error)
	// Who tells whose session a token is; a domain.Error of kind unauthorised when it is nobody's or has ended.
	Who(ctx context.Context, token string) (Person, error)
	// SignOut ends a session; an unknown token is no error.
	SignOut(ctx context.Context, token string) error
}

// Person is who is signed in. The names are shown to this person alone and never logged.
type Person struct {
	Actor domain.Actor
	Name  string // the person's own
	Body  string // the body's: "Comune di Rozzano", "CTI ambito 24", "IC Via Liguria"; empty for a role without one
}

// Config is what the pages need from the other rooms.
type Config struct {
	Sessions Sessions
	Log      *slog.Logger
	Clock    domain.Clock
	// Owner is the body that runs the service, shown at the top and in the notices.
	Owner string
	// Contact is where people write about accessibility and privacy: an e-mail address of the owner.
	Contact string
	// Declaration is the address of the accessibility declaration filed with AgID, empty while none was filed.
	Declaration string
	// Secure is set where the service is reached over https: cookies are then bound to it.
	Secure bool
	// Demo marks every page as a trial with invented people.
	Demo bool
}

// site is the pages with all they need, ready to serve.
type site struct {
	Config
	assets *assets
	pages  pages
	texts  catalogues
}

// New parses templates and catalogues, hashes and compresses the assets, and returns the handler for every path that is not the
// API's. The error is a fault in an embedded file.
func New(c Config) (http.Handler, error) {
	static, err := fs.Sub(embedded, "static")
	if err != nil {
		return nil, err
	}
	s, err := newSite(c, static)
	if err != nil {
		return nil, err
	}
	return s.handler(), nil
}

func newSite(c Config, static fs.FS) (*site, error) {
	s := &site{Config: c}
	var err error
	if s.assets, err = loadAssets(static); err != nil {
		return nil, err
	}
	if s.texts, err = loadCatalogues(); err != nil {
		return nil, err
	}
	if s.pages, err = s.parsePages(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *site) handler() chi.Router {
	r := chi.NewRouter()
	r.Use(s.begin, s.logged, s.recovered, secured(s.Secure))
	r.Get(staticRoute, s.assets.serve)
	r.Group(func(r chi.Router) {
		r.Use(s.complete, s.sameOrigin, s.bounded, s.identified)
		s.routes(r)
	})
	notFound := s.page(func(http.ResponseWriter, *http.Request) error { return domain.NotFound("page-not-found") })
	r.NotFound(s.identified(notFound).ServeHTTP)
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errMethod) })
	return r
}

// routes is every page. The authorisation test walks it.
func (s *site) routes(r chi.Router) {
	r.Get("/accedi", s.page(s.signIn))
	r.Post("/accedi", s.page(s.signInPost))
	r.Post("/esci", s.page(s.signOut))
	r.Post("/lingua", s.page(s.language))
	r.Get("/accessibilita", s.page(s.accessibility))
	r.Get("/privacy", s.page(s.privacy))
	r.Group(func(r chi.Router) {
		r.Use(s.signedIn)
		r.Get("/", s.page(s.home))
	})
}
