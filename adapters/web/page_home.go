package web

import (
	"net/http"
	"slices"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/worklist"
)

// home is where a person lands: what waits for them, the most pressing first, and the doors to everything else.
type home struct {
	Name  domain.Personal
	Pairs []Callout // cases to tell apart or to merge, or to hand over, for whoever sees both sides
	Lead  Text      // what the role does here
	Begin []Action
	// Returns is the Monday return that waits for a school.
	Returns []Callout
	Tiles   []Tile
	ToDo    Table
	Unread  Table // cases with new messages
	Listed  bool  // the role has lists of cases
	Watch   Watch
	Nav     []navItem
	Live    *liveLink
}

var homeView = view[home]{"home"}

// pressing is how many cases the home page shows.
const pressing = 10

func (s *site) home(w http.ResponseWriter, r *http.Request) error {
	p := visitOf(r).person
	c := newHome(p)
	if access.Large(p.Actor, access.WatchReadings) == nil {
		if err := s.withRegisters(r, func(g *registers) (err error) { c.Watch, err = s.watch(r, g); return err }); err != nil {
			return err
		}
	}
	if slices.Contains(access.Roles(access.ListCases), p.Actor.Role) {
		c.Listed, c.Live = true, newsOf(r)
		first, err := worklist.List(r.Context(), s.Board, p.Actor, s.waitingFor(p.Actor), caseline.ByDue, "", pressing)
		if err != nil {
			return err
		}
		if c.Tiles, err = s.statusTiles(r); err != nil {
			return err
		}
		if err := s.read(r, func(v *projections.Snapshot) error { return s.fillHome(r, v, first, &c) }); err != nil {
			return err
		}
	}
	return homeView.show(s, w, r, http.StatusOK, text("home.title"), c)
}

func newHome(p *Person) home {
	c := home{Name: p.Name, Lead: text("home.lead-" + string(p.Actor.Role)), Nav: navOf(p, "")}
	for _, item := range begins[p.Actor.Role] {
		c.Begin = append(c.Begin, Action{item.Text, item.Href})
	}
	return c
}

func (s *site) fillHome(r *http.Request, v *projections.Snapshot, first worklist.Page, c *home) error {
	a := actorOf(r)
	g, err := s.registers(r.Context(), v)
	if err != nil {
		return err
	}
	lines, _, err := first.Lines(v)
	if err != nil {
		return err
	}
	if c.Returns, err = s.returnToDo(r, v); err != nil {
		return err
	}
	if c.Unread, err = s.unread(r, g); err != nil {
		return err
	}
	caption, empty := text("home.pressing"), Empty{Title: text("home.nothing"), Text: text("home.nothing-text")}
	if a.Role == domain.RoleUST {
		caption, empty = text("home.overdue"), Empty{Title: text("home.none-overdue"), Text: text("home.none-overdue-text")}
	}
	if c.ToDo, err = s.lineTable(r, g, caption, lines, empty); err != nil || access.Large(a, access.ReviewPairs) != nil {
		return err
	}
	found, err := worklist.Pairs(r.Context(), v, a, s.Keys)
	if n := len(found); n > 0 {
		c.Pairs = []Callout{{Tone: Warning, Title: text("home.pairs", "count", n), Cells: []Cell{say(text("home.pairs-look")).to(pairsPath)}}}
	}
	if err != nil {
		return err
	}
	crossing, err := crossingToDo(v, s.Clock())
	c.Pairs = append(c.Pairs, crossing...)
	return err
}

// waitingFor narrows a list to what waits for an actor: what his body holds and has a term, and for the UST what is overdue.
func (s *site) waitingFor(a domain.Actor) caseline.Filter {
	switch a.Role {
	case domain.RoleComune:
		return caseline.Filter{Holder: casefile.Holder{Kind: casefile.HeldByComune, Body: a.Body}}
	case domain.RoleCentre:
		return caseline.Filter{Holder: casefile.Holder{Kind: casefile.HeldByCentre, Body: a.Body}}
	case domain.RoleSchool:
		return caseline.Filter{Holder: casefile.Holder{Kind: casefile.HeldBySchool, Body: a.Body},
			Statuses: []casefile.Status{casefile.Offered, casefile.Accepted}}
	}
	return caseline.Filter{Overdue: s.Clock()}
}
