package reading

import (
	"slices"
	"time"

	"approdo/domain"
	"approdo/domain/calendar"
)

// OutOfHours reports whether hardly any office is at work: from ten in the evening to six in the morning in Rome, and on days that are
// no working days anywhere in the province.
func OutOfHours(at time.Time) bool {
	at = at.In(domain.Rome)
	return at.Hour() >= 22 || at.Hour() < 6 || !calendar.IsWorkingDay(domain.DateOf(at), "")
}

// Reason says why somebody's reading of a day is shown to the UST. It is a question to ask, never a finding.
type Reason string

// The reasons.
const (
	ManyPupils   Reason = "many-pupils"    // far more than this reader is used to, or than anybody's day explains
	AtNight      Reason = "at-night"       // out of office hours
	OtherPlaces  Reason = "other-places"   // a centre's reader, and pupils who live outside its territory
	NamedByAudit Reason = "named-by-audit" // the Prefettura opened names
)

// Reasons lists them.
func Reasons() []Reason { return []Reason{ManyPupils, AtNight, OtherPlaces, NamedByAudit} }

// The bounds from which reading is unusual.
const (
	anyday     = 150 // pupils on one day, whoever it is
	atLeast    = 40  // pupils on one day, before the reader's own habit is asked
	timesHabit = 3   // times the median of the reader's days
	habitDays  = 5   // days of reading that make a habit
	nightly    = 5   // answers out of hours
	elsewhere  = 10  // pupils from outside the territory
)

// Amount is how much somebody read on one day.
type Amount struct {
	Pupils     int
	OutOfHours int   // answers
	Elsewhere  int   // pupils who live outside the reader's territory
	Named      int   // names opened for an audit
	Before     []int // pupils on each earlier day of reading within two months
}

// Unusual says why an amount is unusual; nothing where it is not.
func Unusual(a Amount) (reasons []Reason) {
	if a.Pupils >= anyday || a.Pupils >= atLeast && len(a.Before) >= habitDays && a.Pupils >= timesHabit*median(a.Before) {
		reasons = append(reasons, ManyPupils)
	}
	if a.OutOfHours >= nightly {
		reasons = append(reasons, AtNight)
	}
	if a.Elsewhere >= elsewhere {
		reasons = append(reasons, OtherPlaces)
	}
	if a.Named > 0 {
		reasons = append(reasons, NamedByAudit)
	}
	return reasons
}

func median(n []int) int {
	n = slices.Sorted(slices.Values(n))
	return n[len(n)/2]
}
