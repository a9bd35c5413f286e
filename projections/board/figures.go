package board

import (
	"context"
	"slices"
	"time"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
)

// Scope binds the board to what a reader may count, and to what he asks for within it. Zero fields do not.
type Scope struct {
	Comune      domain.Comune
	Centre      domain.Centre
	Institution domain.Institution
	Order       grade.Order
	Channel     domain.Channel
	Comuni      []domain.Comune // any of these; for an ambito
}

// Tally is how many cases there are by status.
type Tally map[casefile.Status]int

// Open counts those that are not closed, nor go on in another case.
func (t Tally) Open() (n int) {
	for status, some := range t {
		if status.Open() {
			n += some
		}
	}
	return n
}

// Figures are what the board shows at one instant.
type Figures struct {
	Total    Tally
	Waiting  Days // the pupils who wait for their first day, by how many days they have
	Waited   Days // those who have had one, by how many days they had waited
	Overdue  int  // open cases whose running term is over
	Declines map[casefile.DeclineReason]int
	Ends     map[casefile.ClosureReason]int
	Funnel   Funnel
	Flow     []Flow // of every day on which something happened, the first first

	scope           Scope
	at              time.Time
	known           int64
	seatless        map[Where]int // who wait for a place
	cells           []cell
	cases           []int32  // by cell
	counted         []int32  // the spans
	cell            []uint32 // of all spans
	columns         [bys - inCell][]uint16
	words           [bys][]string
	waiting, waited [bys]map[string]Days
	overdue         [bys]map[string]int
}

// By breaks the cases down. Cases of which nothing is known stand under the empty key, such as those without a school. It counts when it
// is asked: there is more to break down by than anybody looks at.
func (f Figures) By(by By) map[string]Tally {
	out := map[string]Tally{}
	c := f.Counts(by)
	for code, word := range c.words {
		if t := c.tally(code); len(t) > 0 {
			out[word] = t
		}
	}
	return out
}

// Counts are cases broken down, where there are many words and few are looked at.
type Counts struct {
	words, statuses []string
	n               []int32 // of each word by status
}

// Counts breaks the cases down as By does.
func (f Figures) Counts(by By) Counts {
	c := Counts{f.words[by], f.words[ByStatus], make([]int32, len(f.words[by])*len(f.words[ByStatus]))}
	if by < inCell {
		for i, n := range f.cases {
			c.n[int(f.cells[i][by])*len(c.statuses)+int(f.cells[i][ByStatus])] += n
		}
		return c
	}
	column := f.columns[by-inCell]
	for _, i := range f.counted {
		c.n[int(column[i])*len(c.statuses)+int(f.cells[f.cell[i]][ByStatus])]++
	}
	return c
}

func (c Counts) of(code int) []int32 { return c.n[code*len(c.statuses) : (code+1)*len(c.statuses)] }

func (c Counts) tally(code int) Tally {
	t := Tally{}
	for status, n := range c.of(code) {
		if n > 0 {
			t[casefile.Status(c.statuses[status])] = int(n)
		}
	}
	return t
}

// Of are the cases of one word by status.
func (c Counts) Of(word string) Tally {
	if code := slices.Index(c.words, word); code >= 0 {
		return c.tally(code)
	}
	return Tally{}
}

// Open counts the open ones of every word that has any case.
func (c Counts) Open() map[string]int {
	open := make([]bool, len(c.statuses))
	for i, status := range c.statuses {
		open[i] = casefile.Status(status).Open()
	}
	out := make(map[string]int, len(c.words))
	for code, word := range c.words {
		sum, there := 0, false
		for status, n := range c.of(code) {
			there = there || n > 0
			if open[status] {
				sum += int(n)
			}
		}
		if there {
			out[word] = sum
		}
	}
	return out
}

// WaitingBy and WaitedBy break the waits down by comune or by centre.
func (f Figures) WaitingBy(by By) map[string]Days { return f.waiting[by] }

