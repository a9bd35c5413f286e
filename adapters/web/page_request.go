package web

import (
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/names"
	"approdo/projections/school"
)

// intakeRoutes are the pages through which cases come in and are found, and the pages about schools.
func (s *site) intakeRoutes(r chi.Router) {
	r.Get(requestPath, s.page(s.request))
	r.Post(requestPath, s.page(s.requestPost))
	s.householdRoutes(r)
	r.Post("/bozze/{draft}/elimina", s.page(s.dropDraft))
	r.Get("/iscrizioni/nuova", s.page(s.enrolment))
	r.Post("/iscrizioni/nuova", s.page(s.enrolmentPost))
	s.pairRoutes(r)
	r.Get("/cerca", s.page(s.search))
	r.Post("/cerca", s.page(s.searchPost))
	r.Get("/posti", s.page(s.places))
	r.Get("/posti/{school}", s.page(s.declare))
	r.Post("/posti/{school}", s.page(s.declarePost))
	r.Get("/posti/{school}/servizi", s.page(s.services))
	r.Post("/posti/{school}/servizi", s.page(s.servicesPost))
	r.Get("/scuole", s.page(s.schools))
	r.Get("/scuole/{school}", s.page(s.school))
}

// requestPage is the form of a request.
type requestPage struct {
	Form     *Form
	Sections []section
	Sibling  bool   // prefilled from a sibling's case
	Together string // where brothers and sisters are entered in one go
	Other    string
	Drafts   []draftLine
	Schools  []Option // offered while a school's code is typed
}

// section is a part of a long form. A folded one opens by itself where something in it is answered or refused.
type section struct {
	ID     string
	Title  Text
	Lead   Text
	Note   Text // what is said instead of a question
	Folded bool
	Fields []string
	Asked  []*Field // those of Fields that the form has
	open   bool
}

// Open reports whether a folded section shows its questions.
func (s section) Open() bool { return s.open }

// in gives a section the questions of a form, whose names there begin with a prefix. Not every role is asked all of them.
func (s section) in(f *Form, prefix string) section {
	s.Asked, s.open = nil, false
	for _, name := range s.Fields {
		if field, err := f.Field(prefix + name); err == nil {
			s.Asked = append(s.Asked, field)
			s.open = s.open || field.Fault() != nil || field.Value() != ""
		}
	}
	return s
}

var requestView = view[requestPage]{"request"}

// otherField says that a person looked at the similar cases and saw another child. It holds a keyed token of the child it was said
// of: for another name it is asked again.
const otherField = "_other"

// doField tells the buttons of a form apart.
const doField = "_do"

// schoolsList is the id of the list of a comune's schools, to choose from while a code is typed.
const schoolsList = "schools"

// requestSections are the form's questions in groups: five must be answered, all of them in the first group.
func requestSections() []section {
	return []section{
		{ID: "minore", Title: text("request.minor"), Fields: []string{"family_name", "given_name", "birth_date", "sex", "comune"}},
		{ID: "domicilio", Title: text("request.domicile"), Lead: text("request.domicile-lead"), Fields: []string{"address", "cap", "municipio", "host"}},
		{ID: "adulto", Title: text("request.adult"), Lead: text("request.adult-lead"),
			Fields: []string{"adult_name", "adult_relation", "adult_phone", "adult_email", "adult_language"}},
		{ID: "documenti", Title: text("request.papers"), Lead: text("request.papers-lead"), Folded: true,
			Fields: []string{"with_reserve", "tax_code", "document", "citizenship", "birth_place", "family_name_cyrillic", "given_name_cyrillic"}},
		{ID: "arrivo", Title: text("request.arrival"), Lead: text("request.arrival-lead"), Folded: true,
			Fields: []string{"arrived_on", "temporary_protection", "unaccompanied"}},
		{ID: "scuola", Title: text("request.schooling"), Lead: text("request.schooling-lead"), Folded: true,
			Fields: []string{"last_school", "last_grade", "still_online", "languages", "italian"}},
		{ID: "salute", Title: text("request.health"), Lead: text("request.health-lead"), Folded: true, Fields: []string{"vaccination", "disability"}},
		{ID: "richiesta", Title: text("request.wishes"), Lead: text("request.wishes-lead"), Folded: true,
			Fields: []string{"asked_grade", "preferred_1", "preferred_2", "preferred_3", "sibling_school", "needs", "on"}},
	}
}

