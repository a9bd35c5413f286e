package rest_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/adapters/rest"
	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

func TestWhatIsNoRequestIsToldWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	cases := base + "/cases"
	for name, tt := range map[string]struct {
		x      exchange
		status int
		code   string
	}{
		"no such path":        {h.get(ust, base+"/no-such"), 404, "path-not-found"},
		"outside":             {h.get(ust, "/api/v2/cases"), 404, "path-not-found"},
		"another method":      {h.ask(ust, "PUT", cases, newCase), 405, "method-not-allowed"},
		"unheard-of method":   {h.ask(ust, "BREW", cases, ""), 405, "method-not-allowed"},
		"unheard-of and lost": {h.ask(ust, "BREW", base+"/no-such", ""), 404, "path-not-found"},
		"no JSON":             {h.post(ust, cases, `{"family_name":`), 400, "json-malformed"},
		"two documents":       {h.post(ust, cases, `{} {}`), 400, "json-malformed"},
		"a name twice":        {h.post(ust, cases, `{"sex":"F","sex":"M"}`), 400, "json-malformed"},
		"no UTF-8":            {h.post(ust, cases, "{\"family_name\":\"\xff\"}"), 400, "json-malformed"},
		"a form":              {h.post(ust, cases, "family_name=Prova", "Content-Type", "application/x-www-form-urlencoded"), 415, "media-type-unsupported"},
		"no type":             {h.post(ust, cases, newCase, "Content-Type", ""), 415, "media-type-unsupported"},
		"too large":           {h.post(ust, cases, `{"family_name":"`+strings.Repeat("x", 1<<20)+`"}`), 413, "body-too-large"},
		"no session":          {h.get(anonymous, cases), 401, "not-signed-in"},
		"a wrong token":       {h.ask(anonymous, "GET", cases, "", "Authorization", "Bearer nonsense"), 401, "not-signed-in"},
		"a cookie":            {h.ask(anonymous, "GET", cases, "", "Cookie", "__Host-approdo-session="+h.tokens[ust]), 401, "not-signed-in"},
		"a wrong password":    {h.post(anonymous, base+"/sessions", `{"login":"ust@example.org","password":"no"}`), 401, "sign-in-failed"},
		"a login of nobody":   {h.post(anonymous, base+"/sessions", `{"login":"nobody@example.org","password":"no"}`), 401, "sign-in-failed"},
	} {
		if p := read[problem](tt.x); tt.x.status != tt.status || p.Code != tt.code || p.Type != "urn:approdo:problem:"+tt.code || p.Title == "" || p.Detail == "" {
			t.Errorf("%s: %d %+v, want %d %s", name, tt.x.status, p, tt.status, tt.code)
		}
		if instance := read[problem](tt.x).Instance; (instance == "") != (tt.status == 404) ||
			instance != "" && instance != "urn:uuid:"+tt.x.header.Get("X-Request-Id") {
			t.Errorf("%s: instance %q", name, instance)
		}
	}
	h.post(ust, cases, `{"comune":"015189",`+newCase[1:], "Content-Type", "application/json; charset=utf-8").want(201)
	if allow := h.ask(ust, "PUT", cases, newCase).header.Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow: %s", allow)
	}
	if allow := h.ask(ust, "POST", base+"/sessions/current", "").header.Get("Allow"); allow != "GET, HEAD, DELETE" {
		t.Errorf("Allow: %s", allow)
	}
	if x := h.get(anonymous, cases); x.header.Get("WWW-Authenticate") == "" {
		t.Error("401 does not say how to sign in")
	}
	if x := h.ask(ust, "HEAD", cases, ""); x.status != 200 {
		t.Errorf("HEAD: %d", x.status)
	}
}

func TestEveryFieldAtFaultIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(inCharge)
	path := base + "/cases/" + f.id.String()
	for _, tt := range []struct {
		who        persona
		path, body string
		want       string
	}{
		{ownComune, base + "/cases", `{}`, "family_name field-required, given_name field-required, birth_date field-required, sex field-required"},
		{ownComune, base + "/cases", `{"family_name":7}`, "family_name value-malformed"},
		{ownComune, base + "/cases", `{"surname":"Prova"}`, "surname field-unknown"},
		{ownComune, base + "/cases", `{"needs":["canteen",3]}`, "needs.1 value-malformed"},
		{ownComune, base + "/cases", `[]`, " value-malformed"},
		{ownComune, base + "/cases", `{"` + strings.Repeat("x", 80) + `":1}`, " field-unknown"},
		{ownCentre, path + "/first-day", `{"first_day":"14/3/2022"}`, "first_day date-malformed"},
		{ownCentre, path + "/notes", `{"text":"` + strings.Repeat("x", 2001) + `"}`, "text text-too-long"},
		{ownCentre, path + "/notes", `{"text":"  "}`, "text field-required"},
		{ownCentre, path + "/offers", `{}`, "school field-required, level field-required"},
		{ownCentre, path + "/offers", `{"school":"x","level":"primaria-9"}`, "school school-code-malformed, level grade-unknown"},
		{ownCentre, path + "/hand-overs", `{"to":"CTI-99","reason":"agreed"}`, "to centre-unknown"},
		{ownCentre, path + "/questions", `{"to":"UST","topic":"contacts"}`, "to choice-unknown"},
		{ust, path + "/merge", `{"into":"x","text":"y"}`, "into value-malformed"},
		{ust, base + "/case-searches", `{}`, "family_name field-required, given_name field-required"},
		{ust, base + "/schools/ZZEE00001X/places", `{"school_year":22,"level":"x","free":2}`, "school_year number-out-of-range, level grade-unknown"},
		{ust, base + "/schools/ZZEE00001X/places", `{"school_year":2021,"level":"primaria-3","free":-1}`, "free places-number"},
		{ust, base + "/territory/comuni/015189/amendments", `{"ambito":"LOM0000099"}`, "ambito ambito-unknown"},
		{ust, base + "/territory/clocks", `{"take_charge":0}`, "take_charge clock-out-of-range"},
		{ust, base + "/territory/suspensions", `{"kind":"intake","reason":""}`, "reason reason-missing"},
		{ust, base + "/territory/suspensions", `{"kind":"intake","reason":"x","scope":{"comuni":["1"]}}`, "comune comune-unknown"},
	} {
		x := h.post(tt.who, tt.path, tt.body).want(422)
		p := read[problem](x)
		if got := strings.Join(p.fields(), ", "); got != tt.want {
			t.Errorf("%s %.40s: %q, want %q", tt.path, tt.body, got, tt.want)
		}
		for _, e := range p.Errors {
			if e.Detail == "" {
				t.Errorf("%s has no words", e.Code)
			}
		}
	}
	if p := read[problem](h.get(ust, base+"/audit-days/yesterday?limit=x").want(422)); strings.Join(p.fields(), ", ") != "limit number-out-of-range, date date-malformed" {
		t.Errorf("at fault: %v", p.fields())
	}
}

func TestProblemsAreToldInTheLanguageOfTheClient(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := base + "/cases/" + uuid.NewString()
	for header, want := range map[string]string{"": "it", "en": "en", "en-GB,en;q=0.9": "en", "it;q=0.5, en;q=0.8": "en", "en;q=0.2, it": "it", "de, fr;q=0.9": "it", "uk, en;q=0.1": "en",
		"en;q=x": "it"} {
		x := h.ask(ust, "GET", path, "", "Accept-Language", header)
		detail := map[string]string{"it": "Questa pratica non esiste", "en": "This case does not exist"}[want]
		if x.header.Get("Content-Language") != want || !strings.HasPrefix(read[problem](x).Detail, detail) {
			t.Errorf("%q: in %s: %s", header, x.header.Get("Content-Language"), x.body)
		}
	}
}

func TestEveryAnswerCarriesWhatGuardsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rest.Config) { c.Secure = true })
	for _, x := range []exchange{h.get(ust, base+"/cases"), h.get(anonymous, base+"/cases"), h.get(anonymous, "/status"), h.get(ust, "/api/nowhere")} {
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
			"Vary": "Authorization, Accept-Language"} {
			if got := x.header.Get(name); got != want {
				t.Errorf("%d: %s is %q", x.status, name, got)
			}
		}
		if _, err := uuid.Parse(x.header.Get("X-Request-Id")); err != nil {
			t.Errorf("%d has no request id", x.status)
		}
	}
}

func TestWhoAsksTooOftenIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rest.Config) { c.Limiter = session.NewLimiter(3, time.Minute, c.Clock) })
	for left := 2; left >= 0; left-- {
		if x := h.get(ust, base+"/cases").want(200); x.header.Get("X-RateLimit-Limit") != "3" || x.header.Get("X-RateLimit-Remaining") != string(rune('0'+left)) {
			t.Errorf("%v", x.header)
		}
	}
	x := h.get(ust, base+"/cases").refused(429, "too-many-requests")
	if x.header.Get("Retry-After") != "20" || x.header.Get("X-RateLimit-Reset") != "60" {
		t.Errorf("%v", x.header)
	}
	h.get(ownComune, base+"/cases").want(200)
	h.pass(20 * time.Second)
	h.get(ust, base+"/cases").want(200)
}

func TestGuessingAPasswordTakesLonger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 5 {
		h.post(anonymous, base+"/sessions", `{"login":"admin@example.org","password":"no"}`).want(401)
	}
	x := h.post(anonymous, base+"/sessions", `{"login":"admin@example.org","password":"no"}`)
	for x.status == 401 {
		x = h.post(anonymous, base+"/sessions", `{"login":"admin@example.org","password":"no"}`)
	}
	x.refused(429, "too-many-tries")
	if s := x.header.Get("Retry-After"); s == "" || !strings.Contains(read[problem](x).Detail, s+" second") {
		t.Errorf("Retry-After %q: %s", s, x.body)
	}
}

func TestASessionIsItsBearers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	type current struct{ Token, Token_type, Role, Body, Full_name string }
	x := h.post(anonymous, base+"/sessions", `{"login":"own.comune@example.org","password":"`+password+`"}`).want(201)
	s := read[current](x)
	if s.Token == "" || s.Token_type != "Bearer" || s.Role != "comune" || s.Body != "015189" || s.Full_name != "Persona di prova" || x.header.Get("Set-Cookie") != "" {
		t.Errorf("%+v %v", s, x.header)
	}
	bearer := []string{"Authorization", "Bearer " + s.Token}
	if me := read[current](h.ask(anonymous, "GET", base+"/sessions/current", "", bearer...).want(200)); me.Token != "" || me.Role != "comune" {
		t.Errorf("%+v", me)
	}
	h.ask(anonymous, "DELETE", base+"/sessions/current", "", bearer...).want(204)
	h.ask(anonymous, "GET", base+"/sessions/current", "", bearer...).refused(401, "not-signed-in")
	h.get(ownComune, base+"/sessions/current").want(200)
	h.pass(31 * time.Minute)
	h.get(ownComune, base+"/sessions/current").refused(401, "not-signed-in")
}

// The journal tells what ails it in errors of its own; what reaches the client is a kind, or nothing.
func TestFaultsTellNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	fail := func(err error) exchange {
		h.store.noAppend.Store(&err)
		defer h.store.noAppend.Store(nil)
		return h.post(ownComune, base+"/cases", newCase)
	}
	for _, err := range []error{event.ErrOverloaded, event.ErrUnavailable} {
		x := fail(err)
		if x.status != 503 || x.header.Get("Retry-After") == "" {
			t.Errorf("%v: %d %v", err, x.status, x.header)
		}
	}
	x := fail(errors.New("a secret of the disk")).want(500)
	p := read[problem](x)
	if p.Type != "about:blank" || p.Instance != "urn:uuid:"+x.header.Get("X-Request-Id") || p.Code != "" || p.Detail != "" || strings.Contains(string(x.body), "secret") {
		t.Errorf("%s", x.body)
	}
	if !strings.Contains(h.log.String(), "a secret of the disk") || !strings.Contains(h.log.String(), x.header.Get("X-Request-Id")) {
		t.Error("the log does not tell")
	}
	conflict := fail(&event.ConflictError{Stream: "case-1", Expected: 1, Actual: 2})
	conflict.refused(409, "changed-meanwhile")
}

func TestAPanicIsAFaultOfOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rest.Config) { c.Views = broken{} })
	x := h.get(ust, base+"/cases").want(500)
	if strings.Contains(string(x.body), "personal") || strings.Contains(h.log.String(), "personal") {
		t.Error("what was panicked with is told")
	}
	if !strings.Contains(h.log.String(), `"panic"`) {
		t.Error("the log does not tell")
	}
}

// broken are views that panic, and are never up.
type broken struct{}

func (broken) Read(context.Context, func(*projections.Snapshot) error) error {
	panic("something personal")
}
func (b broken) ReadAs(ctx context.Context, _ domain.Actor, f func(*projections.Snapshot) error) error {
	return b.Read(ctx, f)
}

func (broken) Await(ctx context.Context, _ event.Position) error {
	<-ctx.Done()
	return projections.ErrBehind
}
func (broken) Status(context.Context) ([]projections.Status, error) {
	return []projections.Status{{Projection: "board", State: projections.Building, Head: 9}, {Projection: "audit", State: projections.Halted, Position: 4, Head: 9}}, nil
}

func TestWhatIsDoneIsDoneThoughTheViewsAreBehind(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rest.Config) { c.Views = broken{} })
	h.post(ownComune, base+"/cases", newCase).want(201)
	if !strings.Contains(h.log.String(), "views behind") {
		t.Error("the log does not tell")
	}
}

func TestTheStatusTellsWhetherTheServiceIsUp(t *testing.T) {
	t.Parallel()
	type status struct {
		Status int
		Views  []struct {
			View, State string
			Lag         int
		}
	}
	h := newHouse(t)
	for _, path := range []string{"/status", base + "/status"} {
		x := h.get(anonymous, path).want(200)
		if s := read[status](x); s.Status != 200 || len(s.Views) != 11 || s.Views[0].State != "live" || x.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", path, x.body)
		}
	}
	lost := errors.New("no disk")
	h.store.noRead.Store(&lost)
	if x := h.get(anonymous, "/status").want(503); x.header.Get("Retry-After") == "" || strings.Contains(string(x.body), "disk") {
		t.Errorf("%s", x.body)
	}
	h = newHouse(t, func(c *rest.Config) { c.Views = broken{} })
	if s := read[status](h.get(anonymous, base+"/status").want(503)); len(s.Views) != 2 || s.Views[1].State != "halted" || s.Views[1].Lag != 5 {
		t.Errorf("%+v", s)
	}
}

// What the log holds of a request are patterns, ids and codes: nothing that somebody wrote.
func TestTheLogHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(attending)
	x := h.get(ownComune, base+"/cases/"+f.id.String()).want(200)
	h.get(ownComune, base+"/cases?family_name=Prova").want(422)
	h.get(ownComune, base+"/no/Oksana/Prova").want(404)
	h.post(ownComune, base+"/cases", newCase).want(201)
	h.post(ownComune, base+"/cases", `{"family_name":{"Prova":1}}`).want(422)
	h.post(ownComune, base+"/case-searches", `{"family_name":"Prova","given_name":"Oksana"}`).want(200)
	h.post(anonymous, base+"/sessions", `{"login":"own.comune@example.org","password":"`+password+`"}`).want(201)
	log := h.log.String()
	for _, secret := range []string{"Prova", "Oksana", "2013-05-02", "99900000011", "example.org", "barche", h.tokens[ownComune]} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	type line struct{ Msg, At, Request, Method, Uri, Client, Consumer, Role, ID string }
	var lines []line
	for text := range bytes.Lines([]byte(log)) {
		var l line
		h.check(json.Unmarshal(text, &l, json.MatchCaseInsensitiveNames(true)))
		lines = append(lines, l)
	}
	i := slices.IndexFunc(lines, func(l line) bool { return l.Request == x.header.Get("X-Request-Id") })
	if i < 0 {
		t.Fatal("the request is not in the log")
	}
	l := lines[i]
	if _, err := time.Parse(time.RFC3339, l.At); err != nil || l.Msg != "access" || l.Method != "GET" || l.Uri != base+"/cases/{id}" || l.Client != "192.0.2.1" ||
		l.Consumer != h.actors[ownComune].Account.String() || l.Role != "comune" || l.ID != f.id.String() {
		t.Errorf("%+v", l)
	}
}

