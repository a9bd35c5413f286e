package grade_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/grade"
)

func day(y int, m time.Month, d int) domain.Date { return domain.Date{Year: y, Month: m, Day: d} }

func TestThereAreFourteenLevelsAndEachIsReadBack(t *testing.T) {
	t.Parallel()
	var names []string
	for _, l := range grade.Levels() {
		names = append(names, l.String())
		back, err := grade.ParseLevel(l.String())
		if err != nil || back != l {
			t.Errorf("%s read back as %v, %v", l, back, err)
		}
	}
	want := strings.Fields(`infanzia primaria-1 primaria-2 primaria-3 primaria-4 primaria-5 secondaria-1-1 secondaria-1-2
		secondaria-1-3 secondaria-2-1 secondaria-2-2 secondaria-2-3 secondaria-2-4 secondaria-2-5`)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	b, err := json.Marshal(grade.Level{Order: grade.SecondariaI, Year: 2})
	if err != nil || string(b) != `{"order":"secondaria-1","year":2}` {
		t.Errorf("written %s, %v", b, err)
	}
}

func TestWhatIsNoLevelIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "infanzia-1", "infanzia-0", "primaria", "primaria-0", "primaria-6", "primaria-03", "primaria-+3",
		"secondaria-1", "secondaria-1-4", "secondaria-3-1", "Primaria-1", "primaria-1 "} {
		if l, err := grade.ParseLevel(s); !errors.Is(err, grade.ErrLevel) {
			t.Errorf("%q became %v, %v", s, l, err)
		}
	}
	for _, l := range []grade.Level{{}, {Order: grade.Infanzia, Year: 1}, {Order: grade.Primaria}, {Order: "nido"}} {
		if l.Validate() == nil {
			t.Errorf("%+v is valid", l)
		}
	}
}

func TestAgeLeadsToALevel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		born int
		want string
		err  error
	}{
		{2020, "", grade.ErrTooYoung},
		{2019, "infanzia", nil},
		{2017, "infanzia", nil},
		{2016, "primaria-1", nil},
		{2012, "primaria-5", nil},
		{2011, "secondaria-1-1", nil},
		{2009, "secondaria-1-3", nil},
		{2008, "secondaria-2-1", nil},
		{2004, "secondaria-2-5", nil},
		{2003, "", grade.ErrPastSchoolAge},
	}
	for _, tt := range tests {
		for _, birth := range []domain.Date{day(tt.born, time.January, 1), day(tt.born, time.December, 31)} {
			got, err := grade.ByAge(birth, 2022)
			if got.String() != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("born %v: %v, %v; want %s, %v", birth, got, err, tt.want, tt.err)
			}
		}
	}
	if _, err := grade.ByAge(domain.Date{}, 2022); !errors.Is(err, grade.ErrNoBirth) {
		t.Errorf("no birth: %v", err)
	}
}

func TestAYearLaterIsTheNextLevel(t *testing.T) {
	t.Parallel()
	levels := grade.Levels()
	rapid.Check(t, func(t *rapid.T) {
		y := domain.SchoolYear(rapid.IntRange(2000, 2060).Draw(t, "year"))
		birth := day(int(y)-rapid.IntRange(5, 17).Draw(t, "age"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 15)
		now, err := grade.ByAge(birth, y)
		next, errNext := grade.ByAge(birth, y+1)
		if err != nil || errNext != nil {
			t.Fatal(err, errNext)
		}
		for i, l := range levels[:len(levels)-1] {
			if l == now && levels[i+1] != next {
				t.Fatalf("after %v came %v", now, next)
			}
		}
	})
}

func TestEarlyEntry(t *testing.T) {
	t.Parallel()
	for birth, want := range map[domain.Date]bool{
		day(2017, time.January, 1): true, day(2017, time.April, 30): true, day(2017, time.May, 1): false,
		day(2016, time.December, 31): false, day(2018, time.January, 1): false, {}: false,
	} {
		if got := grade.EarlyEntry(birth, 2022); got != want {
			t.Errorf("born %v: %v", birth, got)
		}
	}
}

func TestObligation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		birth, on domain.Date
		want      bool
	}{
		{day(2016, time.December, 31), day(2022, time.September, 1), true}, // turns six in the year
		{day(2016, time.January, 1), day(2022, time.August, 31), false},    // six already, and the year has not begun
		{day(2017, time.January, 1), day(2022, time.September, 1), false},
		{day(2006, time.October, 10), day(2022, time.October, 9), true},
		{day(2006, time.October, 10), day(2022, time.October, 10), false},
		{domain.Date{}, day(2022, time.October, 10), false},
	}
	for _, tt := range tests {
		if got := grade.Obliged(tt.birth, tt.on); got != tt.want {
			t.Errorf("born %v, on %v: %v", tt.birth, tt.on, got)
		}
	}
}

