package matching

import (
	"math"
	"slices"
)

// making is a plan that is not yet one: who does each job, and what capacity is left.
type making struct {
	in   Generalised
	may  [][]bool
	at   []int // by job; below zero: nobody
	room []int64
}

// repair makes a plan of what the knapsacks took, and keeps it where it is better than the best.
func (s *search) repair(where state) {
	m := making{s.in, where.may, make([]int, s.jobs), slices.Clone(s.in.Capacities)}
	for j := range m.at {
		m.at[j] = -1
		for i := range s.takes {
			if s.takes[i][j] && (m.at[j] < 0 || s.in.Costs[i][j] < s.in.Costs[m.at[j]][j]) {
				m.at[j] = i
			}
		}
		if i := m.at[j]; i >= 0 {
			m.room[i] -= s.in.Resources[i][j]
		}
	}
	if !m.complete() {
		return
	}
	for m.shift() || m.swap() {
	}
	if cost := m.cost(); cost < s.value {
		s.value, s.at, s.cut = cost, m.at, min(s.cut, cost)
	}
}

func (m *making) cost() (sum int64) {
	for j, i := range m.at {
		sum += m.in.Costs[i][j]
	}
	return sum
}

func (m *making) move(job, to int) {
	if from := m.at[job]; from >= 0 {
		m.room[from] += m.in.Resources[from][job]
	}
	m.at[job] = to
	m.room[to] -= m.in.Resources[to][job]
}

// fits reports whether an agent may do a job with so much more capacity.
func (m *making) fits(agent, job int, more int64) bool {
	return m.may[agent][job] && m.in.Resources[agent][job] <= m.room[agent]+more
}

// complete gives every job that nobody does to somebody: first the one that would lose most if its best agent were taken by others. It
// reports whether that could be done.
func (m *making) complete() bool {
	for {
		job, to, most := -1, -1, int64(-1)
		for j, at := range m.at {
			if at >= 0 {
				continue
			}
			least, second, best := int64(math.MaxInt64), int64(math.MaxInt64), -1
			for i := range m.room {
				if !m.fits(i, j, 0) {
					continue
				}
				if c := m.in.Costs[i][j]; c < least {
					least, second, best = c, least, i
				} else if c < second {
					second = c
				}
			}
			regret := int64(math.MaxInt64)
			if best >= 0 && second < math.MaxInt64 {
				regret = second - least
			}
			if regret > most || best < 0 {
				job, to, most = j, best, regret
			}
			if best < 0 {
				break
			}
		}
		switch {
		case job < 0:
			return true
		case to >= 0:
			m.move(job, to)
		case !m.squeeze(job):
			return false
		}
	}
}

// squeeze lets an agent do a job who hands one of its own on for it, as cheaply as can be.
func (m *making) squeeze(job int) bool {
	least, agent, gone, to := int64(math.MaxInt64), -1, -1, -1
	for k, i := range m.at {
		if i < 0 || !m.fits(i, job, m.in.Resources[i][k]) {
			continue
		}
		for l := range m.room {
			if l != i && m.fits(l, k, 0) {
				if c := m.in.Costs[i][job] - m.in.Costs[i][k] + m.in.Costs[l][k]; c < least {
					least, agent, gone, to = c, i, k, l
				}
			}
		}
	}
	if agent < 0 {
		return false
	}
	m.move(gone, to)
	m.move(job, agent)
	return true
}

// shift moves single jobs to cheaper agents, and reports whether any was.
func (m *making) shift() (better bool) {
	for j := range m.at {
		for i := range m.room {
			if m.in.Costs[i][j] < m.in.Costs[m.at[j]][j] && m.fits(i, j, 0) {
				m.move(j, i)
				better = true
			}
		}
	}
	return better
}

// swap lets agents exchange two jobs where that is cheaper, and reports whether any did.
func (m *making) swap() (better bool) {
	for j := range m.at {
		for k := range j {
			a, b := m.at[j], m.at[k]
			if a == b || m.in.Costs[b][j]+m.in.Costs[a][k] >= m.in.Costs[a][j]+m.in.Costs[b][k] {
				continue
			}
			if m.fits(b, j, m.in.Resources[b][k]) && m.fits(a, k, m.in.Resources[a][j]) {
				m.move(j, b)
				m.move(k, a)
				better = true
			}
		}
	}
	return better
}
