package replay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/policy"
	"approdo/domain/territory"
	"approdo/projections/replay"
)

const (
	year domain.SchoolYear = 2021
	home domain.Comune     = "015118" // Legnano
	hour                   = time.Hour
)

var (
	officer = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000002"), Role: domain.RoleUST}
	first   = grade.Level{Order: grade.Primaria, Year: 1}
	third   = grade.Level{Order: grade.Primaria, Year: 3}
	fifth   = grade.Level{Order: grade.Primaria, Year: 5}
)

// on is an hour of a day of April 2022 in Rome.
func on(day, hour int) time.Time {
	return time.Date(2022, time.April, day, hour, 0, 0, 0, domain.Rome).UTC()
}

// april is a journal in which somebody does something at an instant.
type april struct {
	*testing.T
	store *memory.Store
	codec *event.Codec
	desk  *desk.Desk
	now   time.Time
}

func newApril(t *testing.T) *april {
	t.Helper()
	a := &april{T: t, store: memory.New(), codec: event.NewCodec(sealtest.New(), casefile.Events, places.Events, territory.Events, territory.SchoolEvents), now: on(1, 9)}
	a.desk = desk.New(a.store, a.codec, func() time.Time { return a.now }, territory.Province015)
	_, err := a.desk.EditTerritory(t.Context(), desk.NewTicket(), territory.Found{Act: a.desk.Act(domain.System), Province: territory.Province015, Register: territory.Shipped()})
	a.check(err)
	return a
}

func (a *april) check(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *april) origin() event.Origin {
	return event.Origin{ID: uuid.Must(uuid.NewV7()), By: domain.System, At: a.now}
}

// school is so many hundredths of a degree north of the middle of home, 1,112 m each.
func (a *april) school(code domain.School, of domain.Institution, north float64, free map[grade.Level]int) {
	a.Helper()
	at := slices.IndexFunc(territory.Shipped().Comuni, func(c territory.Comune) bool { return c.Code == home })
	middle := territory.Shipped().Comuni[at]
	act := a.desk.Act(domain.System)
	for _, c := range []territory.SchoolCommand{
		territory.ListSchool{Act: act, Year: year, School: territory.School{Code: code, Institution: of, Name: "Primaria di prova", InstitutionName: "Istituto di prova",
			Comune: home, Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary, Management: territory.StateRun}},
		territory.LocateSchool{Act: act, Lat: middle.Lat + north/100, Lon: middle.Lon, Source: "prova"},
	} {
		_, err := event.Execute(a.Context(), a.store, a.codec, territory.SchoolDecider, territory.SchoolStream(code), c, a.origin())
		a.check(err)
	}
	for l, n := range free {
		a.declares(code, of, l, n, 0, 0)
	}
}

// declares says what a school has free in a class of n pupils, f of them foreign; 0 and 0: not told.
func (a *april) declares(code domain.School, of domain.Institution, l grade.Level, free, n, f int) {
	a.Helper()
	by := domain.Act{By: domain.Actor{Role: domain.RoleSchool, Body: string(of)}, At: a.now}
	_, err := a.desk.DeclarePlaces(a.Context(), desk.NewTicket(), code, year, places.Declare{Act: by, Level: l, Free: free, Pupils: n, Foreign: f})
	a.check(err)
}

func caseOf(name string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte("pupil "+name)) }

func offerOf(name string, school domain.School) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, []byte("offer "+name+string(school)))
}

// events writes what happened to a pupil, and has the places follow.
func (a *april) events(name string, events ...casefile.Event) {
	a.Helper()
	stream := casefile.Stream(caseOf(name))
	last := event.Revision(-1)
	for r, err := range a.store.ReadStream(a.Context(), stream, event.ReadStream{}) {
		a.check(err)
		last = r.Revision
	}
	expected := event.Expected(last)
	var drafts []event.Draft
	for i, e := range events {
		d, err := a.codec.Encode(a.Context(), stream, last+1+event.Revision(i), uuid.Must(uuid.NewV7()), e, event.Meta{Actor: officer, At: a.now})
		a.check(err)
		drafts = append(drafts, d)
	}
	_, err := a.store.Append(a.Context(), event.Append{Stream: stream, Expected: expected, Events: drafts})
	a.check(err)
	react := policy.PlacesFollowCase(a.store, a.codec)
	for r, err := range a.store.ReadStream(a.Context(), stream, event.ReadStream{From: last + 1}) {
		a.check(err)
		a.check(react.React(a.Context(), r))
	}
}

