package boundaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/territory"
)

const source = "Confini: openpolis, da ISTAT (CC BY 4.0)"

// world is a founded territory in a journal of its own.
type world struct {
	Importer
	t *testing.T
}

func newWorld(t *testing.T) world {
	t.Helper()
	now := time.Date(2022, time.March, 14, 11, 0, 0, 0, time.UTC)
	w := world{Importer{Store: memory.New(), Codec: event.NewCodec(sealtest.New(), territory.Events), Clock: func() time.Time { return now }, By: domain.System}, t}
	found := territory.Found{Act: domain.Act{By: domain.System, At: now}, Province: territory.Province015, Register: territory.Shipped()}
	if _, err := event.Execute(t.Context(), w.Store, w.Codec, territory.Decider, territory.Stream(territory.Province015), territory.Command(found), event.Origin{ID: event.DeriveID([16]byte{1}, "found", 0), By: domain.System, At: now}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w world) land() territory.State {
	w.t.Helper()
	out, err := event.Load(context.Background(), w.Store, w.Codec, territory.Decider, territory.Stream(territory.Province015))
	if err != nil {
		w.t.Fatal(err)
	}
	return out.State
}

func (w world) read(file io.Reader) (Report, error) {
	w.t.Helper()
	return w.Import(w.t.Context(), file, w.land(), Options{Source: source})
}

func (w world) areas() territory.Boundaries {
	w.t.Helper()
	b, _ := w.land().BoundariesOn(domain.Date{Year: 2022, Month: time.March, Day: 14})
	return b
}

// published opens a file of openpolis, which lies beside the project and not in it.
func published(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "data", name))
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("the boundaries are not beside the project")
	}
	if err != nil {
		t.Skip("the boundaries are not beside the project")
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// file is a collection of features.
func file(features ...string) io.Reader {
	return strings.NewReader(`{"type":"FeatureCollection","bbox":[1,2,3,4],"features":[` + strings.Join(features, ",") + `]}`)
}

func element(property, code, kind, coordinates string) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{"name":"x",%q:%s},"geometry":{"type":%q,"coordinates":%s}}`, property, code, kind, coordinates)
}

func polygon(code, ring string) string {
	return element("com_istat_code", `"`+code+`"`, "Polygon", "["+ring+"]")
}

const ring = `[[9.1,45.4],[9.2,45.4],[9.2,45.5],[9.1,45.4]]`

func TestEachFeatureIsReadOrSaidWhyNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	report, err := w.read(file(
		polygon("015189", ring),
		element("PRO_COM_T", `"015146"`, "MultiPolygon", `[[`+ring+`],[[[9.0,45.3],[9.0,45.31],[9.01,45.31],[9.0,45.3]]]]`),
		element("pro_com_t", `15011`, "Polygon", `[`+ring+`]`),
		polygon("058091", `[[12.4,41.9],[12.5,41.9],[12.5,42],[12.4,41.9]]`),
		polygon("015999", ring),
		polygon("015189", ring),
		`"Rozzano"`,
		element("codice", `"015014"`, "Polygon", `[`+ring+`]`),
		element("com_istat_code", `"015014"`, "Point", `[9.1,45.4]`),
		`{"type":"Feature","properties":{"com_istat_code":"015014"},"geometry":null}`,
		polygon("015014", `[["a","b"],[1,2],[3,4],["a","b"]]`),
		polygon("015014", `[[9.1],[9.2],[9.3],[9.1]]`),
		polygon("015014", `[[514000,5034000],[514100,5034000],[514100,5034100],[514000,5034000]]`),
		polygon("015014", `[[45.4,9.1],[45.4,9.2],[45.5,9.2],[45.4,9.1]]`),
		polygon("015014", `[[12.4,41.9],[12.5,41.9],[12.5,42],[12.4,41.9]]`),
		polygon("015014", `[[9.1,45.4],[9.2,45.4],[9.2,45.5],[9.1,45.5]]`),
		polygon("015014", `[[9.1,45.4],[9.2,45.4],[9.1,45.4]]`),
		polygon("015014", `[[9.1,45.4],[9.100001,45.4],[9.1,45.400001],[9.1,45.4]]`),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []Rejected{{5, "015999", ReasonComune}, {6, "015189", ReasonTwice}, {7, "", ReasonFeature}, {8, "", ReasonNoCode}, {9, "015014", ReasonGeometry},
		{10, "015014", ReasonGeometry}, {11, "015014", ReasonNumbers}, {12, "015014", ReasonNumbers}, {13, "015014", ReasonDegrees},
		{14, "015014", ReasonSwapped}, {15, "015014", ReasonOutside}, {16, "015014", ReasonOpen}, {17, "015014", ReasonFew}, {18, "015014", ReasonNoArea}}
	if diff := cmp.Diff(want, report.Rejected); diff != "" {
		t.Error(diff)
	}
	for _, r := range Reasons() {
		if r != ReasonElsewhere && !slices.ContainsFunc(want, func(x Rejected) bool { return x.Reason == r }) {
			t.Errorf("nothing is rejected as %s", r)
		}
	}
	if report.Features != 18 || report.Elsewhere != 1 || len(report.Taken) != 3 || len(report.Missing) != 130 || !report.Changed {
		t.Errorf("%+v", report)
	}
	b := w.areas()
	if b.Source != source || len(b.Areas) != 3 || strings.Count(string(b.Areas[1].Outline), "z") != 2 || b.Areas[1].Comune != domain.Milano {
		t.Errorf("%+v", b)
	}
}

func TestAFileThatIsNoneChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tt := range map[string]struct {
		file string
		want error
	}{
		"empty":          {"", ErrNotGeoJSON},
		"a page":         {"<html>", ErrNotGeoJSON},
		"a list":         {"[]", ErrNotGeoJSON},
		"a topology":     {`{"type":"Topology","objects":{}}`, ErrNotGeoJSON},
		"no list":        {`{"features":{}}`, ErrNotGeoJSON},
		"cut off":        {`{"features":[` + polygon("015189", ring), ErrNotGeoJSON},
		"cut off inside": {`{"features":[{"type":`, ErrNotGeoJSON},
		"of nobody here": {`{"features":[]}`, territory.ErrNoAreas},
	} {
		if report, err := w.read(strings.NewReader(tt.file)); !errors.Is(err, tt.want) || report.Changed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := read(io.MultiReader(strings.NewReader(`{"features":[],`), blanks{}), 1<<20, TerritoryOf(w.land()), nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file without an end: %v", err)
	}
	if len(w.areas().Areas) != 0 {
		t.Error("the register has boundaries")
	}
}

// blanks never end.
type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestAHoleStaysAndIsFilledExactly(t *testing.T) {
	t.Parallel()
	// San Colombano is no enclave, but could be: the hole of one comune is the ring of the other, the other way round and from another point.
	var out, in []string
	for i := range 200 {
		x, y := 9.2+0.02*math.Cos(float64(i)*math.Pi/100), 45.4+0.02*math.Sin(float64(i)*math.Pi/100)
		out = append(out, fmt.Sprintf("[%.4f,%.4f]", x, y))
	}
	in = append(slices.Clone(out[70:]), out[:71]...)
	slices.Reverse(in)
	out = append(out, out[0])
	w := newWorld(t)
	if _, err := w.read(file(
		polygon("015146", `[[9.1,45.3],[9.3,45.3],[9.3,45.5],[9.1,45.5],[9.1,45.3]],[`+strings.Join(out, ",")+`]`),
		polygon("015189", `[`+strings.Join(in, ",")+`]`))); err != nil {
		t.Fatal(err)
	}
	b := w.areas()
	whole, inner := ringsOf(t, b.Areas[0]), ringsOf(t, b.Areas[1])
	if len(whole) != 2 || len(inner) != 1 {
		t.Fatalf("%d rings and %d", len(whole), len(inner))
	}
	if len(inner[0]) >= 200 || len(inner[0]) < 8 {
		t.Errorf("a circle has %d points", len(inner[0]))
	}
	for e := range edges(whole[1:]) {
		if edges(inner)[e] != 1 {
			t.Fatalf("%v is of the hole alone", e)
		}
	}
}

func ringsOf(t *testing.T, a territory.Area) [][]territory.Point {
	t.Helper()
	rings, err := a.Outline.Rings()
	if err != nil {
		t.Fatal(err)
	}
	return rings
}

// edges counts how often two points are joined.
func edges(rings [][]territory.Point) map[[2]territory.Point]int {
	n := map[[2]territory.Point]int{}
	for _, r := range rings {
		for i, p := range r {
			e := [2]territory.Point{p, r[(i+1)%len(r)]}
			if order(e[0], e[1]) > 0 {
				e[0], e[1] = e[1], e[0]
			}
			n[e]++
		}
	}
	return n
}

// border are the points of edges that only one comune has.
func border(rings [][]territory.Point) map[territory.Point]bool {
	points := map[territory.Point]bool{}
	for e, n := range edges(rings) {
		if n == 1 {
			points[e[0]], points[e[1]] = true, true
		}
	}
	return points
}

func TestThePublishedBoundaries(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"limits_P_15_municipalities.geojson", "comuni_cmm_simplified.geojson"} {
		w := newWorld(t)
		report, err := w.read(published(t, name))
		if err != nil || len(report.Taken) != 133 || len(report.Rejected)+len(report.Missing) != 0 || !report.Changed || report.Bytes > mostBytes {
			t.Fatalf("%s: %+v %v", name, report, err)
		}
		before, err := read(published(t, name), maxFile, TerritoryOf(w.land()), nil)
		if err != nil {
			t.Fatal(err)
		}
		was, is := 0, 0
		var all, made [][]territory.Point
		twiceWas, twiceIs := map[domain.Comune]int{}, map[domain.Comune]int{}
		for _, s := range before.shapes {
			all = append(all, s.rings...)
			for _, r := range s.rings {
				was, twiceWas[s.comune] = was+len(r), twiceWas[s.comune]+max(area(r), -area(r))
			}
		}
		for _, a := range w.areas().Areas {
			for _, r := range ringsOf(t, a) {
				made = append(made, r)
				is, twiceIs[a.Comune] = is+len(r), twiceIs[a.Comune]+max(area(r), -area(r))
			}
		}
		if is >= was {
			t.Errorf("%s: %d points of %d", name, is, was)
		}
		for c, a := range twiceWas {
			if off := math.Abs(float64(twiceIs[c])/float64(a) - 1); off > 0.05 {
				t.Errorf("%s is larger or smaller by %.0f%%", c, 100*off)
			}
		}
		outer := border(all)
		for p := range border(made) {
			if !outer[p] {
				t.Fatalf("%s: two comuni draw their border differently at %v", name, p)
			}
		}
		if len(outer)*2 > len(edges(all)) {
			t.Errorf("%s: %d of %d points are at the border of the province", name, len(outer), len(edges(all)))
		}
		again, err := w.read(published(t, name))
		if err != nil || again.Changed {
			t.Errorf("the same file again: %+v %v", again.Changed, err)
		}
	}
}

func TestWhatIsTooFineIsDrawnCoarser(t *testing.T) {
	t.Parallel()
	var points []string
	for i := range 12_000 {
		angle, off := float64(i)*math.Pi/6_000, 0.2+0.002*float64(i%3)
		points = append(points, fmt.Sprintf("[%.5f,%.5f]", 9.2+off*math.Cos(angle), 45.4+off*math.Sin(angle)))
	}
	points = append(points, points[0])
	w := newWorld(t)
	report, err := w.read(file(polygon("015146", `[`+strings.Join(points, ",")+`]`)))
	if err != nil || report.Bytes > mostBytes || report.Bytes == 0 {
		t.Errorf("%d bytes, %v", report.Bytes, err)
	}
}
