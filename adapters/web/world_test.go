package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/sqlite/state"
	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/notice"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/policy"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/audit"
	"approdo/projections/board"
	"approdo/projections/centre"
	"approdo/projections/comune"
	"approdo/projections/duplicates"
	"approdo/projections/messages"
	"approdo/projections/plans"
	"approdo/projections/readings"
	"approdo/projections/retention"
	mondays "approdo/projections/returns"
	"approdo/projections/school"
	"approdo/projections/told"
)

// now is the present of the pages' tests: a Monday morning.
var now = time.Date(2022, time.April, 4, 9, 0, 0, 0, domain.Rome)

// The people of the pages' tests.
var (
	atRozzano    = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000001"), Role: domain.RoleComune, Body: "015189"}
	atOpera      = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000002"), Role: domain.RoleComune, Body: "015159"}
	atSchool     = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000004"), Role: domain.RoleSchool, Body: "ZZIC00001X"}
	atUST        = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000005"), Role: domain.RoleUST}
	atPrefettura = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000006"), Role: domain.RolePrefettura}
	atAdmin      = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000007"), Role: domain.RoleAdmin}
)

const (
	testSite        domain.School      = "ZZEE00001X"
	testInstitution domain.Institution = "ZZIC00001X"
)

// tokens are keyed by nothing: enough for names of tests.
type tokens struct{}

func (tokens) Of(kind, text string) []byte                 { return []byte(kind + text) }
func (tokens) Pseudonym(reader string, s uuid.UUID) string { return "P-" + s.String()[:8] }

// world is a small territory behind the pages: the shipped register and one school in Rozzano with three places in each grade.
type world struct {
	t     *testing.T
	site  *site
	store *memory.Store
	codec *event.Codec
	desk  *desk.Desk
	views *projections.Runner
	doors *sessions
}

func newWorld(t *testing.T, log io.Writer) *world {
	t.Helper()
	s := newTestSite(t, log)
	w := &world{t: t, site: s, store: memory.New()}
	sealer := sealtest.New()
	w.codec = event.NewCodec(sealer, casefile.Events, places.Events, territory.Events, territory.SchoolEvents, account.Events, reading.Events, returns.Events, apart.Events, notice.Events, planning.Events)
	clock := func() time.Time { return now }
	w.desk = desk.New(w.store, w.codec, clock, territory.Province015)
	db, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	w.check(err)
	kept, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	w.check(err)
	w.views = projections.NewRunner(w.store, w.codec, db, slog.New(slog.DiscardHandler), comune.Projection(), centre.Projection(),
		school.Projection(), board.Projection(), audit.Projection(), duplicates.Projection(sealer, tokens{}), readings.Projection(sealer), retention.Projection(),
		mondays.Projection(), messages.Projection(sealer), told.Projection(), plans.Projection())
	w.found()
	w.check(w.views.CatchUp(t.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := w.views.Run(ctx); ctx.Err() == nil {
			t.Errorf("views stopped: %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-stopped
		if err := errors.Join(db.Close(), kept.Close()); err != nil {
			t.Error(err)
		}
	})
	w.doors, s.live = s.Sessions.(*sessions), newLive(w.views, s.Log)
	s.Desk, s.Views, s.Board, s.Keys, s.Tokens, s.Clock = w.desk, w.views, board.New(w.views), sealer, tokens{}, clock
	s.Drafts = kept
	s.Readings, s.Ledger = reading.NewRecorder(w.store, w.codec, clock), &proving{}
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) found() {
	act := domain.Act{By: domain.System, At: now.AddDate(0, -1, 0)}
	origin := func() event.Origin { return event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At} }
	_, err := event.Execute(w.t.Context(), w.store, w.codec, territory.Decider, territory.Stream(territory.Province015),
		territory.Command(territory.Found{Act: act, Province: territory.Province015, Register: territory.Shipped()}), origin())
	w.check(err)
	w.listSite(testSite, testInstitution, "Istituto di prova")
	for y := 1; y <= 5; y++ {
		_, err = w.desk.DeclarePlaces(w.t.Context(), desk.NewTicket(), testSite, 2021, places.Declare{Act: domain.Act{By: atSchool, At: now.AddDate(0, 0, -3)},
			Level: grade.Level{Order: grade.Primaria, Year: y}, Free: 3})
		w.check(err)
	}
}

// listSite puts a site into the register of schools.
func (w *world) listSite(site domain.School, institution domain.Institution, name string) {
	w.t.Helper()
	act := domain.Act{By: domain.System, At: now.AddDate(0, -1, 0)}
	list := territory.ListSchool{Act: act, Year: 2021, School: territory.School{Code: site, Institution: institution, Name: "Primaria di prova",
		InstitutionName: name, Comune: "015189", Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary,
		Management: territory.StateRun}}
	_, err := event.Execute(w.t.Context(), w.store, w.codec, territory.SchoolDecider, territory.SchoolStream(site), territory.SchoolCommand(list),
		event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At})
	w.check(err)
}

// as signs somebody in for a request.
func (w *world) as(a domain.Actor) func(*http.Request) {
	token := "token-" + a.Account.String()
	w.doors.mu.Lock()
	defer w.doors.mu.Unlock()
	w.doors.people[token] = a
	return cookie("approdo-session", token)
}

// request records a request by the comune of Rozzano for a child of the third year of primaria.
func (w *world) request(family, given string) uuid.UUID {
	w.t.Helper()
	r, err := w.desk.Request(w.t.Context(), desk.NewTicket(), atRozzano, desk.RequestForm{FamilyName: domain.NewPersonal(family),
		GivenName: domain.NewPersonal(given), Sex: "F", BirthDate: domain.NewPersonal("2013-05-06"), AdultName: domain.NewPersonal("Olena " + family),
		AdultPhone: domain.NewPersonal("+39 000 1234567"), Address: domain.NewPersonal("Via degli Esempi 5")})
	w.check(err)
	w.follow()
	return r.ID
}

// centreOf is an officer of the centre that has a case.
func (w *world) centreOf(id uuid.UUID) domain.Actor {
	w.t.Helper()
	return domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000003"), Role: domain.RoleCentre, Body: string(w.state(id).Centre)}
}

func (w *world) state(id uuid.UUID) casefile.State {
	w.t.Helper()
	out, err := event.Load(w.t.Context(), w.store, w.codec, casefile.Decider, casefile.Stream(id))
	w.check(err)
	return out.State
}

// follow carries out what the policies ask for, and waits until the views have come as far.
func (w *world) follow() {
	w.t.Helper()
	react := policy.PlacesFollowCase(w.store, w.codec)
	for page, err := range w.store.ReadAll(w.t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		w.check(err)
		for _, r := range page.Records {
			w.check(react.React(w.t.Context(), r))
		}
	}
	head, err := w.store.Head(w.t.Context())
	w.check(err)
	w.check(w.views.Await(w.t.Context(), head))
}
