package web

import (
	"net/http"

	"github.com/google/uuid"

	"approdo/domain/access"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/duplicates"
	"approdo/projections/worklist"
)

// pairsPath is the list of cases that may be of one child and that came from different bodies. No comune learns of another's case: the
// UST looks.
const pairsPath = "/doppioni"

// mostPairs is how many the list shows; merging the first ones brings up the others.
const mostPairs = 50

func (s *site) pairs(w http.ResponseWriter, r *http.Request) error {
	t := Table{Caption: text("pairs.caption"), Columns: []Column{{Label: text("pairs.first")}, {Label: text("pairs.second")}, {Label: text("case.why")},
		{Label: text("pairs.score"), Numeric: true}, {Label: text("pairs.do")}},
		Empty: Empty{Title: text("pairs.none"), Text: text("pairs.none-text")}}
	err := s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		found, err := worklist.Pairs(r.Context(), v, actorOf(r), s.Keys)
		if err != nil {
			return err
		}
		if len(found) > mostPairs {
			t.Pager.Shown = text("pairs.first-of", "shown", mostPairs, "all", len(found))
		}
		for _, p := range found[:min(len(found), mostPairs)] {
			first, err := s.pairCell(r, g, p.First)
			if err != nil {
				return err
			}
			second, err := s.pairCell(r, g, p.Second)
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, Row{Cells: []Cell{first, second, reasonsCell(p.Reasons),
				likeness(p.Score), pairCells(p)}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := sheet{Title: text("pairs.title"), Lead: text("pairs.lead"), Actions: []Action{{Text: text("pairs.told-title"), Href: toldPath}}, Parts: []part{{Table: &t}}}
	return c.show(s, w, r)
}

// pairCell tells a case of a pair from the other: whose it is, born when, how it stands.
func (s *site) pairCell(r *http.Request, g *registers, l caseline.Line) (Cell, error) {
	row, err := s.lineRow(r, g, l)
	if err != nil {
		return Cell{}, err
	}
	identity, err := worklist.Name(r.Context(), s.Keys, actorOf(r), l, access.BirthDate)
	if err != nil {
		return Cell{}, err
	}
	below := statusBadge(l.Status)
	from := say(text("pairs.from", "comune", g.comuneName(l.Comune), "channel", text("channel."+string(l.Channel)))).over(below)
	if birth, err := identity.Birth(); err == nil {
		from = say(text("similar.born", "day", birth)).over(from)
	}
	return row.Cells[0].over(from), nil
}

// likeness is a score in words. Nothing is certain, so it ends at 99.
func likeness(s names.Score) Cell {
	return say(text("pairs.percent", "percent", min(int(s.Value*100+0.5), 99)))
}

// pairCells lead to the comparison, and straight to merging.
func pairCells(p duplicates.Pair) Cell {
	return say(text("pairs.compare")).to(pairPath(p.First.Case, p.Second.Case)).over(mergeCell(p))
}

// mergeCell leads to merging. The case that goes on is the one with a place, else the earlier; two that both have a place are not for
// merging before one is given up.
func mergeCell(p duplicates.Pair) Cell {
	from, into := p.Second, p.First
	switch {
	case placed(p.First.Status) && placed(p.Second.Status):
		return say(text("pairs.both-placed"))
	case placed(p.Second.Status):
		from, into = p.First, p.Second
	}
	return say(text("pairs.merge")).to(mergePath(from.Case, into.Case))
}

// withParam names, in the address of the form that merges, the case to merge into.
const withParam = "con"

// otherCase is the case an address proposes to merge into, empty where it names none.
func otherCase(r *http.Request) string {
	if id, err := uuid.Parse(r.URL.Query().Get(withParam)); err == nil {
		return id.String()
	}
	return ""
}
