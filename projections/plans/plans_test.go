package plans_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/policy"
	"approdo/domain/reading"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/centre"
	"approdo/projections/plans"
	"approdo/projections/ranking"
)

const year domain.SchoolYear = 2021

var (
	ust     = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000001"), Role: domain.RoleUST}
	officer = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000002"), Role: domain.RoleCentre, Body: "CTI-21"}
	other   = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000003"), Role: domain.RoleCentre, Body: "CTI-22"}
	first   = grade.Level{Order: grade.Primaria, Year: 1}
	third   = grade.Level{Order: grade.Primaria, Year: 3}
)

// office is a territory with the shipped register, in which time goes on by a minute with all that happens.
type office struct {
	*testing.T
	store *memory.Store
	codec *event.Codec
	desk  *desk.Desk
	views *projections.Runner
	board *board.Board
	now   time.Time
	cases int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, store: memory.New(), now: time.Date(2022, time.April, 4, 7, 0, 0, 0, time.UTC)}
	o.codec = event.NewCodec(sealtest.New(), casefile.Events, places.Events, territory.Events, territory.SchoolEvents, planning.Events)
	o.desk = desk.New(o.store, o.codec, func() time.Time { return o.now }, territory.Province015)
	db, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	o.check(err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o.views = projections.NewRunner(o.store, o.codec, db, slog.New(slog.DiscardHandler), board.Projection(), centre.Projection(), plans.Projection())
	o.board = board.New(o.views)
	_, err = o.desk.EditTerritory(t.Context(), desk.NewTicket(), territory.Found{Act: o.desk.Act(domain.System), Province: territory.Province015, Register: territory.Shipped()})
	o.check(err)
	return o
}

func (o *office) check(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// school puts a site into the register and says what it declares for a grade: n pupils in the class, f of them foreign.
func (o *office) school(code domain.School, of domain.Institution, comune domain.Comune, free map[grade.Level]int, n, f int) {
	o.Helper()
	act := o.desk.Act(domain.System)
	list := territory.ListSchool{Act: act, Year: year, School: territory.School{Code: code, Institution: of, Name: "Primaria di prova", InstitutionName: "Istituto di prova",
		Comune: comune, Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary, Management: territory.StateRun}}
	_, err := event.Execute(o.Context(), o.store, o.codec, territory.SchoolDecider, territory.SchoolStream(code), territory.SchoolCommand(list),
		event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At})
	o.check(err)
	for _, l := range grade.Levels() {
		if free[l] > 0 {
			_, err := o.desk.DeclarePlaces(o.Context(), desk.NewTicket(), code, year, places.Declare{Act: domain.Act{By: domain.Actor{Role: domain.RoleSchool, Body: string(of)}, At: o.now},
				Level: l, Free: free[l], Pupils: n, Foreign: f})
			o.check(err)
		}
	}
}

// pupil begins a case that its centre has in charge.
func (o *office) pupil(c domain.Centre, f casefile.Facts) uuid.UUID {
	o.Helper()
	o.cases++
	id := uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "pupil %d", o.cases))
	f.SchoolYear, f.Sex = year, casefile.Female
	o.add(id, casefile.RequestRecorded{Channel: domain.ChannelComune, On: domain.DateOf(o.now), At: o.now, Facts: f},
		casefile.Routed{Centre: c, Policy: "1", At: o.now, Terms: casefile.Terms{TakeCharge: o.now.AddDate(0, 0, 2), FirstOffer: o.now.AddDate(0, 0, 7), FirstDay: o.now.AddDate(0, 0, 21)}},
		casefile.ChargeTaken{Centre: c, At: o.now})
	return id
}

// add writes events of a case.
func (o *office) add(id uuid.UUID, events ...casefile.Event) {
	o.Helper()
	stream := casefile.Stream(id)
	last := event.Revision(-1)
	for r, err := range o.store.ReadStream(o.Context(), stream, event.ReadStream{}) {
		o.check(err)
		last = r.Revision
	}
	expected := event.NoStream
	if last >= 0 {
		expected = event.Expected(last)
	}
	var drafts []event.Draft
	for i, e := range events {
		d, err := o.codec.Encode(o.Context(), stream, last+1+event.Revision(i), uuid.Must(uuid.NewV7()), e, event.Meta{Actor: ust, At: o.now})
		o.check(err)
		drafts = append(drafts, d)
	}
	_, err := o.store.Append(o.Context(), event.Append{Stream: stream, Expected: expected, Events: drafts})
	o.check(err)
	o.now = o.now.Add(time.Minute)
}

func (o *office) follow() {
	o.Helper()
	react := policy.PlacesFollowCase(o.store, o.codec)
	for page, err := range o.store.ReadAll(o.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		o.check(err)
		for _, r := range page.Records {
			o.check(react.React(o.Context(), r))
		}
	}
	o.check(o.views.CatchUp(o.Context()))
	o.now = o.now.Add(time.Minute)
}

