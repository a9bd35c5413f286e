package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/projections"
	"approdo/projections/school"
)

// enrolmentPage is the form in which a school records a pupil whom it enrolled on its own.
type enrolmentPage struct {
	Form  *Form
	Site  Cell // where the institution has one alone
	Other string
}

var enrolmentView = view[enrolmentPage]{"enrolment"}

// enrolmentForm asks eight questions, and seven of an institution with a single site.
func (s *site) enrolmentForm(g *registers, sites []school.Site) *Form {
	f := newForm("/iscrizioni/nuova", text("enrolment.submit"),
		Field{Name: "family_name", Kind: FieldText, Label: text("case.family-name"), Hint: text("request.family-name-hint")},
		Field{Name: "given_name", Kind: FieldText, Label: text("case.given-name")},
		Field{Name: "birth_date", Kind: FieldDate, Label: text("case.birth"), Hint: text("request.birth-hint")},
		sexField(),
		Field{Name: "comune", Kind: FieldSelect, Label: text("request.comune"), Options: comuneOptions(g)},
		Field{Name: "school", Kind: FieldSelect, Label: text("enrolment.school"), Options: siteOptions(sites)},
		Field{Name: "on", Kind: FieldDate, Label: text("enrolment.on"), Hint: text("enrolment.on-hint"), Optional: true},
		Field{Name: "first_day", Kind: FieldDate, Label: text("enrolment.first-day"), Hint: text("enrolment.first-day-hint"), Optional: true})
	f.Cancel = "/"
	if len(sites) > 0 {
		f.Set("comune", string(sites[0].Comune))
	}
	return f
}

func siteOptions(sites []school.Site) []Option {
	var out []Option
	for _, x := range sites {
		out = append(out, Option{Value: string(x.Code), Label: say(text("enrolment.site", "name", x.Name, "order", orderText(x.Order), "code", string(x.Code)))})
	}
	return out
}

// enrolmentOf is what the form asks of the desk.
func enrolmentOf(f *Form) desk.EnrolmentForm {
	p := func(name string) domain.Personal { return domain.NewPersonal(strings.TrimSpace(f.value(name))) }
	return desk.EnrolmentForm{School: f.value("school"), FamilyName: p("family_name"), GivenName: p("given_name"), Sex: f.value("sex"),
		BirthDate: p("birth_date"), Comune: f.value("comune"), On: f.value("on"), FirstDay: f.value("first_day")}
}

// ownSites are the sites of the actor's institution that take pupils.
func ownSites(g *registers, a domain.Actor) ([]school.Site, error) {
	return projections.Collect(school.Sites(g.views, domain.Institution(a.Body)))
}

// readEnrolment makes the form, filled in where it was posted.
func (s *site) readEnrolment(r *http.Request) (c enrolmentPage, err error) {
	err = s.withRegisters(r, func(g *registers) error {
		sites, err := ownSites(g, actorOf(r))
		if err != nil {
			return err
		}
		c.Form = s.enrolmentForm(g, sites)
		if r.Method == http.MethodPost {
			if err := c.Form.read(r); err != nil {
				return err
			}
			c.Other = r.PostForm.Get(otherField)
		}
		if len(sites) == 1 {
			c.Site = plain(sites[0].Name).over(code(string(sites[0].Code)))
			c.Form.Set("school", string(sites[0].Code))
		}
		return nil
	})
	return c, err
}

func (s *site) enrolment(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.Enrol); err != nil {
		return err
	}
	c, err := s.readEnrolment(r)
	if err != nil {
		return err
	}
	return s.showEnrolment(w, r, c)
}

func (s *site) showEnrolment(w http.ResponseWriter, r *http.Request, c enrolmentPage) error {
	title := text("enrolment.title")
	return enrolmentView.show(s, w, r, c.Form.Status(), title, c, Crumb{Text: title})
}

// chooseSite says of a site that was not chosen that it is needed, rather than that its code is malformed.
func chooseSite(es domain.Errors) domain.Errors {
	es = slices.Clone(es)
	for i, e := range es {
		if e.Field == "school" {
			es[i] = domain.Invalid("field-required").On("school")
		}
	}
	return es
}

func (s *site) enrolmentPost(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Enrol); err != nil {
		return err
	}
	c, err := s.readEnrolment(r)
	if err != nil {
		return err
	}
	if r.PostForm.Get(doField) == "edit" {
		return s.showEnrolment(w, r, c)
	}
	asked := enrolmentOf(c.Form)
	if err := s.Desk.CheckEnrolment(r.Context(), a, asked); err != nil {
		if several, ok := errors.AsType[domain.Errors](err); ok && asked.School == "" {
			err = chooseSite(several)
		}
		if !c.Form.refuse(err) {
			return err
		}
		return s.showEnrolment(w, r, c)
	}
	if token := s.childToken(c.Form.personOf()); c.Other != token {
		found, err := s.similar(r, c.Form)
		if err != nil {
			return err
		}
		if len(found.Table.Rows) > 0 {
			found.Other = token
			return similarView.show(s, w, r, http.StatusConflict, text("similar.title"), found,
				Crumb{text("enrolment.title"), "/iscrizioni/nuova"}, Crumb{Text: text("similar.title")})
		}
	}
	receipt, err := s.Desk.Enrol(r.Context(), s.childTicket(a, c.Form), a, asked)
	if err != nil {
		if !c.Form.refuse(err) {
			return err
		}
		return s.showEnrolment(w, r, c)
	}
	s.settled(r, receipt)
	s.redirect(w, r, "/pratiche/"+receipt.ID.String(), "enrolment-recorded")
	return nil
}
