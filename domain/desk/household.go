package desk

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// MostChildren is how many children a household is entered with at once.
const MostChildren = 8

// HouseholdForm is a household as it is filled in. What its children share stands in the form of each; their Household is this one's.
type HouseholdForm struct {
	Household string // of a sibling who has a case already; empty: that of the first child here
	Children  []HouseholdChild
}

// HouseholdChild is a child of a household. Key names it under the ticket of the form, and no other child there: the same key is the
// same case, in whatever place the child stands. It must not tell who the child is.
type HouseholdChild struct {
	Key string
	RequestForm
}

// HouseholdReceipt says what came of a household: a receipt for each child, in the order of the form. A reader that has come to Position
// sees all of them.
type HouseholdReceipt struct {
	Children []Receipt
	Position event.Position
}

// ChildTicket names the request for one child of a household. Nothing of the id is the ticket's own: people tell cases apart by how
// their ids begin, brothers and sisters above all.
func ChildTicket(t Ticket, key string) Ticket {
	return Ticket{ID: uuid.NewSHA1(t.ID, []byte("approdo:child:"+key))}
}

// RequestHousehold records a request for each child of a household, under one household id. Nothing is recorded unless every child can
// be. It writes one stream after the other: whoever comes again with the same ticket, after whatever ended in between, gets the same
// cases, and what was left is recorded. The error is domain.Errors with every field at fault as ChildField names it.
func (d *Desk) RequestHousehold(ctx context.Context, t Ticket, a domain.Actor, f HouseholdForm) (HouseholdReceipt, error) {
	commands, err := d.household(ctx, t, a, f)
	if err != nil {
		return HouseholdReceipt{}, err
	}
	var out HouseholdReceipt
	for i, cmd := range commands {
		r, err := d.begin(ctx, ChildTicket(t, f.Children[i].Key), cmd)
		if err != nil {
			return out, err
		}
		out.Children, out.Position = append(out.Children, r), max(out.Position, r.Position)
	}
	return out, nil
}

// CheckHousehold gives what RequestHousehold would refuse of a form, and records nothing.
func (d *Desk) CheckHousehold(ctx context.Context, a domain.Actor, f HouseholdForm) error {
	_, err := d.household(ctx, Ticket{}, a, f)
	return err
}

// CheckChildren refuses so many children at once, as domain.Errors: whoever takes children from outside asks before reading them.
func CheckChildren(count int) error {
	if count == 0 || count > MostChildren {
		return domain.Errors{domain.Invalid("children-number").On("children").With("most", strconv.Itoa(MostChildren))}
	}
	return nil
}

// household makes the commands of a form, one for each child, or says what is wrong with all of them.
func (d *Desk) household(ctx context.Context, t Ticket, a domain.Actor, f HouseholdForm) ([]casefile.RecordRequest, error) {
	if err := access.Large(a, access.Request); err != nil {
		return nil, err
	}
	if err := CheckChildren(len(f.Children)); err != nil {
		return nil, err
	}
	var c checker
	id := f.Household
	if id == "" {
		id = caseOf(ChildTicket(t, f.Children[0].Key)).String()
	} else if _, err := uuid.Parse(id); err != nil {
		c.note("household", err, "household-malformed")
		return nil, c.err()
	}
	commands := make([]casefile.RecordRequest, len(f.Children))
	for i, child := range f.Children {
		child.Household = id
		cmd, err := d.request(ctx, a, caseOf(ChildTicket(t, child.Key)), child.RequestForm)
		refused, ok := childErrors(i, err)
		if err != nil && !ok {
			return nil, err
		}
		c.errs = append(c.errs, refused...)
		if earlier := f.repeats(i); earlier >= 0 {
			c.errs = append(c.errs, domain.Invalid("child-repeated").On(ChildField(i, "given_name")).With("place", strconv.Itoa(earlier+1)))
		}
		commands[i] = cmd
	}
	return commands, c.err()
}

// ChildField is the name of a field of a child in a household, by its place from 0: "children.1.birth_date".
func ChildField(place int, field string) string {
	return "children." + strconv.Itoa(place) + "." + field
}

// CutChildField takes apart what ChildField put together.
func CutChildField(name string) (place int, field string, ok bool) {
	rest, ok := strings.CutPrefix(name, "children.")
	digits, field, dotted := strings.Cut(rest, ".")
	place, err := strconv.Atoi(digits)
	return place, field, ok && dotted && err == nil && place >= 0
}

// childErrors puts a child's refusals on its fields; false for an error that is no refusal.
func childErrors(place int, err error) (out domain.Errors, ok bool) {
	if several, is := errors.AsType[domain.Errors](err); is {
		for _, e := range several {
			out = append(out, e.On(ChildField(place, e.Field)))
		}
		return out, true
	}
	if one, is := errorAs(err); is && one.Field != "" {
		return domain.Errors{one.On(ChildField(place, one.Field))}, true
	}
	return nil, false
}

// repeats gives the place of an earlier child with the name and the birth date of this one, or -1: nobody has two such children.
func (f HouseholdForm) repeats(place int) int {
	said := func(c HouseholdChild) string {
		var parts []string
		for _, p := range []domain.Personal{c.FamilyName, c.GivenName, c.BirthDate} {
			parts = append(parts, strings.ToLower(strings.Join(strings.Fields(p.Reveal()), " ")))
		}
		if parts[1] == "" || parts[2] == "" {
			return ""
		}
		return strings.Join(parts, "\n")
	}
	this := said(f.Children[place])
	for i, earlier := range f.Children[:place] {
		if this != "" && said(earlier) == this {
			return i
		}
	}
	return -1
}
