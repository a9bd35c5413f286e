package views_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

func nth(n int) (id uuid.UUID) {
	id[0], id[14], id[15] = 1, byte(n>>8), byte(n)
	return id
}

// fill sends and carries n parcels.
func fill(j *journal, n int) event.Position {
	for i := range n {
		j.add(stream(nth(i)), sent{Depot: depots[i%4], Weight: int64(i)}, carried{Depot: depots[(i+1)%4]})
	}
	head, _ := j.Head(context.Background())
	return head
}

func count(t tb, r projections.Reader, sql string, args ...any) (n int64) {
	t.Helper()
	if err := r.Read(context.Background(), func(s *projections.Snapshot) (err error) {
		n, _, err = projections.One[int64](s, sql, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAwaitReturnsOnceTheWriteCanBeRead(t *testing.T) {
	t.Parallel()
	j := newJournal()
	r := runner(j, opened(t), toys()...)
	follow(t, r)
	for i := range 20 {
		at := j.add(stream(nth(i)), sent{Depot: "Bra"})
		await(t, r, at)
		if n := count(t, r, "SELECT count(*) FROM {parcels}"); n != int64(i+1) {
			t.Fatalf("%d parcels are seen after %d", n, i+1)
		}
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	j := newJournal()
	r := runner(j, opened(t), toys()...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Await(ctx, 0); !errors.Is(err, projections.ErrBehind) {
		t.Errorf("before anything is known: %v", err)
	}
	follow(t, r)
	await(t, r, fill(j, 3))
	if err := r.Await(ctx, 7); !errors.Is(err, projections.ErrBehind) {
		t.Errorf("for what nobody wrote: %v", err)
	}
	if err := r.Await(ctx, 6); err != nil {
		t.Errorf("for what is committed: %v", err)
	}
}

func TestAnUnknownEventHaltsOnlyThoseWhoWantIt(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	narrow := history()
	narrow.Streams = []string{stream(nth(0))}
	r := runner(j, db, where(), narrow)
	follow(t, r)
	before := j.add(stream(nth(1)), sent{Depot: "Bra"})
	odd := j.add(stream(nth(1)), strange{})
	after := j.add(stream(nth(0)), sent{Depot: "Dro"})
	await(t, r, after)
	s := status(t, r, "where")
	if s.State != projections.Halted || s.Reason != projections.UnknownEvent || s.Stuck != odd || s.Position != before {
		t.Errorf("halted: %+v", s)
	}
	if s.Lag() != uint64(after-before) {
		t.Errorf("lag is %d", s.Lag())
	}
	if s := status(t, r, "history"); s.State != projections.Live || s.Position != after || s.Lag() != 0 {
		t.Errorf("the other: %+v", s)
	}
	if n := count(t, r, "SELECT count(*) FROM {parcels}"); n != 1 {
		t.Errorf("%d parcels; a halted view serves what it has", n)
	}
}

func TestAHaltedProjectionGoesOnWithAProgramThatKnowsTheEvent(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	r := runner(j, db, toys()...)
	fill(j, 5)
	j.add(stream(nth(1)), strange{})
	head := fill(j, 7)
	catchUp(t, r)
	if s := status(t, r, "burden"); s.State != projections.Halted || s.Stuck != 11 || s.Position != 10 {
		t.Fatalf("built only so far: %+v", s)
	}
	newer := projections.NewRunner(j, event.NewCodec(wrap{}, toyTypes, oddTypes), db, quiet, toys()...)
	if s := status(t, newer, "burden"); s.State != projections.Building {
		t.Fatalf("before anything is known: %+v", s)
	}
	catchUp(t, newer)
	if s := status(t, newer, "burden"); s.State != projections.Live || s.Position != head || s.Reason != "" || s.Stuck != 0 {
		t.Fatalf("with a program that knows it: %+v", s)
	}
	grown := dump(t, newer)
	if _, err := newer.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if grown != dump(t, newer) {
		t.Error("what was halted and went on differs from a rebuild")
	}
}

// failing is a projection that fails at some events while broken holds, after it has changed its tables.
func failing(broken func(projections.Event) bool) projections.Projection {
	p := where()
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

// heavy tells events that send a parcel of weight 13.
func heavy(e projections.Event) bool {
	s, ok := e.Payload.(sent)
	return ok && s.Weight == 13
}

func TestAnEventThatFailsIsTriedAgainAndHaltsOnlyItsProjection(t *testing.T) {
	for _, lead := range []int{1, 2} { // it fails by an error, or by a panic
		synctest.Test(t, func(t *testing.T) {
			var mended atomic.Bool
			var tries atomic.Int64
			j, db := newJournal(), opened(t)
			r := runner(j, db, history(), failing(func(e projections.Event) bool {
				if !heavy(e) {
					return false
				}
				tries.Add(1)
				return !mended.Load()
			}))
			follow(t, r)
			await(t, r, 0)
			light := []any{sent{Depot: "Bra", Weight: 12}, sent{Depot: "Bra", Weight: 12}}
			after := j.add(stream(nth(99)), append(light[:lead:lead], sent{Depot: "Dro", Weight: 13}, carried{Depot: "Cles"})...)
			synctest.Wait()
			if s := status(t, r, "history"); s.Position != after {
				t.Errorf("the other waits: %+v", s)
			}
			if n := count(t, r, "SELECT sum(weight) FROM {parcels} WHERE depot = 'Bra'"); n != 12 {
				t.Errorf("weight %d: what failed was not taken back", n)
			}
			if n := count(t, r, "SELECT count(*) FROM {stays} WHERE depot = 'Bra'"); n != 1 {
				t.Errorf("%d stays: what failed was not taken back", n)
			}
			if s := status(t, r, "where"); s.State != projections.Live || s.Position != after-2 {
				t.Errorf("after the first failure: %+v", s)
			}
			time.Sleep(10 * time.Second)
			s := status(t, r, "where")
			if s.State != projections.Halted || s.Reason != projections.ApplyFailed || s.Stuck != after-1 || tries.Load() != 6 {
				t.Errorf("after %d tries: %+v", tries.Load(), s)
			}
			mended.Store(true)
			time.Sleep(time.Minute)
			synctest.Wait()
			if s := status(t, r, "where"); s.State != projections.Live || s.Position != after {
				t.Errorf("after it was mended: %+v", s)
			}
			grown := dump(t, r)
			if _, err := r.Rebuild(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if grown != dump(t, r) {
				t.Error("what failed and was mended differs from a rebuild")
			}
		})
	}
}

func TestWhatIsTriedAgainMissesNothing(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	j.sizes = func() int { return 1 }
	failed := map[event.Position]bool{}
	r := runner(j, db, burden(), history(), failing(func(e projections.Event) bool {
		first := e.Position%97 == 0 && !failed[e.Position]
		failed[e.Position] = true
		return first
	}))
	follow(t, r)
	var head event.Position
	for began := time.Now(); head < 300 || time.Since(began) < time.Second; {
		head = fill(j, 20)
		for s := status(t, r, "history"); s.Position < head; s = status(t, r, "history") {
			time.Sleep(time.Millisecond)
		}
	}
	await(t, r, head)
	wantFolded(t, r, j)
}

func TestABuildTakesBackWhatFailed(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	j.add(stream(nth(1)), sent{Depot: "Bra"}, carried{Depot: "Dro"})
	r := runner(j, db, failing(func(e projections.Event) bool { return e.Type == "toy.carried" }))
	catchUp(t, r)
	if s := status(t, r, "where"); s.State != projections.Halted || s.Stuck != 2 || s.Position != 1 {
		t.Errorf("%+v", s)
	}
	if n := count(t, r, "SELECT count(*) FROM {stays} WHERE depot = 'Bra'"); n != 1 {
		t.Errorf("%d stays: what failed was not taken back", n)
	}
}

func TestARebuildThatWouldHaltChangesNothing(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	j, db := newJournal(), opened(t)
	fill(j, 20)
	r := runner(j, db, failing(func(e projections.Event) bool { return heavy(e) && broken.Load() }), history())
	catchUp(t, r)
	before := dump(t, r)
	broken.Store(true)
	if _, err := r.Rebuild(t.Context(), nil, "where"); err == nil {
		t.Fatal("rebuilt")
	}
	if dump(t, r) != before {
		t.Error("the views have changed")
	}
	wantOnlyTablesOf(t, db, 2)
	if _, err := r.Rebuild(t.Context(), nil, "nowhere"); !errors.Is(err, projections.ErrUnknownProjection) {
		t.Errorf("a projection that is none: %v", err)
	}
}

// wantOnlyTablesOf wants that many generations to be left, all live.
func wantOnlyTablesOf(t tb, db projections.Engine, n int) {
	t.Helper()
	if err := db.Read(context.Background(), func(s projections.Session) error {
		all, err := s.Generations()
		if err != nil {
			return err
		}
		if len(all) != n {
			t.Fatalf("%d generations are left, want %d", len(all), n)
		}
		tables := 1 // the catalogue, and what SQLite numbers its rows with
		for _, g := range all {
			if g.State != projections.Live {
				t.Fatalf("left: %+v", g)
			}
			tables += len(g.Tables)
		}
		rows, err := s.Query("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", nil)
		if err != nil {
			return err
		}
		cell := make([]projections.Value, 1)
		if _, err := rows.Next(cell); err != nil {
			return err
		}
		if int(cell[0].Int) != tables {
			t.Fatalf("%d tables in the file, %d are known", cell[0].Int, tables)
		}
		return rows.Close()
	}); err != nil {
		t.Fatal(err)
	}
}

func TestReadersAndWritersDoNotNoticeARebuild(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	r := runner(j, db, toys()...)
	r.Hold(100)
	fill(j, 200)
	follow(t, r)
	await(t, r, 400)

	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var reads, writes atomic.Int64
	wg.Go(func() { // writes, and reads what it wrote
		for i := 1000; ctx.Err() == nil; i++ {
			await(fatal{t}, r, j.add(stream(nth(i)), sent{Depot: "Cles", Weight: 1}))
			if n := count(fatal{t}, r, "SELECT count(*) FROM {parcels} WHERE id = $1", nth(i)); n != 1 {
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
	wantFolded(t, r, j)
	wantOnlyTablesOf(t, db, 3)
}

// fatal ends a test from another goroutine.
type fatal struct{ *testing.T }

func (f fatal) Fatal(args ...any)                 { f.Error(args...) }
func (f fatal) Fatalf(format string, args ...any) { f.Errorf(format, args...) }

func TestAnInterruptedBuildIsThrownAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := newJournal()
	fill(j, 3000)
	db := open(t, dir)
	r := runner(j, db, toys()...)
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
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	j.gate = nil
	db = open(t, dir)
	defer db.Close()
	r = runner(j, db, toys()...)
	catchUp(t, r)
	wantFolded(t, r, j)
	wantOnlyTablesOf(t, db, 3)
}

func TestARebuildThatIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	fill(j, 1500)
	r := runner(j, db, toys()...)
	catchUp(t, r)
	before := dump(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := r.Rebuild(ctx, func(p projections.Progress) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if dump(t, r) != before {
		t.Error("the views have changed")
	}
	wantOnlyTablesOf(t, db, 3)
}

func TestARebuildTellsHowFarItHasCome(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	head := fill(j, 2500)
	r := runner(j, db, toys()...)
	catchUp(t, r)
	var told []projections.Progress
	last, err := r.Rebuild(t.Context(), func(p projections.Progress) {
		told = append(told, p)
		if s := status(t, r, "where"); s.State != projections.Live || s.Build == nil || *s.Build != p {
			t.Errorf("the status says %+v, build %+v", s, s.Build)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(told) == 0 || last.Position != head || last.Head != head || last.Records != int64(head) || last.Rate() <= 0 {
		t.Errorf("told %d times, last %+v", len(told), last)
	}
	if s := status(t, r, "where"); s.Build != nil {
		t.Errorf("still building: %+v", s.Build)
	}
}

func TestAHigherVersionIsBuiltBesideTheOldOne(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	fill(j, 10)
	r := runner(j, db, toys()...)
	catchUp(t, r)
	before := dump(t, r)

	heavier := where()
	heavier.Version = 2
	apply := heavier.Apply
	heavier.Apply = func(ctx context.Context, tx *projections.Tx, e projections.Event) error {
		if s, ok := e.Payload.(sent); ok {
			s.Weight += 1000
			e.Payload = s
		}
		return apply(ctx, tx, e)
	}
	newer := runner(j, db, heavier, burden(), history())
	if dump(t, newer) != before {
		t.Error("the tables of the old version do not serve before those of the new")
	}
	catchUp(t, newer)
	if n := count(t, newer, "SELECT min(weight) FROM {parcels}"); n != 1000 {
		t.Errorf("the least weight is %d after the swap", n)
	}
	wantOnlyTablesOf(t, db, 3)
}

func TestTablesOfAnotherShapeDoNotServe(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	head := fill(j, 10)
	catchUp(t, runner(j, db, toys()...))

	wide := projections.Projection{
		Name: "where", Version: 2, Tables: []projections.Relation{projections.TableOf[wider]("parcels")},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error { return nil },
	}
	r := runner(j, db, wide, history())
	if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
		_, _, err := projections.One[int64](s, "SELECT count(*) FROM {parcels}")
		return err
	}); !errors.Is(err, projections.ErrBuilding) || !errors.Is(err, domain.KindUnavailable) {
		t.Errorf("before it is built: %v", err)
	}
	catchUp(t, r)
	if n := count(t, r, "SELECT count(*) FROM {parcels}"); n != 0 {
		t.Errorf("%d rows", n)
	}
	if s := status(t, r, "where"); s.State != projections.Live || s.Position != head || s.Version != 2 {
		t.Errorf("%+v", s)
	}
	wantOnlyTablesOf(t, db, 2) // burden is none of this program's any more
}

type wider struct {
	ID    uuid.UUID `col:"id,key"`
	Width int64     `col:"width"`
}

func (w wider) Key() uuid.UUID { return w.ID }

func TestViewsOfAnotherJournalAreBuiltAnew(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	fill(j, 10)
	catchUp(t, runner(j, db, toys()...))
	older := newJournal()
	fill(older, 4)
	r := runner(older, db, toys()...)
	catchUp(t, r)
	wantFolded(t, r, older)
}

func TestARowThatTheEngineRefusesHaltsItsProjectionOnly(t *testing.T) {
	t.Parallel()
	same := projections.LogOf[step]("same")
	repeating := projections.Projection{
		Name: "repeating", Version: 1, Tables: []projections.Relation{same},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			same.Append(tx, step{At: e.Position % 3})
			return nil
		},
	}
	j, db := newJournal(), opened(t)
	r := runner(j, db, repeating, history())
	follow(t, r)
	await(t, r, fill(j, 1))
	head := fill(j, 3)
	await(t, r, head)
	if s := status(t, r, "repeating"); s.State != projections.Halted || s.Reason != projections.RowsRefused || s.Position > 3 {
		t.Errorf("%+v", s)
	}
	if s := status(t, r, "history"); s.State != projections.Live || s.Position != head {
		t.Errorf("the other: %+v", s)
	}
	// Built in one go it has no rows that could serve, and that keeps nobody from the others.
	r = runner(j, opened(t), repeating, history())
	catchUp(t, r)
	if s := status(t, r, "repeating"); s.State != projections.Halted || s.Reason != projections.RowsRefused {
		t.Errorf("built: %+v", s)
	}
	await(t, r, head)
}

func TestTwoRunnersOnTheSameViewsDoNotApplyTwice(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	a, b := runner(j, db, toys()...), runner(j, db, toys()...)
	fill(j, 2)
	catchUp(t, a)
	catchUp(t, b)
	follow(t, a)
	follow(t, b)
	for i := range 30 {
		at := j.add(stream(nth(i)), sent{Depot: "Bra", Weight: 1}, carried{Depot: "Dro"})
		await(t, a, at)
		await(t, b, at)
	}
	wantFolded(t, a, j)
	for _, p := range toys() {
		if s := status(t, b, p.Name); s.State != projections.Live {
			t.Errorf("%+v", s)
		}
	}
}

// stuckDrop is an engine that fails to drop.
type stuckDrop struct{ projections.Engine }

func (stuckDrop) Drop(context.Context, projections.Generation) error { return errors.New("stuck") }

func TestOldTablesThatCouldNotBeDroppedAreDroppedAtTheNextStart(t *testing.T) {
	t.Parallel()
	j, db := newJournal(), opened(t)
	fill(j, 3)
	r := projections.NewRunner(j, event.NewCodec(wrap{}, toyTypes), stuckDrop{db}, quiet, toys()...)
	catchUp(t, r)
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
	r = runner(j, db, toys()...)
	catchUp(t, r)
	wantOnlyTablesOf(t, db, 3)
	wantFolded(t, r, j)
}
