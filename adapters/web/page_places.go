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

// placesPage is what an institution has declared, site by site.
type placesPage struct {
	Year  domain.SchoolYear
	Years []yearLink
	Sites []sitePlaces
	Empty Empty
	// Downloads lead to the places of all sites as a file.
	Downloads []Action
}

// whole are the places of all sites, each row with its site.
func (c placesPage) whole() Table {
	t := Table{Columns: []Column{{Label: text("enrolment.school")}}}
	for _, x := range c.Sites {
		t.Columns = append(t.Columns[:1], x.Table.Columns...)
		for _, row := range x.Table.Rows {
			t.Rows = append(t.Rows, Row{Cells: append([]Cell{x.Name}, row.Cells...)})
		}
	}
	return t
}

// yearLink leads to the same page for another school year.
type yearLink struct {
	Text    Text
	Href    string
	Current bool
}

// sitePlaces are the places of one site.
type sitePlaces struct {
	ID     string
	Name   Cell
	Table  Table
	Action Action
	// Services is what it offers, and Change leads to the form in which that is declared.
	Services Cell
	Change   Action
}

var placesView = view[placesPage]{"places"}

// staleDays is after how many days a declared figure is marked for confirmation: centres offer by it.
const staleDays = 14

// yearOf is the school year an address asks for: the present one or the next. In July and August the next is meant unless said.
func (s *site) yearOf(r *http.Request) domain.SchoolYear {
	today := domain.DateOf(s.Clock())
	present := domain.SchoolYearOf(today)
	next := domain.SchoolYearOf(today.AddDays(62)) // from July on it has begun by then
	if n, err := strconv.Atoi(r.URL.Query().Get("anno")); err == nil && (n == int(present) || n == int(present)+1) {
		return domain.SchoolYear(n)
	}
	return next
}

func (s *site) yearLinks(path string, chosen domain.SchoolYear) []yearLink {
	present := domain.SchoolYearOf(domain.DateOf(s.Clock()))
	var out []yearLink
	for _, y := range []domain.SchoolYear{present, present + 1} {
		out = append(out, yearLink{text("places.year", "year", y), path + "?anno=" + strconv.Itoa(int(y)), y == chosen})
	}
	return out
}