func (a *april) charged(name, household string, l grade.Level) {
	a.Helper()
	f := casefile.Facts{Comune: home, SchoolYear: year, Level: l, Sex: casefile.Female}
	if household != "" {
		f.Household = caseOf(household).String()
	}
	a.events(name, casefile.RequestRecorded{Channel: domain.ChannelComune, On: domain.DateOf(a.now), At: a.now, Facts: f},
		casefile.Routed{Centre: "CTI-21", Policy: "1", At: a.now, Terms: casefile.Terms{FirstOffer: a.now.AddDate(0, 0, 30), FirstDay: a.now.AddDate(0, 0, 40)}},
		casefile.ChargeTaken{Centre: "CTI-21", At: a.now})
}

func (a *april) offered(name string, school domain.School, of domain.Institution, l grade.Level) {
	a.Helper()
	hold := places.Hold{Act: domain.Act{By: officer, At: a.now}, Offer: offerOf(name, school), Case: caseOf(name), Level: l}
	_, err := event.Execute(a.Context(), a.store, a.codec, places.Decider, places.Stream(school, year), places.Command(hold), a.origin())
	a.check(err)
	a.events(name, casefile.PlaceOffered{Offer: offerOf(name, school), School: school, Institution: of, Level: l, Due: a.now.AddDate(0, 0, 5), At: a.now})
}

func (a *april) accepted(name string, school domain.School, of domain.Institution, l grade.Level) {
	a.Helper()
	a.events(name, casefile.OfferAccepted{Offer: offerOf(name, school), School: school, Institution: of, Level: l, On: domain.DateOf(a.now), At: a.now})
}

// act is what somebody does at an instant.
type act struct {
	at time.Time
	do func(*april)
}

// schools are three: P at the door for the first grade, Q at 1.1 km for the third, R at 2.2 km for both.
func schools(a *april) {
	a.Helper()
	a.school("MIEE80001P", "MIIC80001P", 0, map[grade.Level]int{first: 2})
	a.school("MIEE80002Q", "MIIC80002Q", 1, map[grade.Level]int{third: 1})
	a.school("MIEE80003R", "MIIC80003R", 2, map[grade.Level]int{first: 1, third: 1})
}

// lives are those of two siblings, Anna and Boris, whom the officers place at the nearest schools and so apart; of Carla, who enrols in P by
// herself; of Dario and Elena, to whom nobody offers anything, and of whom Dario leaves; and of one who is Carla once more.
func lives() []act {
	return []act{
		{on(4, 9), func(a *april) {
			a.events("carla", casefile.AutonomousEnrolmentRecorded{School: "MIEE80001P", Institution: "MIIC80001P", Enrolment: offerOf("carla", ""), On: domain.DateOf(a.now),
				At: a.now, Facts: casefile.Facts{Comune: home, SchoolYear: year, Level: first, Sex: casefile.Female}})
		}},
		{on(5, 10), func(a *april) { a.charged("anna", "anna", first) }},
		{on(5, 10), func(a *april) { a.charged("boris", "anna", third) }},
		{on(6, 10), func(a *april) { a.offered("anna", "MIEE80001P", "MIIC80001P", first) }},
		{on(6, 10), func(a *april) { a.offered("boris", "MIEE80002Q", "MIIC80002Q", third) }},
		{on(8, 10), func(a *april) { a.accepted("anna", "MIEE80001P", "MIIC80001P", first) }},
		{on(8, 10), func(a *april) { a.accepted("boris", "MIEE80002Q", "MIIC80002Q", third) }},
		{on(12, 10), func(a *april) { a.charged("dario", "", first) }},
		{on(12, 10), func(a *april) { a.charged("carla again", "", third) }},
		{on(21, 10), func(a *april) {
			a.events("dario", casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(a.now)})
		}},
		{on(21, 10), func(a *april) { a.events("carla again", casefile.CaseMerged{Into: caseOf("carla")}) }},
		{on(22, 10), func(a *april) { a.charged("elena", "", first) }},
		{on(28, 10), func(a *april) { a.events("elena", casefile.NoteAdded{}) }},
	}
}

