package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/notify"
	"approdo/adapters/sqlite/state"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/notice"
)

const site = "https://approdo.example.org"

var (
	monday   = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	tuesday7 = time.Date(2022, time.March, 15, 6, 0, 0, 0, time.UTC)

	verdi    = domain.Actor{Account: numbered(1), Role: domain.RoleCentre, Body: "CTI-22"}
	bianchi  = domain.Actor{Account: numbered(2), Role: domain.RoleCentre, Body: "CTI-22"}
	another  = domain.Actor{Account: numbered(3), Role: domain.RoleCentre, Body: "CTI-23"}
	official = domain.Actor{Account: numbered(4), Role: domain.RoleUST}
)

func numbered(n byte) uuid.UUID {
	id := uuid.MustParse("018f0000-0000-7000-8000-000000000000")
	id[15] = n
	return id
}

// house is a journal, an outbox, and people of two centres.
type house struct {
	t       *testing.T
	journal *memory.Store
	codec   *event.Codec
	kept    state.Notices
	people  []domain.Actor
	moved   map[uuid.UUID]bool // no longer have a mailbox
	log     bytes.Buffer

	mu   sync.Mutex
	now  time.Time
	sent []notify.Message
	fail func(to string) error
}

func newHouse(t *testing.T) *house {
	s, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &house{t: t, journal: memory.New(), codec: event.NewCodec(sealtest.New(), casefile.Events, notice.Events), kept: s.Notices(),
		people: []domain.Actor{verdi, bianchi, another, official}, moved: map[uuid.UUID]bool{}, now: monday}
}

func (h *house) Of(role domain.Role, body string) (out []uuid.UUID) {
	for _, p := range h.people {
		if p.Role == role && p.Body == body {
			out = append(out, p.Account)
		}
	}
	return out
}

func (h *house) Mailbox(_ context.Context, id uuid.UUID) (domain.Personal, error) {
	if h.moved[id] {
		return domain.Personal{}, nil
	}
	return domain.NewPersonal(fmt.Sprintf("casella-%d@example.org", id[15])), nil
}

func (h *house) Send(_ context.Context, m notify.Message) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		if err := h.fail(m.To.Reveal()); err != nil {
			return err
		}
	}
	h.sent = append(h.sent, m)
	return nil
}

// taken gives what was sent since it was last asked, by mailbox: "1 2" for one to the first and one to the second person.
func (h *house) taken() string {
	var to []string
	for _, m := range h.sent {
		to = append(to, strings.TrimSuffix(strings.TrimPrefix(m.To.Reveal(), "casella-"), "@example.org"))
	}
	h.sent = nil
	slices.Sort(to)
	return strings.Join(to, " ")
}

func (h *house) notices() *notify.Notices {
	return notify.NewNotices(notify.NoticesConfig{Journal: h.journal, Codec: h.codec, People: h, Storage: h.kept, Post: h, From: sender,
		Channel: notice.ByPEC, Address: site + "/", Owner: "UST di prova", Clock: func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(&h.log, nil))})
}

// request has somebody enter a request, which goes to the first centre, and gives the record that says so.
func (h *house) request(by domain.Actor, at time.Time) event.Record {
	h.t.Helper()
	id := uuid.Must(uuid.NewV7())
	act := domain.Act{By: by, At: at}
	c := casefile.RecordRequest{Act: act, Channel: domain.ChannelUST, On: domain.DateOf(at), Route: casefile.Route{Centre: "CTI-22", Policy: "p"},
		Facts: casefile.Facts{Comune: "015189", SchoolYear: 2021, Level: grade.Level{Order: grade.Primaria, Year: 3}, Sex: casefile.Female}}
	_, err := event.Execute(h.t.Context(), h.journal, h.codec, casefile.Decider, casefile.Stream(id), casefile.Command(c), event.Origin{ID: uuid.New(), By: by, At: at})
	if err != nil {
		h.t.Fatal(err)
	}
	for r, err := range h.journal.ReadStream(h.t.Context(), casefile.Stream(id), event.ReadStream{}) {
		if err != nil {
			h.t.Fatal(err)
		}
		if r.Type == "case.routed" {
			return r
		}
	}
	h.t.Fatal("the request was not routed")
	return event.Record{}
}

func (h *house) prefer(who domain.Actor, p notice.Preferences) {
	h.t.Helper()
	b, err := p.Encode()
	if err == nil {
		err = h.kept.SavePreferences(h.t.Context(), who.Account, b)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) react(n *notify.Notices, r event.Record) {
	h.t.Helper()
	if err := n.Reaction().React(h.t.Context(), r); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) send(n *notify.Notices) string {
	h.t.Helper()
	if err := n.Send(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return h.taken()
}

// recorded are the messages in the journal.
func (h *house) recorded() (all []notice.Sent) {
	h.t.Helper()
	for page, err := range h.journal.ReadAll(h.t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{notice.Category}}}) {
		if err != nil {
			h.t.Fatal(err)
		}
		for _, r := range page.Records {
			e, err := h.codec.Decode(r)
			if err != nil {
				h.t.Fatal(err)
			}
			if sent, ok := e.(notice.Sent); ok {
				all = append(all, sent)
			}
		}
	}
	return all
}