func (s *site) places(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.DeclarePlaces); err != nil {
		return err
	}
	if a.Role != domain.RoleSchool { // the UST declares for a school that it picks from the register
		http.Redirect(w, r, "/scuole", http.StatusSeeOther)
		return nil
	}
	year := s.yearOf(r)
	c := placesPage{Year: year, Years: s.yearLinks("/posti", year), Empty: Empty{Title: text("places.no-site"), Text: text("places.no-site-text")}}
	err := s.withRegisters(r, func(g *registers) error {
		sites, err := ownSites(g, a)
		if err != nil {
			return err
		}
		known, err := placesOf(g, domain.Institution(a.Body), year)
		if err != nil {
			return err
		}
		for _, x := range sites {
			c.Sites = append(c.Sites, sitePlaces{ID: string(x.Code), Name: plain(x.Name).over(code(string(x.Code))),
				Table:    s.placesTable(g, x, known),
				Action:   Action{text("places.update-of", "order", orderText(x.Order)), declareHref(x.Code, year)},
				Services: servicesCell(x), Change: Action{text("services.update"), servicesHref(x.Code)}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if f, ok := formatOf(r); ok {
		return s.sendTable(w, r, f, fileName(r, strings.ReplaceAll(year.String(), "/", "-")), c.whole())
	}
	if len(c.Sites) > 0 {
		c.Downloads = downloads(r, "")
	}
	return placesView.show(s, w, r, http.StatusOK, text("places.title"), c, Crumb{Text: text("places.title")})
}

func declareHref(site domain.School, y domain.SchoolYear) string {
	return "/posti/" + url.PathEscape(string(site)) + "?anno=" + strconv.Itoa(int(y))
}

// placesOf gives an institution's places of a school year by site and grade.
func placesOf(g *registers, i domain.Institution, y domain.SchoolYear) (map[school.PlacesKey]school.Places, error) {
	out := map[school.PlacesKey]school.Places{}
	for p, err := range school.PlacesOf(g.views, i, y) {
		if err != nil {
			return nil, err
		}
		out[p.Key()] = p
	}
	return out, nil
}

// levelsOf are the grades of an order.
func levelsOf(o grade.Order) []grade.Level {
	return slices.DeleteFunc(grade.Levels(), func(l grade.Level) bool { return l.Order != o })
}

// placesAt finds the places of a site's grade in whatever year the map holds.
func placesAt(known map[school.PlacesKey]school.Places, site domain.School, l grade.Level) (school.Places, bool) {
	for k, p := range known {
		if k.School == site && k.Order == l.Order && k.Grade == l.Year {
			return p, true
		}
	}
	return school.Places{}, false
}

// placesTable shows every grade of a site, declared or not.
func (s *site) placesTable(g *registers, x school.Site, known map[school.PlacesKey]school.Places) Table {
	t := Table{Caption: text("places.caption", "order", orderText(x.Order)), Columns: []Column{{Label: text("list.grade")},
		{Label: text("places.free"), Numeric: true}, {Label: text("places.held"), Numeric: true}, {Label: text("places.taken"), Numeric: true},
		{Label: text("places.class"), Numeric: true}, {Label: text("places.confirmed")}}}
	for _, l := range levelsOf(x.Order) {
		p, ok := placesAt(known, x.Code, l)
		row := Row{Cells: []Cell{say(levelText(l)), say(text("places.unknown")), {}, {}, {}, {}}}
		if ok {
			row.Cells[2], row.Cells[3] = count(p.Held), count(p.Taken)
		}
		if !ok || p.DeclaredAt.IsZero() {
			t.Rows = append(t.Rows, row)
			continue
		}
		row.Cells[1] = count(max(0, p.Free))
		if p.Free < 0 {
			row.Cells[1] = row.Cells[1].over(say(text("places.beyond", "count", -p.Free)))
		}
		if p.Pupils > 0 {
			row.Cells[4] = say(text("places.pupils", "pupils", p.Pupils, "foreign", p.Foreign))
			if warning := ceilingText(g.land.CeilingOn(domain.DateOf(s.Clock())), p.Pupils, p.Foreign, p.Free); !warning.IsZero() {
				row.Cells[4] = row.Cells[4].over(badge(Warning, warning))
			}
		}
		row.Cells[5], row.Tone = s.ageCell(p)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// ceilingText says where the free places of a class would lead above the ceiling of CM 2/2010; nothing where they would not. It warns
// and ranks: no place is refused for it.
func ceilingText(percent, pupils, foreign, free int) Text {
	room := places.CeilingRoom(pupils, foreign, percent)
	switch {
	case pupils == 0 || free <= 0 || room >= free:
		return Text{}
	case room < 0:
		return text("places.ceiling-passed", "percent", percent)
	case room == 0:
		return text("places.ceiling-reached", "percent", percent)
	}
	return text("places.ceiling-room", "percent", percent, "count", room)
}

// ageCell says how old a declared figure is, in days.
func (s *site) ageCell(p school.Places) (Cell, Tone) {
	day := domain.DateOf(p.DeclaredAt)
	days := day.DaysUntil(domain.DateOf(s.Clock()))
	age := say(text("places.today"))
	if days > 0 {
		age = say(text("places.age", "count", days))
	}
	if days > staleDays {
		return badge(Warning, text("places.stale", "count", days)).over(on(day)), Warning
	}
	return age.over(on(day)), ""
}

// declarePage is the form in which a site's places are declared, all grades at once: one button confirms them all.
type declarePage struct {
	Name    Cell
	Year    domain.SchoolYear
	Years   []yearLink
	Percent int
	Form    *Form
	Grades  []gradeFieldset
}

// gradeFieldset is the questions of one grade. Used is how many places were offered or taken when the form was made: the figure that was
// typed means those beyond them.
type gradeFieldset struct {
	Level                 grade.Level
	Title                 Text
	Used                  int
	UsedField             string
	Note                  Text
	Confirmed             bool // ever
	Age                   Cell
	Free, Pupils, Foreign string // names of the fields
}

// Answers are the fields of the grade under the short labels they have below its name.
func (g gradeFieldset) Answers() []gradeAnswer {
	return []gradeAnswer{{g.Free, text("places.free-label")}, {g.Pupils, text("places.pupils-label")}, {g.Foreign, text("places.foreign-label")}}
}

type gradeAnswer struct {
	Name  string
	Label Text
}

var declareView = view[declarePage]{"declare"}

var errPlacesMoved = domain.Refused("places-moved-meanwhile")

// siteOfForm finds the site an address names, for who may declare its places. A school meets those of others as absent.
func siteOfForm(g *registers, a domain.Actor, name string) (school.Site, error) {
	code, err := domain.ParseSchool(name)
	if err != nil {
		return school.Site{}, territory.ErrSchoolNotFound
	}
	site, known, err := school.SiteOf(g.views, code)
	if err != nil {
		return site, err
	}
	if !known || a.Role == domain.RoleSchool && string(site.Institution) != a.Body {
		return site, territory.ErrSchoolNotFound
	}
	if !site.TakesPupils || site.Gone {
		return site, errNotOfferable
	}
	return site, nil
}

var errNotOfferable = domain.Refused("school-not-offerable")

// declareForm makes the form of a site with the figures as they stand.
func (s *site) declareForm(r *http.Request, g *registers) (declarePage, error) {
	x, err := siteOfForm(g, actorOf(r), chi.URLParam(r, "school"))
	if err != nil {
		return declarePage{}, err
	}
	year := s.yearOf(r)
	known, err := placesOf(g, x.Institution, year)
	if err != nil {
		return declarePage{}, err
	}
	c := declarePage{Name: plain(x.Name).over(code(string(x.Code))), Year: year, Years: s.yearLinks("/posti/"+string(x.Code), year),
		Percent: g.land.CeilingOn(domain.DateOf(s.Clock()))}
	c.Form = newForm(declareHref(x.Code, year), text("places.save"))
	c.Form.Cancel = "/posti?anno=" + strconv.Itoa(int(year))
	for _, l := range levelsOf(x.Order) {
		p, _ := placesAt(known, x.Code, l)
		set := gradeFieldset{Level: l, Title: levelText(l), Used: p.Held + p.Taken, Free: "free-" + l.String(), Pupils: "pupils-" + l.String(),
			Foreign: "foreign-" + l.String(), UsedField: "_used-" + l.String(), Confirmed: !p.DeclaredAt.IsZero()}
		if set.Used > 0 {
			set.Note = text("places.used", "held", p.Held, "taken", p.Taken)
		}
		c.Form.fields = append(c.Form.fields,
			&Field{Name: set.Free, Kind: FieldNumber, Label: text("places.free-of", "grade", levelText(l)), Width: 4, Optional: true},
			&Field{Name: set.Pupils, Kind: FieldNumber, Label: text("places.pupils-of", "grade", levelText(l)), Width: 4, Optional: true},
			&Field{Name: set.Foreign, Kind: FieldNumber, Label: text("places.foreign-of", "grade", levelText(l)), Width: 4, Optional: true})
		if set.Confirmed {
			set.Age, _ = s.ageCell(p)
			c.Form.Set(set.Free, strconv.Itoa(max(0, p.Free)))
			if p.Pupils > 0 {
				c.Form.Set(set.Pupils, strconv.Itoa(p.Pupils)).Set(set.Foreign, strconv.Itoa(p.Foreign))
			}
		}
		c.Grades = append(c.Grades, set)
	}
	return c, nil
}

func (s *site) declare(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.DeclarePlaces); err != nil {
		return err
	}
	var c declarePage
	if err := s.withRegisters(r, func(g *registers) (err error) {
		c, err = s.declareForm(r, g)
		return err
	}); err != nil {
		return err
	}
	return s.showDeclare(w, r, c)
}

func (s *site) showDeclare(w http.ResponseWriter, r *http.Request, c declarePage) error {
	title := text("places.declare-title")
	return declareView.show(s, w, r, c.Form.Status(), title, c, Crumb{text("places.title"), "/posti?anno=" + strconv.Itoa(int(c.Year))}, Crumb{Text: title})
}

// declarePost records the grades that were filled in, or none while any of them is at fault.
func (s *site) declarePost(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.DeclarePlaces); err != nil {
		return err
	}
	var c declarePage
	if err := s.withRegisters(r, func(g *registers) (err error) {
		if c, err = s.declareForm(r, g); err != nil {
			return err
		}
		return c.Form.read(r)
	}); err != nil {
		return err
	}
	var commands []places.Declare
	for _, set := range c.Grades {
		if cmd, filled := c.command(set, r.PostForm.Get(set.UsedField)); filled {
			commands = append(commands, cmd)
		}
	}
	if len(commands) == 0 && !c.Form.Refused() {
		c.Form.place(domain.Refused("nothing-to-change"))
	}
	if c.Form.Refused() {
		return s.showDeclare(w, r, c)
	}
	site := domain.School(strings.ToUpper(chi.URLParam(r, "school")))
	warned := false
	var last desk.Receipt
	for _, cmd := range commands {
		cmd.Act = s.Desk.Act(a)
		key := strings.Join([]string{c.Form.Key.String(), cmd.Level.String(), strconv.Itoa(cmd.Free), strconv.Itoa(cmd.Pupils), strconv.Itoa(cmd.Foreign)}, "/")
		receipt, err := s.Desk.DeclarePlaces(r.Context(), desk.KeyedTicket(a, key), site, c.Year, cmd)
		if err != nil {
			if !c.Form.refuse(err) {
				return err
			}
			return s.showDeclare(w, r, c)
		}
		last.Position = max(last.Position, receipt.Position)
		warned = warned || !ceilingText(c.Percent, cmd.Pupils, cmd.Foreign, cmd.Free).IsZero()
	}
	s.settled(r, last)
	notice, to := "places-declared", "/posti?anno="+strconv.Itoa(int(c.Year))
	if warned {
		notice = "places-declared-above"
	}
	if a.Role != domain.RoleSchool {
		to = "/scuole/" + string(site)
	}
	s.redirect(w, r, to, notice)
	return nil
}

// command reads the answers of one grade; false where it was left empty or is at fault, which the form then shows.
func (c declarePage) command(set gradeFieldset, used string) (places.Declare, bool) {
	cmd := places.Declare{Level: set.Level}
	before := len(c.Form.Faulty())
	given := func(name string, to *int) bool {
		v := strings.TrimSpace(c.Form.value(name))
		if v == "" {
			return false
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > places.MaxPlaces {
			c.Form.place(domain.Invalid("places-number").On(name))
		}
		*to = n
		return true
	}
	free, pupils, foreign := given(set.Free, &cmd.Free), given(set.Pupils, &cmd.Pupils), given(set.Foreign, &cmd.Foreign)
	switch {
	case !free && !pupils && !foreign:
		return cmd, false
	case len(c.Form.Faulty()) > before:
		return cmd, false
	case !free:
		c.Form.place(domain.Invalid("field-required").On(set.Free))
	case cmd.Foreign > cmd.Pupils:
		c.Form.place(domain.Invalid("class-number").On(set.Foreign))
	case used != strconv.Itoa(set.Used):
		c.Form.place(errPlacesMoved.On(set.Free))
	default:
		return cmd, true
	}
	return cmd, false
}
