package rest_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// caseColumns are the relations somebody can have to a case of these tests, by role, in the order of caseTable.
var caseColumns = []persona{anonymous, ownComune, otherComune, ownCentre, pastCentre, otherCentre, ownSchool, pastSchool, otherSchool, ust, prefettura, admin}

// caseTable says what each route of a case answers to whom: at a stage at which the act makes sense, on a closed case, and on one
// whose pupil was erased. The own school has an offer or the pupil while the case is offered, accepted or attending; it is a school of
// the past on a closed case, and a stranger before. On a case that is not there everybody who is signed in gets 404.
const caseTable = `
                                                          comune    centre         school        UST Pref admin
                                                    anon  own  oth  own  past oth  own  past oth
GET  /cases/{id}                         attending  401   200  404  200  200  404  200  200  404  200 403 404
GET  /cases/{id}                         offered    401   200  404  200  200  404  200  200  404  200 403 404
GET  /cases/{id}                         requested  401   200  404  200  200  404  404  200  404  200 403 404
GET  /cases/{id}                         closed     401   200  404  200  200  404  200  200  404  200 403 404
GET  /cases/{id}                         erased     401   200  404  200  200  404  200  200  404  200 403 404
GET  /cases/{id}/events                  attending  401   200  404  200  200  404  200  200  404  200 200 404
GET  /cases/{id}/events                  closed     401   200  404  200  200  404  200  200  404  200 200 404
GET  /cases/{id}/events                  erased     401   200  404  200  200  404  200  200  404  200 200 404
GET  /cases/{id}/readings                attending  401   403  404  403  403  404  403  403  404  200 200 404
GET  /cases/{id}/readings                closed     401   403  404  403  403  404  403  403  404  200 200 404
GET  /cases/{id}/readings                erased     401   403  404  403  403  404  403  403  404  200 200 404
GET  /cases/{id}/schools                 attending  401   403  404  200  403  404  403  403  404  200 403 404
GET  /cases/{id}/schools                 closed     401   403  404  200  403  404  403  403  404  200 403 404
GET  /cases/{id}/schools                 erased     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/amendments              attending  401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/amendments              offered    401   200  404  200  403  404  403  403  404  200 403 404
POST /cases/{id}/amendments              closed     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/amendments              erased     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/domicile-changes        attending  401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/domicile-changes        closed     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/domicile-changes        erased     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/charge                  requested  401   403  404  200  403  404  404  403  404  200 403 404
POST /cases/{id}/charge                  closed     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/charge                  erased     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/questions               in-charge  401   403  404  200  403  404  404  403  404  200 403 404
POST /cases/{id}/questions               closed     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/questions               erased     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/answers                 asked      401   200  404  200  403  404  404  403  404  200 403 404
POST /cases/{id}/answers                 closed     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/answers                 erased     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/grade-determinations    attending  401   403  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/grade-determinations    closed     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/grade-determinations    erased     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/hand-overs              in-charge  401   403  404  200  403  404  404  403  404  200 403 404
POST /cases/{id}/hand-overs              closed     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/hand-overs              erased     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/offers                  in-charge  401   403  404  200  403  404  404  403  404  200 403 404
POST /cases/{id}/offers                  closed     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/offers                  erased     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/offers/{offer}/acceptance  offered 401   403  404  403  403  404  200  403  404  200 403 404
POST /cases/{id}/offers/{offer}/acceptance  closed  401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/offers/{offer}/acceptance  erased  401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/offers/{offer}/decline     offered 401   403  404  403  403  404  200  403  404  200 403 404
POST /cases/{id}/offers/{offer}/decline     closed  401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/offers/{offer}/decline     erased  401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/offers/{offer}/withdrawal  offered 401   403  404  200  403  404  403  403  404  200 403 404
POST /cases/{id}/offers/{offer}/withdrawal  closed  401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/offers/{offer}/withdrawal  erased  401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/first-day               accepted   401   403  404  403  403  404  200  403  404  200 403 404
POST /cases/{id}/first-day               closed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/first-day               erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/attendance-end          attending  401   403  404  403  403  404  200  403  404  200 403 404
POST /cases/{id}/attendance-end          closed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/attendance-end          erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/withdrawal              in-charge  401   200  404  403  403  404  404  403  404  200 403 404
POST /cases/{id}/withdrawal              closed     401   409  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/withdrawal              erased     401   409  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/closure                 in-charge  401   403  404  200  403  404  404  403  404  200 403 404
POST /cases/{id}/closure                 accepted   401   403  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/closure                 closed     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/closure                 erased     401   403  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/reopening               attending  401   200  404  200  403  404  403  403  404  200 403 404
POST /cases/{id}/reopening               closed     401   409  404  200  403  404  403  403  404  200 403 404
POST /cases/{id}/reopening               erased     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/merge                   in-charge  401   403  404  403  403  404  404  403  404  200 403 404
POST /cases/{id}/merge                   closed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/merge                   erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/un-merge                merged     401   403  404  403  403  404  404  403  404  200 403 404
POST /cases/{id}/un-merge                closed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/un-merge                erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/notes                   attending  401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/messages                attending  401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/notes                   offered    401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/messages                offered    401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/notes                   closed     401   200  404  200  403  404  403  403  404  200 403 404
POST /cases/{id}/messages                closed     401   200  404  200  403  404  403  403  404  200 403 404
POST /cases/{id}/notes                   erased     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/messages                erased     401   409  404  409  403  404  403  403  404  409 403 404
POST /cases/{id}/hand-over-taking-back   attending  401  403  404  403  409  404  403  403  404  409  403  404
POST /cases/{id}/hand-over-taking-back   closed     401  403  404  403  409  404  403  403  404  409  403  404
POST /cases/{id}/hand-over-taking-back   erased     401  403  404  403  409  404  403  403  404  409  403  404
POST /cases/{id}/offers/{offer}/acceptance-taking-back accepted   401  403  404  403  403  404  200  403  404  200  403  404
POST /cases/{id}/offers/{offer}/acceptance-taking-back closed     401  403  404  403  403  404  403  403  404  409  403  404
POST /cases/{id}/offers/{offer}/acceptance-taking-back erased     401  403  404  403  403  404  403  403  404  409  403  404
POST /cases/{id}/offers/{offer}/decline-taking-back attending  401  403  404  403  403  404  403  409  404  409  403  404
POST /cases/{id}/offers/{offer}/decline-taking-back closed     401  403  404  403  403  404  409  409  404  409  403  404
POST /cases/{id}/offers/{offer}/decline-taking-back erased     401  403  404  403  403  404  409  409  404  409  403  404
POST /cases/{id}/first-day-annulment     attending  401  403  404  403  403  404  200  403  404  200  403  404
POST /cases/{id}/first-day-annulment     closed     401  403  404  403  403  404  403  403  404  409  403  404
POST /cases/{id}/first-day-annulment     erased     401  403  404  403  403  404  403  403  404  409  403  404
POST /cases/{id}/erasure-proposal        attending  401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-proposal        closed     401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/erasure-proposal        erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-withdrawal      doomed     401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/erasure-withdrawal      closed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-withdrawal      erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-rejection       doomed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-rejection       closed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-rejection       erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-approval        doomed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-approval        closed     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/erasure-approval        erased     401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/restriction             attending  401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/restriction             closed     401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/restriction             erased     401   403  404  403  403  404  403  403  404  409 403 404
POST /cases/{id}/restriction-lifting     limited    401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/restriction-lifting     closed     401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/restriction-lifting     erased     401   403  404  403  403  404  403  403  404  409 403 404
GET  /cases/{id}                         limited    401   200  404  200  200  404  200  200  404  200 403 404
GET  /cases/{id}/subject-access          attending  401   403  404  403  403  404  403  403  404  200 403 404
GET  /cases/{id}/subject-access          closed     401   403  404  403  403  404  403  403  404  200 403 404
GET  /cases/{id}/subject-access          erased     401   403  404  403  403  404  403  403  404  409 403 404
GET  /cases/{id}/erasure-certificates    attending  401   403  404  403  403  404  403  403  404  404 403 404
GET  /cases/{id}/erasure-certificates    closed     401   403  404  403  403  404  403  403  404  404 403 404
GET  /cases/{id}/erasure-certificates    erased     401   403  404  403  403  404  403  403  404  200 403 404
POST /cases/{id}/amendments              limited    401   403  404  403  403  404  200  403  404  200 403 404
POST /cases/{id}/domicile-changes        limited    401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/notes                   limited    401   200  404  200  403  404  200  403  404  200 403 404
POST /cases/{id}/messages                limited    401   200  404  200  403  404  200  403  404  200 403 404
`

