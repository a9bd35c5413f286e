package territory

import (
	"cmp"
	"maps"
	"slices"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// SchoolCategory begins the name of every school's stream.
const SchoolCategory = "school-"

// SchoolStream is the stream of a site in the register.
func SchoolStream(code domain.School) string { return SchoolCategory + string(code) }

// Management says who runs a school.
type Management string

// State schools, and the paritarie, which are recognised and run by others.
const (
	StateRun  Management = "state"
	Paritaria Management = "paritaria"
)

// Feature is what the ministry writes of a site besides its type.
type Feature string

// The features of the ministry's register. The head of a boarding institution has pupils only at the schools annexed to it.
const (
	Ordinary     Feature = "ordinary"
	Prison       Feature = "prison"
	Hospital     Feature = "hospital"
	Evening      Feature = "evening" // second-level courses for adults
	CPIA         Feature = "cpia"
	BoardingHead Feature = "boarding-head"
	Boarding     Feature = "boarding"
	ForBlind     Feature = "for-blind"
	Experimental Feature = "experimental"
)

// TakesPupils reports whether a child can be placed in sites of this kind.
func (f Feature) TakesPupils() bool {
	switch f {
	case Ordinary, Boarding, ForBlind, Experimental:
		return true
	}
	return false
}

// School is a code of the ministry's register: a site, or an institution that has sites. Order is empty for an institution that
// is no site itself. Type is as the ministry writes it. What the ministry does not know is empty.
type School struct {
	Code            domain.School      `json:"code"`
	Institution     domain.Institution `json:"institution"`
	Name            string             `json:"name"`
	InstitutionName string             `json:"institution_name,omitzero"`
	Address         string             `json:"address,omitzero"`
	CAP             string             `json:"cap,omitzero"`
	Comune          domain.Comune      `json:"comune"`
	Order           grade.Order        `json:"order,omitzero"`
	Type            string             `json:"type"`
	Feature         Feature            `json:"feature"`
	Management      Management         `json:"management"`
	Email           string             `json:"email,omitzero"`
	PEC             string             `json:"pec,omitzero"`
	Website         string             `json:"website,omitzero"`
}

// TakesPupils reports whether a child can be placed there, the year apart.
func (s School) TakesPupils() bool { return s.Order.Valid() && s.Feature.TakesPupils() }

// SchoolEvent is what happens to a site in the register.
type SchoolEvent interface{ schoolEvent() }

// Events of a school.
type (
	// SchoolListed puts a site into the register of a school year.
	SchoolListed struct {
		Year   domain.SchoolYear `json:"year"`
		School School            `json:"school"`
	}
	// SchoolAmended corrects what the register of a school year says.
	SchoolAmended struct {
		Year   domain.SchoolYear `json:"year"`
		School School            `json:"school"`
	}
	// SchoolDelisted says that the site is gone in a school year, perhaps into another.
	SchoolDelisted struct {
		Year      domain.SchoolYear `json:"year"`
		Successor domain.School     `json:"successor,omitzero"`
	}
)

func (SchoolListed) schoolEvent()   {}
func (SchoolAmended) schoolEvent()  {}
func (SchoolDelisted) schoolEvent() {}

// SchoolEvents are the stored names of a school.
var SchoolEvents = event.Table{
	event.TypeOf[SchoolListed]("school.listed"),
	event.TypeOf[SchoolAmended]("school.amended"),
	event.TypeOf[SchoolDelisted]("school.delisted"),
	event.TypeOf[SchoolLocated]("school.located"),
	event.TypeOf[SchoolCounted]("school.counted"),
	event.TypeOf[ServicesDeclared]("school.services-declared"),
}

// SchoolCommand is what an importer, or the UST, asks of a site.
type SchoolCommand interface {
	Issued() domain.Act
	schoolCommand()
}

// Commands of a school.
type (
	// ListSchool says what the register of a school year holds of a site.
	ListSchool struct {
		domain.Act
		Year   domain.SchoolYear
		School School
	}
	// DelistSchool says that the register of a school year no longer holds it. Successor may be empty.
	DelistSchool struct {
		domain.Act
		Year      domain.SchoolYear
		Successor domain.School
	}
)

func (ListSchool) schoolCommand()   {}
func (DelistSchool) schoolCommand() {}

// The rules that refuse.
var (
	ErrSchoolMalformed = domain.Invalid("school-malformed")
	ErrSchoolYear      = domain.Invalid("school-year-invalid").On("year")
	ErrOtherSchool     = domain.Refused("school-of-other-code")
	ErrSchoolNotFound  = domain.NotFound("school-not-found")
	ErrSuccessor       = domain.Invalid("successor-invalid").On("successor")
)

// SchoolDecider is a site as an aggregate.
var SchoolDecider = event.Decider[SchoolState, SchoolCommand, SchoolEvent]{
	Initial: func() SchoolState { return SchoolState{} },
	Decide:  DecideSchool,
	Evolve:  EvolveSchool,
}

// SchoolState is what the registers of the years say of one site, where it lies, whom it has and what it offers. The zero SchoolState is
// one that no register ever held.
type SchoolState struct {
	School School // by the newest register that held it
	years  map[domain.SchoolYear]Listing

	located  Located
	counts   map[domain.SchoolYear]map[int]Count // by grade
	counters map[domain.SchoolYear][]string      // sources
	declared bool                                // its services ever were
	services []Service
}

// Listing is what the register says of a site for a school year.
type Listing struct {
	School    School            // when Gone: as it last was before
	Year      domain.SchoolYear // the register this is from
	Gone      bool              // that register no longer holds it
	Successor domain.School
	Assumed   bool // the year asked for was never imported: this is the nearest one
}

// DecideSchool answers a command with the events it causes, with none if it is already so, or with the rule that forbids it.
func DecideSchool(s SchoolState, c SchoolCommand) ([]SchoolEvent, error) {
	if err := mayDecide(s, c); err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case ListSchool:
		return s.list(c)
	case DelistSchool:
		return s.delist(c)
	}
	if len(s.years) == 0 {
		return nil, ErrSchoolNotFound
	}
	switch c := c.(type) {
	case LocateSchool:
		return s.locate(c)
	case CountSchool:
		return s.count(c)
	case DeclareServices:
		return s.declareServices(c)
	}
	return nil, nil
}

