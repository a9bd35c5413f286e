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
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/reading"
	"approdo/projections"
	"approdo/projections/board"
)

//go:embed all:static
var embedded embed.FS

// Sessions is what the pages ask of package session; *session.Service is it.
type Sessions interface {
	Authenticate(next http.Handler) http.Handler
	Recognise(next http.Handler) http.Handler
	Glance(ctx context.Context, token string) (session.Session, error)
	Enter(w http.ResponseWriter, r *http.Request, login, password string) (session.Session, error)
	Leave(w http.ResponseWriter, r *http.Request) error
	ActivateFrom(ctx context.Context, token, password, remote string) error
	ChangePassword(ctx context.Context, token, current, password string) (string, session.Session, error)
	Token(r *http.Request) string
	SetCookie(w http.ResponseWriter, token string)
	Security
	Post
	Providers
}

// Person is who is signed in. The names are shown to this person alone and never logged.
type Person struct {
	Actor domain.Actor
	Name  domain.Personal
	Body  string // the body's name: "Comune di Rozzano", "CTI ambito 24", "IC Via Liguria"; empty for a role without one
}

// Views is what the pages read lists from; *projections.Runner is it. Await waits until the views have come as far as a position.
type Views interface {
	projections.Reader
	Await(ctx context.Context, at event.Position) error
	Status(ctx context.Context) ([]projections.Status, error)
}

// Tokens makes keyed tokens of names, and a pupil's pseudonym for one reader; seal.Tokens is it.
type Tokens interface {
	Of(kind, text string) []byte
	Pseudonym(reader string, subject uuid.UUID) string
}

// Config is what the pages need from the other rooms.
type Config struct {
	Sessions  Sessions
	Desk      *desk.Desk
	Views     Views
	Board     *board.Board
	Readings  *reading.Recorder
	Keys      domain.Sealer
	Tokens    Tokens
	Drafts    Drafts
	Imports   Imports
	Intake    *Intake // whoever makes it runs it
	Accounts  Accounts
	Directory Directory
	Policies  Policies
	Notices   Notices
	// Forgetting says how far erasures have come.
	Forgetting Forgetting
	Ledger     Ledger
	// BodyName is what the body of an actor is called, as the registers have it; empty where there is none.
	BodyName func(context.Context, domain.Actor) (string, error)
	Log      *slog.Logger
	Clock    domain.Clock
	// Ending is closed when streams are to end, so that the service can stop.
	Ending <-chan struct{}
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
	live   *live
	beat   time.Duration // of streams
	assets *assets
	pages  pages
	texts  catalogues
	// drawings are plans under way.
	drawings *drawings
	// tongues are the languages of letters to families.
	tongues []tongue
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
	s := &site{Config: c, live: newLive(c.Views, c.Log), beat: streamBeat, drawings: newDrawings(c.Log, c.Ending)}
	var err error
	if s.assets, err = loadAssets(static); err != nil {
		return nil, err
	}
	if s.texts, err = loadCatalogues(); err != nil {
		return nil, err
	}
	if s.tongues, err = loadTongues(); err != nil {
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
		r.Use(s.complete, s.sameOrigin, s.bounded, s.Sessions.Authenticate, s.identified)
		s.routes(r)
	})
	r.Group(func(r chi.Router) {
		r.Use(s.sameOrigin, s.bounded, s.Sessions.Recognise, s.identified, s.signedIn, s.whole)
		s.liveRoutes(r)
	})
	r.NotFound(s.refuse(domain.NotFound("page-not-found")))
	r.MethodNotAllowed(s.refuse(errMethod))
	return r
}

// refuse answers whatever is no page, still in the frame of whoever asks.
func (s *site) refuse(err error) http.HandlerFunc {
	page := s.page(func(http.ResponseWriter, *http.Request) error { return err })
	return s.complete(s.Sessions.Authenticate(s.identified(page))).ServeHTTP
}

// routes is every page. The authorisation test walks it.
func (s *site) routes(r chi.Router) {
	r.Get("/accedi", s.page(s.signIn))
	r.Post("/accedi", s.page(s.signInPost))
	r.Post("/esci", s.page(s.signOut))
	r.Get("/attiva", s.page(s.activate))
	r.Post("/attiva", s.page(s.activatePost))
	s.forgottenRoutes(r)
	s.providerRoutes(r)
	r.Post("/lingua", s.page(s.language))
	r.Get(helpPath, s.page(s.help))
	r.Get("/accessibilita", s.page(s.accessibility))
	r.Get("/privacy", s.page(s.privacy))
	r.Group(func(r chi.Router) {
		r.Use(s.signedIn)
		s.securityRoutes(r)
	})
	r.Group(func(r chi.Router) {
		r.Use(s.signedIn, s.whole, s.sent)
		r.Get("/", s.page(s.home))
		r.Get("/password", s.page(s.password))
		r.Post("/password", s.page(s.passwordPost))
		s.keptRoutes(r)
		s.caseRoutes(r)
		s.intakeRoutes(r)
		s.sheetRoutes(r)
		s.boardRoutes(r)
		s.planRoutes(r)
		s.returnRoutes(r)
		s.auditRoutes(r)
		s.proofRoutes(r)
		s.readingRoutes(r)
		s.retentionRoutes(r)
		s.territoryRoutes(r)
		s.accountRoutes(r)
		s.bindingRoutes(r)
		s.operationRoutes(r)
		s.noticeRoutes(r)
	})
}
