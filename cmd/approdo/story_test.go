package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/adapters/esdb/esdbtest"
	"approdo/adapters/postgres/pgtest"
	"approdo/domain"
	"approdo/projections/board"
)

// stage is where the story says that a case stands: written by hand beside every step, and nothing of it read from the program.
type stage struct {
	status, comune, centre, order, channel string
	holder                                 string // who must act next, as people are keyed; empty when nobody must
	institution                            string // that was offered the pupil or has it
	firstDay                               bool   // there was one
}

func (s stage) open() bool { return s.status != "closed" && s.status != "merged" }

// story is a small province with everybody in it.
type story struct {
	*testing.T
	where   []string               // flags that say where everything is kept
	spoil   func(t *testing.T) int // changes every count of the board by hand and says how many there were
	program *program
	second  *person            // an administrator beside the first
	people  map[string]*person // by kind and body, as "centre:CTI-25"; those who stand for the province by role
	cases   map[string]stage
}

type boardView struct {
	ByComune, ByCentre, ByOrder, ByChannel []struct {
		Key, Status string
		Cases       int
	}
	WaitingNow, Waited struct{ Pupils int }
	Overdue            []struct{ Cases int }
}

// flat gives every count of a board by its name. Zero counts are left out.
func (b boardView) flat() map[string]int {
	out := map[string]int{}
	for by, counts := range map[string][]struct {
		Key, Status string
		Cases       int
	}{"comune": b.ByComune, "centre": b.ByCentre, "order": b.ByOrder, "channel": b.ByChannel} {
		for _, c := range counts {
			out[by+" "+c.Key+" "+c.Status] += c.Cases
		}
	}
	out["waiting"], out["waited"] = b.WaitingNow.Pupils, b.Waited.Pupils
	for _, o := range b.Overdue {
		out["overdue"] += o.Cases
	}
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}

// expected counts the cases of the story that a reader may count.
func (s *story) expected(reader string) map[string]int {
	kind, body, _ := strings.Cut(reader, ":")
	out := map[string]int{}
	for _, c := range s.cases {
		switch {
		case kind == "comune" && c.comune != body, kind == "centre" && c.centre != body, kind == "school" && c.institution != body:
			continue
		}
		for _, name := range []string{"comune " + c.comune, "centre " + c.centre, "order " + c.order, "channel " + c.channel} {
			out[name+" "+c.status]++
		}
		switch {
		case c.open() && c.status != "attending":
			out["waiting"]++
		case c.firstDay:
			out["waited"]++
		}
	}
	if reader == "prefettura" { // it sees no lists, and is told no small figures
		for what, n := range out {
			if out[what] = max(0, board.Guarded(n)); out[what] == 0 {
				delete(out, what)
			}
		}
	}
	return out
}

// wrong says what is not as the story has it: a board of somebody's that counts otherwise, or an open case that does not stand in
// exactly one queue.
func (s *story) wrong() string {
	s.Helper()
	queued := map[string][]string{}
	for name, p := range s.people {
		if name == "administrator" {
			p.ask("GET", "/board", nil).want(http.StatusForbidden)
			continue
		}
		if got, want := read[boardView](p.get("/board")).flat(), s.expected(name); !maps.Equal(got, want) {
			return fmt.Sprintf("the board of %s counts %v, want %v", name, got, want)
		}
		if !strings.Contains(name, ":") {
			continue
		}
		list := read[struct {
			Items []struct {
				ID     string
				Holder struct{ Kind, Body string }
			}
		}](p.get("/cases?limit=200"))
		for _, line := range list.Items {
			if line.Holder.Kind+":"+line.Holder.Body == name {
				queued[line.ID] = append(queued[line.ID], name)
			}
		}
	}
	for id, c := range s.cases {
		var want []string
		if c.open() {
			want = []string{c.holder}
		}
		if !slices.Equal(queued[id], want) {
			return fmt.Sprintf("a case that is %s stands in the queues %q, want %q", c.status, queued[id], want)
		}
		delete(queued, id)
	}
	if len(queued) > 0 {
		return fmt.Sprintf("%d cases of no story stand in queues", len(queued))
	}
	return ""
}

