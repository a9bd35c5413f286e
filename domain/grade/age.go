package grade

import (
	"time"

	"approdo/domain"
)

// Why age leads to no level.
var (
	ErrNoBirth       = domain.Invalid("birth-date-missing")
	ErrTooYoung      = domain.Refused("too-young-for-school")
	ErrPastSchoolAge = domain.Refused("past-school-age")
)

// ByAge is the level of those born on a day in a school year: the registry age is what a child turns in the calendar year in which
// the school year begins (DPR 394/1999 art. 45 c. 2, DPR 89/2009). Below three it is ErrTooYoung, above eighteen
// ErrPastSchoolAge, for whom CPIA is left.
func ByAge(birth domain.Date, y domain.SchoolYear) (Level, error) {
	if birth.IsZero() {
		return Level{}, ErrNoBirth
	}
	switch d := int(y) - birth.Year; {
	case d < 3:
		return Level{}, ErrTooYoung
	case d <= 5:
		return Level{Order: Infanzia}, nil
	case d <= 10:
		return Level{Primaria, d - 5}, nil
	case d <= 13:
		return Level{SecondariaI, d - 10}, nil
	case d <= 18:
		return Level{SecondariaII, d - 13}, nil
	default:
		return Level{}, ErrPastSchoolAge
	}
}

// EarlyEntry reports whether the family may ask for the first year of primaria a year early: the child turns six by 30 April of
// the school year (DPR 89/2009 art. 4 c. 2). It is the family's choice and needs no resolution.
func EarlyEntry(birth domain.Date, y domain.SchoolYear) bool {
	return !birth.IsZero() && birth.Year == int(y)-5 && birth.Month <= time.April
}

// Age is the number of birthdays on a day; someone born on 29 February has it on 1 March in other years.
func Age(birth, on domain.Date) int {
	age := on.Year - birth.Year
	if on.Month < birth.Month || on.Month == birth.Month && on.Day < birth.Day {
		age--
	}
	return age
}

// Obliged reports whether a child is under the obligation of instruction: from the school year that begins in the calendar year
// in which it turns six, to its sixteenth birthday (L. 296/2006 art. 1 c. 622). It binds minors whatever their papers say.
func Obliged(birth, on domain.Date) bool {
	return !birth.IsZero() && int(domain.SchoolYearOf(on))-birth.Year >= 6 && Age(birth, on) < 16
}

// Access says whether a CPIA, the school for adults, is a way for somebody.
type Access string

// Closed below fifteen, only with a reason at fifteen, open from sixteen (DPR 263/2012 art. 3).
const (
	Closed     Access = "closed"
	WithReason Access = "with-reason"
	Free       Access = "open"
)

// CPIA is the access to a CPIA on a day. Without a date of birth it is Closed.
func CPIA(birth, on domain.Date) Access {
	switch age := Age(birth, on); {
	case birth.IsZero() || age < 15:
		return Closed
	case age == 15:
		return WithReason
	default:
		return Free
	}
}