// mayDecide leaves the register to the UST and to importers; what a site offers is its institution's word as well, which meets the sites
// of others as absent.
func mayDecide(s SchoolState, c SchoolCommand) error {
	by := c.Issued().By
	if by.Role == domain.RoleSystem || by.Role == domain.RoleUST {
		return nil
	}
	if _, services := c.(DeclareServices); !services || by.Role != domain.RoleSchool {
		return ErrNotUST
	}
	if by.Body != string(s.School.Institution) {
		return ErrSchoolNotFound
	}
	return nil
}

func (s SchoolState) list(c ListSchool) ([]SchoolEvent, error) {
	if err := checkSchool(c.Year, c.School); err != nil {
		return nil, err
	}
	if s.School.Code != "" && s.School.Code != c.School.Code {
		return nil, ErrOtherSchool
	}
	switch l, listed := s.years[c.Year]; {
	case !listed || l.Gone:
		return []SchoolEvent{SchoolListed{c.Year, c.School}}, nil
	case l.School == c.School:
		return nil, nil
	default:
		return []SchoolEvent{SchoolAmended{c.Year, c.School}}, nil
	}
}

func checkSchool(y domain.SchoolYear, v School) error {
	if y < 2000 || y > 2100 {
		return ErrSchoolYear
	}
	if code, err := domain.ParseSchool(string(v.Code)); err != nil || code != v.Code {
		return ErrSchoolMalformed.On("code")
	}
	if code, err := domain.ParseSchool(string(v.Institution)); err != nil || string(code) != string(v.Institution) {
		return ErrSchoolMalformed.On("institution")
	}
	switch {
	case v.Name == "":
		return ErrSchoolMalformed.On("name")
	case v.Comune == "":
		return ErrSchoolMalformed.On("comune")
	case v.Order != "" && !v.Order.Valid():
		return ErrSchoolMalformed.On("order")
	case v.Feature == "":
		return ErrSchoolMalformed.On("feature")
	case v.Management != StateRun && v.Management != Paritaria:
		return ErrSchoolMalformed.On("management")
	}
	return nil
}

func (s SchoolState) delist(c DelistSchool) ([]SchoolEvent, error) {
	l, known := s.On(c.Year)
	switch {
	case !known:
		return nil, ErrSchoolNotFound
	case c.Year < 2000 || c.Year > 2100:
		return nil, ErrSchoolYear
	case c.Successor != "":
		if code, err := domain.ParseSchool(string(c.Successor)); err != nil || code != c.Successor || code == l.School.Code {
			return nil, ErrSuccessor
		}
	}
	if l.Gone && !l.Assumed && l.Successor == c.Successor {
		return nil, nil
	}
	return []SchoolEvent{SchoolDelisted{c.Year, c.Successor}}, nil
}

// EvolveSchool is total: what is in the journal has happened.
func EvolveSchool(s SchoolState, e SchoolEvent) SchoolState {
	switch e := e.(type) {
	case SchoolListed:
		s = s.listed(e.Year, e.School)
	case SchoolAmended:
		s = s.listed(e.Year, e.School)
	case SchoolDelisted:
		last, _ := s.On(e.Year)
		s.years = put(s.years, e.Year, Listing{School: last.School, Year: e.Year, Gone: true, Successor: e.Successor})
	case SchoolLocated:
		s.located = Located(e)
	case SchoolCounted:
		s = s.counted(e)
	case ServicesDeclared:
		s.declared, s.services = true, e.Services
	}
	return s
}

func (s SchoolState) listed(y domain.SchoolYear, v School) SchoolState {
	newest := true
	for other, l := range s.years {
		newest = newest && (l.Gone || other <= y)
	}
	if newest {
		s.School = v
	}
	s.years = put(s.years, y, Listing{School: v, Year: y})
	return s
}

// Years lists the school years of which a register said something, in order.
func (s SchoolState) Years() []domain.SchoolYear { return slices.Sorted(maps.Keys(s.years)) }

// On is what the register of a school year says, or, where that year was never imported, the nearest one; of two equally near the
// earlier. False: no register ever held the site.
func (s SchoolState) On(y domain.SchoolYear) (Listing, bool) {
	years := s.Years()
	if len(years) == 0 {
		return Listing{}, false
	}
	near := slices.MinFunc(years, func(a, b domain.SchoolYear) int { return cmp.Compare(max(a-y, y-a), max(b-y, y-b)) })
	l := s.years[near]
	l.Assumed = near != y
	return l, true
}

// Offerable reports whether a child can be offered a place there in a school year and at a level. Institutions that are no site,
// prison, hospital and evening sites and CPIA never are. Assumed: that year was never imported and the nearest one answered.
func (s SchoolState) Offerable(l grade.Level, y domain.SchoolYear) (ok, assumed bool) {
	v, known := s.On(y)
	return known && !v.Gone && v.School.TakesPupils() && v.School.Order == l.Order && l.Validate() == nil, v.Assumed
}
