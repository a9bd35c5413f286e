package enginetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"approdo/domain/event"
	ledgers "approdo/domain/ledger"
	"approdo/projections"
	"approdo/projections/ledger"
)

// theLedgerIsTheTreeOfAllRecords compares it at every size up to 300, which is more than one tile of tiles would show at any other,
// and at some beyond 4,096, where the third level begins.
func theLedgerIsTheTreeOfAllRecords(t *testing.T, engine Engine) {
	j := NewJournal()
	r := NewRunner(j, engine.Open(t), ledger.Projection())
	CatchUp(t, r)
	var tree ledgers.Tree
	var leaves, roots []tlog.Hash // roots[i] is that of i records
	look := func(f func(*projections.Snapshot) error) {
		t.Helper()
		if err := r.Read(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	same := func() {
		t.Helper()
		look(func(s *projections.Snapshot) error {
			n, err := ledger.Size(s)
			if err != nil || n != tree.Size() {
				t.Fatalf("%d records, %v; want %d", n, err, tree.Size())
			}
			if n == 0 {
				return nil
			}
			c, err := ledger.Checkpoint(s, n)
			if c.Root != tree.Root() || c.Size != n {
				t.Fatalf("the root of %d is %s, want %s", n, c.Root, tree.Root())
			}
			return err
		})
	}
	grow := func(n int) {
		t.Helper()
		for range n {
			j.Add(Stream(Nth(len(leaves)%7)), Sent{Depot: Depots[len(leaves)%4], Weight: int64(len(leaves))})
			rec := last(t, j)
			roots = append(roots, tree.Root())
			leaves = append(leaves, ledgers.LeafHash(rec))
			tree.Add(ledgers.LeafHash(rec))
		}
		CatchUp(t, r)
		same()
	}
	same()
	for range 300 {
		grow(1)
	}
	for _, n := range []int{1000, 3000, 1} {
		grow(n)
	}
	roots = append(roots, tree.Root())
	before := Dump(t, r)
	if _, err := r.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	same()
	if after := Dump(t, r); after != before {
		t.Error("a rebuild gives other rows")
	}
	random := rand.New(rand.NewPCG(1, 2))
	look(func(s *projections.Snapshot) error {
		for try := range 300 {
			newer := 1 + random.Int64N(tree.Size())
			older := 1 + random.Int64N(newer)
			index := random.Int64N(newer)
			if try < 3 {
				newer, older, index = tree.Size(), 1, tree.Size()-1
			}
			proved(t, s, leaves, roots, older, newer, index)
		}
		return nothingElseIsProved(t, s, tree.Size())
	})
}

// last is the newest record.
func last(t *testing.T, j *Journal) (r event.Record) {
	t.Helper()
	head, err := j.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for page, err := range j.ReadAll(context.Background(), head-1, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r = range page.Records {
		}
	}
	return r
}

// proved checks the proofs of a record and of two sizes, and that they hold for no other.
func proved(t *testing.T, s *projections.Snapshot, leaves, roots []tlog.Hash, older, newer, index int64) {
	t.Helper()
	c, err := ledger.Checkpoint(s, older)
	if err != nil || c.Root != roots[older] {
		t.Fatalf("the root of %d is %s, %v; want %s", older, c.Root, err, roots[older])
	}
	record, err := ledger.Include(s, index, newer)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckRecord(record, newer, roots[newer], index, leaves[index]); err != nil {
		t.Errorf("record %d of %d: %v", index, newer, err)
	}
	tree, err := ledger.Continue(s, older, newer)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(tree, newer, roots[newer], older, roots[older]); err != nil {
		t.Errorf("%d from %d: %v", newer, older, err)
	}
	other := leaves[index]
	other[7] ^= 1
	if tlog.CheckRecord(record, newer, roots[newer], index, other) == nil {
		t.Error("another record is proved")
	}
	if len(tree) > 0 {
		tree[0][7] ^= 1
		if tlog.CheckTree(tree, newer, roots[newer], older, roots[older]) == nil {
			t.Error("a proof that was tampered with holds")
		}
	}
	place, err := ledger.Where(s, index)
	if err != nil {
		t.Fatal(err)
	}
	if at, err := ledger.At(s, place.Position); err != nil || at != place {
		t.Errorf("at %d is %+v, %v; want %+v", place.Position, at, err, place)
	}
	i := index
	for leaf, err := range ledger.Leaves(s, index, newer+5) {
		if err != nil || i >= int64(len(leaves)) || leaf != leaves[i] {
			t.Fatalf("leaf %d: %v", i, err)
		}
		i++
	}
	if i != min(newer+5, int64(len(leaves))) {
		t.Errorf("leaves %d to %d end at %d", index, newer+5, i)
	}
	if index%50 == 0 {
		var id uuid.UUID
		id[14], id[15] = byte((index+1)>>8), byte(index+1) // as the journal counts
		if found, err := ledger.Of(s, id); err != nil || found != place {
			t.Errorf("%s is %+v, %v; want %+v", id, found, err, place)
		}
	}
}

func nothingElseIsProved(t *testing.T, s *projections.Snapshot, size int64) error {
	t.Helper()
	var errs []error
	no := func(_ any, err error) { errs = append(errs, err) }
	no(ledger.Checkpoint(s, 0))
	no(ledger.Checkpoint(s, size+1))
	no(ledger.Include(s, size, size))
	no(ledger.Include(s, -1, size))
	no(ledger.Include(s, 0, size+1))
	no(ledger.Continue(s, 0, size))
	no(ledger.Continue(s, 2, 1))
	no(ledger.Continue(s, 1, size+1))
	no(ledger.Where(s, size))
	no(ledger.Where(s, -1))
	no(ledger.At(s, 0))
	no(ledger.At(s, 1<<40))
	no(ledger.Of(s, uuid.New()))
	for i, err := range errs {
		if !errors.Is(err, ledger.ErrNoRecord) {
			t.Errorf("question %d: %v", i, err)
		}
	}
	return nil
}
