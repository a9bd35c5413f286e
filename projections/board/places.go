package board

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"approdo/domain"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
	"approdo/projections"
)

// site is where a school stands, to count its places there.
type site struct {
	Code   domain.School `col:"code,key"`
	Comune domain.Comune `col:"comune"`
}

func (s site) Key() domain.School { return s.Code }

var sites = projections.TableOf[site]("board_sites")

// seats are the places of one grade of a site in a school year, to go on from.
type seats struct {
	seatsKey
	Comune   domain.Comune `col:"comune"`
	Capacity int           `col:"capacity"`
	Held     int           `col:"held"`
	Taken    int           `col:"taken"`
	Pupils   int           `col:"pupils"` // of the class, where the school described it
	Foreign  int           `col:"foreign_pupils"`
	Declared time.Time     `col:"declared_at"`
}

type seatsKey struct {
	School domain.School     `col:"school,key"`
	Year   domain.SchoolYear `col:"school_year,key"`
	Order  grade.Order       `col:"school_order,key"`
	Grade  int               `col:"grade,key"`
}

func (s seats) Key() seatsKey { return s.seatsKey }

var held = projections.TableOf[seats, seatsKey]("board_seats")

// seatsChange says how the places of a grade stand from a record on.
type seatsChange struct {
	Position int64             `col:"position,key"`
	At       time.Time         `col:"at"`
	School   domain.School     `col:"school"`
	Year     domain.SchoolYear `col:"school_year"`
	Order    grade.Order       `col:"school_order"`
	Grade    int               `col:"grade"`
	Comune   domain.Comune     `col:"comune"`
	Capacity int               `col:"capacity"`
	Used     int               `col:"used"`
	Pupils   int               `col:"pupils"`
	Foreign  int               `col:"foreign_pupils"`
	Declared time.Time         `col:"declared_at"` // zero: never
}

var seatsChanges = projections.LogOf[seatsChange]("board_seats_changes")

func applySite(tx *projections.Tx, r projections.Event, e territory.SchoolEvent) {
	s := site{Code: domain.School(strings.TrimPrefix(r.Stream, territory.SchoolCategory))}
	switch e := e.(type) {
	case territory.SchoolListed:
		s.Comune = e.School.Comune
	case territory.SchoolAmended:
		s.Comune = e.School.Comune
	default:
		return
	}
	sites.Put(tx, s)
}

func applyPlaces(tx *projections.Tx, r projections.Event, e places.Event) error {
	code, year, ok := places.ParseStream(r.Stream)
	if !ok {
		return fmt.Errorf("board: %s names no places", r.Stream)
	}
	change := func(l grade.Level, f func(*seats)) {
		k := seatsKey{code, year, l.Order, l.Year}
		s, known := held.Get(tx, k)
		if !known {
			at, _ := sites.Get(tx, code)
			s = seats{seatsKey: k, Comune: at.Comune}
		}
		f(&s)
		held.Put(tx, s)
		seatsChanges.Append(tx, seatsChange{Position: int64(r.Position), At: r.Meta.At, School: code, Year: year, Order: l.Order, Grade: l.Year, Comune: s.Comune,
			Capacity: s.Capacity, Used: s.Held + s.Taken, Pupils: s.Pupils, Foreign: s.Foreign, Declared: s.Declared})
	}
	switch e := e.(type) {
	case places.PlacesDeclared:
		change(e.Level, func(s *seats) {
			s.Capacity, s.Pupils, s.Foreign, s.Declared = e.Capacity, e.Pupils, e.Foreign, e.At
		})
	case places.PlaceHeld:
		change(e.Level, func(s *seats) { s.Held++ })
	case places.PlaceTaken:
		change(e.Level, func(s *seats) {
			s.Taken++
			if e.Held {
				s.Held--
			}
		})
	case places.PlaceReleased:
		change(e.Level, func(s *seats) {
			if e.Taken {
				s.Taken--
			} else {
				s.Held--
			}
		})
	}
	return nil
}

// seatSpans are the seatsChanges in memory.
type seatSpans struct {
	timeline
	stated  []seatSpan
	grades  []gradeOfSite // by number
	numbers map[seatsKey]uint32
	wheres  []Where // by number
	where   map[Where]uint32
	sites   map[siteKey]uint32
}

// seatSpan is a seatsChange.
type seatSpan struct {
	declared        int64
	capacity, used  int32
	pupils, foreign int32
	then            int32 // used when the places were declared
	grade           uint32
	day             int16 // of the declaration
}

// gradeOfSite is what places are of, and the numbers of where the site stands and of the site there.
type gradeOfSite struct {
	seatsKey
	where, site uint32
}

// siteKey tells schools apart that are counted.
type siteKey struct {
	school domain.School
	where  uint32
}

func newSeatSpans() seatSpans {
	return seatSpans{numbers: map[seatsKey]uint32{}, where: map[Where]uint32{}, sites: map[siteKey]uint32{}}
}

