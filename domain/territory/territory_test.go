package territory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"approdo/domain"
	"approdo/domain/event/spec"
	"approdo/domain/grade"
	. "approdo/domain/territory"
)

var (
	noon       = time.Date(2022, time.March, 14, 11, 0, 0, 0, time.UTC)
	today      = domain.DateOf(noon)
	ust        = domain.Act{By: domain.Actor{Role: domain.RoleUST}, At: noon}
	prefettura = domain.Act{By: domain.Actor{Role: domain.RolePrefettura}, At: noon}
	system     = domain.Act{By: domain.System, At: noon}
	founded    = Founded{Province015, Shipped()}
)

const (
	rozzano domain.Comune = "015189"
	nosate  domain.Comune = "015155"
	basiano domain.Comune = "015014"
	assago  domain.Comune = "015011"
	nowhere domain.Comune = "015999"
	roma    domain.Comune = "058091"
)

func given(t testing.TB, past ...Event) spec.Past[State, Command, Event] {
	return spec.Given(t, Decider, past...)
}

func date(t testing.TB, s string) domain.Date {
	t.Helper()
	d, err := domain.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func after(d time.Duration) time.Time { return noon.Add(d) }

func TestTheShippedRegister(t *testing.T) {
	t.Parallel()
	r := Shipped()
	if len(r.Comuni) != 133 || len(r.Centres) != 10 {
		t.Fatalf("%d comuni, %d centres", len(r.Comuni), len(r.Centres))
	}
	population, ambiti := 0, map[domain.Ambito]int{}
	for _, c := range r.Comuni {
		population += c.Population
		ambiti[c.Ambito]++
		if len(c.CAP) == 0 || len(c.Belfiore) != 4 || !c.Provisional || c.Lat < 45.1 || c.Lat > 45.7 || c.Lon < 8.6 || c.Lon > 9.6 {
			t.Errorf("%+v", c)
		}
	}
	if population != 3_228_006 {
		t.Errorf("population %d", population)
	}
	want := map[domain.Ambito]int{"LOM0000021": 1, "LOM0000023": 23, "LOM0000024": 28, "LOM0000025": 31, "LOM0000026": 50}
	if diff := cmp.Diff(want, ambiti); diff != "" {
		t.Error(diff)
	}
	r.Comuni[0].CAP[0], r.Centres[0].Name = "changed", "changed"
	if again := Shipped(); again.Comuni[0].CAP[0] == "changed" || again.Centres[0].Name == "changed" {
		t.Error("a caller changed the register of the program")
	}
	b, err := json.Marshal(founded)
	if err != nil || len(b) > 64<<10 {
		t.Errorf("founding takes %d bytes, %v", len(b), err)
	}
}

func TestATerritoryIsFoundedOnce(t *testing.T) {
	t.Parallel()
	found := Found{system, Province015, Shipped()}
	given(t).When(found).Then(founded)
	given(t).When(Found{ust, Province015, Shipped()}).Then(founded)
	given(t, founded).When(Found{ust, Province015, Register{}}).ThenNothing()
	for _, role := range []domain.Role{domain.RoleComune, domain.RoleCentre, domain.RoleSchool, domain.RolePrefettura, domain.RoleAdmin} {
		given(t).When(Found{domain.Act{By: domain.Actor{Role: role}, At: noon}, Province015, Shipped()}).ThenRefused(ErrNotUST)
	}
}

func TestARegisterIsWhole(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Register)
		want   error
	}{
		"no comuni":             {func(r *Register) { r.Comuni = nil }, ErrRegister},
		"a comune twice":        {func(r *Register) { r.Comuni = append(r.Comuni, r.Comuni[0]) }, ErrRegister},
		"a centre twice":        {func(r *Register) { r.Centres = append(r.Centres, r.Centres[0]) }, ErrRegister},
		"an ambito without CTI": {func(r *Register) { r.Centres = r.Centres[1:] }, ErrAmbitoUnknown},
		"two CTI of an ambito":  {func(r *Register) { r.Centres[1].Ambito = r.Centres[0].Ambito }, ErrAmbitoTaken},
		"a municipio of two":    {func(r *Register) { r.Centres[6].Municipi = append(r.Centres[6].Municipi, 9) }, ErrMunicipioTaken},
		"a malformed CAP":       {func(r *Register) { r.Comuni[0].CAP = []string{"2008"} }, ErrCAP},
		"no such fallback":      {func(r *Register) { r.Policy.Fallback = "CTI-21" }, ErrPolicyMalformed},
		"no term":               {func(r *Register) { r.Clocks.FirstOffer = 0 }, ErrClock},
		"no ceiling":            {func(r *Register) { r.Ceiling.Percent = 0 }, ErrCeiling},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := Shipped()
			tt.change(&r)
			given(t).When(Found{system, Province015, r}).ThenRefused(tt.want)
		})
	}
	given(t).When(Found{system, "", Shipped()}).ThenRefused(ErrRegister)
}

