package returns

import (
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/returns"
	"approdo/projections"
	"approdo/projections/viewtest"
)

var (
	ust          = domain.Actor{Role: domain.RoleUST}
	school       = domain.Actor{Role: domain.RoleSchool, Body: "ZZIC00001X"}
	institutions = []domain.Institution{"ZZIC00001X", "ZZIC00002X", "ZZ1A00003X"}
	sites        = map[domain.Institution][]domain.School{"ZZIC00001X": {"ZZEE00001X", "ZZMM00001X"}, "ZZIC00002X": {"ZZEE00002X"}, "ZZ1A00003X": {"ZZ1A00003X"}}
)

// history is a journal of random events on a few cases, whether or not rules would allow them: what is in the journal has happened.
// Most steps go the usual way, so that pupils are taken in and leave again.
func history(t *testing.T, seed uint64, n int) *viewtest.Journal {
	r := rand.New(rand.NewPCG(seed, 15))
	j := viewtest.New(t)
	states := map[uuid.UUID]casefile.State{}
	var cases []uuid.UUID
	level := func() grade.Level { return grade.Levels()[r.IntN(len(grade.Levels()))] }
	somewhere := func() (domain.Institution, domain.School) {
		i := institutions[r.IntN(len(institutions))]
		return i, sites[i][r.IntN(len(sites[i]))]
	}
	for k := range n {
		on := domain.DateOf(viewtest.Begin.Add(time.Duration(k) * time.Hour)).AddDays(-r.IntN(9))
		if len(cases) == 0 || r.IntN(12) == 0 {
			id := uuid.NewSHA1(uuid.Nil, []byte{byte(seed), byte(len(cases)), byte(len(cases) >> 8)})
			cases = append(cases, id)
			i, s := somewhere()
			var e casefile.Event = casefile.AutonomousEnrolmentRecorded{School: s, Institution: i, On: on, Facts: casefile.Facts{Comune: "015189", Level: level()}}
			if r.IntN(2) == 0 {
				e = casefile.RequestRecorded{On: on, Facts: casefile.Facts{Comune: "015189", Level: level()}}
			}
			j.Add(casefile.Stream(id), ust, e)
			states[id] = casefile.Evolve(states[id], e)
			continue
		}
		id := cases[r.IntN(len(cases))]
		s := states[id]
		i, site := somewhere()
		usual := map[casefile.Status]casefile.Event{
			casefile.Requested: casefile.ChargeTaken{Centre: "CTI-25"},
			casefile.InCharge:  casefile.PlaceOffered{School: site, Institution: i, Level: s.Level},
			casefile.Accepted:  casefile.FirstDayRecorded{On: on},
			casefile.Attending: casefile.NoteAdded{},
			casefile.Closed:    casefile.CaseReopened{},
			casefile.Merged:    casefile.CaseParted{},
		}
		if s.Offer != nil {
			usual[casefile.Offered] = casefile.OfferAccepted{School: s.Offer.School, Institution: s.Offer.Institution, Level: s.Level, On: on}
		}
		any := []casefile.Event{usual[s.Status], usual[s.Status], usual[s.Status], usual[s.Status], usual[s.Status], usual[s.Status],
			casefile.GradeDetermined{Level: level()}, casefile.CaseMerged{Into: cases[0]}, casefile.CaseParted{}, casefile.PupilErased{},
			casefile.HandedOver{To: "CTI-24"}, casefile.Routed{Centre: "CTI-23"}, casefile.OfferLapsed{}, casefile.OfferWithdrawn{}, casefile.OfferDeclined{},
			casefile.AcceptanceTakenBack{}, casefile.FirstDayAnnulled{}, casefile.DeclineTakenBack{}, casefile.MessageSent{},
			casefile.CaseClosed{Reason: "returned-home", On: on}, casefile.CaseReopened{}, casefile.NoteAdded{}, casefile.HealthErased{},
			casefile.PlaceOffered{School: site, Institution: i, Level: level()}, casefile.QuestionAsked{}, casefile.DomicileChanged{Comune: "015146"},
			casefile.OfferAccepted{School: site, Institution: i, Level: level(), On: on}, casefile.ClockExpired{}, casefile.AttendanceEnded{On: on}}
		l := level()
		any = append(any, casefile.RequestAmended{Level: &l})
		e := any[r.IntN(len(any))]
		j.Add(casefile.Stream(id), ust, e)
		states[id] = casefile.Evolve(s, e)
	}
	return j
}

