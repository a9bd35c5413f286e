package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/projections"
)

// listener is a browser with a stream.
type listener struct {
	t      *testing.T
	answer *http.Response
	in     *bufio.Scanner
	stop   context.CancelFunc
}

// listen opens a stream of somebody at a server of the pages.
func (w *world) listen(at string, a domain.Actor, path string) *listener {
	w.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+path, nil)
	w.check(err)
	w.as(a)(r)
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultTransport.RoundTrip(r) // no redirects
	w.check(err)
	l := &listener{w.t, answer, bufio.NewScanner(answer.Body), stop}
	l.in.Buffer(nil, 1<<20)
	w.t.Cleanup(func() {
		stop()
		answer.Body.Close()
	})
	return l
}

// next is what is told next; nil where the stream is over.
func (l *listener) next() *message {
	l.t.Helper()
	for l.in.Scan() {
		if data, found := strings.CutPrefix(l.in.Text(), "data: "); found {
			var m message
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				l.t.Fatal(err)
			}
			return &m
		}
	}
	return nil
}

// until takes what is told into figures, until they are as wanted.
func (l *listener) until(figures map[string]string, wanted func() bool) {
	l.t.Helper()
	for !wanted() {
		m := l.next()
		if m == nil {
			l.t.Fatal("the stream is over")
		}
		for key, figure := range m.Figures {
			if figures[key] = figure; figure == "" {
				delete(figures, key)
			}
		}
	}
}

func (w *world) serve() string {
	server := httptest.NewServer(w.site.handler())
	w.t.Cleanup(server.Close)
	return server.URL
}

var (
	partOfPage  = regexp.MustCompile(`(?s)data-part="([^"]+)">(.*?)</section>`)
	tileOfPage  = regexp.MustCompile(`<span class="tile-value">([^<]*)</span>`)
	tableOfPage = regexp.MustCompile(`(?s)<table class="(bars|matrix)">\s*<caption(?: id="([^"]+)")?>([^<]*)</caption>(.*?)</table>`)
	rowOfPage   = regexp.MustCompile(`(?s)<tr data-row="([^"]*)">(.*?)</tr>`)
	cellOfPage  = regexp.MustCompile(`<td class="numeric[^"]*">(?:<a [^>]*>)?([^<]*)`)
)

// figuresIn reads a board as the script does: the figures by their keys.
func figuresIn(page string) map[string]string {
	out := map[string]string{}
	for _, part := range partOfPage.FindAllStringSubmatch(page, -1) {
		for i, tile := range tileOfPage.FindAllStringSubmatch(part[2], -1) {
			out[fmt.Sprintf("%s/%d", part[1], i)] = tile[1]
		}
		for _, table := range tableOfPage.FindAllStringSubmatch(part[2], -1) {
			for _, row := range rowOfPage.FindAllStringSubmatch(table[4], -1) {
				for i, cell := range cellOfPage.FindAllStringSubmatch(row[2], -1) {
					if table[1] == "bars" {
						out[table[3]+"/"+row[1]] = cell[1]
					} else {
						out[fmt.Sprintf("%s/%s/%d", table[2], row[1], i)] = cell[1]
					}
				}
			}
		}
	}
	return out
}

func TestAStreamTellsWhatThePageWouldShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	at := w.serve()
	w.request("Prova", "Uno")
	for name, c := range map[string]struct {
		as    domain.Actor
		query string
	}{"ust": {atUST, ""}, "order": {atUST, "?ordine=primaria"}, "comune": {atRozzano, ""}, "prefettura": {atPrefettura, ""}} {
		told := map[string]string{}
		stream := w.listen(at, c.as, boardStreamPath+c.query)
		if got := stream.answer.Header.Get("Content-Type") + stream.answer.Header.Get("X-Accel-Buffering"); got != "text/event-streamno" {
			t.Errorf("%s: head %s", name, got)
		}
		for change := range 3 {
			if change > 0 {
				for range 3 { // three, so that those who are told of no few pupils hear of them
					w.request("Prova", "Altri")
				}
			}
			_, body := w.get(c.as, "/cruscotto"+c.query)
			page := figuresIn(body)
			if len(page) < 40 {
				t.Fatalf("%s: %d figures in the page", name, len(page))
			}
			stream.until(told, func() bool { return maps.Equal(told, page) })
		}
		if !strings.Contains(bodyOf(w, c.as, "/cruscotto"+c.query), `data-live="`+boardStreamPath+c.query+`"`) {
			t.Errorf("%s: the page does not say where it hears of changes", name)
		}
	}
}

