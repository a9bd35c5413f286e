package enginetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// Nth is the id of a parcel.
func Nth(n int) (id uuid.UUID) {
	id[0], id[14], id[15] = 1, byte(n>>8), byte(n)
	return id
}

// Fill sends and carries n Parcels.
func Fill(j *Journal, n int) event.Position {
	for i := range n {
		j.Add(Stream(Nth(i)), Sent{Depot: Depots[i%4], Weight: int64(i)}, Carried{Depot: Depots[(i+1)%4]})
	}
	head, _ := j.Head(context.Background())
	return head
}

// Count reads one number.
func Count(t TB, r projections.Reader, sql string, args ...any) (n int64) {
	t.Helper()
	if err := r.Read(context.Background(), func(s *projections.Snapshot) (err error) {
		n, _, err = projections.One[int64](s, sql, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func awaitReturnsOnceTheWriteCanBeRead(t *testing.T, engine Engine) {
	j := NewJournal()
	r := NewRunner(j, engine.Open(t), Toys()...)
	Follow(t, r)
	for i := range 20 {
		at := j.Add(Stream(Nth(i)), Sent{Depot: "Bra"})
		Await(t, r, at)
		if n := Count(t, r, "SELECT count(*) FROM {parcels}"); n != int64(i+1) {
			t.Fatalf("%d parcels are seen after %d", n, i+1)
		}
	}
}

func awaitEndsWithItsContext(t *testing.T, engine Engine) {
	j := NewJournal()
	r := NewRunner(j, engine.Open(t), Toys()...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Await(ctx, 0); !errors.Is(err, projections.ErrBehind) {
		t.Errorf("before anything is known: %v", err)
	}
	Follow(t, r)
	Await(t, r, Fill(j, 3))
	if err := r.Await(ctx, 7); !errors.Is(err, projections.ErrBehind) {
		t.Errorf("for what nobody wrote: %v", err)
	}
	if err := r.Await(ctx, 6); err != nil {
		t.Errorf("for what is committed: %v", err)
	}
}

func anUnknownEventHaltsOnlyThoseWhoWantIt(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	narrow := History()
	narrow.Streams = []string{Stream(Nth(0))}
	r := NewRunner(j, db, Where(), narrow)
	Follow(t, r)
	before := j.Add(Stream(Nth(1)), Sent{Depot: "Bra"})
	odd := j.Add(Stream(Nth(1)), strange{})
	after := j.Add(Stream(Nth(0)), Sent{Depot: "Dro"})
	Await(t, r, after)
	s := StatusOf(t, r, "where")
	if s.State != projections.Halted || s.Reason != projections.UnknownEvent || s.Stuck != odd || s.Position != before {
		t.Errorf("halted: %+v", s)
	}
	if s.Lag() != uint64(after-before) {
		t.Errorf("lag is %d", s.Lag())
	}
	if s := StatusOf(t, r, "history"); s.State != projections.Live || s.Position != after || s.Lag() != 0 {
		t.Errorf("the other: %+v", s)
	}
	if n := Count(t, r, "SELECT count(*) FROM {parcels}"); n != 1 {
		t.Errorf("%d parcels; a halted view serves what it has", n)
	}
}

func aHaltedProjectionGoesOnWithAProgramThatKnowsTheEvent(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	r := NewRunner(j, db, Toys()...)
	Fill(j, 5)
	j.Add(Stream(Nth(1)), strange{})
	head := Fill(j, 7)
	CatchUp(t, r)
	if s := StatusOf(t, r, "burden"); s.State != projections.Halted || s.Stuck != 11 || s.Position != 10 {
		t.Fatalf("built only so far: %+v", s)
	}
	newer := projections.NewRunner(j, event.NewCodec(Wrap{}, Types, oddTypes), db, Quiet, Toys()...)
	if s := StatusOf(t, newer, "burden"); s.State != projections.Building {
		t.Fatalf("before anything is known: %+v", s)
	}
	CatchUp(t, newer)
	if s := StatusOf(t, newer, "burden"); s.State != projections.Live || s.Position != head || s.Reason != "" || s.Stuck != 0 {
		t.Fatalf("with a program that knows it: %+v", s)
	}
	grown := Dump(t, newer)
	if _, err := newer.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if grown != Dump(t, newer) {
		t.Error("what was halted and went on differs from a rebuild")
	}
}

// Failing is a projection that fails at some events while broken holds, after it has changed its tables.
func Failing(broken func(projections.Event) bool) projections.Projection {
	p := Where()
	apply := p.Apply
	p.Apply = func(ctx context.Context, tx *projections.Tx, e projections.Event) error {
		if err := apply(ctx, tx, e); err != nil {
			return err
		}
		if broken(e) {
			if e.Position%2 == 0 {
				panic("broken")
			}
			return errors.New("broken")
		}
		return nil
	}
	return p
}

// Heavy tells events that send a parcel of weight 13.
func Heavy(e projections.Event) bool {
	s, ok := e.Payload.(Sent)
	return ok && s.Weight == 13
}

func whatIsTriedAgainMissesNothing(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	j.sizes = func() int { return 1 }
	failed := map[event.Position]bool{}
	r := NewRunner(j, db, Burden(), History(), Failing(func(e projections.Event) bool {
		first := e.Position%97 == 0 && !failed[e.Position]
		failed[e.Position] = true
		return first
	}))
	Follow(t, r)
	var head event.Position
	for began := time.Now(); head < 300 || time.Since(began) < time.Second; {
		head = Fill(j, 20)
		for s := StatusOf(t, r, "history"); s.Position < head; s = StatusOf(t, r, "history") {
			time.Sleep(time.Millisecond)
		}
	}
	Await(t, r, head)
	WantFolded(t, r, j)
}

func aBuildTakesBackWhatFailed(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	j.Add(Stream(Nth(1)), Sent{Depot: "Bra"}, Carried{Depot: "Dro"})
	r := NewRunner(j, db, Failing(func(e projections.Event) bool { return e.Type == "toy.carried" }))
	CatchUp(t, r)
	if s := StatusOf(t, r, "where"); s.State != projections.Halted || s.Stuck != 2 || s.Position != 1 {
		t.Errorf("%+v", s)
	}
	if n := Count(t, r, "SELECT count(*) FROM {stays} WHERE depot = 'Bra'"); n != 1 {
		t.Errorf("%d stays: what failed was not taken back", n)
	}
}

func aRebuildThatWouldHaltChangesNothing(t *testing.T, engine Engine) {
	var broken atomic.Bool
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 20)
	r := NewRunner(j, db, Failing(func(e projections.Event) bool { return Heavy(e) && broken.Load() }), History())
	CatchUp(t, r)
	before := Dump(t, r)
	broken.Store(true)
	if _, err := r.Rebuild(t.Context(), nil, "where"); err == nil {
		t.Fatal("rebuilt")
	}
	if Dump(t, r) != before {
		t.Error("the views have changed")
	}
	wantOnlyTablesOf(t, db, engine, 2)
	if _, err := r.Rebuild(t.Context(), nil, "nowhere"); !errors.Is(err, projections.ErrUnknownProjection) {
		t.Errorf("a projection that is none: %v", err)
	}
}

// wantOnlyTablesOf wants that many generations to be left, all live.
func wantOnlyTablesOf(t TB, db projections.Engine, engine Engine, n int) {
	t.Helper()
	if err := db.Read(context.Background(), func(s projections.Session) error {
		all, err := s.Generations()
		if err != nil {
			return err
		}
		if len(all) != n {
			t.Fatalf("%d generations are left, want %d", len(all), n)
		}
		tables := 0
		for _, g := range all {
			if g.State != projections.Live {
				t.Fatalf("left: %+v", g)
			}
			tables += len(g.Tables)
		}
		rows, err := s.Query(engine.Tables, nil)
		if err != nil {
			return err
		}
		cell := make([]projections.Value, 1)
		if _, err := rows.Next(cell); err != nil {
			return err
		}
		if int(cell[0].Int) != tables {
			t.Fatalf("%d tables are there, %d are known", cell[0].Int, tables)
		}
		return rows.Close()
	}); err != nil {
		t.Fatal(err)
	}
}

func readersAndWritersDoNotNoticeARebuild(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	r := NewRunner(j, db, Toys()...)
	r.Hold(100)
	Fill(j, 200)
	Follow(t, r)
	Await(t, r, 400)

	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var reads, writes atomic.Int64
	wg.Go(func() { // writes, and reads what it wrote
		for i := 1000; ctx.Err() == nil; i++ {
			Await(fatal{t}, r, j.Add(Stream(Nth(i)), Sent{Depot: "Cles", Weight: 1}))
			if n := Count(fatal{t}, r, "SELECT count(*) FROM {parcels} WHERE id = $1", Nth(i)); n != 1 {
				t.Errorf("parcel %d is not read after it was awaited", i)
			}
			writes.Add(1)
		}
	})
	for range 2 {
		wg.Go(func() {
			var last event.Position
			var seen int64
			for ctx.Err() == nil {
				if err := r.Read(context.Background(), func(s *projections.Snapshot) error {
					steps, _, err := projections.One[int64](s, "SELECT count(*) FROM {steps}")
					if err != nil {
						return err
					}
					staying, _, err := projections.One[int64](s, "SELECT count(*) FROM {stays}")
					if err != nil {
						return err
					}
					borne, _, err := projections.One[int64](s, "SELECT sum(parcels) FROM {loads}")
					if err != nil {
						return err
					}
					at := s.Position("history")
					torn := s.Position("where") == s.Position("burden") && staying != borne
					if at < last || steps < seen || event.Position(steps) != at || torn {
						return fmt.Errorf("at %d after %d: %d steps after %d, %d parcels stay, %d are borne",
							at, last, steps, seen, staying, borne)
					}
					last, seen = at, steps
					return nil
				}); err != nil {
					t.Error(err)
					return
				}
				reads.Add(1)
			}
		})
	}
	for _, names := range [][]string{nil, {"where"}, {"history", "burden"}, nil} {
		if _, err := r.Rebuild(t.Context(), nil, names...); err != nil {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
	if reads.Load() == 0 || writes.Load() == 0 {
		t.Errorf("%d reads, %d writes: nobody was there to notice", reads.Load(), writes.Load())
	}
	WantFolded(t, r, j)
	wantOnlyTablesOf(t, db, engine, 3)
}

// fatal ends a test from another goroutine.
type fatal struct{ *testing.T }

func (f fatal) Fatal(args ...any)                 { f.Error(args...) }
func (f fatal) Fatalf(format string, args ...any) { f.Errorf(format, args...) }

func anInterruptedBuildIsThrownAway(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 3000)
	r := NewRunner(j, db, Toys()...)
	r.Hold(500)
	ctx, interrupt := context.WithCancel(t.Context())
	j.gate = func(after event.Position) {
		if after >= 4000 {
			interrupt()
		}
	}
	if err := r.CatchUp(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
		_, _, err := projections.One[int64](s, "SELECT count(*) FROM {parcels}")
		return err
	}); !errors.Is(err, projections.ErrBuilding) {
		t.Errorf("a view without tables: %v", err)
	}
	j.gate = nil
	r = NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	WantFolded(t, r, j)
	wantOnlyTablesOf(t, db, engine, 3)
}

func aRebuildThatIsCancelledLeavesNothing(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 1500)
	r := NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	before := Dump(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := r.Rebuild(ctx, func(p projections.Progress) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if Dump(t, r) != before {
		t.Error("the views have changed")
	}
	wantOnlyTablesOf(t, db, engine, 3)
}

func aRebuildTellsHowFarItHasCome(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	head := Fill(j, 2500)
	r := NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	var told []projections.Progress
	last, err := r.Rebuild(t.Context(), func(p projections.Progress) {
		told = append(told, p)
		if s := StatusOf(t, r, "where"); s.State != projections.Live || s.Build == nil || *s.Build != p {
			t.Errorf("the status says %+v, build %+v", s, s.Build)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(told) == 0 || last.Position != head || last.Head != head || last.Records != int64(head) || last.Rate() <= 0 {
		t.Errorf("told %d times, last %+v", len(told), last)
	}
	if s := StatusOf(t, r, "where"); s.Build != nil {
		t.Errorf("still building: %+v", s.Build)
	}
}

func aHigherVersionIsBuiltBesideTheOldOne(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 10)
	r := NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	before := Dump(t, r)

	heavier := Where()
	heavier.Version = 2
	apply := heavier.Apply
	heavier.Apply = func(ctx context.Context, tx *projections.Tx, e projections.Event) error {
		if s, ok := e.Payload.(Sent); ok {
			s.Weight += 1000
			e.Payload = s
		}
		return apply(ctx, tx, e)
	}
	newer := NewRunner(j, db, heavier, Burden(), History())
	if Dump(t, newer) != before {
		t.Error("the tables of the old version do not serve before those of the new")
	}
	CatchUp(t, newer)
	if n := Count(t, newer, "SELECT min(weight) FROM {parcels}"); n != 1000 {
		t.Errorf("the least weight is %d after the swap", n)
	}
	wantOnlyTablesOf(t, db, engine, 3)
}

func tablesOfAnotherShapeDoNotServe(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	head := Fill(j, 10)
	CatchUp(t, NewRunner(j, db, Toys()...))

	wide := projections.Projection{
		Name: "where", Version: 2, Tables: []projections.Relation{projections.TableOf[wider]("parcels")},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error { return nil },
	}
	r := NewRunner(j, db, wide, History())
	if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
		_, _, err := projections.One[int64](s, "SELECT count(*) FROM {parcels}")
		return err
	}); !errors.Is(err, projections.ErrBuilding) || !errors.Is(err, domain.KindUnavailable) {
		t.Errorf("before it is built: %v", err)
	}
	CatchUp(t, r)
	if n := Count(t, r, "SELECT count(*) FROM {parcels}"); n != 0 {
		t.Errorf("%d rows", n)
	}
	if s := StatusOf(t, r, "where"); s.State != projections.Live || s.Position != head || s.Version != 2 {
		t.Errorf("%+v", s)
	}
	wantOnlyTablesOf(t, db, engine, 2) // burden is none of this program's any more
}

type wider struct {
	ID    uuid.UUID `col:"id,key"`
	Width int64     `col:"width"`
}

func (w wider) Key() uuid.UUID { return w.ID }

func viewsOfAnotherJournalAreBuiltAnew(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 10)
	CatchUp(t, NewRunner(j, db, Toys()...))
	older := NewJournal()
	Fill(older, 4)
	r := NewRunner(older, db, Toys()...)
	CatchUp(t, r)
	WantFolded(t, r, older)

	longer := NewJournal() // which goes further: only its first record tells it apart
	longer.Other = 1
	longer.Add(Stream(Nth(99)), Sent{Depot: "Bra"})
	Fill(longer, 12)
	r = NewRunner(longer, db, Toys()...)
	CatchUp(t, r)
	WantFolded(t, r, longer)
	again := NewRunner(longer, db, Toys()...)
	CatchUp(t, again)
	if done := generations(t, db); done > 3*len(Toys()) {
		t.Errorf("%d generations were made: the same journal was taken for another", done)
	}
}

// generations is the highest number of a generation.
func generations(t *testing.T, db projections.Engine) (most int) {
	t.Helper()
	if err := db.Read(context.Background(), func(s projections.Session) error {
		all, err := s.Generations()
		for _, g := range all {
			most = max(most, int(g.Number))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return most
}

func aRowThatTheEngineRefusesHaltsItsProjectionOnly(t *testing.T, engine Engine) {
	same := projections.LogOf[step]("same")
	repeating := projections.Projection{
		Name: "repeating", Version: 1, Tables: []projections.Relation{same},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			same.Append(tx, step{At: e.Position % 3})
			return nil
		},
	}
	j, db := NewJournal(), engine.Open(t)
	r := NewRunner(j, db, repeating, History())
	Follow(t, r)
	Await(t, r, Fill(j, 1))
	head := Fill(j, 3)
	Await(t, r, head)
	if s := StatusOf(t, r, "repeating"); s.State != projections.Halted || s.Reason != projections.RowsRefused || s.Position > 3 {
		t.Errorf("%+v", s)
	}
	if s := StatusOf(t, r, "history"); s.State != projections.Live || s.Position != head {
		t.Errorf("the other: %+v", s)
	}
	// Built in one go it has no rows that could serve, and that keeps nobody from the others.
	r = NewRunner(j, engine.Open(t), repeating, History())
	CatchUp(t, r)
	if s := StatusOf(t, r, "repeating"); s.State != projections.Halted || s.Reason != projections.RowsRefused {
		t.Errorf("built: %+v", s)
	}
	Await(t, r, head)
}

func twoRunnersOnTheSameViewsDoNotApplyTwice(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	a, b := NewRunner(j, db, Toys()...), NewRunner(j, db, Toys()...)
	Fill(j, 2)
	CatchUp(t, a)
	CatchUp(t, b)
	Follow(t, a)
	Follow(t, b)
	for i := range 30 {
		at := j.Add(Stream(Nth(i)), Sent{Depot: "Bra", Weight: 1}, Carried{Depot: "Dro"})
		Await(t, a, at)
		Await(t, b, at)
	}
	WantFolded(t, a, j)
	for _, p := range Toys() {
		if s := StatusOf(t, b, p.Name); s.State != projections.Live {
			t.Errorf("%+v", s)
		}
	}
}

// stuckDrop is an engine that fails to drop.
type stuckDrop struct{ projections.Engine }

func (stuckDrop) Drop(context.Context, projections.Generation) error { return errors.New("stuck") }

func oldTablesThatCouldNotBeDroppedAreDroppedAtTheNextStart(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 3)
	r := projections.NewRunner(j, event.NewCodec(Wrap{}, Types), stuckDrop{db}, Quiet, Toys()...)
	CatchUp(t, r)
	if _, err := r.Rebuild(t.Context(), nil, "where"); err == nil {
		t.Fatal("dropped")
	}
	if err := db.Read(t.Context(), func(s projections.Session) error {
		all, err := s.Generations()
		if len(all) != 4 || all[0].State != projections.Retired || all[3].State != projections.Live {
			t.Errorf("generations: %+v", all)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r = NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	wantOnlyTablesOf(t, db, engine, 3)
	WantFolded(t, r, j)
}
