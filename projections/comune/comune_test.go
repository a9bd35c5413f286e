package comune

import (
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/projections/viewtest"
)

func TestACaseThatMovesLeavesNothingButItsDeparture(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	j := viewtest.New(t).Request(id, "015189", "CTI-25", "Shevchenko", "Olha")
	move := func(to domain.Comune) {
		j.Add(casefile.Stream(id), domain.Actor{Role: domain.RoleUST}, casefile.DomicileChanged{Comune: to, At: viewtest.Begin})
	}
	move("015159")
	tx := j.Fold(Projection())
	if lines := cases.All(tx); len(lines) != 1 || lines[0].Comune != "015159" {
		t.Errorf("%d lines, or not the new comune's", len(lines))
	}
	if left := departures.All(tx); len(left) != 1 || left[0].Comune != "015189" || left[0].Case != id {
		t.Errorf("departures: %v", left)
	}
	move("015189")
	tx = j.Fold(Projection())
	if left := departures.All(tx); len(left) != 1 || left[0].Comune != "015159" {
		t.Errorf("after the way back: %v", left)
	}
}

func TestAnErasedPupilLeavesNoIdentity(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	j := viewtest.New(t).Request(id, "015189", "CTI-25", "Shevchenko", "Olha")
	j.Add(casefile.Stream(id), domain.Actor{Role: domain.RoleUST}, casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(viewtest.Begin)},
		casefile.PupilErased{Ground: "request"})
	if lines := cases.All(j.Fold(Projection())); len(lines) != 1 || len(lines[0].Identity.Cipher) > 0 || lines[0].Status != casefile.Closed {
		t.Error("the line is gone, or keeps the identity")
	}
}
