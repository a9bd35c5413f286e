package basis_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/apart"
	"approdo/domain/basis"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
)

// tables are those whose records stand in the audit trail or in the access record.
var tables = []event.Table{casefile.Events, places.Events, territory.Events, territory.SchoolEvents, account.Events, reading.Events, returns.Events, apart.Events}

func TestEveryStoredNameHasARowInTheTableOfLaws(t *testing.T) {
	t.Parallel()
	known := map[basis.Source]bool{}
	for _, table := range tables {
		for _, e := range table {
			list, ok := basis.Of(e.Name())
			if !ok {
				t.Errorf("%s has no row, not even none", e.Name())
			}
			for _, s := range list {
				if known[s] = true; !slices.Contains(basis.Sources(), s) {
					t.Errorf("%s rests on %s, which is no source", e.Name(), s)
				}
			}
		}
	}
	for _, s := range basis.Sources() {
		if !known[s] {
			t.Errorf("nothing rests on %s", s)
		}
	}
	if _, ok := basis.Of("case.abducted"); ok {
		t.Error("a name that nobody stores has a row")
	}
}

func day(month time.Month, d int) domain.Date { return domain.Date{Year: 2022, Month: month, Day: d} }

// founded is a territory with the shipped registers, from 1 September 2021.
func founded() basis.Registers {
	return basis.Registers{}.With(territory.Founded{Province: "015", Register: territory.Shipped()})
}

func TestTheVersionInForceIsTheTerritorysOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := territory.Founded{Province: "015", Register: territory.Shipped()}
		land, r := territory.Evolve(territory.State{}, first), basis.Registers{}.With(first)
		percents := map[string]int{"1": first.Register.Ceiling.Percent}
		var policies []territory.Policy
		for i := range rapid.IntRange(0, 8).Draw(t, "changes") {
			from := domain.Date{Year: 2021, Month: time.August, Day: 25}.AddDays(rapid.IntRange(0, 20).Draw(t, "from"))
			var e territory.Event
			switch rapid.IntRange(0, 2).Draw(t, "register") {
			case 0:
				c := territory.Ceiling{From: from, Percent: 31 + i}
				e = territory.CeilingSet{Ceiling: c}
				percents[strconv.Itoa(len(r[basis.Ceiling])+1)] = c.Percent
			case 1:
				w := territory.Weights{From: from, Version: strconv.Itoa(i + 1)}
				e = territory.WeightsSet{Weights: w}
			default:
				p := territory.Policy{Version: strconv.Itoa(len(policies) + 2), From: from, Infanzia: territory.InfanziaByCTI, Fallback: "POLO-1"}
				policies = append(policies, p)
				e = territory.PolicyAdopted{Policy: p}
			}
			land, r = territory.Evolve(land, e), r.With(e)
		}
		d := domain.Date{Year: 2021, Month: time.August, Day: 20}.AddDays(rapid.IntRange(0, 40).Draw(t, "day"))
		if v, ok := r.On(basis.Routing, d); !ok || v.Name != land.PolicyOn(d).Version {
			t.Fatalf("on %s the rules are version %q, the territory says %q", d, v.Name, land.PolicyOn(d).Version)
		}
		if v, ok := r.On(basis.Ceiling, d); !ok || percents[v.Name] != land.CeilingOn(d) {
			t.Fatalf("on %s the ceiling is version %q of %d, the territory says %d", d, v.Name, percents[v.Name], land.CeilingOn(d))
		}
		if v, ok := r.On(basis.Weights, d); !ok || v.Name != land.WeightsOn(d).Version {
			t.Fatalf("on %s the weights are version %q, the territory says %q", d, v.Name, land.WeightsOn(d).Version)
		}
		if v, ok := r.On(basis.Retention, d); !ok || v.Name != land.RetentionOn(d).Version {
			t.Fatalf("retention %q", v.Name)
		}
	})
}

