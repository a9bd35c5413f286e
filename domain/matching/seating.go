package matching

import (
	"math"
	"slices"
)

// seating gives every pupil a place while each household is bound to an institution or let go apart, and keeps it the best one for these
// ties: a pupil goes in along the cheapest path of others who make room, and out along the cheapest of others who move up. What a path
// costs is what the whole costs more, or less. Beside the solver, which it resembles, it can take out again, and counts in numbers.
type seating struct {
	*market
	col     []int32   // by row: where it sits, or nowhere
	bound   []int32   // by row: the institution it is bound to, or nowhere, or absent
	pays    []int64   // by row: what its place costs it
	may     [][]offer // by row: what it may take
	sitting [][]int32 // by column
	price   []int64
	wanted  [][]wish  // by column: who might take it of those alone
	shared  [][]wish  // and of those with brothers and sisters
	guests  [][]int32 // by institution: who is bound to it
	loose   int       // how many of those with brothers and sisters are not bound
	choice  []int     // by household: its option, or nowhere
	log     []change  // what happened since it was cleared
	work    int       // offers looked at

	dist    []int64
	via     []int32 // by column: the row by which it was reached last, what that would pay there, and to where it moves up
	cost    []int64
	to      []int32
	state   []uint8
	reached []int32
	waiting []int32 // the open ones
}

type wish struct {
	row  int32
	cost int64
}

// change is that a row sat down, or left a place for which it paid so much, or that a price was another.
type change struct {
	what     uint8
	row, col int32
	number   int64
}

const (
	sat uint8 = iota
	left
	priced
)

const absent = -2

func newSeating(m *market) *seating {
	n, rows := len(m.room), len(m.rows)
	s := &seating{market: m, col: make([]int32, rows), bound: make([]int32, rows), pays: make([]int64, rows), may: make([][]offer, rows),
		sitting: make([][]int32, n), price: m.lowest(), guests: make([][]int32, n), choice: make([]int, len(m.families)),
		dist: make([]int64, n), via: make([]int32, n), cost: make([]int64, n), to: make([]int32, n), state: make([]uint8, n)}
	for r, b := range m.rows {
		s.col[r], s.bound[r], s.may[r] = nowhere, absent, b.offers
	}
	return s
}

// wishes finds out who might take what, which has to be known before anybody is taken out.
func (s *seating) wishes() {
	s.wanted, s.shared = make([][]wish, len(s.room)), make([][]wish, len(s.room))
	for r, b := range s.rows {
		wanted := s.wanted
		if s.family[r] != nowhere {
			wanted = s.shared
		}
		for _, a := range b.offers {
			wanted[a.col] = append(wanted[a.col], wish{int32(r), a.cost})
		}
	}
}

// tie says where a pupil may go: to an institution, to any (nowhere), or that it is absent.
func (s *seating) tie(r, to int32) {
	before := s.bound[r]
	s.bound[r] = to
	if s.family[r] == nowhere || before == to {
		return
	}
	switch before {
	case absent:
	case nowhere:
		s.loose--
	default:
		s.guests[before] = without(s.guests[before], r)
	}
	switch to {
	case absent:
	case nowhere:
		s.loose++
	default:
		s.guests[to] = append(s.guests[to], r)
	}
}

func without(rows []int32, r int32) []int32 {
	rows[slices.Index(rows, r)] = rows[len(rows)-1]
	return rows[:len(rows)-1]
}

// path finds how one more pupil is placed at the least cost, if that is below a limit: the last column takes one more, or one who sits
// there is dropped, or the pupil is.
func (s *seating) path(n int32, limit int64) (least int64, last, dropped int32) {
	least, last, dropped = min(s.rows[n].out, limit), nowhere, n
	relax := func(r int32, base int64) {
		enough := least - base - s.floor
		for i := range s.may[r] {
			a := &s.may[r][i]
			if a.cost >= enough {
				break
			}
			s.work++
			d := base + a.cost + s.price[a.col]
			if d >= least || !s.reach(a.col, d) {
				continue
			}
			s.via[a.col], s.cost[a.col] = r, a.cost
			if taken := len(s.sitting[a.col]); taken < len(s.room[a.col]) {
				if end := d + s.room[a.col][taken] - s.price[a.col]; end < least {
					least, last, dropped = end, a.col, nowhere
				}
			}
		}
	}
	relax(n, 0)
	for j := s.next(least); j != nowhere; j = s.next(least) {
		for _, r := range s.sitting[j] {
			base := s.dist[j] - s.pays[r] - s.price[j]
			if end := base + s.rows[r].out; end < least {
				least, last, dropped = end, j, r
			}
			relax(r, base)
		}
	}
	return least, last, dropped
}

// reach reports whether a column is reached at less than before.
func (s *seating) reach(j int32, d int64) bool {
	switch s.state[j] {
	case closed:
		return false
	case open:
		if d >= s.dist[j] {
			return false
		}
	default:
		s.state[j] = open
		s.reached, s.waiting = append(s.reached, j), append(s.waiting, j)
	}
	s.dist[j] = d
	return true
}

// next closes the column that is reached at the least cost below a limit.
func (s *seating) next(limit int64) (j int32) {
	j = nowhere
	at := 0
	for i, k := range s.waiting {
		if s.dist[k] < limit {
			j, limit, at = k, s.dist[k], i
		}
	}
	if j != nowhere {
		s.state[j] = closed
		s.waiting[at] = s.waiting[len(s.waiting)-1]
		s.waiting = s.waiting[:len(s.waiting)-1]
	}
	return j
}