func TestAClientThatLeavesIsNoFault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, base+"/cases", strings.NewReader(newCase))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+h.tokens[ownComune])
	h.handler.ServeHTTP(httptest.NewRecorder(), r)
	if strings.Contains(h.log.String(), `"fault"`) {
		t.Error("the log tells of a fault")
	}
}

func TestRegistersAreKeptOverTheAPI(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	type comune struct {
		Code, Ambito, From string
		Population         int
		Provisional        bool
	}
	if c := read[comune](h.post(ust, base+"/territory/comuni/015189/amendments", `{"population":50000,"ambito":"LOM0000024","provisional":false,"from":"2022-04-01"}`).want(200)); c != (comune{"015189", "LOM0000024", "2022-04-01", 50000, false}) {
		t.Errorf("%+v", c)
	}
	if l := read[struct{ Items []comune }](h.get(prefettura, base+"/territory/comuni").want(200)); len(l.Items) != 133 {
		t.Errorf("%d comuni", len(l.Items))
	}
	left := read[struct{ Comuni, Centres []string }](h.post(ust, base+"/territory/confirmations", `{"centres":["CTI-24","CTI-25"]}`).want(200))
	if len(left.Comuni) != 132 || slices.Contains(left.Centres, "CTI-24") || len(left.Centres) != 8 {
		t.Errorf("%d comuni and %v are left", len(left.Comuni), left.Centres)
	}
	type policy struct{ Version, Infanzia, Fallback, From string }
	if p := read[policy](h.post(ust, base+"/territory/policies", `{"infanzia":"polo","fallback":"POLO-2","from":"2022-09-01"}`).want(201)); p != (policy{"2", "polo", "POLO-2", "2022-09-01"}) {
		t.Errorf("%+v", p)
	}
	h.post(ust, base+"/territory/clocks", `{"from":"2022-09-01","take_charge":4,"first_offer":5,"school_answer":3,"first_day":15,"access_months":3,"recast_months":2}`).want(201)
	for day, want := range map[string]int{"": 2, "?on=2022-09-01": 4} {
		if c := read[struct{ Take_charge int }](h.get(ust, base+"/territory/clocks"+day).want(200)); c.Take_charge != want {
			t.Errorf("%s: %d", day, c.Take_charge)
		}
	}
	f := h.begin(requested)
	type suspension struct {
		Number int
		Over   bool
		Role   string
		Lifted []struct{ Role string }
	}
	x := h.post(prefettura, base+"/territory/suspensions", `{"kind":"intake","scope":{"comuni":["015189"]},"reason":"Prot. 1/2022"}`).want(201)
	if s := read[suspension](x); s.Number != 1 || s.Over || s.Role != "prefettura" || x.header.Get("Location") != base+"/territory/suspensions/1" {
		t.Errorf("%+v at %s", s, x.header.Get("Location"))
	}
	h.post(ownCentre, base+"/cases/"+f.id.String()+"/charge", "").refused(409, "intake-suspended")
	h.post(ownComune, base+"/cases", newCase).want(201)
	if s := read[suspension](h.post(ust, base+"/territory/suspensions/1/resumption", `{"reason":"Prot. 2/2022"}`).want(200)); !s.Over || len(s.Lifted) != 1 || s.Lifted[0].Role != "ust" {
		t.Errorf("%+v", s)
	}
	h.post(ownCentre, base+"/cases/"+f.id.String()+"/charge", "").want(200)
	h.post(ust, base+"/territory/suspensions/9/resumption", `{"reason":"Prot. 3/2022"}`).refused(404, "suspension-not-found")
	h.get(ust, base+"/schools/ZZEE99999X").refused(404, "school-not-found")
}
