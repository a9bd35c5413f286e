package board

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/projections"
)

// By is what a figure can be broken down by, and a question bound to.
type By int

// What cases are told apart by. A case has no school, and no institution, unless an offer or a place is there.
const (
	ByStatus By = iota
	ByHolder    // the kind of body that must act
	ByChannel
	ByComune
	ByMunicipio // of Milano
	ByCentre
	ByOrder
	ByGrade      // a level: "primaria-3"
	ByHolderBody // "centre:CTI-25"
	BySchool
	ByInstitution
	bys // how many there are
)

// spans are the changes in memory, column by column, since a question reads few columns of many: how a case stood from an instant until
// the next. Instants are microseconds, days are counted from 1970; what a case stands in are codes, see memory.words.
type spans struct {
	timeline
	due                      []int64
	pupil                    []uint32 // number of the case
	day, requested, firstDay []int16
	act, steps               []uint8 // steps: how far the case has ever come, see Funnel
	before                   []int32 // the span of the same case before, from 1
	reason                   []uint16
	cell                     []uint32 // number of the cell
	at                       [bys - inCell][]uint16
}

// lexicon gives each of the words that a column of spans holds a number; 0 is the empty word.
type lexicon struct {
	words []string
	codes map[string]uint16
}

func newLexicon() lexicon { return lexicon{[]string{""}, map[string]uint16{"": 0}} }

// ErrWords is a column with more values than can be told apart in memory.
var ErrWords = errors.New("board: more than 65,535 different values of one kind")

func (l *lexicon) code(word string) (uint16, error) {
	if c, ok := l.codes[word]; ok {
		return c, nil
	}
	if len(l.words) > math.MaxUint16 {
		return 0, ErrWords
	}
	c := uint16(len(l.words))
	l.words, l.codes[word] = append(l.words, word), c
	return c, nil
}

// memory is the log of one generation of the view.
type memory struct {
	generation int64
	position   int64 // of the last change that is in it
	spans
	numbered   map[uuid.UUID]uint32 // cases
	ids        []uuid.UUID          // by number
	tallies    tallies              // of all spans
	late       []int32              // the spans that are counted and begin later than their events happened, see timeline.add
	reasoned   []int32              // those that began with a refusal or a closure
	first, end int16                // the first day on which something became known, and the one after the last
	words      [bys]lexicon
	cells

	seats         seatSpans
	seatsPosition int64

	reasons lexicon
}

func newMemory(generation int64) *memory {
	m := &memory{generation: generation, numbered: map[uuid.UUID]uint32{}, cells: cells{numbers: map[cell]uint32{}}, seats: newSeatSpans(),
		reasons: newLexicon()}
	for i := range m.words {
		m.words[i] = newLexicon()
	}
	return m
}

// Board answers what the view knows. It is made once for a house and may be asked from many goroutines.
type Board struct {
	views   projections.Reader
	reading sync.Mutex // whoever holds it reads the log and appends to what is in memory
	mu      sync.RWMutex
	memory  *memory
}

// New makes the board of a house. The first question reads the whole log; see Warm.
func New(views projections.Reader) *Board {
	return &Board{views: views, memory: newMemory(0)}
}

// Warm reads what there is of the log, so that the first question need not wait for it.
func (b *Board) Warm(ctx context.Context) error { return b.refresh(ctx) }

