package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/archive"
	"approdo/adapters/seal"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/ledger"
	"approdo/domain/policy"
)

// openData opens a house in files, with its ledger of erasures beside the master key.
func openData(t *testing.T, data, key string) *house {
	t.Helper()
	master, err := seal.LoadMasterKey(key, data)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	h, err := openHouse(t.Context(), storage{Data: data, Key: key}, master, time.Now, true, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// closeData ends what openData began.
func closeData(t *testing.T, h *house) {
	t.Helper()
	if err := h.engines.shut(context.Background()); err != nil {
		t.Error(err)
	}
}

// openedBoxes opens every sealed value of a journal's cases: what the boxes of each hold, in their order, without those that nobody can
// open any more.
func openedBoxes(t *testing.T, h *house) map[uuid.UUID][]string {
	t.Helper()
	all := map[uuid.UUID][]string{}
	for page, err := range h.store.ReadAll(t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			decoded, err := h.codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			id := casefile.IDOf(r.Stream)
			for _, b := range boxesIn(reflect.ValueOf(decoded)) {
				plain, err := h.keys.Open(t.Context(), b.Subject, b.Class, b.Context, b.Cipher)
				if errors.Is(err, domain.ErrForgotten) {
					continue
				}
				if err != nil {
					t.Fatalf("%s at %d: %v", r.Type, r.Position, err)
				}
				all[id] = append(all[id], string(plain))
			}
		}
	}
	return all
}

// eraseAll has one person of the UST propose and another approve, and waits until keys are gone and everything is clean.
func eraseAll(t *testing.T, h *house, ids []uuid.UUID) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := h.catchUp(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()
	proposes, approves := domain.Actor{Account: uuid.New(), Role: domain.RoleUST}, domain.Actor{Account: uuid.New(), Role: domain.RoleUST}
	var last event.Position
	for _, id := range ids {
		if _, err := h.desk.ProposeErasure(ctx, desk.NewTicket(), proposes, id, casefile.ErasePupil, casefile.GroundOrder); err != nil {
			t.Fatal(err)
		}
		now, err := event.Load(ctx, h.store, h.codec, casefile.Decider, casefile.Stream(id))
		if err != nil {
			t.Fatal(err)
		}
		r, err := h.desk.Do(ctx, desk.NewTicket(), id, casefile.ApproveErasure{Act: h.desk.Act(approves), Proposal: now.State.Erasure.ID})
		if err != nil {
			t.Fatal(err)
		}
		last = r.Position
	}
	for _, name := range []string{policy.NameErasure, policy.NameCleanup} {
		eventually(t, name+" has come so far", func() bool {
			at, err := h.passed.Load(ctx, name)
			if err != nil {
				t.Fatal(err)
			}
			return at >= last
		})
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// contentOf is everything that is in the archives of a set, decrypted.
func contentOf(t *testing.T, set string, who reader) []byte {
	t.Helper()
	c, err := openCopied(set, "", []string{who.file})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, kind := range []archive.Kind{archive.Journal, archive.State, archive.Keys} {
		for b, err := range c.set().Frames(kind, c.identities...) {
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
			all.WriteByte('\n')
		}
	}
	return all.Bytes()
}

// Of 200 pupils 20 are erased between two backups: nobody finds them again, in what is there or in what either backup brings back, and
// nobody else has lost anything.
func TestWhoIsErasedStaysErasedWhateverIsRestored(t *testing.T) {
	t.Parallel()
	const erasures = 20
	dir := t.TempDir()
	data, who, to := demoIn(t, dir, 200), newReader(t, dir, "identity"), filepath.Join(dir, "to")
	key := data + ".key"
	h := openData(t, data, key)
	before := openedBoxes(t, h)
	var pupils []uuid.UUID
	for id := range before {
		pupils = append(pupils, id)
	}
	slices.SortFunc(pupils, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	if len(pupils) < 200 {
		t.Fatalf("%d pupils", len(pupils))
	}
	var closed, gone []uuid.UUID // only who is no longer waiting can be erased
	for _, id := range pupils {
		now, err := event.Load(t.Context(), h.store, h.codec, casefile.Decider, casefile.Stream(id))
		if err != nil {
			t.Fatal(err)
		}
		if !now.State.Status.Open() {
			closed = append(closed, id)
		}
	}
	if len(closed) < erasures {
		t.Fatalf("only %d cases are closed", len(closed))
	}
	for i := range erasures {
		gone = append(gone, closed[i*len(closed)/erasures])
	}
	hay, fields := newHaystack(), map[string]bool{}
	for _, id := range gone {
		for _, box := range before[id] {
			leaves(t, []byte(box), func(field, value string) { hay.seekField(field, value); fields[field] = true })
		}
	}
	if len(fields) < 10 {
		t.Fatalf("only %d kinds of values to look for", len(fields))
	}
	closeData(t, h)
	planted(t, hay, sampleOf(t, before, gone))

	first, _ := take(t, to, "--data", data, "--recipient", who.recipient, "--verify-identity", who.file)
	h = openData(t, data, key)
	eraseAll(t, h, gone)
	closeData(t, h)
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // names have seconds
	second, _ := take(t, to, "--data", data, "--recipient", who.recipient, "--verify-identity", who.file)

	places := map[string][]byte{"backup A": contentOf(t, first, who), "backup B": contentOf(t, second, who)}
	add := func(what, dir string) {
		for name, content := range filesOf(t, dir) {
			places[what+" "+name] = content
		}
	}
	add("the data", data)
	add("the copies", to)
	for name, set := range map[string]string{"A": first, "B": second} {
		restored := filepath.Join(dir, "restored-"+name)
		code, out, log := called(t, nil, "restore", "--from", set, "--identity", who.file, "--key", key, "--data", restored)
		if code != exitOK {
			t.Fatalf("%s: code %d, %s%s", name, code, out, log)
		}
		again := map[string]string{"A": "dopo la copia: 20.", "B": "dopo la copia: 0."}[name]
		if !strings.Contains(out, again) || strings.Contains(out, "ATTENZIONE") {
			t.Errorf("%s: it says %s", name, out)
		}
		places["what was said of "+name] = []byte(out + log)
		add("restored "+name, restored)

		h := openData(t, restored, key)
		after := openedBoxes(t, h)
		for _, id := range pupils {
			switch {
			case slices.Contains(gone, id):
				if n := len(after[id]); n > 0 {
					t.Errorf("%s: %d boxes of somebody who was erased open", name, n)
				}
				now, err := event.Load(t.Context(), h.store, h.codec, casefile.Decider, casefile.Stream(id))
				if err != nil || !now.State.Erased {
					t.Errorf("%s: the case does not know of its erasure, %v", name, err)
				}
			case !slices.Equal(after[id], before[id]):
				t.Errorf("%s: somebody else has %d boxes that open, before %d, or others", name, len(after[id]), len(before[id]))
			}
		}
		closeData(t, h)
		s, err := archive.Open(set)
		if err != nil {
			t.Fatal(err)
		}
		var tree ledger.Tree
		records := recordsOf(t, filepath.Join(restored, journalFile))
		for _, r := range records[:s.Size] {
			tree.Add(ledger.LeafHash(r))
		}
		if tree.Root() != s.Root {
			t.Errorf("%s: the journal does not begin as the manifest says", name)
		}
		if more := len(records) - int(s.Size); more != map[string]int{"A": erasures, "B": 0}[name] {
			t.Errorf("%s: %d records were added", name, more)
		}
	}
	size := 0
	for _, what := range slices.Sorted(maps.Keys(places)) {
		size += len(places[what])
		hits := map[string]int{}
		hay.find(places[what], func(n needle, _ int) { hits[n.what]++ })
		for text, n := range hits {
			t.Errorf("%s holds %s of somebody who was erased, %d times", what, text, n)
		}
	}
	t.Logf("%d texts looked for in %d places, %d bytes", len(hay.known), len(places), size)

	// The proof that all this proves something: without the ledger the first backup brings them back.
	back := filepath.Join(dir, "without")
	out := command(t, "restore", "--from", first, "--identity", who.file, "--key", key, "--erasures", emptyErasures(t, dir, key), "--data", back)
	if !strings.Contains(out, "dopo la copia: 0.") {
		t.Errorf("it says %s", out)
	}
	master, err := seal.LoadMasterKey(key, back)
	if err != nil {
		t.Fatal(err)
	}
	h, err = openHouse(t.Context(), storage{Data: back}, master, time.Now, true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeData(t, h)
	for id, boxes := range openedBoxes(t, h) {
		if slices.Contains(gone, id) && !slices.Equal(boxes, before[id]) {
			t.Error("an empty ledger of erasures keeps somebody erased")
		}
	}
}

// emptyErasures is a ledger in which nobody stands.
func emptyErasures(t *testing.T, dir, key string) string {
	t.Helper()
	master, err := seal.LoadMasterKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "empty.erasures")
	if _, err := seal.OpenErasures(file, master); err != nil {
		t.Fatal(err)
	}
	return file
}

// sampleOf is one value of each field of some pupils, for planting.
func sampleOf(t *testing.T, boxes map[uuid.UUID][]string, of []uuid.UUID) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, id := range of {
		for _, box := range boxes[id] {
			leaves(t, []byte(box), func(field, value string) {
				if len(value) >= 8 && !codeFields[field] && field != postalCode {
					out[field] = value
				}
			})
		}
	}
	return out
}
