package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/names"
)

// householdPath is where brothers and sisters are entered in one go.
const householdPath = "/pratiche/famiglia"

func (s *site) householdRoutes(r chi.Router) {
	r.Get(householdPath, s.page(s.householdPage))
	r.Post(householdPath, s.page(s.householdPost))
	r.Get(householdPath+"/registrate", s.page(s.householdRecorded))
}

// household is the form of brothers and sisters: what they share once, then the questions of a request again for each child, under the
// names that the desk has for them.
type household struct {
	*Form
	children int
}

// askedOnce are the questions of a request that brothers and sisters are asked once, with the section in which that is.
var askedOnce = map[string]string{"comune": "domicilio", "address": "domicilio", "cap": "domicilio", "municipio": "domicilio", "host": "domicilio",
	"adult_name": "adulto", "adult_relation": "adulto", "adult_phone": "adulto", "adult_email": "adulto", "adult_language": "adulto",
	"arrived_on": "arrivo", "temporary_protection": "arrivo", "unaccompanied": "arrivo", "citizenship": "arrivo", "languages": "arrivo",
	"sibling_school": "arrivo", "on": "arrivo", householdField: ""}

// asFirst are the questions whose answer, where it is left blank, can be that of the first child, with what is said beside them.
var asFirst = map[string]Text{"family_name": text("household.as-first"), "family_name_cyrillic": text("household.as-first-cyrillic")}

// newHousehold makes the empty form for so many children.
func newHousehold(a domain.Actor, g *registers, children int) household {
	var once, all []Field
	asked := requestFields(a, g)
	for _, x := range asked {
		if _, shared := askedOnce[x.Name]; shared {
			once = append(once, x)
		}
	}
	for i := range children {
		for _, x := range asked {
			if _, shared := askedOnce[x.Name]; shared {
				continue
			}
			if hint, can := asFirst[x.Name]; can && i > 0 {
				x.Optional, x.Hint = true, hint
			}
			x.Name, x.Of = desk.ChildField(i, x.Name), childText(i)
			all = append(all, x)
		}
	}
	return household{newForm(householdPath, text("household.submit"), append(once, all...)...), children}
}

// Children is how many children the form has.
func (h household) Children() int { return h.children }

// Next is where a child that is added stands in the page.
func (h household) Next() string { return childPlace(h.children).Anchor() }

// childText names a child of a form by its place: "Secondo minore".
func childText(place int) Text { return text("household.child-" + strconv.Itoa(place+1)) }

// childrenIn is for how many children there are answers, between one and as many as there may be.
func childrenIn(v url.Values) int {
	n := 1
	for name := range v {
		if place, _, ok := desk.CutChildField(name); ok {
			n = max(n, min(place+1, desk.MostChildren))
		}
	}
	return n
}

// of gives the form of one child alone, as a request would have it: the questions asked once are the same as in the household's.
func (h household) of(child int) *Form {
	f := &Form{Key: h.Key}
	for _, x := range h.fields {
		place, name, ok := desk.CutChildField(x.Name)
		if ok && place != child {
			continue
		}
		if ok {
			own := *x
			own.Name = name
			if _, can := asFirst[name]; can && strings.TrimSpace(own.Value()) == "" && h.namedAsFirst(child) {
				own.values = []string{h.value(desk.ChildField(0, name))}
			}
			x = &own
		}
		f.fields = append(f.fields, x)
	}
	return f
}

// namedAsFirst reports whether a child has the first one's family name. That is one name in two scripts: who has another in either has
// nothing of it.
func (h household) namedAsFirst(child int) bool {
	answer := func(place int, name string) string { return strings.TrimSpace(h.value(desk.ChildField(place, name))) }
	own, first := answer(child, "family_name_cyrillic"), answer(0, "family_name_cyrillic")
	return answer(child, "family_name") == "" && (own == "" || first == "" || own == first)
}

// with makes the form anew for other children, with the answers there are.
func (h household) with(a domain.Actor, g *registers, answers url.Values, children int) household {
	out := newHousehold(a, g, children)
	out.fill(answers)
	out.Key = h.Key
	return out
}