func bodyOf(w *world, a domain.Actor, path string) string {
	_, body := w.get(a, path)
	return body
}

func TestStreamsKeepToTheirScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	at := w.serve()
	own, other, guarded := w.listen(at, atRozzano, boardStreamPath), w.listen(at, atOpera, boardStreamPath), w.listen(at, atPrefettura, boardStreamPath)
	seen, foreign, few := own.next().Figures, other.next().Figures, guarded.next().Figures
	w.request("Prova", "Uno")
	own.until(seen, func() bool { return seen["states/0"] == "1" })
	guarded.until(few, func() bool { return few["states/0"] == "meno di 3" })
	for key, figure := range few {
		if n, err := strconv.Atoi(figure); err == nil && n%3 != 0 && !strings.HasPrefix(key, "seats-") && !strings.Contains(key, "Cifre") && !strings.HasPrefix(key, "wait") {
			if !strings.Contains(key, " giorni") { // ages of declarations are of no pupil
				t.Errorf("the Prefettura is told %s: %s", key, figure)
			}
		}
	}
	_, body := w.get(atOpera, "/cruscotto")
	if page := figuresIn(body); !maps.Equal(foreign, page) || foreign["states/0"] != "0" {
		t.Errorf("another comune hears: %v", foreign)
	}
	w.site.live.mu.Lock()
	f := w.site.live.feeds["board comune "+atOpera.Body+" it "]
	w.site.live.mu.Unlock()
	if f == nil {
		t.Error("another comune shares a feed")
	}
	for path, want := range map[string]int{boardStreamPath + "?noto=2022-03-01": http.StatusNotFound, boardStreamPath: http.StatusForbidden, newsStreamPath: http.StatusForbidden} {
		as := atAdmin
		if strings.Contains(path, "noto") {
			as = atUST
		}
		if code, _ := w.get(as, path); code != want {
			t.Errorf("%s as %s: %d", path, as.Role, code)
		}
	}
}

// countedViews counts how often the views are read.
type countedViews struct {
	Views
	reads atomic.Int32
}

func (v *countedViews) ReadAs(ctx context.Context, a domain.Actor, f func(*projections.Snapshot) error) error {
	v.reads.Add(1)
	return v.Views.ReadAs(ctx, a, f)
}

func TestManyStreamsAreOneQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	views := &countedViews{Views: w.views}
	w.site.Views, w.site.live = views, newLive(views, w.site.Log)
	at := w.serve()
	var all []*listener
	for n := range 24 {
		colleague := atUST
		colleague.Account = uuid.UUID{0: byte(n / 6), 15: 9}
		all = append(all, w.listen(at, colleague, boardStreamPath))
	}
	figures := make([]map[string]string, len(all))
	for i, l := range all {
		figures[i] = l.next().Figures
	}
	before := views.reads.Load()
	const requests = 5
	for range requests {
		w.request("Prova", "Uno")
	}
	for i, l := range all {
		l.until(figures[i], func() bool { return figures[i]["states/0"] == strconv.Itoa(requests) })
	}
	// A request is a few commits, of each of which one question may come at most.
	head, err := w.store.Head(t.Context())
	w.check(err)
	if asked := views.reads.Load() - before; asked < 1 || int(asked) > int(head) || int(asked) > 4*requests {
		t.Errorf("%d readers, %d requests: the board was counted %d times", len(all), requests, asked)
	}
	for _, l := range all {
		l.stop()
	}
	w.eventually("the last reader ends the feed", func() bool {
		w.site.live.mu.Lock()
		defer w.site.live.mu.Unlock()
		return len(w.site.live.feeds) == 0 && w.site.live.all == 0 && len(w.site.live.each) == 0
	})
}

