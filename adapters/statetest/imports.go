package statetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
)

// Imports keeps sheets that are being taken in.
type Imports interface {
	BeginImport(ctx context.Context, account, of uuid.UUID, kind string, sealed []byte, rows []desk.Row, now time.Time) error
	Import(ctx context.Context, account, of uuid.UUID) (kind, stage string, sealed []byte, updated time.Time, err error)
	Imports(ctx context.Context, account uuid.UUID, kind string, each func(of uuid.UUID, stage string, rows int, updated time.Time) error) error
	ImportRows(ctx context.Context, of uuid.UUID) ([]desk.Row, error)
	SaveImport(ctx context.Context, account, of uuid.UUID, sealed []byte, now time.Time) error
	StartImport(ctx context.Context, account, of uuid.UUID, ready []desk.Row, now time.Time) (bool, error)
	ClaimImport(ctx context.Context, now, until time.Time) (account, of uuid.UUID, kind string, err error)
	SettleRows(ctx context.Context, of uuid.UUID, settled []desk.Row, now, until time.Time) error
	FinishImport(ctx context.Context, of uuid.UUID, now time.Time) error
	DropImport(ctx context.Context, account, of uuid.UUID) error
	DropRowsAbout(ctx context.Context, of uuid.UUID) error
}

var errNoImport = domain.NotFound("import-not-found")

// stage wants an import to stand somewhere.
func stage(t *testing.T, n Node, account, of uuid.UUID, want, sealed string) {
	t.Helper()
	kind, got, head, _, err := n.Import(t.Context(), account, of)
	if err != nil || kind != "request" || got != want || string(head) != sealed {
		t.Fatalf("%s %s %q, %v; want %s %q", kind, got, head, err, want, sealed)
	}
}

