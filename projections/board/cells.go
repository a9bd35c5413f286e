package board

// inCell is how much of what cases are told apart by has so few values, even all taken together, that spans are counted by all of it at
// once: there are some thousands of cells.
const inCell = ByGrade + 1

// cell is what spans have in common that stand alike: a code of each.
type cell [inCell]uint16

// cells gives each of them a number.
type cells struct {
	list    []cell // by number
	numbers map[cell]uint32
}

func (c *cells) number(of cell) uint32 {
	n, known := c.numbers[of]
	if !known {
		n = uint32(len(c.list))
		c.list, c.numbers[of] = append(c.list, of), n
	}
	return n
}

// conditions are what is asked of spans.
type conditions struct {
	cell  []uint32
	cells []bool // by number: those that will do; nil where all do
	at    []condition
}

// condition is met by spans whose code in a column is among some.
type condition struct {
	column []uint16
	sets   []bool
}

// among asks for any of some words.
func (c *conditions) among(m *memory, by By, words ...string) {
	sets := make([]bool, len(m.words[by].words))
	for _, w := range words {
		if code, known := m.words[by].codes[w]; known {
			sets[code] = true
		}
	}
	if by >= inCell {
		c.at = append(c.at, condition{m.at[by-inCell], sets})
		return
	}
	before := c.cells
	c.cell, c.cells = m.cell, make([]bool, len(m.cells.list))
	for i, cell := range m.cells.list {
		c.cells[i] = sets[cell[by]] && (before == nil || before[i])
	}
}

// all tells whether nothing is asked.
func (c *conditions) all() bool { return c.cells == nil && c.at == nil }

func (c *conditions) met(i int32) bool {
	if c.cells != nil && !c.cells[c.cell[i]] {
		return false
	}
	for _, at := range c.at {
		if !at.sets[at.column[i]] {
			return false
		}
	}
	return true
}

// asked are the conditions of a scope.
func (m *memory) asked(s Scope) (c conditions) {
	for by, word := range [bys]string{ByComune: string(s.Comune), ByCentre: string(s.Centre), ByInstitution: string(s.Institution),
		ByOrder: string(s.Order), ByChannel: string(s.Channel)} {
		if word != "" {
			c.among(m, By(by), word)
		}
	}
	if s.Comuni != nil {
		c.among(m, ByComune, texts(s.Comuni)...)
	}
	return c
}

// standing are the spans that were known last at an instant, of every case one, and meet some conditions.
func (m *memory) standing(c conditions, known int64) []int32 {
	found := m.timeline.standing(known)
	if c.all() {
		return found
	}
	met := found[:0]
	for _, i := range found {
		if c.met(i) {
			met = append(met, i)
		}
	}
	return met
}
