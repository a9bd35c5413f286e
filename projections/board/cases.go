package board

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain/casefile"
	"approdo/projections/caseline"
)

// Cases gives the cases of a scope that a filter lets through, the most pressing term first and those without one last, as they were
// known at an instant; the zero instant is now. The cursor says where the next page begins; it is empty at the end.
func (b *Board) Cases(ctx context.Context, scope Scope, f caseline.Filter, at time.Time, after caseline.Cursor, limit int) ([]uuid.UUID, caseline.Cursor, error) {
	var from ranked
	if after != "" {
		due, id, err := after.Parse()
		if err != nil {
			return nil, "", err
		}
		from = ranked{due.UnixMicro(), id}
	}
	if err := b.refresh(ctx); err != nil {
		return nil, "", err
	}
	known := int64(lasting - 1)
	if !at.IsZero() {
		known = at.UnixMicro()
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	found := b.memory.foremost(limit+1, from, scope, f, known)
	if len(found) <= limit {
		return ids(found), "", nil
	}
	last := found[limit-1]
	return ids(found[:limit]), caseline.CursorOf(time.UnixMicro(last.due).UTC(), last.id), nil
}

// ranked is a case in the order of a list.
type ranked struct {
	due int64
	id  uuid.UUID
}

func (r ranked) compare(other ranked) int {
	switch {
	case r.due < other.due:
		return -1
	case r.due > other.due:
		return 1
	}
	return bytes.Compare(r.id[:], other.id[:])
}

func ids(of []ranked) []uuid.UUID {
	out := make([]uuid.UUID, len(of))
	for i, r := range of {
		out[i] = r.id
	}
	return out
}

// foremost keeps the first few of all that match behind a place in the list; there are many and few are wanted.
func (m *memory) foremost(n int, after ranked, scope Scope, f caseline.Filter, known int64) []ranked {
	c := m.asked(scope)
	c.filter(m, f)
	overdue, since := f.Overdue.UnixMicro(), dayNumber(f.Since)
	none := caseline.Far.UnixMicro()
	best := make([]ranked, 0, n+1)
	for _, i := range m.standing(c, known) {
		due, requested := m.due[i], m.requested[i]
		if !f.Overdue.IsZero() && (due == 0 || due > overdue) || since != 0 && requested > since {
			continue
		}
		r := ranked{cmp.Or(due, none), m.ids[m.pupil[i]]}
		if after != (ranked{}) && r.compare(after) <= 0 || len(best) == n && r.compare(best[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, r, ranked.compare)
		best = slices.Insert(best, at, r)
		best = best[:min(len(best), n)]
	}
	return best
}

// filter asks what a filter does, its instants apart.
func (c *conditions) filter(m *memory, f caseline.Filter) {
	p := place{Channel: f.Channel, Comune: f.Comune, Municipio: f.Municipio, Centre: f.Centre, School: f.School, Institution: f.Institution, Order: f.Order,
		Grade: f.Grade, HolderKind: f.Holder.Kind, HolderBody: f.Holder.Body}
	words := p.words()
	if f.Grade == 0 {
		words[ByGrade] = ""
	}
	if f.Holder.Body == "" {
		words[ByHolderBody] = ""
	}
	for by, word := range words {
		if word != "" {
			c.among(m, By(by), word)
		}
	}
	if f.Comuni != nil {
		c.among(m, ByComune, texts(f.Comuni)...)
	}
	if len(f.Statuses) > 0 {
		c.among(m, ByStatus, texts(f.Statuses)...)
	}
}

func texts[T ~string](of []T) []string {
	out := make([]string, len(of))
	for i, t := range of {
		out[i] = string(t)
	}
	return out
}

// Statuses counts the cases of a scope by status, now.
func (b *Board) Statuses(ctx context.Context, scope Scope) (Tally, error) {
	if err := b.refresh(ctx); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	m := b.memory
	counts := make([]int, len(m.words[ByStatus].words))
	for _, i := range m.standing(m.asked(scope), lasting-1) {
		counts[m.cells.list[m.cell[i]][ByStatus]]++
	}
	return named[casefile.Status](m.words[ByStatus].words, counts), nil
}
