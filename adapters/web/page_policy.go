package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/territory"
)

// infanziaText says who handles infanzia in Milano.
func infanziaText(i territory.CityInfanzia) Text { return text("infanzia." + string(i)) }

func policyForm(land territory.State) *Form {
	var poli []Option
	for _, c := range land.Centres() {
		if c.Code.IsPolo() {
			poli = append(poli, Option{Value: string(c.Code), Label: plain(c.Name)})
		}
	}
	f := newForm("/territorio/politica", text("policy.adopt"),
		Field{Name: "infanzia", Kind: FieldRadios, Label: text("policy.infanzia"), Options: []Option{
			{Value: string(territory.InfanziaByCTI), Label: say(infanziaText(territory.InfanziaByCTI))},
			{Value: string(territory.InfanziaByPolo), Label: say(infanziaText(territory.InfanziaByPolo))}}},
		Field{Name: "fallback", Kind: FieldSelect, Label: text("policy.fallback"), Hint: text("policy.fallback-hint"), Options: poli}, fromField())
	f.Cancel = "/territorio"
	return f
}

func (s *site) policy(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	now := land.PolicyOn(domain.DateOf(s.Clock()))
	return s.showPolicy(w, r, land, policyForm(land).Set("infanzia", string(now.Infanzia)).Set("fallback", string(now.Fallback)))
}

func (s *site) showPolicy(w http.ResponseWriter, r *http.Request, land territory.State, f *Form) error {
	now := land.PolicyOn(domain.DateOf(s.Clock()))
	t := Table{Caption: text("policy.versions"), Columns: []Column{{Label: text("policy.version")}, {Label: text("territory.from")}, {Label: text("policy.infanzia")},
		{Label: text("policy.fallback")}, {Label: text("territory.state")}}}
	for _, p := range slices.Backward(land.Policies()) {
		version := plain(p.Version)
		if p.Version == now.Version {
			version = version.over(say(text("policy.in-force")))
		}
		fallback := code(string(p.Fallback))
		if c, ok := land.Centre(p.Fallback); ok {
			fallback = plain(c.Name)
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{version, on(p.From), say(infanziaText(p.Infanzia)), fallback, stateCell(p.Provisional)}})
	}
	c := sheet{Title: text("territory.policy"), Lead: text("policy.lead"), Parts: []part{{Table: &t}}}
	if mayEdit(r) {
		c.Parts = append(c.Parts, part{ID: "adopt", Title: text("policy.adopt-title"), Text: text("policy.adopt-text"), Form: f})
	}
	return c.show(s, w, r, territoryCrumb)
}

func (s *site) policyPost(w http.ResponseWriter, r *http.Request) error {
	return s.adopt(w, r, policyForm, s.showPolicy, func(f *Form) (territory.Command, error) {
		from, err := fromOf(f)
		return territory.AdoptPolicy{Act: s.Desk.Act(actorOf(r)), From: from, Infanzia: territory.CityInfanzia(f.value("infanzia")),
			Fallback: domain.Centre(f.value("fallback"))}, err
	})
}

// term is one of the clocks as a form asks for it; its name is the field of a refusal.
type term struct {
	name  string
	label Text
	of    func(*territory.Clocks) *int
}

var clockTerms = []term{
	{"take_charge", text("terms.take-charge"), func(c *territory.Clocks) *int { return &c.TakeCharge }},
	{"first_offer", text("terms.first-offer"), func(c *territory.Clocks) *int { return &c.FirstOffer }},
	{"school_answer", text("terms.school-answer"), func(c *territory.Clocks) *int { return &c.SchoolAnswer }},
	{"first_day", text("terms.first-day"), func(c *territory.Clocks) *int { return &c.FirstDay }},
	{"access_months", text("terms.access"), func(c *territory.Clocks) *int { return &c.AccessMonths }},
	{"recast_months", text("terms.recast"), func(c *territory.Clocks) *int { return &c.RecastMonths }},
}

func termsForm(c territory.Clocks) *Form {
	var fields []Field
	for _, x := range clockTerms {
		fields = append(fields, Field{Name: x.name, Kind: FieldNumber, Label: x.label, Width: 4})
	}
	f := newForm("/territorio/termini", text("terms.set"), append(fields, fromField())...)
	f.Cancel = "/territorio"
	for _, x := range clockTerms {
		f.Set(x.name, strconv.Itoa(*x.of(&c)))
	}
	return f
}

