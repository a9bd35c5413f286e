package web

import (
	"net/http"
	"slices"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/basis"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/projections/audit"
)

// trailPage is the audit trail of one case: every record, without any of the pupil's data and without free text.
type trailPage struct {
	Pseudonym string
	Facts     []Pair
	Timeline  []Moment
}

var trailView = view[trailPage]{"trail"}

func trailPath(id uuid.UUID) string { return "/pratiche/" + id.String() + "/registro" }

func (s *site) trail(w http.ResponseWriter, r *http.Request) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	a := actorOf(r)
	file, err := s.Desk.Trail(r.Context(), a, id)
	if err != nil {
		return err
	}
	c := trailPage{Pseudonym: s.pseudonym(a, id)}
	err = s.withRegisters(r, func(g *registers) error {
		st := file.State
		c.Facts = []Pair{{text("list.status"), statusBadge(st.Status)}, {text("list.grade"), say(levelText(st.Level))}, {text("list.comune"), g.comune(st.Comune)},
			{text("case.centre"), g.centre(st.Centre)}, {text("audit.records"), count(len(file.Trail))}}
		if access.Case(a, file.Relation, access.ReadReadings) == nil {
			c.Facts = append(c.Facts, Pair{text("readings.link"), say(text("readings.case-title")).to(caseReadingsPath(id))})
		}
		if pupil, err := s.openedPupil(r, file); err != nil {
			return err
		} else if !pupil.Term.IsZero() {
			c.Facts = append(c.Facts, pupil)
		}
		if access.Case(a, file.Relation, access.ReadCase) == nil {
			c.Facts = append(c.Facts, Pair{text("audit.case"), say(text("audit.open-case")).to("/pratiche/" + id.String())})
		}
		marksOf, err := marksOfCase(g, a, id)
		if err != nil {
			return err
		}
		for _, e := range slices.Backward(file.Trail) {
			by, err := g.actor(e.Meta.Actor)
			if err != nil {
				return err
			}
			if e.Meta.Actor.Body != "" {
				by = by.over(say(roleText(e.Meta.Actor.Role)))
			}
			m := Moment{Tone: momentTone(e.Event), At: e.Meta.At, Title: text("event." + e.Type), By: by}
			if m.Detail, err = s.trailDetails(r, g, e.Event); err != nil {
				return err
			}
			if words := s.lawWords(r, e.Type); words != "" {
				m.Detail = append(m.Detail, Pair{text("basis.law"), plain(words)})
			}
			if words := s.markWords(r, e.Type, slices.DeleteFunc(marksOf(e), isTold)); words != "" {
				m.Detail = append(m.Detail, Pair{text("basis.decided"), plain(words)})
			}
			if access.Large(a, access.ReadDay) == nil {
				m.Detail = append(m.Detail, Pair{text("ledger.proof"), say(text("ledger.proof-of-record")).to(proofPath(e.Position))})
			}
			c.Timeline = append(c.Timeline, m)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return trailView.show(s, w, r, http.StatusOK, text("audit.trail-title"), c, append(caseCrumbs(a, file), Crumb{Text: text("audit.trail-title")})...)
}

// marksOfCase says by what the acts of a case were decided. Whoever reads the whole audit trail also has what follows from the registers
// as they stood; others have what the records say.
func marksOfCase(g *registers, a domain.Actor, id uuid.UUID) (func(desk.Entry) []basis.Mark, error) {
	if access.Large(a, access.ReadDay) != nil {
		return func(e desk.Entry) []basis.Mark { return basis.Marks(e.Event, nil, domain.DateOf(e.Meta.At)) }, nil
	}
	marks, err := audit.OfCase(g.views, id)
	return func(e desk.Entry) []basis.Mark { return marks[int64(e.Position)] }, err
}

// isTold is true for a mark that the facts of an event say in words of their own.
func isTold(m basis.Mark) bool {
	return slices.Contains([]basis.Kind{basis.Reason, basis.Override, basis.Term, basis.Trial}, m.Kind)
}

// openedPupil is who the pupil is, where whoever audits has opened the name, or the way to open it; nothing for everybody else.
func (s *site) openedPupil(r *http.Request, file desk.File) (Pair, error) {
	if file.State.Erased || access.Case(actorOf(r), file.Relation, access.OpenName) != nil {
		return Pair{}, nil
	}
	if file.OpenUntil.IsZero() {
		return Pair{text("opening.pupil"), say(text("opening.open")).to(openNamePath(file.ID))}, nil
	}
	opened, err := file.Open(r.Context())
	if err != nil || opened.FamilyName.IsZero() {
		return Pair{}, err
	}
	who := named(opened.FamilyName, opened.GivenName)
	below := say(text("opening.until", "instant", file.OpenUntil.In(domain.Rome).Format("15:04")))
	if birth, err := opened.Birth(); err == nil {
		below = say(text("similar.born", "day", birth)).over(below)
	}
	return Pair{text("opening.pupil"), who.over(below)}, nil
}

// caseCrumbs lead to the case, for whoever may read it.
func caseCrumbs(a domain.Actor, f desk.File) []Crumb {
	if access.Case(a, f.Relation, access.ReadCase) != nil {
		return nil
	}
	return []Crumb{{text("cases.title"), "/pratiche"}, {namelessText(f.ID), "/pratiche/" + f.ID.String()}}
}

// trailDetails are the facts of an event that name nobody and that nobody wrote in words of their own.
func (s *site) trailDetails(r *http.Request, g *registers, e casefile.Event) ([]Pair, error) {
	other := func(label Text, id uuid.UUID) []Pair {
		return []Pair{{label, code(s.pseudonym(actorOf(r), id)).to(trailPath(id))}}
	}
	switch e := e.(type) {
	case casefile.RequestRecorded:
		return []Pair{{text("case.channel"), say(text("channel." + string(e.Channel)))}, {text("case.requested-on"), on(e.On)},
			{text("list.comune"), g.comune(e.Comune)}, {text("case.by-age"), say(levelText(e.Level))}}, nil
	case casefile.RequestAmended:
		var parts []Pair
		for _, x := range []struct {
			given bool
			label Text
		}{{!e.Identity.IsZero(), text("audit.identity")}, {!e.Domicile.IsZero(), text("case.domicile")}, {!e.Profile.IsZero(), text("audit.profile")},
			{!e.Health.IsZero(), text("case.health")}, {e.Level != nil, text("case.by-age")}, {e.Asked != nil, text("case.asked")},
			{e.Preferred != nil, text("case.preferred")}, {e.Needs != nil, text("case.need")}, {e.Sex != "", text("case.sex")}} {
			if x.given {
				parts = append(parts, Pair{text("audit.amended"), say(x.label)})
			}
		}
		return parts, nil
	case casefile.GradeDetermined:
		out := []Pair{{text("list.grade"), say(levelText(e.Level))}}
		if e.Resolution == nil {
			return append(out, Pair{text("audit.decided"), say(text("audit.by-age"))}), nil
		}
		return append(out, Pair{text("audit.decided"), say(text("audit.by-resolution"))},
			Pair{text("case.reason"), say(text("resolution." + string(e.Resolution.Reason)))}), nil
	case casefile.OfferAccepted:
		e.Section = ""
		return details(g, e)
	case casefile.PlaceOffered:
		out, err := details(g, e)
		if e.Override != nil {
			out = append(out, Pair{text("audit.rule"), s.overridden(e.Override.Rule)})
		}
		return out, err
	case casefile.CaseClosed:
		out, err := details(g, e)
		if e.Withdrawn {
			out = append(out, Pair{text("case.note"), say(text("audit.withdrawn"))})
		}
		return append(out, Pair{text("audit.closed-on"), on(e.On)}), err
	case casefile.CaseMerged:
		return other(text("case.into"), e.Into), nil
	case casefile.CaseParted:
		return other(text("case.from-case"), e.From), nil
	case casefile.ClockExpired:
		out, err := details(g, e)
		return append(out, Pair{text("audit.due"), on(lastDay(e.Due))}), err
	case casefile.PupilErased:
		return []Pair{{text("case.reason"), s.wordsFor("erasure.", string(string(e.Ground)))}}, nil
	case casefile.HealthErased:
		return []Pair{{text("case.reason"), s.wordsFor("erasure.", string(e.Ground))}}, nil
	}
	return details(g, e)
}

// overridden names the rule that was set aside.
func (s *site) overridden(rule string) Cell {
	if rule == "placement" {
		return say(text("audit.rule-placement"))
	}
	return code(rule)
}
