package notary_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/notary"
	"approdo/adapters/sqlite/state"
	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/ledger"
	"approdo/projections"
	kept "approdo/projections/ledger"
)

type noted struct {
	N int `json:"n"`
}

// changing is a journal in whose place another can be put, as whoever has the disk could.
type changing struct {
	mu sync.Mutex
	event.Store
}

func (c *changing) now() event.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Store
}

func (c *changing) become(s event.Store) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Store = s
}

func (c *changing) ReadAll(ctx context.Context, after event.Position, o event.ReadAll) iter.Seq2[event.Page, error] {
	return c.now().ReadAll(ctx, after, o)
}
func (c *changing) Head(ctx context.Context) (event.Position, error) { return c.now().Head(ctx) }

// tiring is a journal whose reader is interrupted after so many records.
type tiring struct {
	*changing
	left int
	stop context.CancelFunc
}

func (s *tiring) ReadAll(ctx context.Context, after event.Position, o event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for page, err := range s.changing.ReadAll(ctx, after, o) {
			if s.left -= len(page.Records); s.left < 0 {
				s.stop()
			}
			if err == nil {
				err = ctx.Err()
			}
			if !yield(page, err) {
				return
			}
		}
	}
}

// house is a journal with its hashes and a notary.
type house struct {
	*testing.T
	journal *changing
	views   *projections.Runner
	state   *state.Store
	*notary.Notary
	key ed25519.PrivateKey
	now time.Time
	log strings.Builder
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, journal: &changing{Store: memory.New()}, now: time.Date(2022, 3, 14, 9, 0, 0, 0, time.UTC),
		key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	var err error
	h.state, err = state.Open(filepath.Join(t.TempDir(), "state.db"))
	h.ok(err)
	t.Cleanup(func() { h.ok(h.state.Close()) })
	h.views = h.noViews()
	h.Notary = h.notary(h.key)
	return h
}

// noViews are views of the journal in which there is nothing yet.
func (h *house) noViews() *projections.Runner {
	h.Helper()
	db, err := views.Open(h.Context(), filepath.Join(h.TempDir(), "views.db"))
	h.ok(err)
	h.Cleanup(func() { h.ok(db.Close()) })
	return projections.NewRunner(h.journal, event.NewCodec(nil, event.Table{event.TypeOf[noted]("case.noted")}), db,
		slog.New(slog.DiscardHandler), kept.Projection())
}

func (h *house) notary(key ed25519.PrivateKey) *notary.Notary {
	return notary.New(notary.Config{Journal: h.journal, Views: h.views, Storage: h.state.Ledger(), Key: key,
		Clock: func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(&h.log, nil))})
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// grow writes so many more records, and has them hashed.
func (h *house) grow(n int) {
	h.Helper()
	for i := range n {
		_, err := h.journal.now().Append(h.Context(), event.Append{Stream: fmt.Sprintf("case-%d", i%3), Expected: event.Any, Events: []event.Draft{
			{ID: uuid.New(), Type: "case.noted", Schema: 1, Data: fmt.Appendf(nil, `{"n":%d}`, i), Meta: event.Meta{Actor: domain.System, At: h.now}}}})
		h.ok(err)
	}
	h.ok(h.views.CatchUp(h.Context()))
}

func (h *house) records() (all []event.Record) {
	h.Helper()
	for r, err := range notary.Records(h.Context(), h.journal, 0) {
		h.ok(err)
		all = append(all, r)
	}
	return all
}

// journalOf is another journal, of these records.
func (h *house) journalOf(records []event.Record) event.Store {
	h.Helper()
	s := memory.New()
	h.ok(s.Import(h.Context(), records))
	return s
}

// signed wants so many checkpoints, the newest of a size.
func (h *house) signed(n int, size int64) {
	h.Helper()
	all, err := h.Newest(h.Context(), 1<<40, 100)
	if err != nil || len(all) != n || n > 0 && all[0].Size != size {
		h.Fatalf("%d checkpoints, %v, the newest %+v; want %d, of %d", len(all), err, all[:min(1, len(all))], n, size)
	}
}