// offer offers a place in the third year of primaria.
func (o *office) offer(id uuid.UUID, school domain.School) {
	o.Helper()
	_, err := o.desk.Offer(o.Context(), desk.NewTicket(), id, officer, desk.Placement{School: school, Level: third})
	o.check(err)
}

// decline says no to the offer that stands.
func (o *office) decline(id uuid.UUID) {
	o.Helper()
	f, err := o.desk.Case(o.Context(), ust, id)
	o.check(err)
	o.now = o.now.Add(time.Minute)
	o.add(id, casefile.OfferDeclined{Offer: f.State.Offer.ID, School: f.State.Offer.School, Reason: casefile.DeclineReasons()[0], At: o.now})
}

func (o *office) draw(a domain.Actor, t planning.Terms) (planning.Drawn, error) {
	o.Helper()
	o.follow()
	t.Year = year
	land, err := o.desk.Territory(o.Context())
	o.check(err)
	var w plans.Waiting
	o.check(o.views.Read(o.Context(), func(s *projections.Snapshot) (err error) {
		w, err = plans.Among(s, a, land, t, o.now)
		return err
	}))
	return plans.Draw(o.Context(), o.desk, o.board, a, w, t, nil)
}

// plan draws a plan, and looks whether all that holds of every plan holds of it.
func (o *office) plan(a domain.Actor, t planning.Terms) planning.Drawn {
	o.Helper()
	d, err := o.draw(a, t)
	o.check(err)
	o.now = o.now.Add(time.Minute)
	o.holds(d)
	return d
}

// holds checks a plan against what the office declared, counted anew: nobody twice, nobody beyond capacity, locks kept, sums true, and the file
// that proves it the same as when it was drawn.
func (o *office) holds(d planning.Drawn) {
	o.Helper()
	taken, seen := map[planning.Kind]int{}, map[string]bool{}
	placed, metres := 0, 0
	for _, s := range d.Seats {
		if seen[s.ID()] {
			o.Errorf("%s twice", s.ID())
		}
		seen[s.ID()] = true
		if s.School == "" {
			continue
		}
		placed, metres = placed+1, metres+s.Metres
		taken[planning.Kind{School: s.School, Level: s.Level}]++
	}
	if d.Figures.Pupils != len(d.Seats) || d.Figures.Placed != placed || d.Figures.Metres != metres {
		o.Errorf("figures %+v of %d placed, %d m", d.Figures, placed, metres)
	}
	for k, n := range taken {
		open, err := o.board.Opens(o.Context(), d.Year, k.Level, d.Known)
		o.check(err)
		free := open[k.School].Free
		for _, c := range d.Changes {
			if c.School == k.School && c.Level == k.Level && c.Kind == planning.Add {
				free += c.Number
			}
		}
		if n > free {
			o.Errorf("%d in %v, which has %d", n, k, free)
		}
		percent := d.Percent
		for _, c := range d.Changes {
			if c.Kind == planning.Ceiling && (c.School == "" || c.School == k.School) {
				percent = c.Percent
			}
		}
		at := open[k.School]
		if at.Pupils > 0 && !slices.Contains(d.Derogations, k.School) {
			if foreign, all := at.Foreign+at.Joined+n, at.Pupils+at.Joined+n; 100*foreign > percent*all {
				o.Errorf("%d of %d in %v would be foreign, above %d %%", foreign, all, k, percent)
			}
		}
	}
	for _, l := range d.Locks {
		s, ok := d.Seat(l.Case)
		if ok && s.School != "" && (s.School == l.School) == l.Never {
			o.Errorf("a lock was not kept: %v", l)
		}
	}
	p, err := plans.File(o.Context(), o.desk, o.board, d)
	o.check(err)
	var file bytes.Buffer
	digest, err := p.Write(&file)
	o.check(err)
	if digest != d.Digest {
		o.Error("the file is another by now")
	}
	if _, _, err := matching.Read(&file); err != nil {
		o.Error(err)
	}
}

func schoolOf(t *testing.T, d planning.Drawn, id uuid.UUID) domain.School {
	t.Helper()
	s, ok := d.Seat(id)
	if !ok {
		t.Fatalf("%s is not in the plan", id)
	}
	return s.School
}

// Rozzano and Opera are neighbours; Legnano is far from both.
const rozzano, opera, legnano domain.Comune = "015189", "015159", "015118"

func TestAPlanKeepsBrothersAndSistersTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{first: 1}, 0, 0)
	o.school("ZZEE00002X", "ZZIC00002X", opera, map[grade.Level]int{first: 1, third: 1}, 0, 0)
	household := uuid.NewString()
	elder := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third, Household: household})
	younger := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: first, Household: household})
	alone := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: first})
	d := o.plan(officer, planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}})
	if schoolOf(t, d, elder) != "ZZEE00002X" || schoolOf(t, d, younger) != "ZZEE00002X" || schoolOf(t, d, alone) != "ZZEE00001X" {
		t.Errorf("%+v", d.Seats)
	}
	if d.Figures.Together != 1 || d.Figures.Apart != 0 {
		t.Errorf("%+v", d.Figures)
	}
	if part, _ := d.Gap(); part != len(matching.Cost{}) {
		t.Errorf("not proven from part %d on", part)
	}

	// One who has a place already draws the others there.
	o2 := newOffice(t)
	o2.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{first: 2}, 0, 0)
	o2.school("ZZEE00002X", "ZZIC00002X", opera, map[grade.Level]int{first: 2, third: 1}, 0, 0)
	elder = o2.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third, Household: household})
	o2.follow()
	o2.offer(elder, "ZZEE00002X")
	younger = o2.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: first, Household: household})
	declared := o2.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: first, SiblingAt: "ZZEE00002X"})
	d = o2.plan(officer, planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}})
	if schoolOf(t, d, younger) != "ZZEE00002X" || schoolOf(t, d, declared) != "ZZEE00002X" || len(d.Seated) != 2 {
		t.Errorf("%+v %+v", d.Seats, d.Seated)
	}
}