// caseBodies are what is sent to the routes of a case; {other} is another open case, {party} a body that follows the case and is not the caller.
var caseBodies = map[string]string{
	"POST /cases/{id}/amendments":                            `{"languages":"uk, ru, en"}`,
	"POST /cases/{id}/domicile-changes":                      `{"comune":"015189","address":"via Inventata 2"}`,
	"POST /cases/{id}/charge":                                ``,
	"POST /cases/{id}/questions":                             `{"to":"comune","topic":"contacts","text":"Un altro telefono?"}`,
	"POST /cases/{id}/answers":                               `{"text":"Di sera."}`,
	"POST /cases/{id}/grade-determinations":                  `{"level":"primaria-2","resolution":{"reason":"skills","reference":"n. 12 del 14/3/2022"}}`,
	"POST /cases/{id}/hand-overs":                            `{"to":"CTI-26","reason":"agreed"}`,
	"POST /cases/{id}/offers":                                `{"school":"ZZEE00001X","level":"primaria-3"}`,
	"POST /cases/{id}/offers/{offer}/acceptance":             `{"section":"B"}`,
	"POST /cases/{id}/offers/{offer}/decline":                `{"reason":"building-capacity"}`,
	"POST /cases/{id}/offers/{offer}/withdrawal":             `{"reason":"better-place"}`,
	"POST /cases/{id}/first-day":                             ``,
	"POST /cases/{id}/attendance-end":                        `{"reason":"moved-abroad"}`,
	"POST /cases/{id}/withdrawal":                            `{"reason":"moved-abroad"}`,
	"POST /cases/{id}/closure":                               `{"reason":"moved-abroad"}`,
	"POST /cases/{id}/reopening":                             ``,
	"POST /cases/{id}/merge":                                 `{"into":"{other}","text":"Stesso minore."}`,
	"POST /cases/{id}/un-merge":                              `{"text":"Sono due gemelli."}`,
	"POST /cases/{id}/notes":                                 `{"text":"Sentita la famiglia."}`,
	"POST /cases/{id}/messages":                              `{"to":[{party}],"text":"Di sera."}`,
	"POST /cases/{id}/hand-over-taking-back":                 ``,
	"POST /cases/{id}/offers/{offer}/acceptance-taking-back": `{"reason":"wrong-case"}`,
	"POST /cases/{id}/offers/{offer}/decline-taking-back":    `{"reason":"wrong-case"}`,
	"POST /cases/{id}/first-day-annulment":                   `{"reason":"too-early"}`,
	"POST /cases/{id}/erasure-proposal":                      `{"ground":"request"}`,
	"POST /cases/{id}/erasure-withdrawal":                    `{"proposal_id":"018f0000-0000-7000-8000-0000000000e1"}`,
	"POST /cases/{id}/erasure-rejection":                     `{"proposal_id":"018f0000-0000-7000-8000-0000000000e1","reason":"still-needed"}`,
	"POST /cases/{id}/erasure-approval":                      `{"proposal_id":"018f0000-0000-7000-8000-0000000000e1"}`,
	"POST /cases/{id}/restriction":                           `{"reason":"objection"}`,
	"POST /cases/{id}/restriction-lifting":                   ``,
}