// forget ends a search: prices of what was closed move by what they are away from its end, up or down or not at all.
func (s *seating) forget(least, sign int64) {
	for _, k := range s.reached {
		if sign != 0 && s.state[k] == closed && s.dist[k] < least {
			s.log = append(s.log, change{priced, nowhere, k, s.price[k]})
			s.price[k] += sign * (least - s.dist[k])
		}
		s.state[k] = unknown
	}
	s.reached, s.waiting = s.reached[:0], s.waiting[:0]
}

// ask is what it would cost to insert a pupil, or the limit if that is not less.
func (s *seating) ask(n int32, limit int64) int64 {
	least, _, _ := s.path(n, limit)
	s.forget(least, 0)
	return least
}

// insert places one more pupil, or nobody more, and gives what that costs in all.
func (s *seating) insert(n int32) int64 {
	least, last, dropped := s.path(n, math.MaxInt64)
	s.forget(least, 1)
	if last == nowhere {
		return least
	}
	if dropped != nowhere {
		s.leave(dropped)
	}
	for j := last; ; {
		r := s.via[j]
		before := s.col[r]
		if before != nowhere {
			s.leave(r)
		}
		s.sit(r, j, s.cost[j])
		if r == n {
			return least
		}
		j = before
	}
}

// remove takes a pupil out and gives what that costs in all, which is what is saved, below zero.
func (s *seating) remove(n int32) int64 {
	j := s.col[n]
	s.tie(n, absent)
	if j == nowhere {
		return -s.rows[n].out
	}
	gone := -s.pays[n] - s.price[j]
	s.leave(n)
	// The path ends where most is saved: a place stays free, or somebody who was left out joins.
	least, last, joins, joining := s.price[j]-s.room[j][len(s.sitting[j])], j, int32(nowhere), int64(0)
	relax := func(r int32, cost int64, k int32) {
		q, base := s.col[r], s.dist[k]+s.price[k]+cost
		if q == nowhere {
			if d := base - s.rows[r].out; d < least {
				least, last, joins, joining = d, k, r, cost
			}
			return
		}
		d := base - s.pays[r] - s.price[q]
		if d >= least || !s.reach(q, d) {
			return
		}
		s.via[q], s.cost[q], s.to[q] = r, cost, k
		if end := d + s.price[q] - s.room[q][len(s.sitting[q])-1]; end < least {
			least, last, joins = end, q, nowhere
		}
	}
	if least > 0 {
		s.reach(j, 0)
	}
	for k := s.next(least); k != nowhere; k = s.next(least) {
		s.work += len(s.wanted[k])
		for _, w := range s.wanted[k] {
			if s.bound[w.row] != absent {
				relax(w.row, w.cost, k)
			}
		}
		if s.loose > 0 {
			s.work += len(s.shared[k])
			for _, w := range s.shared[k] {
				if s.bound[w.row] == nowhere {
					relax(w.row, w.cost, k)
				}
			}
		}
		for _, r := range s.guests[s.inst[k]] {
			for _, a := range s.may[r] {
				if a.col == k {
					relax(r, a.cost, k)
				}
			}
		}
	}
	s.forget(least, -1)
	if joins != nowhere {
		s.sit(joins, last, joining)
	}
	for k := last; k != j; k = s.to[k] {
		r := s.via[k]
		s.leave(r)
		s.sit(r, s.to[k], s.cost[k])
	}
	return gone + least
}

func (s *seating) sit(r, j int32, cost int64) {
	s.log = append(s.log, change{sat, r, j, cost})
	s.col[r], s.pays[r] = j, cost
	s.sitting[j] = append(s.sitting[j], r)
}

func (s *seating) leave(r int32) {
	j := s.col[r]
	s.log = append(s.log, change{left, r, j, s.pays[r]})
	s.sitting[j], s.col[r] = without(s.sitting[j], r), nowhere
}

// rewind takes back all that is in the log.
func (s *seating) rewind() {
	for n := len(s.log) - 1; n >= 0; n-- {
		switch c := s.log[n]; c.what {
		case sat:
			s.leave(c.row)
		case left:
			s.sit(c.row, c.col, c.number)
		case priced:
			s.price[c.col] = c.number
		}
	}
	s.log = s.log[:0]
}

// bind says what the members of a household may take.
func (s *seating) bind(h int32, option int) {
	f := &s.families[h]
	for x, r := range f.members {
		if option == nowhere {
			s.tie(r, nowhere)
			s.may[r] = s.rows[r].offers
		} else {
			s.tie(r, f.options[option].institution)
			s.may[r] = f.options[option].offers[x]
		}
	}
}

// place puts a household in, bound to an option.
func (s *seating) place(h int32, option int) (cost int64) {
	f := &s.families[h]
	s.bind(h, option)
	if s.choice[h] = option; option == nowhere {
		cost = f.split
	}
	for _, r := range f.members {
		cost += s.insert(r)
	}
	return cost
}

// take takes a household out.
func (s *seating) take(h int32) (cost int64) {
	if s.choice[h] == nowhere {
		cost = -s.families[h].split
	}
	for _, r := range slices.Backward(s.families[h].members) {
		cost += s.remove(r)
	}
	return cost
}
