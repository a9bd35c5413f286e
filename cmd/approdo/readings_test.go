package main

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/reading"
)

// marks are texts that stand for one group of one pupil's data and for nothing else. Health is codes, which everybody's pages name.
type marks map[access.Field][]string

// marked is a request whose every group of data can be told from all others', and the marks.
func marked(nth int) (fields, marks) {
	letter := string(rune('a' + nth))
	birth := domain.Date{Year: schoolYearNow() - 8, Month: 5, Day: 11 + nth}
	request := fields{"family_name": "Famigliaq" + letter, "given_name": "Nomeq" + letter, "sex": "F", "birth_date": birth.String(), "birth_place": "Luogoq" + letter,
		"document": "DOCQ" + letter, "address": "Viaq " + letter + "q", "adult_name": "Adultoq" + letter, "last_school": "Scuolaq" + letter, "languages": "uk"}
	day := strconv.Itoa(birth.Day)
	year := strconv.Itoa(birth.Year)
	return request, marks{access.Name: {"Nomeq" + letter}, access.BirthDate: {birth.String(), day + " maggio " + year, day + " May " + year},
		access.Papers: {"Luogoq" + letter, "DOCQ" + letter}, access.Domicile: {"Viaq " + letter + "q"}, access.Adults: {"Adultoq" + letter},
		access.Schooling: {"Scuolaq" + letter}, access.Words: {"Appuntoq" + letter}}
}

// seen are the groups of a pupil's data in a text.
func (m marks) seen(body []byte) (out []access.Field) {
	for field, texts := range m {
		if slices.ContainsFunc(texts, func(s string) bool { return bytes.Contains(body, []byte(s)) }) {
			out = append(out, field)
		}
	}
	slices.Sort(out)
	return out
}

// tracer keeps the answers that came by, each with the request's id.
type tracer struct {
	mu      sync.Mutex
	answers map[string]traced
}

type traced struct {
	asked string
	body  []byte
}

func (x *tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	x.mu.Lock()
	x.answers[res.Header.Get("X-Request-Id")] = traced{r.Method + " " + r.URL.Path, body}
	x.mu.Unlock()
	return res, err
}

// Whatever of a pupil reaches anybody, over any page and any route, stands in the access record, and nothing else does.
func TestReadingsAreWhatWasShown(t *testing.T) {
	t.Parallel()
	w := newRouteWorld(t)
	pupils := map[uuid.UUID]marks{}
	for i, stage := range stages {
		_, m := marked(i)
		pupils[uuid.MustParse(w.cases[stage])] = m
	}
	trace := &tracer{answers: map[string]traced{}}
	for _, p := range w.callers {
		p.browser.Transport = trace
	}
	for _, c := range callers {
		p := w.callers[c]
		for _, row := range w.wantedRows() {
			w.call(c, row.method, row.path)
		}
		p.send(p.form("/cerca", url.Values{"family_name": {"Famigliaqa"}}))
		for _, path := range []string{"/cases", "/board", "/schools?limit=5", "/events"} {
			p.ask("GET", path, nil)
		}
		p.ask("POST", "/case-searches", fields{"family_name": "Famigliaqb"})
		for _, stage := range stages {
			for _, tail := range []string{"", "/events"} {
				p.ask("GET", "/cases/"+w.cases[stage]+tail, nil)
				p.ask("HEAD", "/cases/"+w.cases[stage]+tail, nil)
			}
		}
		p.ask("POST", "/cases/"+w.cases["accepted"]+"/notes", fields{"text": "Altro Appuntoqb"})
		for _, to := range []string{"ust", "school-own", "comune-own"} { // some of them to oneself, which is refused
			role, body, _ := strings.Cut(w.keyOf(w.callers[to]), ":")
			p.ask("POST", "/cases/"+w.cases["accepted"]+"/messages", fields{"to": []fields{{"role": role, "body": body}}, "text": "Messaggio Appuntoqb"})
		}
	}
	prefettura := w.callers["prefettura"]
	opened := "/pratiche/" + w.cases["accepted"]
	if body := prefettura.page(opened + "/registro").want(http.StatusOK).body; bytes.Contains(body, []byte("Nomeqb")) {
		t.Error("the Prefettura reads a name that nobody opened")
	}
	prefettura.send(prefettura.form(opened+"/nome", prefettura.page(opened+"/nome").want(http.StatusOK).hidden())) // without a reason
	prefettura.submit(opened+"/nome", url.Values{"reason": {"complaint"}, "words": {"Esposto inventato"}}).want(http.StatusSeeOther)
	if body := prefettura.page(opened + "/registro").want(http.StatusOK).body; !bytes.Contains(body, []byte("Nomeqb")) {
		t.Error("the opened name is not there")
	}
	w.callers["ust"].page("/letture").want(http.StatusOK)
	who := w.callers["school-own"]
	today := domain.DateOf(time.Now())
	report := w.command("breach-report", "--json", "--user", strings.ToUpper(who.login), "--from", today.AddDays(-1).String(), "--to", today.String())
	before := w.command("breach-report", "--user", who.login, "--from", "2022-03-01", "--to", "2022-03-31")
	w.program.stop()

	recorded, byReader := w.recorded()
	w.reportHolds(report, byReader)
	if !strings.Contains(before, ": 0 pagine, 0 minori") {
		t.Errorf("before anybody read: %.200s", before)
	}
	shown, reads := 0, 0
	for request, x := range trace.answers {
		if strings.HasPrefix(x.asked, "HEAD ") {
			x.body = nil
		}
		got := recorded[request]
		for id, m := range pupils {
			want := m.seen(x.body)
			have := slices.DeleteFunc(slices.Clone(got[id]), func(f access.Field) bool { return f == access.Health })
			slices.Sort(have)
			if !slices.Equal(want, have) {
				t.Errorf("%s showed %v of the pupil who is %s, the record has %v", x.asked, want, w.stageOf(id), have)
			}
			if slices.Contains(got[id], access.Health) && !slices.Contains(have, access.Papers) {
				t.Errorf("%s: health without papers", x.asked)
			}
			shown, reads = shown+len(want), reads+len(have)
		}
		for id := range got {
			if pupils[id] == nil {
				t.Errorf("%s: the record has a case nobody knows", x.asked)
			}
		}
	}
	if shown < 200 || shown != reads {
		t.Errorf("%d groups were shown, %d recorded", shown, reads)
	}
	t.Logf("%d answers, %d groups of data shown and recorded", len(trace.answers), shown)
}