func TestCPIA(t *testing.T) {
	t.Parallel()
	birth := day(2006, time.March, 14)
	for on, want := range map[domain.Date]grade.Access{
		day(2021, time.March, 13): grade.Closed, day(2021, time.March, 14): grade.WithReason,
		day(2022, time.March, 13): grade.WithReason, day(2022, time.March, 14): grade.Free,
	} {
		if got := grade.CPIA(birth, on); got != want {
			t.Errorf("on %v: %s", on, got)
		}
	}
	if got := grade.CPIA(domain.Date{}, birth); got != grade.Closed {
		t.Errorf("no birth: %s", got)
	}
}

func TestAnotherLevelThanByAgeNeedsTheCollegio(t *testing.T) {
	t.Parallel()
	p := func(year int) grade.Level { return grade.Level{Order: grade.Primaria, Year: year} }
	middle := grade.Level{Order: grade.SecondariaI, Year: 1}
	res := func(r grade.Reason) *grade.Resolution { return &grade.Resolution{Reason: r, Reference: "12/2022"} }
	tests := []struct {
		name         string
		byAge, asked grade.Level
		res          *grade.Resolution
		err          error
	}{
		{"as by age", p(3), p(3), nil, nil},
		{"one down, alone", p(3), p(2), nil, grade.ErrNoResolution},
		{"one down, by the system of origin", p(3), p(2), res(grade.SystemOfOrigin), nil},
		{"one up, into the next order", p(5), middle, res(grade.SystemOfOrigin), nil},
		{"first of primaria, out of infanzia", grade.Level{Order: grade.Infanzia}, p(1), res(grade.SystemOfOrigin), nil},
		{"two down, by the system of origin", p(3), p(1), res(grade.SystemOfOrigin), grade.ErrReasonOneStep},
		{"two down, by skills", p(3), p(1), res(grade.Skills), nil},
		{"any, by studies", p(5), p(1), res(grade.StudiesFollowed), nil},
		{"any, by title", p(1), middle, res(grade.TitleHeld), nil},
		{"past school age, by title", grade.Level{}, grade.Level{Order: grade.SecondariaII, Year: 5}, res(grade.TitleHeld), nil},
		{"past school age, by the system of origin", grade.Level{}, grade.Level{Order: grade.Infanzia}, res(grade.SystemOfOrigin), grade.ErrReasonOneStep},
		{"no such reason", p(3), p(2), res("because"), grade.ErrReason},
		{"no reference", p(3), p(2), &grade.Resolution{Reason: grade.Skills, Reference: "  "}, grade.ErrReference},
		{"a report for a reference", p(3), p(2), &grade.Resolution{Reason: grade.Skills, Reference: strings.Repeat("x", 121)}, grade.ErrReference},
		{"no such level", p(3), p(9), res(grade.Skills), grade.ErrLevel},
	}
	for _, tt := range tests {
		if err := grade.Allowed(tt.byAge, tt.asked, tt.res); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
	if len(grade.Reasons()) != 4 {
		t.Error("the law has four letters")
	}
}
