package rest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
)

const newHousehold = `{"shared":{"family_name":"Prova","address":"via Inventata 1","cap":"20089"},"children":[` +
	`{"given_name":"Oksana","sex":"F","birth_date":"2013-05-02"},{"given_name":"Ivan","sex":"M","birth_date":"2005-11-30","address":"via Inventata 2"},` +
	`{"given_name":"Daryna","sex":"F","birth_date":"2018-01-02"}]}`

type householdState struct {
	Household uuid.UUID
	Cases     []caseState
}

func TestAHouseholdIsACaseForEachChild(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := h.post(ownComune, base+"/households", newHousehold, "Idempotency-Key", "f-1").want(201)
	got := read[householdState](x)
	if len(got.Cases) != 3 || h.begun() != 3 || x.header.Get("Location") != base+"/cases/"+got.Cases[0].ID.String() {
		t.Fatalf("%d cases, %d begun, Location %s", len(got.Cases), h.begun(), x.header.Get("Location"))
	}
	type whole struct {
		Household uuid.UUID
		Pupil     struct{ Family_name, Given_name, Address, Cap string }
	}
	for i, want := range []struct{ given, address string }{{"Oksana", "via Inventata 1"}, {"Ivan", "via Inventata 2"}, {"Daryna", "via Inventata 1"}} {
		c := read[whole](h.get(ownComune, base+"/cases/"+got.Cases[i].ID.String()).want(200))
		if c.Household != got.Household || c.Pupil.Family_name != "Prova" || c.Pupil.Given_name != want.given || c.Pupil.Address != want.address || c.Pupil.Cap != "20089" {
			t.Errorf("child %d: %+v", i, c)
		}
	}
	again := h.post(ownComune, base+"/households", newHousehold, "Idempotency-Key", "f-1").want(201)
	if string(again.body) != string(x.body) || again.header.Get("Location") != x.header.Get("Location") || h.begun() != 3 {
		t.Errorf("a retry is answered %s, the first was %s; %d cases", again.body, x.body, h.begun())
	}
	h.post(ownComune, base+"/households", strings.Replace(newHousehold, "Oksana", "Iryna", 1), "Idempotency-Key", "f-1").refused(422, "idempotency-key-reused")

	joined := read[householdState](h.post(ownComune, base+"/households",
		`{"shared":{"household":"`+got.Household.String()+`","family_name":"Prova"},"children":[{"given_name":"Petro","sex":"M","birth_date":"2016-01-02"}]}`, "Idempotency-Key", "f-2").want(201))
	if joined.Household != got.Household || len(joined.Cases) != 1 {
		t.Errorf("whoever joins is of %s: %+v", joined.Household, joined.Cases)
	}
}

func TestWhatIsWrongWithAHouseholdStandsWhereItIsWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const born = `"given_name":"Oksana","sex":"F","birth_date":"2013-05-02"`
	for name, c := range map[string]struct {
		who  persona
		body string
		want []string
	}{
		"of a child":                  {ownComune, strings.Replace(newHousehold, "2005-11-30", "2050-11-30", 1), []string{"children.1.birth_date day-in-future"}},
		"of what all share":           {ownComune, strings.Replace(newHousehold, "20089", "2008", 1), []string{"shared.cap cap-malformed"}},
		"of a child over what all do": {ownComune, strings.Replace(newHousehold, `"address":"via Inventata 2"`, `"cap":"1"`, 1), []string{"children.1.cap cap-malformed"}},
		"of nobody":                   {ust, `{"children":[{"family_name":"Prova",` + born + `}]}`, []string{"children.0.comune field-required"}},
		"a household":                 {ownComune, `{"shared":{"household":"x","family_name":"P"},"children":[{` + born + `}]}`, []string{"shared.household household-malformed"}},
		"a child's own household":     {ownComune, `{"children":[{"household":"x",` + born + `}]}`, []string{"children.0.household field-unknown"}},
		"a name that all share":       {ownComune, `{"shared":{"given_name":"Oksana"},"children":[{` + born + `}]}`, []string{"shared.given_name field-unknown"}},
		"an unknown field":            {ownComune, `{"shared":{"volo":1},"children":[{` + born + `}]}`, []string{"shared.volo field-unknown"}},
		"an unknown field of one":     {ownComune, `{"children":[{"volo":1,` + born + `}]}`, []string{"children.0.volo field-unknown"}},
		"a misfit":                    {ownComune, `{"children":[{"family_name":"P",` + born + `},{"needs":5}]}`, []string{"children.1.needs value-malformed"}},
		"no child":                    {ownComune, `{"children":[]}`, []string{"children children-number"}},
		"nothing":                     {ownComune, `{}`, []string{"children children-number"}},
		"no object":                   {ownComune, `{"children":[7]}`, []string{"children.0 value-malformed"}},
		"too many":                    {ownComune, `{"children":[` + strings.Repeat("{},", 8) + `{}]}`, []string{"children children-number"}},
		"too many to be read":         {ownComune, `{"shared":{"volo":1},"children":[` + strings.Repeat(`{"volo":1},`, 2000) + `7]}`, []string{"children children-number"}},
		"a child twice":               {ownComune, `{"children":[{"family_name":"P",` + born + `},{"family_name":"p",` + born + `}]}`, []string{"children.1.given_name child-repeated"}},
	} {
		x := h.post(c.who, base+"/households", c.body, "Idempotency-Key", uuid.NewString())
		p := read[struct {
			Errors []struct{ Field, Code, Detail string }
		}](x)
		var got []string
		for _, e := range p.Errors {
			got = append(got, e.Field+" "+e.Code)
			if e.Detail == "" || strings.Contains(e.Detail, "{") {
				t.Errorf("%s: said %q", name, e.Detail)
			}
		}
		if x.status != 422 || !slices.Equal(got, c.want) {
			t.Errorf("%s: %d %v, want %v", name, x.status, got, c.want)
		}
	}
	if n := h.begun(); n != 0 {
		t.Errorf("%d cases were begun", n)
	}
}