func (m *seatSpans) take(c seatsChange) {
	k := seatsKey{c.School, c.Year, c.Order, c.Grade}
	n, known := m.numbers[k]
	if !known {
		n = uint32(len(m.grades))
		m.numbers[k], m.grades = n, append(m.grades, m.stand(k, c.Comune))
	}
	s := seatSpan{capacity: int32(c.Capacity), used: int32(c.Used), pupils: int32(c.Pupils), foreign: int32(c.Foreign), grade: n}
	if !c.Declared.IsZero() {
		s.declared, s.day, s.then = c.Declared.UnixMicro(), dayNumber(domain.DateOf(c.Declared)), s.used
	}
	if known {
		if before := &m.stated[m.last[n]]; before.declared == s.declared {
			s.then = before.then
		}
	}
	m.add(n, c.At.UnixMicro())
	m.stated = append(m.stated, s)
}

// stand finds the numbers of a grade that was not known; where it is said to stand at first it stays.
func (m *seatSpans) stand(k seatsKey, in domain.Comune) gradeOfSite {
	w := Where{in, k.Order}
	where, known := m.where[w]
	if !known {
		where = uint32(len(m.wheres))
		m.where[w], m.wheres = where, append(m.wheres, w)
	}
	site, known := m.sites[siteKey{k.School, where}]
	if !known {
		site = uint32(len(m.sites))
		m.sites[siteKey{k.School, where}] = site
	}
	return gradeOfSite{k, where, site}
}

// Where is a comune and an order of school.
type Where struct {
	Comune domain.Comune
	Order  grade.Order
}

// Seats are the places of some grades: what schools declared for a school year, and what of it is left. More may be used than were
// declared, which leaves none.
type Seats struct {
	Sites    int // that declared
	Declared int
	Free     int
	Ages     Days // of the declarations, in days, one for each grade of a site
	Pupils   int  // who wait for a place
}

// Lacking is how many more pupils wait than there are places.
func (s Seats) Lacking() int { return max(0, s.Pupils-s.Free) }

// Places gives the places of a school year where the pupils of some figures live, as known at their instant. Institution and centre of
// their scope bind the pupils who wait and not the places.
func (b *Board) Places(ctx context.Context, f Figures, y domain.SchoolYear) (map[Where]Seats, error) {
	if err := b.refresh(ctx); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	var (
		m       = &b.memory.seats
		today   = int(dayNumber(domain.DateOf(f.at)))
		sums    = make([]Seats, len(m.wheres))
		asked   = make([]bool, len(m.wheres))
		counted = make([]bool, len(m.sites))
	)
	for i, w := range m.wheres {
		asked[i] = f.scope.holds(w.Comune, w.Order)
	}
	for _, i := range m.standing(f.known) {
		s := &m.stated[i]
		of := &m.grades[s.grade]
		if s.declared == 0 || of.Year != y || !asked[of.where] {
			continue
		}
		sum := &sums[of.where]
		if !counted[of.site] {
			counted[of.site] = true
			sum.Sites++
		}
		sum.Declared += int(s.capacity)
		sum.Free += int(max(0, s.capacity-s.used))
		sum.Ages.add(max(0, today-int(s.day)))
	}
	out := map[Where]Seats{}
	for i, sum := range sums {
		if sum.Sites > 0 {
			out[m.wheres[i]] = sum
		}
	}
	for w, n := range f.seatless {
		sum := out[w]
		sum.Pupils = n
		out[w] = sum
	}
	return out, nil
}

// Open are the places of one grade of a site in a school year. Free is negative where more were taken than the site declared.
type Open struct {
	Capacity int
	Free     int
	Pupils   int       // of the class, where the school described it with its places; else 0
	Foreign  int       // of them, without Italian citizenship
	Joined   int       // who were offered or took a place since the school said so, less those who gave one back
	Declared time.Time // zero: never
}

// Opens gives the places of a grade at every site that ever said something of them, as known at an instant; the zero time is now.
func (b *Board) Opens(ctx context.Context, y domain.SchoolYear, l grade.Level, at time.Time) (map[domain.School]Open, error) {
	if err := b.refresh(ctx); err != nil {
		return nil, err
	}
	known := int64(lasting - 1)
	if !at.IsZero() {
		known = at.UnixMicro()
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	out, m := map[domain.School]Open{}, &b.memory.seats
	for _, i := range m.standing(known) {
		s := &m.stated[i]
		k := &m.grades[s.grade]
		if k.Year != y || k.Order != l.Order || k.Grade != l.Year {
			continue
		}
		o := Open{Capacity: int(s.capacity), Free: int(s.capacity - s.used), Pupils: int(s.pupils), Foreign: int(s.foreign),
			Joined: int(s.used - s.then)}
		if s.declared != 0 {
			o.Declared = time.UnixMicro(s.declared).UTC()
		}
		out[k.School] = o
	}
	return out, nil
}

// holds reports whether a scope asks for a comune and an order.
func (s Scope) holds(c domain.Comune, o grade.Order) bool {
	return (s.Comune == "" || s.Comune == c) && (s.Order == "" || s.Order == o) && (s.Comuni == nil || slices.Contains(s.Comuni, c))
}