// refuses wants a Tick to sign nothing, to say why, and to keep saying it.
func (h *house) refuses(want error) {
	h.Helper()
	before, err := h.Newest(h.Context(), 1<<40, 100)
	h.ok(err)
	h.log.Reset()
	if err := h.Tick(h.Context()); !errors.Is(err, want) {
		h.Errorf("got %v, want %v", err, want)
	}
	h.now = h.now.Add(time.Second)
	if err := h.Tick(h.Context()); !errors.Is(err, want) {
		h.Errorf("the second time %v", err)
	}
	after, err := h.Newest(h.Context(), 1<<40, 100)
	h.ok(err)
	code, since, err := h.Refused(h.Context())
	var refusal *domain.Error
	if !errors.As(want, &refusal) || code != refusal.Code || err != nil || !since.Equal(h.now.Add(-time.Second)) {
		h.Errorf("refused for %q since %v, %v", code, since, err)
	}
	if len(after) != len(before) || !strings.Contains(h.log.String(), "level=ERROR") || !strings.Contains(h.log.String(), code) {
		h.Errorf("%d checkpoints, then %d; the log says %q", len(before), len(after), h.log.String())
	}
}

func TestWhatIsNewIsSignedAndGoesOnFromWhatWas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ok(h.Tick(t.Context())) // before there are tables
	h.grow(0)
	h.ok(h.Tick(t.Context()))
	h.signed(0, 0)
	h.grow(3)
	h.ok(h.Tick(t.Context()))
	h.ok(h.Tick(t.Context()))
	h.signed(1, 3)
	h.grow(200)
	h.ok(h.Tick(t.Context()))
	h.signed(2, 203)
	older, err := h.Checkpoint(t.Context(), 3)
	h.ok(err)
	newer, err := h.Checkpoint(t.Context(), 203)
	h.ok(err)
	proof, err := h.Continues(t.Context(), 3, 203)
	h.ok(err)
	got, err := ledger.Extends(older.Text, newer.Text, proof.Text, h.VerifierKey())
	var tree ledger.Tree
	for _, r := range h.records() {
		tree.Add(ledger.LeafHash(r))
	}
	if err != nil || got != (ledger.Checkpoint{Size: 203, Root: tree.Root()}) {
		t.Errorf("%+v, %v", got, err)
	}
	between, err := h.Continues(t.Context(), 2, 100)
	h.ok(err)
	if a, b, err := ledger.OpenConsistency(between.Text, h.VerifierKey()); err != nil || a.Size != 2 || b.Size != 100 {
		t.Errorf("between sizes of which no checkpoint was kept: %+v, %+v, %v", a, b, err)
	}
	if older.Name != "approdo-checkpoint-3.txt" || proof.Name != "approdo-consistency-3-203.txt" {
		t.Errorf("files are called %s and %s", older.Name, proof.Name)
	}
}

// A journal that is too long to be compared with its hashes in one go is signed all the same, and what was altered of it is found.
func TestALongJournalIsSignedPieceByPiece(t *testing.T) {
	t.Parallel()
	const many, inOneGo = 9_000, 5_500
	h := newHouse(t)
	h.grow(many)
	var ticks, signed int
	interrupted := func() error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ticks++
		n := notary.New(notary.Config{Journal: &tiring{h.journal, inOneGo, stop}, Views: h.views, Storage: h.state.Ledger(), Key: h.key,
			Clock: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler)})
		return n.Tick(ctx)
	}
	for err := interrupted(); err != nil; err = interrupted() {
		all, listErr := h.Newest(t.Context(), 1<<40, 100)
		if h.ok(listErr); !errors.Is(err, context.Canceled) || len(all) <= signed {
			t.Fatalf("after %d goes there are %d checkpoints, %v", ticks, len(all), err)
		}
		signed = len(all)
	}
	all, err := h.Newest(t.Context(), 1<<40, 100)
	h.ok(err)
	if ticks < 3 || all[0].Size != many {
		t.Errorf("%d goes to sign %d records", ticks, all[0].Size)
	}
	var tree ledger.Tree
	for _, r := range h.records() {
		tree.Add(ledger.LeafHash(r))
		if last := all[len(all)-1]; last.Size == tree.Size() {
			got, err := ledger.Open(last.Note, h.VerifierKey())
			if err != nil || got.Root != tree.Root() {
				t.Errorf("the checkpoint of %d is not that of its records: %v", last.Size, err)
			}
			all = all[:len(all)-1]
		}
	}
	if len(all) > 0 {
		t.Errorf("%d checkpoints are of no size the journal had", len(all))
	}

	altered := newHouse(t)
	records := h.records()
	altered.journal.become(h.journalOf(records))
	altered.grow(0)
	records[many-2].Data = []byte(`{"n":77}`)
	altered.journal.become(h.journalOf(records))
	if err := altered.Tick(t.Context()); !errors.Is(err, notary.ErrDiffers) {
		t.Errorf("a journal altered near its end: %v", err)
	}
	if last, err := altered.Last(t.Context()); err != nil || last.Size == 0 || last.Size > many-2 {
		t.Errorf("of it %d records are signed, %v", last.Size, err)
	}
}

