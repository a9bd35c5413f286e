package territory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"approdo/domain"
	"approdo/domain/places"
)

// Count is how many pupils a site has in a grade by an official file. Grade 0 is the whole site.
type Count struct {
	Grade        int  `json:"grade"`
	Classes      int  `json:"classes,omitzero"` // 0: not known
	Pupils       int  `json:"pupils"`
	Foreign      int  `json:"foreign,omitzero"`       // without Italian citizenship
	ForeignKnown bool `json:"foreign_known,omitzero"` // else Foreign is 0 and says nothing
}

// With is what two files of one year say together, whichever came first: the classes of the one stay where the other has none. Pupils are
// those among whom the foreign ones were counted, so that the share is that of one file; without such a file they are the newer one's.
func (c Count) With(newer Count) Count {
	if newer.Classes == 0 {
		newer.Classes = c.Classes
	}
	if c.ForeignKnown && !newer.ForeignKnown {
		newer.Pupils, newer.Foreign, newer.ForeignKnown = c.Pupils, c.Foreign, true
	}
	return newer
}

// Room is how many pupils without Italian citizenship may still join before their share passes a ceiling in percent
// (places.CeilingRoom): those of one class of average size where the classes are known, else those of the whole grade or site. 0 where
// the ceiling is reached or passed, math.MaxInt where it is the whole class; false where the foreign pupils are not known.
func (c Count) Room(percent int) (int, bool) {
	if !c.ForeignKnown {
		return 0, false
	}
	room := max(0, places.CeilingRoom(c.Pupils, c.Foreign, percent))
	return room / max(1, c.Classes), true
}

// Share is the foreign pupils in tenths of a percent, rounded; false where they are not known, or there is no pupil.
func (c Count) Share() (tenths int, known bool) {
	if !c.ForeignKnown || c.Pupils == 0 {
		return 0, false
	}
	return (2000*c.Foreign + c.Pupils) / (2 * c.Pupils), true
}

// SchoolCounted is what a file of a school year says of a site, for the grades of which it says something new.
type SchoolCounted struct {
	Year   domain.SchoolYear `json:"year"`
	Source string            `json:"source"`
	Counts []Count           `json:"counts"` // by grade
}

func (SchoolCounted) schoolEvent() {}

// CountSchool says how many pupils a site has in a school year. A grade it does not name stays as it is.
type CountSchool struct {
	domain.Act
	Year   domain.SchoolYear
	Source string
	Counts []Count
}

func (CountSchool) schoolCommand() {}

// ErrCount refuses figures that cannot be: more foreign pupils than pupils, a grade twice, none at all.
var ErrCount = domain.Invalid("school-count-malformed").On("counts")

const (
	maxPupils  = 5000 // of a site: the largest has a third of it
	maxClasses = 300
	lastGrade  = 5
)

func (c Count) valid() bool {
	return c.Grade >= 0 && c.Grade <= lastGrade && c.Classes >= 0 && c.Classes <= maxClasses && c.Pupils >= 0 && c.Pupils <= maxPupils &&
		c.Foreign >= 0 && c.Foreign <= c.Pupils && (c.ForeignKnown || c.Foreign == 0)
}

func (s SchoolState) count(c CountSchool) ([]SchoolEvent, error) {
	counts := slices.SortedFunc(slices.Values(c.Counts), func(a, b Count) int { return cmp.Compare(a.Grade, b.Grade) })
	source := strings.TrimSpace(c.Source)
	switch {
	case !fitsALine(source):
		return nil, ErrFigureSource
	case c.Year < 2000 || c.Year > 2100:
		return nil, ErrSchoolYear
	case len(counts) == 0:
		return nil, ErrCount
	}
	for i, v := range counts {
		if !v.valid() || i > 0 && counts[i-1].Grade == v.Grade {
			return nil, ErrCount
		}
	}
	known := s.counts[c.Year]
	counts = slices.DeleteFunc(counts, func(v Count) bool {
		old, ok := known[v.Grade]
		return ok && old.With(v) == old
	})
	if len(counts) == 0 {
		return nil, nil
	}
	return []SchoolEvent{SchoolCounted{c.Year, source, counts}}, nil
}

func (s SchoolState) counted(e SchoolCounted) SchoolState {
	of := s.counts[e.Year]
	for _, c := range e.Counts {
		of = put(of, c.Grade, of[c.Grade].With(c))
	}
	s.counts = put(s.counts, e.Year, of)
	if from := s.counters[e.Year]; !slices.Contains(from, e.Source) {
		s.counters = put(s.counters, e.Year, append(slices.Clone(from), e.Source))
	}
	return s
}

// Count is how many pupils a grade has by the newest register of pupils that is not after a school year, or, where all are, by the first
// after it; the year says which. One that knows the foreign pupils comes before a newer one that does not: by them the ceiling is reckoned.
// Where a register does not have the grade it is the whole site: the answer's Grade tells. Grade 0 asks for the whole site, which is all
// grades together where no file had it as such. False: no register ever counted the site.
func (s SchoolState) Count(y domain.SchoolYear, grade int) (Count, domain.SchoolYear, bool) {
	years := slices.Sorted(maps.Keys(s.counts))
	if first := slices.IndexFunc(years, func(other domain.SchoolYear) bool { return other > y }); first != 0 {
		if first > 0 {
			years = years[:first]
		}
		slices.Reverse(years)
	}
	for _, from := range years {
		if c := s.countIn(from, grade); c.ForeignKnown {
			return c, from, true
		}
	}
	if len(years) == 0 {
		return Count{}, 0, false
	}
	return s.countIn(years[0], grade), years[0], true
}

func (s SchoolState) countIn(y domain.SchoolYear, grade int) Count {
	if c, ok := s.counts[y][grade]; ok {
		return c
	}
	return s.wholeSite(y)
}

// Counts lists what the registers of a school year say, by grade.
func (s SchoolState) Counts(y domain.SchoolYear) []Count {
	return slices.SortedFunc(maps.Values(s.counts[y]), func(a, b Count) int { return cmp.Compare(a.Grade, b.Grade) })
}

// CountedBy lists whose figures those of a school year are, in the words to be shown beside them, in the order they came.
func (s SchoolState) CountedBy(y domain.SchoolYear) []string { return slices.Clone(s.counters[y]) }

// wholeSite adds the grades up where no file did. What one grade does not know, the site does not; nor does it know its foreign pupils where
// a grade of its order is missing, as one is that the ministry masks.
func (s SchoolState) wholeSite(y domain.SchoolYear) Count {
	of := s.counts[y]
	if c, ok := of[0]; ok {
		return c
	}
	all := Count{ForeignKnown: len(of) >= s.School.Order.Years()}
	classes := true
	for _, c := range of {
		all.Pupils, all.Classes, all.Foreign = all.Pupils+c.Pupils, all.Classes+c.Classes, all.Foreign+c.Foreign
		all.ForeignKnown, classes = all.ForeignKnown && c.ForeignKnown, classes && c.Classes > 0
	}
	if !all.ForeignKnown {
		all.Foreign = 0
	}
	if !classes {
		all.Classes = 0
	}
	return all
}
