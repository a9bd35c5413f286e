package rest

import (
	"errors"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
)

// siblings are brothers and sisters as they are sent: what they share once, and what is each one's own. A field that a child has itself
// counts for it.
type siblings struct {
	Shared   jsontext.Value   `json:"shared,omitzero"`
	Children []jsontext.Value `json:"children"`
}

// neverShared are the fields of a request that no two children have in common.
var neverShared = []string{"given_name", "given_name_cyrillic", "sex", "birth_date", "tax_code", "document"}

// householdState is where the cases of brothers and sisters stand, in the order in which they were sent.
type householdState struct {
	Household string      `json:"household,omitzero"`
	Cases     []caseState `json:"cases"`
}

func (a *api) requestHousehold(o order, in siblings) (deed, error) {
	if err := access.Large(o.actor, access.Request); err != nil {
		return deed{}, err
	}
	if err := desk.CheckChildren(len(in.Children)); err != nil {
		return deed{}, err
	}
	if o.r.Header.Get("Idempotency-Key") == "" { // it is recorded child by child: without a key nobody could go on where it was cut off
		return deed{}, errNoKey
	}
	form, err := in.form()
	if err != nil {
		return deed{}, err
	}
	got, err := a.Desk.RequestHousehold(o.ctx, o.ticket, o.actor, form)
	if err != nil {
		return deed{}, in.named(err)
	}
	return created(base+"/cases/"+got.Children[0].ID.String(), got.Position), nil
}

// form lays each child over what all share. The place of a child names it: under one key the body is the same.
func (s siblings) form() (form desk.HouseholdForm, err error) {
	if _, err := fieldsOf(s.Shared, "shared", neverShared); err != nil {
		return form, err
	}
	var shared desk.RequestForm
	if s.Shared != nil {
		if err := unmarshal(s.Shared, &shared); err != nil {
			return form, below("shared", err)
		}
	}
	for i, own := range s.Children {
		if _, err := fieldsOf(own, childAt(i), []string{"household"}); err != nil {
			return form, err
		}
		child := desk.HouseholdChild{Key: strconv.Itoa(i), RequestForm: shared}
		// A list is decoded over the one that is there, which is all children's.
		child.Preferred, child.Needs = slices.Clone(shared.Preferred), slices.Clone(shared.Needs)
		if err := unmarshal(own, &child.RequestForm); err != nil {
			return form, below(childAt(i), err)
		}
		form.Household = child.Household
		form.Children = append(form.Children, child)
	}
	return form, nil
}

func childAt(i int) string { return "children." + strconv.Itoa(i) }

// fieldsOf gives the fields of a document that stands somewhere in a body, nil where there is none. Those that may not be there are
// refused.
func fieldsOf(doc jsontext.Value, where string, not []string) (map[string]jsontext.Value, error) {
	if doc == nil {
		return nil, nil
	}
	fields := map[string]jsontext.Value{}
	if err := unmarshal(doc, &fields); err != nil {
		return nil, below(where, err)
	}
	var c checker
	for _, name := range sortedKeys(fields) {
		if slices.Contains(not, name) {
			c.fail(where+"."+name, codeFieldUnknown)
		}
	}
	return fields, c.err()
}

// below puts the fields that a part of a body is refused for where the part stands.
func below(where string, err error) error {
	several, ok := errors.AsType[domain.Errors](err)
	if !ok {
		return err
	}
	out := make(domain.Errors, len(several))
	for i, e := range several {
		out[i] = e.On(where)
		if e.Field != "" {
			out[i] = e.On(where + "." + e.Field)
		}
	}
	return out
}

// named gives refused fields the names that they have in the body: what a child does not say itself it has from what all share, and that
// is refused once.
func (s siblings) named(err error) error {
	several, ok := errors.AsType[domain.Errors](err)
	if !ok {
		return err
	}
	shared, err := fieldsOf(s.Shared, "shared", nil)
	if err != nil {
		return err
	}
	var out domain.Errors
	for _, e := range several {
		place, field, ofChild := desk.CutChildField(e.Field)
		if ofChild {
			own, err := fieldsOf(s.Children[place], childAt(place), nil)
			if err != nil {
				return err
			}
			if _, itself := own[field]; !itself && shared[field] != nil {
				e = e.On("shared." + field)
			}
		} else if e.Field == "household" {
			e = e.On("shared.household")
		}
		if !slices.ContainsFunc(out, func(told *domain.Error) bool { return told.Field == e.Field && told.Code == e.Code }) {
			out = append(out, e)
		}
	}
	return out
}

// showHousehold finds the cases by the ticket that began them, so that whoever comes again is told of them, too.
func (a *api) showHousehold(o order, _ deed) (answer, error) {
	out := householdState{Cases: []caseState{}}
	for i := range desk.MostChildren {
		id, begun, err := a.Desk.Begun(o.ctx, desk.ChildTicket(o.ticket, strconv.Itoa(i)))
		if err != nil {
			return answer{}, err
		}
		if !begun {
			break
		}
		f, state, err := a.caseAfter(o, id)
		if err != nil {
			return answer{}, err
		}
		if state.Relation != relationNone {
			out.Household = f.Papers.Household
		}
		out.Cases = append(out.Cases, state)
	}
	return answer{body: out}, nil
}
