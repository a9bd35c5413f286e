package web

import (
	"net/http"
	"slices"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/centre"
	"approdo/projections/readings"
)

// held is everything that is held about one pupil, to be printed and handed over to whoever is entitled (GDPR art. 15).
func (s *site) held(w http.ResponseWriter, r *http.Request) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	h, err := s.Desk.Held(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	c := sheet{Title: text("held.title"), Lead: text("held.lead"), Actions: []Action{{text("held.as-json"), "/pratiche/" + id.String() + "/accesso.json"}}}
	kept := say(text("held.kept-open"))
	if !h.KeptUntil.IsZero() {
		kept = on(h.KeptUntil)
	}
	c.Facts = []Pair{{text("held.case"), code(id.String())}, {text("held.made"), at(s.Clock())}, {text("held.purpose"), say(text("held.purpose-text"))},
		{text("held.kept-until"), kept.over(say(text("case.register-version")).over(plain(h.Register)))}}
	err = s.withRegisters(r, func(g *registers) error {
		groups, err := groups(g, h.File, h.Now)
		if err != nil {
			return err
		}
		name := Pair{text("list.pupil"), named(h.Now.FamilyName, h.Now.GivenName)}
		for i, x := range groups {
			if i == 0 {
				x.Pairs = append([]Pair{name}, x.Pairs...)
			}
			c.Parts = append(c.Parts, part{ID: "now-" + x.Title.key, Title: x.Title, Facts: x.Pairs})
		}
		changed, err := s.changeTable(g, h)
		if err != nil {
			return err
		}
		c.Parts = append(c.Parts, part{ID: "changes", Title: text("held.declared"), Table: &changed})
		history := part{ID: "history", Title: text("held.history")}
		for _, m := range h.Moments {
			x, err := s.heldMoment(r, g, m)
			if err != nil {
				return err
			}
			history.Timeline = append(history.Timeline, x)
		}
		kin, err := s.siblingPseudonyms(r, g.views, h.File)
		if err != nil {
			return err
		}
		siblings := part{ID: "siblings", Title: text("held.siblings"), Text: text("held.siblings-none")}
		if len(kin) > 0 {
			siblings.Text = text("held.siblings-text")
			for _, p := range kin {
				siblings.Facts = append(siblings.Facts, Pair{text("held.case"), code(p)})
			}
		}
		seen, err := readings.Of(g.views, h.ID, 0)
		if err != nil {
			return err
		}
		readers, err := s.readerTable(r, g, seen)
		c.Parts = append(c.Parts, history, siblings, part{ID: "readers", Title: text("held.readers"), Table: &readers})
		return err
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r, Crumb{text("cases.title"), "/pratiche"}, Crumb{namelessText(id), "/pratiche/" + id.String()})
}

// changeTable is the notice of rectification: what changed, when, and who did it.
func (s *site) changeTable(g *registers, h desk.Held) (Table, error) {
	t := Table{Caption: text("held.declared"), Columns: []Column{{Label: text("held.field")}, {Label: text("held.was")}, {Label: text("held.is")},
		{Label: text("held.rectified")}}, Empty: Empty{Title: text("held.declared-none")}}
	value := func(p domain.Personal) Cell {
		if p.IsZero() {
			return say(text("held.empty"))
		}
		return named(p)
	}
	for _, x := range h.Changes {
		by, err := g.actor(x.Meta.Actor)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{s.wordsFor("datum.", x.Field), value(x.Before), value(x.After), at(x.Meta.At).over(by)}})
	}
	return t, nil
}

// heldMoment is an event with all that it says, in the words it was said in.
func (s *site) heldMoment(r *http.Request, g *registers, m desk.Moment) (Moment, error) {
	by, err := g.actor(m.Meta.Actor)
	if err != nil {
		return Moment{}, err
	}
	out := Moment{Tone: momentTone(m.Event), At: m.Meta.At, Title: text("event." + m.Type), By: by}
	if out.Detail, err = s.trailDetails(r, g, m.Event); err != nil {
		return out, err
	}
	if _, merged := m.Event.(casefile.CaseMerged); merged { // another child's case is told by its pseudonym, and the way there is the UST's
		out.Detail = nil
	}
	out.Detail = append(out.Detail, known(Pair{text("case.words"), named(m.Words)})...)
	return out, nil
}

// readerTable says which bodies read the data, not which of their people: those the family asks the bodies for.
func (s *site) readerTable(r *http.Request, g *registers, seen []readings.Row) (Table, error) {
	t := Table{Caption: text("held.readers"), Columns: []Column{{Label: text("held.role")}, {Label: text("held.when")}, {Label: text("held.fields")}},
		Empty: Empty{Title: text("held.readers-none")}}
	for _, x := range seen {
		body, err := g.actor(domain.Actor{Role: x.Role, Body: x.Body})
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{body.over(say(roleText(x.Role))), at(x.Last), s.fieldsCell(r, x.Seen())}})
	}
	return t, nil
}

// siblingPseudonyms names the other cases of the household for the reader, without saying whose they are.
func (s *site) siblingPseudonyms(r *http.Request, v *projections.Snapshot, f desk.File) (out []string, err error) {
	if f.Papers.Household == "" {
		return nil, nil
	}
	lines, err := projections.Collect(centre.Household(v, f.Papers.Household))
	if err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(l caseline.Line) bool { return l.Case == f.ID })
	for _, l := range lines {
		out = append(out, s.pseudonym(actorOf(r), l.Case))
	}
	return out, nil
}
