package web

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/planning"
)

// What is chosen of a plan becomes ordinary offers, one for each pupil.

// chosenSeats are the cases that somebody chose of a plan: those ticked, or all that wait for an offer now, at most so many as are dealt with
// at once; left is how many more there are.
func (s *site) chosenSeats(r *http.Request, id uuid.UUID, d planning.Drawn, f *Form) (ids []uuid.UUID, left int, err error) {
	if d.Supposes() {
		return nil, 0, planning.ErrSupposed
	}
	if f.value("all") == "on" && r.PostForm.Get(doField) != stepDone {
		order := seatOrder(d)
		err = s.withRegisters(r, func(g *registers) error {
			p, err := s.readPlan(r, g, id, d, nil, order)
			if err != nil {
				return err
			}
			for _, i := range order {
				if x := d.Seats[i]; x.School != "" && p.mayOffer(x) {
					ids = append(ids, x.Case)
				}
			}
			return nil
		})
		if left = max(len(ids)-chosenAtOnce, 0); left > 0 {
			ids = ids[:chosenAtOnce]
		}
		if err == nil && len(ids) == 0 {
			err = domain.Invalid("nothing-chosen").On("cases")
		}
		return ids, left, err
	}
	if ids, err = chosen(f); err != nil {
		return nil, 0, err
	}
	for _, c := range ids {
		if x, ok := d.Seat(c); !ok || x.School == "" {
			return nil, 0, domain.Invalid("nothing-chosen").On("cases")
		}
	}
	return ids, 0, nil
}

// sureOfOffers says who would be offered where, for whoever is to be sure.
func (s *site) sureOfOffers(w http.ResponseWriter, r *http.Request, id uuid.UUID, d planning.Drawn, typed *Form, ids []uuid.UUID, left int) error {
	field := Field{Name: "cases", Kind: FieldChecks, Label: text("plan.choose-offer")}
	var order []int
	for i, x := range d.Seats {
		for _, c := range ids {
			if x.Case == c {
				order = append(order, i)
				field.values = append(field.values, c.String())
			}
		}
	}
	err := s.withRegisters(r, func(g *registers) error {
		p, err := s.readPlan(r, g, id, d, nil, order)
		if err != nil {
			return err
		}
		for _, i := range order {
			x := d.Seats[i]
			who, err := s.nameOf(r, p, x)
			if err != nil {
				return err
			}
			at, err := p.site(x.School)
			if err != nil {
				return err
			}
			who.Href = "" // the box is the link's place
			where := text("plan.sure-where", "school", at.Name, "comune", p.comuneName(at.Comune), "way", metres(x.Metres))
			who.Second = nil
			place := say(where)
			if !p.mayOffer(x) { // it will be refused
				place = place.over(p.stateNow(x))
			}
			field.Options = append(field.Options, Option{Value: x.Case.String(), Label: who.over(say(levelText(x.Level)).over(place))})
		}
		return nil
	})
	if err != nil {
		return err
	}
	f := newForm(planPath(id, "proposte"), text("plan.offer"), field)
	f.Key, f.Step, f.Cancel = typed.Key, stepDone, planPath(id)
	c := sheet{Title: text("plan.offer"), Lead: text("plan.sure", "count", len(ids)), Parts: []part{{Form: f}}}
	if left > 0 {
		c.Callouts = []Callout{{Tone: Info, Title: text("plan.sure-left", "count", left), Text: text("plan.sure-left-text")}}
	}
	return c.show(s, w, r, Crumb{text("plan.title"), plansPath}, Crumb{text("plan.one"), planPath(id)})
}

// offerSeats offers the place that a plan has for a case.
func offerSeats(s *site, r *http.Request, id uuid.UUID, d planning.Drawn) func(desk.Ticket, uuid.UUID) (desk.Receipt, error) {
	return func(ticket desk.Ticket, of uuid.UUID) (desk.Receipt, error) {
		x, _ := d.Seat(of)
		receipt, err := s.Desk.Offer(r.Context(), ticket, of, actorOf(r), desk.Placement{School: x.School, Level: x.Level, Plan: id})
		if errors.Is(err, access.ErrAbsent) { // it went to another while the page was open
			err = access.ErrNotAllowed
		}
		return receipt, err
	}
}
