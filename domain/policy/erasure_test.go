package policy_test

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/policy"
)

// erasures is a journal of records that say who is forgotten.
type erasures struct {
	event.Store
	records []event.Record
}

func (j *erasures) add(name string, id uuid.UUID) event.Record {
	r := event.Record{Draft: event.Draft{ID: uuid.New(), Type: name}, Stream: casefile.Stream(id), Position: event.Position(len(j.records) + 1)}
	j.records = append(j.records, r)
	return r
}

func (j *erasures) ReadAll(_ context.Context, after event.Position, _ event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for _, r := range j.records[after:] {
			if !yield(event.Page{Records: []event.Record{r}, Checkpoint: r.Position}, nil) {
				return
			}
		}
	}
}

// forgetter counts how often all keys are written anew.
type forgetter struct {
	*sealtest.Sealer
	rotations int
}

func (f *forgetter) ForgetClass(ctx context.Context, class domain.Class, subjects ...uuid.UUID) error {
	f.rotations++
	return f.Sealer.ForgetClass(ctx, class, subjects...)
}

func TestErasuresThatComeTogetherAreOneRotation(t *testing.T) {
	t.Parallel()
	j, keys := &erasures{}, &forgetter{Sealer: sealtest.New()}
	p := policy.Erasure(j, keys)
	var pupils []uuid.UUID
	for range 20 {
		id := uuid.New()
		pupils = append(pupils, id)
		j.add("case.closed", id)
		j.add("case.pupil-erased", id)
	}
	half := uuid.New()
	j.add("case.health-erased", half)
	for range 2 { // a crash makes records come again
		for _, r := range j.records {
			if slices.Contains(p.Types, r.Type) {
				if err := p.React(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if keys.rotations != 2 {
		t.Errorf("%d rotations, want one for the pupils and one for a pupil's health", keys.rotations)
	}
	if left, err := keys.Unforgotten(t.Context(), "", pupils...); len(left) > 0 || err != nil {
		t.Errorf("%d pupils are not forgotten, %v", len(left), err)
	}
	for class, want := range map[domain.Class]int{domain.ClassPersonal: 1, domain.ClassSpecial: 0} {
		if left, err := keys.Unforgotten(t.Context(), class, half); len(left) != want || err != nil {
			t.Errorf("%s: %d left, %v", class, len(left), err)
		}
	}
}

// More than are dealt with at once are dealt with in turns: nothing counts as read that was not.
func TestErasedSaysUpToWhereItHasRead(t *testing.T) {
	t.Parallel()
	j := &erasures{}
	for range 1_500 {
		j.add("case.pupil-erased", uuid.New())
	}
	j.add("case.closed", uuid.New())
	head := event.Position(len(j.records))
	seen, turns := map[uuid.UUID]bool{}, 0
	for _, r := range j.records {
		if r.Type == "case.closed" || seen[casefile.IDOf(r.Stream)] {
			continue
		}
		together, upTo, err := policy.Erased(t.Context(), j, r)
		if err != nil || upTo < r.Position || upTo > head {
			t.Fatalf("up to %d, %v", upTo, err)
		}
		turns++
		for _, id := range together[""] {
			seen[id] = true
		}
		for _, later := range j.records[:upTo] {
			if later.Type != "case.closed" && !seen[casefile.IDOf(later.Stream)] {
				t.Fatalf("it says up to %d, and has left out what is at %d", upTo, later.Position)
			}
		}
		if turns == 1 && upTo >= head {
			t.Fatalf("all %d at once", len(together[""]))
		}
		if turns == 2 && upTo != head {
			t.Errorf("up to %d at the end, the head is %d", upTo, head)
		}
	}
	if turns != 2 || len(seen) != 1_500 {
		t.Errorf("%d pupils in %d turns", len(seen), turns)
	}
}