// requestForm makes the empty form.
func (s *site) requestForm(a domain.Actor, g *registers) *Form {
	return newForm(requestPath, text("request.submit"), requestFields(a, g)...)
}

// requestFields are the questions about a child. The municipio is asked wherever the comune can be Milano.
func requestFields(a domain.Actor, g *registers) []Field {
	fields := []Field{
		{Name: "family_name", Kind: FieldText, Label: text("case.family-name"), Hint: text("request.family-name-hint")},
		{Name: "given_name", Kind: FieldText, Label: text("case.given-name")},
		{Name: "birth_date", Kind: FieldDate, Label: text("case.birth"), Hint: text("request.birth-hint")},
		sexField(),
	}
	if a.Role != domain.RoleComune {
		fields = append(fields, Field{Name: "comune", Kind: FieldSelect, Label: text("request.comune"), Hint: text("request.comune-hint"), Options: comuneOptions(g)})
	}
	fields = append(fields,
		Field{Name: "address", Kind: FieldText, Label: text("case.address"), Optional: true},
		Field{Name: "cap", Kind: FieldNumber, Label: text("case.cap"), Optional: true, Width: 10})
	if a.Role != domain.RoleComune || a.Body == string(domain.Milano) {
		fields = append(fields, Field{Name: "municipio", Kind: FieldSelect, Label: text("request.municipio"), Hint: text("request.municipio-hint"),
			Options: municipioOptions(), Optional: true})
	}
	return append(fields,
		Field{Name: "host", Kind: FieldSelect, Label: text("case.host"), Options: hostOptions(), Optional: true},
		Field{Name: "adult_name", Kind: FieldText, Label: text("request.adult-name"), Optional: true},
		Field{Name: "adult_relation", Kind: FieldSelect, Label: text("case.relation"), Options: codes(relations, relationText), Optional: true},
		Field{Name: "adult_phone", Kind: FieldTel, Label: text("case.phone"), Hint: text("request.phone-hint"), Optional: true, Width: 20},
		Field{Name: "adult_email", Kind: FieldEmail, Label: text("case.email"), Optional: true},
		Field{Name: "adult_language", Kind: FieldSelect, Label: text("request.adult-language"), Options: codes(languageCodes, languageText), Optional: true},
		Field{Name: "with_reserve", Kind: FieldCheck, Label: text("request.reserve"), Hint: text("request.reserve-hint"), Optional: true},
		Field{Name: "tax_code", Kind: FieldText, Label: text("case.tax-code"), Hint: text("request.tax-code-hint"), Optional: true, Width: 20},
		Field{Name: "document", Kind: FieldText, Label: text("case.document"), Hint: text("request.document-hint"), Optional: true, Width: 20},
		Field{Name: "citizenship", Kind: FieldText, Label: text("case.citizenship"), Hint: text("request.citizenship-hint"), Optional: true, Width: 4},
		Field{Name: "birth_place", Kind: FieldText, Label: text("case.birth-place"), Optional: true},
		Field{Name: "family_name_cyrillic", Kind: FieldText, Label: text("case.family-name-cyrillic"), Optional: true, Lang: "uk"},
		Field{Name: "given_name_cyrillic", Kind: FieldText, Label: text("case.given-name-cyrillic"), Optional: true, Lang: "uk"},
		Field{Name: "arrived_on", Kind: FieldDate, Label: text("case.arrived-on"), Optional: true},
		Field{Name: "temporary_protection", Kind: FieldCheck, Label: text("request.protection"), Optional: true},
		Field{Name: "unaccompanied", Kind: FieldCheck, Label: text("request.unaccompanied"), Hint: text("request.unaccompanied-hint"), Optional: true},
		Field{Name: "last_school", Kind: FieldText, Label: text("case.last-school"), Optional: true},
		Field{Name: "last_grade", Kind: FieldText, Label: text("case.last-grade"), Hint: text("request.last-grade-hint"), Optional: true, Width: 20},
		Field{Name: "still_online", Kind: FieldCheck, Label: text("request.still-online"), Optional: true},
		Field{Name: "languages", Kind: FieldText, Label: text("case.languages"), Hint: text("request.languages-hint"), Optional: true},
		Field{Name: "italian", Kind: FieldSelect, Label: text("case.italian"), Options: codes(casefile.ItalianLevels(), italianText), Optional: true},
		Field{Name: "vaccination", Kind: FieldSelect, Label: text("request.vaccination"), Options: codes(vaccinationCodes, answerText), Optional: true},
		Field{Name: "disability", Kind: FieldSelect, Label: text("request.disability"), Options: codes(disabilityCodes, answerText), Optional: true},
		Field{Name: "asked_grade", Kind: FieldSelect, Label: text("request.asked"), Hint: text("request.asked-hint"), Options: levelOptions(), Optional: true},
		Field{Name: "preferred_1", Kind: FieldText, Label: text("request.preferred-1"), Hint: text("request.preferred-hint"), Optional: true, Width: 20, List: schoolsList},
		Field{Name: "preferred_2", Kind: FieldText, Label: text("request.preferred-2"), Optional: true, Width: 20, List: schoolsList},
		Field{Name: "preferred_3", Kind: FieldText, Label: text("request.preferred-3"), Optional: true, Width: 20, List: schoolsList},
		Field{Name: "sibling_school", Kind: FieldText, Label: text("request.sibling-school"), Optional: true, Width: 20, List: schoolsList},
		Field{Name: "needs", Kind: FieldChecks, Label: text("request.needs"), Options: codes(casefile.Needs(), needText), Optional: true},
		Field{Name: "on", Kind: FieldDate, Label: text("request.on"), Hint: text("request.on-hint"), Optional: true},
		Field{Name: householdField, Optional: true},
	)
}

