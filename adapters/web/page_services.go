package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
	"approdo/projections/school"
)

// servicesPage is the form in which a site's services are declared, all at once: a box that is left empty is a no.
type servicesPage struct {
	Name Cell
	Said Cell   // what was declared last
	Seen string // when that was: who sends the form means to change that and nothing newer
	Form *Form
}

var servicesView = view[servicesPage]{"services"}

func serviceText(v territory.Service) Text { return text("service." + string(v)) }

func servicesHref(site domain.School) string {
	return "/posti/" + url.PathEscape(string(site)) + "/servizi"
}

// seenServices carries when what the form shows was declared.
const seenServices = "_seen"

var errServicesMoved = domain.Refused("services-moved-meanwhile")

func servicesForm(site domain.School) *Form {
	var options []Option
	for _, v := range territory.Services() {
		options = append(options, Option{string(v), say(serviceText(v)), text("service-hint." + string(v))})
	}
	f := newForm(servicesHref(site), text("services.save"),
		Field{Name: "services", Kind: FieldChecks, Label: text("services.which"), Options: options})
	f.Cancel = "/posti"
	return f
}

// servicesCell is what a site offers, with the day it was said.
func servicesCell(x school.Site) Cell {
	if x.ServicesAt.IsZero() {
		return say(text("services.never"))
	}
	day := say(text("services.declared", "day", domain.DateOf(x.ServicesAt)))
	switch v := x.Services; len(v) {
	case 0:
		return say(text("services.none")).over(day)
	case 1:
		return say(serviceText(v[0])).over(day)
	case 2:
		return say(text("services.two", "first", serviceText(v[0]), "second", serviceText(v[1]))).over(day)
	default:
		return say(text("services.three", "first", serviceText(v[0]), "second", serviceText(v[1]), "third", serviceText(v[2]))).over(day)
	}
}

// pointCell is where a site lies, as maps take it, with whose figure that is.
func pointCell(x school.Site) Cell {
	if !x.Placed() {
		return say(text("schools.no-point"))
	}
	degrees := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return plain(degrees(x.Lat) + ", " + degrees(x.Lon)).over(plain(x.PointSource))
}

// sitePupils are those that a site has by the newest register.
type sitePupils struct {
	Title  Text
	Source Text
	Table  Table
}

// sitePupils shows every grade that was counted, and the whole site, against the ceiling in force.
func (s *site) sitePupils(g *registers, x school.Site, register territory.SchoolState, y domain.SchoolYear) *sitePupils {
	whole, from, known := register.Count(y, 0)
	if !known {
		return nil
	}
	percent := g.land.CeilingOn(domain.DateOf(s.Clock()))
	out := &sitePupils{Title: text("schools.pupils-of-year", "year", from), Table: Table{Caption: text("schools.pupils-caption"),
		Columns: []Column{{Label: text("list.grade")}, {Label: text("schools.classes"), Numeric: true}, {Label: text("schools.pupils"), Numeric: true},
			{Label: text("schools.foreign"), Numeric: true}, {Label: text("schools.within", "percent", percent)}}}}
	if by := register.CountedBy(from); len(by) > 0 {
		out.Source = text("schools.counted-by", "source", strings.Join(by, "; "))
	}
	counts := slices.DeleteFunc(register.Counts(from), func(c territory.Count) bool { return c.Grade == 0 })
	if len(counts) != 1 {
		counts = append(counts, whole)
	}
	for _, c := range counts {
		label := text("schools.whole-site")
		if c.Grade > 0 {
			label = levelText(grade.Level{Order: x.Order, Year: c.Grade})
		}
		out.Table.Rows = append(out.Table.Rows, countRow(label, c, percent))
	}
	return out
}

func countRow(label Text, c territory.Count, percent int) Row {
	row := Row{Cells: []Cell{say(label), {}, count(c.Pupils), say(text("schools.foreign-unknown")), {}}}
	if c.Classes > 0 {
		row.Cells[1] = count(c.Classes)
	}
	share, known := c.Share()
	if !known {
		return row
	}
	row.Cells[3] = say(text("schools.share", "foreign", c.Foreign, "share", tenths(share)))
	room, _ := c.Room(percent)
	inAll := places.CeilingRoom(c.Pupils, c.Foreign, percent)
	switch {
	case percent >= 100:
	case inAll < 0:
		row.Tone, row.Cells[4] = Warning, badge(Warning, text("places.ceiling-passed", "percent", percent))
	case inAll == 0:
		row.Cells[4] = say(text("places.ceiling-reached", "percent", percent))
	case room == 0:
		row.Cells[4] = say(text("schools.room-in-all", "count", inAll))
	case c.Classes > 1:
		row.Cells[4] = say(text("schools.room-by-class", "count", room))
	default:
		row.Cells[4] = say(text("schools.room", "count", room))
	}
	return row
}

// servicesOf makes the form of a site as things stand.
func (s *site) servicesOf(r *http.Request, g *registers) (servicesPage, domain.School, error) {
	x, err := siteOfForm(g, actorOf(r), chi.URLParam(r, "school"))
	if err != nil {
		return servicesPage{}, "", err
	}
	c := servicesPage{Name: plain(x.Name).over(code(string(x.Code))), Said: servicesCell(x), Seen: strconv.FormatInt(x.ServicesAt.UnixMicro(), 10), Form: servicesForm(x.Code)}
	var chosen []string
	for _, v := range x.Services {
		chosen = append(chosen, string(v))
	}
	c.Form.Set("services", chosen...)
	if actorOf(r).Role != domain.RoleSchool {
		c.Form.Cancel = "/scuole/" + string(x.Code)
	}
	return c, x.Code, nil
}

func (s *site) services(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.DeclarePlaces); err != nil {
		return err
	}
	var c servicesPage
	if err := s.withRegisters(r, func(g *registers) (err error) {
		c, _, err = s.servicesOf(r, g)
		return err
	}); err != nil {
		return err
	}
	return s.showServices(w, r, c)
}

func (s *site) showServices(w http.ResponseWriter, r *http.Request, c servicesPage) error {
	title := text("services.title")
	return servicesView.show(s, w, r, c.Form.Status(), title, c, Crumb{text("places.title"), "/posti"}, Crumb{Text: title})
}

func (s *site) servicesPost(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.DeclarePlaces); err != nil {
		return err
	}
	var c servicesPage
	var code domain.School
	if err := s.withRegisters(r, func(g *registers) (err error) {
		if c, code, err = s.servicesOf(r, g); err != nil {
			return err
		}
		return c.Form.read(r)
	}); err != nil {
		return err
	}
	if r.PostForm.Get(seenServices) != c.Seen {
		c.Form.place(errServicesMoved)
		return s.showServices(w, r, c)
	}
	cmd := territory.DeclareServices{Act: s.Desk.Act(a)}
	field, err := c.Form.Field("services")
	if err != nil {
		return err
	}
	for _, v := range field.values {
		cmd.Services = append(cmd.Services, territory.Service(v))
	}
	receipt, err := s.Desk.DeclareServices(r.Context(), desk.NewTicket(), code, cmd)
	if err != nil {
		if !c.Form.refuse(err) {
			return err
		}
		return s.showServices(w, r, c)
	}
	s.settled(r, receipt)
	to := "/posti"
	if a.Role != domain.RoleSchool {
		to = "/scuole/" + string(code)
	}
	s.redirect(w, r, to, "services-declared")
	return nil
}