// stageOf is how a case stands, for messages.
func (w *routeWorld) stageOf(id uuid.UUID) string {
	for stage, other := range maps.All(w.cases) {
		if other == id.String() {
			return stage
		}
	}
	return ""
}

// reportHolds compares a breach report with the answers its account was given.
func (w *routeWorld) reportHolds(text string, byReader map[uuid.UUID][]reading.Given) {
	w.Helper()
	var report breachReport
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		w.Fatalf("%v in %.300s", err, text)
	}
	answers := byReader[report.Account]
	want := map[uuid.UUID][]access.Field{}
	for _, a := range answers {
		for _, p := range a.Pupils {
			for _, id := range p.Cases {
				want[id] = union(want[id], p.Fields)
			}
		}
	}
	if len(answers) == 0 || report.Answers != len(answers) || len(report.Cases) != len(want) {
		w.Errorf("the report has %d answers and %d cases, the record %d and %d", report.Answers, len(report.Cases), len(answers), len(want))
	}
	for _, x := range report.Cases {
		if a, b := slices.Sorted(slices.Values(x.Fields)), slices.Sorted(slices.Values(want[x.Case])); !slices.Equal(a, b) {
			w.Errorf("%s: the report has %v, the record %v", w.stageOf(x.Case), a, b)
		}
		if x.Comune != "015189" || !slices.Contains(report.Bodies, string(x.Comune)) || x.Times < 1 || x.Last.Before(x.First) {
			w.Errorf("%+v", x)
		}
	}
}

// recorded reads the access record of the story's journal: by request and case, the fields; and by reader.
func (w *routeWorld) recorded() (map[string]map[uuid.UUID][]access.Field, map[uuid.UUID][]reading.Given) {
	w.Helper()
	where := storage{Data: w.where[1], Key: w.where[3]}
	records, err := where.openRecords(w.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		w.Fatal(err)
	}
	defer func() {
		if err := records.shut(w.Context()); err != nil {
			w.Error(err)
		}
	}()
	out, byReader := map[string]map[uuid.UUID][]access.Field{}, map[uuid.UUID][]reading.Given{}
	for given, err := range reading.Read(w.Context(), records.store, records.codec) {
		if err != nil {
			w.Fatal(err)
		}
		byReader[given.By.Account] = append(byReader[given.By.Account], given)
		if out[given.Request] == nil {
			out[given.Request] = map[uuid.UUID][]access.Field{}
		}
		for _, p := range given.Pupils {
			for _, id := range p.Cases {
				out[given.Request][id] = union(out[given.Request][id], p.Fields)
			}
		}
	}
	return out, byReader
}
