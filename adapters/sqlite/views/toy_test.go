package views_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// A toy domain: parcels that are sent, carried from depot to depot, and delivered.
type (
	sent struct {
		Depot  string               `json:"depot"`
		Weight int64                `json:"weight"`
		On     domain.Date          `json:"on"`
		Fields []string             `json:"fields"`
		Paper  domain.Sealed[paper] `json:"paper,omitzero"`
	}
	paper struct {
		Name domain.Personal `json:"name"`
	}
	carried struct {
		Depot string    `json:"depot"`
		Van   uuid.UUID `json:"van,omitzero"`
		Route string    `json:"route,omitzero"`
		Due   time.Time `json:"due,omitzero"`
	}
	delivered struct{}
	// strange is stored under a name that readers may lack.
	strange struct{}
)

var (
	toyTypes = event.Table{
		event.TypeOf[sent]("toy.sent"), event.TypeOf[carried]("toy.carried"), event.TypeOf[delivered]("toy.delivered"),
	}
	oddTypes = event.Table{event.TypeOf[strange]("toy.strange")}
)

// parcel is where a parcel is.
type parcel struct {
	ID     uuid.UUID   `col:"id,key"`
	Depot  string      `col:"depot"`
	Weight int64       `col:"weight"`
	Stops  int         `col:"stops"`
	On     domain.Date `col:"on_day"`
	Since  time.Time   `col:"since"`
	Done   *bool       `col:"done"`
	Fields []string    `col:"fields,json"`
	Paper  domain.Box  `col:"paper"`
}

func (p parcel) Key() uuid.UUID { return p.ID }

// stay is a depot and a parcel that is there now.
type stay struct {
	shelf
	Since time.Time `col:"since"`
}

type shelf struct {
	Depot string    `col:"depot,key"`
	ID    uuid.UUID `col:"id,key"`
}

func (s shelf) Key() shelf { return s }

// load is how much is at a depot.
type load struct {
	Depot   string `col:"depot,key"`
	Parcels int64  `col:"parcels"`
	Weight  int64  `col:"weight"`
}

func (l load) Key() string { return l.Depot }

// step is a line of a parcel's history.
type step struct {
	At   event.Position `col:"at,key"`
	ID   uuid.UUID      `col:"id"`
	What string         `col:"what"`
	When time.Time      `col:"happened"`
}

var (
	parcels = projections.TableOf[parcel]("parcels", projections.Index{"depot", "since"})
	stays   = projections.TableOf[stay]("stays")
	loads   = projections.TableOf[load]("loads")
	steps   = projections.LogOf[step]("steps", projections.Index{"id", "at"})
)

func parcelOf(e projections.Event) uuid.UUID { return uuid.MustParse(e.Stream[len("toy-"):]) }

func where() projections.Projection {
	return projections.Projection{
		Name: "where", Version: 1, Streams: []string{"toy-"}, Tables: []projections.Relation{parcels, stays},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			id := parcelOf(e)
			switch p := e.Payload.(type) {
			case sent:
				paper, _ := p.Paper.Box()
				parcels.Put(tx, parcel{
					ID: id, Depot: p.Depot, Weight: p.Weight, On: p.On, Since: e.Meta.At, Fields: p.Fields, Paper: paper,
				})
				stays.Put(tx, stay{shelf{p.Depot, id}, e.Meta.At})
			case carried:
				now, ok := parcels.Get(tx, id)
				if !ok {
					return nil
				}
				stays.Delete(tx, shelf{now.Depot, id})
				stays.Put(tx, stay{shelf{p.Depot, id}, e.Meta.At})
				parcels.Update(tx, id, func(r *parcel) {
					r.Depot, r.Since, r.Stops = p.Depot, e.Meta.At, r.Stops+1
				})
			case delivered:
				if now, ok := parcels.Get(tx, id); ok {
					done := true
					now.Done, now.Paper = &done, domain.Box{}
					stays.Delete(tx, shelf{now.Depot, id})
					parcels.Put(tx, now)
				}
			}
			return nil
		},
	}
}

func burden() projections.Projection {
	return projections.Projection{
		Name: "burden", Version: 1, Streams: []string{"toy-"}, Tables: []projections.Relation{loads, places},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			id := parcelOf(e)
			at, there := places.Get(tx, id)
			weigh := func(depot string, n int64) {
				l, _ := loads.Get(tx, depot)
				l.Depot, l.Parcels, l.Weight = depot, l.Parcels+n, l.Weight+n*at.Weight
				loads.Put(tx, l)
			}
			if there {
				weigh(at.Depot, -1)
			}
			switch p := e.Payload.(type) {
			case sent:
				at = place{id, p.Depot, p.Weight}
			case carried:
				at.Depot = p.Depot
			case delivered:
				places.Delete(tx, id)
				return nil
			}
			if there || at.ID == id {
				weigh(at.Depot, 1)
				places.Put(tx, at)
			}
			return nil
		},
	}
}

// place is what burden remembers of a parcel.
type place struct {
	ID     uuid.UUID `col:"id,key"`
	Depot  string    `col:"depot"`
	Weight int64     `col:"weight"`
}