// without gives the answers but for one child's; those behind move up. Where it is the first, its family name stays with those who had
// it of it.
func (h household) without(child int) url.Values {
	out := url.Values{}
	for name, v := range h.answers() {
		place, field, ok := desk.CutChildField(name)
		switch {
		case ok && place == child:
			continue
		case ok && place > child:
			name = desk.ChildField(place-1, field)
		}
		out[name] = v
	}
	for i := 1; child == 0 && i < h.children; i++ {
		if i > 1 && (h.namedAsFirst(1) || h.blank(i)) {
			continue
		}
		left := h.of(i)
		for name := range asFirst {
			out.Set(desk.ChildField(i-1, name), left.value(name))
		}
	}
	return out
}

// blank reports whether nothing was answered of a child but what it has of the first.
func (h household) blank(child int) bool {
	return !slices.ContainsFunc(h.fields, func(x *Field) bool {
		place, name, ok := desk.CutChildField(x.Name)
		if _, can := asFirst[name]; can && x.Value() == h.value(desk.ChildField(0, name)) {
			return false
		}
		return ok && place == child && strings.TrimSpace(strings.Join(x.values, "")) != ""
	})
}

// sayFirst says beside the other children's family names which is the first child's. It is no answer of theirs: what is mended of the
// first is mended of them.
func (h household) sayFirst() {
	first := strings.TrimSpace(h.value(desk.ChildField(0, "family_name")))
	for _, x := range h.fields {
		if place, name, ok := desk.CutChildField(x.Name); ok && place > 0 && name == "family_name" && first != "" {
			x.Hint = text("household.as-first-name", "name", first)
		}
	}
}

// refuse puts the desk's refusals beside the fields of the child they are about; what is asked once is refused once.
func (h household) refuse(err error) bool {
	several, ok := errors.AsType[domain.Errors](err)
	if !ok {
		return h.Form.refuse(err)
	}
	for _, e := range several {
		place, name, ok := desk.CutChildField(e.Field)
		if !ok {
			h.place(e)
			continue
		}
		if x, err := h.Field(name); err == nil {
			x.fault = e.On(name)
			continue
		}
		child := h.of(place)
		refuseRequest(child, domain.Errors{e.On(name)})
		for _, x := range child.fields {
			if own, err := h.Field(desk.ChildField(place, x.Name)); err == nil && x.fault != nil {
				own.fault = x.fault
			}
		}
		h.faults = append(h.faults, child.faults...)
	}
	return len(several) > 0
}

// asks is what the form asks of the desk.
func (s *site) asks(h household) desk.HouseholdForm {
	out := desk.HouseholdForm{Household: h.value(householdField)}
	for i := range h.children {
		child := h.of(i)
		out.Children = append(out.Children, desk.HouseholdChild{Key: s.childToken(child.personOf()), RequestForm: requestOf(child)})
	}
	return out
}

// householdTicket names what is recorded of a form that is sent twice; each child has its own under it.
func householdTicket(a domain.Actor, h household) desk.Ticket {
	return desk.KeyedTicket(a, "household/"+h.Key.String())
}

// householdContent is the page of the form.
type householdContent struct {
	Form     household
	Shared   []section
	Children []childPart
	Others   []string // tokens of the children of whom a person said that they are no one who is here already
	Drafts   []draftLine
	Schools  []Option
	Joined   bool // they are brothers and sisters of somebody who has a case
	Full     bool // there is no room for another child
}

// childPart is a child in the form: what must be answered first, then what is folded.
type childPart struct {
	childPlace
	Title  Text
	First  section
	Folded []section
	Drop   bool // it can be taken out
}

// Open reports whether what is folded of a child shows its questions.
func (c childPart) Open() bool { return slices.ContainsFunc(c.Folded, section.Open) }

// childPlace is the place of a child in a form, from 0, as the names of its fields have it.
type childPlace int

// The buttons of the form, by what stands before a dot.
const (
	addChild   = "add"
	dropChild  = "drop"   // and the place
	knownChild = "known"  // and the place, and the case
	noneKnown  = "others" // those that are shown are others than those who are here
)

// DropButton takes the child out of the form.
func (p childPlace) DropButton() string { return dropChild + "." + strconv.Itoa(int(p)) }

