package projections

import (
	"errors"
	"reflect"
	"slices"
)

// knowledge is what is known of a row.
type knowledge uint8

const (
	unknown knowledge = iota
	absent
	present
)

// entry is a row in memory. What the engine has of it may be older.
type entry[R any, K comparable] struct {
	key    K
	row    R
	state  knowledge // of row
	stored knowledge // of what the engine has
	place  int       // in the cache's list of changed rows, from 1; 0 where it is not there
}

// cache is a table in memory: rows are read when they are wanted, changed here, and written in bulk. It has a young and an old
// half; a row that is used moves to the young one, and rotate drops the old. So it keeps what is in use, without a list to mend
// at every access.
type cache[R Row[K], K comparable] struct {
	table      *Table[R, K]
	tx         *Tx
	given      *sieve[K] // the keys of all rows the engine may have; nil where nobody knows them
	young, old map[K]*entry[R, K]
	changed    []*entry[R, K]
	sorted     bool // changed has the greatest key first: it is written from its end
	flushed    int  // how many of changed were written and are not yet committed
	undone     []change[R, K]
	cells      []Value // of a row being written
	read       []Value // of a row being read; apart, since what is written may point into rows
	keyCells   []Value
	query      string
}

// change is an entry as it was before a record touched it.
type change[R any, K comparable] struct {
	entry *entry[R, K]
	row   R
	state knowledge
}

func newCache[R Row[K], K comparable](t *Table[R, K], tx *Tx, whole bool) *cache[R, K] {
	c := &cache[R, K]{table: t, tx: tx,
		young: map[K]*entry[R, K]{}, old: map[K]*entry[R, K]{},
		cells: make([]Value, len(t.plan.columns)), read: make([]Value, len(t.plan.columns)), keyCells: make([]Value, len(t.key)),
	}
	if whole {
		c.given = newSieve[K]()
	}
	return c
}

// never tells that the engine has no row of a key that is not in memory.
func (c *cache[R, K]) never(key K) bool { return c.given != nil && !c.given.has(key) }

// find looks in memory only.
func (c *cache[R, K]) find(key K) *entry[R, K] {
	e := c.young[key]
	if e == nil {
		if e = c.old[key]; e != nil {
			c.young[key] = e
			delete(c.old, key)
		}
	}
	return e
}

// get gives the entry of a row that is there, read from the engine if need be; nil where there is no row.
func (c *cache[R, K]) get(key K) *entry[R, K] {
	e := c.find(key)
	if c.tx.err != nil || e == nil && c.never(key) {
		return nil
	}
	if e == nil {
		e = &entry[R, K]{key: key}
		c.young[key] = e
	}
	if e.state == unknown {
		if c.tx.err = c.load(e); c.tx.err != nil {
			return nil
		}
	}
	if e.state == absent {
		return nil
	}
	return e
}

// touch gives the entry of a row that is about to change, and remembers how it was.
func (c *cache[R, K]) touch(key K) *entry[R, K] {
	e := c.find(key)
	if e == nil {
		e = &entry[R, K]{key: key}
		if c.never(key) {
			e.state, e.stored = absent, absent
		}
		c.young[key] = e
	}
	c.undone = append(c.undone, change[R, K]{e, e.row, e.state})
	c.list(e)
	return e
}

// list puts an entry among the changed ones.
func (c *cache[R, K]) list(e *entry[R, K]) {
	if e.place == 0 {
		c.changed = append(c.changed, e)
		e.place = len(c.changed)
		c.sorted = false
	}
}

// remove forgets the row of a key. One that came and went before it was ever written leaves nothing behind.
func (c *cache[R, K]) remove(key K) {
	var none R
	e := c.touch(key)
	e.row, e.state = none, absent
	if e.stored != absent {
		return
	}
	last := len(c.changed) - 1
	c.changed[e.place-1] = c.changed[last]
	c.changed[e.place-1].place = e.place
	c.changed[last], c.changed = nil, c.changed[:last]
	e.place, c.sorted = 0, false
	if c.given != nil {
		delete(c.young, key)
	}
}