func (p place) Key() uuid.UUID { return p.ID }

var places = projections.TableOf[place]("places")

func history() projections.Projection {
	return projections.Projection{
		Name: "history", Version: 1, Streams: []string{"toy-"}, Tables: []projections.Relation{steps},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			steps.Append(tx, step{e.Position, parcelOf(e), e.Type, e.Meta.At})
			return nil
		},
	}
}

func toys() []projections.Projection { return []projections.Projection{where(), burden(), history()} }

// wrap is a seal for toys: the plain text under a label.
type wrap struct{}

func (wrap) Seal(_ context.Context, _ uuid.UUID, _ domain.Class, place string, plain []byte) ([]byte, error) {
	return append([]byte(place+"|"), plain...), nil
}

func (wrap) Open(_ context.Context, _ uuid.UUID, _ domain.Class, place string, sealed []byte) ([]byte, error) {
	return sealed[len(place)+1:], nil
}

// journal is a journal in memory with pages of any size, which may come twice.
type journal struct {
	mu      sync.Mutex
	records []event.Record
	news    chan struct{}
	sizes   func() int                 // of the next page; nil: 1000
	again   func() bool                // whether the page before comes again; nil: never
	gate    func(after event.Position) // called before a page is read
}

func newJournal() *journal { return &journal{news: make(chan struct{})} }

// add appends events as one act.
func (j *journal) add(stream string, events ...any) event.Position {
	codec := event.NewCodec(wrap{}, toyTypes, oddTypes)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range events {
		n := len(j.records) + 1
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[8:], uint64(n))
		at := time.Date(2022, 3, 10, 8, 0, n, 123_456_789, time.UTC)
		meta := event.Meta{Actor: domain.System, At: at, Command: id}
		d, err := codec.Encode(context.Background(), stream, event.Revision(n), id, e, meta)
		if err != nil {
			panic(err)
		}
		j.records = append(j.records,
			event.Record{Draft: d, Stream: stream, Revision: event.Revision(n), Position: event.Position(n), At: at})
	}
	close(j.news)
	j.news = make(chan struct{})
	return event.Position(len(j.records))
}

func (j *journal) page(after event.Position) (event.Page, <-chan struct{}) {
	if j.gate != nil {
		j.gate(after)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	size := 1000
	if j.sizes != nil {
		size = j.sizes()
	}
	head := event.Position(len(j.records))
	end := min(head, after+event.Position(size))
	return event.Page{Records: j.records[after:end:end], Checkpoint: end, CaughtUp: end == head}, j.news
}

func (j *journal) ReadAll(ctx context.Context, after event.Position, _ event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for {
			p, _ := j.page(after)
			if ctx.Err() != nil {
				yield(event.Page{}, ctx.Err())
				return
			}
			if p.Checkpoint == after || !yield(p, nil) || p.CaughtUp {
				return
			}
			if j.again == nil || !j.again() { // else the same page once more
				after = p.Checkpoint
			}
		}
	}
}

func (j *journal) Subscribe(ctx context.Context, after event.Position, _ event.Subscribe) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for {
			p, news := j.page(after)
			if !yield(p, nil) {
				return
			}
			if after = p.Checkpoint; !p.CaughtUp {
				continue
			}
			select {
			case <-news:
			case <-ctx.Done():
				yield(event.Page{}, ctx.Err())
				return
			}
		}
	}
}

func (j *journal) Head(context.Context) (event.Position, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return event.Position(len(j.records)), nil
}

var errUnused = errors.New("not used by projections")

func (j *journal) Append(context.Context, event.Append) (event.Result, error) {
	return event.Result{}, errUnused
}

func (j *journal) ReadStream(context.Context, string, event.ReadStream) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) { yield(event.Record{}, errUnused) }
}

func (j *journal) Close(context.Context) error { return nil }

func stream(id uuid.UUID) string { return "toy-" + id.String() }

// tb is a test, of testing or of rapid.
type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// open opens views in a directory of the test.
func open(t tb, dir string) *views.DB {
	t.Helper()
	db, err := views.Open(context.Background(), filepath.Join(dir, "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func opened(t testing.TB) *views.DB {
	db := open(t, t.TempDir())
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func runner(j *journal, db *views.DB, ps ...projections.Projection) *projections.Runner {
	return projections.NewRunner(j, event.NewCodec(wrap{}, toyTypes), db, quiet, ps...)
}

var quiet = slog.New(slog.DiscardHandler)

func dump(t tb, r *projections.Runner) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Dump(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func catchUp(t tb, r *projections.Runner) {
	t.Helper()
	if err := r.CatchUp(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// follow runs a runner until the test ends.
func follow(t testing.TB, r *projections.Runner) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func status(t tb, r *projections.Runner, name string) projections.Status {
	t.Helper()
	all, err := r.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Projection == name {
			return s
		}
	}
	t.Fatalf("no projection %s", name)
	return projections.Status{}
}

func await(t tb, r *projections.Runner, at event.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := errors.Join(r.Ready(ctx), r.Await(ctx, at)); err != nil {
		t.Fatal(err)
	}
}