// KnownButton takes the child out of the form and makes the others its brothers and sisters, since it has a case.
func (p childPlace) KnownButton(known uuid.UUID) string {
	return knownChild + "." + strconv.Itoa(int(p)) + "." + known.String()
}

// Anchor is where the child stands in the page.
func (p childPlace) Anchor() string { return "minore-" + strconv.Itoa(int(p)+1) }

var householdView = view[householdContent]{"household"}

// layOut puts the questions of a request where a household is asked them.
func (h household) layOut() (shared []section, children []childPart) {
	parts := requestSections()
	for _, part := range parts {
		once := part
		once.Fields = nil
		for _, other := range parts {
			for _, name := range other.Fields {
				if askedOnce[name] == part.ID {
					once.Fields = append(once.Fields, name)
				}
			}
		}
		if part.ID == "arrivo" {
			once.Title, once.Lead = text("household.arrival"), text("household.arrival-lead")
		}
		if once = once.in(h.Form, ""); len(once.Asked) > 0 {
			shared = append(shared, once)
		}
	}
	for i := range h.children {
		child := childPart{childPlace: childPlace(i), Title: childText(i), Drop: h.children > 1}
		for _, part := range parts {
			part.Fields = slices.DeleteFunc(slices.Clone(part.Fields), func(name string) bool { _, shared := askedOnce[name]; return shared })
			part = part.in(h.Form, desk.ChildField(i, ""))
			switch {
			case part.ID == "minore":
				child.First = part
			case len(part.Asked) > 0:
				child.Folded = append(child.Folded, part)
			}
		}
		children = append(children, child)
	}
	return shared, children
}

func (s *site) householdPage(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Request); err != nil {
		return err
	}
	return s.withRegisters(r, func(g *registers) error {
		c := householdContent{Form: newHousehold(a, g, 2)} // whoever comes here has two at least
		q := r.URL.Query()
		if draft := q.Get("bozza"); draft != "" {
			id, typed, err := s.draftOf(r.Context(), a.Account, draft, householdDraft)
			if err != nil {
				return err
			}
			c.Form = c.Form.with(a, g, typed, childrenIn(typed))
			c.Form.Key = id
		} else if sibling := q.Get("fratello"); sibling != "" {
			single := s.requestForm(a, g)
			if err := s.fromSibling(r, sibling, single); err != nil {
				return err
			}
			for name, v := range single.answers() {
				c.Form.Set(name, v...).Set(desk.ChildField(0, name), v...)
			}
		}
		return s.showHousehold(w, r, g, c)
	})
}

func (s *site) showHousehold(w http.ResponseWriter, r *http.Request, g *registers, c householdContent) (err error) {
	a := actorOf(r)
	c.Form.Cancel = "/pratiche"
	c.Joined, c.Full = c.Form.value(householdField) != "", c.Form.children == desk.MostChildren
	c.Form.sayFirst()
	c.Shared, c.Children = c.Form.layOut()
	for i := range c.Shared {
		if c.Shared[i].ID == "domicilio" {
			c.Shared[i].Note = livesIn(a, g)
		}
	}
	if r.Method == http.MethodGet { // over a form to mend they would be in the way
		if c.Drafts, err = s.draftsOf(r.Context(), a.Account, c.Form.Key); err != nil {
			return err
		}
	}
	if c.Schools, err = schoolCodes(g, chosenComune(a, c.Form.Form)); err != nil {
		return err
	}
	title := text("household.title")
	return householdView.show(s, w, r, c.Form.Status(), title, c, Crumb{text("cases.title"), "/pratiche"}, Crumb{Text: title})
}

