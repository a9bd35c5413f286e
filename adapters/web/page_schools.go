package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/grade"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/school"
)

// schoolsPage is the register of schools with its search. Names of schools are public: they stand in the address.
type schoolsPage struct {
	Filter *Form
	Table  Table
}

var schoolsView = view[schoolsPage]{"schools"}

// schoolQuery is what the address of the register says.
type schoolQuery struct{ name, comune, order string }

func (q schoolQuery) href(after domain.School) string {
	v := url.Values{}
	for _, p := range [][2]string{{"nome", q.name}, {"comune", q.comune}, {"ordine", q.order}, {"da", string(after)}} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	if len(v) == 0 {
		return "/scuole"
	}
	return "/scuole?" + v.Encode()
}

func (s *site) schools(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ReadRegisters); err != nil {
		return err
	}
	values := r.URL.Query()
	q := schoolQuery{values.Get("nome"), values.Get("comune"), values.Get("ordine")}
	after := domain.School(values.Get("da"))
	c := schoolsPage{}
	err := s.withRegisters(r, func(g *registers) error {
		c.Filter = newFilter("/scuole", text("schools.search"),
			Field{Name: "nome", Kind: FieldText, Label: text("schools.name"), Optional: true},
			Field{Name: "comune", Kind: FieldSelect, Label: text("list.comune"), Options: comuneOptions(g), Optional: true},
			Field{Name: "ordine", Kind: FieldSelect, Label: text("list.order"), Options: orderOptions(), Optional: true})
		c.Filter.Set("nome", q.name).Set("comune", q.comune).Set("ordine", q.order)
		found, err := projections.Collect(school.Register(g.views, q.name, domain.Comune(q.comune), grade.Order(q.order), after, rowsOf(r, pageSize)+1))
		if err != nil {
			return err
		}
		c.Table = Table{Caption: text("schools.caption"), Columns: []Column{{Label: text("schools.school")}, {Label: text("list.comune")},
			{Label: text("list.order")}, {Label: text("schools.institution")}, {Label: text("schools.note")}},
			Empty: Empty{Title: text("schools.none"), Text: text("schools.none-text")}}
		if _, file := formatOf(r); !file && len(found) > pageSize {
			found = found[:pageSize]
			c.Table.Pager.Next = q.href(found[pageSize-1].Code)
		}
		if after != "" {
			c.Table.Pager.First = q.href("")
		}
		for _, x := range found {
			c.Table.Rows = append(c.Table.Rows, s.siteRow(g, x))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if f, ok := formatOf(r); ok {
		return s.sendTable(w, r, f, fileName(r, ""), c.Table)
	}
	c.Table.Downloads = downloads(r, "")
	return schoolsView.show(s, w, r, http.StatusOK, text("schools.title"), c, Crumb{Text: text("schools.title")})
}

func (s *site) siteRow(g *registers, x school.Site) Row {
	institution := plain(x.InstitutionName)
	if x.InstitutionName == "" {
		institution = code(string(x.Institution))
	}
	row := Row{Cells: []Cell{plain(x.Name).to("/scuole/" + string(x.Code)).over(code(string(x.Code))), g.comune(x.Comune), siteOrder(x), institution, {}}}
	switch {
	case x.Gone:
		row.Tone, row.Cells[4] = Neutral, badge(Neutral, text("schools.gone"))
	case !x.TakesPupils && x.Order == "":
		row.Cells[4] = say(text("schools.head"))
	case !x.TakesPupils:
		row.Tone, row.Cells[4] = Warning, badge(Warning, text("schools.never-offered")).over(say(featureText(x.Feature)))
	case x.Management == territory.Paritaria:
		row.Cells[4] = say(text("schools.paritaria"))
	}
	return row
}

func siteOrder(x school.Site) Cell {
	if x.Order == "" {
		return say(text("schools.no-order"))
	}
	return say(orderText(x.Order))
}

func featureText(f territory.Feature) Text { return text("feature." + string(f)) }

// schoolPage is one site of the register.
type schoolPage struct {
	Name     string
	Callouts []Callout
	Pairs    []Pair
	Years    []placesOfYear // empty where places are not the reader's to see, or the site has none
	Declare  Action
	Pupils   *sitePupils // nil where no register of pupils has the site
	Offers   []Pair      // where it lies and what it offers; empty where it takes no pupils
	Services Action
}

// placesOfYear are a site's places of one school year.
type placesOfYear struct {
	Title Text
	Table Table
}

var schoolView = view[schoolPage]{"school"}

func (s *site) school(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ReadRegisters); err != nil {
		return err
	}
	wanted, err := domain.ParseSchool(chi.URLParam(r, "school"))
	if err != nil {
		return territory.ErrSchoolNotFound
	}
	var c schoolPage
	err = s.withRegisters(r, func(g *registers) error {
		x, known, err := school.SiteOf(g.views, wanted)
		if err != nil {
			return err
		}
		if !known {
			return territory.ErrSchoolNotFound
		}
		register, err := s.Desk.School(r.Context(), wanted)
		if err != nil {
			return err
		}
		c.Name = x.Name
		c.Callouts = s.siteCallouts(x, register)
		c.Pairs = sitePairs(g, x, register.School)
		if !x.TakesPupils {
			return nil
		}
		present := domain.SchoolYearOf(domain.DateOf(s.Clock()))
		c.Offers = []Pair{{text("schools.point"), pointCell(x)}, {text("services.title"), servicesCell(x)}}
		c.Pupils = s.sitePupils(g, x, register, present)
		if access.Large(a, access.ReadPlaces) != nil {
			return nil
		}
		for _, y := range []domain.SchoolYear{present, present + 1} {
			declared, err := placesOf(g, x.Institution, y)
			if err != nil {
				return err
			}
			t := Table{Empty: Empty{Title: text("places.none", "year", y)}}
			if slices.ContainsFunc(levelsOf(x.Order), func(l grade.Level) bool { _, ok := placesAt(declared, x.Code, l); return ok }) {
				t = s.placesTable(g, x, declared)
			}
			c.Years = append(c.Years, placesOfYear{text("places.of-year", "year", y), t})
		}
		if access.Large(a, access.DeclarePlaces) == nil && !x.Gone {
			c.Declare = Action{text("places.update"), declareHref(x.Code, present)}
			c.Services = Action{text("services.update"), servicesHref(x.Code)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return schoolView.show(s, w, r, http.StatusOK, text("schools.page-title"), c, Crumb{text("schools.title"), "/scuole"}, Crumb{Text: text("schools.page-title")})
}

// siteCallouts say what keeps children from being placed there, and how old the register is.
func (s *site) siteCallouts(x school.Site, register territory.SchoolState) []Callout {
	var out []Callout
	if !x.TakesPupils && x.Order != "" {
		out = append(out, Callout{Tone: Warning, Title: text("schools.never-offered"), Text: text("schools.never-offered-text", "feature", featureText(x.Feature))})
	}
	year := domain.SchoolYearOf(domain.DateOf(s.Clock()))
	listing, known := register.On(year)
	switch {
	case known && listing.Gone:
		c := Callout{Tone: Warning, Title: text("schools.gone"), Text: text("schools.gone-text", "year", listing.Year)}
		if listing.Successor != "" {
			c.Cells = []Cell{code(string(listing.Successor)).to("/scuole/" + string(listing.Successor))}
		}
		out = append(out, c)
	case known && listing.Assumed:
		out = append(out, Callout{Tone: Info, Title: text("schools.old-register"), Text: text("schools.old-register-text", "year", listing.Year, "wanted", year)})
	}
	return out
}

func sitePairs(g *registers, x school.Site, listed territory.School) []Pair {
	management := text("schools.state-run")
	if x.Management == territory.Paritaria {
		management = text("schools.paritaria")
	}
	institution := plain(x.InstitutionName).over(code(string(x.Institution)))
	if domain.School(x.Institution) != x.Code {
		institution.Href = "/scuole/" + string(x.Institution)
	}
	all := []Pair{{text("schools.code"), code(string(x.Code))}, {text("list.order"), siteOrder(x)}, {text("schools.type"), plain(x.Type)},
		{text("schools.feature"), say(featureText(x.Feature))}, {text("schools.management"), say(management)},
		{text("schools.institution"), institution}, {text("list.comune"), g.comune(x.Comune)}, {text("case.address"), plain(x.Address)},
		{text("case.cap"), plain(x.CAP)}, {text("case.email"), plain(listed.Email)}, {text("schools.pec"), plain(listed.PEC)},
		{text("schools.website"), plain(listed.Website)}, {text("schools.register"), say(text("places.year", "year", x.Year))}}
	return slices.DeleteFunc(all, func(p Pair) bool { return p.Value.Text.IsZero() && p.Value.Plain == "" && p.Value.Code == "" })
}