func TestOnlyTheUSTKeepsTheRegister(t *testing.T) {
	t.Parallel()
	roles := []domain.Role{domain.RoleComune, domain.RoleCentre, domain.RoleSchool, domain.RolePrefettura, domain.RoleAdmin, domain.RoleSystem, ""}
	for _, role := range roles {
		by := domain.Act{By: domain.Actor{Role: role}, At: noon}
		for _, c := range []Command{AmendComune{Act: by}, AmendCentre{Act: by}, AssignCAP{Act: by}, Confirm{Act: by}, AdoptPolicy{Act: by},
			SetClocks{Act: by}, SetCeiling{Act: by}, SetRetention{Act: by}} {
			given(t, founded).When(c).ThenRefused(ErrNotUST)
		}
		if role != domain.RolePrefettura {
			given(t, founded).When(Suspend{Act: by, Kind: Intake, Reason: "x"}).ThenRefused(ErrNotAuthority)
			given(t, founded).When(Resume{Act: by, Number: 1, Reason: "x"}).ThenRefused(ErrNotAuthority)
		}
	}
	given(t).When(Confirm{Act: ust}).ThenRefused(ErrNotFounded)
	given(t).When(Suspend{Act: prefettura, Kind: Intake, Reason: "x"}).ThenRefused(ErrNotFounded)
}

func TestAComuneIsAmendedFromADayOn(t *testing.T) {
	t.Parallel()
	state := given(t, founded).State()
	c, _ := state.Comune(rozzano)
	moved := c
	moved.Ambito, moved.Provisional, moved.From = "LOM0000023", false, date(t, "2022-09-01")
	next := given(t, founded).When(AmendComune{ust, moved}).Then(ComuneAmended{moved}).State()
	for day, want := range map[string]domain.Ambito{"2020-01-01": "LOM0000025", "2022-08-31": "LOM0000025", "2022-09-01": "LOM0000023", "2030-01-01": "LOM0000023"} {
		if got, ok := next.ComuneOn(rozzano, date(t, day)); !ok || got.Ambito != want {
			t.Errorf("on %s: %v", day, got.Ambito)
		}
	}
	if got, _ := next.Comune(rozzano); got.Ambito != "LOM0000023" {
		t.Errorf("the newest: %v", got.Ambito)
	}

	undated := moved
	undated.From = domain.Date{}
	dated := moved
	dated.From = today
	given(t, founded).When(AmendComune{ust, undated}).Then(ComuneAmended{dated})

	same := c
	same.From = date(t, "2025-01-01")
	given(t, founded).When(AmendComune{ust, same}).ThenNothing()
	given(t, founded, ComuneAmended{moved}).When(AmendComune{ust, c}).ThenNothing() // as it was, before the change
	back := c
	back.From = date(t, "2023-09-01")
	given(t, founded, ComuneAmended{moved}).When(AmendComune{ust, back}).Then(ComuneAmended{back})

	fused := Comune{Code: "015250", Belfiore: "M999", Name: "Comune Nuovo", Ambito: "LOM0000024", CAP: []string{"20090", "20080", "20090"}, From: today}
	written := fused
	written.CAP = []string{"20080", "20090"}
	given(t, founded).When(AmendComune{ust, fused}).Then(ComuneAmended{written})

	for want, change := range map[error]func(*Comune){
		ErrComuneMalformed: func(c *Comune) { c.Code = "15" },
		ErrAmbitoUnknown:   func(c *Comune) { c.Ambito = "LOM0000099" },
		ErrCAP:             func(c *Comune) { c.CAP = []string{"20 89"} },
	} {
		bad := moved
		change(&bad)
		given(t, founded).When(AmendComune{ust, bad}).ThenRefused(want)
	}
}

