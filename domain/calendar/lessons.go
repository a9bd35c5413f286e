package calendar

import (
	"time"

	"approdo/domain"
)

// Span is a run of days, both ends included.
type Span struct {
	From domain.Date `json:"from"`
	To   domain.Date `json:"to"`
}

// Holds reports whether a day lies in it.
func (s Span) Holds(d domain.Date) bool { return !d.Before(s.From) && !s.To.Before(d) }

// Lessons are the days of lessons of one school year, from primaria on, and the breaks in them.
type Lessons struct {
	Span
	Breaks []Span `json:"breaks"`
}

// Register holds the school calendar by school year, as the region decided it. Where a year is missing, Lombardia stands for it:
// the nil Register is the default. Schools may adapt it on their own, which no register here follows.
type Register map[domain.SchoolYear]Lessons

// Lombardia is the region's permanent calendar (DGR IX/3318 of 18 April 2012): lessons from 12 September to 8 June, a day later or
// earlier where that is a holiday; Christmas from 23 December to 6 January; Carnival, by the Ambrosian rite that most of the
// province keeps, on the Friday and Saturday before the first Sunday of Lent; Easter from Thursday to the Tuesday after it.
func Lombardia(y domain.SchoolYear) Lessons {
	first := domain.Date{Year: int(y), Month: time.September, Day: 12}
	for IsHoliday(first, "") {
		first = first.AddDays(1)
	}
	last := domain.Date{Year: int(y) + 1, Month: time.June, Day: 8}
	for IsHoliday(last, "") {
		last = last.AddDays(-1)
	}
	easter := Easter(int(y) + 1)
	return Lessons{Span{first, last}, []Span{
		{domain.Date{Year: int(y), Month: time.December, Day: 23}, domain.Date{Year: int(y) + 1, Month: time.January, Day: 6}},
		{easter.AddDays(-44), easter.AddDays(-43)},
		{easter.AddDays(-3), easter.AddDays(2)},
	}}
}

// Of is the calendar of a school year.
func (r Register) Of(y domain.SchoolYear) Lessons {
	if l, ok := r[y]; ok {
		return l
	}
	return Lombardia(y)
}

// IsSchoolDay reports whether there are lessons in a comune: Monday to Friday, since not every school has Saturdays, within the
// lessons of the year and outside holidays and breaks.
func (r Register) IsSchoolDay(d domain.Date, comune domain.Comune) bool {
	l := r.Of(domain.SchoolYearOf(d))
	if !l.Holds(d) || !IsWorkingDay(d, comune) {
		return false
	}
	for _, b := range l.Breaks {
		if b.Holds(d) {
			return false
		}
	}
	return true
}

// maxPause is the longest stretch without lessons that is believed: a year entered by mistake without a single day must not hang
// a clock.
const maxPause = 400

// AddSchoolDays is the n-th school day after a day, which is itself not counted; it passes over the summer. With n below 1, or
// where the register has no school day for more than a year, it is the day it had come to.
func (r Register) AddSchoolDays(d domain.Date, n int, comune domain.Comune) domain.Date {
	pause := 0
	return add(d, n, func(d domain.Date) bool {
		if pause++; r.IsSchoolDay(d, comune) || pause > maxPause {
			pause = 0
			return true
		}
		return false
	})
}

// SchoolDeadline is Deadline in school days.
func (r Register) SchoolDeadline(at time.Time, n int, comune domain.Comune) time.Time {
	return r.AddSchoolDays(domain.DateOf(at), n, comune).AddDays(1).Start()
}
