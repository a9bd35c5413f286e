package web

import (
	"net/http"
	"slices"
	"time"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/territory"
)

// receipt is what whoever asked for a place keeps on paper: what was asked, who has it now, by when, and what comes next.
func (s *site) receipt(w http.ResponseWriter, r *http.Request) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	file, err := s.Desk.Receipt(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	opened, err := file.Open(r.Context(), access.Name, access.BirthDate)
	if err != nil {
		return err
	}
	c := sheet{Title: text("receipt.title"), Lead: text("receipt.lead")}
	err = s.withRegisters(r, func(g *registers) error {
		first := file.Trail[0].Meta
		by, err := g.actor(first.Actor)
		if err != nil {
			return err
		}
		c.Facts = append([]Pair{{text("receipt.number"), code(id.String()[:8]).over(code(id.String()))}, {text("receipt.by"), by}, {text("receipt.at"), at(first.At)}},
			known(Pair{text("list.pupil"), named(opened.FamilyName, opened.GivenName)})...)
		if b, err := domain.ParseDate(opened.BirthDate.Reveal()); err == nil {
			c.Facts = append(c.Facts, Pair{text("case.birth"), on(b)})
		}
		asked, err := requested(g, file)
		if err != nil {
			return err
		}
		asked = append([]Pair{{text("list.comune"), g.comune(file.State.Comune)}}, asked...)
		standing, err := standingPart(g, file)
		c.Parts = []part{{ID: "asked", Title: text("receipt.asked"), Facts: asked}, standing, nextPart(file), {Text: text("receipt.print")}}
		return err
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r, Crumb{text("cases.title"), "/pratiche"}, Crumb{namelessText(id), "/pratiche/" + id.String()})
}

// standingPart says which centre has the case, how to reach it, and who must act by when.
func standingPart(g *registers, f desk.File) (part, error) {
	p := part{ID: "standing", Title: text("receipt.standing"), Facts: []Pair{{text("case.centre"), g.centre(f.State.Centre)}}}
	centre, ok := g.land.Centre(f.State.Centre)
	if ok {
		p.Facts = append(p.Facts, reachable(centre)...)
	}
	p.Facts = append(p.Facts, Pair{text("list.status"), say(statusText(f.State.Status))})
	if h := f.State.Holder(); h.Body != "" {
		body, err := g.body(h)
		if err != nil {
			return part{}, err
		}
		p.Facts = append(p.Facts, Pair{text("case.holder"), body})
	}
	if l := lineOf(f); !l.Due.IsZero() {
		p.Facts = append(p.Facts, Pair{text("receipt.by-when"), on(lastDay(l.Due))})
	}
	return p, nil
}

// reachable are the ways to reach a centre that the register knows.
func reachable(c territory.Centre) []Pair {
	return known(Pair{text("receipt.host"), plain(c.HostName)}, Pair{text("receipt.email"), plain(c.Email)}, Pair{text("receipt.phone"), plain(c.Phone)})
}

// nextPart tells the steps to come in plain words, each with the day by which it is due where one is known.
func nextPart(f desk.File) part {
	l := lineOf(f)
	step := func(title, what Text, due time.Time) Pair {
		c := say(what)
		if !due.IsZero() {
			c = c.over(say(text("receipt.within", "day", lastDay(due))))
		}
		return Pair{title, c}
	}
	return part{ID: "next", Title: text("receipt.next"), Text: text("receipt.next-text"), Facts: []Pair{
		step(text("receipt.step-charge"), text("receipt.step-charge-text"), l.ChargeDue),
		step(text("receipt.step-offer"), text("receipt.step-offer-text"), l.FirstOfferDue),
		step(text("receipt.step-answer"), text("receipt.step-answer-text"), time.Time{}),
		step(text("receipt.step-first-day"), text("receipt.step-first-day-text"), l.FirstDayDue)}}
}

// offerSheets adds the papers that can be printed of a case as it stands.
func offerSheets(f desk.File, c *casePage) {
	if f.State.Erased {
		return
	}
	at := "/pratiche/" + f.ID.String()
	if slices.Contains(f.May(), access.Rank) && f.State.Status.Open() {
		c.Acts = append(c.Acts, Action{text("rank.title"), rankingPath(f.ID)})
	}
	if slices.Contains(f.May(), access.ReadReceipt) && f.Papers.Channel != domain.ChannelSchool {
		c.Acts = append(c.Acts, Action{text("receipt.open"), at + "/ricevuta"})
	}
	if slices.Contains(f.May(), access.ReadLetter) && f.State.Status.HoldsPlace() {
		c.Acts = append(c.Acts, Action{text("letter.open"), at + "/lettera"})
	}
}
