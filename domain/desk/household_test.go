package desk_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/territory"
)

var (
	errDown = errors.New("the journal is away")
	atMilan = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000a1"), Role: domain.RoleComune, Body: string(domain.Milano)}
	atTown  = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000a2"), Role: domain.RoleComune, Body: "015189"}
)

// frail is a journal that takes so many cases more and then is away: before it writes, or when it has written and cannot say so.
type frail struct {
	*memory.Store
	left  int
	wrote bool
}

func (f *frail) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if f.left < 0 {
		return f.Store.Append(ctx, a)
	}
	if f.left == 0 && !f.wrote {
		return event.Result{}, errDown
	}
	r, err := f.Store.Append(ctx, a)
	if f.left == 0 {
		f.left = 1 // once
		return event.Result{}, errDown
	}
	f.left--
	return r, err
}

// office is a desk over an empty journal and the shipped register.
type office struct {
	*testing.T
	journal *frail
	desk    *desk.Desk
	codec   *event.Codec
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, journal: &frail{Store: memory.New(), left: -1}}
	o.codec = event.NewCodec(sealtest.New(), casefile.Events, territory.Events)
	o.desk = desk.New(o.journal, o.codec, func() time.Time { return time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC) }, territory.Province015)
	found := territory.Found{Act: o.desk.Act(domain.System), Province: territory.Province015, Register: territory.Shipped()}
	if _, err := o.desk.EditTerritory(t.Context(), desk.NewTicket(), found); err != nil {
		t.Fatal(err)
	}
	return o
}

// cases counts the cases there are.
func (o *office) cases() int {
	o.Helper()
	all := map[string]bool{}
	for page, err := range o.journal.ReadAll(o.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil {
			o.Fatal(err)
		}
		for _, r := range page.Records {
			all[r.Stream] = true
		}
	}
	return len(all)
}

func (o *office) file(a domain.Actor, id uuid.UUID) desk.File {
	o.Helper()
	f, err := o.desk.Case(o.Context(), a, id)
	if err != nil {
		o.Fatal(err)
	}
	return f
}

// child is a child of a household, named by its given name.
func child(given, born string) desk.HouseholdChild {
	return desk.HouseholdChild{Key: given, RequestForm: desk.RequestForm{FamilyName: domain.NewPersonal("Prova"), GivenName: domain.NewPersonal(given),
		Sex: "F", BirthDate: domain.NewPersonal(born), Municipio: "3", Address: domain.NewPersonal("via Inventata 1")}}
}

// three are brothers and sisters of three orders.
func three() desk.HouseholdForm {
	return desk.HouseholdForm{Children: []desk.HouseholdChild{child("Anna", "2018-05-01"), child("Bohdana", "2013-04-02"), child("Daryna", "2005-03-03")}}
}

func TestAHouseholdIsACaseForEachChildUnderOneID(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	got, err := o.desk.RequestHousehold(t.Context(), desk.KeyedTicket(atMilan, "k"), atMilan, three())
	if err != nil || len(got.Children) != 3 || o.cases() != 3 {
		t.Fatalf("%d receipts, %d cases: %v", len(got.Children), o.cases(), err)
	}
	centres, short := map[domain.Centre]bool{}, map[string]bool{}
	for i, r := range got.Children {
		f := o.file(atMilan, r.ID)
		if f.Papers.Household != got.Children[0].ID.String() {
			t.Errorf("child %d is of the household %q", i, f.Papers.Household)
		}
		if r.Position > got.Position || r.Duplicate {
			t.Errorf("child %d: %+v beyond %d", i, r, got.Position)
		}
		centres[f.State.Centre], short[r.ID.String()[:8]] = true, true
	}
	if len(short) < 3 {
		t.Errorf("brothers and sisters are all called %v", short)
	}
	if len(centres) < 2 {
		t.Errorf("an infant, a pupil of primaria and one of secondaria II in Milano all went to %v", centres)
	}
	// Brothers and sisters of somebody who has a case join that household.
	later, err := o.desk.RequestHousehold(t.Context(), desk.KeyedTicket(atMilan, "l"), atMilan,
		desk.HouseholdForm{Household: got.Children[0].ID.String(), Children: []desk.HouseholdChild{child("Halyna", "2015-01-02")}})
	if err != nil || o.file(atMilan, later.Children[0].ID).Papers.Household != got.Children[0].ID.String() {
		t.Errorf("whoever joins stands apart: %v", err)
	}
}

func TestOneWrongChildRefusesAllBeforeAnyIsRecorded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f := three()
	f.Children[1].BirthDate = domain.NewPersonal("2030-01-01")
	f.Children[2].Sex, f.Children[2].GivenName = "", domain.Personal{}
	for name, ask := range map[string]func() error{
		"checked": func() error { return o.desk.CheckHousehold(t.Context(), atMilan, f) },
		"asked": func() error {
			_, err := o.desk.RequestHousehold(t.Context(), desk.NewTicket(), atMilan, f)
			return err
		},
	} {
		several, _ := errors.AsType[domain.Errors](ask())
		var fields []string
		for _, e := range several {
			fields = append(fields, e.Field)
		}
		slices.Sort(fields)
		if want := []string{"children.1.birth_date", "children.2.given_name", "children.2.sex"}; !slices.Equal(fields, want) {
			t.Errorf("%s: %v, want %v", name, fields, want)
		}
	}
	if n := o.cases(); n != 0 {
		t.Errorf("%d cases were begun", n)
	}
}