type caseRow struct {
	route    string // "POST /cases/{id}/charge"
	stage    stage
	statuses []int // by caseColumns
}

func caseRows(t *testing.T) (rows []caseRow) {
	t.Helper()
	for line := range strings.Lines(caseTable) {
		words := strings.Fields(line)
		if len(words) != 3+len(caseColumns) || !strings.HasPrefix(words[1], "/") {
			continue // the head
		}
		row := caseRow{route: words[0] + " " + words[1], stage: stage(words[2])}
		for _, w := range words[3:] {
			n, err := strconv.Atoi(w)
			if err != nil {
				t.Fatal(line)
			}
			row.statuses = append(row.statuses, n)
		}
		rows = append(rows, row)
	}
	return rows
}

func ofACase(route string) bool { return strings.Contains(route, "/cases/{id}") }

func TestTheTableHasARowForEveryRoute(t *testing.T) {
	t.Parallel()
	rows := caseRows(t)
	for _, route := range walked(t, newHouse(t).handler) {
		if !ofACase(route) {
			if !slices.ContainsFunc(largeTable, func(r largeRow) bool { return r.route == route }) {
				t.Errorf("%s has no row", route)
			}
			continue
		}
		for _, wanted := range []stage{closed, erased} {
			if !slices.ContainsFunc(rows, func(r caseRow) bool { return r.route == route && r.stage == wanted }) {
				t.Errorf("%s has no row for a case that is %s", route, wanted)
			}
		}
		if !slices.ContainsFunc(rows, func(r caseRow) bool { return r.route == route && r.stage != closed && r.stage != erased }) {
			t.Errorf("%s has no row for an open case", route)
		}
		if _, ok := caseBodies[route]; !ok && strings.HasPrefix(route, "POST") {
			t.Errorf("%s has no body", route)
		}
	}
}

// send asks for a route of a case.
func (h *house) send(who persona, route string, f fixture, other uuid.UUID, headers ...string) exchange {
	h.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{id}", f.id.String(), "{offer}", f.offer.String()).Replace(path)
	party := `{"role":"ust"}`
	if who == ust {
		party = `{"role":"centre","body":"CTI-24"}`
	}
	return h.ask(who, method, base+path, strings.NewReplacer("{other}", other.String(), "{party}", party).Replace(caseBodies[route]), headers...)
}

