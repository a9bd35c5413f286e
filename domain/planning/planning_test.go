package planning_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/planning"
)

var (
	one     = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	two     = uuid.MustParse("018f0000-0000-7000-8000-000000000002")
	at      = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	third   = grade.Level{Order: grade.Primaria, Year: 3}
	ust     = domain.Actor{Role: domain.RoleUST}
	officer = domain.Actor{Role: domain.RoleCentre, Body: "CTI-21"}
	own     = planning.Scope{Centre: "CTI-21"}
)

const site domain.School = "MIEE8AB012"

var drawn = planning.Drawn{
	Terms: planning.Terms{Scope: planning.Scope{Centre: "CTI-21", Ambito: "LOM0000021"}, Year: 2021, Last: two, Derogations: []domain.School{site},
		Locks:   []planning.Lock{{Case: one, School: site, Never: true}},
		Changes: []planning.Change{{Kind: planning.Reserve, School: site, Level: third, Levels: []grade.Level{third}, Comune: "015189", Centre: "CTI-22", Number: 2, Percent: 40}}},
	Known: at, Weights: "1", Percent: 30,
	Seats: []planning.Seat{{Case: one, Supposed: "new-01-001-1", Household: two.String(), Centre: "CTI-21", Comune: "015189", Level: third, Urgency: 2, School: site, Metres: 1500,
		Far: true}},
	Seated:  []planning.Seated{{Case: two, Household: two.String(), Institution: "MIIC8AB00X"}},
	Figures: planning.Figures{Pupils: 1, Placed: 1, Together: 1, Apart: 2, Far: 1, Metres: 1500, Crossing: 1},
	Unit:    planning.Unit{Split: 3, Step: 100, Way: 39, Fill: 3}, Value: matching.Cost{0, 1, 585}, Bound: matching.Cost{0, 1, 500},
	Prices: []planning.Price{{Kind: planning.Kind{School: site, Level: third}, Cost: matching.Cost{1, 2, 3}}},
	Tree: &matching.Tree{Weights: matching.Cost{3, 2, 1}, Root: matching.Branch{Prices: []int64{4}, Pupil: 1, At: []int{2}, Apart: true, With: &matching.Branch{Prices: []int64{5}},
		Without: &matching.Branch{Pupil: 2}}},
	Worth:  []planning.Price{{Kind: planning.Kind{School: site, Level: third}, Cost: matching.Cost{0, 2, 3}}},
	Wants:  []planning.Want{{Pupils: []int{0}, Places: []planning.Kind{{School: site, Level: third}}, Room: 1}},
	Digest: "00", At: at,
}

func TestStoredEventsCanAlwaysBeRead(t *testing.T) {
	t.Parallel()
	spec.Golden(t, event.NewCodec(sealtest.New(), planning.Events), "testdata", drawn)
}

func TestAPlanIsKeptOnce(t *testing.T) {
	t.Parallel()
	plan := planning.Drawn{Terms: planning.Terms{Scope: own}, Seats: drawn.Seats}
	cmd := planning.Draw{Act: domain.Act{By: officer, At: at}, Plan: plan}
	kept := plan
	kept.At = at
	given := func(events ...planning.Event) planning.State {
		s := planning.Decider.Initial()
		for _, e := range events {
			s = planning.Decider.Evolve(s, e)
		}
		return s
	}
	if events, err := planning.Decide(given(), cmd); err != nil || len(events) != 1 || events[0].(planning.Drawn).At != at {
		t.Errorf("%v, %v", events, err)
	}
	if events, err := planning.Decide(given(kept), cmd); err != nil || len(events) != 0 {
		t.Errorf("kept twice: %v, %v", events, err)
	}
	cmd.Plan.Seats = nil
	if _, err := planning.Decide(given(), cmd); !errors.Is(err, planning.ErrNobody) {
		t.Error(err)
	}
	cmd.Plan.Seats = make([]planning.Seat, planning.MostPupils+1)
	if _, err := planning.Decide(given(), cmd); !errors.Is(err, planning.ErrTooMany) {
		t.Error(err)
	}
}

