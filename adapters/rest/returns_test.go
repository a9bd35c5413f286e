package rest_test

import (
	"testing"
	"time"

	"approdo/domain"
)

// monday is what the API says of a Monday.
type monday struct {
	Monday string    `json:"monday"`
	At     time.Time `json:"at"`
	Items  []struct {
		Institution domain.Institution `json:"institution"`
		Computed    map[string]int     `json:"computed"`
		Validated   map[string]int     `json:"validated"`
		AsOf        time.Time          `json:"as_of"`
		WithdrawnAt time.Time          `json:"withdrawn_at"`
	} `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// A school enrols, validates its Monday by program, enrols another and takes the validation back.
func TestAReturnIsValidatedAndTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	enrol := func(who persona, site, given string) {
		h.post(who, base+"/enrolments", `{"school":"`+site+`","comune":"015189","family_name":"Prova","given_name":"`+given+
			`","sex":"F","birth_date":"2013-05-02"}`).want(201)
	}
	enrol(ownSchool, "ZZEE00001X", "Oksana")
	enrol(otherSchool, "ZZEE00003X", "Iryna")
	const path = base + "/returns/2022-03-14"
	h.get(ownSchool, path).want(409) // it is ten in the morning
	h.time.Store(time.Date(2022, time.March, 14, 14, 30, 0, 0, time.UTC).UnixNano())
	for _, who := range []persona{ownSchool, ust} { // nobody stays signed in over lunch
		h.tokens[who] = h.signIn(who)
	}

	own := read[monday](h.get(ownSchool, path).want(200))
	if len(own.Items) != 1 || own.Items[0].Institution != "ZZIC00001X" || own.Items[0].Computed["primaria"] != 1 || own.Items[0].Validated != nil ||
		!own.At.Equal(time.Date(2022, time.March, 14, 14, 0, 0, 0, time.UTC)) {
		t.Errorf("before it is validated: %+v", own)
	}
	h.post(ownSchool, path+"/validation", `{"infanzia":0,"primaria":2,"secondaria_1":0,"secondaria_2":0}`).want(200)
	h.post(ownSchool, path+"/validation", `{"infanzia":0,"primaria":1000,"secondaria_1":0,"secondaria_2":-1}`).want(422)
	h.post(ownSchool, path+"/validation", `{"infanzia":0,"primaria":2,"secondaria_1":0,"secondaria_2":0,"as_of":"2022-03-14T13:00:00Z"}`).want(422)
	all := read[monday](h.get(ust, path+"?limit=1").want(200))
	if len(all.Items) != 1 || all.Items[0].Validated["primaria"] != 2 || all.Items[0].Computed["primaria"] != 1 || all.NextCursor != "ZZIC00001X" {
		t.Errorf("the UST reads %+v", all)
	}
	all = read[monday](h.get(ust, path+"?limit=1&cursor="+all.NextCursor).want(200))
	if len(all.Items) != 1 || all.Items[0].Institution != "ZZIC00003X" || all.Items[0].Validated != nil || all.NextCursor != "" {
		t.Errorf("the second page has %+v", all)
	}
	if then := read[monday](h.get(ust, path+"?at=2022-03-14T08:00:00Z").want(200)); len(then.Items) != 0 {
		t.Errorf("before anybody was enrolled: %+v", then)
	}
	h.get(ust, path+"?at=2022-03-15T08:00:00Z").want(422)
	h.get(ust, base+"/returns/2022-03-15").want(404)
	h.post(ownSchool, path+"/withdrawal", `{"reason":"because"}`).want(422)
	h.post(ownSchool, path+"/withdrawal", `{"reason":"pupil-missing"}`).want(200)
	own = read[monday](h.get(ownSchool, path).want(200))
	if own.Items[0].Validated != nil || own.Items[0].WithdrawnAt.IsZero() {
		t.Errorf("taken back: %+v", own)
	}
}

// A day that is no Monday would be told to whoever may answer for a return.
func TestWhatWhoHasNoReturnSendsIsNotRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, act := range []string{"validation", "withdrawal"} {
		if x := h.post(ownCentre, base+"/returns/2022-03-15/"+act, `{}`); x.status != 403 {
			t.Errorf("%s: %d %s", act, x.status, x.body)
		}
		if x := h.post(ownSchool, base+"/returns/2022-03-15/"+act, `{}`); x.status == 403 {
			t.Errorf("%s: a school is refused: %s", act, x.body)
		}
	}
}