func TestAPlanHoldsToTheCeilingUnlessDerogated(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	// Of 20 pupils 4 are foreign: (6-4)/0.7 = 2.8, two may join.
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 5}, 20, 4)
	var all []uuid.UUID
	for range 4 {
		all = append(all, o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third}))
	}
	d := o.plan(ust, planning.Terms{})
	if d.Figures.Placed != 2 || len(d.Wants) != 1 || d.Wants[0].Room != 2 || len(d.Wants[0].Pupils) != 4 {
		t.Errorf("%+v %+v", d.Figures, d.Wants)
	}
	if len(d.Worth) != 1 || d.Worth[0].Cost[0] != 1 || d.Worth[0].School != "ZZEE00001X" {
		t.Errorf("one more place is worth %+v", d.Worth)
	}
	// One who joined since the class was described counts in it.
	o.follow()
	o.offer(all[0], "ZZEE00001X")
	if d := o.plan(ust, planning.Terms{}); d.Figures.Placed != 1 || d.Figures.Pupils != 3 {
		t.Errorf("%+v", d.Figures)
	}
	if d := o.plan(ust, planning.Terms{Derogations: []domain.School{"ZZEE00001X"}}); d.Figures.Placed != 3 {
		t.Errorf("%+v", d.Figures)
	}
	if _, err := o.draw(officer, planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}, Derogations: []domain.School{"ZZEE00001X"}}); !errors.Is(err, planning.ErrDerogation) {
		t.Errorf("a centre derogates: %v", err)
	}
}

func TestLocksDeclinesAndTheLastPlanBindANewOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 1}, 0, 0)
	o.school("ZZEE00002X", "ZZIC00002X", opera, map[grade.Level]int{third: 2}, 0, 0)
	a := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	b := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	terms := planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}}
	free := o.plan(officer, terms)
	near, away := a, b
	if schoolOf(t, free, b) == "ZZEE00001X" {
		near, away = b, a
	}
	r, err := o.desk.KeepPlan(t.Context(), desk.KeyedTicket(officer, "one"), planning.Draw{Act: o.desk.Act(officer), Plan: free})
	o.check(err)

	terms.Last = r.ID
	if d := o.plan(officer, terms); schoolOf(t, d, near) != "ZZEE00001X" {
		t.Error("with nothing new somebody moved")
	}
	terms.Locks = []planning.Lock{{Case: away, School: "ZZEE00001X"}}
	if d := o.plan(officer, terms); schoolOf(t, d, away) != "ZZEE00001X" || schoolOf(t, d, near) != "ZZEE00002X" {
		t.Errorf("%+v", d.Seats)
	}
	terms.Locks = []planning.Lock{{Case: a, School: "ZZEE00001X", Never: true}, {Case: b, School: "ZZEE00001X", Never: true}}
	if d := o.plan(officer, terms); schoolOf(t, d, a) != "ZZEE00002X" || schoolOf(t, d, b) != "ZZEE00002X" {
		t.Errorf("%+v", d.Seats)
	}
	terms.Locks = []planning.Lock{{Case: a, School: "ZZEE00001X", Never: true}, {Case: a, School: "ZZEE00001X"}}
	if _, err := o.draw(officer, terms); !errors.Is(err, planning.ErrLocks) {
		t.Errorf("locks that contradict each other: %v", err)
	}

	// A school that declined is not asked again until it declares anew.
	terms.Locks = nil
	o.follow()
	o.offer(near, "ZZEE00001X")
	o.decline(near)
	if d := o.plan(officer, terms); schoolOf(t, d, near) != "ZZEE00002X" || schoolOf(t, d, away) != "ZZEE00001X" {
		t.Errorf("%+v", d.Seats)
	}
}

func TestAScenarioSupposesAndTouchesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 2}, 0, 0)
	o.school("ZZEE00002X", "ZZIC00002X", legnano, map[grade.Level]int{third: 9, first: 9}, 20, 5)
	a := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	o.pupil("CTI-22", casefile.Facts{Comune: legnano, Level: third})
	placed := func(changes ...planning.Change) planning.Drawn { return o.plan(ust, planning.Terms{Changes: changes}) }
	if d := placed(); schoolOf(t, d, a) != "ZZEE00001X" || d.Figures.Placed != 2 || d.Supposes() {
		t.Fatalf("%+v", d.Figures)
	}
	for name, change := range map[string]planning.Change{
		"closed":   {Kind: planning.Shut, School: "ZZEE00001X"},
		"reserved": {Kind: planning.Reserve, School: "ZZEE00001X", Level: third, Number: 2},
	} {
		if d := placed(change); schoolOf(t, d, a) == "ZZEE00001X" {
			t.Errorf("%s: %+v", name, d.Seats)
		}
	}
	arrive := planning.Change{Kind: planning.Arrive, Comune: rozzano, Levels: []grade.Level{third, first}, Number: 3}
	d := placed(arrive)
	if d.Figures.Pupils != 8 || d.Figures.Together+d.Figures.Apart > 3 {
		t.Errorf("%+v", d.Figures)
	}
	more := placed(arrive, planning.Change{Kind: planning.Ceiling, Percent: 60}, planning.Change{Kind: planning.Add, School: "ZZEE00001X", Level: first, Number: 3})
	if more.Figures.Placed <= d.Figures.Placed || more.Figures.Placed != 8 {
		t.Errorf("%+v, and with a higher ceiling and more places %+v", d.Figures, more.Figures)
	}
	move := planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}, Changes: []planning.Change{{Kind: planning.Move, Comune: legnano, Centre: "CTI-21"}}}
	if d := o.plan(ust, move); d.Figures.Pupils != 2 {
		t.Errorf("a comune moved: %+v", d.Figures)
	}
	if _, err := o.draw(ust, planning.Terms{Changes: []planning.Change{{Kind: planning.Arrive, Comune: rozzano, Number: 3}}}); !errors.Is(err, planning.ErrChange) {
		t.Errorf("families without children: %v", err)
	}

	kept, err := o.desk.KeepPlan(t.Context(), desk.NewTicket(), planning.Draw{Act: o.desk.Act(ust), Plan: d})
	o.check(err)
	if _, err := o.desk.Offer(t.Context(), desk.NewTicket(), a, ust, desk.Placement{School: schoolOf(t, d, a), Level: third, Plan: kept.ID}); !errors.Is(err, planning.ErrSupposed) {
		t.Errorf("what is only supposed is offered: %v", err)
	}
}

func TestAPlanIsConfirmedByOrdinaryOffers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 2}, 0, 0)
	o.school("ZZEE00002X", "ZZIC00002X", legnano, map[grade.Level]int{third: 2}, 0, 0)
	a := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	o.pupil("CTI-22", casefile.Facts{Comune: legnano, Level: third})
	d := o.plan(officer, planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}})
	if len(d.Seats) != 1 {
		t.Fatalf("a centre plans for %d", len(d.Seats))
	}
	key := desk.KeyedTicket(officer, "a form")
	kept, err := o.desk.KeepPlan(t.Context(), key, planning.Draw{Act: o.desk.Act(officer), Plan: d})
	o.check(err)
	again, err := o.desk.KeepPlan(t.Context(), key, planning.Draw{Act: o.desk.Act(officer), Plan: d})
	o.check(err)
	if again.ID != kept.ID || !again.Duplicate {
		t.Errorf("one form makes two plans: %v, %v", kept, again)
	}
	for who, want := range map[domain.Actor]error{officer: nil, ust: nil, other: desk.ErrNoPlan, {Role: domain.RoleComune, Body: string(rozzano)}: access.ErrNotAllowed} {
		if _, err := o.desk.Plan(t.Context(), who, kept.ID); !errors.Is(err, want) {
			t.Errorf("%s %s reads a plan of CTI-21: %v", who.Role, who.Body, err)
		}
	}
	if _, err := o.draw(other, planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}}); !errors.Is(err, planning.ErrNotYours) {
		t.Errorf("a centre plans for another's: %v", err)
	}
	if _, err := o.draw(officer, planning.Terms{}); !errors.Is(err, planning.ErrNotYours) {
		t.Errorf("a centre plans for all: %v", err)
	}
	if _, err := o.desk.Offer(t.Context(), desk.NewTicket(), a, officer, desk.Placement{School: "ZZEE00002X", Level: third, Plan: kept.ID}); !errors.Is(err, desk.ErrNotPlanned) {
		t.Errorf("an offer names a plan that says otherwise: %v", err)
	}
	_, err = o.desk.Offer(t.Context(), desk.NewTicket(), a, officer, desk.Placement{School: schoolOf(t, d, a), Level: third, Plan: kept.ID})
	o.check(err)
	o.follow()
	o.check(o.views.Read(t.Context(), func(s *projections.Snapshot) error {
		made, err := plans.Offers(s, kept.ID)
		if err != nil || len(made) != 1 || made[0].Case != a || made[0].School != "ZZEE00001X" {
			t.Errorf("offers of the plan: %+v, %v", made, err)
		}
		for of, want := range map[domain.Centre]int{"": 1, "CTI-21": 1, "CTI-22": 0} {
			list, err := plans.List(s, of, 10)
			if err != nil || len(list) != want {
				t.Errorf("plans of %q: %d, %v", of, len(list), err)
			}
			if want == 1 && list[0].ID == kept.ID && list[0].Figures != d.Figures {
				t.Error(cmp.Diff(d.Figures, list[0].Figures))
			}
		}
		return nil
	}))
	// What came later changes nothing of the proof.
	o.holds(d)
	if _, err := o.draw(officer, planning.Terms{Scope: planning.Scope{Centre: "CTI-21"}}); !errors.Is(err, planning.ErrNobody) {
		t.Errorf("nobody waits any more: %v", err)
	}
}

