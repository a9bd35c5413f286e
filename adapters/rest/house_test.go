package rest_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"approdo/adapters/memory"
	"approdo/adapters/notary"
	"approdo/adapters/rest"
	"approdo/adapters/session"
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
	hashed "approdo/projections/ledger"
	"approdo/projections/plans"
	"approdo/projections/readings"
	"approdo/projections/retention"
	mondays "approdo/projections/returns"
	"approdo/projections/school"
)

// persona is somebody who asks. The names of bodies that stand in a relation to the cases of these tests say which; see stages.
type persona string

const (
	anonymous   persona = "anonymous"
	ownComune   persona = "own comune"   // Rozzano, where the pupils live
	otherComune persona = "other comune" // Legnano
	ownCentre   persona = "own centre"   // CTI-24, to which the cases were handed over
	pastCentre  persona = "past centre"  // CTI-25, from which
	otherCentre persona = "other centre" // CTI-23
	ownSchool   persona = "own school"   // that is offered the cases and accepts
	pastSchool  persona = "past school"  // that declined
	otherSchool persona = "other school" // that was never asked
	ust         persona = "UST"
	ust2        persona = "UST too" // the other person an erasure takes
	prefettura  persona = "Prefettura"
	admin       persona = "administrator"
)

var bodies = map[persona]domain.Actor{
	ownComune:   {Role: domain.RoleComune, Body: "015189"},
	otherComune: {Role: domain.RoleComune, Body: "015118"},
	ownCentre:   {Role: domain.RoleCentre, Body: "CTI-24"},
	pastCentre:  {Role: domain.RoleCentre, Body: "CTI-25"},
	otherCentre: {Role: domain.RoleCentre, Body: "CTI-23"},
	ownSchool:   {Role: domain.RoleSchool, Body: "ZZIC00001X"},
	pastSchool:  {Role: domain.RoleSchool, Body: "ZZIC00002X"},
	otherSchool: {Role: domain.RoleSchool, Body: "ZZIC00003X"},
	ust:         {Role: domain.RoleUST},
	ust2:        {Role: domain.RoleUST},
	prefettura:  {Role: domain.RolePrefettura},
	admin:       {Role: domain.RoleAdmin},
}

// The sites of the three schools, all primaria.
const (
	ownSite   domain.School = "ZZEE00001X"
	pastSite  domain.School = "ZZEE00002X"
	otherSite domain.School = "ZZEE00003X"
)

// third is the grade of the pupils of these tests by age.
var third = grade.Level{Order: grade.Primaria, Year: 3}

const password = "tre barche in mezzo al lago"

// house is the API over a journal in memory, with real views, sessions and answers on disk.
type house struct {
	t       testing.TB
	handler http.Handler
	config  rest.Config
	store   *journal
	codec   *event.Codec
	desk    *desk.Desk
	views   *projections.Runner
	log     *lines
	notary  *notary.Notary
	time    atomic.Int64
	actors  map[persona]domain.Actor
	tokens  map[persona]string
	codes   map[persona][]string // recovery codes of those who have a second factor

	mu        sync.Mutex
	followed  event.Position
	reactions []policy.Reaction
}

// forgetting is clean as soon as the keys are gone.
type forgetting struct {
	*house
	keys *sealtest.Sealer
}

func (f forgetting) Destroyed(ctx context.Context, cases ...uuid.UUID) (map[uuid.UUID]desk.Destroyed, error) {
	out := map[uuid.UUID]desk.Destroyed{}
	for _, id := range cases {
		if left, err := f.keys.Unforgotten(ctx, "", id); err != nil || len(left) == 0 {
			out[id] = desk.Destroyed{Personal: f.now(), Special: f.now()}
		}
	}
	return out, nil
}

func (f forgetting) Cleaned() event.Position { return f.followed }

func (f forgetting) Generation(context.Context) (int64, error) { return 2, nil }

// tokens of tests are keyed by nothing.
type plainTokens struct{}

func (plainTokens) Of(kind, text string) []byte { return fmt.Appendf(nil, "%s/%s", kind, text) }

