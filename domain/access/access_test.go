package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"approdo/domain"
	"approdo/domain/access"
)

type column struct {
	role     domain.Role
	relation access.Relation
}

// columns are every role and relation that knows of a case. A role in any other relation finds none.
var columns = []column{
	{domain.RoleComune, access.Own},
	{domain.RoleComune, access.Withheld},
	{domain.RoleCentre, access.Own},
	{domain.RoleCentre, access.Withheld},
	{domain.RoleCentre, access.Past},
	{domain.RoleSchool, access.OfferedTo},
	{domain.RoleSchool, access.Enrolled},
	{domain.RoleSchool, access.Past},
	{domain.RoleUST, access.Oversees},
	{domain.RolePrefettura, access.Audits},
	{domain.RolePrefettura, access.Named},
}

// onCases is the table by the act and the field, where package access has it by the role: x may, . may not.
const onCases = `
                    comune            centre                 school                UST  Prefettura
                    own     withheld  own     withheld  past offered enrolled past      audits named
  read-case         x       x         x       x         x    x       x        x    x    .      .
  read-trail        .       .         x       x         .    .       .        .    x    x      x
  amend             x       .         x       .         .    .       x        .    x    .      .
  change-domicile   x       x         x       x         .    .       x        .    x    .      .
  take-charge       .       .         x       x         .    .       .        .    x    .      .
  ask               .       .         x       x         .    .       .        .    x    .      .
  answer            x       x         x       x         .    x       x        .    x    .      .
  determine-grade   .       .         x       x         .    .       x        .    x    .      .
  hand-over         .       .         x       x         .    .       .        .    x    .      .
  offer             .       .         x       x         .    .       .        .    x    .      .
  override          .       .         .       .         .    .       .        .    x    .      .
  withdraw-offer    .       .         x       x         .    .       .        .    x    .      .
  accept            .       .         .       .         .    x       .        .    x    .      .
  decline           .       .         .       .         .    x       .        .    x    .      .
  record-first-day  .       .         .       .         .    .       x        .    x    .      .
  end-attendance    .       .         .       .         .    .       x        .    x    .      .
  withdraw-request  x       x         .       .         .    .       .        .    x    .      .
  close             .       .         x       x         .    .       x        .    x    .      .
  reopen            x       x         x       x         .    .       .        .    x    .      .
  merge             .       .         .       .         .    .       .        .    x    .      .
  unmerge           .       .         .       .         .    .       .        .    x    .      .
  note              x       x         x       x         .    x       x        .    x    .      .
  message           x       x         x       x         .    x       x        .    x    .      .
  take-back-hand-over  .    .         .       .         x    .       .        .    x    .      .
  take-back-acceptance .    .         .       .         .    .       x        .    x    .      .
  take-back-decline    .    .         .       .         .    .       .        x    x    .      .
  annul-first-day   .       .         .       .         .    .       x        .    x    .      .
  erase             .       .         .       .         .    .       .        .    x    .      .
  approve-erasure   .       .         .       .         .    .       .        .    x    .      .
  reject-erasure    .       .         .       .         .    .       .        .    x    .      .
  withdraw-erasure  .       .         .       .         .    .       .        .    x    .      .
  read-certificate  .       .         .       .         .    .       .        .    x    .      .
  restrict          .       .         .       .         .    .       .        .    x    .      .
  lift-restriction  .       .         .       .         .    .       .        .    x    .      .
  read-held         .       .         .       .         .    .       .        .    x    .      .
  read-receipt      x       x         .       .         .    .       .        .    x    .      .
  read-letter       .       .         x       x         .    x       x        .    x    .      .
  read-readings     .       .         .       .         .    .       .        .    x    x      x
  read-notices      .       .         x       x         .    .       .        .    x    .      .
  rank              .       .         x       x         .    .       .        .    x    .      .
  open-name         .       .         .       .         .    .       .        .    .    x      x
`

const fields = `
  name              x       .         x       .         .    x       x        .    x    .      x
  birth-date        x       .         x       .         .    x       x        .    x    .      x
  papers            x       .         x       .         .    .       x        .    x    .      .
  domicile          x       .         x       .         .    .       x        .    x    .      .
  adults            x       .         x       .         .    .       x        .    x    .      .
  schooling         x       .         x       .         .    x       x        .    x    .      .
  health            x       .         x       .         .    .       x        .    x    .      .
  words             x       .         x       .         .    .       x        .    x    .      .
`