func TestACentreIsAmended(t *testing.T) {
	t.Parallel()
	state := given(t, founded).State()
	polo, _ := state.Centre("POLO-1")
	hosted := polo
	hosted.Host, hosted.Email, hosted.Provisional, hosted.From = "MIIC8AV002", "polo1@example.org", false, today
	given(t, founded).When(AmendCentre{ust, hosted}).Then(CentreAmended{hosted})
	given(t, founded).When(AmendCentre{ust, polo}).ThenNothing()

	// A municipio moves from one Polo to another in two steps, so that it never has two.
	second, _ := state.Centre("POLO-2")
	second.Municipi, second.From = []domain.Municipio{3, 4, 5}, today
	given(t, founded).When(AmendCentre{ust, second}).ThenRefused(ErrMunicipioTaken)
	first := polo
	first.Municipi, first.From = []domain.Municipio{2, 1}, today
	written := first
	written.Municipi = []domain.Municipio{1, 2}
	given(t, founded).When(AmendCentre{ust, first}).Then(CentreAmended{written}).When(AmendCentre{ust, second}).Then(CentreAmended{second})

	given(t, founded).When(AmendCentre{ust, Centre{Code: "POLO-5", Name: "Polo START 5"}}).
		Then(CentreAmended{Centre{Code: "POLO-5", Name: "Polo START 5", From: today}})
	cti, _ := state.Centre("CTI-23")
	tests := map[string]struct {
		centre Centre
		want   error
	}{
		"no name":             {Centre{Code: "CTI-27", Ambito: "LOM0000027"}, ErrCentreMalformed},
		"no such kind":        {Centre{Code: "CPIA-1", Name: "x"}, ErrCentreMalformed},
		"no number":           {Centre{Code: "CTI-x", Name: "x", Ambito: "LOM0000027"}, ErrCentreMalformed},
		"no dash":             {Centre{Code: "CTI", Name: "x", Ambito: "LOM0000027"}, ErrCentreMalformed},
		"a CTI of no ambito":  {Centre{Code: "CTI-27", Name: "x"}, ErrCentreMalformed},
		"a CTI with municipi": {Centre{Code: "CTI-27", Name: "x", Ambito: "LOM0000027", Municipi: []domain.Municipio{1}}, ErrCentreMalformed},
		"a Polo of an ambito": {Centre{Code: "POLO-5", Name: "x", Ambito: "LOM0000027"}, ErrCentreMalformed},
		"a tenth municipio":   {Centre{Code: "POLO-5", Name: "x", Municipi: []domain.Municipio{10}}, ErrMunicipio},
		"a second CTI":        {Centre{Code: "CTI-27", Name: "x", Ambito: "LOM0000023"}, ErrAmbitoTaken},
		"another ambito":      {Centre{Code: cti.Code, Name: cti.Name, Ambito: "LOM0000027"}, ErrAmbitoFixed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { given(t, founded).When(AmendCentre{ust, tt.centre}).ThenRefused(tt.want) })
	}
}