func (s *site) terms(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	return s.showTerms(w, r, land, termsForm(land.ClocksOn(domain.DateOf(s.Clock()))))
}

func (s *site) showTerms(w http.ResponseWriter, r *http.Request, land territory.State, f *Form) error {
	t := Table{Caption: text("terms.versions"), Columns: []Column{{Label: text("territory.from")}}}
	for _, x := range clockTerms {
		t.Columns = append(t.Columns, Column{Label: x.label, Numeric: true})
	}
	now := land.ClocksOn(domain.DateOf(s.Clock()))
	for _, v := range slices.Backward(land.Clocks()) {
		row := Row{Cells: []Cell{on(v.From)}}
		if v == now {
			row.Cells[0] = row.Cells[0].over(say(text("policy.in-force")))
		}
		for _, x := range clockTerms {
			row.Cells = append(row.Cells, count(*x.of(&v)))
		}
		t.Rows = append(t.Rows, row)
	}
	c := sheet{Title: text("territory.terms"), Lead: text("terms.lead"), Parts: []part{{Table: &t}}}
	if mayEdit(r) {
		c.Parts = append(c.Parts, part{ID: "set", Title: text("terms.set-title"), Text: text("terms.set-text"), Form: f})
	}
	return c.show(s, w, r, territoryCrumb)
}

func (s *site) termsPost(w http.ResponseWriter, r *http.Request) error {
	blank := func(territory.State) *Form { return termsForm(territory.Clocks{}) }
	return s.adopt(w, r, blank, s.showTerms, func(f *Form) (territory.Command, error) {
		var clocks territory.Clocks
		var errs domain.Errors
		var err error
		for _, x := range clockTerms {
			if *x.of(&clocks), err = numberOf(f, x.name); err != nil {
				errs = append(errs, errNoNumber.On(x.name))
			}
		}
		if clocks.From, err = fromOf(f); err != nil {
			errs = append(errs, domain.Invalid("date-malformed").On("from"))
		}
		if errs != nil {
			return nil, errs
		}
		return territory.SetClocks{Act: s.Desk.Act(actorOf(r)), Clocks: clocks}, nil
	})
}

func numberOf(f *Form, name string) (int, error) {
	return strconv.Atoi(strings.TrimSpace(f.value(name)))
}

func ceilingForm() *Form {
	f := newForm("/territorio/tetto", text("ceiling.set"),
		Field{Name: "percent", Kind: FieldNumber, Label: text("ceiling.percent"), Width: 4}, fromField())
	f.Cancel = "/territorio"
	return f
}

func (s *site) ceiling(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	return s.showCeiling(w, r, land, ceilingForm().Set("percent", strconv.Itoa(land.CeilingOn(domain.DateOf(s.Clock())))))
}

func (s *site) showCeiling(w http.ResponseWriter, r *http.Request, land territory.State, f *Form) error {
	t := Table{Caption: text("ceiling.versions"), Columns: []Column{{Label: text("territory.from")}, {Label: text("ceiling.percent"), Numeric: true}}}
	for _, v := range slices.Backward(land.Ceilings()) {
		t.Rows = append(t.Rows, Row{Cells: []Cell{on(v.From), count(v.Percent)}})
	}
	c := sheet{Title: text("territory.ceiling"), Lead: text("ceiling.lead"), Parts: []part{{Table: &t}}}
	if mayEdit(r) {
		c.Parts = append(c.Parts, part{ID: "set", Title: text("ceiling.set-title"), Form: f})
	}
	return c.show(s, w, r, territoryCrumb)
}

func (s *site) ceilingPost(w http.ResponseWriter, r *http.Request) error {
	blank := func(territory.State) *Form { return ceilingForm() }
	return s.adopt(w, r, blank, s.showCeiling, func(f *Form) (territory.Command, error) {
		var ceiling territory.Ceiling
		var errs domain.Errors
		var err error
		if ceiling.Percent, err = numberOf(f, "percent"); err != nil {
			errs = append(errs, errNoNumber.On("percent"))
		}
		if ceiling.From, err = fromOf(f); err != nil {
			errs = append(errs, domain.Invalid("date-malformed").On("from"))
		}
		if errs != nil {
			return nil, errs
		}
		return territory.SetCeiling{Act: s.Desk.Act(actorOf(r)), Ceiling: ceiling}, nil
	})
}
