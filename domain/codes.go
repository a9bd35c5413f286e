package domain

import (
	"fmt"
	"strings"
	"time"
)

// Comune is the six-digit ISTAT code of a comune, "015146" for Milano.
type Comune string

// Milano is the only comune with municipi and Poli START.
const Milano Comune = "015146"

// Municipio is one of the nine zones of Milano; 0 where there is none or it is not known.
type Municipio int

// Ambito is the code of an ambito territoriale, "LOM0000021" to "LOM0000026".
type Ambito string

// Centre is the code of a CTI ("CTI-21", by its ambito) or a Polo START ("POLO-1").
type Centre string

// IsPolo tells the Poli START of the city from the CTI.
func (c Centre) IsPolo() bool { return strings.HasPrefix(string(c), "POLO-") }

// School is the ministry's ten-character code of a site (CODICESCUOLA), Institution that of the institution it belongs to
// (CODICEISTITUTORIFERIMENTO); a paritaria is its own institution.
type (
	School      string
	Institution string
)

// Channel is the way a case came in. A child may come by all three.
type Channel string

// The three channels of 2022: a comune's request, a school that enrolled on its own, a mail to the UST.
const (
	ChannelComune Channel = "comune"
	ChannelSchool Channel = "school"
	ChannelUST    Channel = "ust"
)

// Date is a civil day in Italy, written 2022-03-14, without a time zone. The zero Date is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Rome is the time zone in which days begin and end.
var Rome = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		panic(fmt.Sprintf("domain: Europe/Rome: %v", err)) // time/tzdata is linked into the program
	}
	return loc
}()

// DateOf is the civil day in Rome at an instant.
func DateOf(t time.Time) Date {
	y, m, d := t.In(Rome).Date()
	return Date{y, m, d}
}

// ParseDate reads 2022-03-14. The error is a domain.Error of kind Invalid.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, Invalid("date-malformed")
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

// IsZero reports whether there is no day.
func (d Date) IsZero() bool { return d == Date{} }

// String writes 2022-03-14, and nothing for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Start is the first instant of the day in Rome, in UTC.
func (d Date) Start() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, Rome).UTC()
}

// AddDays counts civil days.
func (d Date) AddDays(n int) Date {
	t := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC)
	return Date{t.Year(), t.Month(), t.Day()}
}

// DaysUntil counts civil days from d to e, negative when e is earlier.
func (d Date) DaysUntil(e Date) int {
	a := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	b := time.Date(e.Year, e.Month, e.Day, 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a) / (24 * time.Hour))
}

// Before orders days.
func (d Date) Before(e Date) bool { return d.DaysUntil(e) > 0 }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// MarshalText and UnmarshalText write and read 2022-03-14; the zero Date is the empty text.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(b))
	*d = v
	return err
}

// SchoolYear is named by the year in which it begins: 2022 is the school year 2022/23. It begins on 1 September.
type SchoolYear int

// SchoolYearOf is the school year a day belongs to.
func SchoolYearOf(d Date) SchoolYear {
	if d.Month >= time.September {
		return SchoolYear(d.Year)
	}
	return SchoolYear(d.Year - 1)
}

// String writes 2022/23.
func (y SchoolYear) String() string { return fmt.Sprintf("%d/%02d", int(y), (int(y)+1)%100) }

// First and Last are the days on which it begins and ends.
func (y SchoolYear) First() Date { return Date{int(y), time.September, 1} }

// Last is 31 August of the following year.
func (y SchoolYear) Last() Date { return Date{int(y) + 1, time.August, 31} }

// ParseSchool checks the form of a ministry school code: two letters of the province, two of the kind, six more.
func ParseSchool(s string) (School, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) != 10 {
		return "", Invalid("school-code-malformed")
	}
	for i, r := range s {
		digit, letter := r >= '0' && r <= '9', r >= 'A' && r <= 'Z'
		if !digit && !letter || i < 2 && !letter {
			return "", Invalid("school-code-malformed")
		}
	}
	return School(s), nil
}

// ParseComune checks the form of an ISTAT code.
func ParseComune(s string) (Comune, error) {
	if len(s) != 6 || strings.Trim(s, "0123456789") != "" {
		return "", Invalid("comune-code-malformed")
	}
	return Comune(s), nil
}
