package plans

import (
	"cmp"
	"context"
	"slices"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/projections/board"
	"approdo/projections/ranking"
)

// Zone is how a centre stands in a plan for more than one. Its zone is the sites whose pupils would be routed to it.
type Zone struct {
	Centre domain.Centre
	Pupils int // whose cases it has
	Here   int // of them, placed in its zone
	Away   int // placed in another's
	Left   int // left out
	Spare  int // places of its zone, in the grades of all pupils of the plan, that the plan leaves free
}

// Crossing proposes that cases of a centre whose zone is full in their grades go to another, in whose zone the plan has a place for them. Full is a
// zone in which the plan leaves no place free in the grade of the pupil.
type Crossing struct {
	From, To domain.Centre
	Seats    []planning.Seat
	Spare    int // places in these grades that the other's zone has left even then
}

// Zones says how a plan fills the zones of the centres, by their code, and what it proposes across them, most pupils first. A pupil who is placed in
// another zone while the own one has places left is there because the way is shorter: that is no proposal.
func Zones(ctx context.Context, d *desk.Desk, b *board.Board, drawn planning.Drawn) ([]Zone, []Crossing, error) {
	g, err := ranking.GroundOf(ctx, d, b, drawn.Known)
	if err != nil {
		return nil, nil, err
	}
	on := domain.DateOf(drawn.Known)
	type share struct {
		centre domain.Centre
		level  grade.Level
	}
	spare := map[share]int{}
	zones := map[domain.Centre]*Zone{}
	zone := func(c domain.Centre) *Zone {
		if zones[c] == nil {
			zones[c] = &Zone{Centre: c}
		}
		return zones[c]
	}
	of := map[domain.School]domain.Centre{}
	levels := map[grade.Level]bool{}
	for _, s := range drawn.Seats {
		if levels[s.Level] {
			continue
		}
		levels[s.Level] = true
		sites, err := g.Sites(ctx, drawn.Year, s.Level)
		if err != nil {
			return nil, nil, err
		}
		sites.Only(func(x matching.Site) (matching.Site, bool) {
			if _, known := of[x.School]; !known {
				of[x.School], _ = g.Centre(x.School, drawn.Year, on)
				if to, moved := movedTo(drawn.Terms, x.Comune); moved {
					of[x.School] = to
				}
			}
			free, _, _ := open(x, s.Level, g.Percent, drawn.Terms)
			spare[share{of[x.School], s.Level}] += free
			return x, false
		})
	}
	for _, s := range drawn.Seats {
		if s.School != "" {
			spare[share{of[s.School], s.Level}]--
		}
	}
	type pair struct{ from, to domain.Centre }
	crossings := map[pair]*Crossing{}
	for _, s := range drawn.Seats {
		if s.Centre == "" {
			continue // only supposed
		}
		z := zone(s.Centre)
		z.Pupils++
		switch to := of[s.School]; {
		case s.School == "":
			z.Left++
		case to == s.Centre:
			z.Here++
		default:
			z.Away++
			if to == "" || spare[share{s.Centre, s.Level}] > 0 {
				continue
			}
			p := pair{s.Centre, to}
			if crossings[p] == nil {
				crossings[p] = &Crossing{From: s.Centre, To: to}
			}
			crossings[p].Seats = append(crossings[p].Seats, s)
		}
	}
	for s, n := range spare {
		if s.centre != "" {
			zone(s.centre).Spare += n
		}
	}
	var all []Zone
	for _, z := range zones {
		all = append(all, *z)
	}
	slices.SortFunc(all, func(a, b Zone) int { return cmp.Compare(a.Centre, b.Centre) })
	var proposed []Crossing
	for _, c := range crossings {
		grades := map[grade.Level]bool{}
		for _, s := range c.Seats {
			if !grades[s.Level] {
				grades[s.Level] = true
				c.Spare += spare[share{c.To, s.Level}]
			}
		}
		proposed = append(proposed, *c)
	}
	slices.SortFunc(proposed, func(a, b Crossing) int {
		return cmp.Or(cmp.Compare(len(b.Seats), len(a.Seats)), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return all, proposed, nil
}
