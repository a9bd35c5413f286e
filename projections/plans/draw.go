package plans

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/caseline"
	"approdo/projections/centre"
	"approdo/projections/ranking"
)

// Waiting are those whom a plan is for.
type Waiting struct {
	Lines    []caseline.Line
	Siblings []caseline.Line // of their households, with a place already
}

// Among finds who waits for an offer in the terms' scope and school year, with no order suspending it at an instant.
func Among(s *projections.Snapshot, a domain.Actor, land territory.State, t planning.Terms, at time.Time) (w Waiting, err error) {
	of := t.Scope.Centre
	if a.Role != domain.RoleCentre && slices.ContainsFunc(t.Changes, func(c planning.Change) bool { return c.Kind == planning.Move }) {
		of = "" // a comune may have come from any centre
	}
	all, err := projections.Collect(centre.Waiting(s, of, t.Year))
	if err != nil {
		return w, err
	}
	households := map[string]bool{}
	for _, l := range all {
		in := l.Centre
		if to, moved := movedTo(t, l.Comune); moved {
			in = to
		}
		home, _ := land.Comune(l.Comune)
		_, suspended := land.Suspended(territory.Placement, l.Comune, at)
		if suspended || t.Scope.Centre != "" && in != t.Scope.Centre || t.Scope.Ambito != "" && !home.In(t.Scope.Ambito) {
			continue
		}
		w.Lines = append(w.Lines, l)
		if l.Household == "" || households[l.Household] {
			continue
		}
		households[l.Household] = true
		for sibling, err := range centre.Household(s, l.Household) {
			if err != nil {
				return w, err
			}
			if sibling.Status.HoldsPlace() {
				w.Siblings = append(w.Siblings, sibling)
			}
		}
	}
	return w, nil
}

// movedTo is the centre to which a scenario moves a comune.
func movedTo(t planning.Terms, comune domain.Comune) (domain.Centre, bool) {
	for _, c := range t.Changes {
		if c.Kind == planning.Move && c.Comune == comune {
			return c.Centre, true
		}
	}
	return "", false
}

// urgency is how many pupils one counts for where not all can be placed: 4 who has waited until the case went up, 2 whose term is over or whom
// a school declined, 1 everybody else.
func urgency(l caseline.Line, now time.Time) int {
	switch {
	case l.Escalated != "":
		return 4
	case l.Overdue(now) || l.Declines > 0:
		return 2
	}
	return 1
}

// Draw makes the best plan it finds for those who wait, and does not keep it. It goes by what may be known without opening anything of a
// pupil: not by how much Italian there is. Progress, where set, is told how much of the work is done. The error is one of planning.May, or
// that of ctx if it ends before there is a plan.
func Draw(ctx context.Context, d *desk.Desk, b *board.Board, a domain.Actor, w Waiting, t planning.Terms, progress func(done, total int)) (planning.Drawn, error) {
	known := d.Now()().UTC().Truncate(time.Microsecond)
	none := planning.Drawn{Terms: t, Known: known}
	if err := access.Large(a, access.Plan); err != nil {
		return none, err
	}
	if err := planning.May(a, t); err != nil {
		return none, err
	}
	if len(w.Lines) > planning.MostPupils {
		return none, planning.ErrTooMany
	}
	g, err := ranking.GroundOf(ctx, d, b, known)
	if err != nil {
		return none, err
	}
	draft := NewDraft(g, t, known)
	for i, l := range w.Lines {
		if progress != nil {
			progress(i, 2*len(w.Lines))
		}
		f, err := caseAsOf(ctx, d, a, l.Case, known)
		switch {
		case errors.Is(err, access.ErrAbsent):
			continue // it has gone to another centre since
		case err != nil:
			return draft.Drawn, err
		case f.State.Status != casefile.InCharge || f.State.Question != nil || f.State.Erased:
			continue // as the journal had it then
		}
		draft.Seek(f.State, f.Papers, l)
	}
	for _, l := range w.Siblings {
		f, err := caseAsOf(ctx, d, a, l.Case, known)
		switch {
		case errors.Is(err, access.ErrAbsent):
		case err != nil:
			return draft.Drawn, err
		case f.State.Offer != nil && f.State.Status.HoldsPlace() && f.Relation != access.Past:
			draft.Sibling(l.Case, f.Papers.Household, f.State.Offer.Institution)
		}
	}
	draft.Seats = append(draft.Seats, supposed(t.Changes)...)
	if len(draft.Seats) > planning.MostPupils {
		return draft.Drawn, planning.ErrTooMany
	}
	var last *planning.Drawn
	if t.Last != uuid.Nil {
		before, err := d.Plan(ctx, a, t.Last)
		if err != nil {
			return draft.Drawn, err
		}
		last = &before
	}
	in, plan, err := draft.solve(ctx, last, half(progress))
	if err != nil {
		return draft.Drawn, err
	}
	alone := plan
	if in.coupled() {
		without := in.Instance
		without.Split = matching.Cost{}
		if alone, err = matching.Solve(ctx, without, nil); err != nil {
			return draft.Drawn, err
		}
	}
	in.tell(&draft.Drawn, plan, alone)
	_, crossings, err := Zones(ctx, d, b, draft.Drawn)
	if err != nil {
		return draft.Drawn, err
	}
	for _, c := range crossings {
		draft.Figures.Crossing += len(c.Seats)
	}
	size, err := sizeOf(draft.Drawn)
	if err == nil && size > planning.Largest && plan.Tree != nil { // a plan that is proven less is better than none
		plan.Tree, plan.Bound = nil, matching.Bound(plan.Instance, plan.Prices)
		draft.Tree, draft.Bound = nil, plan.Bound
		size, err = sizeOf(draft.Drawn)
	}
	if err == nil && size > planning.Largest {
		err = planning.ErrTooMany
	}
	if err != nil {
		return draft.Drawn, err
	}
	draft.Digest, err = plan.Write(io.Discard)
	return draft.Drawn, err
}

