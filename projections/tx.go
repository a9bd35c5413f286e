package projections

import (
	"context"
	"errors"
	"fmt"
)

// Tx is what a projection changes its tables through. It collects changes in memory; the engine writes them in bulk, together
// with the checkpoint. What a record changed is taken back when Apply fails.
//
// A Tx belongs to the call of Apply it was given to. Where the engine fails to read a row, Get finds nothing from then on, and
// whatever Apply makes of that is thrown away and done again later: Apply need not look.
type Tx struct {
	projection *Projection
	stores     []store // one a table, in the projection's order
	physical   func(table string) (string, error)
	session    Session // reads the rows that memory lacks
	err        error   // the engine's
}

// store is a table's rows on their way to the engine, whatever their type.
type store interface {
	begin() // a record begins
	undo()  // takes back what it changed
	tally() tally
	flush(w Writer, limit int) (int, error) // writes some of the changed rows, and tells how many
	settle()                                // what was flushed is committed
	rotate()                                // forgets the rows that were not used lately; all are settled
}

// tally counts rows in memory: those held so that they can be found, those to be written, and of these the ones that gain
// nothing by waiting.
type tally struct{ held, changed, loose int }

func newTx(p *Projection, whole bool, physical func(string) (string, error)) *Tx {
	tx := &Tx{projection: p, physical: physical}
	for _, t := range p.Tables {
		tx.stores = append(tx.stores, t.open(tx, whole))
	}
	return tx
}

func (tx *Tx) store(r Relation) store {
	for i, t := range tx.projection.Tables {
		if t == r {
			return tx.stores[i]
		}
	}
	panic("projections: " + r.Schema().Name + " is none of the tables of " + tx.projection.Name)
}

// errPanic is a fault of a projection's code.
var errPanic = errors.New("projections: Apply panicked")

// apply lets the projection see one record: all it does counts, or nothing.
func (tx *Tx) apply(ctx context.Context, e Event) (err error) {
	for _, s := range tx.stores {
		s.begin()
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
		if err != nil || tx.err != nil {
			for _, s := range tx.stores {
				s.undo()
			}
		}
	}()
	return tx.projection.Apply(ctx, tx, e)
}

func (tx *Tx) tally() (sum tally) {
	for _, s := range tx.stores {
		t := s.tally()
		sum.held, sum.changed, sum.loose = sum.held+t.held, sum.changed+t.changed, sum.loose+t.loose
	}
	return sum
}

// flush writes up to limit changed rows; only the loose ones where so asked.
func (tx *Tx) flush(b Batch, g Generation, limit int, loose bool) (n int, err error) {
	for i, s := range tx.stores {
		if t := s.tally(); t.changed == 0 || loose && t.loose == 0 || n == limit {
			continue
		}
		w, err := b.Table(g, tx.projection.Tables[i].Schema())
		if err != nil {
			return n, err
		}
		written, err := s.flush(w, limit-n)
		if err == nil {
			err = w.Flush()
		}
		if n += written; err != nil {
			return n, fmt.Errorf("table %s: %w", tx.projection.Tables[i].Schema().Name, err)
		}
	}
	return n, nil
}

func (tx *Tx) settle() {
	for _, s := range tx.stores {
		s.settle()
	}
}

func (tx *Tx) rotate() {
	for _, s := range tx.stores {
		s.rotate()
	}
}

// Fold applies events to an empty projection in memory, without an engine. It is for tests of a view: events in, rows out; see
// Table.All.
func Fold(ctx context.Context, p Projection, events ...Event) (*Tx, error) {
	tx := newTx(&p, true, nil)
	for _, e := range events {
		if !p.wants(e.Stream) {
			continue
		}
		if err := tx.apply(ctx, e); err != nil {
			return tx, fmt.Errorf("projections: %s at %d: %w", e.Type, e.Position, err)
		}
	}
	return tx, nil
}
