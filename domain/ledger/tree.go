package ledger

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is a Merkle tree that only grows, of which just the edge is kept: a few hashes, whatever its size. The zero Tree is empty.
type Tree struct {
	size  int64
	peaks []tlog.Hash // of the whole subtrees of which it is made, the largest first
}

// Add puts a leaf at the end.
func (t *Tree) Add(leaf tlog.Hash) {
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.peaks) - 1
		leaf, t.peaks = tlog.NodeHash(t.peaks[last], leaf), t.peaks[:last]
	}
	t.peaks = append(t.peaks, leaf)
	t.size++
}

// Size is how many leaves there are.
func (t *Tree) Size() int64 { return t.size }

// Root is the hash of the whole, of no leaves too: RFC 6962, 2.1.
func (t *Tree) Root() tlog.Hash {
	if len(t.peaks) == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.peaks) - 1
	root := t.peaks[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(t.peaks[i], root)
	}
	return root
}
