package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/calendar"
)

func day(t testing.TB, s string) domain.Date {
	t.Helper()
	d, err := domain.ParseDate(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return d
}

const rozzano domain.Comune = "015189"

func TestEaster(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2016-03-27", "2022-04-17",
		"2023-04-09", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18", "2076-04-19"} {
		if want := day(t, s); calendar.Easter(want.Year) != want {
			t.Errorf("%d: %v, want %v", want.Year, calendar.Easter(want.Year), want)
		}
	}
}

func TestEasterIsASundayOfSpring(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.IntRange(1583, 4000).Draw(t, "year")
		e := calendar.Easter(y)
		if e.Weekday() != time.Sunday || e.Before(domain.Date{Year: y, Month: time.March, Day: 22}) ||
			(domain.Date{Year: y, Month: time.April, Day: 25}).Before(e) {
			t.Fatalf("%v is a %v", e, e.Weekday())
		}
	})
}

func TestWorkingDays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		day    string
		comune domain.Comune
		want   bool
	}{
		{"2022-03-14", rozzano, true},
		{"2022-03-12", rozzano, false},       // Saturday
		{"2022-03-13", rozzano, false},       // Sunday
		{"2022-04-18", rozzano, false},       // Easter Monday
		{"2022-04-15", rozzano, true},        // Good Friday
		{"2022-04-25", rozzano, false},       // Liberation
		{"2022-06-02", rozzano, false},       // Republic
		{"2022-08-15", rozzano, false},       // Assumption
		{"2022-11-01", rozzano, false},       // All Saints
		{"2022-12-07", rozzano, true},        // Sant'Ambrogio elsewhere
		{"2022-12-07", domain.Milano, false}, // and in Milano
		{"2022-12-07", "", true},
		{"2022-12-08", domain.Milano, false},
		{"2023-10-04", rozzano, true},  // before L. 151/2025
		{"2025-10-04", rozzano, false}, // a Saturday
		{"2027-10-04", rozzano, false}, // a Monday, Saint Francis
	}
	for _, tt := range tests {
		if got := calendar.IsWorkingDay(day(t, tt.day), tt.comune); got != tt.want {
			t.Errorf("%s in %q: %v", tt.day, tt.comune, got)
		}
	}
}

func TestAddingWorkingDaysPassesOverHolidays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from   string
		n      int
		comune domain.Comune
		want   string
	}{
		{"2022-03-14", 2, rozzano, "2022-03-16"},
		{"2022-03-11", 2, rozzano, "2022-03-15"},       // over a weekend
		{"2022-03-12", 1, rozzano, "2022-03-14"},       // from a Saturday
		{"2022-04-14", 2, rozzano, "2022-04-19"},       // over Easter
		{"2022-12-06", 1, rozzano, "2022-12-07"},       // elsewhere
		{"2022-12-06", 1, domain.Milano, "2022-12-09"}, // over Sant'Ambrogio and the Immacolata
		{"2022-03-12", 0, rozzano, "2022-03-12"},
		{"2022-03-12", -3, rozzano, "2022-03-12"},
	}
	for _, tt := range tests {
		if got := calendar.AddWorkingDays(day(t, tt.from), tt.n, tt.comune); got != day(t, tt.want) {
			t.Errorf("%s + %d in %s: %v, want %s", tt.from, tt.n, tt.comune, got, tt.want)
		}
	}
}

func TestCountingAndAddingAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := domain.Date{Year: 2022, Month: time.January, Day: 1}.AddDays(rapid.IntRange(0, 3000).Draw(t, "from"))
		n := rapid.IntRange(0, 60).Draw(t, "n")
		comune := rapid.SampledFrom([]domain.Comune{domain.Milano, rozzano}).Draw(t, "comune")
		to := calendar.AddWorkingDays(from, n, comune)
		if got := calendar.WorkingDaysBetween(from, to, comune); got != n {
			t.Fatalf("%v to %v: %d, want %d", from, to, got, n)
		}
		if got := calendar.WorkingDaysBetween(to, from, comune); got != -n {
			t.Fatalf("backward %d, want %d", got, -n)
		}
		if n > 0 && !calendar.IsWorkingDay(to, comune) {
			t.Fatalf("%v is no working day", to)
		}
	})
}