func (a *april) live(acts []act) {
	a.Helper()
	for _, x := range acts {
		a.now = x.at
		x.do(a)
	}
}

func (a *april) config() replay.Config {
	return replay.Config{Store: a.store, Codec: a.codec, Every: 7, Seed: 1}
}

func (a *april) replayed(c replay.Config) replay.Report {
	a.Helper()
	r, err := replay.Run(a.Context(), c)
	a.check(err)
	return r
}

func TestAReplayCountsWhatAHandCounts(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	schools(a)
	a.live(lives())
	got := a.replayed(a.config())
	// On the 11th Anna and Boris go to R together, 2.2 km each; on the 18th Dario goes to P, where Carla sits, and her second request to Q; on the
	// 25th Elena has the place that Dario left. All is answered after the two days that both schools took.
	plans := replay.Column{
		Plans: 3, Proven: 3, Placed: 4, Together: 1, Twice: 1,
		Ways:  replay.Spread[int]{Mean: 1_100, Median: 0, P90: 2_200},
		Waits: replay.Spread[time.Duration]{Mean: 7*24*hour + 4*hour, Median: 7*24*hour + 22*hour, P90: 7*24*hour + 22*hour},
		Both:  replay.Both{Pupils: 2, Ways: 2_200, OfficersWays: 550, Waits: 7*24*hour + 22*hour, OfficersWaits: 3 * 24 * hour},
	}
	want := replay.Report{
		From: domain.DateOf(on(4, 9)), To: domain.DateOf(on(28, 10)), Every: 7, Answer: 2 * 24 * hour, Answered: 2,
		Officers: replay.Column{
			Placed: 2, Apart: 1, Waiting: 1,
			Ways:  replay.Spread[int]{Mean: 550, Median: 0, P90: 1_100},
			Waits: replay.Spread[time.Duration]{Mean: 3 * 24 * hour, Median: 3 * 24 * hour, P90: 3 * 24 * hour},
			Both:  replay.Both{Pupils: 2, Ways: 550, OfficersWays: 550, Waits: 3 * 24 * hour, OfficersWaits: 3 * 24 * hour},
		},
		Plans: plans, Declined: plans, Free: plans, // nobody declined, nothing was counted, and no place was declared later
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatWasOfferedBeforeTheFirstDayStaysAsItWas(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	schools(a)
	acts := append(lives(), act{on(13, 10), func(a *april) { a.offered("dario", "MIEE80003R", "MIIC80003R", first) }},
		act{on(15, 10), func(a *april) { a.accepted("dario", "MIEE80003R", "MIIC80003R", first) }})
	slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
	a.live(acts)
	c := a.config()
	c.From = domain.DateOf(on(7, 9))
	got := a.replayed(c)
	// P and Q are full with Carla, Anna and Boris: Dario and the second request go to R, Dario leaves it to Elena.
	if got.Officers.Placed != 1 || got.Officers.Ways.Mean != 2_200 || got.Officers.Waiting != 1 {
		t.Errorf("officers: %+v", got.Officers)
	}
	if p := got.Plans; p.Placed != 2 || p.Ways.Mean != 2_200 || p.Twice != 1 || p.Waiting != 0 || p.Together+p.Apart != 0 {
		t.Errorf("plans: %+v", p)
	}
	c.To = domain.DateOf(on(14, 9))
	if _, err := replay.Run(t.Context(), c); !errors.Is(err, replay.ErrNothing) {
		t.Errorf("without an answer: %v", err)
	}
}

func TestTheOrderOfOneInstantChangesNothing(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	schools(a)
	a.live(lives())
	b := newApril(t)
	schools(b)
	acts := lives()
	slices.Reverse(acts)
	slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
	b.live(acts)
	if d := cmp.Diff(a.replayed(a.config()), b.replayed(b.config())); d != "" {
		t.Error(d)
	}
}

func TestProposalsAreDeclinedAsOffersWere(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	schools(a)
	acts := append(lives(), act{on(5, 11), func(a *april) { a.offered("anna", "MIEE80003R", "MIIC80003R", first) }}, act{on(5, 17), func(a *april) {
		a.events("anna", casefile.OfferDeclined{Offer: offerOf("anna", "MIEE80003R"), School: "MIEE80003R", Reason: "no-places-in-class", At: a.now})
	}})
	slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
	a.live(acts)
	plans, slower, placed := map[string]bool{}, 0, map[int]bool{}
	for seed := range uint64(24) {
		c := a.config()
		c.Seed = seed
		r := a.replayed(c)
		if d := cmp.Diff(r, a.replayed(c)); d != "" {
			t.Fatal("the same seed draws something else", d)
		}
		if r.Refused != 1 || r.Answered != 3 || r.Answer != 2*24*hour {
			t.Fatalf("answers: %+v", r)
		}
		plans[fmt.Sprint(r.Plans)] = true
		placed[r.Declined.Placed] = true
		if r.Declined.Waits.Mean > r.Plans.Waits.Mean {
			slower++
		}
	}
	if len(plans) != 1 {
		t.Error("plans that nobody declines depend on the seed")
	}
	if slower == 0 || slower == 24 || len(placed) < 2 {
		t.Errorf("of 24 seeds %d let pupils wait longer, and so many are placed: %v", slower, placed)
	}
}

func TestABrotherWhoComesLaterGoesWhereTheSisterIs(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	schools(a)
	a.school("MIEE80001S", "MIIC80001P", 3, map[grade.Level]int{third: 1}) // P's other site, farther than Q
	a.live([]act{
		{on(5, 10), func(a *april) { a.charged("anna", "anna", first) }},
		{on(5, 10), func(a *april) { a.charged("dario", "", first) }},
		{on(6, 10), func(a *april) {
			a.events("anna", casefile.HandedOver{From: "CTI-21", To: "CTI-22", Reason: "agreed", At: a.now})
		}},
		{on(7, 10), func(a *april) { a.events("anna", casefile.ChargeTaken{Centre: "CTI-22", At: a.now}) }},
		{on(12, 9), func(a *april) {
			a.events("dario", casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(a.now)})
		}}, // and no school had answered
		{on(13, 10), func(a *april) { a.offered("anna", "MIEE80001P", "MIIC80001P", first) }},
		{on(14, 10), func(a *april) { a.charged("boris", "anna", third) }},
		{on(15, 10), func(a *april) { a.accepted("anna", "MIEE80001P", "MIIC80001P", first) }},
		{on(20, 10), func(a *april) { a.events("anna", casefile.NoteAdded{}) }},
	})
	got := a.replayed(a.config())
	if p := got.Plans; p.Placed != 2 || p.Together != 1 || p.Apart != 0 || p.Ways.P90 != 3_300 || p.Ways.Mean != 1_650 {
		t.Errorf("plans: %+v", p)
	}
	if o := got.Officers; o.Placed != 1 || o.Together+o.Apart != 0 || o.Waiting != 1 || o.Waits.Mean != 10*24*hour { // from the first charge
		t.Errorf("officers: %+v", o)
	}
}

func TestASchoolThatDeclinedIsProposedAgainWhenItDeclaresAnew(t *testing.T) {
	t.Parallel()
	const answer, never = 6 * hour, 0 // the lesser of two is their median
	early, late := 5*24*hour+22*hour+answer, 12*24*hour+22*hour+answer
	for _, anew := range []bool{false, true} {
		a := newApril(t)
		schools(a) // of which one has a place for Gleb
		a.school("MIEE80001T", "MIIC80001T", 0, map[grade.Level]int{fifth: 1})
		acts := []act{
			{on(5, 10), func(a *april) { a.charged("anna", "", first) }},
			{on(5, 10), func(a *april) { a.charged("gleb", "", fifth) }},
			{on(5, 11), func(a *april) { a.offered("anna", "MIEE80003R", "MIIC80003R", first) }},
			{on(5, 17), func(a *april) {
				a.events("anna", casefile.OfferDeclined{Offer: offerOf("anna", "MIEE80003R"), School: "MIEE80003R", Reason: "no-places-in-class", At: a.now})
			}},
			{on(6, 10), func(a *april) { a.offered("anna", "MIEE80001P", "MIIC80001P", first) }},
			{on(8, 10), func(a *april) { a.accepted("anna", "MIEE80001P", "MIIC80001P", first) }},
			{on(9, 10), func(a *april) {
				a.events("anna", casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(a.now)})
			}},
			{on(28, 10), func(a *april) { a.events("gleb", casefile.NoteAdded{}) }},
		}
		if anew {
			acts = slices.Insert(acts, 7, act{on(15, 10), func(a *april) { a.declares("MIEE80001T", "MIIC80001T", fifth, 1, 0, 0) }})
		}
		a.live(acts)
		seen := map[time.Duration]bool{}
		for seed := range uint64(24) {
			c := a.config()
			c.Seed = seed
			r := a.replayed(c)
			if r.Declined.Placed+r.Declined.Waiting != 1 {
				t.Fatalf("of one pupil: %+v", r.Declined)
			}
			seen[r.Declined.Waits.Mean] = true
		}
		if !seen[early] || !seen[never] || seen[late] != anew || len(seen) > 3 {
			t.Errorf("declared anew %v: Gleb waits %v", anew, seen)
		}
	}
}