// In offices of every kind all that holds of a plan holds, and what a confirmed plan leaves is planned again without it.
func TestEveryPlanHolds(t *testing.T) {
	t.Parallel()
	comuni := []domain.Comune{rozzano, opera, legnano, domain.Milano}
	for seed := range uint64(8) {
		o, r := newOffice(t), rand.New(rand.NewPCG(seed, 11))
		var sites []domain.School
		for i := range 6 {
			code := domain.School(fmt.Sprintf("ZZEE0000%dX", i))
			counted := r.IntN(2) * 20
			o.school(code, domain.Institution(fmt.Sprintf("ZZIC0000%dX", i/2)), comuni[r.IntN(4)], map[grade.Level]int{first: r.IntN(4), third: r.IntN(4)}, counted, counted*r.IntN(30)/100)
			sites = append(sites, code)
		}
		var ids []uuid.UUID
		for range 14 {
			f := casefile.Facts{Comune: comuni[r.IntN(4)], Level: []grade.Level{first, third}[r.IntN(2)]}
			if r.IntN(2) == 0 {
				f.Household = uuid.NewSHA1(uuid.Nil, []byte{byte(seed), byte(r.IntN(4))}).String()
			}
			if r.IntN(3) == 0 {
				f.Preferred = []domain.School{sites[r.IntN(6)]}
			}
			ids = append(ids, o.pupil([]domain.Centre{"CTI-21", "CTI-22"}[r.IntN(2)], f))
		}
		t1 := planning.Terms{Locks: []planning.Lock{{Case: ids[0], School: sites[0], Never: true}, {Case: ids[1], School: sites[1]}}}
		d := o.plan(ust, t1)
		kept, err := o.desk.KeepPlan(t.Context(), desk.NewTicket(), planning.Draw{Act: o.desk.Act(ust), Plan: d})
		o.check(err)
		for _, s := range d.Seats {
			if s.School != "" && r.IntN(2) == 0 {
				if _, err := o.desk.Offer(t.Context(), desk.NewTicket(), s.Case, ust, desk.Placement{School: s.School, Level: s.Level, Plan: kept.ID}); err != nil {
					t.Errorf("seed %d: a place of the plan is refused: %v", seed, err)
				}
			}
		}
		rest := o.plan(ust, planning.Terms{Last: kept.ID, Locks: t1.Locks})
		if rest.Figures.Placed > d.Figures.Placed {
			t.Errorf("seed %d: %d places after %d", seed, rest.Figures.Placed, d.Figures.Placed)
		}
		o.holds(d)
	}
}

