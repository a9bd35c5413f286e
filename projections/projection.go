package projections

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"approdo/domain"
	"approdo/domain/event"
)

// Projection keeps views of the journal: a set of tables, and what each event does to them.
type Projection struct {
	// Name is unique among projections.
	Name string
	// Version is raised whenever Apply or the tables change: the views are then built anew, beside the old ones.
	Version int
	// Tables are those that Apply changes, and nobody else.
	Tables []Relation
	// Streams are the prefixes of the streams it wants, "case-"; none wants all.
	Streams []string
	// Apply changes the tables as the event asks. Events come in the order of the journal, each once as far as the tables can
	// tell. Apply MUST depend on nothing but the event and the tables, so that a rebuild gives the same rows: it reads no
	// clock and makes no ids. What it holds besides, such as a domain.Sealer, is used to look and not to write, and must bear
	// that a rebuild calls Apply at the same time.
	// An error stops this projection; it is tried again, and in the end the projection halts. An event it does not care for is
	// none.
	Apply func(ctx context.Context, tx *Tx, e Event) error

	shape string // a fingerprint of what the tables look like
}

// Event is a record of the journal and what its payload decodes to.
type Event struct {
	event.Record
	Payload any
}

func (p *Projection) wants(stream string) bool {
	for _, prefix := range p.Streams {
		if strings.HasPrefix(stream, prefix) {
			return true
		}
	}
	return len(p.Streams) == 0
}

// serving picks the generation to read: of the shape the program knows, of its version if there is one, the newest.
func (p *Projection) serving(all []Generation) (best Generation, ok bool) {
	for _, g := range all {
		serves := g.Projection == p.Name && g.Shape == p.shape && (g.State == Live || g.State == Halted)
		if serves && (!ok || best.Version != p.Version || g.Version == p.Version) {
			best, ok = g, true
		}
	}
	return best, ok
}

// ErrBuilding is a view that is being built for the first time, or anew in another shape.
var ErrBuilding = &domain.Error{Kind: domain.KindUnavailable, Code: "view-building"}

// declare panics where declarations contradict each other: that is a fault of the program.
func declare(ps []Projection) []*Projection {
	projections, tables := map[string]bool{}, map[string]bool{}
	declared := make([]*Projection, len(ps))
	for i, p := range ps {
		if !identifier.MatchString(p.Name) || projections[p.Name] || p.Apply == nil || len(p.Tables) == 0 {
			panic(fmt.Sprintf("projections: %q has no good name, no Apply or no tables, or is there twice", p.Name))
		}
		projections[p.Name] = true
		h := sha256.New()
		for _, t := range p.Tables {
			if tables[t.Schema().Name] {
				panic("projections: two tables named " + t.Schema().Name)
			}
			tables[t.Schema().Name] = true
			s := t.Schema()
			fmt.Fprintf(h, "{Name:%s Columns:%+v Indexes:%v}\n", s.Name, s.Columns, s.Indexes) // a wall keeps nobody from reading it
		}
		p.shape = fmt.Sprintf("%x", h.Sum(nil)[:8])
		declared[i] = &p
	}
	return declared
}