func TestWhoIsAsFreeAsTheOfficersPassesTheCeilingAndAsks(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	a.school("MIEE80001P", "MIIC80001P", 0, nil)
	a.declares("MIEE80001P", "MIIC80001P", first, 2, 20, 10) // half of the class: above any ceiling, which counts for three kilometres
	a.school("MIEE80002Q", "MIIC80002Q", 1, nil)
	a.school("MIEE80003R", "MIIC80003R", 4, map[grade.Level]int{first: 1})
	a.live([]act{
		{on(5, 10), func(a *april) { a.charged("anna", "", first) }},
		{on(5, 10), func(a *april) { a.charged("gleb", "", fifth) }},
		{on(6, 10), func(a *april) { a.offered("anna", "MIEE80001P", "MIIC80001P", first) }},
		{on(8, 10), func(a *april) { a.accepted("anna", "MIEE80001P", "MIIC80001P", first) }},
		{on(12, 10), func(a *april) { a.declares("MIEE80002Q", "MIIC80002Q", fifth, 1, 0, 0) }},
		{on(13, 10), func(a *april) { a.offered("gleb", "MIEE80002Q", "MIIC80002Q", fifth) }},
		{on(15, 10), func(a *april) { a.accepted("gleb", "MIEE80002Q", "MIIC80002Q", fifth) }},
		{on(22, 10), func(a *april) { a.events("gleb", casefile.NoteAdded{}) }},
	})
	got := a.replayed(a.config())
	wait := func(day int) time.Duration { return on(day, 8).Sub(on(5, 10)) }
	for _, x := range []struct {
		name       string
		got        replay.Column
		over, mean int
		longest    time.Duration
	}{
		{"officers", got.Officers, 1, 550, 10 * 24 * hour},
		{"plans", got.Plans, 0, 2_750, wait(20)}, // Anna at R; Gleb a week later
		{"free", got.Free, 1, 550, wait(13)},
	} {
		if x.got.Placed != 2 || x.got.Over != x.over || x.got.Ways.Mean != x.mean || x.got.Waits.P90 != x.longest {
			t.Errorf("%s: %+v", x.name, x.got)
		}
	}
}