func TestConfirmingMakesCertain(t *testing.T) {
	t.Parallel()
	c := Confirm{ust, []domain.Comune{rozzano, assago, rozzano}, []domain.Centre{"CTI-25"}, "1"}
	confirmed := Confirmed{[]domain.Comune{assago, rozzano}, []domain.Centre{"CTI-25"}, "1"}
	given(t, founded).When(c).Then(confirmed)
	given(t, founded, confirmed).When(c).ThenNothing()
	given(t, founded, confirmed).When(Confirm{Act: ust, Comuni: []domain.Comune{nosate, rozzano}}).
		Then(Confirmed{Comuni: []domain.Comune{nosate}})
	given(t, founded).When(Confirm{Act: ust}).ThenNothing()
	given(t, founded).When(Confirm{Act: ust, Comuni: []domain.Comune{nowhere}}).ThenRefused(ErrComuneUnknown)
	given(t, founded).When(Confirm{Act: ust, Centres: []domain.Centre{"CTI-99"}}).ThenRefused(ErrCentreUnknown)
	given(t, founded).When(Confirm{Act: ust, Policy: "2"}).ThenRefused(ErrPolicyUnknown)

	state := given(t, founded).State()
	comuni, centres, policy := state.Provisional()
	if len(comuni) != 133 || len(centres) != 10 || policy != "1" {
		t.Errorf("%d comuni, %d centres, policy %q are provisional", len(comuni), len(centres), policy)
	}
	all := given(t, founded).When(Confirm{ust, comuni, centres, policy}).Then(Confirmed{sorted(comuni), sorted(centres), policy})
	if comuni, centres, policy := all.State().Provisional(); len(comuni) != 0 || len(centres) != 0 || policy != "" {
		t.Errorf("still provisional: %v %v %q", comuni, centres, policy)
	}
	if c, _ := state.Comune(rozzano); !c.Provisional {
		t.Error("an earlier state was changed")
	}
}