// step says where a case stands now, and holds all boards and queues to it. An answer waits up to a second for the views; on a
// machine that stands still they may come later, which is said.
func (s *story) step(name, id string, now stage) {
	s.Helper()
	s.cases[id] = now
	s.check(name)
}

func (s *story) check(name string) {
	s.Helper()
	begun := time.Now()
	for wrong := s.wrong(); wrong != ""; wrong = s.wrong() {
		if time.Since(begun) > patience/4 {
			s.Fatalf("after %s %s", name, wrong)
		}
		s.Logf("after %s, not yet: %s", name, wrong)
		time.Sleep(100 * time.Millisecond)
	}
}

// invite lets an account manager invite somebody, who chooses a password and signs in to pages and API.
func (s *story) invite(by *person, role, body string) *person {
	s.Helper()
	name := role
	if body != "" {
		name += ":" + body
	}
	return s.inviteAs(name, by, role, body)
}

// inviteAs lets somebody be invited under a name of the story's.
func (s *story) inviteAs(name string, by *person, role, body string) *person {
	s.Helper()
	p := s.program.person(strings.ToLower(strings.ReplaceAll(name, ":", ".")) + "@example.org")
	answer := read[struct {
		ID, InvitationToken string
		Waits               string `json:"approval_asked_by"`
	}](by.post("/accounts", fields{"role": role, "body": body, "login": p.login, "full_name": "Persona Inventata"}))
	if answer.Waits != "" {
		s.second.post("/accounts/"+answer.ID+"/invitation-approval", nil)
	}
	s.welcome(name, p, answer.InvitationToken)
	return p
}

// erase has two persons of the UST agree that a pupil is erased, and gives what the second one is answered.
func (s *story) erase(ust *person, id string) reply {
	s.Helper()
	other := s.people["ust:other"]
	if other == nil {
		other = s.inviteAs("ust:other", s.people["administrator"], "ust", "")
	}
	at := "/cases/" + id
	proposed := read[struct {
		Erasure struct {
			ProposalID string `json:"proposal_id"`
		}
	}](ust.post(at+"/erasure-proposal", fields{"ground": "request"}))
	approval := fields{"proposal_id": proposed.Erasure.ProposalID}
	ust.ask("POST", at+"/erasure-approval", approval).want(http.StatusConflict)
	return other.post(at+"/erasure-approval", approval)
}

func (s *story) welcome(name string, p *person, code string) {
	s.Helper()
	p.activate(code)
	p.enter(phrase)
	p.signIn(phrase)
	if name != "" {
		s.people[name] = p
	}
}

// serve starts the service on the story's data. Everybody's sessions go on, at the new address.
func (s *story) serve() {
	s.Helper()
	s.program = start(s.T, append([]string{"serve", "--plain", "--listen", "127.0.0.1:0", "--email", "approdo@example.org"}, s.where...)...)
	for _, p := range append(slices.Collect(maps.Values(s.people)), s.second) {
		if p == nil {
			continue // nobody is there yet
		}
		was := s.parse(p.url)
		p.url = s.program.url
		p.browser.Jar.SetCookies(s.parse(p.url), p.browser.Jar.Cookies(was))
	}
}

func (s *story) parse(address string) *url.URL {
	s.Helper()
	u, err := url.Parse(address)
	if err != nil {
		s.Fatal(err)
	}
	return u
}

// rebuild stops the service, spoils what the board counts, and has the views made anew from the journal.
func (s *story) rebuild() {
	s.Helper()
	s.program.stop()
	if spoilt := s.spoil(s.T); spoilt == 0 {
		s.Fatal("nothing of the board was spoilt")
	}
	s.serve()
	if s.wrong() == "" {
		s.Fatal("the board was spoilt and counts as before")
	}
	s.program.stop()
	s.command("rebuild")
	s.serve()
	s.check("a rebuild")
}

// command runs a subcommand on the story's data.
func (s *story) command(args ...string) string {
	s.Helper()
	return command(s.T, append(args, s.where...)...)
}

