package views_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

var depots = []string{"Bra", "Br", "Cles", "Dro"}

// act appends something that may happen to one of a few parcels.
func act(t *rapid.T, j *journal) {
	id := uuid.UUID{0: 0xff}
	id[15] = byte(rapid.IntRange(1, 12).Draw(t, "parcel"))
	depot := rapid.SampledFrom(depots).Draw(t, "depot")
	var e any
	switch rapid.IntRange(0, 3).Draw(t, "event") {
	case 0, 1:
		e = sent{
			depot, int64(id[15]), domain.Date{Year: 2022, Month: 3, Day: 10}, depots[:int(id[15])%3],
			domain.Open(id, domain.ClassPersonal, paper{domain.NewPersonal("Ivan " + depot)}),
		}
	case 2:
		e = carried{Depot: depot}
	default:
		e = delivered{}
	}
	j.add(stream(id), e)
}

// However the journal is cut into pages, however often a page comes, however little memory there is, whenever the program is
// started anew: the views are those that one reading gives.
func TestViewsAreAFoldOfTheJournal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "views")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		j := newJournal()
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "pages"), 0)) // the journal is read by another goroutine
		j.sizes = func() int { return 1 + chance.IntN(20) }
		j.again = func() bool { return chance.IntN(3) == 0 }
		db := open(t, dir)
		r := runner(j, db, toys()...)
		hold := rapid.SampledFrom([]int{4, 20, 1000}).Draw(t, "rows in memory")
		r.Hold(hold)
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			for range rapid.IntRange(0, 30).Draw(t, "events") {
				act(t, j)
			}
			catchUp(t, r)
			if rapid.Bool().Draw(t, "start anew") {
				r = runner(j, db, toys()...)
				r.Hold(hold)
			}
		}
		catchUp(t, r)
		grown := dump(t, r)
		wantFolded(t, r, j)
		progress, err := r.Rebuild(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if head, _ := j.Head(context.Background()); progress.Position != head {
			t.Fatalf("rebuilt as far as %d of %d", progress.Position, head)
		}
		if rebuilt := dump(t, r); grown != rebuilt {
			t.Fatalf("grown page by page:\n%s\nrebuilt:\n%s", grown, rebuilt)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// wantFolded compares the views with what their projections make of all events in memory.
func wantFolded(t tb, r *projections.Runner, j *journal) {
	t.Helper()
	codec := event.NewCodec(wrap{}, toyTypes)
	var events []projections.Event
	for _, record := range j.records {
		payload, err := codec.Decode(record)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, projections.Event{Record: record, Payload: payload})
	}
	folded := map[string]*projections.Tx{}
	for _, p := range toys() {
		tx, err := projections.Fold(context.Background(), p, events...)
		if err != nil {
			t.Fatal(err)
		}
		folded[p.Name] = tx
	}
	if err := r.Read(context.Background(), func(s *projections.Snapshot) error {
		wantRows(t, parcels.Where(s, "true ORDER BY id"), parcels.All(folded["where"]))
		wantRows(t, stays.Where(s, "true ORDER BY depot, id"), stays.All(folded["where"]))
		wantRows(t, loads.Where(s, "true ORDER BY depot"), loads.All(folded["burden"]))
		wantRows(t, steps.Where(s, "true ORDER BY at"), steps.All(folded["history"]))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func wantRows[R any](t tb, rows iter.Seq2[R, error], want []R) {
	t.Helper()
	got, err := projections.Collect(rows)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(stay{})); diff != "" {
		t.Fatalf("rows differ (-folded +read):\n%s", diff)
	}
}