func newHouse(t testing.TB, change ...func(*rest.Config)) *house {
	t.Helper()
	h := &house{t: t, store: &journal{Store: memory.New()}, log: &lines{}, actors: map[persona]domain.Actor{}, tokens: map[persona]string{}, codes: map[persona][]string{}}
	h.time.Store(time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC).UnixNano())
	log := slog.New(slog.NewJSONHandler(h.log, nil))
	sealer := sealtest.New()
	h.codec = event.NewCodec(sealer, casefile.Events, places.Events, territory.Events, territory.SchoolEvents, account.Events, reading.Events, returns.Events, apart.Events, planning.Events)
	h.desk = desk.New(h.store, h.codec, h.now, territory.Province015)
	h.reactions = []policy.Reaction{policy.PlacesFollowCase(h.store, h.codec), policy.Erasure(h.store, sealer)}

	kept, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	h.check(err)
	db, err := views.Open(context.Background(), filepath.Join(t.TempDir(), "views.db"))
	h.check(err)
	h.views = projections.NewRunner(h.store, h.codec, db, slog.New(slog.DiscardHandler), comune.Projection(), centre.Projection(),
		school.Projection(), board.Projection(), audit.Projection(), duplicates.Projection(sealer, plainTokens{}), hashed.Projection(), readings.Projection(sealer), retention.Projection(), mondays.Projection(), plans.Projection())
	directory := session.NewDirectory(h.store, h.codec)
	sessions := session.New(session.Config{Directory: directory, Storage: kept, Clock: h.now, Cost: session.Cost{Memory: 64, Time: 1, Threads: 1},
		Blind: func(text string) []byte { return plainTokens{}.Of("login", text) }})
	h.notary = notary.New(notary.Config{Journal: h.store, Views: h.views, Storage: kept.Ledger(), Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), Clock: h.now, Log: log})
	h.config = rest.Config{Ledger: h.notary, Desk: h.desk, Views: patient{h.views}, Board: board.New(h.views), Sessions: sessions, Directory: directory, Answers: kept, Readings: reading.NewRecorder(h.store, h.codec, h.now),
		Limiter: session.NewLimiter(1_000_000, time.Minute, h.now), Sealer: sealer, Tokens: plainTokens{}, Clock: h.now, Log: log, Forgetting: forgetting{h, sealer},
		Pseudonym: func(reader domain.Actor, pupil uuid.UUID) string { return "P-" + pupil.String()[24:] }}
	for _, c := range change {
		c(&h.config)
	}
	h.handler = rest.New(h.config)
	h.found()
	h.check(h.views.CatchUp(context.Background()))
	h.check(h.notary.Tick(context.Background()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.views.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	h.invite(sessions)
	return h
}

func (h *house) now() time.Time       { return time.Unix(0, h.time.Load()).UTC() }
func (h *house) pass(d time.Duration) { h.time.Add(int64(d)) }

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// found begins the territory and lists the schools.
func (h *house) found() {
	h.t.Helper()
	act := h.desk.Act(domain.System)
	_, err := h.desk.EditTerritory(context.Background(), desk.NewTicket(), territory.Found{Act: act, Province: territory.Province015, Register: territory.Shipped()})
	h.check(err)
	for _, s := range []struct{ site, institution string }{{"ZZEE00001X", "ZZIC00001X"}, {"ZZEE00002X", "ZZIC00002X"}, {"ZZEE00003X", "ZZIC00003X"}} {
		c := territory.ListSchool{Act: act, Year: 2021, School: territory.School{Code: domain.School(s.site), Institution: domain.Institution(s.institution),
			Name: "Scuola dimostrativa " + s.site, Comune: "015189", Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary,
			Management: territory.StateRun}}
		_, err := event.Execute(context.Background(), h.store, h.codec, territory.SchoolDecider, territory.SchoolStream(c.School.Code),
			territory.SchoolCommand(c), event.Origin{ID: uuid.New(), By: act.By, At: act.At})
		h.check(err)
	}
}

// invite gives every persona an account and a session.
func (h *house) invite(sessions *session.Service) {
	h.t.Helper()
	ctx := context.Background()
	for p, body := range bodies {
		login := loginOf(p)
		o := event.Origin{ID: uuid.New(), By: domain.System, At: h.now()}
		link, err := sessions.Invite(ctx, o, session.Invitation{Role: body.Role, Body: body.Body, Login: domain.NewPersonal(login), Name: domain.NewPersonal("Persona di prova")})
		h.check(err)
		h.check(sessions.Activate(ctx, link.Token, password))
		token, s, err := sessions.SignIn(ctx, login, password, "192.0.2.1:1")
		h.check(err)
		if s.Lacks == session.LacksEnrolment {
			token, h.codes[p] = h.enrol(sessions, token)
		}
		h.actors[p], h.tokens[p] = s.Actor, token
	}
}

// enrol gives whoever is signed in a second factor, and recovery codes to sign in with.
func (h *house) enrol(sessions *session.Service, token string) (string, []string) {
	h.t.Helper()
	offer, err := sessions.OfferCode(context.Background(), token)
	h.check(err)
	code, err := totp.GenerateCode(offer.Secret, h.now())
	h.check(err)
	e, err := sessions.EnrolCode(context.Background(), token, code)
	h.check(err)
	return e.Token, e.Codes
}

func loginOf(p persona) string { return strings.ReplaceAll(string(p), " ", ".") + "@example.org" }

// signIn opens a session over the API and gives its token.
func (h *house) signIn(p persona) string {
	h.t.Helper()
	code := ""
	if left := h.codes[p]; len(left) > 0 {
		code, h.codes[p] = left[0], left[1:]
	}
	x := h.post(anonymous, "/api/v1/sessions", `{"login":"`+loginOf(p)+`","password":"`+password+`","code":"`+code+`"}`).want(201)
	return read[struct{ Token string }](x).Token
}

// follow carries the policies out as far as the journal's head.
func (h *house) follow() {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for page, err := range h.store.ReadAll(context.Background(), h.followed, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		h.check(err)
		for _, r := range page.Records {
			for _, reaction := range h.reactions {
				for _, name := range reaction.Types {
					if name == r.Type {
						h.check(reaction.React(context.Background(), r))
					}
				}
			}
		}
		h.followed = page.Checkpoint
	}
}

// patient views are waited for as long as it takes: a busy machine is no reason to fail.
type patient struct{ *projections.Runner }

func (p patient) Await(ctx context.Context, at event.Position) error {
	return p.Runner.Await(context.WithoutCancel(ctx), at)
}

// exchange is a request's answer.
type exchange struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// ask sends a request and holds it, and the answer, to the document. Headers come in pairs.
func (h *house) ask(who persona, method, path, body string, headers ...string) exchange {
	h.t.Helper()
	request := func() *http.Request {
		var content io.Reader
		if body != "" {
			content = strings.NewReader(body)
		}
		r := httptest.NewRequest(method, path, content)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if token := h.tokens[who]; token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	rec := httptest.NewRecorder()
	h.handler.ServeHTTP(rec, request())
	x := exchange{h.t, rec.Code, rec.Header(), rec.Body.Bytes()}
	hold(h.t, request(), x)
	return x
}

func (h *house) get(who persona, path string) exchange {
	h.t.Helper()
	return h.ask(who, "GET", path, "")
}

func (h *house) post(who persona, path, body string, headers ...string) exchange {
	h.t.Helper()
	return h.ask(who, "POST", path, body, headers...)
}

// want fails the test unless the answer has a status.
func (x exchange) want(status int) exchange {
	x.t.Helper()
	if x.status != status {
		x.t.Fatalf("status %d, want %d: %s", x.status, status, x.body)
	}
	return x
}

// refused fails the test unless the answer is a problem with a status and a code.
func (x exchange) refused(status int, code string) exchange {
	x.t.Helper()
	x.want(status)
	if p := read[problem](x); p.Code != code || p.Status != status || x.header.Get("Content-Type") != "application/problem+json" {
		x.t.Fatalf("problem %+v, want %d %s", p, status, code)
	}
	return x
}

type problem struct {
	Type, Title, Detail, Instance, Code string
	Status                              int
	Errors                              []struct{ Field, Code, Detail string }
}

// fields lists "field code" of a problem's errors.
func (p problem) fields() (out []string) {
	for _, e := range p.Errors {
		out = append(out, e.Field+" "+e.Code)
	}
	return out
}

// read decodes an answer.
func read[T any](x exchange) (v T) {
	x.t.Helper()
	if err := json.Unmarshal(x.body, &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		x.t.Fatalf("%v: %s", err, x.body)
	}
	return v
}

// journal is a store that fails as a test says.
type journal struct {
	*memory.Store
	noAppend, noRead atomic.Pointer[error]
	afterRead        atomic.Pointer[func()] // runs once, after a stream was read
}

func (j *journal) ReadStream(ctx context.Context, stream string, o event.ReadStream) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		j.Store.ReadStream(ctx, stream, o)(yield)
		if f := j.afterRead.Swap(nil); f != nil {
			(*f)()
		}
	}
}

func (j *journal) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if err := j.noAppend.Load(); err != nil {
		return event.Result{}, *err
	}
	return j.Store.Append(ctx, a)
}

func (j *journal) Head(ctx context.Context) (event.Position, error) {
	if err := j.noRead.Load(); err != nil {
		return 0, *err
	}
	return j.Store.Head(ctx)
}

// lines is a log that several may write to.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
