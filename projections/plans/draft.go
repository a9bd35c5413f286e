package plans

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/projections/caseline"
	"approdo/projections/ranking"
)

// Draft is a plan before it is drawn: who seeks a place, and by what they are planned for.
type Draft struct {
	planning.Drawn
	ground ranking.Ground
	pupils map[uuid.UUID]casefile.State
}

// NewDraft begins a plan that goes by a ground, which must be the one of the instant known.
func NewDraft(g ranking.Ground, t planning.Terms, known time.Time) *Draft {
	return &Draft{Drawn: planning.Drawn{Terms: t, Known: known, Weights: g.Weights.Version, Percent: g.Percent}, ground: g, pupils: map[uuid.UUID]casefile.State{}}
}

// Seek puts in a pupil who waits, with the line from which the urgency is told. Where the family declared the school of a brother or sister, the
// pupil wants to come there.
func (d *Draft) Seek(s casefile.State, p casefile.Papers, l caseline.Line) {
	seat := planning.Seat{Case: l.Case, Household: p.Household, Centre: s.Centre, Comune: s.Comune, Level: s.Level, Urgency: urgency(l, d.Known)}
	if to, moved := movedTo(d.Terms, s.Comune); moved {
		seat.Centre = to
	}
	if i, ok := d.ground.Institution(p.SiblingAt, d.Year); ok {
		if seat.Household == "" {
			seat.Household = l.Case.String()
		}
		d.Sibling(l.Case, seat.Household, i)
	}
	d.pupils[l.Case] = s
	d.Seats = append(d.Seats, seat)
}

// Sibling puts in somebody of a household who has a place already.
func (d *Draft) Sibling(of uuid.UUID, household string, at domain.Institution) {
	d.Seated = append(d.Seated, planning.Seated{Case: of, Household: household, Institution: at})
}

// Fill gives everybody a seat as the best plan has it that is found, without what places are worth and without the file that proves the plan. The
// error is that of ctx if it ends before there is a plan, or planning.ErrNobody.
func (d *Draft) Fill(ctx context.Context) error {
	in, plan, err := d.solve(ctx, nil, nil)
	if err == nil {
		in.tell(&d.Drawn, plan, matching.Plan{})
	}
	return err
}

// solve puts the pupils in order and finds the best plan.
func (d *Draft) solve(ctx context.Context, last *planning.Drawn, progress func(done, total int)) (*instance, matching.Plan, error) {
	if len(d.Seats) == 0 {
		return nil, matching.Plan{}, planning.ErrNobody
	}
	slices.SortFunc(d.Seats, func(a, b planning.Seat) int { return strings.Compare(a.ID(), b.ID()) })
	in, err := instanceOf(ctx, d.ground, d.Drawn, last, d.pupils)
	if err != nil {
		return nil, matching.Plan{}, err
	}
	d.Unit = in.unit
	plan, err := matching.Solve(ctx, in.Instance, progress)
	return in, plan, err
}
