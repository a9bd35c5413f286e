package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/planning"
	"approdo/projections"
	"approdo/projections/plans"
)

// Where a plan fills the zone of a centre and leaves places in another's: whose cases could go there, so that nobody waits for want of a
// neighbour. Whoever may hand a case over decides.

// zonesPath is the page of a plan's zones; with two centres, what is proposed between them.
func zonesPath(id uuid.UUID, between ...domain.Centre) string {
	path := planPath(id, "zone")
	if len(between) == 2 {
		path += "?" + url.Values{"da": {string(between[0])}, "a": {string(between[1])}}.Encode()
	}
	return path
}

// zonesOf are the zones of the plan of an address, and what is proposed between the two centres that it names, if any.
func (s *site) zonesOf(r *http.Request) (id uuid.UUID, d planning.Drawn, zones []plans.Zone, all []plans.Crossing, this *plans.Crossing, err error) {
	if id, d, err = s.planOf(r); err != nil {
		return id, d, nil, nil, nil, err
	}
	if zones, all, err = plans.Zones(r.Context(), s.Desk, s.Board, d); err != nil {
		return id, d, nil, nil, nil, err
	}
	q := r.URL.Query()
	if q.Has("da") || q.Has("a") {
		i := slices.IndexFunc(all, func(c plans.Crossing) bool { return string(c.From) == q.Get("da") && string(c.To) == q.Get("a") })
		if i < 0 {
			return id, d, nil, nil, nil, domain.NotFound("page-not-found")
		}
		this = &all[i]
	}
	return id, d, zones, all, this, nil
}

// freshPlan is how many days the proposals of a plan stand on the home page.
const freshPlan = 7

// crossingToDo tells the UST of cases that the last plan for all proposes to neighbouring centres.
func crossingToDo(v *projections.Snapshot, now time.Time) ([]Callout, error) {
	today := domain.DateOf(now)
	l, ok, err := plans.Newest(v, planning.Scope{}, domain.SchoolYearOf(today))
	if err != nil || !ok || l.Figures.Crossing == 0 || domain.DateOf(l.At).DaysUntil(today) > freshPlan {
		return nil, err
	}
	return []Callout{{Tone: Info, Title: text("zones.to-do", "day", domain.DateOf(l.At), "count", l.Figures.Crossing),
		Cells: []Cell{say(text("zones.to-do-look")).to(zonesPath(l.ID))}}}, nil
}

func zonesCrumbs(id uuid.UUID) []Crumb {
	return []Crumb{{text("plan.title"), plansPath}, {text("plan.one"), planPath(id)}}
}

