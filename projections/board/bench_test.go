package board

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/projections/caseline"
)

// crowded is what a territory with so many cases remembers, in the order of time: of each that it came, was taken in charge, offered,
// accepted and begun.
func crowded(b testing.TB, cases int) *memory {
	r, m := rand.New(rand.NewPCG(1, 2)), newMemory(1)
	begin := time.Date(2022, time.March, 1, 8, 0, 0, 0, time.UTC)
	var all []change
	for range cases {
		id, at := uuid.New(), begin.Add(time.Duration(r.Int64N(int64(300*24*time.Hour))))
		n := r.IntN(133)
		p := place{Status: casefile.Requested, HolderKind: casefile.HeldByCentre, HolderBody: fmt.Sprintf("CTI-%d", 21+n%6), Channel: domain.ChannelComune,
			Comune: domain.Comune(fmt.Sprintf("015%03d", n)), Centre: domain.Centre(fmt.Sprintf("CTI-%d", 21+n%6)), Order: grade.Orders()[r.IntN(4)], Grade: 1 + r.IntN(3),
			RequestedOn: domain.DateOf(at), Due: at.AddDate(0, 0, 2)}
		for _, step := range []struct {
			act    Act
			status casefile.Status
		}{{Arrived, casefile.Requested}, {Charged, casefile.InCharge}, {Offered, casefile.Offered}, {Placed, casefile.Accepted}, {Begun, casefile.Attending}}[:1+r.IntN(5)] {
			if p.Status = step.status; p.Status == casefile.Offered {
				p.School, p.Institution = domain.School(fmt.Sprintf("ZZEE%05dX", r.IntN(1500))), domain.Institution(fmt.Sprintf("ZZIC%05dX", r.IntN(331)))
			}
			if p.Status == casefile.Attending {
				p.FirstDay, p.Due = domain.DateOf(at), time.Time{}
			}
			all = append(all, change{Case: id, At: at, Act: step.act, place: p})
			at = at.Add(26 * time.Hour)
		}
	}
	slices.SortFunc(all, func(a, b change) int { return a.At.Compare(b.At) })
	for i, c := range all {
		c.Position = int64(i + 1)
		if err := m.add(c); err != nil {
			b.Fatal(err)
		}
	}
	return m
}

func BenchmarkFigures(b *testing.B) {
	m := crowded(b, 100_000)
	now := time.Date(2022, time.December, 31, 8, 0, 0, 0, time.UTC)
	past := now.AddDate(0, -6, 0)
	for name, f := range map[string]func(){
		"now":   func() { m.figures(Scope{}, now, lasting-1) },
		"past":  func() { m.figures(Scope{}, past, past.UnixMicro()) },
		"one":   func() { m.figures(Scope{Comune: "015007"}, now, lasting-1) },
		"list":  func() { m.foremost(26, ranked{}, Scope{Centre: "CTI-22"}, caseline.Filter{}, lasting-1) },
		"lists": func() { m.foremost(26, ranked{}, Scope{}, caseline.Filter{}, past.UnixMicro()) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}
