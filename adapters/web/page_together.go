package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/worklist"
)

// togetherPath is where several cases are dealt with at once.
const togetherPath = "/pratiche/insieme/"

// together is an act that asks the same of many cases.
type together struct {
	path     string
	act      access.Act
	lead     Text
	statuses []casefile.Status
	fields   []Field
	command  func(by domain.Act, f *Form) (casefile.Command, error)
}

func allTogether() []together {
	return []together{
		{path: "presa-in-carico", act: access.TakeCharge, lead: text("together.charge-lead"), statuses: []casefile.Status{casefile.Requested},
			command: func(by domain.Act, _ *Form) (casefile.Command, error) { return casefile.TakeCharge{Act: by}, nil }},
		{path: "primo-giorno", act: access.RecordFirstDay, lead: text("together.first-day-lead"), statuses: []casefile.Status{casefile.Accepted},
			fields: []Field{{Name: "on", Kind: FieldDate, Label: text("act.first-day")}},
			command: func(by domain.Act, f *Form) (casefile.Command, error) {
				on, err := domain.ParseDate(f.value("on"))
				if err != nil {
					return nil, errDate.On("on")
				}
				return casefile.RecordFirstDay{Act: by, On: on}, nil
			}},
	}
}

// title is that of the act for one case.
func (t together) title() Text {
	i := slices.IndexFunc(acts, func(p actPage) bool { return p.act == t.act })
	return acts[i].title()
}

// togetherOf gives what an actor may do with several cases.
func togetherOf(a domain.Actor) []together {
	return slices.DeleteFunc(allTogether(), func(t together) bool { return !access.Ever(a.Role, t.act) })
}

func (s *site) togetherRoutes(r chi.Router) {
	r.Get(togetherPath+"{what}", s.page(s.together))
	r.Post(togetherPath+"{what}", s.page(s.togetherPost))
}

func (s *site) togetherAsked(r *http.Request) (together, error) {
	all := allTogether()
	i := slices.IndexFunc(all, func(t together) bool { return t.path == chi.URLParam(r, "what") })
	if i < 0 {
		return together{}, domain.NotFound("page-not-found")
	}
	if !access.Ever(actorOf(r).Role, all[i].act) {
		return together{}, access.ErrNotAllowed
	}
	return all[i], nil
}

func (s *site) together(w http.ResponseWriter, r *http.Request) error {
	t, err := s.togetherAsked(r)
	if err != nil {
		return err
	}
	return s.chooseTogether(w, r, t, nil, false)
}

// chooseTogether asks which cases, the most pressing first; a second time with those that were chosen, to be sure.
func (s *site) chooseTogether(w http.ResponseWriter, r *http.Request, t together, typed *Form, sure bool) error {
	asked, err := worklist.List(r.Context(), s.Board, actorOf(r), caseline.Filter{Statuses: t.statuses}, caseline.ByDue, "", chosenAtOnce)
	if err != nil {
		return err
	}
	field := Field{Name: "cases", Kind: FieldChecks, Label: text("together.cases"), Optional: true}
	err = s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		lines, _, err := asked.Lines(v)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if sure && !slices.Contains(valuesOf(typed, "cases"), l.Case.String()) {
				continue
			}
			row, err := s.lineRow(r, g, l)
			if err != nil {
				return err
			}
			who := row.Cells[0]
			who.Href = "" // the box is the link's place
			due, _ := dueCell(l, s.Clock())
			field.Options = append(field.Options, Option{Value: l.Case.String(), Label: who.over(say(levelText(l.Level())).over(g.comune(l.Comune).over(due)))})
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := sheet{Title: t.title(), Lead: t.lead}
	crumb := Crumb{text("cases.title"), "/pratiche"}
	if len(field.Options) == 0 {
		c.Parts = []part{{Table: &Table{Empty: Empty{Title: text("together.none"), Text: text("together.none-text")}}}}
		return c.show(s, w, r, crumb)
	}
	f := newForm(togetherPath+t.path, text("together.preview"), append(slices.Clone(t.fields), field)...)
	f.Cancel = "/pratiche"
	if typed != nil {
		f.take(typed)
	}
	if sure {
		c.Lead, f.Submit, f.Step = text("together.sure", "count", len(field.Options)), t.title(), stepDone
	}
	c.Parts = []part{{Form: f}}
	return c.show(s, w, r, crumb)
}

// togetherPost shows what would be done, then does it, and says what came of each case. Sent twice, it does nothing twice.
func (s *site) togetherPost(w http.ResponseWriter, r *http.Request) error {
	t, err := s.togetherAsked(r)
	if err != nil {
		return err
	}
	f := newForm(togetherPath+t.path, text("together.preview"), append(slices.Clone(t.fields), Field{Name: "cases", Kind: FieldChecks, Label: text("together.cases")})...)
	if err := f.read(r); err != nil {
		return err
	}
	ids, err := chosen(f)
	if err == nil {
		_, err = t.command(s.Desk.Act(actorOf(r)), f)
	}
	if err != nil {
		f.refuse(err)
		return s.chooseTogether(w, r, t, f, false)
	}
	if r.PostForm.Get(doField) != stepDone {
		return s.chooseTogether(w, r, t, f, true)
	}
	back := Action{text("together.back"), "/pratiche"}
	return s.reportOf(w, r, f, ids, text("together.done"), back, Crumb{text("cases.title"), "/pratiche"}, func(ticket desk.Ticket, id uuid.UUID) (desk.Receipt, error) {
		cmd, err := t.command(s.Desk.Act(actorOf(r)), f)
		if err != nil {
			return desk.Receipt{}, err
		}
		receipt, err := s.Desk.Do(r.Context(), ticket, id, cmd)
		if errors.Is(err, access.ErrAbsent) { // it went to another while the page was open
			err = access.ErrNotAllowed
		}
		return receipt, err
	})
}
