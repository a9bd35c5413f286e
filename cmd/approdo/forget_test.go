package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/seal"
	"approdo/adapters/web"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// Somebody who is erased stays so where keyring and ledger of erasures are both put back as they were before: the journal knows.
func TestOlderKeysAndAnOlderErasureLedgerBringNobodyBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := demoIn(t, dir, 40)
	key := data + ".key"
	h := openData(t, data, key)
	before := openedBoxes(t, h)
	var gone []uuid.UUID
	for id := range before {
		now, err := event.Load(t.Context(), h.store, h.codec, casefile.Decider, casefile.Stream(id))
		if err != nil {
			t.Fatal(err)
		}
		if len(gone) < 2 && !now.State.Status.Open() {
			gone = append(gone, id)
		}
	}
	if len(gone) < 2 {
		t.Fatal("no cases are closed")
	}
	closeData(t, h)
	older := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(data, keysFile+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, seal.ErasuresBeside(key)) {
		if older[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}

	h = openData(t, data, key)
	eraseAll(t, h, gone)
	closeData(t, h)
	later, err := filepath.Glob(filepath.Join(data, keysFile+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range later {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	for f, content := range older {
		if err := os.WriteFile(f, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	h = openData(t, data, key)
	for id, boxes := range openedBoxes(t, h) {
		if slices.Contains(gone, id) && !slices.Equal(boxes, before[id]) {
			t.Fatal("the older keys are not in place")
		}
	}
	if err := h.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := openedBoxes(t, h)
	for id := range before {
		if slices.Contains(gone, id) && len(after[id]) > 0 || !slices.Contains(gone, id) && !slices.Equal(after[id], before[id]) {
			t.Errorf("%d boxes open of %d, erased: %v", len(after[id]), len(before[id]), slices.Contains(gone, id))
		}
	}
	closeData(t, h)
	// And the ledger has them again: with the older keys alone they are forgotten before anything is read.
	for f, content := range older {
		if f != seal.ErasuresBeside(key) {
			if err := os.WriteFile(f, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	h = openData(t, data, key)
	defer closeData(t, h)
	if left, err := h.keys.Unforgotten(t.Context(), "", gone...); len(left) > 0 || err != nil {
		t.Errorf("%d are not forgotten, %v", len(left), err)
	}
}

// A draft that opens and does not decode is dropped, and the others are looked at all the same; one that does not open stops the cleaning.
func TestADraftThatDoesNotDecodeStopsNoCleaning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := demoIn(t, dir, 3)
	h := openData(t, data, data+".key")
	defer closeData(t, h)
	about, account := uuid.New(), uuid.New()
	keep := func(content string) uuid.UUID {
		t.Helper()
		id := uuid.New()
		sealed, err := h.keys.Seal(t.Context(), account, domain.ClassPersonal, "draft/"+id.String(), []byte(content))
		if err == nil {
			err = h.state.SaveDraft(t.Context(), account, id, web.KeptDraft, sealed, time.Now())
		}
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	keep("{")
	keep(`{"to":"/pratiche/` + about.String() + `/nota","form":{}}`)
	other := keep(`{"to":"/pratiche/` + uuid.NewString() + `/nota","form":{}}`)
	if err := h.dropTraces(t.Context(), []uuid.UUID{about}); err != nil {
		t.Fatal(err)
	}
	var left []uuid.UUID
	err := h.state.EachDraft(t.Context(), web.KeptDraft, func(_, id uuid.UUID, _ []byte) error {
		left = append(left, id)
		return nil
	})
	if err != nil || !slices.Equal(left, []uuid.UUID{other}) {
		t.Errorf("%d drafts are left, %v", len(left), err)
	}
	if err := h.state.SaveDraft(t.Context(), account, uuid.New(), web.KeptDraft, []byte("closed by nobody"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := h.dropTraces(t.Context(), []uuid.UUID{about}); err == nil {
		t.Error("a draft that may be about the case is passed over")
	}
}