func TestWhatEachRelationGetsFromTheRoutesOfACase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := h.begin(inCharge).id
	gone := h.begin(absent)
	tried := map[string]bool{}
	for _, row := range caseRows(t) {
		again := tried[row.route]
		tried[row.route] = true
		shared := h.begin(row.stage) // for whoever changes nothing
		var all sync.WaitGroup
		for i, who := range caseColumns {
			f := shared
			if row.statuses[i] == http.StatusOK && strings.HasPrefix(row.route, "POST") {
				f = h.begin(row.stage)
			}
			all.Go(func() {
				if x := h.send(who, row.route, f, other); x.status != row.statuses[i] {
					t.Errorf("%s of a case that is %s to %s: %d, want %d: %s", row.route, row.stage, who, x.status, row.statuses[i], x.body)
				}
				if again {
					return
				}
				want := http.StatusNotFound
				if who == anonymous {
					want = http.StatusUnauthorized
				}
				if x := h.send(who, row.route, gone, other); x.status != want {
					t.Errorf("%s of no case to %s: %d, want %d: %s", row.route, who, x.status, want, x.body)
				}
			})
		}
		all.Wait()
	}
}

// volatile are the headers that differ from one request to the next, whatever is asked for.
var volatile = []string{"X-Request-Id", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"}

func TestNotYoursAndAbsentAreTheSameToTheByte(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	cases := []fixture{h.begin(requested), h.begin(attending), h.begin(closed), h.begin(erased)}
	gone := h.begin(absent)
	var compared atomic.Int32
	var all sync.WaitGroup
	for _, route := range walked(t, h.handler) {
		if !ofACase(route) {
			continue
		}
		for _, who := range []persona{otherComune, otherCentre, otherSchool, admin} {
			all.Go(func() {
				for _, language := range []string{"it", "en"} {
					want := h.send(who, route, gone, uuid.New(), "Accept-Language", language)
					for _, f := range cases {
						hidden := h.send(who, route, f, uuid.New(), "Accept-Language", language)
						if hidden.status != 404 || want.status != 404 || string(hidden.body) != string(want.body) || len(want.body) == 0 {
							t.Errorf("%s to %s (%s):\n%d %s\n%d %s", route, who, language, hidden.status, hidden.body, want.status, want.body)
						}
						for _, name := range volatile {
							hidden.header.Del(name)
							want.header.Del(name)
						}
						if !maps.EqualFunc(hidden.header, want.header, slices.Equal) {
							t.Errorf("%s to %s: headers %v and %v", route, who, hidden.header, want.header)
						}
						compared.Add(1)
					}
				}
			})
		}
	}
	all.Wait()
	if n := compared.Load(); n < 500 {
		t.Errorf("only %d answers were compared", n)
	}
}

func TestListsSearchesAndCountsHoldNothingOfAnothers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(attending)
	search := `{"family_name":"Prova","given_name":"Oksana","birth_date":"2013-05-02"}`
	for who, sees := range map[persona]bool{ownComune: true, otherComune: false, ownCentre: true, pastCentre: false, otherCentre: false, ownSchool: true,
		pastSchool: false, otherSchool: false, ust: true} {
		h.settle()
		for _, x := range []exchange{h.get(who, base+"/cases").want(200), h.post(who, base+"/case-searches", search).want(200)} {
			if got := strings.Contains(string(x.body), f.id.String()); got != sees {
				t.Errorf("%s finds the case: %v", who, got)
			}
			if !sees && string(x.body) != `{"items":[]}` {
				t.Errorf("%s gets %s", who, x.body)
			}
		}
		board := read[struct {
			Comuni []struct{ Cases int } `json:"by_comune"`
			Waited struct{ Pupils int }
		}](h.get(who, base+"/board").want(200))
		if got := len(board.Comuni) > 0 && board.Waited.Pupils > 0; got != sees {
			t.Errorf("%s counts the case: %v", who, got)
		}
	}
}

// settle waits until the views show all that is in the journal.
func (h *house) settle() {
	h.t.Helper()
	head, err := h.store.Head(h.t.Context())
	h.check(err)
	h.check(h.views.Await(h.t.Context(), head))
}

// The fields of a case, and of its pupil after the stroke, that each relation sees.
const (
	pastFields  = "erased id level may relation requested_on revision school_year status"
	factFields  = pastFields + " asked_grade centre channel comune household level_by_age needs preferred_schools sex sibling_school"
	placeFields = factFields + " holder offer"
	nameFields  = " / birth_date family_name family_name_cyrillic given_name given_name_cyrillic"
	schooling   = " arrived_on italian languages last_grade last_school still_online temporary_protection unaccompanied with_reserve"
	everyField  = nameFields + schooling + " address adults birth_place cap citizenship disability document host tax_code vaccination"
	waiting     = " clock due"
)

