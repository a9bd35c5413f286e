package main

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain/desk"
)

// What a sheet still says of an erased pupil goes with the other traces; that there was a row, and what came of it, stays.
func TestASheetSaysNothingOfAnErasedPupil(t *testing.T) {
	t.Parallel()
	data := demoIn(t, t.TempDir(), 3)
	h := openData(t, data, data+".key")
	defer closeData(t, h)
	of, about, account := uuid.New(), uuid.New(), uuid.New()
	rows := []desk.Row{{Number: 2, Sealed: []byte("like the erased"), Outcome: desk.RowSimilar, Case: about}, {Number: 3, Sealed: []byte("another"), Outcome: desk.RowRefused}}
	if err := h.state.BeginImport(t.Context(), account, of, "request", []byte("head"), rows, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := h.dropTraces(t.Context(), []uuid.UUID{about}); err != nil {
		t.Fatal(err)
	}
	left, err := h.state.ImportRows(t.Context(), of)
	if err != nil || len(left) != 2 || left[0].Sealed != nil || left[0].Outcome != desk.RowSimilar || string(left[1].Sealed) != "another" {
		t.Errorf("%v, %v", left, err)
	}
}