func (s *site) householdPost(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Request); err != nil {
		return err
	}
	var c householdContent
	again := func() error {
		return s.withRegisters(r, func(g *registers) error { return s.showHousehold(w, r, g, c) })
	}
	if done, err := s.readHousehold(r, &c); err != nil {
		return err
	} else if done {
		return again()
	}
	if r.PostForm.Get(doField) == "draft" {
		if err := s.saveDraft(r.Context(), a.Account, householdDraft, c.Form.Form); err != nil {
			return err
		}
		s.redirect(w, r, householdPath, "draft-saved")
		return nil
	}
	asked := s.asks(c.Form)
	if err := s.Desk.CheckHousehold(r.Context(), a, asked); err != nil {
		if !c.Form.refuse(err) {
			return err
		}
		return again()
	}
	found, err := s.similarIn(r, c, asked)
	if err != nil {
		return err
	}
	if len(found.Children) > 0 {
		return similarHouseholdView.show(s, w, r, http.StatusConflict, text("similar.title"), found, Crumb{text("cases.title"), "/pratiche"},
			Crumb{text("household.title"), householdPath}, Crumb{Text: text("similar.title")})
	}
	got, err := s.Desk.RequestHousehold(r.Context(), householdTicket(a, c.Form), a, asked)
	if err != nil {
		if !c.Form.refuse(err) {
			return err
		}
		return again()
	}
	s.endDraft(r, c.Form.Key)
	s.settled(r, desk.Receipt{Position: got.Position})
	q, notice := url.Values{}, ""
	for _, child := range got.Children {
		q.Add("pratica", child.ID.String())
		if child.Duplicate {
			q.Add("prima", child.ID.String())
		} else {
			notice = "household-recorded"
		}
	}
	s.redirect(w, r, householdPath+"/registrate?"+q.Encode(), notice)
	return nil
}

// readHousehold reads a posted form and does what its buttons say about its children. Done is the end of it: the form is shown again. One
// that is to be recorded comes without the children of whom nothing was answered.
func (s *site) readHousehold(r *http.Request, c *householdContent) (done bool, err error) {
	a := actorOf(r)
	err = s.withRegisters(r, func(g *registers) error {
		if err := new(Form).read(r); err != nil {
			return err
		}
		c.Form = newHousehold(a, g, childrenIn(r.PostForm))
		c.Others = r.PostForm[otherField]
		if r.PostForm.Get(doField) == noneKnown {
			c.Others = append(c.Others, r.PostForm[seenField]...)
		}
		if err := c.Form.read(r); err != nil {
			return err
		}
		what, which, _ := strings.Cut(r.PostForm.Get(doField), ".")
		place, known, _ := strings.Cut(which, ".")
		child, err := strconv.Atoi(place)
		there := err == nil && child >= 0 && child < c.Form.children
		drop := func() {
			c.Form = c.Form.with(a, g, c.Form.without(child), max(c.Form.children-1, 1))
		}
		switch what {
		case "edit":
			done = true
		case addChild:
			c.Form, done = c.Form.with(a, g, c.Form.answers(), min(c.Form.children+1, desk.MostChildren)), true
		case dropChild:
			if done = true; there {
				drop()
			}
		case knownChild:
			if done = true; there {
				household, err := s.householdOf(r, known)
				if err != nil {
					return err
				}
				drop()
				c.Form.Set(householdField, household)
			}
		case "draft":
		default:
			for child = c.Form.children - 1; child > 0; child-- {
				if c.Form.blank(child) {
					drop()
				}
			}
		}
		return nil
	})
	return done, err
}

// householdOf is the household of one of the actor's cases.
func (s *site) householdOf(r *http.Request, id string) (string, error) {
	known, err := uuid.Parse(id)
	if err != nil {
		return "", access.ErrAbsent
	}
	file, err := s.Desk.Case(r.Context(), actorOf(r), known)
	if err != nil {
		return "", err
	}
	if file.Papers.Household == "" {
		return known.String(), nil
	}
	return file.Papers.Household, nil
}

// similarHousehold warns that children of a form may be here already, or stand in it twice, before anything is recorded.
type similarHousehold struct {
	Children []similarChild
	Form     household
	Kept     []keptAnswer
	Others   []string // tokens of those who were said to be others before
	Seen     []string // tokens of those who are shown
}

// seenField says in the warning which children it shows: only the button that says so makes others of them.
const seenField = "_seen"

// similarChild is a child of a form with those it looks like.
type similarChild struct {
	similarPage
	childPlace
	Title Text
	Twice []Pair // the children of the form that it looks like
}

// Number is the short name of a case of the table.
func (similarChild) Number(id uuid.UUID) string { return id.String()[:8] }

var similarHouseholdView = view[similarHousehold]{"household-similar"}