// load reads a row from the engine.
func (c *cache[R, K]) load(e *entry[R, K]) error {
	if c.query == "" {
		query, err := expand(c.table.byKey(), c.tx.physical)
		if err != nil {
			return err
		}
		c.query = query
	}
	if err := encode(c.table.key, reflect.ValueOf(&e.key).Elem(), c.keyCells); err != nil {
		return err
	}
	rows, err := c.tx.session.Query(c.query, c.keyCells)
	if err != nil {
		return err
	}
	there, err := rows.Next(c.read)
	if e.state, e.stored = absent, absent; there && err == nil {
		e.state, e.stored = present, present
		err = decode(c.table.plan.columns, reflect.ValueOf(&e.row).Elem(), c.read)
	}
	return errors.Join(err, rows.Close())
}

func (c *cache[R, K]) begin() { c.undone = c.undone[:0] }

// undo leaves the entries among the changed ones: to write them as they were harms nothing.
func (c *cache[R, K]) undo() {
	for _, ch := range slices.Backward(c.undone) {
		ch.entry.row, ch.entry.state = ch.row, ch.state
		c.young[ch.entry.key] = ch.entry
		c.list(ch.entry)
	}
	c.undone = c.undone[:0]
}

func (c *cache[R, K]) tally() tally { return tally{held: len(c.young), changed: len(c.changed)} }

// sortAbove is how many rows are worth sorting before they are written: then they fill the pages of a tree one after another.
const sortAbove = 256

func (c *cache[R, K]) flush(w Writer, limit int) (int, error) {
	if len(c.changed) > sortAbove && !c.sorted {
		sortByKey(c.changed, c.table.key, func(e *entry[R, K]) reflect.Value { return reflect.ValueOf(&e.key).Elem() })
		slices.Reverse(c.changed)
		for i, e := range c.changed {
			e.place = i + 1
		}
		c.sorted = true
	}
	c.flushed = min(limit, len(c.changed))
	for _, e := range slices.Backward(c.changed[len(c.changed)-c.flushed:]) {
		if err := c.write(w, e); err != nil {
			return 0, err
		}
	}
	return c.flushed, nil
}

func (c *cache[R, K]) write(w Writer, e *entry[R, K]) error {
	switch {
	case e.state == present:
		if err := encode(c.table.plan.columns, reflect.ValueOf(&e.row).Elem(), c.cells); err != nil {
			return err
		}
		if e.stored == absent {
			return w.Insert(c.cells)
		}
		return w.Upsert(c.cells)
	case e.state == absent && e.stored != absent:
		if err := encode(c.table.key, reflect.ValueOf(&e.key).Elem(), c.keyCells); err != nil {
			return err
		}
		return w.Delete(c.keyCells)
	}
	return nil // never there, or touched by a record that was taken back before the row was known
}

func (c *cache[R, K]) settle() {
	left := len(c.changed) - c.flushed
	for i, e := range c.changed[left:] {
		e.place = 0
		if e.state != unknown {
			e.stored = e.state
		}
		if c.given != nil && e.stored != absent {
			c.given.add(e.key)
		}
		c.changed[left+i] = nil
	}
	c.changed, c.flushed = c.changed[:left], 0
}

func (c *cache[R, K]) rotate() {
	c.old, c.young = c.young, map[K]*entry[R, K]{}
}

// queue is a log in memory: the rows that wait to be written.
type queue[R any] struct {
	log     *Log[R]
	rows    []R
	mark    int // how many there were before the record
	flushed int
	cells   []Value
}

func newQueue[R any](l *Log[R]) *queue[R] {
	return &queue[R]{log: l, cells: make([]Value, len(l.plan.columns))}
}

func (q *queue[R]) begin() { q.mark = len(q.rows) }

func (q *queue[R]) undo() { q.rows = q.rows[:q.mark] }

func (q *queue[R]) tally() tally { return tally{changed: len(q.rows), loose: len(q.rows)} }

func (q *queue[R]) flush(w Writer, limit int) (int, error) {
	q.flushed = min(limit, len(q.rows))
	for i := range q.rows[:q.flushed] {
		if err := encode(q.log.plan.columns, reflect.ValueOf(&q.rows[i]).Elem(), q.cells); err != nil {
			return 0, err
		}
		if err := w.Insert(q.cells); err != nil {
			return 0, err
		}
	}
	return q.flushed, nil
}

func (q *queue[R]) settle() {
	q.rows = slices.Delete(q.rows, 0, q.flushed)
	q.flushed = 0
}

func (q *queue[R]) rotate() {}