var (
	atOnce = notice.Preferences{Ways: map[notice.Kind]notice.Way{notice.Task: notice.AtOnce}}
	never  = notice.Preferences{Ways: map[notice.Kind]notice.Way{notice.Task: notice.Never}}
)

func TestEachPersonIsToldAsChosen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notices()
	h.prefer(verdi, atOnce)
	h.react(n, h.request(official, h.now))
	h.react(n, h.request(official, h.now))
	if got := h.send(n); got != "1" {
		t.Errorf("at once: to %q", got)
	}
	h.now = tuesday7.Add(-time.Second)
	if got := h.send(n); got != "" {
		t.Errorf("before the morning: to %q", got)
	}
	h.prefer(verdi, never)
	h.react(n, h.request(official, monday))
	h.now = tuesday7
	if err := n.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.sent) != 1 || !strings.Contains(h.sent[0].Subject, "3 avvisi") || strings.Count(h.sent[0].Text, site+"/pratiche/") != 3 {
		t.Fatalf("in the morning: %d messages, %+v", len(h.sent), h.sent)
	}
	if got := h.taken(); got != "2" {
		t.Errorf("the mail of the day is to %q", got)
	}
	h.now = h.now.AddDate(0, 0, 1)
	if got := h.send(n); got != "" {
		t.Errorf("with nothing to tell: to %q", got)
	}
}

func TestWhoDidItAndOtherBodiesAreNotTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notices()
	for _, p := range h.people {
		h.prefer(p, atOnce)
	}
	r := h.request(official, h.now)
	r.Meta.Actor = verdi // as if of the centre itself
	h.react(n, r)
	if got := h.send(n); got != "2" {
		t.Errorf("told are %q", got)
	}
}