func TestAPlanIsCancelled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 2}, 0, 0)
	o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	o.follow()
	land, err := o.desk.Territory(t.Context())
	o.check(err)
	terms := planning.Terms{Year: year}
	var w plans.Waiting
	o.check(o.views.Read(t.Context(), func(s *projections.Snapshot) (err error) {
		w, err = plans.Among(s, ust, land, terms, o.now)
		return err
	}))
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	_, err = plans.Draw(ctx, o.desk, o.board, ust, w, terms, func(done, total int) {
		if told++; done > total {
			t.Errorf("%d of %d", done, total)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) || told == 0 {
		t.Errorf("%v after %d times", err, told)
	}
}

// ranked puts schools in order for a case, by the last plan that there was by an instant.
func (o *office) ranked(a domain.Actor, id uuid.UUID, at time.Time) []matching.Ranked {
	o.Helper()
	ctx, _ := reading.NewContext(o.Context())
	f, err := o.desk.Case(ctx, a, id)
	o.check(err)
	if !at.IsZero() {
		f, err = f.AsOf(at)
		o.check(err)
	}
	last, err := plans.Last(ctx, o.views, o.desk, f.State, at)
	o.check(err)
	r, err := ranking.Of(ctx, o.desk, o.board, f, nil, last, at)
	o.check(err)
	return r.Schools
}

func reasonOf(r matching.Ranked, code matching.ReasonCode) (matching.Reason, bool) {
	i := slices.IndexFunc(r.Reasons, func(x matching.Reason) bool { return x.Code == code })
	if i < 0 {
		return matching.Reason{}, false
	}
	return r.Reasons[i], true
}

// A place near the newcomer is the only one that another can have: by the last plan it is left to that one.
func TestWhoComesFirstLeavesThePlaceThatAnotherNeeds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 1}, 0, 0)
	o.school("ZZEE00002X", "ZZIC00002X", opera, map[grade.Level]int{third: 1}, 0, 0)
	needs := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	o.follow()
	o.offer(needs, "ZZEE00002X")
	o.decline(needs)
	free := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	o.follow()
	before := o.now
	if r := o.ranked(officer, free, time.Time{}); r[0].School != "ZZEE00001X" {
		t.Fatalf("without a plan the first is %s", r[0].School)
	}
	keep := func(t1 planning.Terms) {
		o.Helper()
		d := o.plan(ust, t1)
		_, err := o.desk.KeepPlan(t.Context(), desk.NewTicket(), planning.Draw{Act: o.desk.Act(ust), Plan: d})
		o.check(err)
		o.follow()
	}
	keep(planning.Terms{Changes: []planning.Change{{Kind: planning.Shut, School: "ZZEE00002X"}}})
	if r := o.ranked(officer, free, time.Time{}); r[0].School != "ZZEE00001X" {
		t.Error("what is only supposed has prices")
	}
	keep(planning.Terms{})
	// A third pupil wants the place, too.
	o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	keep(planning.Terms{})
	all := o.ranked(officer, free, time.Time{})
	by := map[domain.School]matching.Ranked{}
	for _, r := range all {
		by[r.School] = r
	}
	if r, needed := reasonOf(by["ZZEE00001X"], matching.ReasonNeeded); !needed || r.Metres <= 0 || all[0].School != "ZZEE00002X" {
		t.Errorf("the place that another needs comes first: %+v", all)
	}
	if _, planned := reasonOf(by["ZZEE00001X"], matching.ReasonPlanned); planned {
		t.Error("two are planned for one place")
	}
	if r := o.ranked(officer, needs, time.Time{}); r[0].School != "ZZEE00001X" {
		t.Error("who needs the place does not get it")
	} else if _, planned := reasonOf(r[0], matching.ReasonPlanned); !planned {
		t.Errorf("not said to be planned: %+v", r[0].Reasons)
	}
	if r := o.ranked(officer, free, before); r[0].School != "ZZEE00001X" {
		t.Error("a plan of later tells of the time before")
	}
	land, err := o.desk.Territory(t.Context())
	o.check(err)
	o.now = o.now.AddDate(0, 0, land.WeightsOn(domain.DateOf(o.now)).StaleDays+2)
	if r := o.ranked(officer, free, time.Time{}); r[0].School != "ZZEE00001X" {
		t.Error("the prices of an old plan count")
	}
}