// kept wants an import to have rows.
func keptRows(t *testing.T, n Node, of uuid.UUID, want ...desk.Row) {
	t.Helper()
	got, err := n.ImportRows(t.Context(), of)
	if err != nil || fmt.Sprintf("%v", got) != fmt.Sprintf("%v", want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
}

func imports(t *testing.T, n nodes) {
	ctx, of, about := t.Context(), uuid.New(), uuid.New()
	read := []desk.Row{{Number: 2, Sealed: []byte("two"), Outcome: desk.RowWaiting}, {Number: 5, Sealed: []byte("five"), Outcome: desk.RowWaiting}}
	ok(t, n.one.BeginImport(ctx, anna, of, "request", []byte("head"), read, now))
	stage(t, n.other, anna, of, "open", "head")
	keptRows(t, n.other, of, read...)
	if _, _, _, _, err := n.one.Import(ctx, bruno, of); !errors.Is(err, errNoImport) {
		t.Errorf("another's import: %v", err)
	}
	if err := n.one.SaveImport(ctx, bruno, of, []byte("x"), now); !errors.Is(err, errNoImport) {
		t.Errorf("another saves it: %v", err)
	}
	is(t, false)(n.one.StartImport(ctx, bruno, of, nil, now))
	ok(t, n.other.SaveImport(ctx, anna, of, []byte("columns"), now.Add(time.Second)))
	if _, none, _, err := n.one.ClaimImport(ctx, now, tomorrow); err != nil || none != uuid.Nil {
		t.Errorf("an import that was not started goes on: %v, %v", none, err)
	}
	ready := []desk.Row{{Number: 2, Sealed: []byte("ready"), Outcome: desk.RowWaiting}, {Number: 4, Sealed: []byte("later"), Outcome: desk.RowWaiting},
		{Number: 5, Sealed: []byte("five"), Outcome: desk.RowSimilar, Case: about}}
	is(t, true)(n.one.StartImport(ctx, anna, of, ready, now))
	is(t, false)(n.other.StartImport(ctx, anna, of, read, now))
	stage(t, n.other, anna, of, "running", "columns")
	keptRows(t, n.other, of, ready...)
	if err := n.one.SaveImport(ctx, anna, of, []byte("late"), now); !errors.Is(err, errNoImport) {
		t.Errorf("columns of an import that goes on: %v", err)
	}
	ok(t, n.one.DropImport(ctx, anna, of))
	stage(t, n.one, anna, of, "running", "columns")

	recorded := uuid.New()
	account, claimed, kind, err := n.other.ClaimImport(ctx, now, now.Add(time.Minute))
	if err != nil || account != anna || claimed != of || kind != "request" {
		t.Fatalf("%v %v %s, %v", account, claimed, kind, err)
	}
	if _, none, _, err := n.one.ClaimImport(ctx, now.Add(time.Second), tomorrow); err != nil || none != uuid.Nil {
		t.Errorf("two work at it: %v, %v", none, err)
	}
	ok(t, n.other.SettleRows(ctx, of, []desk.Row{{Number: 2, Outcome: desk.RowRecorded, Case: recorded}, {Number: 5, Outcome: desk.RowRefused}}, now, now.Add(2*time.Minute)))
	keptRows(t, n.one, of, desk.Row{Number: 2, Outcome: desk.RowRecorded, Case: recorded}, ready[1], ready[2])
	ok(t, n.one.FinishImport(ctx, of, now))
	stage(t, n.one, anna, of, "running", "columns")
	if _, none, _, err := n.one.ClaimImport(ctx, now.Add(90*time.Second), tomorrow); err != nil || none != uuid.Nil {
		t.Errorf("who settles rows holds on: %v, %v", none, err)
	}
	if _, again, _, err := n.one.ClaimImport(ctx, now.Add(2*time.Minute), now.Add(3*time.Minute)); err != nil || again != of {
		t.Errorf("nobody takes up what was left: %v, %v", again, err)
	}
	ok(t, n.one.SettleRows(ctx, of, []desk.Row{{Number: 4, Sealed: []byte("why"), Outcome: desk.RowRefused}}, now, tomorrow))
	ok(t, n.other.FinishImport(ctx, of, now))
	stage(t, n.one, anna, of, "done", "columns")

	ok(t, n.other.DropRowsAbout(ctx, about))
	ok(t, n.other.Scrub(ctx))
	keptRows(t, n.one, of, desk.Row{Number: 2, Outcome: desk.RowRecorded, Case: recorded}, desk.Row{Number: 4, Sealed: []byte("why"), Outcome: desk.RowRefused},
		desk.Row{Number: 5, Outcome: desk.RowSimilar, Case: about})
	seen := 0
	ok(t, n.one.Imports(ctx, anna, "request", func(id uuid.UUID, stage string, rows int, _ time.Time) error {
		if seen++; id != of || stage != "done" || rows != 3 {
			t.Errorf("%v %s %d", id, stage, rows)
		}
		return nil
	}))
	if seen != 1 {
		t.Errorf("%d imports", seen)
	}
	ok(t, n.one.DropImport(ctx, bruno, of))
	stage(t, n.one, anna, of, "done", "columns")
	ok(t, n.other.DropImport(ctx, anna, of))
	keptRows(t, n.one, of)
}

// An import is kept for a week after its last change, with its rows, and no longer than its account.
func importsEnd(t *testing.T, n nodes) {
	ctx := t.Context()
	const week = 7 * 24 * time.Hour
	old, young, annas, brunos := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	row := desk.Row{Number: 2, Sealed: []byte("two"), Outcome: desk.RowWaiting}
	for id, at := range map[uuid.UUID]time.Time{old: now, young: now.Add(time.Second), annas: now.Add(time.Hour)} {
		ok(t, n.one.BeginImport(ctx, anna, id, "request", []byte("head"), []desk.Row{row}, at))
	}
	ok(t, n.one.BeginImport(ctx, bruno, brunos, "request", []byte("head"), []desk.Row{row}, now.Add(time.Hour)))
	ok(t, n.other.Purge(ctx, now.Add(week)))
	keptRows(t, n.one, old)
	keptRows(t, n.one, young, row)
	ok(t, n.other.Drop(ctx, anna))
	keptRows(t, n.one, young)
	keptRows(t, n.one, annas)
	keptRows(t, n.one, brunos, row)
}

// raceClaimImport wants one of many to work at an import.
func raceClaimImport(t *testing.T, n nodes) {
	ctx, of := t.Context(), uuid.New()
	ok(t, n.one.BeginImport(ctx, anna, of, "request", []byte("head"), nil, now))
	if won := n.race(t, func(_ int, n Node) (bool, error) { return n.StartImport(ctx, anna, of, nil, now) }); won != 1 {
		t.Errorf("%d started it", won)
	}
	won := n.race(t, func(_ int, n Node) (bool, error) {
		_, claimed, _, err := n.ClaimImport(ctx, now, tomorrow)
		return claimed == of, err
	})
	if won != 1 {
		t.Errorf("%d work at it", won)
	}
}