func TestADeadlineIsTheEndOfItsDayInRome(t *testing.T) {
	t.Parallel()
	tests := []struct {
		at   string
		n    int
		want string
	}{
		{"2022-03-14T09:00:00Z", 2, "2022-03-16T23:00:00Z"}, // winter: midnight is 23:00 UTC
		{"2022-03-24T09:00:00Z", 2, "2022-03-28T22:00:00Z"}, // the clocks go forward on 27 March
		{"2022-03-14T23:30:00Z", 1, "2022-03-16T23:00:00Z"}, // it is the 15th in Rome already
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		got := calendar.Deadline(at, tt.n, rozzano)
		if got.Format(time.RFC3339) != tt.want || got.Location() != time.UTC {
			t.Errorf("%s + %d: %v, want %s", tt.at, tt.n, got, tt.want)
		}
	}
}

func TestTheLombardiaCalendar(t *testing.T) {
	t.Parallel()
	school := map[string]bool{
		"2022-09-09": false, "2022-09-12": true, "2022-10-31": true, "2022-11-01": false,
		"2022-12-22": true, "2022-12-23": false, "2023-01-06": false, "2023-01-09": true,
		"2023-02-23": true, "2023-02-24": false, "2023-02-27": true, // Ambrosian Carnival
		"2023-04-05": true, "2023-04-06": false, "2023-04-11": false, "2023-04-12": true, // Easter
		"2023-06-02": false, "2023-06-08": true, "2023-06-09": false, "2023-07-03": false,
		"2021-09-13": true, // the 12th was a Sunday
		"2022-09-17": false,
	}
	for s, want := range school {
		if got := calendar.Register(nil).IsSchoolDay(day(t, s), rozzano); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
	if got := calendar.Lombardia(2021).From; got != day(t, "2021-09-13") {
		t.Errorf("2021/22 begins %v", got)
	}
	if got := calendar.Lombardia(2024).To; got != day(t, "2025-06-07") {
		t.Errorf("2024/25 ends %v", got)
	}
	if calendar.Register(nil).IsSchoolDay(day(t, "2022-12-07"), domain.Milano) {
		t.Error("school on Sant'Ambrogio in Milano")
	}
}

func TestSchoolDaysPassOverTheSummer(t *testing.T) {
	t.Parallel()
	var r calendar.Register
	if got := r.AddSchoolDays(day(t, "2022-06-06"), 5, rozzano); got != day(t, "2022-09-14") {
		t.Errorf("%v", got) // 7 and 8 June, 12 to 14 September
	}
	at := day(t, "2022-03-14").Start().Add(9 * time.Hour)
	if got := r.SchoolDeadline(at, 15, rozzano); got != day(t, "2022-04-05").Start() {
		t.Errorf("%v", got)
	}
}

func TestARegisteredYearCountsBeforeTheDefault(t *testing.T) {
	t.Parallel()
	r := calendar.Register{2022: {Span: calendar.Span{From: day(t, "2022-09-05"), To: day(t, "2023-06-10")}}}
	for s, want := range map[string]bool{"2022-09-05": true, "2022-12-23": true, "2023-06-09": true, "2023-09-11": false, "2023-09-12": true} {
		if got := r.IsSchoolDay(day(t, s), rozzano); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
	empty := calendar.Register{}
	for y := domain.SchoolYear(2000); y < 2100; y++ {
		empty[y] = calendar.Lessons{}
	}
	from := day(t, "2022-03-14")
	if got := empty.AddSchoolDays(from, 2, rozzano); got != from.AddDays(802) {
		t.Errorf("without a school day it came to %v", got)
	}
}
