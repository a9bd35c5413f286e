package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/names"
	"approdo/projections/duplicates"
)

// pairRoutes are the list of possible pairs, one pair side by side, and what is decided of it.
func (s *site) pairRoutes(r chi.Router) {
	r.Get(pairsPath, s.page(s.pairs))
	r.Get(toldPath, s.page(s.told))
	r.Get(pairsPath+"/{first}/{second}", s.page(s.pair))
	r.Post(pairsPath+"/{first}/{second}/distinti", s.page(s.tellApart))
	r.Post(pairsPath+"/{first}/{second}/dubbio", s.page(s.doubtAgain))
}

// toldPath is the list of what was told apart.
const toldPath = pairsPath + "/distinti"

func pairPath(first, second uuid.UUID) string {
	return pairsPath + "/" + first.String() + "/" + second.String()
}

// pairOf is the pair that an address names, the file of each.
func (s *site) pairOf(r *http.Request) (first, second desk.File, err error) {
	if err := access.Large(actorOf(r), access.ReviewPairs); err != nil {
		return first, second, err
	}
	for name, file := range map[string]*desk.File{"first": &first, "second": &second} {
		id, err := uuid.Parse(chi.URLParam(r, name))
		if err != nil {
			return first, second, access.ErrAbsent
		}
		if *file, err = s.Desk.Case(r.Context(), actorOf(r), id); err != nil {
			return first, second, err
		}
	}
	return first, second, nil
}

func apartForm(first, second desk.File) *Form {
	why := Field{Name: "reason", Kind: FieldRadios, Label: text("pairs.why-apart")}
	for _, x := range apart.Reasons() {
		why.Options = append(why.Options, Option{Value: string(x), Label: say(text("apart." + string(x)))})
	}
	return newForm(pairPath(first.ID, second.ID)+"/distinti", text("pairs.tell-apart"), why)
}

func (s *site) pair(w http.ResponseWriter, r *http.Request) error {
	first, second, err := s.pairOf(r)
	if err != nil {
		return err
	}
	return s.showPair(w, r, first, second, apartForm(first, second))
}