// WaitedBy is described at WaitingBy.
func (f Figures) WaitedBy(by By) map[string]Days { return f.waited[by] }

// OverdueBy breaks down the overdue by the kind of their holder, by who holds them, or by centre.
func (f Figures) OverdueBy(by By) map[string]int { return f.overdue[by] }

// zones are what waits are broken down by, holders what the overdue are.
var zones, holders = []By{ByComune, ByCentre}, []By{ByHolder, ByHolderBody, ByCentre}

// Funnel is how far the cases have ever come that are known and go on in no other. A pupil whom a school enrolled on its own is placed
// without an offer.
type Funnel struct{ Known, Charged, Offered, Placed, Begun int }

// Flow is what happened on a day, by the calendar of Rome.
type Flow struct {
	On                                                           domain.Date
	Arrived, Charged, Offered, Declined, Placed, Begun, Departed int
}

// Add counts what happened on another day, too.
func (f *Flow) Add(day Flow) {
	f.Arrived, f.Charged, f.Offered, f.Declined = f.Arrived+day.Arrived, f.Charged+day.Charged, f.Offered+day.Offered, f.Declined+day.Declined
	f.Placed, f.Begun, f.Departed = f.Placed+day.Placed, f.Begun+day.Begun, f.Departed+day.Departed
}

// Days counts pupils by how many days they wait: of Days{0, 3} three wait one day.
type Days []int

func (d *Days) add(days int) {
	if missing := days + 1 - len(*d); missing > 0 {
		*d = append(*d, make([]int, missing)...)
	}
	(*d)[days]++
}

// Join adds the pupils of other zones.
func (d Days) Join(other Days) Days {
	out := slices.Grow(slices.Clone(d), max(0, len(other)-len(d)))[:max(len(d), len(other))]
	clear(out[len(d):])
	for days, n := range other {
		out[days] += n
	}
	return out
}

// AtLeast counts those who wait so many days or more.
func (d Days) AtLeast(days int) (n int) {
	for _, some := range d[min(max(0, days), len(d)):] {
		n += some
	}
	return n
}

// Waiting is the spread of waits in days.
type Waiting struct {
	Pupils        int
	Median        int
	NinetyPercent int // nine in ten wait no longer
	Longest       int
}

// Spread sums a distribution up.
func (d Days) Spread() (w Waiting) {
	w.Pupils = d.AtLeast(0)
	seen := 0
	for days, n := range d {
		if n == 0 {
			continue
		}
		before := seen
		seen += n
		w.Longest = days
		if half := (w.Pupils + 1) / 2; before < half && seen >= half {
			w.Median = days
		}
		if nine := (w.Pupils*9 + 9) / 10; before < nine && seen >= nine {
			w.NinetyPercent = days
		}
	}
	return w
}

// Now gives the figures of all that is known. The instant says how long pupils wait and what is overdue.
func (b *Board) Now(ctx context.Context, scope Scope, now time.Time) (Figures, error) {
	return b.figures(ctx, scope, now, lasting-1)
}

// AsOf gives the figures as they were known at an instant.
func (b *Board) AsOf(ctx context.Context, scope Scope, at time.Time) (Figures, error) {
	return b.figures(ctx, scope, at, at.UnixMicro())
}

