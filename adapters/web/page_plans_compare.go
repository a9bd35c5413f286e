package web

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/planning"
	"approdo/projections/plans"
)

// Two plans side by side: what one of them costs or earns against the other.

func comparePath(a, b uuid.UUID) string {
	return plansPath + "/confronto?" + url.Values{"a": {a.String()}, "b": {b.String()}}.Encode()
}

// compareForm offers two of the listed plans; nil where there are not two.
func compareForm(g *registers, lines []plans.Line) *Form {
	if len(lines) < 2 {
		return nil
	}
	var options []Option
	for _, l := range lines {
		words := text("plan.choice-of", "at", l.At, "scope", textOf(g.scopeWords(planning.Scope{Centre: l.Centre, Ambito: l.Ambito})), "id", l.ID.String()[:8])
		if l.Supposed {
			words = text("plan.choice-scenario", "plan", words)
		}
		options = append(options, Option{Value: l.ID.String(), Label: say(words)})
	}
	f := newForm(plansPath+"/confronto", text("plan.compare"), Field{Name: "a", Kind: FieldSelect, Label: text("plan.compare-a"), Options: options},
		Field{Name: "b", Kind: FieldSelect, Label: text("plan.compare-b"), Options: options})
	return f.Set("a", lines[1].ID.String()).Set("b", lines[0].ID.String())
}

// changeText writes how much more there is; nothing where there is as much.
func changeText(n int) Cell {
	switch {
	case n > 0:
		return say(text("plan.more", "count", n))
	case n < 0:
		return count(n)
	}
	return say(text("plan.same"))
}

// figureRows set the figures of two plans side by side.
func figureRows(a, b planning.Figures) []Row {
	var rows []Row
	for _, x := range []struct {
		name Text
		a, b int
	}{{text("plan.pupils"), a.Pupils, b.Pupils}, {text("plan.tile-placed"), a.Placed, b.Placed}, {text("plan.tile-left"), a.Pupils - a.Placed, b.Pupils - b.Placed},
		{text("plan.together"), a.Together, b.Together}, {text("plan.apart"), a.Apart, b.Apart}, {text("plan.far"), a.Far, b.Far}} {
		rows = append(rows, Row{Cells: []Cell{say(x.name), count(x.a), count(x.b), changeText(x.b - x.a)}})
	}
	less := text("plan.farther", "way", metres(b.Metres-a.Metres))
	switch {
	case b.Metres < a.Metres:
		less = text("plan.nearer", "way", metres(a.Metres-b.Metres))
	case b.Metres == a.Metres:
		less = text("plan.same")
	}
	return append(rows, Row{Cells: []Cell{say(text("plan.all-ways")), say(text("rank.metres", "way", metres(a.Metres))), say(text("rank.metres", "way", metres(b.Metres))), say(less)}})
}

func comparedFigures(caption, first, second Text, a, b planning.Figures) *Table {
	return &Table{Caption: caption, Columns: []Column{{Label: text("plan.figure")}, {Label: first, Numeric: true}, {Label: second, Numeric: true},
		{Label: text("plan.difference"), Numeric: true}}, Rows: figureRows(a, b)}
}

// moved are the pupils of both plans who go elsewhere in the second one, by index of its seats; and those whom only it has.
func moved(a, b planning.Drawn) (out []int, joined int) {
	before := map[uuid.UUID]domain.School{}
	for _, x := range a.Seats {
		if x.Case != uuid.Nil {
			before[x.Case] = x.School
		}
	}
	for i, x := range b.Seats {
		was, ok := before[x.Case]
		switch {
		case x.Case == uuid.Nil:
		case !ok:
			joined++
		case was != x.School:
			out = append(out, i)
		}
	}
	return out, joined
}

