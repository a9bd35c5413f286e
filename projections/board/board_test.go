package board

import (
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/projections/viewtest"
)

var ust = domain.Actor{Role: domain.RoleUST}

// byStatus sums the cells of a fold.
func byStatus(t *testing.T, j *viewtest.Journal) map[casefile.Status]int {
	t.Helper()
	out := map[casefile.Status]int{}
	for _, c := range cells.All(j.Fold(Projection())) {
		if c.N <= 0 {
			t.Errorf("a cell of %d cases", c.N)
		}
		out[c.Status] += c.N
	}
	return out
}

func TestACaseIsCountedOnceWhereverItStands(t *testing.T) {
	t.Parallel()
	id, offer := uuid.New(), uuid.New()
	j := viewtest.New(t).Request(id, "015189", "CTI-25", "Shevchenko", "Olha")
	stream := casefile.Stream(id)
	for _, step := range []struct {
		event any
		want  casefile.Status
	}{
		{casefile.ChargeTaken{Centre: "CTI-25", At: viewtest.Begin}, casefile.InCharge},
		{casefile.PlaceOffered{Offer: offer, School: "ZZEE00001X", Institution: "ZZIC00001X", Level: viewtest.Third}, casefile.Offered},
		{casefile.OfferAccepted{Offer: offer, School: "ZZEE00001X", Institution: "ZZIC00001X", Level: viewtest.Third, On: domain.DateOf(viewtest.Begin)}, casefile.Accepted},
		{casefile.FirstDayRecorded{On: domain.DateOf(viewtest.Begin).AddDays(9)}, casefile.Attending},
		{casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(viewtest.Begin).AddDays(30)}, casefile.Closed},
	} {
		j.Add(stream, ust, step.event)
		if got := byStatus(t, j); len(got) != 1 || got[step.want] != 1 {
			t.Fatalf("after %T: %v", step.event, got)
		}
	}
}

func TestMergingTakesACaseOutOfTheOpenOnesAndPartingBringsItBack(t *testing.T) {
	t.Parallel()
	one, other := uuid.New(), uuid.New()
	j := viewtest.New(t).Request(one, "015189", "CTI-25", "Shevchenko", "Olha").Request(other, "015146", "POLO-1", "Sevcenko", "Olga")
	j.Add(casefile.Stream(other), ust, casefile.CaseMerged{Into: one})
	if got := byStatus(t, j); got[casefile.Requested] != 1 || got[casefile.Merged] != 1 {
		t.Errorf("merged: %v", got)
	}
	j.Add(casefile.Stream(other), ust, casefile.CaseParted{From: one, At: viewtest.Begin})
	if got := byStatus(t, j); got[casefile.Requested] != 2 {
		t.Errorf("parted: %v", got)
	}
}

func TestTheBoardKeepsNothingOfAnybody(t *testing.T) {
	t.Parallel()
	j := viewtest.New(t).Request(uuid.New(), "015189", "CTI-25", "Shevchenko", "Olha")
	for _, c := range cases.All(j.Fold(Projection())) {
		if len(c.Identity.Cipher) > 0 {
			t.Error("the board keeps a sealed identity")
		}
	}
}

func TestTheSpreadOfWaits(t *testing.T) {
	t.Parallel()
	got := spread(map[int]int{0: 1, 4: 5, 9: 3, 40: 1})
	if want := (Waiting{Pupils: 10, Median: 4, NinetyPercent: 9, Longest: 40}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := spread(nil); got != (Waiting{}) {
		t.Errorf("nobody waits: %+v", got)
	}
}
