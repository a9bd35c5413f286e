package statetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// What an erasure asks of a state: to find drafts whoever keeps them, to drop what leads to a case, and to leave nothing else undone.
func scrubbed(t *testing.T, n nodes) {
	ctx := t.Context()
	one, two, of, other := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	ok(t, n.one.SaveDraft(ctx, anna, one, "kept", []byte("one"), now))
	ok(t, n.one.SaveDraft(ctx, bruno, two, "kept", []byte("two"), now.Add(time.Hour)))
	ok(t, n.one.SaveDraft(ctx, bruno, uuid.New(), "request", []byte("three"), now))
	var found []uuid.UUID
	each := func(account, draft uuid.UUID, sealed []byte) error {
		if want := map[uuid.UUID]string{one: "one", two: "two"}[draft]; string(sealed) != want || account != map[uuid.UUID]uuid.UUID{one: anna, two: bruno}[draft] {
			t.Errorf("draft of %v: %s", account, sealed)
		}
		found = append(found, draft)
		return nil
	}
	ok(t, n.other.EachDraft(ctx, "kept", each))
	if len(found) != 2 || !slices.Contains(found, one) || !slices.Contains(found, two) {
		t.Errorf("found %v", found)
	}
	ok(t, n.other.DropDraftsBefore(ctx, now))
	found = nil
	ok(t, n.one.EachDraft(ctx, "kept", each))
	if !slices.Equal(found, []uuid.UUID{two}) {
		t.Errorf("after their time: %v", found)
	}
	for key, id := range map[string]uuid.UUID{"about": of, "else": other} {
		if _, _, _, _, err := n.one.Claim(ctx, anna, []byte(key), []byte("request"), now); err != nil {
			t.Fatal(err)
		}
		ok(t, n.one.Answer(ctx, anna, []byte(key), 201, 7, "/api/v1/cases/"+id.String()))
	}
	ok(t, n.other.DropAnswersAbout(ctx, of))
	ok(t, n.one.Scrub(ctx))
	for key, want := range map[string]int{"about": 0, "else": 201} {
		if _, status, _, _, err := n.other.Claim(ctx, anna, []byte(key), []byte("request"), now); err != nil || status != want {
			t.Errorf("%s: %d, %v", key, status, err)
		}
	}
}