// atLarge names, for acts that concern no case, those who may.
var atLarge = map[access.Act][]domain.Role{
	access.Request:        {domain.RoleComune, domain.RoleUST},
	access.Enrol:          {domain.RoleSchool},
	access.DeclarePlaces:  {domain.RoleSchool, domain.RoleUST},
	access.ReadPlaces:     {domain.RoleCentre, domain.RoleSchool, domain.RoleUST},
	access.ListCases:      {domain.RoleComune, domain.RoleCentre, domain.RoleSchool, domain.RoleUST},
	access.SearchByName:   {domain.RoleComune, domain.RoleCentre, domain.RoleSchool, domain.RoleUST},
	access.ReviewPairs:    {domain.RoleUST},
	access.ReadBoard:      {domain.RoleComune, domain.RoleCentre, domain.RoleSchool, domain.RoleUST, domain.RolePrefettura},
	access.ReadReturns:    {domain.RoleSchool, domain.RoleUST, domain.RolePrefettura},
	access.ValidateReturn: {domain.RoleSchool},
	access.RemindReturns:  {domain.RoleUST},
	access.ReadDay:        {domain.RoleUST, domain.RolePrefettura},
	access.WatchReadings:  {domain.RoleUST, domain.RolePrefettura},
	access.ReadRegisters:  {domain.RoleCentre, domain.RoleUST, domain.RolePrefettura},
	access.EditRegisters:  {domain.RoleUST},
	access.Suspend:        {domain.RoleUST, domain.RolePrefettura},
	access.ManageAccounts: {domain.RoleUST, domain.RoleAdmin},
	access.ReadOperations: {domain.RoleUST, domain.RoleAdmin},
	access.ReadFacts:      {domain.RoleUST},
	access.Retain:         {domain.RoleUST},
}

var relations = []access.Relation{access.None, access.Own, access.Withheld, access.OfferedTo, access.Enrolled, access.Past, access.Oversees,
	access.Audits, access.Named}

// rows reads a table: for each name, whether each column has an x.
func rows(t *testing.T, table string) map[string][]bool {
	t.Helper()
	out := map[string][]bool{}
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) != 1+len(columns) || len(words[1]) != 1 {
			continue // the head
		}
		marks := make([]bool, len(columns))
		for i, w := range words[1:] {
			marks[i] = w == "x"
		}
		out[words[0]] = marks
	}
	return out
}

func TestWhoMayDoWhatToACase(t *testing.T) {
	t.Parallel()
	table := rows(t, onCases)
	if len(table) != 41 {
		t.Fatalf("%d acts", len(table))
	}
	for _, role := range append(domain.Roles(), "", "stranger") {
		for _, relation := range relations {
			at := slices.Index(columns, column{role, relation})
			var may []string
			for act, marks := range table {
				var want error
				switch {
				case at < 0:
					want = access.ErrAbsent // not to be told from a case that is not there
				case marks[at]:
					may = append(may, act)
				default:
					want = access.ErrNotAllowed
				}
				if got := access.Case(domain.Actor{Role: role, Body: "x"}, relation, access.Act(act)); !errors.Is(got, want) {
					t.Errorf("%s, %q: %s: %v, want %v", role, relation, act, got, want)
				}
			}
			listed := access.Acts(role, relation)
			for _, act := range listed {
				if !slices.Contains(may, string(act)) {
					t.Errorf("%s, %q: %s is listed", role, relation, act)
				}
			}
			if len(listed) != len(may) {
				t.Errorf("%s, %q: %d acts are listed, %d may be done", role, relation, len(listed), len(may))
			}
		}
	}
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	table := rows(t, fields)
	if len(table) != 8 {
		t.Fatalf("%d fields", len(table))
	}
	for field, marks := range table {
		for _, role := range append(domain.Roles(), domain.RoleSystem, "") {
			for _, relation := range relations {
				want := false
				for i, c := range columns {
					want = want || c.role == role && c.relation == relation && marks[i]
				}
				if got := access.Sees(role, relation, access.Field(field)); got != want {
					t.Errorf("%s, %q: %s: %v", role, relation, field, got)
				}
			}
		}
	}
	// Nobody sees a field of a case that may not be read, but whoever opened a name.
	for _, c := range columns {
		reads := access.Case(domain.Actor{Role: c.role}, c.relation, access.ReadCase) == nil || c.relation == access.Named
		for field := range table {
			if access.Sees(c.role, c.relation, access.Field(field)) && !reads {
				t.Errorf("%s, %q: %s of a case that is not read", c.role, c.relation, field)
			}
		}
	}
}

func TestWhoMayDoWhatConcernsNoCase(t *testing.T) {
	t.Parallel()
	for act, want := range atLarge {
		if got := access.Roles(act); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", act, got, want)
		}
		for _, role := range append(domain.Roles(), "", "stranger") {
			err := access.Large(domain.Actor{Role: role}, act)
			if ok := slices.Contains(want, role); ok && err != nil || !ok && !errors.Is(err, access.ErrNotAllowed) {
				t.Errorf("%s: %s: %v", role, act, err)
			}
		}
	}
}

// What the importers and policies do is bounded by the rules of the aggregates alone.
func TestTheSystemIsNotHeldUp(t *testing.T) {
	t.Parallel()
	if err := access.Case(domain.System, access.None, access.Erase); err != nil {
		t.Error(err)
	}
	if err := access.Large(domain.System, access.Request); err != nil {
		t.Error(err)
	}
}