func TestWhatComesFirstInAPlanIsNotGivenForWhatComesLater(t *testing.T) {
	t.Parallel()
	one := map[grade.Level]int{third: 1}
	in := func(c domain.Comune) casefile.Facts { return casefile.Facts{Comune: c, Level: third} }
	t.Run("an officer's word before urgency", func(t *testing.T) {
		o := newOffice(t)
		o.school("ZZEE00001X", "ZZIC00001X", rozzano, one, 0, 0)
		bound := o.pupil("CTI-21", in(rozzano))
		urgent := o.pupil("CTI-21", in(rozzano))
		o.add(urgent, casefile.ClockExpired{Clock: casefile.ClockFirstOffer, Due: o.now, To: domain.RoleUST})
		if d := o.plan(ust, planning.Terms{}); schoolOf(t, d, urgent) == "" || schoolOf(t, d, bound) != "" {
			t.Errorf("who is urgent waits: %+v", d.Seats)
		}
		if d := o.plan(ust, planning.Terms{Locks: []planning.Lock{{Case: bound, School: "ZZEE00001X"}}}); schoolOf(t, d, bound) == "" {
			t.Errorf("the lock gave way: %+v", d.Seats)
		}
	})
	t.Run("one who went up before one who was declined", func(t *testing.T) {
		o := newOffice(t)
		o.school("ZZEE00001X", "ZZIC00001X", rozzano, one, 0, 0)
		o.school("ZZEE00002X", "ZZIC00002X", legnano, map[grade.Level]int{third: 2}, 0, 0)
		declined := o.pupil("CTI-21", in(rozzano))
		o.follow()
		o.offer(declined, "ZZEE00002X")
		o.decline(declined)
		up := o.pupil("CTI-21", in(rozzano))
		o.add(up, casefile.ClockExpired{Clock: casefile.ClockFirstOffer, Due: o.now, To: domain.RoleUST})
		shut := planning.Terms{Changes: []planning.Change{{Kind: planning.Reserve, School: "ZZEE00002X", Level: third, Number: 2}}}
		if d := o.plan(ust, shut); schoolOf(t, d, up) != "ZZEE00001X" {
			t.Errorf("%+v", d.Seats)
		}
		// Alone with a school that declined, a pupil has no choice.
		if d := o.plan(ust, planning.Terms{Changes: []planning.Change{{Kind: planning.Shut, School: "ZZEE00001X"}}}); schoolOf(t, d, declined) != "" {
			t.Error("a school is asked again that has declined")
		}
	})
	t.Run("fewer ways too long before less of way", func(t *testing.T) {
		o := newOffice(t)
		land, err := o.desk.Territory(t.Context())
		o.check(err)
		limit := land.WeightsOn(domain.DateOf(o.now)).Far
		way := func(a, b territory.Comune) int {
			return territory.Spot{Lat: a.Lat, Lon: a.Lon}.Metres(territory.Spot{Lat: b.Lat, Lon: b.Lon})
		}
		far := func(ways ...int) (n int) {
			for _, w := range ways {
				if w > limit {
					n++
				}
			}
			return n
		}
		comuni := land.Comuni()[:25]
		for _, p := range comuni {
			for _, q := range comuni {
				for _, x := range comuni {
					for _, y := range comuni {
						px, py, qx, qy := way(p, x), way(p, y), way(q, x), way(q, y)
						if min(px, py, qx, qy) < 2000 || px+qy+1000 > py+qx || far(px, qy) <= far(py, qx) {
							continue
						}
						o.school("ZZEE00001X", "ZZIC00001X", x.Code, one, 0, 0)
						o.school("ZZEE00002X", "ZZIC00002X", y.Code, one, 0, 0)
						o.pupil("CTI-21", in(p.Code))
						o.pupil("CTI-21", in(q.Code))
						if d := o.plan(ust, planning.Terms{}); d.Figures.Far != far(py, qx) || d.Figures.Metres != py+qx {
							t.Errorf("%+v, for ways of %d and %d instead of %d and %d", d.Figures, py, qx, px, qy)
						}
						return
					}
				}
			}
		}
		t.Error("no four comuni to tell by")
	})
	t.Run("schools alike are filled alike", func(t *testing.T) {
		o := newOffice(t)
		o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 4}, 0, 0)
		o.school("ZZEE00002X", "ZZIC00002X", rozzano, map[grade.Level]int{third: 4}, 0, 0)
		at := map[domain.School]int{}
		for range 4 {
			o.pupil("CTI-21", in(rozzano))
		}
		for _, s := range o.plan(ust, planning.Terms{}).Seats {
			at[s.School]++
		}
		if at["ZZEE00001X"] != 2 || at["ZZEE00002X"] != 2 {
			t.Error(at)
		}
	})
	t.Run("nobody is planned where placement is suspended", func(t *testing.T) {
		o := newOffice(t)
		o.school("ZZEE00001X", "ZZIC00001X", rozzano, one, 0, 0)
		o.pupil("CTI-21", in(rozzano))
		there := o.pupil("CTI-21", in(opera))
		_, err := o.desk.EditTerritory(t.Context(), desk.NewTicket(), territory.Suspend{Act: o.desk.Act(ust), Kind: territory.Placement,
			Scope: territory.Scope{Comuni: []domain.Comune{rozzano}}, From: o.now, Reason: "Prova"})
		o.check(err)
		if d := o.plan(ust, planning.Terms{}); d.Figures.Pupils != 1 || schoolOf(t, d, there) == "" {
			t.Errorf("%+v", d.Seats)
		}
	})
}

// Rozzano and Opera are of one centre, Legnano of another.
func TestCasesOfAFullZoneAreProposedToItsNeighbour(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	land, err := o.desk.Territory(t.Context())
	o.check(err)
	centreOf := func(c domain.Comune) domain.Centre {
		r, err := land.Route(c, 0, "", grade.Primaria, domain.DateOf(o.now))
		o.check(err)
		return r.Centre
	}
	south, north := centreOf(rozzano), centreOf(legnano)
	if south == north || centreOf(opera) != south {
		t.Fatalf("centres of %s and %s", south, north)
	}
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 1, first: 2}, 0, 0)
	o.school("ZZEE00002X", "ZZIC00002X", legnano, map[grade.Level]int{third: 4, first: 1}, 0, 0)
	for range 3 {
		o.pupil(south, casefile.Facts{Comune: opera, Level: third})
	}
	o.pupil(north, casefile.Facts{Comune: legnano, Level: third})
	o.pupil(south, casefile.Facts{Comune: legnano, Level: first}) // lives near the other zone, whose own is not full
	d := o.plan(ust, planning.Terms{})
	zones, crossings, err := plans.Zones(t.Context(), o.desk, o.board, d)
	o.check(err)
	want := []plans.Zone{{Centre: north, Pupils: 1, Here: 1, Spare: 1}, {Centre: south, Pupils: 4, Here: 1, Away: 3, Spare: 2}}
	slices.SortFunc(want, func(a, b plans.Zone) int { return strings.Compare(string(a.Centre), string(b.Centre)) })
	zones = slices.DeleteFunc(zones, func(z plans.Zone) bool { return z.Pupils == 0 && z.Spare == 0 })
	if diff := cmp.Diff(want, zones); diff != "" {
		t.Error(diff)
	}
	if len(crossings) != 1 || crossings[0].From != south || crossings[0].To != north || len(crossings[0].Seats) != 2 || crossings[0].Spare != 1 {
		t.Errorf("%+v", crossings)
	}
}