func (b *Board) figures(ctx context.Context, scope Scope, at time.Time, known int64) (Figures, error) {
	if err := b.refresh(ctx); err != nil {
		return Figures{}, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.memory.figures(scope, at, known), nil
}

// reached are the bits of the funnel's steps.
var reached = [beyond]uint8{charged: wasCharged, offered: wasOffered, placed: wasPlaced, begun: hasBegun}

const (
	wasCharged = 1 << iota
	wasOffered
	wasPlaced
	hasBegun
	allSteps = 1<<iota - 1
)

// tallies count what happened.
type tallies struct {
	flow           [][beyond]int // by day, from a first one
	declines, ends []int         // by reason
}

func (t *tallies) count(m *memory, i int, now casefile.Status) {
	act := m.act[i]
	if act == 0 {
		return
	}
	on := int(m.day[i] - m.first)
	if missing := on + 1 - len(t.flow); missing > 0 {
		t.flow = append(t.flow, make([][beyond]int, missing)...)
	}
	t.flow[on][act]++
	switch act {
	case arrived:
		if now == casefile.Accepted { // by a school on its own
			t.flow[on][placed]++
		}
	case declined:
		raise(&t.declines, m.reason[i])
	case departed:
		raise(&t.ends, m.reason[i])
	}
}

func raise(counts *[]int, code uint16) {
	if missing := int(code) + 1 - len(*counts); missing > 0 {
		*counts = append(*counts, make([]int, missing)...)
	}
	(*counts)[code]++
}

// happened counts what did in the cases that met some conditions then or just before: a school that declined a case no longer has it.
func (m *memory) happened(c conditions, known int64, statuses []kind) (t tallies) {
	if c.all() && known == lasting-1 {
		return m.tallies
	}
	if c.all() {
		return m.happenedBy(known, statuses)
	}
	_, end := m.around(known)
	for i, from := range m.from[:end] {
		if m.act[i] == 0 || from > known {
			continue
		}
		if before := m.before[i]; c.met(int32(i)) || before > 0 && c.met(before-1) {
			t.count(m, i, statuses[m.status(int32(i))].status)
		}
	}
	return t
}

// happenedBy counts what did in all cases by an instant. Days that were over by then were counted when they came in; what is counted anew is
// the day of the instant, and reasons, which are not kept by day.
func (m *memory) happenedBy(known int64, statuses []kind) (t tallies) {
	date := domain.DateOf(time.UnixMicro(known))
	today := dayNumber(date)
	t.flow = slices.Clone(m.tallies.flow[:min(max(0, int(today-m.first)), len(m.tallies.flow))])
	for _, i := range m.late {
		if m.day[i] < today && m.from[i] > known {
			t.flow[m.day[i]-m.first][m.act[i]]--
			if m.act[i] == arrived && statuses[m.status(i)].status == casefile.Accepted {
				t.flow[m.day[i]-m.first][placed]--
			}
		}
	}
	for _, i := range m.reasoned {
		if m.day[i] >= today || m.from[i] > known {
			continue
		}
		if m.act[i] == declined {
			raise(&t.declines, m.reason[i])
		} else {
			raise(&t.ends, m.reason[i])
		}
	}
	before, _ := m.around(date.Start().UnixMicro() - 1)
	_, end := m.around(known)
	for i := before; i < end; i++ {
		if m.day[i] >= today && m.from[i] <= known {
			t.count(m, i, statuses[m.status(int32(i))].status)
		}
	}
	return t
}

func (m *memory) status(span int32) uint16 { return m.cells.list[m.cell[span]][ByStatus] }

func (m *memory) figures(scope Scope, at time.Time, known int64) Figures {
	var (
		conditions      = m.asked(scope)
		statuses        = m.statuses()
		instant         = at.UnixMicro()
		today           = int(dayNumber(domain.DateOf(at)))
		waiting, waited [bys][]Days
		overdue         [bys][]int
		come            [allSteps + 1]int
		cells           = m.cells.list
		f               = Figures{scope: scope, at: at, known: known, seatless: map[Where]int{}, cells: cells, cases: make([]int32, len(cells)),
			counted: m.standing(conditions, known), cell: m.cell, columns: m.at}
	)
	for by := range m.words {
		f.words[by] = m.words[by].words
	}
	for _, by := range zones {
		waiting[by], waited[by] = make([]Days, len(f.words[by])), make([]Days, len(f.words[by]))
	}
	for _, by := range holders {
		overdue[by] = make([]int, len(f.words[by]))
	}
	bodies := m.at[ByHolderBody-inCell]
	for _, i := range f.counted {
		f.cases[m.cell[i]]++
		at := &cells[m.cell[i]]
		status := &statuses[at[ByStatus]]
		if status.merged {
			continue
		}
		come[m.steps[i]]++
		if status.waiting {
			days := max(0, today-int(m.requested[i]))
			waiting[ByComune][at[ByComune]].add(days)
			waiting[ByCentre][at[ByCentre]].add(days)
		} else if firstDay := m.firstDay[i]; firstDay != 0 {
			days := max(0, int(firstDay)-int(m.requested[i]))
			waited[ByComune][at[ByComune]].add(days)
			waited[ByCentre][at[ByCentre]].add(days)
		}
		if due := m.due[i]; due != 0 && due <= instant {
			f.Overdue++
			overdue[ByHolder][at[ByHolder]]++
			overdue[ByHolderBody][bodies[i]]++
			overdue[ByCentre][at[ByCentre]]++
		}
	}
	for steps, n := range come {
		f.Funnel.add(uint8(steps), n)
	}
	for _, d := range waiting[ByCentre] {
		f.Waiting = f.Waiting.Join(d)
	}
	for _, d := range waited[ByCentre] {
		f.Waited = f.Waited.Join(d)
	}
	for _, by := range zones {
		f.waiting[by], f.waited[by] = byWord(f.words[by], waiting[by]), byWord(f.words[by], waited[by])
	}
	for _, by := range holders {
		f.overdue[by] = named[string](f.words[by], overdue[by])
	}
	comuni, orders := f.words[ByComune], f.words[ByOrder]
	total, seatless := make([]int, len(statuses)), make([]int, len(comuni)*len(orders))
	for i, n := range f.cases {
		at := &cells[i]
		total[at[ByStatus]] += int(n)
		if statuses[at[ByStatus]].seatless {
			seatless[int(at[ByComune])*len(orders)+int(at[ByOrder])] += int(n)
		}
	}
	f.Total = named[casefile.Status](f.words[ByStatus], total)
	for i, n := range seatless {
		if n > 0 {
			f.seatless[Where{domain.Comune(comuni[i/len(orders)]), grade.Order(orders[i%len(orders)])}] = n
		}
	}
	t := m.happened(conditions, known, statuses)
	f.Declines, f.Ends = named[casefile.DeclineReason](m.reasons.words, t.declines), named[casefile.ClosureReason](m.reasons.words, t.ends)
	for i, n := range t.flow {
		if n != [beyond]int{} {
			f.Flow = append(f.Flow, Flow{On: dateOf(m.first + int16(i)), Arrived: n[arrived], Charged: n[charged], Offered: n[offered],
				Declined: n[declined] + n[lapsed], Placed: n[placed], Begun: n[begun], Departed: n[departed]})
		}
	}
	return f
}

// add counts cases that have come so far.
func (f *Funnel) add(steps uint8, n int) {
	f.Known += n
	f.Charged += n * int(steps&wasCharged/wasCharged)
	f.Offered += n * int(steps&wasOffered/wasOffered)
	f.Placed += n * int(steps&wasPlaced/wasPlaced)
	f.Begun += n * int(steps&hasBegun/hasBegun)
}

// kind is what a status means to the figures.
type kind struct {
	status          casefile.Status
	waiting, merged bool
	seatless        bool // waits for a place
}

func (m *memory) statuses() []kind {
	all := make([]kind, len(m.words[ByStatus].words))
	for i, word := range m.words[ByStatus].words {
		st := casefile.Status(word)
		all[i] = kind{st, st.Open() && st != casefile.Attending, st == casefile.Merged,
			st == casefile.Requested || st == casefile.InCharge}
	}
	return all
}

// byWord are the waits of those words that have any.
func byWord(words []string, waits []Days) map[string]Days {
	out := map[string]Days{}
	for code, d := range waits {
		if d != nil {
			out[words[code]] = d
		}
	}
	return out
}

func named[T ~string](words []string, counts []int) map[T]int {
	out := map[T]int{}
	for code, n := range counts {
		if n > 0 {
			out[T(words[code])] = n
		}
	}
	return out
}