func TestAnActSaysByWhatItWasDecided(t *testing.T) {
	t.Parallel()
	shipped := domain.Date{Year: 2021, Month: time.September, Day: 1}
	r := founded().With(territory.ClocksSet{Clocks: territory.Clocks{From: day(time.March, 10)}})
	clocks1 := basis.Mark{Kind: basis.Clocks, Value: "1", Since: shipped, Derived: true}
	clocks2 := basis.Mark{Kind: basis.Clocks, Value: "2", Since: day(time.March, 10), Derived: true}
	ceiling := basis.Mark{Kind: basis.Ceiling, Value: "1", Since: shipped, Derived: true}
	routing := basis.Mark{Kind: basis.Routing, Value: "1", Since: shipped}
	running := casefile.Terms{TakeCharge: time.Date(2022, time.March, 12, 0, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		on   domain.Date
		act  any
		want []basis.Mark
	}{
		{day(time.March, 9), casefile.Routed{Policy: "1", Terms: running}, []basis.Mark{routing, clocks1}},
		{day(time.March, 10), casefile.Routed{Policy: "1", Terms: running, Provisional: true}, []basis.Mark{routing, clocks2, {Kind: basis.Trial}}},
		{day(time.March, 10), casefile.Routed{Policy: "9"}, []basis.Mark{{Kind: basis.Routing, Value: "9"}}},
		{day(time.March, 10), casefile.HandedOver{Reason: "agreed"}, []basis.Mark{clocks2, {Kind: basis.Reason, Value: "agreed"}}},
		{day(time.March, 10), casefile.CaseReopened{}, []basis.Mark{clocks2}},
		{day(time.March, 9), casefile.PlaceOffered{Override: &casefile.Override{Rule: "placement"}}, []basis.Mark{clocks1, ceiling, {Kind: basis.Override, Value: "placement"}}},
		{day(time.March, 9), casefile.PlaceOffered{Weights: "0"}, []basis.Mark{clocks1, ceiling, {Kind: basis.Weights, Value: "0", Since: shipped}}},
		{day(time.March, 9), territory.WeightsSet{Weights: territory.Weights{Version: "1", From: day(time.May, 1)}},
			[]basis.Mark{{Kind: basis.Weights, Value: "1", Since: day(time.May, 1)}}},
		{day(time.March, 9), casefile.OfferDeclined{Reason: "over-ceiling"}, []basis.Mark{ceiling, {Kind: basis.Reason, Value: "over-ceiling"}}},
		{day(time.March, 9), casefile.OfferDeclined{Reason: "no-places-in-class"}, []basis.Mark{{Kind: basis.Reason, Value: "no-places-in-class"}}},
		{day(time.March, 9), casefile.GradeDetermined{Resolution: &grade.Resolution{Reason: grade.Skills, Reference: "n. 3"}},
			[]basis.Mark{{Kind: basis.Reason, Value: "skills"}, {Kind: basis.Reference, Value: "n. 3"}}},
		{day(time.March, 9), casefile.GradeDetermined{}, nil},
		{day(time.March, 9), casefile.ErasureProposed{Ground: casefile.GroundRetention, Register: "0"},
			[]basis.Mark{{Kind: basis.Retention, Value: "0", Since: shipped}, {Kind: basis.Reason, Value: "retention"}}},
		{day(time.March, 9), casefile.PupilErased{Ground: casefile.GroundRetention},
			[]basis.Mark{{Kind: basis.Retention, Value: "0", Since: shipped, Derived: true}, {Kind: basis.Reason, Value: "retention"}}},
		{day(time.March, 9), casefile.HealthErased{Ground: casefile.GroundRequest}, []basis.Mark{{Kind: basis.Reason, Value: "request"}}},
		{day(time.March, 9), casefile.ClockExpired{Clock: casefile.ClockFirstDay}, []basis.Mark{{Kind: basis.Term, Value: "first-day"}}},
		{day(time.March, 9), casefile.CaseRestricted{Reason: "unlawful"}, []basis.Mark{{Kind: basis.Reason, Value: "unlawful"}}},
		{day(time.March, 9), territory.ClocksSet{Clocks: territory.Clocks{From: day(time.May, 1)}}, []basis.Mark{{Kind: basis.Clocks, Value: "3", Since: day(time.May, 1)}}},
		{day(time.March, 9), territory.CeilingSet{Ceiling: territory.Ceiling{From: day(time.May, 1)}}, []basis.Mark{{Kind: basis.Ceiling, Value: "2", Since: day(time.May, 1)}}},
		{day(time.March, 9), territory.Suspended{Number: 4, Reason: "Prot. 1"}, []basis.Mark{{Kind: basis.Suspension, Value: "4"}}},
		{day(time.March, 9), territory.Resumed{Number: 4}, []basis.Mark{{Kind: basis.Suspension, Value: "4"}}},
		{day(time.March, 9), account.AccountSuspended{Reason: account.ReasonLeft}, []basis.Mark{{Kind: basis.Reason, Value: "left-the-office"}}},
		{day(time.March, 9), reading.NameOpened{Reason: reading.Safety}, []basis.Mark{{Kind: basis.Reason, Value: "safety"}}},
		{day(time.March, 9), casefile.NoteAdded{}, nil},
	} {
		if got := basis.Marks(c.act, r, c.on); !cmp.Equal(got, c.want) {
			t.Errorf("%T on %s:\n%s", c.act, c.on, cmp.Diff(c.want, got))
		}
	}
	if got := basis.Marks(casefile.CaseReopened{}, nil, day(time.March, 9)); got != nil {
		t.Errorf("without registers: %v", got)
	}
}