// The codes a form offers where the domain takes a text or a code of several fields.
var (
	languageCodes    = []string{"uk", "ru", "it", "en", "ro", "pl", "ka", "hu"}
	vaccinationCodes = []casefile.HealthAnswer{casefile.HealthYes, casefile.HealthNo, casefile.HealthPending}
	disabilityCodes  = []casefile.HealthAnswer{casefile.HealthCertified, casefile.HealthPending}
)

// codes are the options for codes, each named by a text.
func codes[T ~string](all []T, named func(T) Text) []Option {
	var out []Option
	for _, c := range all {
		out = append(out, Option{Value: string(c), Label: say(named(c))})
	}
	return out
}

func relationText(c string) Text               { return text("relation." + c) }
func languageText(c string) Text               { return text("language." + c) }
func italianText(l casefile.ItalianLevel) Text { return text("italian." + string(l)) }
func answerText(a casefile.HealthAnswer) Text  { return text("health." + string(a)) }
func needText(n casefile.Need) Text            { return text("need." + string(n)) }

func levelOptions() []Option {
	var out []Option
	for _, l := range grade.Levels() {
		out = append(out, Option{Value: l.String(), Label: say(levelText(l))})
	}
	return out
}

// requestOf is what the form asks of the desk.
func requestOf(f *Form) desk.RequestForm {
	p := func(name string) domain.Personal { return domain.NewPersonal(strings.TrimSpace(f.value(name))) }
	ticked := func(name string) bool { return f.value(name) == "on" }
	form := desk.RequestForm{
		On: f.value("on"), Comune: f.value("comune"), Municipio: f.value("municipio"),
		FamilyName: p("family_name"), GivenName: p("given_name"), FamilyNameCyrillic: p("family_name_cyrillic"),
		GivenNameCyrillic: p("given_name_cyrillic"), Sex: f.value("sex"), BirthDate: p("birth_date"), BirthPlace: p("birth_place"),
		Citizenship: p("citizenship"), TaxCode: p("tax_code"), Document: p("document"),
		Address: p("address"), CAP: p("cap"), Host: p("host"), ArrivedOn: p("arrived_on"),
		TemporaryProtection: ticked("temporary_protection"), Unaccompanied: ticked("unaccompanied"), WithReserve: ticked("with_reserve"),
		AdultName: p("adult_name"), AdultRelation: p("adult_relation"), AdultPhone: p("adult_phone"), AdultEmail: p("adult_email"),
		AdultLanguage: p("adult_language"),
		LastSchool:    p("last_school"), LastGrade: p("last_grade"), StillOnline: ticked("still_online"), Languages: p("languages"),
		Italian: f.value("italian"), Vaccination: f.value("vaccination"), Disability: f.value("disability"),
		AskedGrade: f.value("asked_grade"), SiblingAt: strings.TrimSpace(f.value("sibling_school")), Household: f.value("household"),
	}
	for _, name := range preferredFields {
		if code := strings.TrimSpace(f.value(name)); code != "" {
			form.Preferred = append(form.Preferred, code)
		}
	}
	if needs, err := f.Field("needs"); err == nil {
		form.Needs = needs.values
	}
	return form
}