func TestWhoIsWhatToACase(t *testing.T) {
	t.Parallel()
	whole := access.Facts{Comune: "015189", Centre: "CTI-25", Institution: "MIIC8AB00X",
		PastCentres: []domain.Centre{"CTI-24", "CTI-25"}, PastInstitutions: []domain.Institution{"MIIC8CD00V", "MIIC8AB00X"}}
	asked := whole
	asked.Offered = true
	for _, tt := range []struct {
		role  domain.Role
		body  string
		facts access.Facts
		want  access.Relation
	}{
		{domain.RoleComune, "015189", whole, access.Own},
		{domain.RoleComune, "015146", whole, access.None},
		{domain.RoleCentre, "CTI-25", whole, access.Own},
		{domain.RoleCentre, "CTI-24", whole, access.Past},
		{domain.RoleCentre, "CTI-21", whole, access.None},
		{domain.RoleSchool, "MIIC8AB00X", whole, access.Enrolled},
		{domain.RoleSchool, "MIIC8AB00X", asked, access.OfferedTo},
		{domain.RoleSchool, "MIIC8CD00V", whole, access.Past},
		{domain.RoleSchool, "MIIC8EF00R", whole, access.None},
		{domain.RoleUST, "", whole, access.Oversees},
		{domain.RolePrefettura, "", whole, access.Audits},
		{domain.RoleAdmin, "", whole, access.None},
		{domain.RoleSystem, "", whole, access.Oversees},
		{"", "015189", whole, access.None},
		// A body's code under another role is another body.
		{domain.RoleSchool, "015189", whole, access.None},
		{domain.RoleComune, "CTI-25", whole, access.None},
		{domain.RoleCentre, "MIIC8AB00X", whole, access.None},
		// An account without a body is nobody's, above all where the case has none either.
		{domain.RoleComune, "", access.Facts{}, access.None},
		{domain.RoleCentre, "", access.Facts{PastCentres: []domain.Centre{""}}, access.None},
		{domain.RoleSchool, "", access.Facts{PastInstitutions: []domain.Institution{""}}, access.None},
	} {
		if got := access.Relate(domain.Actor{Role: tt.role, Body: tt.body}, tt.facts); got != tt.want {
			t.Errorf("%s of %q: %q, want %q", tt.role, tt.body, got, tt.want)
		}
	}
}

// While the reading is restricted, who holds the case reads, and the school where the pupil sits; everybody else learns that it is.
func TestARestrictionLeavesThePupilToTheHolder(t *testing.T) {
	t.Parallel()
	comune, centre := domain.Actor{Role: domain.RoleComune, Body: "015189"}, domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}
	school := domain.Actor{Role: domain.RoleSchool, Body: "MIIC8AB00X"}
	reader := map[domain.Role]domain.Actor{domain.RoleComune: comune, domain.RoleCentre: centre, domain.RoleSchool: school,
		domain.RoleUST: {Role: domain.RoleUST}, domain.RolePrefettura: {Role: domain.RolePrefettura}}
	namesakes := []domain.Actor{{Role: domain.RoleSchool, Body: comune.Body}, {Role: domain.RoleComune, Body: "015118"}}
	for _, holder := range append(namesakes, comune, centre, school, domain.Actor{}) {
		facts := access.Facts{Comune: "015189", Centre: "CTI-25", Institution: "MIIC8AB00X", Named: true, Holder: holder}
		for role, a := range reader {
			free := access.Relate(a, facts)
			limited := facts
			limited.Restricted = true
			got := access.Relate(a, limited)
			reads := access.Sees(role, got, access.Name)
			if want := a == holder || role == domain.RoleSchool || role == domain.RoleUST; reads != want {
				t.Errorf("held by %q, read by %s: %v, as %q", holder.Role, role, reads, got)
			}
			if !access.Sees(role, free, access.Name) {
				t.Errorf("%s reads nothing even without a restriction", role)
			}
			// Nothing a child is due waits for the end of it.
			for _, act := range access.Acts(role, free) {
				if err := access.Case(a, got, act); err != nil && act != access.Amend {
					t.Errorf("held by %q: %s may no longer %s", holder.Role, role, act)
				}
			}
		}
	}
}

// A page that sorts or cuts its list of acts must not change anybody's rights.
func TestTheTableCannotBeWrittenTo(t *testing.T) {
	t.Parallel()
	acts := access.Acts(domain.RoleComune, access.Own)
	for i := range acts {
		acts[i] = access.Erase
	}
	if err := access.Case(domain.Actor{Role: domain.RoleComune}, access.Own, access.Erase); !errors.Is(err, access.ErrNotAllowed) {
		t.Errorf("got %v", err)
	}
}

func TestTheNarrowerOfTwoRelationsSeesLess(t *testing.T) {
	t.Parallel()
	for _, role := range domain.Roles() {
		for _, one := range relations {
			for _, other := range relations {
				fields := func(r access.Relation) (n int) {
					for _, f := range access.Fields() {
						if access.Sees(role, r, f) {
							n++
						}
					}
					return n
				}
				if got := access.Narrower(role, one, other); got != one && got != other || fields(got) != min(fields(one), fields(other)) {
					t.Errorf("%s: of %q and %q %q", role, one, other, got)
				}
			}
		}
	}
}