// inFiles keeps everything in a folder.
func inFiles(t *testing.T) *story {
	dir := filepath.Join(t.TempDir(), "data")
	return &story{T: t, where: []string{"--data", dir}, spoil: func(t *testing.T) int {
		conn, err := zombiezen.OpenConn(filepath.Join(dir, viewsFile), zombiezen.OpenReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var tables []string
		err = sqlitex.Execute(conn, `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%board_changes%'`,
			&sqlitex.ExecOptions{ResultFunc: func(row *zombiezen.Stmt) error {
				tables = append(tables, row.ColumnText(0))
				return nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, table := range tables {
			if err := sqlitex.ExecuteTransient(conn, `UPDATE "`+table+`" SET channel = 'spoilt'`, nil); err != nil {
				t.Fatal(err)
			}
			n += conn.Changes()
		}
		return n
	}}
}

// inPostgreSQL keeps everything in a database.
func inPostgreSQL(t *testing.T) *story {
	database := pgtest.Database(t)
	return &story{T: t, where: []string{"--database", database}, spoil: func(t *testing.T) int {
		conn, err := pgx.Connect(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		rows, err := conn.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'views' AND tablename LIKE '%board_changes%'`)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, table := range tables {
			done, err := conn.Exec(t.Context(), `UPDATE views.`+pgx.Identifier{table}.Sanitize()+` SET channel = 'spoilt'`)
			if err != nil {
				t.Fatal(err)
			}
			n += int(done.RowsAffected())
		}
		return n
	}}
}

// onEventStoreDB keeps the journal on a server for tests, and the rest in a database.
func onEventStoreDB(t *testing.T) *story {
	s := inPostgreSQL(t)
	s.where = append(s.where, "--journal", esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{}).URL())
	return s
}

// site is a school that can be asked.
type site struct{ Code, Institution string }

// sites finds three schools of different institutions in a comune.
func (s *story) sites(p *person, comune, order string) []site {
	s.Helper()
	list := read[struct {
		Items []struct {
			site
			TakesPupils bool
		}
	}](p.get("/schools?limit=200&comune=" + comune + "&order=" + order))
	var out []site
	for _, i := range list.Items {
		if i.TakesPupils && !slices.ContainsFunc(out, func(o site) bool { return o.Institution == i.Institution }) {
			out = append(out, i.site)
		}
	}
	if len(out) < 3 {
		s.Fatalf("%d institutions in %s, and the story needs three", len(out), comune)
	}
	return out[:3]
}

// place reads how the places of a grade stand.
func (p *person) place(school, level string) (held, taken, free int) {
	p.t.Helper()
	list := read[struct {
		Items []struct {
			Level             string
			Held, Taken, Free int
		}
	}](p.get("/schools/" + school + "/places"))
	for _, i := range list.Items {
		if i.Level == level {
			return i.Held, i.Taken, i.Free
		}
	}
	return 0, 0, 0
}

// invented is a child whose every word must stay away from those who may not read it.
type invented struct{ family, given, cyrillic, birth, address, phone, email, document, note string }

func (c invented) words() []string {
	return []string{c.family, c.given, c.cyrillic, c.birth, c.address, c.phone, c.email, c.document, c.note}
}

// caseOf reads the id of a case out of an answer.
func caseOf(x reply) string { return read[struct{ ID string }](x).ID }

// offerOf reads the standing offer of a case.
func (p *person) offerOf(id string) string {
	p.t.Helper()
	return read[struct{ Offer struct{ ID string } }](p.get("/cases/" + id)).Offer.ID
}

// wantAbsent wants a case that is not the reader's to be like one that is not there, to the byte, on both faces of the program.
func wantAbsent(p *person, id string) {
	p.t.Helper()
	for _, path := range []string{"/cases/%s", "/cases/%s/events"} {
		mine, none := p.ask("GET", fmt.Sprintf(path, id), nil).want(http.StatusNotFound), p.ask("GET", fmt.Sprintf(path, nowhere), nil)
		if mine.status != none.status || !bytes.Equal(bytes.ReplaceAll(mine.body, []byte(id), nil), bytes.ReplaceAll(none.body,
			[]byte(nowhere), nil)) {
			p.t.Errorf("%s: a case of others and none are told apart: %s, %s", path, mine.body, none.body)
		}
	}
	p.page("/pratiche/" + id).want(http.StatusNotFound)
}

// newStory is a story that has not begun, with a master key.
func newStory(t *testing.T, kept func(*testing.T) *story) *story {
	t.Helper()
	s := kept(t)
	dir := t.TempDir()
	key := filepath.Join(dir, "master.key")
	command(t, "key", key, "--data", filepath.Join(dir, "data"))
	s.where = append(s.where, "--key", key)
	s.people, s.cases = map[string]*person{}, map[string]stage{}
	return s
}

// inventedSchools is a register of schools that do not exist, in the ministry's form.
var inventedSchools = filepath.Join("testdata", "scuole_inventate.csv")

// begin reads a register of schools, twice, and serves; the first account is an administrator's.
func (s *story) begin(register string) *person {
	s.Helper()
	s.command("import", "schools", register)
	again := s.command("import", "schools", register)
	if !strings.Contains(again, " 0 nuove, 0 cambiate") {
		s.Errorf("the same file again changed something: %s", again)
	}
	invited := func(login string) string {
		return invitationCode(s.T, s.command("account", "invite", "--role", "administrator", "--user", login, "--name", "Persona Inventata"))
	}
	first, second := invited("administrator@example.org"), invited("second@example.org")
	s.serve()
	s.second = s.program.person("second@example.org")
	s.welcome("", s.second, second)
	admin := s.program.person("administrator@example.org")
	s.welcome("administrator", admin, first)
	return admin
}

// The same story on everything that can keep it.
func TestOneCaseIsLivedByEverybody(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]func(*testing.T) *story{"files": inFiles, "PostgreSQL": inPostgreSQL, "EventStoreDB": onEventStoreDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newStory(t, kept).live()
		})
	}
}

func (s *story) live() {
	t := s.T

	register := ministry(t, stateSchools)
	if register == "" {
		register = inventedSchools
	}
	admin := s.begin(register)
	ust := s.invite(admin, "ust", "")

	// Rozzano's centre and three of its schools, as the registers have them.
	const rozzano, legnano, order = "015189", "015118", "primaria"
	home, away := s.centreOf(ust, rozzano), s.centreOf(ust, legnano)
	schools := s.sites(ust, rozzano, order)
	refuser, taker, early := schools[0], schools[1], schools[2]

	comune, stranger := s.invite(ust, "comune", rozzano), s.invite(ust, "comune", legnano)
	centre, other := s.invite(ust, "centre", home), s.invite(ust, "centre", away)
	refusing, taking := s.invite(ust, "school", refuser.Institution), s.invite(ust, "school", taker.Institution)
	enrolling := s.invite(ust, "school", early.Institution)
	prefettura := s.invite(admin, "prefettura", "")
	s.check("the beginning")

	// A child of the third year by age, lowered to the second by the collegio docenti.
	year := schoolYearNow()
	kid := invented{family: "Prymirna", given: "Oleksandra", cyrillic: "Примірна", birth: fmt.Sprintf("%d-05-02", year-8),
		address: "Via degli Esempi 17",
		phone:   "+39 000 7654321", email: "famiglia.prymirna@example.org", document: "XX417253", note: "La nonna abita a Opera e conosce una maestra."}

	// The comune asks, on the page.
	to := comune.submit("/pratiche/nuova", url.Values{"family_name": {kid.family}, "given_name": {kid.given},
		"family_name_cyrillic": {kid.cyrillic}, "sex": {"F"},
		"birth_date": {kid.birth}, "address": {kid.address}, "adult_phone": {kid.phone}, "adult_email": {kid.email}, "document": {kid.document}}).to()
	a := strings.TrimPrefix(to, "/pratiche/")
	now := stage{status: "requested", comune: rozzano, centre: home, order: order, channel: "comune", holder: "centre:" + home}
	s.step("the request", a, now)
	for _, p := range []*person{stranger, other, taking, refusing} {
		wantAbsent(p, a)
	}

	// The centre takes charge, on the page; asks; the comune answers.
	if to := centre.submit("/pratiche/"+a+"/presa-in-carico", nil).to(); to != "/pratiche/"+a {
		t.Errorf("after taking charge comes %s", to)
	}
	now.status = "in-charge"
	s.step("taking charge", a, now)
	centre.post("/cases/"+a+"/questions", fields{"to": "comune", "topic": "schooling", "text": "Che classe frequentava?"})
	now.holder = "comune:" + rozzano
	s.step("the question", a, now)
	comune.post("/cases/"+a+"/answers", fields{"text": kid.note})
	now.holder = "centre:" + home
	s.step("the answer", a, now)

	// It goes to another centre, which must take charge anew. The first one knows of it no more than that it acted.
	centre.post("/cases/"+a+"/hand-overs", fields{"to": away, "reason": "agreed"})
	now.status, now.centre, now.holder = "requested", away, "centre:"+away
	s.step("the hand-over", a, now)
	centre.ask("POST", "/cases/"+a+"/charge", nil).refused(http.StatusForbidden, "not-allowed")
	if past := centre.get("/cases/" + a); bytes.Contains(past.body, []byte(kid.family)) {
		t.Error("a centre reads the name in a case it handed over")
	}
	other.post("/cases/"+a+"/charge", nil)
	now.status = "in-charge"
	s.step("taking charge again", a, now)
	level := "primaria-2"
	other.post("/cases/"+a+"/grade-determinations", fields{"level": level, "resolution": fields{"reason": "skills",
		"reference": "12/2026"}})
	s.step("the grade", a, now)

	// A school that has declared no places cannot be asked; two declare one each. The first declines.
	for _, x := range []struct {
		at *person
		of site
	}{{refusing, refuser}, {taking, taker}} {
		x.at.post("/schools/"+x.of.Code+"/places", fields{"school_year": year, "level": level, "free": 1, "pupils": 20, "foreign": 4})
	}
	other.post("/cases/"+a+"/offers", fields{"school": refuser.Code, "level": level})
	now.status, now.holder, now.institution = "offered", "school:"+refuser.Institution, refuser.Institution
	s.step("the offer", a, now)
	if held, _, _ := refusing.place(refuser.Code, level); held != 1 {
		t.Errorf("%d places are held for the offer", held)
	}
	if seen := refusing.get("/cases/" + a); bytes.Contains(seen.body, []byte(kid.phone)) || !bytes.Contains(seen.body,
		[]byte(kid.family)) {
		t.Error("a school that must answer reads too much or too little")
	}
	taking.ask("POST", "/cases/"+a+"/offers/"+other.offerOf(a)+"/acceptance", nil).refused(http.StatusNotFound, "case-not-found")
	refusing.post("/cases/"+a+"/offers/"+refusing.offerOf(a)+"/decline", fields{"reason": "no-places-in-class",
		"text": "La classe è piena."})
	now.status, now.holder, now.institution = "in-charge", "centre:"+away, ""
	s.step("the decline", a, now)
	eventually(t, "the place of a declined offer is free again", func() bool {
		held, _, _ := refusing.place(refuser.Code, level)
		return held == 0
	})
	other.ask("POST", "/cases/"+a+"/offers", fields{"school": refuser.Code, "level": level}).refused(http.StatusConflict,
		"school-declined-before")

	// The next one accepts, and the child goes to school.
	other.post("/cases/"+a+"/offers", fields{"school": taker.Code, "level": level})
	now.status, now.holder, now.institution = "offered", "school:"+taker.Institution, taker.Institution
	s.step("the second offer", a, now)
	taking.post("/cases/"+a+"/offers/"+taking.offerOf(a)+"/acceptance", fields{"section": "B"})
	now.status = "accepted"
	s.step("the acceptance", a, now)
	eventually(t, "the place is taken", func() bool {
		held, taken, free := taking.place(taker.Code, level)
		return held == 0 && taken == 1 && free == 0
	})
	taking.post("/cases/"+a+"/first-day", nil)
	now.status, now.firstDay = "attending", true
	s.step("the first day", a, now)

	// Another child comes twice: the comune asks, and a school has enrolled it on its own and heard the name otherwise.
	twin := invented{family: "Vyhadana", given: "Yuliia", cyrillic: "Вигадана", birth: fmt.Sprintf("%d-03-21", year-9),
		address: "Via delle Prove 3",
		phone:   "+39 000 1234567", email: "famiglia.vyhadana@example.org", document: "XX903121", note: "Aspetta la sorella maggiore."}
	b := caseOf(comune.post("/cases", fields{"family_name": twin.family, "given_name": twin.given,
		"family_name_cyrillic": twin.cyrillic, "sex": "F", "birth_date": twin.birth,
		"address": twin.address, "adult_phone": twin.phone, "adult_email": twin.email, "document": twin.document}))
	asked := stage{status: "requested", comune: rozzano, centre: home, order: order, channel: "comune", holder: "centre:" + home}
	s.step("the second request", b, asked)
	c := caseOf(enrolling.post("/enrolments", fields{"school": early.Code, "family_name": "Vigadana", "given_name": "Giulia",
		"sex": "F", "birth_date": twin.birth, "comune": rozzano}))
	enrolled := stage{status: "accepted", comune: rozzano, centre: home, order: order, channel: "school",
		holder: "school:" + early.Institution, institution: early.Institution}
	s.step("the autonomous enrolment", c, enrolled)
	wantAbsent(enrolling, b)
	wantAbsent(stranger, c)
	search := fields{"family_name": twin.family, "given_name": twin.given, "birth_date": twin.birth}
	if got := found(ust, search); !slices.Contains(got, b) || !slices.Contains(got, c) {
		t.Errorf("the UST looks for a child that came twice and finds %d cases", len(got))
	}
	if got := found(stranger, search); len(got) > 0 {
		t.Errorf("another comune finds %d cases", len(got))
	}

	// The UST joins them; the case that holds the place goes on. Parted again, each is as it was.
	centre.ask("POST", "/cases/"+b+"/merge", fields{"into": c, "text": "Stessa minore."}).refused(http.StatusForbidden, "not-allowed")
	ust.ask("POST", "/cases/"+c+"/merge", fields{"into": b, "text": "Stessa minore."}).refused(http.StatusConflict, "case-holds-place")
	ust.post("/cases/"+b+"/merge", fields{"into": c, "text": "Stessa minore."})
	joined := asked
	joined.status, joined.holder = "merged", ""
	s.step("the merge", b, joined)
	if at := read[struct{ MergedInto string }](comune.get("/cases/" + b)).MergedInto; at != c {
		t.Errorf("the merged case does not lead to the one that goes on")
	}
	s.rebuild()
	ust.post("/cases/"+b+"/un-merge", fields{"text": "Sono due cugine."})
	s.step("the un-merge", b, asked)

	// The Prefettura reads what happened to whom under another name, and nothing of them.
	s.nothingPersonal(prefettura, a, append(kid.words(), twin.words()...))

	// It suspends the intake of Rozzano. Requests are recorded; nobody takes charge until it goes on.
	number := read[struct{ Number int }](prefettura.post("/territory/suspensions", fields{"kind": "intake",
		"scope": fields{"comuni": []string{rozzano}}, "reason": "Prova di emergenza"})).Number
	centre.ask("POST", "/cases/"+b+"/charge", nil).refused(http.StatusConflict, "intake-suspended")
	d := caseOf(comune.post("/cases", fields{"family_name": "Zrazkova", "given_name": "Solomiia", "sex": "F",
		"birth_date": fmt.Sprintf("%d-11-30", year-7)}))
	s.step("a request during the suspension", d, asked)
	comune.ask("POST", fmt.Sprintf("/territory/suspensions/%d/resumption", number), fields{"reason": "Finita"}).want(http.StatusForbidden)
	prefettura.post(fmt.Sprintf("/territory/suspensions/%d/resumption", number), fields{"reason": "Finita"})
	centre.post("/cases/"+b+"/charge", nil)
	taken := asked
	taken.status = "in-charge"
	s.step("taking charge after the resumption", b, taken)

	// They were one child after all. A retry of the same request acts once.
	for range 2 {
		r := ust.request("POST", "/api/v1/cases/"+b+"/merge", strings.NewReader(`{"into":"`+c+`","text":"Confermato dalla madre."}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+ust.token)
		r.Header.Set("Idempotency-Key", "unione-confermata")
		ust.send(r).want(http.StatusOK)
	}
	s.step("the second merge", b, joined)
	enrolling.post("/cases/"+c+"/first-day", nil)
	enrolled.status, enrolled.firstDay = "attending", true
	s.step("the first day of the enrolled", c, enrolled)

	// The first child leaves; its case can be opened again. What it waited is no longer counted until it has a first day again.
	taking.post("/cases/"+a+"/attendance-end", fields{"reason": "returned-home"})
	now.status, now.holder = "closed", "" // the school that had the pupil still counts the case
	s.step("the end of attendance", a, now)
	eventually(t, "the place of who left is free again", func() bool {
		_, taken, free := taking.place(taker.Code, level)
		return taken == 0 && free == 1
	})
	other.post("/cases/"+a+"/reopening", fields{"text": "Tornata a Rozzano."})
	now.status, now.holder, now.institution, now.firstDay = "requested", "centre:"+away, "", false
	s.step("the reopening", a, now)

	// The third request is withdrawn and its child forgotten: it stays countable, and is found by nobody.
	ust.ask("POST", "/cases/"+d+"/erasure-proposal", fields{"ground": "request"}).refused(http.StatusConflict, "case-not-closed")
	comune.post("/cases/"+d+"/withdrawal", fields{"reason": "moved-abroad"})
	gone := asked
	gone.status, gone.holder = "closed", ""
	s.step("the withdrawal", d, gone)
	search = fields{"family_name": "Zrazkova", "given_name": "Solomiia"}
	if !slices.Contains(found(ust, search), d) {
		t.Error("a child is not found before it is forgotten")
	}
	s.erase(ust, d)
	s.step("the erasure", d, gone)
	eventually(t, "an erased child is found by nobody", func() bool { return !slices.Contains(found(ust, search), d) })
	if x := ust.get("/cases/" + d); bytes.Contains(x.body, []byte("Zrazkova")) || !read[struct{ Erased bool }](x).Erased {
		t.Error("an erased child is still read")
	}
	ust.ask("POST", "/cases/"+d+"/reopening", nil).refused(http.StatusConflict, "pupil-erased")

	s.rebuild()
	s.nothingPersonal(prefettura, a, append(kid.words(), twin.words()...))
	if text := s.program.stderr.String(); strings.Contains(text, "level=ERROR") {
		t.Errorf("the log has errors")
	}
}

// schoolYearNow is the school year in which a request of today is for, for July and August the coming one.
func schoolYearNow() int {
	today := time.Now()
	if today.Month() < time.July {
		return today.Year() - 1
	}
	return today.Year()
}

// centreOf finds the centre of a comune's ambito in the registers.
func (s *story) centreOf(p *person, comune string) string {
	s.Helper()
	type item struct{ Code, Ambito string }
	ambito := ""
	for _, c := range read[struct{ Items []item }](p.get("/territory/comuni")).Items {
		if c.Code == comune {
			ambito = c.Ambito
		}
	}
	for _, c := range read[struct{ Items []item }](p.get("/territory/centres")).Items {
		if ambito != "" && c.Ambito == ambito {
			return c.Code
		}
	}
	s.Fatalf("no centre for %s", comune)
	return ""
}

// found are the cases a search by name gives somebody.
func found(p *person, search fields) (ids []string) {
	p.t.Helper()
	for _, i := range read[struct{ Items []struct{ ID string } }](p.ask("POST", "/case-searches", search).want(http.StatusOK)).Items {
		ids = append(ids, i.ID)
	}
	return ids
}

// nothingPersonal reads everything the Prefettura can of a case and of the day, and looks for words in the bytes. The case itself and
// the lists are refused.
func (s *story) nothingPersonal(p *person, id string, words []string) {
	s.Helper()
	for _, other := range s.people {
		words = append(words, other.login)
	}
	p.ask("GET", "/cases/"+id, nil).refused(http.StatusForbidden, "not-allowed")
	p.ask("GET", "/cases", nil).want(http.StatusForbidden)
	p.ask("POST", "/case-searches", fields{"family_name": words[0], "given_name": words[1]}).want(http.StatusForbidden)
	today := domain.DateOf(time.Now()).String()
	trail := p.get("/cases/" + id + "/events")
	if events := read[struct {
		Pseudonym string
		Items     []struct{ Type string }
	}](trail); events.Pseudonym == "" || len(events.Items) < 10 {
		s.Errorf("the trail has %d events under the pseudonym %q", len(events.Items), events.Pseudonym)
	}
	for _, x := range []reply{trail, p.get("/audit-days/" + today), p.get("/board"), p.page("/pratiche/" + id + "/registro").want(http.StatusOK),
		p.page("/registro/" + today).want(http.StatusOK), p.page("/cruscotto").want(http.StatusOK)} {
		for _, w := range words {
			if bytes.Contains(x.body, []byte(w)) {
				s.Errorf("%s: the Prefettura reads a word about somebody", x.asked)
			}
		}
	}
}