var preferredFields = []string{"preferred_1", "preferred_2", "preferred_3"}

// refuseRequest puts the desk's refusals beside the fields; what it calls preferred_schools is three fields here.
func refuseRequest(f *Form, err error) bool {
	if !f.refuse(err) {
		return false
	}
	kept := f.faults[:0]
	for _, e := range f.faults {
		if e.Field != "preferred_schools" {
			kept = append(kept, e)
			continue
		}
		placed := false
		for _, name := range preferredFields {
			if _, malformed := domain.ParseSchool(f.value(name)); f.value(name) != "" && malformed != nil {
				f.place(e.On(name))
				placed = true
			}
		}
		if !placed {
			kept = append(kept, e)
		}
	}
	f.faults = kept
	return true
}

// personOf is the child a form is about, as it is compared with others.
func (f *Form) personOf() names.Person {
	v := func(name string) string { return strings.TrimSpace(f.value(name)) }
	return names.Person{Family: v("family_name"), Given: v("given_name"), FamilyCyrillic: v("family_name_cyrillic"), GivenCyrillic: v("given_name_cyrillic"),
		Sex: f.value("sex"), BirthDate: v("birth_date"), TaxCode: v("tax_code"), Document: v("document")}
}

// childToken names the child of a form without telling who it is.
func (s *site) childToken(p names.Person) string {
	return hex.EncodeToString(s.Tokens.Of("form", p.Family+"\n"+p.Given+"\n"+p.BirthDate))
}

// childTicket makes a form that was sent twice act once, and lets the same form, gone back to in the browser and filled in for
// another child, act again.
func (s *site) childTicket(a domain.Actor, f *Form) desk.Ticket {
	return desk.KeyedTicket(a, f.Key.String()+"/"+s.childToken(f.personOf()))
}

func (s *site) request(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Request); err != nil {
		return err
	}
	return s.withRegisters(r, func(g *registers) error {
		content := requestPage{Form: s.requestForm(a, g), Together: householdPath}
		q := r.URL.Query()
		if draft := q.Get("bozza"); draft != "" {
			id, typed, err := s.draftOf(r.Context(), a.Account, draft, requestDraft)
			if err != nil {
				return err
			}
			content.Form.fill(typed)
			content.Form.Key = id
		} else if sibling := q.Get("fratello"); sibling != "" {
			content.Sibling, content.Together = true, householdPath+"?fratello="+sibling
			if err := s.fromSibling(r, sibling, content.Form); err != nil {
				return err
			}
		}
		return s.showRequest(w, r, g, content)
	})
}

// fromSibling fills in what brothers and sisters share: surname, home, adult, household. The address names the case alone.
func (s *site) fromSibling(r *http.Request, id string, f *Form) error {
	sibling, err := uuid.Parse(id)
	if err != nil {
		return access.ErrAbsent
	}
	file, err := s.Desk.Case(r.Context(), actorOf(r), sibling)
	if err != nil {
		return err
	}
	opened, err := file.Open(r.Context(), access.Name, access.Papers, access.Domicile, access.Adults, access.Schooling)
	if err != nil {
		return err
	}
	household := file.Papers.Household
	if household == "" {
		household = sibling.String()
	}
	shared := map[string]string{"family_name": opened.FamilyName.Reveal(), "family_name_cyrillic": opened.FamilyNameCyrillic.Reveal(),
		"citizenship": opened.Citizenship.Reveal(), "comune": string(file.State.Comune), "address": opened.Address.Reveal(), "cap": opened.CAP.Reveal(),
		"host": opened.Host.Reveal(), "arrived_on": opened.ArrivedOn.Reveal(), "languages": opened.Languages.Reveal(), "household": household}
	if file.State.Municipio > 0 {
		shared["municipio"] = municipioOptions()[file.State.Municipio-1].Value
	}
	if opened.TemporaryProtection {
		shared["temporary_protection"] = "on"
	}
	if len(opened.Adults) > 0 {
		adult := opened.Adults[0]
		shared["adult_name"], shared["adult_relation"], shared["adult_phone"] = adult.Name.Reveal(), adult.Relation.Reveal(), adult.Phone.Reveal()
		shared["adult_email"], shared["adult_language"] = adult.Email.Reveal(), adult.Language.Reveal()
	}
	if file.State.Status == casefile.Accepted || file.State.Status == casefile.Attending {
		shared["sibling_school"] = string(file.State.Offer.School)
	}
	for name, value := range shared {
		if value != "" {
			f.Set(name, value)
		}
	}
	return nil
}

