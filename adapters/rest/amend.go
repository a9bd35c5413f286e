package rest

import (
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/reading"
)

// amendTries bounds how often an amendment is laid over a newer case because others were faster.
const amendTries = 3

// notAmended are the fields of a request that another act changes, or none.
var notAmended = []string{"on", "comune", "municipio", "household", "sibling_school", "address", "cap", "host"}

// amend lays the fields that are given over the request as it stands; the desk records what differs. Nobody may have written
// between the two: the revision that was read is the one expected.
func (a *api) amend(o order, in jsontext.Value) (deed, error) {
	fields, err := decode[map[string]jsontext.Value](in)
	if err != nil {
		return deed{}, err
	}
	var c checker
	for _, name := range sortedKeys(fields) {
		if slices.Contains(notAmended, name) {
			c.fail(name, codeFieldUnknown)
		}
	}
	if err := c.err(); err != nil {
		return deed{}, err
	}
	for try := 1; ; try++ {
		f, err := a.Desk.Case(o.ctx, o.actor, o.id("id"))
		if err != nil {
			return deed{}, err
		}
		opened, err := f.Open(reading.Unshown(o.ctx))
		if err != nil {
			return deed{}, err
		}
		form := formOf(f, opened)
		if err := unmarshal(in, &form); err != nil {
			return deed{}, err
		}
		t := o.ticket
		if t.Expected == nil {
			t.Expected = &f.Revision
		}
		r, err := a.Desk.Amend(o.ctx, t, o.actor, f.ID, form)
		var conflict *event.ConflictError
		if errors.As(err, &conflict) && o.ticket.Expected == nil && try < amendTries {
			continue
		}
		if errors.Is(err, casefile.ErrNothingToChange) && len(fields) > 0 { // it is so already
			return deed{}, nil
		}
		return deed{position: r.Position}, err
	}
}

// formOf is a request as it would be filled in now. Only the first adult has fields in it.
func formOf(f desk.File, o desk.Opened) desk.RequestForm {
	p := f.Papers
	form := desk.RequestForm{On: p.On.String(), Sex: string(p.Sex), FamilyName: o.FamilyName, GivenName: o.GivenName,
		FamilyNameCyrillic: o.FamilyNameCyrillic, GivenNameCyrillic: o.GivenNameCyrillic, BirthDate: o.BirthDate, BirthPlace: o.BirthPlace,
		Citizenship: o.Citizenship, TaxCode: o.TaxCode, Document: o.Document, ArrivedOn: o.ArrivedOn,
		TemporaryProtection: o.TemporaryProtection, Unaccompanied: o.Unaccompanied, WithReserve: o.WithReserve, LastSchool: o.LastSchool,
		LastGrade: o.LastGrade, StillOnline: o.StillOnline, Languages: o.Languages, Italian: string(o.Italian),
		Vaccination: string(o.Vaccination), Disability: string(o.Disability)}
	if len(o.Adults) > 0 {
		first := o.Adults[0]
		form.AdultName, form.AdultRelation, form.AdultPhone, form.AdultEmail, form.AdultLanguage =
			first.Name, first.Relation, first.Phone, first.Email, first.Language
	}
	if p.Asked != nil {
		form.AskedGrade = p.Asked.String()
	}
	for _, s := range p.Preferred {
		form.Preferred = append(form.Preferred, string(s))
	}
	for _, n := range p.Needs {
		form.Needs = append(form.Needs, string(n))
	}
	return form
}

func (a *api) move(o order, in desk.DomicileForm) (deed, error) {
	r, err := a.Desk.Move(o.ctx, o.ticket, o.actor, o.id("id"), in)
	return deed{position: r.Position}, err
}
