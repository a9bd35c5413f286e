package board

import (
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/projections/viewtest"
)

var ust = domain.Actor{Role: domain.RoleUST}

// byStatus remembers what a fold has and counts it.
func byStatus(t *testing.T, j *viewtest.Journal) Tally {
	t.Helper()
	return remembered(t, j).figures(Scope{}, viewtest.Begin.AddDate(1, 0, 0), lasting-1).Total
}

func remembered(t *testing.T, j *viewtest.Journal) *memory {
	t.Helper()
	m := newMemory(1)
	for _, c := range changes.All(j.Fold(Projection())) {
		if err := m.add(c); err != nil {
			t.Fatal(err)
		}
	}
	return m
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
	days := make(Days, 41)
	days[0], days[4], days[9], days[40] = 1, 5, 3, 1
	if got, want := days.Spread(), (Waiting{Pupils: 10, Median: 4, NinetyPercent: 9, Longest: 40}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (Days)(nil).Spread(); got != (Waiting{}) {
		t.Errorf("nobody waits: %+v", got)
	}
	if days.AtLeast(9) != 4 || days.AtLeast(-3) != 10 || days.AtLeast(41) != 0 {
		t.Errorf("at least nine days wait %d", days.AtLeast(9))
	}
	if both := days.Join(Days{1, 1}); both.AtLeast(0) != 12 || both[0] != 2 || days[0] != 1 {
		t.Errorf("joined: %v", both)
	}
}
