// Package ledger keeps the hashes of the whole journal, so that any record can be proved to be in it, and any two of its states to be
// one journal; see domain/ledger. The hashes lie in tiles of 64, a few rows for thousands of records: each record changes one.
package ledger

import (
	"context"
	"encoding/binary"
	"iter"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/ledger"
	"approdo/projections"
)

// Name is the projection's.
const Name = "ledger"

// A tile of level 0 holds the hashes of 64 records; one of the next level those of 64 such tiles, and so on.
const (
	height = 6
	width  = 1 << height
)

type tileKey struct {
	Level int
	N     int64
}

// tile is a run of hashes.
type tile struct {
	Level  int    `col:"level,key"`
	N      int64  `col:"n,key"`
	First  int64  `col:"first"` // position of the first record below
	Hashes []byte `col:"hashes"`
	Marks  []byte `col:"marks"` // id and position of each record; none above level 0
}

func (t tile) Key() tileKey { return tileKey{t.Level, t.N} }

// count is how many records there are. It has one row.
type count struct {
	One     int   `col:"one,key"`
	Records int64 `col:"records"`
}

func (c count) Key() int { return c.One }

var (
	readers = projections.Wall{domain.RoleUST: "", domain.RolePrefettura: ""}
	tiles   = projections.TableOf[tile, tileKey]("ledger_tiles", projections.Index{"level", "first"}).Behind(readers)
	counts  = projections.TableOf[count, int]("ledger_counts").Behind(readers)
)

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: Name, Version: 1, Tables: []projections.Relation{tiles, counts},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			c, _ := counts.Get(tx, 0)
			add(tx, 0, c.Records, ledger.LeafHash(r.Record), r.Record)
			counts.Put(tx, count{Records: c.Records + 1})
			return nil
		},
	}
}

// markSize is what a tile keeps of a record besides its hash.
const markSize = 16 + 8

// add puts the n-th hash of a level into its tile, and what a whole tile comes to into the level above.
func add(tx *projections.Tx, level int, n int64, h tlog.Hash, r event.Record) {
	var whole []byte
	put := func(t *tile) {
		t.Hashes = append(t.Hashes, h[:]...) // behind what others have seen of it: see projections.Table
		if level == 0 {
			t.Marks = binary.BigEndian.AppendUint64(append(t.Marks, r.ID[:]...), uint64(r.Position))
		}
		if len(t.Hashes) == width*tlog.HashSize {
			whole = t.Hashes
		}
	}
	if n%width == 0 {
		t := tile{Level: level, N: n / width, First: int64(r.Position), Hashes: make([]byte, 0, width*tlog.HashSize)}
		put(&t)
		tiles.Put(tx, t)
	} else {
		tiles.Update(tx, tileKey{level, n / width}, put)
	}
	if whole != nil {
		add(tx, level+1, n/width, rootOf(whole), r)
	}
}

// rootOf is the hash of the subtree whose leaves are a tile.
func rootOf(hashes []byte) tlog.Hash {
	var tree ledger.Tree
	for ; len(hashes) > 0; hashes = hashes[tlog.HashSize:] {
		tree.Add(tlog.Hash(hashes))
	}
	return tree.Root()
}

// ErrNoRecord is a place in the tree, a position or an id that no record has.
var ErrNoRecord = domain.NotFound("ledger-record-not-found")

// Size is how many records there are.
func Size(s *projections.Snapshot) (int64, error) {
	c, _, err := counts.Lookup(s, 0)
	return c.Records, err
}

// Checkpoint is what the tree was when it had so many records.
func Checkpoint(s *projections.Snapshot, size int64) (c ledger.Checkpoint, err error) {
	if err := within(s, size); err != nil {
		return c, err
	}
	root, err := tlog.TreeHash(size, hashes{s})
	return ledger.Checkpoint{Size: size, Root: root}, err
}