func TestWhatAHouseholdRefusesOfItself(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	twice := three()
	twice.Children[2] = child("  anna ", "2018-05-01")
	twice.Children[2].Key = "other"
	lost := three()
	lost.Household = "nothing"
	crowd := desk.HouseholdForm{}
	for i := range desk.MostChildren + 1 {
		crowd.Children = append(crowd.Children, child("N"+strconv.Itoa(i), "2014-01-01"))
	}
	for name, c := range map[string]struct {
		form        desk.HouseholdForm
		field, code string
	}{
		"nobody":         {desk.HouseholdForm{}, "children", "children-number"},
		"too many":       {crowd, "children", "children-number"},
		"a child twice":  {twice, "children.2.given_name", "child-repeated"},
		"no such family": {lost, "household", "household-malformed"},
	} {
		_, err := o.desk.RequestHousehold(t.Context(), desk.NewTicket(), atMilan, c.form)
		several, _ := errors.AsType[domain.Errors](err)
		if len(several) != 1 || several[0].Field != c.field || several[0].Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	crowd.Children = crowd.Children[1:]
	if got, err := o.desk.RequestHousehold(t.Context(), desk.NewTicket(), atMilan, crowd); err != nil || len(got.Children) != desk.MostChildren {
		t.Errorf("as many as there may be: %v", err)
	}
	centre := domain.Actor{Role: domain.RoleCentre, Body: "CTI-24"}
	if _, err := o.desk.RequestHousehold(t.Context(), desk.NewTicket(), centre, three()); !errors.Is(err, access.ErrNotAllowed) {
		t.Errorf("a centre asks: %v", err)
	}
	if err := o.desk.CheckHousehold(t.Context(), centre, desk.HouseholdForm{}); !errors.Is(err, access.ErrNotAllowed) {
		t.Errorf("a centre is told what is wrong: %v", err)
	}
}

func TestAHouseholdRepeatedIsRecordedOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ticket := desk.KeyedTicket(atTown, "k")
	first, err := o.desk.RequestHousehold(t.Context(), ticket, atTown, three())
	if err != nil {
		t.Fatal(err)
	}
	moved := three()
	slices.Reverse(moved.Children) // the place of a child is not what names it
	moved.Household = first.Children[0].ID.String()
	for name, form := range map[string]desk.HouseholdForm{"again": three(), "in another order": moved} {
		again, err := o.desk.RequestHousehold(t.Context(), ticket, atTown, form)
		if err != nil || len(again.Children) != 3 || o.cases() != 3 {
			t.Fatalf("%s: %d cases: %v", name, o.cases(), err)
		}
		for _, r := range again.Children {
			if !r.Duplicate || !slices.ContainsFunc(first.Children, func(x desk.Receipt) bool { return x.ID == r.ID }) {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
	// Under another key, and by somebody else, it is another command.
	for name, x := range map[string]desk.Ticket{"another key": desk.KeyedTicket(atTown, "l"), "somebody else": desk.KeyedTicket(atMilan, "k")} {
		before := o.cases()
		if _, err := o.desk.RequestHousehold(t.Context(), x, atTown, three()); err != nil || o.cases() != before+3 {
			t.Errorf("%s: %d cases more: %v", name, o.cases()-before, err)
		}
	}
}

// A double click, and every node that a retry reaches, at once.
func TestAHouseholdSentManyTimesAtOnceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ticket := desk.KeyedTicket(atTown, "k")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, err := o.desk.RequestHousehold(t.Context(), ticket, atTown, three()); err != nil || len(got.Children) != 3 {
				t.Errorf("%d receipts: %v", len(got.Children), err)
			}
		})
	}
	all.Wait()
	if n := o.cases(); n != 3 {
		t.Errorf("%d cases", n)
	}
}

// The program, or the journal, can end between any two children. Whoever comes again has each child once and in one household.
func TestAHouseholdCutOffBetweenTwoChildrenGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	for recorded := range 3 {
		for _, wrote := range []bool{false, true} {
			t.Run(strconv.Itoa(recorded)+" recorded, the next written: "+strconv.FormatBool(wrote), func(t *testing.T) {
				t.Parallel()
				o := newOffice(t)
				ticket := desk.KeyedTicket(atTown, "k")
				o.journal.left, o.journal.wrote = recorded, wrote
				part, err := o.desk.RequestHousehold(t.Context(), ticket, atTown, three())
				if !errors.Is(err, errDown) || len(part.Children) != recorded {
					t.Fatalf("%d receipts: %v", len(part.Children), err)
				}
				o.journal.left = -1
				whole, err := o.desk.RequestHousehold(t.Context(), ticket, atTown, three())
				if err != nil || len(whole.Children) != 3 || o.cases() != 3 {
					t.Fatalf("%d receipts, %d cases: %v", len(whole.Children), o.cases(), err)
				}
				for i, r := range whole.Children {
					before := i < recorded || i == recorded && wrote
					if r.Duplicate != before || i < recorded && r.ID != part.Children[i].ID {
						t.Errorf("child %d: %+v, recorded before: %t", i, r, before)
					}
					if got := o.file(atTown, r.ID).Papers.Household; got != whole.Children[0].ID.String() {
						t.Errorf("child %d is of the household %s", i, got)
					}
				}
			})
		}
	}
}

func TestTheNameOfAChildsFieldIsTakenApartAsItWasPutTogether(t *testing.T) {
	t.Parallel()
	if place, field, ok := desk.CutChildField(desk.ChildField(7, "birth_date")); place != 7 || field != "birth_date" || !ok {
		t.Error(place, field, ok)
	}
	for _, name := range []string{"", "birth_date", "children", "children.1", "children.x.sex", "children.-1.sex", "other.1.sex"} {
		if _, _, ok := desk.CutChildField(name); ok {
			t.Errorf("%q is taken for a child's field", name)
		}
	}
}
