package board

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
)

// What happened by an instant is what happened in each order, one by one: the one is counted by days, the others span by span. Clocks of
// nodes differ, so that a later record may be of an earlier instant, and a day.
func TestWhatHappenedByAnInstantIsTheSameHoweverItIsCounted(t *testing.T) {
	t.Parallel()
	r, m := rand.New(rand.NewPCG(3, 4)), newMemory(1)
	begin := time.Date(2022, time.March, 10, 20, 0, 0, 0, time.UTC)
	position := int64(0)
	for range 60 {
		id, at := uuid.New(), begin.Add(time.Duration(r.IntN(96))*time.Hour)
		p := place{Status: []casefile.Status{casefile.Requested, casefile.Accepted}[r.IntN(2)], Order: grade.Orders()[r.IntN(4)], RequestedOn: domain.DateOf(at)}
		for i, act := range []Act{Arrived, Charged, Offered, Declined, "", Departed}[:1+r.IntN(6)] {
			position++
			if i > 0 {
				p.Status = casefile.InCharge
			}
			if err := m.add(change{Position: position, Case: id, At: at, Act: act, Reason: fmt.Sprint("r", r.IntN(3)), place: p}); err != nil {
				t.Fatal(err)
			}
			at = at.Add(time.Duration(r.IntN(40)-12) * time.Hour)
		}
	}
	if len(m.late) == 0 {
		t.Fatal("no clock was behind")
	}
	for hour := -20; hour < 260; hour++ {
		known := begin.Add(time.Duration(hour) * time.Hour)
		whole := m.figures(Scope{}, known, known.UnixMicro())
		sum := Figures{Declines: map[casefile.DeclineReason]int{}, Ends: map[casefile.ClosureReason]int{}}
		days := map[domain.Date]*Flow{}
		for _, o := range grade.Orders() {
			part := m.figures(Scope{Order: o}, known, known.UnixMicro())
			for _, f := range part.Flow {
				if days[f.On] == nil {
					days[f.On] = &Flow{On: f.On}
				}
				days[f.On].Add(f)
			}
			for k, n := range part.Declines {
				sum.Declines[k] += n
			}
			for k, n := range part.Ends {
				sum.Ends[k] += n
			}
		}
		for _, f := range whole.Flow {
			if d := days[f.On]; d == nil || *d != f {
				t.Fatalf("%s: %+v, by order %+v", known, f, d)
			}
			delete(days, f.On)
		}
		if len(days) > 0 || !reflect.DeepEqual(whole.Declines, sum.Declines) || !reflect.DeepEqual(whole.Ends, sum.Ends) {
			t.Fatalf("%s: %v %v, by order %v %v; days left %v", known, whole.Declines, whole.Ends, sum.Declines, sum.Ends, days)
		}
	}
}

func TestNoSpanIsPassedOverThatStoodAtAnInstant(t *testing.T) {
	t.Parallel()
	m := crowded(t, 1000)
	if len(m.blocks) < 2 {
		t.Fatalf("%d blocks", len(m.blocks))
	}
	var instants []int64
	for _, i := range []int{0, 1, 500, inBlock, len(m.from) - 1} {
		instants = append(instants, m.from[i]-1, m.from[i])
	}
	for _, b := range m.blocks {
		instants = append(instants, b.earliest-1, b.earliest, b.latest-1, b.latest)
	}
	for _, known := range instants {
		stood := map[uint32]int32{} // by case: its last change that was known
		for i, from := range m.from {
			if from <= known {
				stood[m.pupil[i]] = int32(i)
			}
		}
		if got := m.standing(conditions{}, known); !slices.Equal(got, slices.Sorted(maps.Values(stood))) {
			t.Errorf("%d stood at %d, %d did", len(got), known, len(stood))
		}
	}
	if got := m.standing(conditions{}, lasting-1); len(got) != len(m.ids) {
		t.Errorf("%d stand now, of %d", len(got), len(m.ids))
	}
}

func TestWhatIsLookedUpByAWordIsWhatIsBrokenDown(t *testing.T) {
	t.Parallel()
	m := crowded(t, 500)
	f := m.figures(Scope{Centre: "CTI-22"}, time.UnixMicro(m.from[len(m.from)/2]), m.from[len(m.from)/2])
	for by := range bys {
		counts, sum := f.Counts(by), 0
		open := counts.Open()
		for word, tally := range f.By(by) {
			if n, there := open[word]; !there || n != tally.Open() || !reflect.DeepEqual(counts.Of(word), tally) {
				t.Errorf("by %d: %q has %v, and %d open of %v", by, word, tally, n, counts.Of(word))
			}
			for _, n := range tally {
				sum += n
			}
			delete(open, word)
		}
		if len(open) > 0 || sum != len(f.counted) || len(counts.Of("nowhere")) > 0 {
			t.Errorf("by %d: %d of %d are broken down, %v are open besides", by, sum, len(f.counted), open)
		}
	}
}

func TestADayOnWhichNothingCountedHappenedIsNotShown(t *testing.T) {
	t.Parallel()
	m, at := newMemory(1), time.Date(2022, time.March, 10, 20, 0, 0, 0, time.UTC)
	for i, c := range []change{{At: at, Act: Arrived}, {At: at.AddDate(0, 0, -1)}} { // the clock of the second is behind
		if c.Position = int64(i + 1); m.add(c) != nil {
			t.Fatal("not added")
		}
	}
	before := at.Add(-time.Hour)
	if f := m.figures(Scope{}, before, before.UnixMicro()); len(f.Flow) > 0 {
		t.Errorf("before anything was known: %+v", f.Flow)
	}
}