func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	for range 6000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("never: %s", what)
}

func TestAStreamEndsWithTheSessionAndWithTheService(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, ending chan struct{}){
		"session": func(w *world, _ chan struct{}) { w.doors.end("token-" + atUST.Account.String()) },
		"service": func(_ *world, ending chan struct{}) { close(ending) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, io.Discard)
			ending := make(chan struct{})
			w.site.beat, w.site.Ending = 20*time.Millisecond, ending
			stream := w.listen(w.serve(), atUST, boardStreamPath)
			if stream.next() == nil {
				t.Fatal("nothing is told")
			}
			end(w, ending)
			if m := stream.next(); m != nil || stream.in.Err() != nil {
				t.Errorf("the stream goes on, or breaks: %v, %v", m, stream.in.Err())
			}
		})
	}
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	at := w.serve()
	var last *listener
	for range streamsEach {
		last = w.listen(at, atUST, boardStreamPath)
		last.next()
	}
	if more := w.listen(at, atUST, boardStreamPath).answer; more.StatusCode != http.StatusTooManyRequests || more.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d", more.StatusCode)
	}
	if other := w.listen(at, atRozzano, boardStreamPath).answer; other.StatusCode != http.StatusOK {
		t.Errorf("somebody else: %d", other.StatusCode)
	}
	last.stop()
	w.eventually("a place is free again", func() bool {
		again := w.listen(at, atUST, boardStreamPath).answer
		return again.StatusCode == http.StatusOK
	})
	w.site.live.mu.Lock()
	w.site.live.all = streamsInAll
	w.site.live.mu.Unlock()
	if more := w.listen(at, atOpera, boardStreamPath).answer; more.StatusCode != http.StatusServiceUnavailable || more.Header.Get("Retry-After") == "" {
		t.Errorf("in a full house: %d", more.StatusCode)
	}
}

func TestASlowReaderIsDroppedAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	l := newLive(w.views, slog.New(slog.DiscardHandler))
	ask := func(context.Context) (shown, error) { return shown{figures: map[string]string{"n": "0"}}, nil }
	slow, err := l.join(uuid.New(), "key", ask)
	w.check(err)
	quick, err := l.join(uuid.New(), "key", ask)
	w.check(err)
	<-quick.events
	for n := range liveBehind + 3 {
		w.check(l.publish(slow.feed, 1, shown{figures: map[string]string{"n": strconv.Itoa(n + 1)}}))
		if _, open := <-quick.events; !open {
			t.Fatal("who takes everything is dropped")
		}
	}
	got := 0
	for range slow.events {
		got++
	}
	if got != liveBehind {
		t.Errorf("the slow one was told %d times before he was dropped", got)
	}
	l.leave(slow)
	l.leave(quick)
	if len(l.feeds) != 0 || l.all != 0 {
		t.Error("something is left")
	}
}

func TestAFaultyQuestionEndsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	l := newLive(w.views, slog.New(slog.DiscardHandler))
	f := &feed{readers: map[*reader]bool{}}
	if _, _, err := l.ask(t.Context(), f, func(context.Context) (shown, error) { panic("Shevchenko") }); !errors.Is(err, errPanic) || strings.Contains(err.Error(), "Shevchenko") || f.known {
		t.Errorf("a panic: %v", err)
	}
	if _, _, err := l.ask(t.Context(), f, func(context.Context) (shown, error) { return shown{}, errMethod }); !errors.Is(err, errMethod) || f.known {
		t.Errorf("an error: %v", err)
	}
	if len(l.turn) != 0 {
		t.Error("nobody else gets a turn")
	}
}