func (s *site) showRequest(w http.ResponseWriter, r *http.Request, g *registers, c requestPage) error {
	a := actorOf(r)
	c.Form.Cancel = "/pratiche"
	for _, part := range requestSections() {
		part = part.in(c.Form, "")
		if part.ID == "domicilio" {
			part.Note = livesIn(a, g)
		}
		c.Sections = append(c.Sections, part)
	}
	var err error
	if r.Method == http.MethodGet { // over a form to mend they would be in the way
		if c.Drafts, err = s.draftsOf(r.Context(), a.Account, c.Form.Key); err != nil {
			return err
		}
	}
	if c.Schools, err = schoolCodes(g, chosenComune(a, c.Form)); err != nil {
		return err
	}
	title := text("request.title")
	return requestView.show(s, w, r, c.Form.Status(), title, c, Crumb{text("cases.title"), "/pratiche"}, Crumb{Text: title})
}

// livesIn says to a comune that its requests are for children who live there; nothing to whoever chooses the comune.
func livesIn(a domain.Actor, g *registers) Text {
	if a.Role != domain.RoleComune {
		return Text{}
	}
	return text("request.of-comune", "comune", g.comuneName(domain.Comune(a.Body)))
}

// chosenComune is the comune that a form is about; empty where it is not chosen yet.
func chosenComune(a domain.Actor, f *Form) domain.Comune {
	if a.Role == domain.RoleComune {
		return domain.Comune(a.Body)
	}
	return domain.Comune(f.value("comune"))
}

// comuneName is a comune's name in a sentence, or its code.
func (g *registers) comuneName(c domain.Comune) string {
	if known, ok := g.land.Comune(c); ok {
		return known.Name
	}
	return string(c)
}

// schoolCodes are the sites of a comune, to choose from while a code is typed; none where the comune is not known yet.
func schoolCodes(g *registers, comune domain.Comune) ([]Option, error) {
	if comune == "" {
		return nil, nil
	}
	var out []Option
	for _, o := range grade.Orders() {
		for site, err := range school.Candidates(g.views, comune, o) {
			if err != nil {
				return nil, err
			}
			out = append(out, Option{Value: string(site.Code), Label: plain(strings.Trim(site.Name+", "+site.Address, ", "))})
		}
	}
	return out, nil
}

func (s *site) requestPost(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Request); err != nil {
		return err
	}
	var form *Form
	if err := s.withRegisters(r, func(g *registers) error {
		form = s.requestForm(a, g)
		return form.read(r)
	}); err != nil {
		return err
	}
	content := requestPage{Form: form, Together: householdPath, Other: r.PostForm.Get(otherField)}
	again := func() error {
		return s.withRegisters(r, func(g *registers) error { return s.showRequest(w, r, g, content) })
	}
	switch r.PostForm.Get(doField) {
	case "draft":
		if err := s.saveDraft(r.Context(), a.Account, requestDraft, form); err != nil {
			return err
		}
		s.redirect(w, r, requestPath, "draft-saved")
		return nil
	case "edit":
		return again()
	}
	asked := requestOf(form)
	if err := s.Desk.CheckRequest(r.Context(), a, asked); err != nil {
		if !refuseRequest(form, err) {
			return err
		}
		return again()
	}
	if token := s.childToken(form.personOf()); content.Other != token {
		found, err := s.similar(r, form)
		if err != nil {
			return err
		}
		if len(found.Table.Rows) > 0 {
			found.Other, found.Drafts = token, true
			return similarView.show(s, w, r, http.StatusConflict, text("similar.title"), found,
				Crumb{text("cases.title"), "/pratiche"}, Crumb{text("request.title"), requestPath}, Crumb{Text: text("similar.title")})
		}
	}
	receipt, err := s.Desk.Request(r.Context(), s.childTicket(a, form), a, asked)
	if err != nil {
		if !refuseRequest(form, err) {
			return err
		}
		return again()
	}
	s.endDraft(r, form.Key)
	s.settled(r, receipt)
	s.redirect(w, r, "/pratiche/"+receipt.ID.String(), "request-recorded")
	return nil
}