func TestAJournalThatDoesNotGoOnIsNotSigned(t *testing.T) {
	t.Parallel()
	altered := func(records []event.Record, i int) []event.Record {
		records = slices.Clone(records)
		records[i].Data = []byte(`{"n":77}`)
		return records
	}
	for name, c := range map[string]struct {
		spoil func(h *house, all []event.Record) // of 10 records, of which 8 are signed
		want  error
	}{
		"cut off behind what is hashed": {func(h *house, all []event.Record) { h.journal.become(h.journalOf(all[:7])) }, notary.ErrShrunk},
		"cut off and hashed anew": {func(h *house, all []event.Record) {
			h.journal.become(h.journalOf(all[:7]))
			h.views = h.noViews()
			h.Notary = h.notary(h.key)
			h.grow(0)
		}, notary.ErrShrunk},
		"altered since it was hashed": {func(h *house, all []event.Record) { h.journal.become(h.journalOf(altered(all, 9))) }, notary.ErrDiffers},
		"back to before the last signing, and on another way": {func(h *house, all []event.Record) {
			h.journal.become(h.journalOf(altered(all, 7)))
		}, notary.ErrDiffers},
		"altered and hashed anew": {func(h *house, all []event.Record) {
			h.journal.become(h.journalOf(altered(all, 2)))
			_, err := h.views.Rebuild(t.Context(), nil)
			h.ok(err)
		}, notary.ErrForked},
		"of a house with another key": {func(h *house, all []event.Record) {
			h.Notary = h.notary(ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize))))
		}, notary.ErrKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.grow(8)
			h.ok(h.Tick(t.Context()))
			h.grow(2)
			right := h.journal.now()
			c.spoil(h, h.records())
			h.refuses(c.want)
			if _, err := h.Continues(t.Context(), 2, 7); c.want == notary.ErrForked && !errors.Is(err, notary.ErrForked) {
				t.Errorf("what was not signed is proved: %v", err)
			}

			h.journal.become(right)
			h.views = h.noViews()
			h.Notary = h.notary(h.key)
			h.grow(0)
			h.ok(h.Tick(t.Context()))
			h.signed(2, 10)
			if code, _, err := h.Refused(t.Context()); code != "" || err != nil || !strings.Contains(h.log.String(), "signed again") {
				t.Errorf("with the right journal back it is refused for %q, %v", code, err)
			}
		})
	}
}

