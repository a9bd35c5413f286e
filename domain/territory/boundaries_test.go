package territory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"approdo/domain"
	. "approdo/domain/territory"
)

// square has a hole; it is south and west of nothing real.
var square = [][]Point{
	{{91_000, 454_000}, {91_100, 454_000}, {91_100, 454_100}, {91_000, 454_100}},
	{{91_040, 454_040}, {91_060, 454_040}, {91_050, 454_060}},
}

func TestAnOutlineIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	o := OutlineOf(square)
	if o != "M91000 454000l100 0 0 100-100 0zM91040 454040l20 0-10 20z" {
		t.Errorf("%s", o)
	}
	rings, err := o.Rings()
	if diff := cmp.Diff(square, rings); err != nil || diff != "" {
		t.Error(diff, err)
	}
	for _, bad := range []Outline{"", "M1 2z", "M1 2l3 4z", "M1 2l3 4 5 6", "M1 2l3 4 5z", "M1 2l3 4 5 x z", `M1 2l3 4 5 6z" onload="`, "m1 2l3 4 5 6z",
		"M1  2l3 4 5 6z", "M1800001 2l3 4 5 6z", "M1 900001l3 4 5 6z"} {
		if _, err := bad.Rings(); err == nil {
			t.Errorf("%q is an outline", bad)
		}
	}
}

func TestBoundariesAreARegisterWithADay(t *testing.T) {
	t.Parallel()
	areas := []Area{{rozzano, OutlineOf(square)}, {nosate, OutlineOf(square[:1])}}
	sorted := []Area{areas[1], areas[0]}
	p := given(t, founded)
	if _, ok := p.State().BoundariesOn(today); ok {
		t.Error("the program ships boundaries")
	}
	set := SetBoundaries{system, Boundaries{Source: " openpolis, da ISTAT ", Areas: areas}}
	first := Boundaries{From: today, Source: "openpolis, da ISTAT", Areas: sorted}
	p = p.When(set).Then(BoundariesSet{first})
	p.When(set).ThenNothing()
	later := set
	later.Boundaries.From, later.Boundaries.Areas = today.AddDays(10), areas[:1]
	p = p.When(later).Then(BoundariesSet{Boundaries{From: today.AddDays(10), Source: "openpolis, da ISTAT", Areas: areas[:1]}})
	if b, ok := p.State().BoundariesOn(today.AddDays(-100)); !ok || len(b.Areas) != 2 {
		t.Errorf("before the first set: %+v", b)
	}
	b, _ := p.State().BoundariesOn(today.AddDays(10))
	if want := (Box{Point{91_000, 454_000}, Point{91_100, 454_100}}); len(b.Areas) != 1 || b.Box(0) != want {
		t.Errorf("%+v, box %+v", b.Areas, b.Box(0))
	}
	given(t, founded).When(SetBoundaries{ust, set.Boundaries}).Then(BoundariesSet{first})
}

func TestBoundariesThatNobodyCouldDrawAreRefused(t *testing.T) {
	t.Parallel()
	good := OutlineOf(square)
	for name, tt := range map[string]struct {
		source string
		areas  []Area
		want   error
	}{
		"nothing":           {"ISTAT", nil, ErrNoAreas},
		"nobody's":          {"  ", []Area{{rozzano, good}}, ErrSource},
		"a long source":     {strings.Repeat("è", 201), []Area{{rozzano, good}}, ErrLongSource},
		"an unknown comune": {"ISTAT", []Area{{nowhere, good}}, ErrComuneUnknown},
		"a comune twice":    {"ISTAT", []Area{{rozzano, good}, {nosate, good}, {rozzano, good}}, ErrAreas},
		"no outline":        {"ISTAT", []Area{{rozzano, "M0 0"}}, ErrAreas},
		"too much":          {"ISTAT", []Area{{rozzano, OutlineOf(slices.Repeat(square, MaxOutlines/40))}}, ErrTooManyKB},
	} {
		t.Run(name, func(t *testing.T) {
			given(t, founded).When(SetBoundaries{ust, Boundaries{Source: tt.source, Areas: tt.areas}}).ThenRefused(tt.want)
		})
	}
	other := domain.Act{By: domain.Actor{Role: domain.RolePrefettura}, At: noon}
	given(t, founded).When(SetBoundaries{other, Boundaries{Source: "ISTAT", Areas: []Area{{rozzano, good}}}}).ThenRefused(ErrNotUST)
}