// A full school near by would save more way than one farther off with a place; one that never declared is not asked, nor one at its ceiling.
func TestAPlanSaysWhereToAskForAPlace(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 1}, 0, 0)
	o.school("ZZEE00002X", "ZZIC00002X", legnano, map[grade.Level]int{third: 5}, 0, 0)
	o.school("ZZEE00003X", "ZZIC00003X", opera, nil, 0, 0)
	o.school("ZZEE00004X", "ZZIC00004X", opera, map[grade.Level]int{third: 5}, 20, 6)
	first := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	o.follow()
	o.offer(first, "ZZEE00001X")
	waits := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	d := o.plan(ust, planning.Terms{})
	if schoolOf(t, d, waits) != "ZZEE00002X" {
		t.Fatalf("%+v", d.Seats)
	}
	if len(d.Worth) != 1 || d.Worth[0].School != "ZZEE00001X" || d.Worth[0].Cost[1] != 1 && d.Unit.Metres(d.Worth[0].Cost) <= 0 {
		t.Errorf("one more place is worth %+v", d.Worth)
	}
	more := o.plan(ust, planning.Terms{Changes: []planning.Change{{Kind: planning.Add, School: "ZZEE00001X", Level: third, Number: 1}}})
	if schoolOf(t, more, waits) != "ZZEE00001X" {
		t.Errorf("with one more place: %+v", more.Seats)
	}
	asked := o.plan(ust, planning.Terms{Changes: []planning.Change{{Kind: planning.Add, School: "ZZEE00003X", Level: third, Number: 1}}})
	if schoolOf(t, asked, waits) != "ZZEE00003X" {
		t.Errorf("with a place where none was declared: %+v", asked.Seats)
	}
	above := o.plan(ust, planning.Terms{Changes: []planning.Change{{Kind: planning.Ceiling, School: "ZZEE00004X", Percent: 40}}})
	if schoolOf(t, above, waits) != "ZZEE00004X" {
		t.Errorf("with another ceiling: %+v", above.Seats)
	}
	// Where nobody has a place, the plan says whom to ask.
	o2 := newOffice(t)
	o2.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 1}, 0, 0)
	first = o2.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	o2.follow()
	o2.offer(first, "ZZEE00001X")
	o2.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
	if d := o2.plan(ust, planning.Terms{}); d.Figures.Placed != 0 || len(d.Worth) != 1 || d.Worth[0].Cost[0] != 1 || len(d.Wants) != 1 || d.Wants[0].Room != 0 {
		t.Errorf("%+v, worth %+v, wanted %+v", d.Figures, d.Worth, d.Wants)
	}
}

// What is supposed is ranked as if it were so: neither as a full school, nor above the ceiling, nor as one that never declared.
func TestWhatAScenarioSupposesIsNotHeldAgainstASchool(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]planning.Change{
		"a place where none is left":         {Kind: planning.Add, School: "ZZEE00001X", Level: third, Number: 1},
		"a place where none was declared":    {Kind: planning.Add, School: "ZZEE00003X", Level: third, Number: 1},
		"a ceiling under which one may join": {Kind: planning.Ceiling, School: "ZZEE00004X", Percent: 60},
	} {
		o := newOffice(t)
		o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 1}, 0, 0)
		o.school("ZZEE00002X", "ZZIC00002X", opera, map[grade.Level]int{third: 5}, 0, 0)
		o.school("ZZEE00003X", "ZZIC00003X", rozzano, nil, 0, 0)
		o.school("ZZEE00004X", "ZZIC00004X", rozzano, map[grade.Level]int{third: 5}, 20, 8)
		first := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
		o.follow()
		o.offer(first, "ZZEE00001X")
		waits := o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third})
		if d := o.plan(ust, planning.Terms{}); schoolOf(t, d, waits) != "ZZEE00002X" {
			t.Fatalf("with nothing supposed: %+v", d.Seats)
		}
		if d := o.plan(ust, planning.Terms{Changes: []planning.Change{change}}); schoolOf(t, d, waits) != change.School {
			t.Errorf("%s: %+v", name, d.Seats)
		}
	}
}

func TestTheCeilingCountsWhoJoinedSinceARegisterCounted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.school("ZZEE00001X", "ZZIC00001X", rozzano, map[grade.Level]int{third: 5}, 0, 0)
	act := o.desk.Act(domain.System)
	_, err := event.Execute(t.Context(), o.store, o.codec, territory.SchoolDecider, territory.SchoolStream("ZZEE00001X"), territory.SchoolCommand(territory.CountSchool{Act: act, Year: year,
		Source: "Prova", Counts: []territory.Count{{Grade: 3, Classes: 1, Pupils: 20, Foreign: 4, ForeignKnown: true}}}), event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At})
	o.check(err)
	var all []uuid.UUID
	for range 4 {
		all = append(all, o.pupil("CTI-21", casefile.Facts{Comune: rozzano, Level: third}))
	}
	for left := 2; left >= 0; left-- {
		d := o.plan(ust, planning.Terms{})
		if d.Figures.Placed != left {
			t.Fatalf("%d placed where %d may join", d.Figures.Placed, left)
		}
		o.follow()
		o.offer(all[left], "ZZEE00001X")
	}
}