// sizeOf is how many bytes a plan has as an event.
func sizeOf(d planning.Drawn) (int, error) {
	b, err := json.Marshal(d)
	return len(b) + 2*sha256.Size, err // the digest is not there yet
}

// caseAsOf is a case as it was known at an instant: what is recorded while a plan is drawn is not in it, so that its file can be made again.
func caseAsOf(ctx context.Context, d *desk.Desk, a domain.Actor, id uuid.UUID, at time.Time) (desk.File, error) {
	f, err := d.Case(ctx, a, id)
	if err != nil {
		return f, err
	}
	return f.AsOf(at)
}

// half is progress of the second half of the work.
func half(progress func(done, total int)) func(done, total int) {
	if progress == nil {
		return nil
	}
	return func(done, total int) { progress(total+done, 2*total) }
}

// supposed are the pupils of families that a scenario supposes.
func supposed(changes []planning.Change) (out []planning.Seat) {
	for i, c := range changes {
		if c.Kind != planning.Arrive {
			continue
		}
		for family := range c.Number {
			household := fmt.Sprintf("new-%02d-%03d", i+1, family+1)
			for child, l := range c.Levels {
				out = append(out, planning.Seat{Supposed: fmt.Sprintf("%s-%d", household, child+1), Household: household, Comune: c.Comune, Level: l, Urgency: 1})
			}
		}
	}
	return out
}

// File makes the plan anew whose proof a drawn plan is: the instance from what was known when it was drawn, with its places and prices. What
// Plan.Write makes of it has the digest of then; ErrProof where it has not, since the program ranks otherwise by now. It is the same also where a pupil was forgotten since: it holds ids and figures, and nothing that was sealed.
// Whoever may read the plan may read its file.
func File(ctx context.Context, d *desk.Desk, b *board.Board, drawn planning.Drawn) (matching.Plan, error) {
	g, err := ranking.GroundOf(ctx, d, b, drawn.Known)
	if err != nil {
		return matching.Plan{}, err
	}
	system := domain.Actor{Role: domain.RoleSystem}
	pupils := map[uuid.UUID]casefile.State{}
	for _, s := range drawn.Seats {
		if s.Case == uuid.Nil {
			continue
		}
		f, err := caseAsOf(ctx, d, system, s.Case, drawn.Known)
		if err != nil {
			return matching.Plan{}, err
		}
		pupils[s.Case] = f.State
	}
	var last *planning.Drawn
	if drawn.Last != uuid.Nil {
		before, err := d.Plan(ctx, system, drawn.Last)
		if err != nil {
			return matching.Plan{}, err
		}
		last = &before
	}
	in, err := instanceOf(ctx, g, drawn, last, pupils)
	if err != nil {
		return matching.Plan{}, err
	}
	p, err := in.plan(drawn)
	if err != nil { // a *matching.Fault: the places or the sums are no longer those of then
		return p, ErrProof
	}
	digest, err := p.Write(io.Discard)
	if err == nil && digest != drawn.Digest {
		err = ErrProof
	}
	return p, err
}

// ErrProof is for a plan whose file cannot be made as it was.
var ErrProof = domain.Refused("plan-proof-changed")
