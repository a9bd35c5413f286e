package ledger

import (
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"approdo/domain/event"
	"approdo/projections"
)

// Proof is that a record is in the tree. Before is the position of the record before it, from where the journal is read on to find it;
// 0 for the first.
type Proof struct {
	Place
	Before event.Position
	Path   tlog.RecordProof
}

// IncludeAll is Include for the records of several positions, the latest first. Those that the tree did not have yet at that size are left
// out; ErrNoRecord where a position is no record's.
func IncludeAll(s *projections.Snapshot, positions []event.Position, size int64) (proofs []Proof, err error) {
	if err := within(s, size); err != nil {
		return nil, err
	}
	m := memo{s: s, tiles: map[tileKey]tile{}}
	positions = slices.Sorted(slices.Values(positions))
	for _, position := range slices.Backward(positions) {
		p, err := m.place(position)
		if err != nil {
			return nil, err
		}
		if p.Index >= size {
			continue
		}
		proof := Proof{Place: p}
		if p.Index > 0 {
			before, err := m.tile(tileKey{0, (p.Index - 1) / width})
			if err != nil {
				return nil, err
			}
			proof.Before = before.marks()[(p.Index-1)%width].position
		}
		if proof.Path, err = tlog.ProveRecord(size, p.Index, &m); err != nil {
			return nil, err
		}
		proofs = append(proofs, proof)
	}
	return proofs, nil
}

// memo remembers tiles: those of records that lie near each other are the same.
type memo struct {
	s     *projections.Snapshot
	tiles map[tileKey]tile
	last  tile // of the record that was looked for last
}

// remembered is how many tiles are kept at most: a path has one or two of each level.
const remembered = 64

func (m *memo) tile(key tileKey) (tile, error) {
	if t, known := m.tiles[key]; known {
		return t, nil
	}
	t, _, err := tiles.Lookup(m.s, key)
	if err != nil {
		return t, err
	}
	if len(m.tiles) >= remembered {
		clear(m.tiles)
	}
	m.tiles[key] = t
	return t, nil
}

// place finds the record of a position; each is before the one asked for before it.
func (m *memo) place(p event.Position) (Place, error) {
	if m.last.Hashes == nil || p < event.Position(m.last.First) {
		m.last = tile{}
		for t, err := range tiles.Where(m.s, "level = 0 AND first <= $1 ORDER BY first DESC LIMIT 1", int64(p)) {
			if err != nil {
				return Place{}, err
			}
			m.last = t
		}
	}
	for i, mark := range m.last.marks() {
		if mark.position == p {
			return Place{m.last.N*width + int64(i), p}, nil
		}
	}
	return Place{}, ErrNoRecord
}

// ReadHashes is tlog.HashReader.
func (m *memo) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		where := tlog.TileForIndex(height, index)
		t, err := m.tile(tileKey{where.L, where.N})
		if err != nil {
			return nil, err
		}
		if out[i], err = tlog.HashFromTile(where, t.Hashes, index); err != nil {
			return nil, err
		}
	}
	return out, nil
}
