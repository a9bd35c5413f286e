// Package rest serves /api/v1 as the Italian interoperability guidelines ask (ModI, Det. AgID 547/2021). openapi.yaml beside this
// file is the contract; a test holds the routes to it and it to the routes. Commands and reads go through package desk, lists
// through package worklist: what a role may do and see is decided there.
package rest

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/reading"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/duplicates"
)

// base begins the path of every route.
const base = "/api/v1"

// Views is what the API asks of the reading side; *projections.Runner is it.
type Views interface {
	projections.Reader
	// Await waits until the views show what was written at a position, or ctx ends.
	Await(ctx context.Context, at event.Position) error
	Status(ctx context.Context) ([]projections.Status, error)
}

// Sessions is what the API asks of package session; *session.Service is it.
type Sessions interface {
	Authenticate(next http.Handler) http.Handler
	Token(r *http.Request) string
	SignInWithCode(ctx context.Context, login, password, code, remote string) (string, session.Session, error)
	SignOut(ctx context.Context, token string) error
	Invite(ctx context.Context, o event.Origin, i session.Invitation) (session.Link, error)
	Renew(ctx context.Context, o event.Origin, id uuid.UUID, last time.Duration) (session.Link, error)
	RenewByMail(ctx context.Context, o event.Origin, id uuid.UUID) error
	Posts() bool
	Suspend(ctx context.Context, o event.Origin, id uuid.UUID, r account.Reason) error
	Reinstate(ctx context.Context, o event.Origin, id uuid.UUID) error
	Approve(ctx context.Context, o event.Origin, id uuid.UUID) error
	Refuse(ctx context.Context, o event.Origin, id uuid.UUID) error
	ResetFactors(ctx context.Context, o event.Origin, id uuid.UUID) (done bool, err error)
	KeepFactors(ctx context.Context, o event.Origin, id uuid.UUID) error
}

// Directory lists the accounts; *session.Directory is it.
type Directory interface {
	Account(id uuid.UUID) (session.Account, error)
	Accounts() []session.Account
	Person(ctx context.Context, id uuid.UUID) (account.Person, error)
}

// Answers remembers what keyed requests came to, by account; *state.Store is it. Key and request are keyed tokens.
type Answers interface {
	// Claim reports whether the key is free or was used for this very request, and the answer that one got; status 0 while it
	// has none.
	Claim(ctx context.Context, account uuid.UUID, key, request []byte, now time.Time) (same bool, status int, position uint64, location string, err error)
	// Answer keeps what a claimed request came to.
	Answer(ctx context.Context, account uuid.UUID, key []byte, status int, position uint64, location string) error
}

// Config is what the API needs from the other rooms.
type Config struct {
	Desk      *desk.Desk
	Views     Views
	Board     *board.Board
	Sessions  Sessions
	Directory Directory
	Answers   Answers
	Readings  *reading.Recorder
	Ledger    Ledger
	Limiter   *session.Limiter
	Sealer    domain.Sealer
	Tokens    duplicates.Tokens
	// Forgetting says how far erasures have come.
	Forgetting Forgetting
	// Pseudonym names a pupil for one reader, always alike and unlike any other reader's.
	Pseudonym func(reader domain.Actor, pupil uuid.UUID) string
	Clock     domain.Clock
	Log       *slog.Logger
	// Secure is set where the service is reached over https: clients are then bound to it.
	Secure bool
}

type api struct {
	Config
	texts  texts
	router chi.Router
}

// New returns the handler of every path under /api/v1, and of /status, where whoever watches the service looks for it. It panics
// where an embedded file is broken: that is a fault of the program.
func New(c Config) http.Handler { return newAPI(c).router }

func newAPI(c Config) *api {
	a := &api{Config: c, texts: loadTexts(), router: chi.NewRouter()}
	r := a.router
	r.Use(a.begin, a.logged, a.recovered, a.secured, middleware.GetHead, bearerOnly, a.Sessions.Authenticate, a.identified, a.limited)
	r.NotFound(a.read(func(*http.Request) (answer, error) { return answer{}, errPath }))
	r.MethodNotAllowed(a.methodNotAllowed)
	r.Get("/status", a.status)
	r.Get(base+"/status", a.status)
	r.Get(base+"/openapi.yaml", document)
	r.Post(base+"/sessions", a.read(a.signIn))
	r.Group(func(r chi.Router) {
		r.Use(a.signedIn)
		a.ownRoutes(route{r})
		r.Group(func(r chi.Router) {
			r.Use(a.whole)
			a.routes(route{r})
		})
	})
	return a
}

// route registers paths below base. There is one flat tree, so that what a test walks are the whole paths.
type route struct{ chi.Router }