func sorted[T ~string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func TestRouting(t *testing.T) {
	t.Parallel()
	confirmed := Confirmed{Comuni: []domain.Comune{rozzano}, Centres: []domain.Centre{"CTI-25", "POLO-3", "POLO-1"}, Policy: "1"}
	byPolo := PolicyAdopted{Policy{Version: "2", From: date(t, "2022-09-01"), Infanzia: InfanziaByPolo, Fallback: "POLO-2"}}
	cap20141 := CAPAssigned{"20141", 5}
	tests := []struct {
		name      string
		past      []Event
		comune    domain.Comune
		municipio domain.Municipio
		postal    string
		order     grade.Order
		on        string
		want      Route
	}{
		{"another comune, any order", nil, rozzano, 0, "", grade.Infanzia, "2022-03-14", Route{"CTI-25", "1", true, false}},
		{"another comune, first cycle", nil, rozzano, 0, "", grade.Primaria, "2022-03-14", Route{"CTI-25", "1", true, false}},
		{"another comune, secondaria II", nil, rozzano, 0, "", grade.SecondariaII, "2022-03-14", Route{"CTI-25", "1", true, false}},
		{"a comune without a school", nil, nosate, 0, "", grade.Primaria, "2022-03-14", Route{"CTI-26", "1", true, false}},
		{"a municipio elsewhere counts for nothing", nil, rozzano, 7, "20141", grade.Primaria, "2022-03-14", Route{"CTI-25", "1", true, false}},
		{"Milano, primaria", nil, domain.Milano, 7, "", grade.Primaria, "2022-03-14", Route{"POLO-3", "1", true, false}},
		{"Milano, secondaria I", nil, domain.Milano, 9, "", grade.SecondariaI, "2022-03-14", Route{"POLO-4", "1", true, false}},
		{"Milano, secondaria II", nil, domain.Milano, 9, "", grade.SecondariaII, "2022-03-14", Route{"CTI-21", "1", true, false}},
		{"Milano, infanzia, by default", nil, domain.Milano, 9, "", grade.Infanzia, "2022-03-14", Route{"CTI-21", "1", true, false}},
		{"Milano, infanzia, before the new policy", []Event{byPolo}, domain.Milano, 9, "", grade.Infanzia, "2022-08-31", Route{"CTI-21", "1", true, false}},
		{"Milano, infanzia, by the new policy", []Event{byPolo}, domain.Milano, 9, "", grade.Infanzia, "2022-09-01", Route{"POLO-4", "2", true, false}},
		{"Milano, municipio not known", nil, domain.Milano, 0, "", grade.Primaria, "2022-03-14", Route{"POLO-1", "1", true, true}},
		{"Milano, by the new policy's fallback", []Event{byPolo}, domain.Milano, 0, "", grade.Primaria, "2022-09-01", Route{"POLO-2", "2", true, true}},
		{"Milano, by the CAP", []Event{cap20141}, domain.Milano, 0, "20141", grade.Primaria, "2022-03-14", Route{"POLO-2", "1", true, true}},
		{"Milano, by another CAP", []Event{cap20141}, domain.Milano, 0, "20142", grade.Primaria, "2022-03-14", Route{"POLO-1", "1", true, true}},
		{"Milano, the municipio beats the CAP", []Event{cap20141}, domain.Milano, 9, "20141", grade.Primaria, "2022-03-14", Route{"POLO-4", "1", true, false}},
		{"confirmed", []Event{confirmed}, rozzano, 0, "", grade.Primaria, "2022-03-14", Route{"CTI-25", "1", false, false}},
		{"confirmed but for the comune", []Event{confirmed}, assago, 0, "", grade.Primaria, "2022-03-14", Route{"CTI-25", "1", true, false}},
		{"confirmed, a Polo does not hang on the ambito", []Event{confirmed}, domain.Milano, 6, "", grade.Primaria, "2022-03-14", Route{"POLO-3", "1", false, false}},
		{"before the register begins", nil, rozzano, 0, "", grade.Primaria, "2019-03-14", Route{"CTI-25", "1", true, false}},
		{"a municipio that no Polo covers", []Event{CentreAmended{Centre{Code: "POLO-4", Name: "x", From: today}}}, domain.Milano, 9, "", grade.Primaria, "2022-03-14", Route{"POLO-1", "1", true, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state := given(t, founded).And(tt.past...).State()
			got, err := state.Route(tt.comune, tt.municipio, tt.postal, tt.order, date(t, tt.on))
			if err != nil || got != tt.want {
				t.Errorf("%+v, %v; want %+v", got, err, tt.want)
			}
			if !state.CentreServes(got.Centre, tt.comune, tt.order) && date(t, tt.on) == today && len(tt.past) == 0 {
				t.Errorf("%s does not serve what is routed to it", got.Centre)
			}
		})
	}
}

func TestThereIsNoRouteForWhatIsNotThere(t *testing.T) {
	t.Parallel()
	state := given(t, founded).State()
	tests := []struct {
		comune    domain.Comune
		municipio domain.Municipio
		order     grade.Order
		want      error
	}{
		{roma, 0, grade.Primaria, ErrComuneUnknown},
		{"", 0, grade.Primaria, ErrComuneUnknown},
		{rozzano, 0, "nido", ErrOrder},
		{domain.Milano, 10, grade.Primaria, ErrMunicipio},
		{domain.Milano, -1, grade.Primaria, ErrMunicipio},
	}
	for _, tt := range tests {
		if r, err := state.Route(tt.comune, tt.municipio, "", tt.order, today); !errors.Is(err, tt.want) || r != (Route{}) {
			t.Errorf("%s, municipio %d, %s: %+v, %v", tt.comune, tt.municipio, tt.order, r, err)
		}
	}
	if _, err := (State{}).Route(rozzano, 0, "", grade.Primaria, today); !errors.Is(err, ErrComuneUnknown) {
		t.Errorf("before it is founded: %v", err)
	}
}

func TestEveryChildHasARouteToACentreThatServesIt(t *testing.T) {
	t.Parallel()
	state := given(t, founded).State()
	for _, c := range state.Comuni() {
		for _, o := range grade.Orders() {
			for m := domain.Municipio(0); m <= 9 && (m == 0 || c.Code == domain.Milano); m++ {
				r, err := state.Route(c.Code, m, "", o, today)
				if err != nil || !state.CentreServes(r.Centre, c.Code, o) {
					t.Errorf("%s, municipio %d, %s: %+v, %v", c.Name, m, o, r, err)
				}
			}
		}
	}
}

func TestWhomACentreServes(t *testing.T) {
	t.Parallel()
	state := given(t, founded).State()
	byPolo := given(t, founded, PolicyAdopted{Policy{Version: "2", From: today, Infanzia: InfanziaByPolo, Fallback: "POLO-1"}}).State()
	tests := []struct {
		state  State
		centre domain.Centre
		comune domain.Comune
		order  grade.Order
		want   bool
	}{
		{state, "CTI-25", rozzano, grade.Primaria, true},
		{state, "CTI-23", rozzano, grade.Primaria, false},
		{state, "POLO-1", rozzano, grade.Primaria, false},
		{state, "POLO-3", domain.Milano, grade.Primaria, true},
		{state, "POLO-3", domain.Milano, grade.SecondariaII, false},
		{state, "POLO-3", domain.Milano, grade.Infanzia, false},
		{byPolo, "POLO-3", domain.Milano, grade.Infanzia, true},
		{byPolo, "CTI-21", domain.Milano, grade.Infanzia, false},
		{state, "CTI-21", domain.Milano, grade.Infanzia, true},
		{state, "CTI-21", domain.Milano, grade.SecondariaII, true},
		{state, "CTI-22", domain.Milano, grade.SecondariaII, true}, // the city's second one
		{state, "CTI-21", domain.Milano, grade.Primaria, false},
		{state, "CTI-23", domain.Milano, grade.SecondariaII, false},
		{state, "CTI-99", rozzano, grade.Primaria, false},
		{state, "CTI-25", roma, grade.Primaria, false},
		{state, "CTI-25", rozzano, "nido", false},
	}
	for _, tt := range tests {
		if got := tt.state.CentreServes(tt.centre, tt.comune, tt.order); got != tt.want {
			t.Errorf("%s, %s, %s: %v", tt.centre, tt.comune, tt.order, got)
		}
	}
}

func TestACAPIsAssigned(t *testing.T) {
	t.Parallel()
	given(t, founded).When(AssignCAP{ust, "20141", 5}).Then(CAPAssigned{"20141", 5}).
		When(AssignCAP{ust, "20141", 0}).Then(CAPAssigned{"20141", 0})
	given(t, founded).When(AssignCAP{ust, "20141", 0}).ThenNothing()
	given(t, founded).When(AssignCAP{ust, "20141", 10}).ThenRefused(ErrMunicipio)
	given(t, founded).When(AssignCAP{ust, "20089", 5}).ThenRefused(ErrCAP) // Rozzano's
}

func TestAPolicyIsAdopted(t *testing.T) {
	t.Parallel()
	adopt := AdoptPolicy{ust, date(t, "2022-09-01"), InfanziaByPolo, "POLO-2"}
	adopted := PolicyAdopted{Policy{Version: "2", From: adopt.From, Infanzia: InfanziaByPolo, Fallback: "POLO-2"}}
	given(t, founded).When(adopt).Then(adopted)
	given(t, founded).When(AdoptPolicy{ust, domain.Date{}, InfanziaByPolo, "POLO-1"}).
		Then(PolicyAdopted{Policy{Version: "2", From: today, Infanzia: InfanziaByPolo, Fallback: "POLO-1"}})
	third := PolicyAdopted{Policy{Version: "3", From: adopt.From, Infanzia: InfanziaByCTI, Fallback: "POLO-2"}}
	next := given(t, founded, adopted).When(AdoptPolicy{ust, adopt.From, InfanziaByCTI, "POLO-2"}).Then(third).State()
	if got := next.PolicyOn(adopt.From); got != third.Policy {
		t.Errorf("of two of one day: %+v", got)
	}
	if got := next.Policies(); len(got) != 3 {
		t.Errorf("%d policies", len(got))
	}
	given(t, founded).When(AdoptPolicy{ust, today, "both", "POLO-2"}).ThenRefused(ErrPolicyMalformed)
	given(t, founded).When(AdoptPolicy{ust, today, InfanziaByCTI, "CTI-21"}).ThenRefused(ErrPolicyMalformed)
	given(t, founded).When(AdoptPolicy{ust, today, InfanziaByCTI, "POLO-9"}).ThenRefused(ErrPolicyMalformed)
}

func TestClocksAndCeilingHaveADay(t *testing.T) {
	t.Parallel()
	state := given(t, founded).State()
	now := state.ClocksOn(today)
	if want := (Clocks{From: now.From, TakeCharge: 2, FirstOffer: 5, SchoolAnswer: 3, FirstDay: 15, AccessMonths: 3, RecastMonths: 2}); now != want {
		t.Errorf("%+v", now)
	}
	slower := now
	slower.FirstOffer, slower.From = 8, date(t, "2022-09-01")
	next := given(t, founded).When(SetClocks{ust, slower}).Then(ClocksSet{slower}).State()
	if a, b := next.ClocksOn(date(t, "2022-08-31")).FirstOffer, next.ClocksOn(slower.From).FirstOffer; a != 5 || b != 8 {
		t.Errorf("%d, then %d", a, b)
	}
	given(t, founded).When(SetClocks{ust, now}).ThenNothing()
	wrong := now
	wrong.SchoolAnswer = -1
	given(t, founded).When(SetClocks{ust, wrong}).ThenRefused(ErrClock)

	given(t, founded).When(SetCeiling{ust, Ceiling{Percent: 30}}).ThenNothing()
	raised := given(t, founded).When(SetCeiling{ust, Ceiling{Percent: 40}}).Then(CeilingSet{Ceiling{today, 40}}).State()
	if a, b := raised.CeilingOn(today.AddDays(-1)), raised.CeilingOn(today); a != 30 || b != 40 {
		t.Errorf("%d, then %d", a, b)
	}
	given(t, founded).When(SetCeiling{ust, Ceiling{Percent: 101}}).ThenRefused(ErrCeiling)
}

func TestIntakeIsSuspendedAndResumed(t *testing.T) {
	t.Parallel()
	whole := Suspended{1, Intake, Scope{}, domain.RolePrefettura, "nota 1234", noon}
	given(t, founded).When(Suspend{Act: prefettura, Kind: Intake, Reason: " nota 1234 "}).Then(whole)
	given(t, founded).When(Suspend{Act: prefettura, Kind: Intake, Reason: "nota 1234", From: after(-time.Hour)}).Then(whole)
	given(t, founded, whole).When(Suspend{Act: ust, Kind: Intake, Reason: "another"}).ThenNothing()
	given(t, founded, whole).When(Suspend{Act: ust, Kind: Placement, Reason: "x"}).
		Then(Suspended{2, Placement, Scope{}, domain.RoleUST, "x", noon})

	part := Scope{Comuni: []domain.Comune{rozzano, assago, rozzano}, Ambiti: []domain.Ambito{"LOM0000024"}}
	tidy := Scope{Comuni: []domain.Comune{assago, rozzano}, Ambiti: []domain.Ambito{"LOM0000024"}}
	later := Suspended{2, Placement, tidy, domain.RoleUST, "x", after(time.Hour)}
	given(t, founded, whole).When(Suspend{ust, Placement, part, "x", after(time.Hour)}).Then(later)

	given(t, founded, whole).When(Resume{Act: ust, Number: 1, Reason: "over"}).
		Then(Resumed{1, Scope{}, domain.RoleUST, "over", noon})
	resumed := Resumed{2, tidy, domain.RolePrefettura, "over", after(2 * time.Hour)}
	given(t, founded, whole, later).When(Resume{prefettura, 2, Scope{}, "over", after(2 * time.Hour)}).Then(resumed)
	given(t, founded, whole, later, resumed).When(Resume{ust, 2, tidy, "over", after(3 * time.Hour)}).ThenNothing()
	given(t, founded, whole, Resumed{1, Scope{}, domain.RoleUST, "over", noon}).When(Suspend{Act: ust, Kind: Intake, Reason: "again"}).
		Then(Suspended{2, Intake, Scope{}, domain.RoleUST, "again", noon})

	given(t, founded).When(Resume{Act: ust, Number: 1, Reason: "x"}).ThenRefused(ErrSuspensionNotFound)
	given(t, founded).When(Suspend{Act: ust, Kind: "all", Reason: "x"}).ThenRefused(ErrKind)
	given(t, founded).When(Suspend{Act: ust, Kind: Intake, Reason: "  "}).ThenRefused(ErrReason)
	given(t, founded, whole).When(Resume{Act: ust, Number: 1}).ThenRefused(ErrReason)
	given(t, founded).When(Suspend{Act: ust, Kind: Intake, Reason: strings.Repeat("x", 501)}).ThenRefused(ErrReasonTooLong)
	given(t, founded).When(Suspend{Act: ust, Kind: Intake, Reason: "x", Scope: Scope{Comuni: []domain.Comune{roma}}}).ThenRefused(ErrComuneUnknown)
	given(t, founded).When(Suspend{Act: ust, Kind: Intake, Reason: "x", Scope: Scope{Ambiti: []domain.Ambito{"LOM0000099"}}}).ThenRefused(ErrAmbitoUnknown)
}

func TestWhatASuspensionStops(t *testing.T) {
	t.Parallel()
	state := given(t, founded,
		Suspended{1, Intake, Scope{Comuni: []domain.Comune{rozzano}}, domain.RolePrefettura, "one comune", noon},
		Suspended{2, Placement, Scope{Ambiti: []domain.Ambito{"LOM0000022", "LOM0000024"}}, domain.RoleUST, "two ambiti", after(time.Hour)},
		Suspended{3, Intake, Scope{}, domain.RoleUST, "everywhere", after(2 * time.Hour)},
		Resumed{3, Scope{Comuni: []domain.Comune{assago}}, domain.RoleUST, "a part", after(3 * time.Hour)},
		Resumed{3, Scope{}, domain.RoleUST, "all", after(4 * time.Hour)},
	).State()
	tests := []struct {
		kind   Kind
		comune domain.Comune
		hours  float64
		want   int // number of the suspension, 0 none
	}{
		{Intake, rozzano, -0.1, 0},
		{Intake, rozzano, 0, 1},
		{Intake, rozzano, 5, 1},
		{Intake, assago, 0, 0},
		{Placement, rozzano, 1, 0},
		{Placement, basiano, 0.9, 0},
		{Placement, basiano, 1, 2},
		{Placement, domain.Milano, 1, 2}, // by its second ambito
		{Intake, assago, 2, 3},
		{Intake, assago, 3, 0},
		{Intake, basiano, 3, 3},
		{Intake, basiano, 4, 0},
		{Intake, roma, 2, 3},
		{Placement, roma, 2, 0},
	}
	for _, tt := range tests {
		got, is := state.Suspended(tt.kind, tt.comune, after(time.Duration(tt.hours*float64(time.Hour))))
		if got.Number != tt.want || is != (tt.want > 0) {
			t.Errorf("%s in %s after %v h: %d", tt.kind, tt.comune, tt.hours, got.Number)
		}
	}
	all := state.Suspensions()
	if len(all) != 3 || all[2].Over(after(3*time.Hour)) || !all[2].Over(after(4*time.Hour)) || all[0].Over(after(99*time.Hour)) {
		t.Errorf("%+v", all)
	}
}

func TestLookingThingsUp(t *testing.T) {
	t.Parallel()
	state := given(t, founded).State()
	if c, ok := state.Comune(domain.Milano); !ok || c.Name != "Milano" || !c.In("LOM0000021") || !c.In("LOM0000022") || c.In("LOM0000023") || len(c.CAP) != 42 {
		t.Errorf("%+v", c)
	}
	if c, ok := state.Belfiore("F205"); !ok || c != domain.Milano {
		t.Errorf("F205 is %s", c)
	}
	if _, ok := state.Belfiore("H501"); ok {
		t.Error("Roma is not here")
	}
	if _, ok := state.Comune(roma); ok {
		t.Error("Roma is not here")
	}
	comuni := state.Comuni()
	if len(comuni) != 133 || comuni[0].Name != "Abbiategrasso" || comuni[132].Name != "Zibido San Giacomo" {
		t.Errorf("%d comuni from %s to %s", len(comuni), comuni[0].Name, comuni[len(comuni)-1].Name)
	}
	var codes []string
	for _, c := range state.Centres() {
		codes = append(codes, string(c.Code))
	}
	if got := strings.Join(codes, " "); got != "CTI-21 CTI-22 CTI-23 CTI-24 CTI-25 CTI-26 POLO-1 POLO-2 POLO-3 POLO-4" {
		t.Error(got)
	}
	duomo := Spot{45.4642, 9.1900}
	if m := duomo.Metres(duomo); m != 0 {
		t.Errorf("from itself %d", m)
	}
	if m := duomo.Metres(Spot{41.9028, 12.4964}); m < 470_000 || m > 485_000 || m%100 != 0 {
		t.Errorf("Milano to Roma %d", m)
	}
	for m := range domain.Municipio(11) {
		if p, ok := MunicipioSpot(m); ok != (m >= 1 && m <= 9) || ok && duomo.Metres(p) > 8_000 {
			t.Errorf("municipio %d: %v, %v", m, p, ok)
		}
	}
}