// refresh brings the memory up to the view. Who asks after a commit was awaited finds it.
func (b *Board) refresh(ctx context.Context) error {
	b.reading.Lock()
	defer b.reading.Unlock()
	return b.views.Read(ctx, func(s *projections.Snapshot) error {
		generation, m := s.Generation(name), b.memory // only whoever holds reading changes it
		if m.generation != generation {
			m = newMemory(generation)
		}
		var fresh []change
		var freshSeats []seatsChange
		for c, err := range changes.Where(s, "position > $1 ORDER BY position", m.position) {
			if err != nil {
				return err
			}
			if m != b.memory { // nobody sees it yet
				if err := m.add(c); err != nil {
					return err
				}
				continue
			}
			fresh = append(fresh, c)
		}
		for c, err := range seatsChanges.Where(s, "position > $1 ORDER BY position", m.seatsPosition) {
			if err != nil {
				return err
			}
			if m != b.memory {
				m.seats.take(c)
				m.seatsPosition = c.Position
				continue
			}
			freshSeats = append(freshSeats, c)
		}
		if m == b.memory && len(fresh) == 0 && len(freshSeats) == 0 {
			return nil
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range fresh {
			if err := m.add(c); err != nil {
				return err
			}
		}
		for _, c := range freshSeats {
			m.seats.take(c)
			m.seatsPosition = c.Position
		}
		b.memory = m
		return nil
	})
}

// add puts a change behind the others and ends the span of the same case that lasted so far.
func (m *memory) add(c change) (err error) {
	n, known := m.numbered[c.Case]
	if !known {
		n = uint32(len(m.ids))
		m.numbered[c.Case], m.ids = n, append(m.ids, c.Case)
	}
	p, i := c.place, len(m.from)
	day, act, steps, earlier := dayNumber(domain.DateOf(c.At)), uint8(max(0, slices.Index(acts[:], c.Act))), uint8(0), int32(0)
	due := int64(0)
	if !p.Due.IsZero() {
		due = p.Due.UnixMicro()
	}
	reason, err := m.reasons.code(c.Reason)
	if err != nil {
		return err
	}
	var codes [bys]uint16
	for by, word := range p.words() {
		if codes[by], err = m.words[by].code(word); err != nil {
			return err
		}
	}
	if int(n) < len(m.last) {
		earlier, steps = m.last[n]+1, m.steps[m.last[n]]
	}
	steps |= reached[act]
	if st := p.Status; st == casefile.Accepted || st == casefile.Attending {
		steps |= wasPlaced
	}
	if from := c.At.UnixMicro(); m.timeline.add(n, from) > from && act != 0 {
		m.late = append(m.late, int32(i))
	}
	if act == declined || act == departed {
		m.reasoned = append(m.reasoned, int32(i))
	}
	m.due, m.pupil = append(m.due, due), append(m.pupil, n)
	m.day, m.requested, m.firstDay = append(m.day, day), append(m.requested, dayNumber(p.RequestedOn)), append(m.firstDay, dayNumber(p.FirstDay))
	m.act, m.steps, m.before, m.reason = append(m.act, act), append(m.steps, steps), append(m.before, earlier), append(m.reason, reason)
	m.cell = append(m.cell, m.cells.number(cell(codes[:inCell])))
	for by, code := range codes[inCell:] {
		m.at[by] = append(m.at[by], code)
	}
	if m.end == 0 {
		m.first = day
	}
	if earlier := m.first - day; earlier > 0 { // a clock that is behind
		m.tallies.flow = slices.Insert(m.tallies.flow, 0, make([][beyond]int, earlier)...)
	}
	m.first, m.end = min(m.first, day), max(m.end, day+1)
	m.tallies.count(m, i, p.Status)
	m.position = c.Position
	return nil
}

// words are what tells the cases that stand here from others.
func (p place) words() (w [bys]string) {
	w = [bys]string{ByStatus: string(p.Status), ByHolder: string(p.HolderKind), ByChannel: string(p.Channel), ByComune: string(p.Comune),
		ByCentre: string(p.Centre), BySchool: string(p.School), ByInstitution: string(p.Institution), ByOrder: string(p.Order),
		ByGrade: grade.Level{Order: p.Order, Year: p.Grade}.String()}
	if p.HolderKind != "" {
		w[ByHolderBody] = string(p.HolderKind) + ":" + p.HolderBody
	}
	if p.Municipio != 0 {
		w[ByMunicipio] = strconv.Itoa(int(p.Municipio))
	}
	return w
}

// dayNumber counts days from 1970; 0 is no day.
func dayNumber(d domain.Date) int16 {
	if d.IsZero() {
		return 0
	}
	return int16(min(max(epoch.DaysUntil(d), 1), math.MaxInt16))
}

func dateOf(day int16) domain.Date { return epoch.AddDays(int(day)) }

var epoch = domain.Date{Year: 1970, Month: time.January, Day: 1}