func TestWhatEachRelationSeesOfACase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	seen := map[stage]map[persona]string{
		requested: {
			ownComune: factFields + " holder" + waiting + everyField, ownCentre: factFields + " holder declined_by" + waiting + everyField,
			pastCentre: pastFields, pastSchool: pastFields, ust: factFields + " holder declined_by" + waiting + everyField,
		},
		offered: {
			ownComune: placeFields + waiting + everyField, ownCentre: placeFields + " declined_by" + waiting + everyField, pastCentre: pastFields,
			ownSchool: placeFields + waiting + nameFields + schooling, pastSchool: pastFields, ust: placeFields + " declined_by" + waiting + everyField,
		},
		attending: {
			ownComune: placeFields + " accepted_on first_day" + everyField, ownCentre: placeFields + " accepted_on first_day declined_by" + everyField,
			pastCentre: pastFields, ownSchool: placeFields + " accepted_on first_day" + everyField, pastSchool: pastFields,
			ust: placeFields + " accepted_on first_day declined_by" + everyField,
		},
		closed: {
			ownComune: factFields + " accepted_on first_day ended_on closure_reason" + everyField,
			ownCentre: factFields + " accepted_on first_day ended_on closure_reason declined_by" + everyField, pastCentre: pastFields,
			ownSchool: pastFields, pastSchool: pastFields, ust: factFields + " accepted_on first_day ended_on closure_reason declined_by" + everyField,
		},
		limited: { // the school holds the case; whoever else follows it learns that the reading is restricted, and why they read nothing
			ownComune: placeFields + " accepted_on first_day restricted", ownCentre: placeFields + " accepted_on first_day declined_by restricted",
			pastCentre: pastFields, ownSchool: placeFields + " accepted_on first_day restricted" + everyField, pastSchool: pastFields,
			ust: placeFields + " accepted_on first_day declined_by restricted" + everyField,
		},
		erased: {
			ownComune: factFields + " accepted_on first_day ended_on closure_reason",
			ownCentre: factFields + " accepted_on first_day ended_on closure_reason declined_by", pastCentre: pastFields,
			ownSchool: pastFields, pastSchool: pastFields, ust: factFields + " accepted_on first_day ended_on closure_reason declined_by",
		},
	}
	for at, by := range seen {
		f := h.begin(at)
		for who, want := range by {
			facts, pupil, _ := strings.Cut(want, "/")
			all := read[map[string]jsontext.Value](h.get(who, base+"/cases/"+f.id.String()).want(200))
			ofPupil := map[string]jsontext.Value{}
			if raw, ok := all["pupil"]; ok {
				h.check(json.Unmarshal(raw, &ofPupil))
			}
			delete(all, "pupil")
			same(t, string(who)+" at "+string(at), slices.Sorted(maps.Keys(all)), strings.Fields(facts))
			same(t, string(who)+" at "+string(at)+", of the pupil", slices.Sorted(maps.Keys(ofPupil)), strings.Fields(pupil))
		}
	}
}