// sinceLast sets a plan beside the one it follows.
func sinceLast(d, last planning.Drawn) *part {
	changed, joined := moved(last, d)
	return &part{ID: "since", Title: text("plan.since"), Facts: []Pair{{text("plan.since-changed"), count(len(changed))}, {text("plan.since-joined"), count(joined)}},
		Table: comparedFigures(text("plan.since-caption"), text("plan.before"), text("plan.this"), last.Figures, d.Figures)}
}

func (s *site) comparePlans(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	var both [2]planning.Drawn
	var ids [2]uuid.UUID
	for i, name := range []string{"a", "b"} {
		var err error
		if ids[i], err = uuid.Parse(q.Get(name)); err != nil {
			return desk.ErrNoPlan
		}
		if both[i], err = s.Desk.Plan(r.Context(), actorOf(r), ids[i]); err != nil {
			return err
		}
	}
	a, b := both[0], both[1]
	c := sheet{Title: text("plan.comparison"), Lead: text("plan.comparison-lead")}
	for i, d := range both {
		if d.Supposes() {
			c.Callouts = append(c.Callouts, Callout{Tone: Warning, Title: text("plan.compare-supposed", "which", []Text{text("plan.first"), text("plan.second")}[i]), Text: text("plan.supposed-text")})
		}
	}
	changed, joined := moved(a, b)
	_, gone := moved(b, a)
	err := s.withRegisters(r, func(g *registers) error {
		for i, d := range both {
			part, _ := d.Gap()
			c.Facts = append(c.Facts, Pair{[]Text{text("plan.first"), text("plan.second")}[i], at(d.At).to(planPath(ids[i])).over(stacked(g.scopeWords(d.Scope), gapBadge(part)))})
			for _, x := range d.Changes {
				words, err := g.changeWords(x)
				if err != nil {
					return err
				}
				c.Facts = append(c.Facts, Pair{text("plan.change"), words})
			}
		}
		shown := changed[:min(len(changed), seatsShown)]
		p, err := s.readPlan(r, g, ids[1], b, nil, shown)
		if err != nil {
			return err
		}
		t := Table{Caption: text("plan.moved"), Columns: []Column{{Label: text("list.pupil")}, {Label: text("list.grade")}, {Label: text("plan.first")}, {Label: text("plan.second")}},
			Empty: Empty{Title: text("plan.moved-none")}}
		for _, i := range shown {
			x := b.Seats[i]
			was, _ := a.Seat(x.Case)
			who, err := s.nameOf(r, p, x)
			if err != nil {
				return err
			}
			row := Row{Cells: []Cell{who, say(levelText(x.Level)).over(g.comune(x.Comune))}}
			for _, y := range []planning.Seat{was, x} {
				where, err := p.place(y)
				if err != nil {
					return err
				}
				row.Cells = append(row.Cells, where)
			}
			t.Rows = append(t.Rows, row)
		}
		if len(shown) < len(changed) {
			t.Pager.Shown = text("plan.moved-shown", "shown", len(shown), "all", len(changed))
		}
		c.Parts = []part{{Table: comparedFigures(text("plan.figures"), text("plan.first"), text("plan.second"), a.Figures, b.Figures)},
			{ID: "moved", Title: text("plan.moved-title", "count", len(changed)), Facts: []Pair{{text("plan.only-second"), count(joined)}, {text("plan.only-first"), count(gone)}}, Table: &t}}
		return nil
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r, Crumb{text("plan.title"), plansPath})
}

// place is the school of a seat with its way, or that there is none.
func (p *planReader) place(x planning.Seat) (Cell, error) {
	if x.School == "" {
		return badge(Danger, text("plan.left-out")), nil
	}
	at, err := p.site(x.School)
	if err != nil {
		return Cell{}, err
	}
	name := plain(at.Name)
	if at.Name == "" {
		name = code(string(x.School))
	}
	return name.to("/scuole/" + string(x.School)).over(say(text("plan.way", "comune", p.comuneName(at.Comune), "way", metres(x.Metres)))), nil
}