// A view that is only late is waited for.
func TestAViewThatIsBehindIsNoRollback(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(8)
	h.ok(h.Tick(t.Context()))
	late := newHouse(t)
	late.journal.become(h.journalOf(h.records()[:5]))
	late.grow(0)
	late.journal.become(h.journal.now())
	late.Notary = notary.New(notary.Config{Journal: late.journal, Views: late.views, Storage: h.state.Ledger(), Key: h.key,
		Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	h.ok(late.Tick(t.Context()))
	h.signed(1, 8)
}

func TestEveryRecordThatWasSignedCanBeProved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(90)
	h.ok(h.Tick(t.Context()))
	h.grow(3)
	for i, r := range h.records() {
		byPosition, err := h.Inclusion(t.Context(), r.Position)
		byID, idErr := h.InclusionOf(t.Context(), r.ID)
		if i >= 90 {
			if !errors.Is(err, notary.ErrNotSignedYet) || !errors.Is(idErr, notary.ErrNotSignedYet) {
				t.Errorf("record %d that nobody signed: %v, %v", i, err, idErr)
			}
			continue
		}
		h.ok(errors.Join(err, idErr))
		p, c, err := ledger.OpenInclusion(byPosition.Text, h.VerifierKey())
		if err != nil || p.Index != int64(i) || c.Size != 90 || string(p.Leaf) != string(ledger.Leaf(r)) || string(byID.Text) != string(byPosition.Text) {
			t.Errorf("record %d: %+v of %d, %v", i, p, c.Size, err)
		}
		if byID.Name != fmt.Sprintf("approdo-record-%d-of-90.txt", i) {
			t.Errorf("its file is %s", byID.Name)
		}
	}
	for name, err := range map[string]error{
		"a position of nothing": second(h.Inclusion(t.Context(), 1<<40)), "an id of nothing": second(h.InclusionOf(t.Context(), uuid.New())),
		"no checkpoint": second(h.Checkpoint(t.Context(), 0)), "none of this size": second(h.Checkpoint(t.Context(), 89)),
		"a way from none": second(h.Continues(t.Context(), 0, 90)), "a way to none": second(h.Continues(t.Context(), 90, 91)),
		"a way back": second(h.Continues(t.Context(), 90, 3)),
	} {
		if !errors.Is(err, domain.KindNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// ears is a destination that can be away.
type ears struct {
	away  bool
	heard []int64
}

func (e *ears) Send(_ context.Context, c ledger.Signed) error {
	if e.away {
		return errors.New("away")
	}
	e.heard = append(e.heard, c.Size)
	return nil
}

func TestEachIsToldOfTheNewestOnceAndInTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	often, seldom := &ears{}, &ears{}
	h.Tell("often", 0, often)
	h.Tell("seldom", 24*time.Hour, seldom)
	tick := func(n int, later time.Duration) {
		h.now = h.now.Add(later)
		h.grow(n)
		h.ok(h.Tick(t.Context()))
	}
	tick(2, 0)
	tick(2, time.Minute)
	often.away = true
	tick(2, time.Minute)
	tick(2, time.Minute)
	often.away = false
	tick(0, time.Minute)
	tick(0, time.Minute)
	tick(1, 24*time.Hour)
	if !slices.Equal(often.heard, []int64{2, 4, 8, 9}) || !slices.Equal(seldom.heard, []int64{2, 9}) {
		t.Errorf("told %v and %v", often.heard, seldom.heard)
	}
	if !strings.Contains(h.log.String(), "not sent") {
		t.Error("that one was away is not in the log")
	}
}

func TestAFolderAndAWebhookKeepCheckpoints(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	dir := t.TempDir()
	var got []string
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err == nil && r.Method == http.MethodPost {
			got = append(got, string(b))
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	hook, err := notary.NewWebhook(server.URL + "/secret-path")
	h.ok(err)
	h.Tell("folder", 0, notary.Folder(dir))
	h.Tell("hook", 0, hook)
	h.grow(4)
	h.ok(h.Tick(t.Context()))
	want, err := h.Checkpoint(t.Context(), 4)
	h.ok(err)
	for _, name := range []string{"checkpoint-000000000004.txt", "latest.txt"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != string(want.Text) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if !slices.Equal(got, []string{string(want.Text)}) {
		t.Errorf("the hook got %q", got)
	}
	status = http.StatusFound
	c := ledger.Signed{Size: 4, Note: want.Text}
	if err := hook.Send(t.Context(), c); !errors.Is(err, domain.KindUnavailable) {
		t.Errorf("sent on: %v", err)
	}
	server.Close()
	if err := hook.Send(t.Context(), c); !errors.Is(err, domain.KindUnavailable) || strings.Contains(err.Error(), "secret-path") {
		t.Errorf("away: %v", err)
	}
	if err := notary.Folder(filepath.Join(dir, "nowhere")).Send(t.Context(), c); err == nil {
		t.Error("a folder that is not there took it")
	}
	for _, address := range []string{"http://example.org/", "ftp://example.org", "https:///", "x", ":"} {
		if _, err := notary.NewWebhook(address); !errors.Is(err, notary.ErrAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