func TestWhatWhoMayNotAskSendsOfAHouseholdIsNotRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, body := range map[string]string{"to-mend": `{"children":[{"volo":1}]}`, "too-many": `{"children":[` + strings.Repeat("{},", 8) + `{}]}`} {
		if x := h.post(ownSchool, base+"/households", body, "Idempotency-Key", name); x.status != 403 {
			t.Errorf("%s: %d %s", name, x.status, x.body)
		}
	}
}

// What all share is read once: a list that a child has itself is not laid over the others'.
func TestAChildsOwnListIsNoOtherChilds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := read[householdState](h.post(ownComune, base+"/households", `{"shared":{"family_name":"Prova","needs":["canteen","transport"]},"children":[`+
		`{"given_name":"Oksana","sex":"F","birth_date":"2013-05-02"},{"given_name":"Ivan","sex":"M","birth_date":"2011-11-30","needs":["timetable"]},`+
		`{"given_name":"Daryna","sex":"F","birth_date":"2015-01-02"}]}`, "Idempotency-Key", "f-1").want(201))
	for i, want := range []string{"canteen transport", "timetable", "canteen transport"} {
		c := read[struct{ Needs []string }](h.get(ownComune, base+"/cases/"+got.Cases[i].ID.String()).want(200))
		if needs := strings.Join(c.Needs, " "); needs != want {
			t.Errorf("child %d needs %q", i, needs)
		}
	}
}

// The program can end between two children: whoever comes again with the key has each of them once, in one household.
func TestAHouseholdThatWasCutOffGoesOnUnderItsKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ticket := desk.KeyedTicket(h.actors[ownComune], "f-1 POST "+base+"/households")
	part, err := h.desk.RequestHousehold(t.Context(), ticket, h.actors[ownComune], desk.HouseholdForm{Children: []desk.HouseholdChild{{Key: "0",
		RequestForm: desk.RequestForm{FamilyName: domain.NewPersonal("Prova"), GivenName: domain.NewPersonal("Oksana"), Sex: "F", BirthDate: domain.NewPersonal("2013-05-02")}}}})
	h.check(err)
	got := read[householdState](h.post(ownComune, base+"/households", newHousehold, "Idempotency-Key", "f-1").want(201))
	if len(got.Cases) != 3 || h.begun() != 3 || got.Cases[0].ID != part.Children[0].ID || got.Household != part.Children[0].ID {
		t.Errorf("%d cases, %d begun, in the household %s of %s", len(got.Cases), h.begun(), got.Household, part.Children[0].ID)
	}
}

// Without a key whoever comes again would have the first child twice.
func TestAHouseholdNeedsAKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := h.post(ownComune, base+"/households", newHousehold).refused(400, "idempotency-key-missing")
	if n := h.begun(); n != 0 || read[struct{ Detail string }](x).Detail == "" {
		t.Errorf("%d cases begun, told %s", n, x.body)
	}
	key := contract(t).Paths.Value("/households").Post.Parameters.GetByInAndName("header", "Idempotency-Key")
	if key == nil || !key.Required {
		t.Error("the document does not say so")
	}
}

// A child may have moved to another comune before the answer was asked for again: the others are told all the same.
func TestARetryOfAHouseholdTellsOfTheChildThatMovedNoMoreThanItsID(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := read[householdState](h.post(ownComune, base+"/households", newHousehold, "Idempotency-Key", "f-1").want(201))
	h.post(ownComune, base+"/cases/"+first.Cases[0].ID.String()+"/domicile-changes", `{"comune":"015118"}`).want(200)
	again := read[householdState](h.post(ownComune, base+"/households", newHousehold, "Idempotency-Key", "f-1").want(201))
	if len(again.Cases) != 3 || again.Cases[0].Relation != "none" || again.Cases[0].Status != "" || again.Cases[2].Relation != "own" || again.Household != first.Household {
		t.Errorf("%+v", again)
	}
}
