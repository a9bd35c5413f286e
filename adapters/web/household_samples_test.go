package web

import (
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
)

// householdSamples are the form of brothers and sisters, to mend and with some who may be here already.
func householdSamples() []sample {
	atRozzano := domain.Actor{Role: domain.RoleComune, Body: "015189"}
	page := func(children int, fill func(h household)) householdContent {
		h := newHousehold(atRozzano, nil, children)
		h.Cancel = "/pratiche"
		fill(h)
		h.sayFirst()
		c := householdContent{Form: h}
		c.Shared, c.Children = h.layOut()
		return c
	}
	fresh := page(2, func(household) {})
	fresh.Schools = []Option{{Value: "MIEE8AA01A", Label: plain("Primaria Via Liguria, Via Liguria 1")}}
	full := page(desk.MostChildren, func(h household) { h.Set(householdField, "019a3c1e-8f5d-7a10-9b1c-000000000011") })
	full.Full, full.Joined = true, true
	bad := page(3, func(h household) {
		h.Set("cap", "2008").Set(desk.ChildField(0, "family_name"), "Kovalenko").Set(desk.ChildField(2, "tax_code"), "NO")
		h.refuse(domain.Errors{domain.Invalid("cap-malformed").On(desk.ChildField(0, "cap")), domain.Invalid("field-required").On(desk.ChildField(1, "birth_date")),
			domain.Invalid("field-required").On(desk.ChildField(1, "sex")), domain.Invalid("tax-code-malformed").On(desk.ChildField(2, "tax_code"))})
	})
	child := []domain.Personal{domain.NewPersonal("Kovalenko"), domain.NewPersonal("Sofiia")}
	found := Table{Caption: said("Pratiche simili"), Columns: []Column{{Label: said("Minore")}, {Label: said("Perché")}},
		Rows: []Row{{Warning, []Cell{named(child...).to("/pratica"), say(said("Stesso cognome"))}}}}
	known := uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000011")
	similar := similarHousehold{Form: fresh.Form, Kept: []keptAnswer{{desk.ChildField(0, "family_name"), "Kovalenko"}}, Seen: []string{"0011", "0012"}, Children: []similarChild{
		{similarPage: similarPage{Child: child, Birth: domain.Date{Year: 2014, Month: 1, Day: 5}, Table: found, Cases: []uuid.UUID{known}}, Title: childText(0)},
		{similarPage: similarPage{Child: child}, childPlace: 1, Title: childText(1), Twice: []Pair{{childText(0), say(said("Stesso nome"))}}}}}
	title := text("household.title")
	return []sample{
		sampleOf("/famiglia", domain.RoleComune, householdView, 200, title, fresh),
		sampleOf("/famiglia-piena", domain.RoleComune, householdView, 200, title, full),
		sampleOf("/famiglia-rifiutata", domain.RoleComune, householdView, 422, title, bad),
		sampleOf("/famiglia-simili", domain.RoleComune, similarHouseholdView, 200, text("similar.title"), similar),
	}
}