// Leaves gives the hashes of the records from one number, counted from 0, up to and without another, as far as there are any.
func Leaves(s *projections.Snapshot, from, to int64) iter.Seq2[tlog.Hash, error] {
	return func(yield func(tlog.Hash, error) bool) {
		for n := from / width; n*width < to; n++ {
			t, _, err := tiles.Lookup(s, tileKey{0, n})
			if err != nil {
				yield(tlog.Hash{}, err)
				return
			}
			for i := max(from, n*width); i < min(to, n*width+int64(len(t.Hashes)/tlog.HashSize)); i++ {
				if !yield(tlog.Hash(t.Hashes[i%width*tlog.HashSize:]), nil) {
					return
				}
			}
		}
	}
}

// Include proves that a record, counted from 0, is in the tree as it was at a size.
func Include(s *projections.Snapshot, index, size int64) (tlog.RecordProof, error) {
	if err := within(s, size); err != nil || index < 0 || index >= size {
		return nil, orNoRecord(err)
	}
	return tlog.ProveRecord(size, index, hashes{s})
}

// Continue proves that the tree at a size goes on from what it was at an older one.
func Continue(s *projections.Snapshot, older, newer int64) (tlog.TreeProof, error) {
	if err := within(s, newer); err != nil || older < 1 || older > newer {
		return nil, orNoRecord(err)
	}
	return tlog.ProveTree(newer, older, hashes{s})
}

// within is ErrNoRecord where the tree never had such a size.
func within(s *projections.Snapshot, size int64) error {
	records, err := Size(s)
	if err == nil && (size < 1 || size > records) {
		err = ErrNoRecord
	}
	return err
}

func orNoRecord(err error) error {
	if err == nil {
		return ErrNoRecord
	}
	return err
}

// Place is where a record stands: its number in the tree, from 0, and its position in the journal.
type Place struct {
	Index    int64
	Position event.Position
}

// At finds the record of a position.
func At(s *projections.Snapshot, p event.Position) (Place, error) {
	for t, err := range tiles.Where(s, "level = 0 AND first <= $1 ORDER BY first DESC LIMIT 1", int64(p)) {
		if err != nil {
			return Place{}, err
		}
		for i, m := range t.marks() {
			if m.position == p {
				return Place{t.N*width + int64(i), p}, nil
			}
		}
	}
	return Place{}, ErrNoRecord
}

// Of finds the record of an id. It looks through all of them.
func Of(s *projections.Snapshot, id uuid.UUID) (Place, error) {
	for t, err := range tiles.Where(s, "level = 0") {
		if err != nil {
			return Place{}, err
		}
		for i, m := range t.marks() {
			if m.id == id {
				return Place{t.N*width + int64(i), m.position}, nil
			}
		}
	}
	return Place{}, ErrNoRecord
}

// Where finds the record of a number.
func Where(s *projections.Snapshot, index int64) (Place, error) {
	if index < 0 {
		return Place{}, ErrNoRecord
	}
	t, _, err := tiles.Lookup(s, tileKey{0, index / width})
	all := t.marks()
	if err != nil || int(index%width) >= len(all) {
		return Place{}, orNoRecord(err)
	}
	return Place{index, all[index%width].position}, nil
}

type mark struct {
	id       uuid.UUID
	position event.Position
}

func (t tile) marks() (all []mark) {
	for m := t.Marks; len(m) >= markSize; m = m[markSize:] {
		all = append(all, mark{uuid.UUID(m[:16]), event.Position(binary.BigEndian.Uint64(m[16:]))})
	}
	return all
}

// hashes are those of the tree, as package tlog asks for them.
type hashes struct{ s *projections.Snapshot }

// ReadHashes is tlog.HashReader. Hashes that lie together come from one row.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	rows := map[tileKey][]byte{}
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		where := tlog.TileForIndex(height, index)
		key := tileKey{where.L, where.N}
		if _, read := rows[key]; !read {
			t, _, err := tiles.Lookup(h.s, key)
			if err != nil {
				return nil, err
			}
			rows[key] = t.Hashes
		}
		var err error
		if out[i], err = tlog.HashFromTile(where, rows[key], index); err != nil {
			return nil, err
		}
	}
	return out, nil
}