// similarIn looks, for each child of a form that has no case by this form yet and of whom nobody said that it is another, for the actor's
// cases that are rather of it than not, and for an earlier child of the form that is.
func (s *site) similarIn(r *http.Request, c householdContent, asked desk.HouseholdForm) (similarHousehold, error) {
	out := similarHousehold{Form: c.Form, Kept: c.Form.keep(), Others: c.Others}
	ticket := householdTicket(actorOf(r), c.Form)
	for i, child := range asked.Children {
		if slices.Contains(c.Others, child.Key) {
			continue
		}
		_, begun, err := s.Desk.Begun(r.Context(), desk.ChildTicket(ticket, child.Key))
		if err != nil {
			return out, err
		}
		if begun {
			continue
		}
		f := c.Form.of(i)
		found := similarChild{childPlace: childPlace(i), Title: childText(i)}
		if found.similarPage, err = s.similar(r, f); err != nil {
			return out, err
		}
		for j := range i {
			if score := names.Compare(c.Form.of(j).personOf(), f.personOf()); score.Value >= names.Likely {
				found.Twice = append(found.Twice, Pair{childText(j), reasonsCell(score.Reasons)})
			}
		}
		if len(found.Table.Rows)+len(found.Twice) > 0 {
			out.Children, out.Seen = append(out.Children, found), append(out.Seen, child.Key)
		}
	}
	return out, nil
}

// householdRecorded lists the cases of brothers and sisters who were just entered: read from the journal, so that none is behind. Those
// who had been recorded when the form was sent again are told apart: what was changed meanwhile is not in their cases.
func (s *site) householdRecorded(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Request); err != nil {
		return err
	}
	ids := r.URL.Query()["pratica"]
	if len(ids) == 0 || len(ids) > desk.MostChildren {
		return access.ErrAbsent
	}
	c := sheet{Title: text("household.recorded"), Lead: text("household.recorded-lead"),
		Actions: []Action{{text("household.another"), householdPath}, {text("nav.cases"), "/pratiche"}}}
	table := Table{Caption: text("household.recorded-caption"), Columns: []Column{{Label: text("list.pupil")}, {Label: text("list.grade")},
		{Label: text("case.centre")}, {Label: text("household.paper")}}}
	centres, before := map[domain.Centre]bool{}, []Cell{}
	err := s.withRegisters(r, func(g *registers) error {
		for _, written := range ids {
			id, err := uuid.Parse(written)
			if err != nil {
				return access.ErrAbsent
			}
			file, err := s.Desk.Case(r.Context(), a, id)
			if err != nil {
				return err
			}
			row, err := recordedRow(r, g, file)
			if err != nil {
				return err
			}
			centres[file.State.Centre] = true
			table.Rows = append(table.Rows, row)
			if slices.Contains(r.URL.Query()["prima"], written) {
				before = append(before, row.Cells[0])
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(before) > 0 {
		c.Callouts = append(c.Callouts, Callout{Tone: Warning, Title: text("household.before", "count", len(before)), Cells: before})
	}
	if len(centres) > 1 {
		c.Callouts = append(c.Callouts, Callout{Tone: Info, Title: text("household.centres"), Text: text("household.centres-text")})
	}
	c.Parts = []part{{Table: &table, Downloads: []Action{}}}
	return c.show(s, w, r, Crumb{text("cases.title"), "/pratiche"})
}

// recordedRow is a child's case with the way to it, to its receipt, and to the centre that has it.
func recordedRow(r *http.Request, g *registers, f desk.File) (Row, error) {
	opened, err := f.Open(r.Context(), access.Name, access.BirthDate)
	if err != nil {
		return Row{}, err
	}
	at := "/pratiche/" + f.ID.String()
	who := named(opened.FamilyName, opened.GivenName).to(at)
	if opened.FamilyName.IsZero() {
		who = caseCell(f.ID)
	}
	if birth, err := domain.ParseDate(opened.BirthDate.Reveal()); err == nil {
		who = who.over(say(text("similar.born", "day", birth)))
	}
	return Row{Cells: []Cell{who, say(levelText(f.State.Level)), g.centre(f.State.Centre), say(text("receipt.open")).to(at + "/ricevuta")}}, nil
}