// No notice is sent twice: the journal repeats its records, nodes overlap, and each knows only the outbox.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, other := h.notices(), h.notices()
	h.prefer(verdi, atOnce)
	h.prefer(bianchi, atOnce)
	const requests = 15
	var records []event.Record
	for range requests {
		records = append(records, h.request(official, h.now))
	}
	var all sync.WaitGroup
	for i := range 8 {
		n := []*notify.Notices{one, other}[i%2]
		all.Go(func() {
			for _, r := range records {
				if err := n.Reaction().React(t.Context(), r); err != nil {
					t.Error(err)
				}
				if err := n.Send(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	told := map[string]int{}
	for _, m := range h.sent {
		for _, r := range records {
			if strings.Contains(m.Text, casefile.IDOf(r.Stream).String()) {
				told[m.To.Reveal()+" "+r.Stream]++
			}
		}
	}
	if len(told) != 2*requests {
		t.Errorf("%d of %d notices were sent", len(told), 2*requests)
	}
	for what, times := range told {
		if times != 1 {
			t.Errorf("%s was sent %d times", what, times)
		}
	}
	if recorded := h.recorded(); len(recorded) != len(h.sent) {
		t.Errorf("%d messages, %d in the journal", len(h.sent), len(recorded))
	}
	h.taken()
	h.now = h.now.AddDate(0, 0, 1)
	for _, r := range records { // a checkpoint that was behind
		h.react(one, r)
	}
	if got := h.send(other); got != "" {
		t.Errorf("again: to %q", got)
	}
}

func TestWhatIsOverIsNotTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notices()
	h.prefer(verdi, atOnce)
	h.react(n, h.request(official, h.now.AddDate(0, 0, -8)))
	h.now = h.now.AddDate(0, 0, 2)
	if got := h.send(n); got != "" {
		t.Errorf("a year late: to %q", got)
	}
}

func TestWhoCannotBeReachedHoldsUpNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notices()
	h.prefer(verdi, atOnce)
	h.prefer(bianchi, atOnce)
	h.fail = func(to string) error {
		if to == "casella-1@example.org" {
			return fmt.Errorf("%w: answer 452", notify.ErrRecipient)
		}
		return nil
	}
	h.react(n, h.request(official, h.now))
	if got := h.send(n); got != "2" {
		t.Errorf("to %q", got)
	}
	if got := h.send(n); got != "" {
		t.Errorf("without a pause: to %q", got)
	}
	if strings.Contains(h.log.String(), "casella") {
		t.Errorf("the log has an address: %s", h.log.String())
	}
	tries := 1
	for ; tries < 30; tries++ { // it is given up, and a person may ask for it again
		h.now = h.now.Add(12 * time.Hour)
		h.send(n)
		if status, _ := h.status(1); status == "failed" {
			break
		}
	}
	if _, code := h.status(1); code != "mail-recipient-refused" || tries < 5 || tries > 12 {
		t.Errorf("after %d tries: %s", tries, code)
	}
	h.fail = nil
	if asked, err := h.kept.Retry(t.Context(), h.mail(1), h.now); err != nil || !asked {
		t.Fatal(asked, err)
	}
	if got := h.send(n); got != "1" {
		t.Errorf("asked for again: to %q", got)
	}
}

func (h *house) each(f func(mail uuid.UUID, who byte, status, code string)) {
	h.t.Helper()
	err := h.kept.Mails(h.t.Context(), 100, func(mail, account uuid.UUID, status, code string, _ int, _ time.Time) error {
		f(mail, account[15], status, code)
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) status(who byte) (status, code string) {
	h.each(func(_ uuid.UUID, of byte, s, c string) {
		if of == who {
			status, code = s, c
		}
	})
	return status, code
}

func (h *house) mail(who byte) (id uuid.UUID) {
	h.each(func(m uuid.UUID, of byte, _, _ string) {
		if of == who {
			id = m
		}
	})
	return id
}

func TestAServerThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notices()
	h.prefer(verdi, atOnce)
	h.prefer(bianchi, atOnce)
	asked := 0
	h.fail = func(string) error {
		asked++
		return fmt.Errorf("%w: answer 421", notify.ErrAway)
	}
	h.react(n, h.request(official, h.now))
	if h.send(n); asked != 1 {
		t.Errorf("asked %d times in a round", asked)
	}
	for range 200 { // days
		h.now = h.now.Add(time.Hour)
		h.send(n)
	}
	if status, code := h.status(1); status != "waiting" || code != "mail-away" {
		t.Errorf("%s, %s", status, code)
	}
	h.fail = nil
	h.now = h.now.Add(time.Hour)
	if got := h.send(n); got != "1 2" {
		t.Errorf("when it is back: to %q", got)
	}
}

func TestWhoHasLeftIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notices()
	h.react(n, h.request(official, h.now))
	h.moved[verdi.Account] = true
	h.react(n, h.request(official, h.now))
	h.now = tuesday7
	if got := h.send(n); got != "2" {
		t.Errorf("to %q", got)
	}
	if status, code := h.status(1); status != "failed" || code != notify.CodeNoMailbox {
		t.Errorf("%s, %s", status, code)
	}
}

// A node that dies while it sends leaves a message of which nobody knows whether it left. It is shown, and not sent again on its own.
func TestAMessageOfWhichNobodyKnowsIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notices()
	h.prefer(verdi, atOnce)
	h.react(n, h.request(official, h.now))
	if _, _, err := h.kept.Claim(t.Context(), verdi.Account, uuid.New(), h.now); err != nil { // and dies
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	if got := h.send(n); got != "" {
		t.Errorf("sent to %q", got)
	}
	if status, code := h.status(1); status != "failed" || code != notify.CodeUnknown {
		t.Errorf("%s, %s", status, code)
	}
}

// What has left is a fact, even where the journal takes none at the time.
func TestWhatHasLeftIsAFact(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.prefer(verdi, atOnce)
	away := errors.New("away")
	broken := h.notices()
	broken.Journal = refusing{h.journal, away}
	r := h.request(official, h.now)
	h.react(broken, r)
	if err := broken.Send(t.Context()); !errors.Is(err, away) || h.taken() != "1" {
		t.Fatalf("%v", err)
	}
	if got := h.send(h.notices()); got != "" {
		t.Errorf("sent again to %q", got)
	}
	all := h.recorded()
	if len(all) != 1 {
		t.Fatalf("recorded %+v", all)
	}
	sent := all[0]
	if sent.Account != verdi.Account || sent.Role != domain.RoleCentre || sent.Body != "CTI-22" || sent.Channel != notice.ByPEC ||
		!strings.HasSuffix(sent.Message, "@ust.example.org>") || len(sent.Items) != 1 || sent.Items[0].Event != r.ID || sent.Items[0].Case != casefile.IDOf(r.Stream) {
		t.Errorf("%+v", sent)
	}
}

// refusing takes no events.
type refusing struct {
	*memory.Store
	err error
}

func (r refusing) Append(context.Context, event.Append) (event.Result, error) {
	return event.Result{}, r.err
}

func TestAMessageSaysWhatToDoByWhenAndWhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := uuid.MustParse("018f1234-0000-7000-8000-0000000000aa")
	due := domain.Date{Year: 2022, Month: time.March, Day: 19}.Start()
	told := notice.Notice{Event: uuid.New(), What: "case.place-offered", Case: id, Kind: notice.Task, Role: domain.RoleCentre, Body: "CTI-22", At: monday, Due: due}
	over := notice.Notice{Event: uuid.New(), What: "case.clock-expired", Case: id, Clock: "first-offer", Kind: notice.Overdue, Role: domain.RoleCentre, Body: "CTI-22", At: monday, Due: due}
	n := h.notices()
	h.prefer(verdi, notice.Preferences{Language: notice.English, Ways: map[notice.Kind]notice.Way{notice.Task: notice.AtOnce, notice.Overdue: notice.AtOnce}})
	h.prefer(bianchi, notice.Preferences{Ways: map[notice.Kind]notice.Way{notice.Task: notice.AtOnce, notice.Overdue: notice.AtOnce}})
	texts := func() (out []string) {
		t.Helper()
		if err := n.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, m := range h.sent {
			if strings.Contains(m.Text, "{{") || strings.Contains(m.Text, "\n\n\n") || m.Subject == "" {
				t.Errorf("%s\n%s", m.Subject, m.Text)
			}
			out = append(out, m.Subject+"\n"+m.Text)
		}
		slices.Sort(out)
		h.sent = nil
		return out
	}
	if err := n.Queue(t.Context(), told, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	got := texts()
	if len(got) != 2 {
		t.Fatal(got)
	}
	for i, wants := range [][]string{
		{"Approdo: Offer of a pupil to answer (018f1234)", "TO DO", "by 18/03/2022", site + "/pratiche/" + id.String(), site + "/avvisi"},
		{"Approdo: Proposta di inserimento a cui rispondere (018f1234)", "DA FARE", "entro il 18/03/2022", site + "/pratiche/" + id.String(), site + "/avvisi"},
	} {
		for _, want := range wants {
			if !strings.Contains(got[i], want) {
				t.Errorf("no %q in\n%s", want, got[i])
			}
		}
	}
	told.Event = uuid.New()
	for _, x := range []notice.Notice{told, over} {
		if err := n.Queue(t.Context(), x, uuid.Nil); err != nil {
			t.Fatal(err)
		}
	}
	got = texts()
	for _, want := range []string{"2 avvisi", "DA FARE", "TERMINI SCADUTI", "Termine scaduto per la prima proposta", "era il 18/03/2022"} {
		if !strings.Contains(got[0], want) {
			t.Errorf("no %q in\n%s", want, got[0])
		}
	}
	for range 100 {
		told.Event = uuid.New()
		if err := n.Queue(t.Context(), told, uuid.Nil); err != nil {
			t.Fatal(err)
		}
	}
	if got = texts(); strings.Count(got[0], "/pratiche/") != 60 || !strings.Contains(got[0], "Altri avvisi: 40") {
		t.Errorf("a hundred notices:\n%s", got[0])
	}
}

// Every event that people are told of has words of its own, in both languages.
func TestEveryEventHasItsWords(t *testing.T) {
	t.Parallel()
	for _, lang := range notice.Languages() {
		h := newHouse(t)
		n := h.notices()
		p := notice.Preferences{Language: lang, Ways: map[notice.Kind]notice.Way{notice.Task: notice.AtOnce}}
		h.prefer(verdi, p)
		seen := map[string]string{}
		for i, what := range append(notice.Types(), "return.reminded") {
			h.now = h.now.Add(time.Minute)
			x := notice.Notice{Event: numbered(byte(100 + i)), What: what, Case: numbered(9), Kind: notice.Task, Role: domain.RoleCentre, Body: "CTI-22", At: h.now}
			if err := n.Queue(t.Context(), x, uuid.Nil); err != nil {
				t.Fatal(err)
			}
			if err := n.Send(t.Context()); err != nil || len(h.sent) != 1 {
				t.Fatal(len(h.sent), err)
			}
			if before := seen[h.sent[0].Subject]; before != "" {
				t.Errorf("%s: %s says the same as %s: %s", lang, what, before, h.sent[0].Subject)
			}
			seen[h.sent[0].Subject] = what
			h.sent = nil
		}
	}
}

func TestAMessageInAFolderHasItsIDAndDate(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "posta")
	box, err := notify.NewOutbox(folder, sender)
	if err != nil {
		t.Fatal(err)
	}
	m := toAnna()
	m.ID, m.Date = numbered(7), monday
	if err := box.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(folder, "20220314T090000-*.eml"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	raw, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	at, err := mail.ParseDate(read.Header.Get("Date"))
	if id := read.Header.Get("Message-ID"); err != nil || !at.Equal(monday) || id != notify.MessageID(m.ID, sender) {
		t.Errorf("%s of %v, %v", id, at, err)
	}
}
