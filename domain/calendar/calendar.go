// Package calendar counts working days and school days, so that a clock means the same to a comune, a centre and a school.
// Days are civil days in Rome; deadlines are instants in UTC.
package calendar

import (
	"time"

	"approdo/domain"
)

// fixed are the national holidays with a date of their own (L. 260/1949 and what amended it), in the years this program can
// meet: 2 June is one again since 2001. Saint Francis came with L. 151/2025, in force since 2026.
var fixed = []struct {
	month time.Month
	day   int
	since int
}{
	{time.January, 1, 0}, {time.January, 6, 0}, {time.April, 25, 0}, {time.May, 1, 0}, {time.June, 2, 0},
	{time.August, 15, 0}, {time.October, 4, 2026}, {time.November, 1, 0}, {time.December, 8, 0},
	{time.December, 25, 0}, {time.December, 26, 0},
}

// patrons are the local holidays that clocks respect. The register knows only Sant'Ambrogio, which closes the offices of the UST
// itself; a clock elsewhere counts the patron's day of its comune as a working day.
var patrons = map[domain.Comune]struct {
	month time.Month
	day   int
}{domain.Milano: {time.December, 7}}

// IsHoliday reports whether a day is a holiday in a comune: Sundays, national holidays, and the comune's own. An empty comune
// has none of its own.
func IsHoliday(d domain.Date, comune domain.Comune) bool {
	if d.Weekday() == time.Sunday || d == Easter(d.Year).AddDays(1) {
		return true
	}
	for _, h := range fixed {
		if d.Month == h.month && d.Day == h.day && d.Year >= h.since {
			return true
		}
	}
	p, local := patrons[comune]
	return local && d.Month == p.month && d.Day == p.day
}

// IsWorkingDay reports whether offices in a comune work: Monday to Friday, holidays apart.
func IsWorkingDay(d domain.Date, comune domain.Comune) bool {
	return d.Weekday() != time.Saturday && !IsHoliday(d, comune)
}

// AddWorkingDays is the n-th working day after a day, which is itself not counted; with n below 1 it is the day itself.
func AddWorkingDays(d domain.Date, n int, comune domain.Comune) domain.Date {
	return add(d, n, func(d domain.Date) bool { return IsWorkingDay(d, comune) })
}

// WorkingDaysBetween counts the working days after from, up to and with to; it is negative where to is earlier.
func WorkingDaysBetween(from, to domain.Date, comune domain.Comune) int {
	if to.Before(from) {
		return -WorkingDaysBetween(to, from, comune)
	}
	n := 0
	for d := from; d != to; {
		if d = d.AddDays(1); IsWorkingDay(d, comune) {
			n++
		}
	}
	return n
}

// Deadline is when something asked at an instant is overdue that was to be done within n working days: the first instant, in
// UTC, after the n-th working day in Rome.
func Deadline(at time.Time, n int, comune domain.Comune) time.Time {
	return AddWorkingDays(domain.DateOf(at), n, comune).AddDays(1).Start()
}

// add is the n-th day after d of those that count.
func add(d domain.Date, n int, counts func(domain.Date) bool) domain.Date {
	for n > 0 {
		if d = d.AddDays(1); counts(d) {
			n--
		}
	}
	return d
}

// Easter is Easter Sunday of a Gregorian year, by the anonymous computus of 1876 (Meeus, Jones, Butcher).
func Easter(year int) domain.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (b - (b+8)/25 + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return domain.Date{Year: year, Month: time.Month(n / 31), Day: n%31 + 1}
}
