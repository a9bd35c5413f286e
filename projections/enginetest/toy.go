package enginetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// The toy domain: parcels that are sent, carried from depot to depot, and delivered.
type (
	Sent struct {
		Depot  string               `json:"depot"`
		Weight int64                `json:"weight"`
		On     domain.Date          `json:"on"`
		Fields []string             `json:"fields"`
		Paper  domain.Sealed[Paper] `json:"paper,omitzero"`
	}
	Paper struct {
		Name domain.Personal `json:"name"`
	}
	Carried struct {
		Depot string    `json:"depot"`
		Van   uuid.UUID `json:"van,omitzero"`
		Route string    `json:"route,omitzero"`
		Due   time.Time `json:"due,omitzero"`
	}
	Delivered struct{}
	// strange is stored under a name that readers may lack.
	strange struct{}
)

var (
	// Types are the events that a program knows.
	Types = event.Table{
		event.TypeOf[Sent]("toy.sent"), event.TypeOf[Carried]("toy.carried"), event.TypeOf[Delivered]("toy.delivered"),
	}
	oddTypes = event.Table{event.TypeOf[strange]("toy.strange")}
)

// parcel says where a parcel is.
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
	// Parcels is a table of Where.
	Parcels = projections.TableOf[parcel]("parcels", projections.Index{"depot", "since"})
	stays   = projections.TableOf[stay]("stays")
	loads   = projections.TableOf[load]("loads")
	steps   = projections.LogOf[step]("steps", projections.Index{"id", "at"})
)

func parcelOf(e projections.Event) uuid.UUID { return uuid.MustParse(e.Stream[len("toy-"):]) }

// Where keeps where each parcel is.
func Where() projections.Projection {
	return projections.Projection{
		Name: "where", Version: 1, Streams: []string{"toy-"}, Tables: []projections.Relation{Parcels, stays},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			id := parcelOf(e)
			switch p := e.Payload.(type) {
			case Sent:
				Paper, _ := p.Paper.Box()
				Parcels.Put(tx, parcel{
					ID: id, Depot: p.Depot, Weight: p.Weight, On: p.On, Since: e.Meta.At, Fields: p.Fields, Paper: Paper,
				})
				stays.Put(tx, stay{shelf{p.Depot, id}, e.Meta.At})
			case Carried:
				now, ok := Parcels.Get(tx, id)
				if !ok {
					return nil
				}
				stays.Delete(tx, shelf{now.Depot, id})
				stays.Put(tx, stay{shelf{p.Depot, id}, e.Meta.At})
				Parcels.Update(tx, id, func(r *parcel) {
					r.Depot, r.Since, r.Stops = p.Depot, e.Meta.At, r.Stops+1
				})
			case Delivered:
				if now, ok := Parcels.Get(tx, id); ok {
					done := true
					now.Done, now.Paper = &done, domain.Box{}
					stays.Delete(tx, shelf{now.Depot, id})
					Parcels.Put(tx, now)
				}
			}
			return nil
		},
	}
}

// Burden keeps how much is at each depot.
func Burden() projections.Projection {
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
			case Sent:
				at = place{id, p.Depot, p.Weight}
			case Carried:
				at.Depot = p.Depot
			case Delivered:
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

// History keeps a line for each event.
func History() projections.Projection {
	return projections.Projection{
		Name: "history", Version: 1, Streams: []string{"toy-"}, Tables: []projections.Relation{steps},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			steps.Append(tx, step{e.Position, parcelOf(e), e.Type, e.Meta.At})
			return nil
		},
	}
}

// Toys are all of them.
func Toys() []projections.Projection { return []projections.Projection{Where(), Burden(), History()} }

// Wrap is a seal for toys: the plain text under a label.
type Wrap struct{}

func (Wrap) Seal(_ context.Context, _ uuid.UUID, _ domain.Class, place string, plain []byte) ([]byte, error) {
	return append([]byte(place+"|"), plain...), nil
}

func (Wrap) Open(_ context.Context, _ uuid.UUID, _ domain.Class, place string, sealed []byte) ([]byte, error) {
	return sealed[len(place)+1:], nil
}

// Journal is a journal in memory with pages of any size, which may come twice.
type Journal struct {
	mu      sync.Mutex
	records []event.Record
	news    chan struct{}
	sizes   func() int                 // of the next page; nil: 1000
	again   func() bool                // whether the page before comes again; nil: never
	gate    func(after event.Position) // called before a page is read
	Other   byte                       // tells the ids of its records from those of another journal
}

// NewJournal is one without records.
func NewJournal() *Journal { return &Journal{news: make(chan struct{})} }

// Add appends events as one act.
func (j *Journal) Add(stream string, events ...any) event.Position {
	codec := event.NewCodec(Wrap{}, Types, oddTypes)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range events {
		n := len(j.records) + 1
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[8:], uint64(n))
		id[0] = j.Other
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

// Records gives all there are.
func (j *Journal) Records() []event.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.records
}

func (j *Journal) page(after event.Position) (event.Page, <-chan struct{}) {
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

func (j *Journal) ReadAll(ctx context.Context, after event.Position, _ event.ReadAll) iter.Seq2[event.Page, error] {
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

func (j *Journal) Subscribe(ctx context.Context, after event.Position, _ event.Subscribe) iter.Seq2[event.Page, error] {
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

func (j *Journal) Head(context.Context) (event.Position, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return event.Position(len(j.records)), nil
}

var errUnused = errors.New("not used by projections")

func (j *Journal) Append(context.Context, event.Append) (event.Result, error) {
	return event.Result{}, errUnused
}

func (j *Journal) ReadStream(context.Context, string, event.ReadStream) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) { yield(event.Record{}, errUnused) }
}

func (j *Journal) Close(context.Context) error { return nil }

// Stream is that of a parcel.
func Stream(id uuid.UUID) string { return "toy-" + id.String() }

// TB is a test, of testing or of rapid.
type TB interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// NewRunner keeps projections on an engine, for a program that knows the toys.
func NewRunner(j *Journal, db projections.Engine, ps ...projections.Projection) *projections.Runner {
	return projections.NewRunner(j, event.NewCodec(Wrap{}, Types), db, Quiet, ps...)
}

// Quiet is a log that nobody reads.
var Quiet = slog.New(slog.DiscardHandler)

// Dump gives all rows as text.
func Dump(t TB, r *projections.Runner) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Dump(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// CatchUp brings the views to the head of the journal.
func CatchUp(t TB, r *projections.Runner) {
	t.Helper()
	if err := r.CatchUp(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Follow runs a runner until the test ends.
func Follow(t testing.TB, r *projections.Runner) {
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

// StatusOf tells how one projection is doing.
func StatusOf(t TB, r *projections.Runner, name string) projections.Status {
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

// Await waits until the views have come to a position.
func Await(t TB, r *projections.Runner, at event.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := errors.Join(r.Ready(ctx), r.Await(ctx, at)); err != nil {
		t.Fatal(err)
	}
}