// slow counts from the events themselves who was taken in, as known at an instant.
func slow(j *viewtest.Journal, at time.Time) map[Count]bool {
	states := map[string]casefile.State{}
	for _, r := range j.Events {
		if e, ok := r.Payload.(casefile.Event); ok && !r.Meta.At.After(at) {
			states[r.Stream] = casefile.Evolve(states[r.Stream], e)
		}
	}
	counts := map[Count]int{}
	for _, s := range states {
		if (s.Status == casefile.Accepted || s.Status == casefile.Attending) && s.Offer != nil {
			counts[Count{Institution: s.Offer.Institution, School: s.Offer.School, Order: s.Level.Order}]++
		}
	}
	out := map[Count]bool{}
	for c, n := range counts {
		c.N = n
		out[c] = true
	}
	return out
}

func figures(counts map[Count]bool, i domain.Institution) (f returns.Figures) {
	for c := range counts {
		if c.Institution == i {
			f = f.With(c.Order, c.N)
		}
	}
	return f
}

// keep runs a journal through the engine that keeps the rows.
func keep(t *testing.T, j *viewtest.Journal) *projections.Runner {
	t.Helper()
	store := memory.New()
	var records []event.Record
	for _, e := range j.Events {
		records = append(records, e.Record)
	}
	for some := range slices.Chunk(records, event.MaxEvents) {
		if err := store.Import(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	db, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	codec := event.NewCodec(sealtest.New(), casefile.Events, returns.Events)
	run := projections.NewRunner(store, codec, db, slog.New(slog.DiscardHandler), Projection())
	if err := run.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return run
}

func ask(t *testing.T, run *projections.Runner, f func(*projections.Snapshot) error) {
	t.Helper()
	if err := run.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// Ten instants of each of some histories, drawn anew from a seed: the view counts as who reads every event from the first.
func TestTheFiguresAreTheJournalsAtAnyInstant(t *testing.T) {
	t.Parallel()
	const events = 900
	taken, ended := 0, map[string]int{}
	for seed := range uint64(4) {
		j := history(t, seed, events)
		run := keep(t, j)
		r := rand.New(rand.NewPCG(seed, 99))
		instant := func() time.Time {
			if r.IntN(2) == 0 { // the very instant at which somebody comes or leaves
				for {
					if e := j.Events[r.IntN(events)]; slices.Contains([]string{"case.offer-accepted", "case.autonomously-enrolled", "case.closed"}, e.Type) {
						return e.Meta.At
					}
				}
			}
			return viewtest.Begin.Add(time.Duration(r.IntN(events*3600)) * time.Second)
		}
		for range 10 {
			at := instant()
			want, until := slow(j, at), instant()
			if until.Before(at) {
				at, until, want = until, at, slow(j, until)
			}
			later := slow(j, until)
			ask(t, run, func(s *projections.Snapshot) error {
				got := map[Count]bool{}
				for c, err := range Counts(s, at) {
					if err != nil {
						return err
					}
					got[c] = true
					taken += c.N
				}
				if !cmp.Equal(got, want) {
					t.Errorf("seed %d at %s: %s", seed, at, cmp.Diff(want, got))
				}
				for _, i := range institutions {
					f, err := FiguresOf(s, i, at)
					if err != nil {
						return err
					}
					if f != figures(want, i) {
						t.Errorf("seed %d: %s has %+v, want %+v", seed, i, f, figures(want, i))
					}
					here, err := projections.Collect(StaysOf(s, i, at))
					if err != nil || len(here) != f.Total() {
						t.Errorf("seed %d: %d pupils behind a figure of %d, %v", seed, len(here), f.Total(), err)
					}
					// The difference between two instants is explained movement by movement.
					moved, err := Movements(s, i, at, until)
					if err != nil {
						return err
					}
					for _, m := range moved {
						n := 1
						if !m.In {
							n = -1
							ended[m.By]++
						}
						f = f.With(m.Order, n)
					}
					if f != figures(later, i) {
						t.Errorf("seed %d: %s comes to %+v by its movements, want %+v", seed, i, f, figures(later, i))
					}
				}
				return nil
			})
		}
	}
	if taken < 250 {
		t.Errorf("only %d pupils counted: the histories are too thin to say anything", taken)
	}
	for _, name := range []string{"case.closed", "case.merged", "case.grade-determined", "case.offer-accepted", "case.amended"} {
		if ended[name] == 0 {
			t.Errorf("no stay ended with %s", name)
		}
	}
}

// A pupil recorded late is counted from the instant the journal knew, and the day says since when the school has had it.
func TestAStayKnowsItsDaysAndItsEvents(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	friday := domain.DateOf(viewtest.Begin).AddDays(-3)
	j := viewtest.New(t).Add(casefile.Stream(id), school, casefile.AutonomousEnrolmentRecorded{School: "ZZEE00001X", Institution: "ZZIC00001X", On: friday,
		Facts: casefile.Facts{Comune: "015189", Level: viewtest.Third}}, casefile.FirstDayRecorded{On: friday},
		casefile.GradeDetermined{Level: grade.Level{Order: grade.Primaria, Year: 2}}, // another year of the same order is the same figure
		casefile.GradeDetermined{Level: grade.Level{Order: grade.SecondariaI, Year: 1}},
		casefile.AttendanceEnded{On: friday.AddDays(1)}, casefile.CaseClosed{Reason: "returned-home", On: friday.AddDays(1)}, casefile.PupilErased{})
	at := func(n int) time.Time { return j.Events[n].Meta.At }
	want := []Stay{
		{Case: id, N: 1, Institution: "ZZIC00001X", School: "ZZEE00001X", Order: grade.Primaria, Since: at(0), Until: at(3), Came: friday,
			Left: domain.DateOf(viewtest.Begin), Began: "case.autonomously-enrolled", Ended: "case.grade-determined"},
		{Case: id, N: 2, Institution: "ZZIC00001X", School: "ZZEE00001X", Order: grade.SecondariaI, Since: at(3), Until: at(5), Came: domain.DateOf(viewtest.Begin),
			Left: friday.AddDays(1), Began: "case.grade-determined", Ended: "case.closed", Reason: "returned-home"},
	}
	if got := stays.All(j.Fold(Projection())); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestAReturnStandsAsItsActsHaveIt(t *testing.T) {
	t.Parallel()
	monday := domain.Date{Year: 2022, Month: time.March, Day: 7}
	due := returns.Due(monday)
	three, four := returns.Figures{Primaria: 3}, returns.Figures{Primaria: 4}
	stream := returns.Stream("ZZIC00001X", monday)
	j := viewtest.New(t).Add(stream, ust, returns.Reminded{At: viewtest.Begin}).
		Add(stream, school, returns.Validated{Figures: four, Computed: three, AsOf: due, At: viewtest.Begin}, returns.Withdrawn{Reason: "typing-error", At: viewtest.Begin},
			returns.Validated{Figures: three, Computed: three, AsOf: due, At: viewtest.Begin}).
		Add(returns.Stream("ZZIC00002X", monday), ust, returns.Reminded{At: viewtest.Begin}).
		Add(returns.Stream("ZZIC00001X", monday.AddDays(7)), ust, returns.Reminded{At: viewtest.Begin})
	at := func(n int) time.Time { return j.Events[n].Meta.At }
	run := keep(t, j)
	for n, want := range []map[domain.Institution]Answer{
		{"ZZIC00001X": {Reminded: at(0), Reminders: 1}},
		{"ZZIC00001X": {Validated: true, Figures: four, Computed: three, AsOf: due, At: at(1), Reminded: at(0), Reminders: 1}},
		{"ZZIC00001X": {Withdrawn: at(2), Reason: "typing-error", Reminded: at(0), Reminders: 1}},
		{"ZZIC00001X": {Validated: true, Figures: three, Computed: three, AsOf: due, At: at(3), Reminded: at(0), Reminders: 1}},
		{"ZZIC00001X": {Validated: true, Figures: three, Computed: three, AsOf: due, At: at(3), Reminded: at(0), Reminders: 1},
			"ZZIC00002X": {Reminded: at(4), Reminders: 1}},
	} {
		ask(t, run, func(s *projections.Snapshot) error {
			got, err := Answers(s, monday, at(n))
			if !cmp.Equal(got, want) {
				t.Errorf("after %d: %s", n, cmp.Diff(want, got))
			}
			return err
		})
	}
	ask(t, run, func(s *projections.Snapshot) error {
		got, err := AnswersOf(s, "ZZIC00001X", monday.AddDays(7))
		if want := (map[domain.Date]Answer{monday.AddDays(7): {Reminded: at(5), Reminders: 1}}); !cmp.Equal(got, want) {
			t.Error(cmp.Diff(want, got))
		}
		if err != nil {
			return err
		}
		done, err := projections.Collect(ActsOf(s, "ZZIC00001X", monday, at(2)))
		if len(done) != 3 || done[2].Kind != Withdrawal || done[1].Account != school.Account {
			t.Errorf("%+v", done)
		}
		return err
	})
}