func TestWhoMayAskWhatOfAPlan(t *testing.T) {
	t.Parallel()
	change := func(c planning.Change) planning.Terms { return planning.Terms{Changes: []planning.Change{c}} }
	lock := func(l ...planning.Lock) planning.Terms { return planning.Terms{Locks: l} }
	for name, c := range map[string]struct {
		by    domain.Actor
		terms planning.Terms
		want  error
	}{
		"the UST for all":             {ust, planning.Terms{}, nil},
		"the UST for an ambito":       {ust, planning.Terms{Scope: planning.Scope{Ambito: "LOM0000021"}}, nil},
		"a centre for its own":        {officer, planning.Terms{Scope: own}, nil},
		"a centre for all":            {officer, planning.Terms{}, planning.ErrNotYours},
		"a centre for another's":      {officer, planning.Terms{Scope: planning.Scope{Centre: "CTI-22"}}, planning.ErrNotYours},
		"a centre for an ambito":      {officer, planning.Terms{Scope: planning.Scope{Centre: "CTI-21", Ambito: "LOM0000021"}}, planning.ErrNotYours},
		"no centre at all":            {domain.Actor{Role: domain.RoleCentre}, planning.Terms{}, planning.ErrNotYours},
		"a comune":                    {domain.Actor{Role: domain.RoleComune, Body: "015189"}, planning.Terms{}, planning.ErrNotYours},
		"an exception by a centre":    {officer, planning.Terms{Scope: own, Derogations: []domain.School{site}}, planning.ErrDerogation},
		"an exception by the UST":     {ust, planning.Terms{Derogations: []domain.School{site}}, nil},
		"two schools for one":         {ust, lock(planning.Lock{Case: one, School: site}, planning.Lock{Case: one, School: "MIEE8AB023"}), planning.ErrLocks},
		"there and never there":       {ust, lock(planning.Lock{Case: one, School: site, Never: true}, planning.Lock{Case: one, School: site}), planning.ErrLocks},
		"never at two":                {ust, lock(planning.Lock{Case: one, School: site, Never: true}, planning.Lock{Case: one, School: "MIEE8AB023", Never: true}), nil},
		"reserve without a number":    {ust, change(planning.Change{Kind: planning.Reserve, School: site, Level: third}), planning.ErrChange},
		"add without a grade":         {ust, change(planning.Change{Kind: planning.Add, School: site, Number: 1}), planning.ErrChange},
		"close nothing":               {ust, change(planning.Change{Kind: planning.Shut}), planning.ErrChange},
		"a ceiling beyond all":        {ust, change(planning.Change{Kind: planning.Ceiling, Percent: 101}), planning.ErrChange},
		"a ceiling":                   {ust, change(planning.Change{Kind: planning.Ceiling, Percent: 100}), nil},
		"families of nobody":          {ust, change(planning.Change{Kind: planning.Arrive, Comune: "015189", Number: 2}), planning.ErrChange},
		"families of a strange grade": {ust, change(planning.Change{Kind: planning.Arrive, Comune: "015189", Number: 2, Levels: []grade.Level{{Order: "x", Year: 1}}}), planning.ErrChange},
		"too many families":           {ust, change(planning.Change{Kind: planning.Arrive, Comune: "015189", Number: 501, Levels: []grade.Level{third}}), planning.ErrChange},
		"too many children": {ust, planning.Terms{Changes: slices.Repeat([]planning.Change{{Kind: planning.Arrive, Comune: "015189", Number: 500,
			Levels: []grade.Level{third, third, third}}}, 2)}, planning.ErrTooMany},
		"a comune moved away by its centre": {officer, planning.Terms{Scope: own, Changes: []planning.Change{{Kind: planning.Move, Comune: "015189", Centre: "CTI-22"}}}, nil},
		"a comune moved to oneself":         {officer, planning.Terms{Scope: own, Changes: []planning.Change{{Kind: planning.Move, Comune: "015189", Centre: "CTI-21"}}}, planning.ErrChange},
		"a comune moved nowhere":            {ust, change(planning.Change{Kind: planning.Move, Comune: "015189"}), planning.ErrChange},
		"something else":                    {ust, change(planning.Change{Kind: "hope", School: site, Number: 1, Level: third}), planning.ErrChange},
		"too much supposed":                 {ust, planning.Terms{Changes: make([]planning.Change, 51)}, planning.ErrChange},
	} {
		if err := planning.May(c.by, c.terms); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
