package enginetest

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// Depots are all there are.
var Depots = []string{"Bra", "Br", "Cles", "Dro"}

// act appends something that may happen to one of a few Parcels.
func act(t *rapid.T, j *Journal) {
	id := uuid.UUID{0: 0xff}
	id[15] = byte(rapid.IntRange(1, 12).Draw(t, "parcel"))
	depot := rapid.SampledFrom(Depots).Draw(t, "depot")
	var e any
	switch rapid.IntRange(0, 3).Draw(t, "event") {
	case 0, 1:
		e = Sent{
			depot, int64(id[15]), domain.Date{Year: 2022, Month: 3, Day: 10}, Depots[:int(id[15])%3],
			domain.Open(id, domain.ClassPersonal, Paper{domain.NewPersonal("Ivan " + depot)}),
		}
	case 2:
		e = Carried{Depot: depot}
	default:
		e = Delivered{}
	}
	j.Add(Stream(id), e)
}

// However the journal is cut into pages, however often a page comes, however little memory there is, whenever the program is
// started anew: the views are those that one reading gives.
func viewsAreAFoldOfTheJournal(t *testing.T, engine Engine) {
	db := engine.Open(t)
	rapid.Check(t, func(t *rapid.T) {
		j := NewJournal()
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "pages"), 0)) // the journal is read by another goroutine
		j.sizes = func() int { return 1 + chance.IntN(20) }
		j.again = func() bool { return chance.IntN(3) == 0 }
		empty(t, db)
		r := NewRunner(j, db, Toys()...)
		hold := rapid.SampledFrom([]int{4, 20, 1000}).Draw(t, "rows in memory")
		r.Hold(hold)
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			for range rapid.IntRange(0, 30).Draw(t, "events") {
				act(t, j)
			}
			CatchUp(t, r)
			if rapid.Bool().Draw(t, "start anew") {
				r = NewRunner(j, db, Toys()...)
				r.Hold(hold)
			}
		}
		CatchUp(t, r)
		grown := Dump(t, r)
		WantFolded(t, r, j)
		progress, err := r.Rebuild(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if head, _ := j.Head(context.Background()); progress.Position != head {
			t.Fatalf("rebuilt as far as %d of %d", progress.Position, head)
		}
		if rebuilt := Dump(t, r); grown != rebuilt {
			t.Fatalf("grown page by page:\n%s\nrebuilt:\n%s", grown, rebuilt)
		}
	})
}

// empty drops all tables.
func empty(t TB, db projections.Engine) {
	t.Helper()
	var all []projections.Generation
	err := db.Read(context.Background(), func(s projections.Session) (err error) {
		all, err = s.Generations()
		return err
	})
	for _, g := range all {
		err = errors.Join(err, db.Drop(context.Background(), g))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// WantFolded compares the views with what their projections make of all events in memory.
func WantFolded(t TB, r *projections.Runner, j *Journal) {
	t.Helper()
	codec := event.NewCodec(Wrap{}, Types)
	var events []projections.Event
	for _, record := range j.records {
		payload, err := codec.Decode(record)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, projections.Event{Record: record, Payload: payload})
	}
	folded := map[string]*projections.Tx{}
	for _, p := range Toys() {
		tx, err := projections.Fold(context.Background(), p, events...)
		if err != nil {
			t.Fatal(err)
		}
		folded[p.Name] = tx
	}
	if err := r.Read(context.Background(), func(s *projections.Snapshot) error {
		wantRows(t, Parcels.Where(s, "true ORDER BY id"), Parcels.All(folded["where"]))
		wantRows(t, stays.Where(s, "true ORDER BY depot, id"), stays.All(folded["where"]))
		wantRows(t, loads.Where(s, "true ORDER BY depot"), loads.All(folded["burden"]))
		wantRows(t, steps.Where(s, "true ORDER BY at"), steps.All(folded["history"]))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func wantRows[R any](t TB, rows iter.Seq2[R, error], want []R) {
	t.Helper()
	got, err := projections.Collect(rows)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(stay{})); diff != "" {
		t.Fatalf("rows differ (-folded +read):\n%s", diff)
	}
}
