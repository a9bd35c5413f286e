package web

import (
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// intakeSamples are the pages through which cases come in and are found, and those about schools.
func intakeSamples() []sample {
	sofiia := []domain.Personal{domain.NewPersonal("Kovalenko"), domain.NewPersonal("Sofiia")}
	when := time.Date(2022, time.March, 14, 9, 30, 0, 0, time.UTC)
	ask := (&site{}).requestForm(domain.Actor{Role: domain.RoleComune, Body: string(domain.Milano)}, nil)
	bad := (&site{}).requestForm(domain.Actor{Role: domain.RoleComune, Body: "015189"}, nil).Set("needs", "canteen").Set("with_reserve", "on")
	bad.refuse(domain.Errors{domain.Invalid("field-required").On("family_name"), domain.Invalid("field-required").On("sex"),
		domain.Invalid("cap-malformed").On("cap"), domain.Invalid("tax-code-malformed").On("tax_code")})
	ask.Cancel, bad.Cancel = "/pratiche", "/pratiche"
	sections := func(f *Form, lives Text) (all []section) {
		for _, part := range requestSections() {
			if part = part.in(f, ""); part.ID == "domicilio" {
				part.Note = lives
			}
			all = append(all, part)
		}
		return all
	}
	drafts := []draftLine{{ID: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000011"), Path: requestPath, Name: sofiia, Saved: when},
		{ID: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000012"), Path: requestPath, Saved: when},
		{ID: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000013"), Path: householdPath, Name: sofiia[:1], Children: 3, Saved: when}}
	schools := []Option{{Value: "MIEE8AA01A", Label: plain("Primaria Via Liguria, Via Liguria 1")}}
	found := Table{Caption: said("Pratiche simili"), Columns: []Column{{Label: said("Minore")}, {Label: said("Perché")}},
		Rows: []Row{{Warning, []Cell{named(sofiia...).to("/pratica").over(say(text("similar.born", "day", domain.Date{Year: 2014, Month: 5, Day: 1}))), say(said("Stesso cognome"))}}}}
	enrol := newForm("/iscrizioni/nuova", text("enrolment.submit"), Field{Name: "family_name", Kind: FieldText, Label: text("case.family-name")},
		Field{Name: "school", Kind: FieldSelect, Label: text("enrolment.school")})
	years := []yearLink{{text("places.year", "year", domain.SchoolYear(2021)), "/posti?anno=2021", true}, {text("places.year", "year", domain.SchoolYear(2022)), "/posti?anno=2022", false}}
	grades := Table{Caption: said("Posti per classe"), Columns: []Column{{Label: said("Classe")}, {Label: said("Liberi"), Numeric: true}, {Label: said("Confermati")}},
		Rows: []Row{{"", []Cell{say(said("1ª primaria")), count(3), {}}}, {Warning, []Cell{say(said("2ª primaria")), say(said("mai dichiarati")), {}}}}}
	declared := newForm("/posti/MIEE8AA01A?anno=2021", text("places.save"),
		Field{Name: "free-primaria-1", Kind: FieldNumber, Label: said("Posti liberi, 1ª"), Optional: true},
		Field{Name: "pupils-primaria-1", Kind: FieldNumber, Label: said("Alunni, 1ª"), Optional: true},
		Field{Name: "foreign-primaria-1", Kind: FieldNumber, Label: said("Di cui stranieri, 1ª"), Optional: true})
	declared.Set("pupils-primaria-1", "20").refuse(domain.Invalid("class-number").On("foreign-primaria-1"))
	fieldset := gradeFieldset{Title: said("1ª primaria"), Used: 1, UsedField: "_used-primaria-1", Note: text("places.used", "held", 1, "taken", 0),
		Free: "free-primaria-1", Pupils: "pupils-primaria-1", Foreign: "foreign-primaria-1"}
	filter := newFilter("/scuole", text("schools.search"), Field{Name: "nome", Kind: FieldText, Label: text("schools.name"), Optional: true})
	resume := resumePage{What: text("act-form.nota"), To: "/pratica", Kept: []keptAnswer{{"text", "Di sera"}}, Written: []domain.Personal{domain.NewPersonal("Di sera")}, Drop: "/"}
	return []sample{
		sampleOf("/riprendi", domain.RoleCentre, resumeView, 200, text("resume.title"), resume, Crumb{Text: text("resume.title")}),
		sampleOf("/accedi-scaduta", "", signInView, 200, text("signin.title"), signIn{Form: signInForm(), Next: "/pratiche/nuova", Demo: true, Kept: "family_name=Kovalenko"}),
		sampleOf("/richiesta", domain.RoleComune, requestView, 200, text("request.title"), requestPage{Form: ask, Together: householdPath,
			Sections: sections(ask, text("request.of-comune", "comune", "Milano")), Sibling: true, Drafts: drafts, Schools: schools}),
		sampleOf("/richiesta-rifiutato", domain.RoleComune, requestView, 422, text("request.title"), requestPage{Form: bad, Together: householdPath,
			Sections: sections(bad, text("request.of-comune", "comune", "Rozzano"))}),
		sampleOf("/simili", domain.RoleComune, similarView, 200, text("similar.title"), similarPage{Child: sofiia, Table: found, Form: ask,
			Birth: domain.Date{Year: 2014, Month: 1, Day: 5}, Kept: []keptAnswer{{"family_name", "Kovalenko"}}, Other: "0011", Drafts: true}),
		sampleOf("/iscrizione", domain.RoleSchool, enrolmentView, 200, text("enrolment.title"), enrolmentPage{Form: enrol}),
		sampleOf("/iscrizione-una-sede", domain.RoleSchool, enrolmentView, 200, text("enrolment.title"), enrolmentPage{Form: enrol, Site: plain("Primaria Via Liguria")}),
		sampleOf("/ricerca", domain.RoleComune, searchView, 200, text("search.title"), searchPage{Form: searchForm(), Asked: true, Table: found, More: true}),
		sampleOf("/posti-dichiarati", domain.RoleSchool, placesView, 200, text("places.title"), placesPage{Years: years,
			Sites: []sitePlaces{{ID: "MIEE8AA01A", Name: plain("Primaria Via Liguria").over(code("MIEE8AA01A")), Table: grades,
				Action: Action{text("places.update-of", "order", said("Primaria")), "/"}, Services: say(text("services.never")), Change: Action{text("services.update"), "/"}}}}),
		sampleOf("/posti-senza-sedi", domain.RoleSchool, placesView, 200, text("places.title"), placesPage{Years: years,
			Empty: Empty{Title: text("places.no-site"), Text: text("places.no-site-text")}}),
		sampleOf("/dichiarazione-rifiutato", domain.RoleSchool, declareView, 422, text("places.declare-title"), declarePage{Name: plain("Primaria Via Liguria"), Years: years,
			Percent: 30, Form: declared, Grades: []gradeFieldset{fieldset}}),
		sampleOf("/anagrafe", domain.RoleUST, schoolsView, 200, text("schools.title"), schoolsPage{Filter: filter, Table: grades}),
		sampleOf("/anagrafe/scuola", domain.RoleUST, schoolView, 200, text("schools.page-title"), schoolPage{Name: "Sede presso la casa circondariale",
			Callouts: []Callout{{Tone: Warning, Title: text("schools.never-offered"), Text: text("schools.never-offered-text", "feature", text("feature.prison"))}},
			Years:    []placesOfYear{{text("places.of-year", "year", domain.SchoolYear(2021)), grades}}, Declare: Action{text("places.update"), "/"},
			Pupils: &sitePupils{text("schools.pupils-of-year", "year", domain.SchoolYear(2020)), text("schools.counted-by", "source", "MIM"), grades},
			Offers: []Pair{{text("schools.point"), say(text("schools.no-point"))}, {text("services.title"), say(text("services.never"))}}, Services: Action{text("services.update"), "/"},
			Pairs: []Pair{{text("schools.code"), code("MIEE8AA02B")}}}),
		sampleOf("/servizi", domain.RoleSchool, servicesView, 200, text("services.title"), servicesPage{Name: plain("Primaria Via Liguria"),
			Said: say(text("services.never")), Form: servicesForm("MIEE8AA01A")}),
	}
}