func TestWhoGetsNoStreamThroughAsksNowAndThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	h := w.site.handler()
	first := do(h, http.MethodGet, boardStreamPath+"?ordine=primaria", "", w.as(atUST), header("Accept", "application/json"))
	var m message
	w.check(json.Unmarshal(first.Body.Bytes(), &m))
	_, body := w.get(atUST, "/cruscotto?ordine=primaria")
	if first.Header().Get("Content-Type") != "application/json" || !maps.Equal(m.Figures, figuresIn(body)) {
		t.Errorf("%s: %v", first.Header().Get("Content-Type"), m.Figures)
	}
	tag := first.Header().Get("ETag")
	same := do(h, http.MethodGet, boardStreamPath+"?ordine=primaria", "", w.as(atUST), header("If-None-Match", tag))
	if same.Code != http.StatusNotModified || same.Body.Len() > 0 {
		t.Errorf("nothing changed: %d", same.Code)
	}
	w.request("Prova", "Uno")
	other := do(h, http.MethodGet, boardStreamPath+"?ordine=primaria&formato=json", "", w.as(atUST), header("If-None-Match", tag), header("Accept", "text/event-stream"))
	if other.Code != http.StatusOK || other.Header().Get("ETag") == tag || !strings.Contains(other.Body.String(), `"states/0":"1"`) {
		t.Errorf("something changed: %d", other.Code)
	}
	if out := do(h, http.MethodGet, boardStreamPath, ""); out.Code != http.StatusSeeOther {
		t.Errorf("nobody: %d", out.Code)
	}
}

func TestListsSayThatTheyAreNoLongerTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	at := w.serve()
	id := w.request("Prova", "Uno")
	centre := w.centreOf(id)
	stream := w.listen(at, centre, newsStreamPath)
	told := stream.next().Figures
	if told["waiting"] != "1" || len(told) != 2 {
		t.Fatalf("told %v", told)
	}
	elsewhere := w.listen(at, atOpera, newsStreamPath)
	foreign := elsewhere.next().Figures
	_, err := w.desk.Do(t.Context(), desk.NewTicket(), id, casefile.TakeCharge{Act: w.desk.Act(centre)})
	w.check(err)
	which := told["which"]
	w.request("Prova", "Due")
	stream.until(told, func() bool { return told["waiting"] == "2" && told["which"] != which })
	if foreign["waiting"] != "0" {
		t.Errorf("another comune: %v", foreign)
	}
	for _, path := range []string{"/", "/pratiche?stato=aperte"} {
		if _, body := w.get(centre, path); !strings.Contains(body, `data-live="`+newsStreamPath+`"`) || !strings.Contains(body, `<a href="`+path+`">Ci sono novità`) {
			t.Errorf("%s does not say where it hears of changes", path)
		}
	}
	if _, body := w.get(atPrefettura, "/"); strings.Contains(body, "data-live") {
		t.Error("who has no lists waits for news of them")
	}
	for _, path := range []string{"/cruscotto?noto=2022-03-20", "/cruscotto?confronto=2022-03-20", "/pratiche?noto=2022-03-20"} {
		if _, body := w.get(atUST, path); strings.Contains(body, "data-live") {
			t.Errorf("%s is of the past, and waits for news", path)
		}
	}
}

func TestNoTwoFiguresOfABoardHaveOneKey(t *testing.T) {
	t.Parallel()
	table := matrix{ID: "by-school", Keys: []string{"ZZIC00001X", "ZZIC00002X"}, Rows: []figures{
		{plain("IC Via Liguria"), []figure{{N: 1}}}, {plain("IC Via Liguria"), []figure{{N: 2}}}}}
	texts, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	x, err := boardPage{At: now, Parts: []boardPart{{ID: "schools", Tables: []matrix{table}}}}.shown(texts[Italian])
	if want := []string{"by-school/ZZIC00001X/0", "by-school/ZZIC00002X/0"}; err != nil || !slices.Equal(slices.Sorted(maps.Keys(x.figures)), want) {
		t.Errorf("%v, %v", x.figures, err)
	}
}