func TestPlansWaitForWhomNobodyMayOfferAPlace(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	schools(a)
	prefettura := domain.Actor{Account: officer.Account, Role: domain.RolePrefettura}
	a.live([]act{
		{on(5, 10), func(a *april) { a.charged("anna", "", first) }},
		{on(5, 10), func(a *april) { a.charged("boris", "", third) }},
		{on(5, 10), func(a *april) { a.charged("dario", "", third) }},
		{on(5, 10), func(a *april) { a.charged("elena", "", first) }},
		{on(6, 10), func(a *april) { a.offered("dario", "MIEE80003R", "MIIC80003R", third) }},
		{on(7, 10), func(a *april) {
			a.events("elena", casefile.CaseClosed{Reason: "untraceable", On: domain.DateOf(a.now)})
		}},
		{on(8, 10), func(a *april) { a.accepted("dario", "MIEE80003R", "MIIC80003R", third) }},
		{on(9, 10), func(a *april) {
			a.events("dario", casefile.AcceptanceTakenBack{Offer: offerOf("dario", "MIEE80003R"), School: "MIEE80003R", At: a.now},
				casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(a.now)})
		}},
		{on(9, 12), func(a *april) {
			_, err := a.desk.EditTerritory(a.Context(), desk.NewTicket(), territory.Suspend{Act: a.desk.Act(prefettura), Kind: territory.Placement,
				Scope: territory.Scope{Comuni: []domain.Comune{home}}, Reason: "Prova."})
			a.check(err)
		}},
		{on(13, 10), func(a *april) { a.events("elena", casefile.CaseReopened{At: a.now}) }},
		{on(14, 10), func(a *april) { a.events("elena", casefile.ChargeTaken{Centre: "CTI-21", At: a.now}) }},
		{on(14, 11), func(a *april) {
			a.events("anna", casefile.QuestionAsked{To: casefile.Holder{Kind: casefile.HeldByComune, Body: string(home)}, Topic: "contacts", At: a.now})
		}},
		{on(16, 10), func(a *april) {
			_, err := a.desk.EditTerritory(a.Context(), desk.NewTicket(), territory.Resume{Act: a.desk.Act(prefettura), Number: 1, Reason: "Prova."})
			a.check(err)
		}},
		{on(19, 10), func(a *april) { a.events("anna", casefile.QuestionAnswered{At: a.now}) }},
		{on(28, 10), func(a *april) { a.events("boris", casefile.NoteAdded{}) }},
	})
	got := a.replayed(a.config())
	if o := got.Officers; o.Placed != 0 || o.Waiting != 3 {
		t.Errorf("officers: %+v", o)
	}
	// All wait for the suspension to end, Anna for an answer too; Elena begins anew.
	waits := replay.Spread[time.Duration]{Mean: 342 * hour, Median: on(20, 8).Sub(on(5, 10)), P90: on(27, 8).Sub(on(5, 10))}
	if p := got.Plans; p.Placed != 3 || p.Plans != 2 || p.Waits != waits {
		t.Errorf("plans: %+v", p)
	}
}

func TestAnInterruptedReplayEnds(t *testing.T) {
	t.Parallel()
	a := newApril(t)
	schools(a)
	a.live(lives())
	ctx, cancel := context.WithCancel(t.Context())
	c, told := a.config(), 0
	c.Progress = func(domain.Date, int) {
		if told++; told == 2 {
			cancel()
		}
	}
	if r, err := replay.Run(ctx, c); !errors.Is(err, context.Canceled) || r != (replay.Report{}) || told != 2 {
		t.Errorf("told %d times, then %v, %v", told, r, err)
	}
}