func (r route) get(path string, h http.HandlerFunc)    { r.Get(base+path, h) }
func (r route) post(path string, h http.HandlerFunc)   { r.Post(base+path, h) }
func (r route) delete(path string, h http.HandlerFunc) { r.Delete(base+path, h) }

// ownRoutes are for whoever is signed in, a second factor lacking or not.
func (a *api) ownRoutes(r route) {
	r.get("/sessions/current", a.read(a.whoAmI))
	r.delete("/sessions/current", a.read(a.signOut))
}

// routes is all that only those who are signed in and lack nothing may ask for. The authorisation test walks it.
func (a *api) routes(r route) {
	r.get("/cases", a.read(a.listCases))
	r.post("/cases", post(a, a.requestCase, a.showCase))
	r.post("/households", post(a, a.requestHousehold, a.showHousehold))
	r.post("/enrolments", post(a, a.enrol, a.showCase))
	r.post("/case-searches", a.read(a.searchCases))
	r.get("/cases/{id}", a.read(a.readCase))
	r.get("/cases/{id}/events", a.read(a.readEvents))
	r.get("/cases/{id}/subject-access", a.read(a.readHeld))
	r.get("/cases/{id}/erasure-certificates", a.read(a.readCertificates))
	r.get("/cases/{id}/readings", a.read(a.readReadings))
	r.get("/cases/{id}/schools", a.read(a.rankSchools))
	a.caseCommands(r)

	r.get("/schools", a.read(a.listSchools))
	r.get("/schools/{code}", a.read(a.readSchool))
	r.get("/schools/{code}/places", a.read(a.readPlaces))
	r.post("/schools/{code}/places", post(a, a.declarePlaces, a.showPlaces))
	r.post("/schools/{code}/services", post(a, a.declareServices, a.showSchool))

	r.get("/board", a.read(a.readBoard))
	r.get("/returns/{date}", a.read(a.readReturns))
	r.post("/returns/{date}/validation", post(a, a.validateReturn, a.showReturn))
	r.post("/returns/{date}/withdrawal", post(a, a.withdrawReturn, a.showReturn))
	r.get("/audit-days/{date}", a.read(a.readDay))
	r.get("/audit", a.read(a.searchAudit))
	r.get("/events", a.read(a.listFacts))
	r.get("/ledger/checkpoints", a.read(a.listCheckpoints))
	r.get("/ledger/checkpoints/{size}", a.file(a.readCheckpoint))
	r.get("/ledger/consistency", a.file(a.proveConsistency))
	r.get("/ledger/inclusion", a.file(a.proveInclusion))

	r.get("/territory/comuni", a.read(a.listComuni))
	r.post("/territory/comuni/{code}/amendments", post(a, a.amendComune, a.showComune))
	r.get("/territory/centres", a.read(a.listCentres))
	r.post("/territory/centres/{code}/amendments", post(a, a.amendCentre, a.showCentre))
	r.post("/territory/confirmations", post(a, a.confirm, a.showProvisional))
	r.get("/territory/policies", a.read(a.listPolicies))
	r.post("/territory/policies", post(a, a.adoptPolicy, a.showPolicy))
	r.get("/territory/clocks", a.read(a.readClocks))
	r.post("/territory/clocks", post(a, a.setClocks, a.showClocks))
	r.get("/territory/suspensions", a.read(a.listSuspensions))
	r.get("/territory/suspensions/{number}", a.read(a.readSuspension))
	r.post("/territory/suspensions", post(a, a.suspend, a.showSuspension))
	r.post("/territory/suspensions/{number}/resumption", post(a, a.resume, a.showSuspension))

	r.get("/retention", a.read(a.readRetention))
	r.post("/retention", post(a, a.setRetention, a.showRetention))
	r.get("/retention/due", a.read(a.listDue))

	r.get("/accounts", a.read(a.listAccounts))
	r.get("/accounts/{id}", a.read(a.readAccount))
	r.post("/accounts", post(a, a.invite, a.showAccount))
	r.post("/accounts/{id}/suspension", post(a, a.suspendAccount, a.showAccount))
	r.post("/accounts/{id}/reinstatement", post(a, a.reinstateAccount, a.showAccount))
	r.post("/accounts/{id}/invitation-renewal", post(a, a.renewInvitation, a.showAccount))
	r.post("/accounts/{id}/invitation-approval", post(a, a.approveInvitation, a.showAccount))
	r.post("/accounts/{id}/invitation-refusal", post(a, a.refuseInvitation, a.showAccount))
	r.post("/accounts/{id}/second-factor-reset", post(a, a.resetFactors, a.showAccount))
	r.post("/accounts/{id}/second-factor-reset-refusal", post(a, a.keepFactors, a.showAccount))
}