func (s *site) showPair(w http.ResponseWriter, r *http.Request, first, second desk.File, f *Form) error {
	c := sheet{Title: text("pairs.side-by-side"), Lead: text("pairs.side-by-side-lead")}
	err := s.withRegisters(r, func(g *registers) error {
		t, score, err := s.sideBySide(r, g, first, second)
		if err != nil {
			return err
		}
		c.Facts = []Pair{{text("pairs.score"), likeness(score)}}
		c.Parts = []part{{Table: &t}}
		told, known, err := duplicates.IsToldApart(g.views, first.ID, second.ID)
		switch {
		case err != nil:
			return err
		case known:
			c.Callouts = []Callout{{Tone: Info, Title: text("pairs.told"), Cells: []Cell{say(apartText(told.Reason)).over(at(told.At))}}}
			c.Parts = append(c.Parts, part{Form: newForm(pairPath(first.ID, second.ID)+"/dubbio", text("pairs.doubt"))})
		default:
			c.Parts = append(c.Parts, part{ID: "one-child", Title: text("pairs.one-child"), Text: text("pairs.one-child-text"), Doors: mergeDoors(first, second)},
				part{ID: "two-children", Title: text("pairs.two-children"), Text: text("pairs.two-children-text"), Form: f})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r, Crumb{text("pairs.title"), pairsPath})
}

func apartText(r apart.Reason) Text { return text("apart." + string(r)) }

// mergeDoors lead to merging, to the case that goes on; none where that cannot be.
func mergeDoors(first, second desk.File) []door {
	into, open := second, first.State.Status.Open() && second.State.Status.Open()
	from := first
	if placed(second.State.Status) || !placed(first.State.Status) && second.State.RequestedAt.Before(first.State.RequestedAt) {
		into = second
	} else {
		from, into = second, first
	}
	if !open || placed(from.State.Status) {
		return []door{{Text: text("pairs.open-first"), Href: "/pratiche/" + first.ID.String()}, {Text: text("pairs.open-second"), Href: "/pratiche/" + second.ID.String()}}
	}
	return []door{{Text: text("pairs.merge-cases"), Note: text("pairs.merge-note"), Href: mergePath(from.ID, into.ID)}}
}

// sideBySide compares two pupils line by line, and says in words what the score is made of.
func (s *site) sideBySide(r *http.Request, g *registers, first, second desk.File) (t Table, score names.Score, err error) {
	var people [2]names.Person
	var told [2]map[string]Cell
	for i, f := range []desk.File{first, second} {
		o, err := f.Open(r.Context(), access.Name, access.BirthDate, access.Papers, access.Adults)
		if err != nil {
			return t, score, err
		}
		people[i] = duplicates.PersonOf(o.Identity, f.Papers.Sex)
		told[i] = s.pupilCells(g, f, o)
	}
	score = names.Compare(people[0], people[1])
	t = Table{Caption: text("pairs.compared"), Columns: []Column{{Label: text("pairs.line")}, {Label: text("pairs.first")}, {Label: text("pairs.second")},
		{Label: text("pairs.says")}}}
	for _, line := range pairLines {
		row := Row{Cells: []Cell{say(line.label), told[0][line.label.key], told[1][line.label.key], {}}}
		for i, f := range []desk.File{first, second} {
			if cell := row.Cells[i+1]; isUnsaid(cell) {
				row.Cells[i+1] = say(text("pairs.unsaid"))
			} else if line.reasons == namesLine {
				row.Cells[i+1] = cell.to("/pratiche/" + f.ID.String())
			}
		}
		var says []names.Reason
		for _, reason := range score.Reasons {
			if line.reasons != "" && slices.ContainsFunc(strings.Fields(line.reasons), func(p string) bool { return strings.HasPrefix(string(reason), p) }) {
				says = append(says, reason)
				if !reason.For() {
					row.Tone = Warning
				}
			}
		}
		row.Cells[3] = reasonsCell(says)
		t.Rows = append(t.Rows, row)
	}
	return t, score, nil
}

// namesLine is the one that tells who it is, and leads to the case.
const namesLine = "family- given- names-"

// isUnsaid reports whether a cell of a pupil says nothing.
func isUnsaid(c Cell) bool {
	said := slices.ContainsFunc(c.Person, func(p domain.Personal) bool { return !p.IsZero() })
	return !said && c.Text.IsZero() && c.Plain == "" && c.Date.IsZero() && c.Badge.Text.IsZero()
}

// pairLines are the lines of the comparison, and how the reasons begin that speak of each.
var pairLines = []struct {
	label   Text
	reasons string
}{
	{text("list.pupil"), namesLine}, {text("case.cyrillic"), ""}, {text("case.sex"), "sex-"}, {text("case.birth"), "birth-"},
	{text("case.birth-place"), ""}, {text("case.citizenship"), ""}, {text("case.tax-code"), "tax-"}, {text("case.document"), "document-"},
	{text("case.adults"), ""}, {text("list.comune"), ""}, {text("case.channel"), ""}, {text("list.requested"), ""}, {text("list.status"), ""},
}

// pupilCells are what one case says on each line.
func (s *site) pupilCells(g *registers, f desk.File, o desk.Opened) map[string]Cell {
	who := named(o.FamilyName, o.GivenName)
	if o.FamilyName.IsZero() {
		who = say(namelessText(f.ID))
	}
	cells := map[string]Cell{
		"list.pupil": who, "case.cyrillic": named(o.FamilyNameCyrillic, o.GivenNameCyrillic),
		"case.birth-place": named(o.BirthPlace), "case.citizenship": country(o.Citizenship), "case.tax-code": named(o.TaxCode),
		"case.document": named(o.Document), "list.comune": g.comune(f.State.Comune), "case.channel": say(text("channel." + string(f.State.Channel))),
		"list.requested": on(f.State.RequestedOn), "list.status": statusBadge(f.State.Status),
	}
	if f.Papers.Sex != "" {
		cells["case.sex"] = say(text("sex." + string(f.Papers.Sex)))
	}
	if b, err := domain.ParseDate(o.BirthDate.Reveal()); err == nil {
		cells["case.birth"] = on(b)
	}
	var adults Cell
	for _, a := range slices.Backward(o.Adults) {
		next := named(a.Name)
		if len(adults.Person) > 0 {
			next = next.over(adults)
		}
		adults = next
	}
	cells["case.adults"] = adults
	return cells
}

func (s *site) tellApart(w http.ResponseWriter, r *http.Request) error {
	first, second, err := s.pairOf(r)
	if err != nil {
		return err
	}
	f := apartForm(first, second)
	if err := f.read(r); err != nil {
		return err
	}
	f.require()
	if f.Refused() {
		return s.showPair(w, r, first, second, f)
	}
	receipt, err := s.Desk.TellApart(r.Context(), desk.Ticket{ID: ticketOf(r, f).ID}, actorOf(r), first.ID, second.ID, apart.Reason(f.value("reason")))
	if err != nil {
		if f.refuse(err) {
			return s.showPair(w, r, first, second, f)
		}
		return err
	}
	s.settled(r, receipt)
	s.redirect(w, r, pairsPath, "done")
	return nil
}

func (s *site) doubtAgain(w http.ResponseWriter, r *http.Request) error {
	first, second, err := s.pairOf(r)
	if err != nil {
		return err
	}
	f := newForm("", Text{})
	if err := f.read(r); err != nil {
		return err
	}
	receipt, err := s.Desk.DoubtAgain(r.Context(), desk.Ticket{ID: ticketOf(r, f).ID}, actorOf(r), first.ID, second.ID)
	if err != nil {
		return err
	}
	s.settled(r, receipt)
	s.redirect(w, r, pairPath(first.ID, second.ID), "done")
	return nil
}

// told lists what was told apart, so that it can be looked at again. What is closed since is of no use here.
func (s *site) told(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ReviewPairs); err != nil {
		return err
	}
	t := Table{Caption: text("pairs.told-caption"), Columns: []Column{{Label: text("pairs.first")}, {Label: text("pairs.second")}, {Label: text("pairs.why-apart")},
		{Label: text("pairs.do")}}, Empty: Empty{Title: text("pairs.none-told")}}
	err := s.withRegisters(r, func(g *registers) error {
		all, err := duplicates.ToldApart(g.views)
		if err != nil {
			return err
		}
		for _, x := range all[:min(len(all), mostPairs)] {
			row, err := s.toldRow(r, g, x)
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := sheet{Title: text("pairs.told-title"), Lead: text("pairs.told-lead"), Parts: []part{{Table: &t}}}
	return c.show(s, w, r, Crumb{text("pairs.title"), pairsPath})
}

func (s *site) toldRow(r *http.Request, g *registers, x duplicates.Distinct) (Row, error) {
	first, err := s.pairCell(r, g, x.A)
	if err != nil {
		return Row{}, err
	}
	second, err := s.pairCell(r, g, x.B)
	return Row{Cells: []Cell{first, second, say(apartText(x.Reason)).over(at(x.At)), say(text("pairs.compare")).to(pairPath(x.First, x.Second))}}, err
}

func placed(st casefile.Status) bool { return st == casefile.Accepted || st == casefile.Attending }

func mergePath(from, into uuid.UUID) string {
	return "/pratiche/" + from.String() + "/unione?" + withParam + "=" + into.String()
}
