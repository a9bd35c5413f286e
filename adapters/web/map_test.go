package web

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/territory"
)

// boxOf is a square around a comune's centroid, in hundredths of a degree, with a hole.
func boxOf(t testing.TB, land territory.State, code domain.Comune, half int) territory.Area {
	t.Helper()
	c, ok := land.Comune(code)
	if !ok {
		t.Fatalf("no comune %s", code)
	}
	x, y := int(c.Lon*territory.Grid), int(c.Lat*territory.Grid)
	ring := func(r int) []territory.Point {
		return []territory.Point{{X: x - r, Y: y - r}, {X: x + r, Y: y - r}, {X: x + r, Y: y + r}, {X: x - r, Y: y + r}}
	}
	return territory.Area{Comune: code, Outline: territory.OutlineOf([][]territory.Point{ring(100 * half), ring(10)})}
}

// bounded is a territory with the areas of Milano, Rozzano and a small Opera.
func bounded(t testing.TB) territory.State {
	t.Helper()
	land := territory.Evolve(territory.State{}, territory.Founded{Province: territory.Province015, Register: territory.Shipped()})
	return territory.Evolve(land, territory.BoundariesSet{Boundaries: territory.Boundaries{From: domain.DateOf(now), Source: "openpolis <ISTAT>",
		Areas: []territory.Area{boxOf(t, land, domain.Milano, 6), boxOf(t, land, "015159", 1), boxOf(t, land, "015189", 1)}}})
}

func TestTheMapDrawsTheAreasThatTheRegisterHas(t *testing.T) {
	t.Parallel()
	land := bounded(t)
	bounds, _ := land.BoundariesOn(domain.DateOf(now))
	m := mapOf(land.Comuni(), bounds, func(c domain.Comune) int {
		return map[domain.Comune]int{domain.Milano: 100, "015159": few, "015189": 5, "015011": 7}[c]
	})
	if len(m.Areas) != 3 || len(m.Circles) != 130 || m.Source != bounds.Source || !m.Few {
		t.Fatalf("%d areas, %d circles, %+v", len(m.Areas), len(m.Circles), m)
	}
	var dx, dy, wide, high float64
	if _, err := fmt.Sscanf(m.Place, "translate(%f %f) scale(%f %f)", &dx, &dy, &wide, &high); err != nil {
		t.Fatal(err)
	}
	for i, a := range m.Areas {
		b := bounds.Box(slices.IndexFunc(bounds.Areas, func(x territory.Area) bool { return x.Outline == a.Outline }))
		x, y := dx+wide*float64(b.Low.X+b.High.X)/2, dy+high*float64(b.Low.Y+b.High.Y)/2
		if math.Abs(x-float64(a.X)) > 1.5 || math.Abs(y-float64(a.Y)) > 1.5 {
			t.Errorf("area %d lies around %.0f, %.0f and its figure at %d, %d", i, x, y, a.X, a.Y)
		}
		want := map[string]shade{"Milano": {Step: 5, Room: wideRoom}, "Rozzano": {Step: 2, Room: narrowRoom}, "Opera": {Step: 1, Room: noRoom}}[a.Name]
		if a.Step != want.Step || a.Room != want.Room {
			t.Errorf("%s has step %d, room %q", a.Name, a.Step, a.Room)
		}
		if a.X < 0 || a.X > m.Width || a.Y < 0 || a.Y > m.Height {
			t.Errorf("%s lies outside", a.Name)
		}
	}
	if m.Circles[0].Name != "Assago" || m.Circles[0].R == emptyR {
		t.Errorf("the comune with a figure and without an area: %+v", m.Circles[0])
	}
	none := mapOf(land.Comuni(), bounds, func(domain.Comune) int { return 0 })
	if i := slices.IndexFunc(none.Areas, func(a shade) bool { return a.Step != 0 || a.Room != noRoom }); i >= 0 {
		t.Errorf("without a case: %+v", none.Areas[i])
	}
}

func TestTheStepsOfTheMapTakeInAllFigures(t *testing.T) {
	t.Parallel()
	for most := 1; most < 3000; most++ {
		steps := stepsOf(most)
		if len(steps) > mapSteps || steps[0].From != 1 || steps[len(steps)-1].To != most {
			t.Fatalf("up to %d: %v", most, steps)
		}
		for i, s := range steps {
			if s.From > s.To || s.N != i+1 || i > 0 && s.From != steps[i-1].To+1 {
				t.Fatalf("up to %d: %v", most, steps)
			}
		}
	}
	steps := stepsOf(49)
	for n, want := range map[int]int{0: 0, few: 1, 1: 1, 3: 1, 4: 2, 5: 2, 49: 5} {
		if got := stepOf(steps, n); got != want {
			t.Errorf("%d is of step %d", n, got)
		}
	}
}

func TestTheBoardDrawsAreasOnceTheyAreImported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if _, body := o.get(atUST, "/cruscotto"); strings.Contains(body, "<path class=\"step-") || !strings.Contains(body, "<circle ") {
		t.Error("areas that nobody imported")
	}
	land, err := o.desk.Territory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set := territory.SetBoundaries{Act: o.desk.Act(atUST), Boundaries: territory.Boundaries{Source: "openpolis <ISTAT>", Areas: []territory.Area{boxOf(t, land, "015189", 3)}}}
	if _, err := o.desk.EditTerritory(t.Context(), desk.NewTicket(), set); err != nil {
		t.Fatal(err)
	}
	outline := string(set.Boundaries.Areas[0].Outline)
	for _, a := range []domain.Actor{atUST, atPrefettura, atCTI, atRozzano, atSchool} {
		if access.Large(a, access.ReadBoard) != nil {
			continue
		}
		code, body := o.get(a, "/cruscotto")
		if code != http.StatusOK {
			t.Fatalf("%s: %d", a.Role, code)
		}
		drawn := strings.Contains(body, ` d="`+outline+`"`)
		if whole := a.Role != domain.RoleComune; drawn != whole {
			t.Errorf("%s: the area is drawn %t", a.Role, drawn)
		}
		if drawn && (!strings.Contains(body, "openpolis &lt;ISTAT&gt;") || strings.Contains(body, "style=")) {
			t.Errorf("%s: no source, or a style", a.Role)
		}
		title := regexp.MustCompile(`<title>Rozzano: ([^<]*)</title>`).FindStringSubmatch(body)
		if drawn && (title == nil || a.Role == domain.RolePrefettura && (title[1] == "1" || title[1] == "2")) {
			t.Errorf("%s reads %q", a.Role, title)
		}
	}
}