func (s *site) planZones(w http.ResponseWriter, r *http.Request) error {
	id, d, zones, all, this, err := s.zonesOf(r)
	if err != nil {
		return err
	}
	if this != nil {
		return s.chooseCrossing(w, r, id, d, *this, nil, false)
	}
	c := sheet{Title: text("zones.title"), Lead: text("zones.lead")}
	stand := Table{Caption: text("zones.stand"), Columns: []Column{{Label: text("case.centre")}, {Label: text("zones.pupils"), Numeric: true}, {Label: text("zones.here"), Numeric: true},
		{Label: text("zones.away"), Numeric: true}, {Label: text("zones.left"), Numeric: true}, {Label: text("zones.waited"), Numeric: true}, {Label: text("zones.spare"), Numeric: true}}}
	proposed := Table{Caption: text("zones.proposals"), Columns: []Column{{Label: text("zones.from")}, {Label: text("zones.to")}, {Label: text("zones.pupils"), Numeric: true},
		{Label: text("zones.way"), Numeric: true}, {Label: text("zones.spare-then"), Numeric: true}}, Empty: Empty{Title: text("zones.none"), Text: text("zones.none-text")}}
	err = s.withRegisters(r, func(g *registers) error {
		waited, err := s.waited(r, g, id, d)
		if err != nil {
			return err
		}
		for _, z := range zones {
			row := Row{Cells: []Cell{g.centre(z.Centre), count(z.Pupils), count(z.Here), count(z.Away), count(z.Left), waited[z.Centre], count(z.Spare)}}
			if z.Left > 0 {
				row.Tone = Warning
			}
			stand.Rows = append(stand.Rows, row)
		}
		for _, x := range all {
			sum := 0
			for _, y := range x.Seats {
				sum += y.Metres
			}
			proposed.Rows = append(proposed.Rows, Row{Cells: []Cell{g.centre(x.From).to(zonesPath(id, x.From, x.To)), g.centre(x.To), count(len(x.Seats)),
				say(sumText(sum / len(x.Seats))), count(x.Spare)}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.Parts = []part{{ID: "proposals", Title: text("zones.proposals-title"), Text: text("zones.proposals-text"), Table: &proposed},
		{ID: "stand", Title: text("zones.stand-title"), Text: text("zones.stand-text"), Table: &stand}}
	return c.show(s, w, r, zonesCrumbs(id)...)
}

// waited is how long the pupils of each centre have waited since they were requested, on average, as far as their cases may be seen.
func (s *site) waited(r *http.Request, g *registers, id uuid.UUID, d planning.Drawn) (map[domain.Centre]Cell, error) {
	p, err := s.readPlan(r, g, id, d, nil, seatOrder(d))
	if err != nil {
		return nil, err
	}
	days, pupils := map[domain.Centre]int{}, map[domain.Centre]int{}
	for _, x := range d.Seats {
		if l, ok := p.lines[x.Case]; ok {
			days[x.Centre] += l.RequestedOn.DaysUntil(domain.DateOf(d.Known))
			pupils[x.Centre]++
		}
	}
	out := map[domain.Centre]Cell{}
	for c, n := range pupils {
		out[c] = say(text("zones.days", "count", (days[c]+n/2)/n))
	}
	return out, nil
}

// crossingForm has the cases that can be handed over.
func crossingForm(id uuid.UUID, x plans.Crossing) *Form {
	return newForm(zonesPath(id, x.From, x.To), text("together.preview"), Field{Name: "cases", Kind: FieldChecks, Label: text("together.cases"), Optional: true})
}

// chooseCrossing asks which of the cases that a plan proposes go to the other centre; a second time with those that were chosen, to be sure.
func (s *site) chooseCrossing(w http.ResponseWriter, r *http.Request, id uuid.UUID, d planning.Drawn, x plans.Crossing, typed *Form, sure bool) error {
	f := crossingForm(id, x)
	f.Cancel = zonesPath(id)
	field, err := f.Field("cases")
	if err != nil {
		return err
	}
	c := sheet{Title: text("zones.hand-over")}
	err = s.withRegisters(r, func(g *registers) error {
		from, to := g.centre(x.From), g.centre(x.To)
		c.Lead = text("zones.hand-over-lead", "from", cmp.Or(from.Plain, from.Code), "to", cmp.Or(to.Plain, to.Code))
		seats := make([]int, 0, len(x.Seats))
		for i, y := range d.Seats {
			if slices.ContainsFunc(x.Seats, func(z planning.Seat) bool { return z.Case == y.Case }) {
				seats = append(seats, i)
			}
		}
		p, err := s.readPlan(r, g, id, d, nil, seats)
		if err != nil {
			return err
		}
		for _, i := range seats {
			y := d.Seats[i]
			l, ok := p.lines[y.Case]
			if !ok || l.Centre != x.From || l.Status.HoldsPlace() || !l.Status.Open() || sure && !slices.Contains(valuesOf(typed, "cases"), y.Case.String()) {
				continue // it went on since the plan was drawn
			}
			who, err := s.nameOf(r, p, y)
			if err != nil {
				return err
			}
			at, err := p.site(y.School)
			if err != nil {
				return err
			}
			who.Href, who.Second = "", nil // the box is the link's place
			where := say(text("plan.sure-where", "school", at.Name, "comune", p.comuneName(at.Comune), "way", metres(y.Metres)))
			field.Options = append(field.Options, Option{Value: y.Case.String(), Label: who.over(say(levelText(y.Level)).over(g.comune(y.Comune).over(where)))})
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case d.Supposes():
		c.Callouts = []Callout{{Tone: Warning, Title: text("plan.supposed"), Text: text("plan.supposed-text")}}
	case len(field.Options) == 0:
		c.Parts = []part{{Table: &Table{Empty: Empty{Title: text("zones.over"), Text: text("zones.over-text")}}}}
	default:
		if typed != nil {
			f.take(typed)
		}
		if sure {
			c.Lead, f.Submit, f.Step = text("zones.sure", "count", len(field.Options)), text("zones.hand-over"), stepDone
		}
		c.Parts = []part{{Form: f}}
	}
	return c.show(s, w, r, append(zonesCrumbs(id), Crumb{text("zones.title"), zonesPath(id)})...)
}

// planZonesPost shows what would be handed over, then does it, and says what came of each case. Sent twice, it does nothing twice.
func (s *site) planZonesPost(w http.ResponseWriter, r *http.Request) error {
	id, d, _, _, x, err := s.zonesOf(r)
	switch {
	case err != nil:
		return err
	case x == nil:
		return domain.NotFound("page-not-found")
	case d.Supposes():
		return planning.ErrSupposed
	}
	f := crossingForm(id, *x)
	if err := f.read(r); err != nil {
		return err
	}
	ids, err := chosen(f)
	if err == nil && slices.ContainsFunc(ids, func(c uuid.UUID) bool {
		return !slices.ContainsFunc(x.Seats, func(y planning.Seat) bool { return y.Case == c })
	}) {
		err = domain.Invalid("nothing-chosen").On("cases")
	}
	if err != nil {
		f.refuse(err)
		return s.chooseCrossing(w, r, id, d, *x, f, false)
	}
	if r.PostForm.Get(doField) != stepDone {
		return s.chooseCrossing(w, r, id, d, *x, f, true)
	}
	back := Action{text("zones.back"), zonesPath(id)}
	return s.reportOf(w, r, f, ids, text("zones.done"), back, Crumb{text("plan.title"), plansPath}, func(ticket desk.Ticket, c uuid.UUID) (desk.Receipt, error) {
		receipt, err := s.Desk.Do(r.Context(), ticket, c, casefile.HandOver{Act: s.Desk.Act(actorOf(r)), To: x.To, Reason: "no-places-here"})
		if errors.Is(err, access.ErrAbsent) { // it went to another while the page was open
			err = access.ErrNotAllowed
		}
		return receipt, err
	})
}