// The decision to erase comes a moment before the keys are destroyed: from then on nobody reads anything.
func TestAPupilIsForgottenAsSoonAsItIsDecided(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := base + "/cases/" + h.begin(closed).id.String()
	if x := h.get(ownComune, path); !strings.Contains(string(x.body), "Oksana") {
		t.Fatalf("%s", x.body)
	}
	x := h.post(ust, path+"/erasure-proposal", `{"ground":"request"}`).want(200)
	proposal := read[struct {
		Erasure struct {
			ProposalID string `json:"proposal_id"`
		}
	}](x).Erasure.ProposalID
	if x := h.get(ownComune, path); !strings.Contains(string(x.body), "Oksana") || strings.Contains(string(x.body), proposal) {
		t.Errorf("proposed, and the comune reads %s", x.body)
	}
	approval := `{"proposal_id":"` + proposal + `"}`
	h.post(ust, path+"/erasure-approval", approval).want(409)
	h.post(ust2, path+"/erasure-approval", approval).want(200)
	for _, who := range []persona{ownComune, ownCentre, ust} {
		if x := h.get(who, path).want(200); strings.Contains(string(x.body), "pupil") {
			t.Errorf("%s reads %s", who, x.body)
		}
		if x := h.get(who, path+"/events").want(200); strings.Contains(string(x.body), "Palestra") {
			t.Errorf("%s reads the words of the case", who)
		}
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestATimelineBeginsWhereItsReadersBusinessDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(attending)
	type entry struct{ Type, Role, Body, Text, Account_id string }
	types := func(who persona) (out []string, all []entry) {
		all = read[struct{ Items []entry }](h.get(who, base+"/cases/"+f.id.String()+"/events").want(200)).Items
		for _, e := range all {
			out = append(out, strings.TrimPrefix(e.Type, "case."))
		}
		return out, all
	}
	whole := []string{"requested", "routed", "charge-taken", "place-offered", "offer-declined", "handed-over", "charge-taken", "place-offered", "offer-accepted", "first-day-recorded"}
	for who, want := range map[persona][]string{ownComune: whole, ownCentre: whole, ust: whole, prefettura: whole, ownSchool: whole[7:],
		pastSchool: {"place-offered", "offer-declined"}, pastCentre: {"routed", "charge-taken", "place-offered", "handed-over"}} {
		got, entries := types(who)
		if !slices.Equal(got, want) {
			t.Errorf("%s reads %v, want %v", who, got, want)
		}
		readsTrail := slices.Contains([]persona{ownCentre, ust, prefettura}, who)
		readsWords := slices.Contains([]persona{ownComune, ownCentre, ust}, who)
		for _, e := range entries {
			if (e.Account_id != "") != readsTrail {
				t.Errorf("%s reads who it was: %v", who, e.Account_id != "")
			}
			if e.Type == "case.offer-declined" && (e.Text != "") != readsWords {
				t.Errorf("%s reads the words: %v", who, e.Text != "")
			}
		}
	}
	x := h.get(prefettura, base+"/cases/"+f.id.String()+"/events")
	if p := read[struct{ Pseudonym string }](x).Pseudonym; !strings.HasPrefix(p, "P-") {
		t.Errorf("pseudonym %q", p)
	}
	for _, personal := range []string{"Prova", "Oksana", "2013", "Palestra"} {
		if strings.Contains(string(x.body), personal) {
			t.Errorf("the Prefettura reads %s", personal)
		}
	}
}

// largeColumns are the roles, in the order of largeTable.
var largeColumns = []persona{anonymous, ownComune, ownCentre, ownSchool, ust, prefettura, admin}

// largeRow says what a route of no case answers to whom. What is in braces in a path or body is put in by the test.
type largeRow struct {
	route    string
	of       string // where what is asked for is somebody's
	path     string // empty: the route's
	body     string
	headers  []string
	statuses [7]int
}

const person = `"family_name":"Nuova","given_name":"Pratica","sex":"M","birth_date":"2014-02-03"`

var largeTable = []largeRow{
	//                                                                                            anon comune centre school UST Pref admin
	{route: "GET /status", statuses: [7]int{200, 200, 200, 200, 200, 200, 200}},
	{route: "GET /openapi.yaml", statuses: [7]int{200, 200, 200, 200, 200, 200, 200}},
	{route: "POST /sessions", body: `{"login":"ust@example.org","password":"` + password + `"}`, statuses: [7]int{201, 201, 201, 201, 201, 201, 201}},
	{route: "GET /sessions/current", statuses: [7]int{401, 200, 200, 200, 200, 200, 200}},
	{route: "DELETE /sessions/current", statuses: [7]int{401, 204, 204, 204, 204, 204, 204}},
	{route: "GET /cases", statuses: [7]int{401, 200, 200, 200, 200, 403, 403}},
	{route: "POST /cases", body: `{"comune":"015189",` + person + `}`, statuses: [7]int{401, 201, 403, 403, 201, 403, 403}},
	{route: "POST /households", body: `{"shared":{"comune":"015189"},"children":[{` + person + `}]}`, headers: []string{"Idempotency-Key", "f-1"}, statuses: [7]int{401, 201, 403, 403, 201, 403, 403}},
	{route: "POST /enrolments", of: "its own site", body: `{"school":"ZZEE00001X","comune":"015189",` + person + `}`, statuses: [7]int{401, 403, 403, 201, 403, 403, 403}},
	{route: "POST /enrolments", of: "another's site", body: `{"school":"ZZEE00003X","comune":"015189",` + person + `}`, statuses: [7]int{401, 403, 403, 422, 403, 403, 403}},
	{route: "POST /case-searches", body: `{"family_name":"Prova","given_name":"Oksana"}`, statuses: [7]int{401, 200, 200, 200, 200, 403, 403}},
	{route: "POST /case-searches", of: "nobody", body: `{}`, statuses: [7]int{401, 422, 422, 422, 422, 403, 403}},
	{route: "GET /schools", statuses: [7]int{401, 200, 200, 200, 200, 200, 200}},
	{route: "GET /schools/{code}", path: "/schools/ZZEE00001X", statuses: [7]int{401, 200, 200, 200, 200, 200, 200}},
	{route: "GET /schools/{code}/places", of: "its own site", path: "/schools/ZZEE00001X/places", statuses: [7]int{401, 403, 200, 200, 200, 403, 403}},
	{route: "GET /schools/{code}/places", of: "another's site", path: "/schools/ZZEE00003X/places", statuses: [7]int{401, 403, 200, 403, 200, 403, 403}},
	{route: "POST /schools/{code}/places", of: "its own site", path: "/schools/ZZEE00001X/places", body: `{"school_year":2021,"level":"primaria-3","free":4}`,
		statuses: [7]int{401, 403, 403, 201, 201, 403, 403}},
	{route: "POST /schools/{code}/places", of: "another's site", path: "/schools/ZZEE00003X/places", body: `{"school_year":2021,"level":"primaria-3","free":4}`,
		statuses: [7]int{401, 403, 403, 409, 201, 403, 403}},
	{route: "POST /schools/{code}/services", of: "its own site", path: "/schools/ZZEE00001X/services", body: `{"services":["canteen"]}`,
		statuses: [7]int{401, 403, 403, 200, 200, 403, 403}},
	{route: "POST /schools/{code}/services", of: "another's site", path: "/schools/ZZEE00003X/services", body: `{"services":["canteen"]}`,
		statuses: [7]int{401, 403, 403, 404, 200, 403, 403}},
	{route: "GET /board", statuses: [7]int{401, 200, 200, 200, 200, 200, 403}},
	{route: "GET /returns/{date}", path: "/returns/2022-03-07", statuses: [7]int{401, 403, 403, 200, 200, 403, 403}},
	{route: "POST /returns/{date}/validation", path: "/returns/2022-03-07/validation", body: `{"infanzia":0,"primaria":1,"secondaria_1":0,"secondaria_2":0}`,
		statuses: [7]int{401, 403, 403, 200, 403, 403, 403}},
	{route: "POST /returns/{date}/withdrawal", path: "/returns/2022-03-07/withdrawal", body: `{"reason":"typing-error"}`, statuses: [7]int{401, 403, 403, 200, 403, 403, 403}},
	{route: "GET /audit-days/{date}", path: "/audit-days/2022-03-14", statuses: [7]int{401, 403, 403, 403, 200, 200, 403}},
	{route: "GET /ledger/checkpoints", statuses: [7]int{401, 403, 403, 403, 200, 200, 403}},
	{route: "GET /ledger/checkpoints/{size}", path: "/ledger/checkpoints/latest", statuses: [7]int{401, 403, 403, 403, 200, 200, 403}},
	{route: "GET /ledger/consistency", path: "/ledger/consistency?older=1&newer=2", statuses: [7]int{401, 403, 403, 403, 200, 200, 403}},
	{route: "GET /ledger/inclusion", path: "/ledger/inclusion?position=1", statuses: [7]int{401, 403, 403, 403, 200, 200, 403}},
	{route: "GET /audit", statuses: [7]int{401, 403, 403, 403, 200, 200, 403}},
	{route: "GET /events", statuses: [7]int{401, 403, 403, 403, 200, 403, 403}},
	{route: "GET /territory/comuni", statuses: [7]int{401, 403, 200, 403, 200, 200, 403}},
	{route: "POST /territory/comuni/{code}/amendments", path: "/territory/comuni/015189/amendments", body: `{"population":41371}`, statuses: [7]int{401, 403, 403, 403, 200, 403, 403}},
	{route: "GET /territory/centres", statuses: [7]int{401, 403, 200, 403, 200, 200, 403}},
	{route: "POST /territory/centres/{code}/amendments", path: "/territory/centres/CTI-24/amendments", body: `{"phone":"0200000000"}`, statuses: [7]int{401, 403, 403, 403, 200, 403, 403}},
	{route: "POST /territory/confirmations", body: `{"comuni":["015189"],"centres":["CTI-24"],"policy":"1"}`, statuses: [7]int{401, 403, 403, 403, 200, 403, 403}},
	{route: "GET /territory/policies", statuses: [7]int{401, 403, 200, 403, 200, 200, 403}},
	{route: "POST /territory/policies", body: `{"infanzia":"polo","fallback":"POLO-1"}`, statuses: [7]int{401, 403, 403, 403, 201, 403, 403}},
	{route: "GET /territory/clocks", statuses: [7]int{401, 403, 200, 403, 200, 200, 403}},
	{route: "POST /territory/clocks", body: `{"take_charge":3,"first_offer":5,"school_answer":3,"first_day":15,"access_months":3,"recast_months":2}`, statuses: [7]int{401, 403, 403, 403, 201, 403, 403}},
	{route: "GET /territory/suspensions", statuses: [7]int{401, 403, 200, 403, 200, 200, 403}},
	{route: "POST /territory/suspensions", body: `{"kind":"placement","scope":{"comuni":["015118"]},"reason":"Prot. 1/2022"}`, statuses: [7]int{401, 403, 403, 403, 201, 201, 403}},
	{route: "GET /territory/suspensions/{number}", path: "/territory/suspensions/1", statuses: [7]int{401, 403, 200, 403, 200, 200, 403}},
	{route: "POST /territory/suspensions/{number}/resumption", path: "/territory/suspensions/1/resumption", body: `{"reason":"Prot. 2/2022"}`, statuses: [7]int{401, 403, 403, 403, 200, 200, 403}},
	{route: "GET /accounts", statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "GET /accounts/{id}", of: "a comune's", path: "/accounts/{comune}", statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "GET /accounts/{id}", of: "the Prefettura's", path: "/accounts/{prefettura}", statuses: [7]int{401, 403, 403, 403, 404, 403, 200}},
	{route: "GET /retention", statuses: [7]int{401, 403, 403, 403, 200, 403, 403}},
	{route: "POST /retention", body: `{"pupil":36,"health":12,"drafts":2,"readings":24}`, statuses: [7]int{401, 403, 403, 403, 201, 403, 403}},
	{route: "GET /retention/due", statuses: [7]int{401, 403, 403, 403, 200, 403, 403}},
	{route: "POST /accounts", of: "nobody", body: `{}`, statuses: [7]int{401, 403, 403, 403, 422, 403, 422}},
	{route: "POST /accounts", of: "a comune's", body: `{"role":"comune","body":"015118","login":"{new}","full_name":"Persona di prova"}`, statuses: [7]int{401, 403, 403, 403, 201, 403, 201}},
	{route: "POST /accounts", of: "an administrator's", body: `{"role":"administrator","login":"{new}","full_name":"Persona di prova"}`, statuses: [7]int{401, 403, 403, 403, 403, 403, 201}},
	{route: "POST /accounts/{id}/suspension", of: "a comune's", path: "/accounts/{comune}/suspension", body: `{"reason":"inactive"}`, statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "POST /accounts/{id}/suspension", of: "the UST's", path: "/accounts/{ust}/suspension", body: `{"reason":"inactive"}`, statuses: [7]int{401, 403, 403, 403, 404, 403, 200}},
	{route: "POST /accounts/{id}/reinstatement", of: "a comune's", path: "/accounts/{comune}/reinstatement", statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "POST /accounts/{id}/reinstatement", of: "the UST's", path: "/accounts/{ust}/reinstatement", statuses: [7]int{401, 403, 403, 403, 404, 403, 200}},
	{route: "POST /accounts/{id}/invitation-renewal", of: "a comune's", path: "/accounts/{comune}/invitation-renewal", statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "POST /accounts/{id}/invitation-renewal", of: "the Prefettura's", path: "/accounts/{prefettura}/invitation-renewal", statuses: [7]int{401, 403, 403, 403, 404, 403, 200}},
	{route: "POST /accounts/{id}/invitation-approval", of: "a comune's", path: "/accounts/{comune}/invitation-approval", statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "POST /accounts/{id}/invitation-approval", of: "the Prefettura's", path: "/accounts/{prefettura}/invitation-approval", statuses: [7]int{401, 403, 403, 403, 404, 403, 409}},
	{route: "POST /accounts/{id}/second-factor-reset", of: "a comune's", path: "/accounts/{comune}/second-factor-reset", statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "POST /accounts/{id}/second-factor-reset", of: "the UST's", path: "/accounts/{ust}/second-factor-reset", statuses: [7]int{401, 403, 403, 403, 404, 403, 200}},
	{route: "POST /accounts/{id}/second-factor-reset-refusal", of: "a comune's", path: "/accounts/{comune}/second-factor-reset-refusal", statuses: [7]int{401, 403, 403, 403, 200, 403, 200}},
	{route: "POST /accounts/{id}/second-factor-reset-refusal", of: "the UST's", path: "/accounts/{ust}/second-factor-reset-refusal", statuses: [7]int{401, 403, 403, 403, 404, 403, 200}},
	{route: "POST /accounts/{id}/invitation-refusal", of: "a comune's", path: "/accounts/{comune}/invitation-refusal", statuses: [7]int{401, 403, 403, 403, 409, 403, 409}},
	{route: "POST /accounts/{id}/invitation-refusal", of: "the UST's", path: "/accounts/{ust}/invitation-refusal", statuses: [7]int{401, 403, 403, 403, 404, 403, 200}},
}

func TestWhatEachRoleGetsFromTheOtherRoutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post(prefettura, base+"/territory/suspensions", `{"kind":"intake","reason":"Prot. 0/2022"}`).want(201)
	second := map[persona]uuid.UUID{} // accounts that may be suspended
	for _, p := range []persona{ownComune, ust, prefettura} {
		a := bodies[p]
		body := `{"role":"` + string(a.Role) + `","body":"` + a.Body + `","login":"second.` + string(a.Role) + `@example.org","full_name":"Persona di prova"}`
		second[p] = read[struct{ ID uuid.UUID }](h.post(admin, base+"/accounts", body).want(201)).ID
	}
	for n, row := range largeTable {
		for i, who := range largeColumns {
			method, path, _ := strings.Cut(row.route, " ")
			if row.path != "" {
				path = row.path
			}
			fill := strings.NewReplacer("{comune}", second[ownComune].String(), "{ust}", second[ust].String(), "{prefettura}", second[prefettura].String(),
				"{new}", "new."+strconv.Itoa(n)+"."+strconv.Itoa(i)+"@example.org")
			if method == http.MethodDelete && who != anonymous { // a session that nobody else needs
				x := h.ask(anonymous, method, base+path, "", "Authorization", "Bearer "+h.signIn(who))
				if x.status != row.statuses[i] {
					t.Errorf("%s to %s: %d, want %d", row.route, who, x.status, row.statuses[i])
				}
				continue
			}
			if x := h.ask(who, method, base+fill.Replace(path), fill.Replace(row.body), row.headers...); x.status != row.statuses[i] {
				t.Errorf("%s of %s to %s: %d, want %d: %s", row.route, row.of, who, x.status, row.statuses[i], x.body)
			}
		}
	}
}
