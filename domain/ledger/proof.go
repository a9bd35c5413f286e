package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Why a proof is refused.
var (
	ErrNoProof    = errors.New("ledger: not a proof to the letter")
	ErrProofFails = errors.New("ledger: the proof does not hold")
)

// A proof is text, so that it can be read, printed and checked years later. Each has one form only.
const (
	inclusionKind   = "approdo-inclusion-1"
	consistencyKind = "approdo-consistency-1"
	noteLines       = 5 // origin, size, root, nothing, signature
)

// Inclusion proves that a record stands at a place of the tree that was signed. It holds the leaf of the record, and so everything but
// the payload, of which it has the hash.
type Inclusion struct {
	Index int64 // of the record, from 0
	Leaf  []byte
	Path  tlog.RecordProof
	Note  []byte
}

// Text is the proof as a file.
func (p Inclusion) Text() []byte {
	b := fmt.Appendf(nil, "%s\nrecord %d\nleaf %s\n", inclusionKind, p.Index, p.Leaf)
	return append(append(appendPath(b, p.Path), '\n'), p.Note...)
}

// Consistency proves that the tree of one checkpoint goes on from that of an older one: nothing was taken away or changed.
type Consistency struct {
	Path         tlog.TreeProof
	Older, Newer []byte
}

// Text is the proof as a file.
func (p Consistency) Text() []byte {
	b := append(appendPath([]byte(consistencyKind+"\n"), p.Path), '\n')
	return append(append(append(b, p.Older...), '\n'), p.Newer...)
}

func appendPath(b []byte, path []tlog.Hash) []byte {
	for _, h := range path {
		b = fmt.Appendf(b, "path %s\n", h)
	}
	return b
}

// IsProof tells whether a file begins as a proof does.
func IsProof(file []byte) bool {
	return bytes.HasPrefix(file, []byte(inclusionKind+"\n")) || bytes.HasPrefix(file, []byte(consistencyKind+"\n"))
}

// OpenInclusion reads a proof and checks it. The error is that of Open, ErrNoProof or ErrProofFails.
func OpenInclusion(file []byte, key string) (p Inclusion, c Checkpoint, err error) {
	lines := strings.SplitAfter(string(file), "\n")
	if len(lines) < 4 {
		return p, c, ErrNoProof
	}
	hashes, rest := path(lines[3:])
	p.Leaf, p.Path, p.Note = []byte(field(lines[2], "leaf ")), hashes, []byte(strings.Join(rest[1:], ""))
	if p.Index, err = strconv.ParseInt(field(lines[1], "record "), 10, 64); err != nil || !bytes.Equal(p.Text(), file) {
		return p, c, ErrNoProof
	}
	if c, err = Open(p.Note, key); err != nil {
		return p, c, err
	}
	if err := tlog.CheckRecord(p.Path, c.Size, c.Root, p.Index, tlog.RecordHash(p.Leaf)); err != nil {
		return p, c, fmt.Errorf("%w: %w", ErrProofFails, err)
	}
	return p, c, nil
}

// OpenConsistency reads a proof and checks it. The error is that of Open, ErrNoProof or ErrProofFails.
func OpenConsistency(file []byte, key string) (older, newer Checkpoint, err error) {
	p, err := parseConsistency(file)
	if err != nil {
		return older, newer, err
	}
	if older, err = Open(p.Older, key); err != nil {
		return older, newer, err
	}
	if newer, err = Open(p.Newer, key); err != nil {
		return older, newer, err
	}
	return older, newer, p.check(older, newer)
}

func (p Consistency) check(older, newer Checkpoint) error {
	if err := tlog.CheckTree(p.Path, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%w: %w", ErrProofFails, err)
	}
	return nil
}

func parseConsistency(file []byte) (p Consistency, err error) {
	lines := strings.SplitAfter(string(file), "\n")
	hashes, rest := path(lines[1:])
	if len(rest) < noteLines+2 {
		return p, ErrNoProof
	}
	older, newer := rest[1:noteLines+1], rest[noteLines+2:]
	p = Consistency{hashes, []byte(strings.Join(older, "")), []byte(strings.Join(newer, ""))}
	if !bytes.Equal(p.Text(), file) {
		return p, ErrNoProof
	}
	return p, nil
}

// field is what stands in a line after a word; a line without it makes another text of the proof.
func field(line, word string) string {
	return strings.TrimSuffix(strings.TrimPrefix(line, word), "\n")
}

// path reads hashes up to the first line that is none, of which there is always one, and gives that line and those behind it.
func path(lines []string) (hashes []tlog.Hash, rest []string) {
	for i, line := range lines {
		h, err := tlog.ParseHash(field(line, "path "))
		if err != nil {
			return hashes, lines[i:]
		}
		hashes = append(hashes, h)
	}
	return hashes, []string{""}
}

// What a witness refuses.
var (
	ErrShrunk = errors.New("ledger: the journal has fewer records than before")
	ErrForked = errors.New("ledger: the journal is another than before")
)

// Extends tells whether the journal of a checkpoint goes on from that of one that was kept, both as signed notes. Where they differ in
// size it takes a proof of consistency. The error is that of Open, ErrShrunk, ErrForked or ErrNoProof.
func Extends(kept, seen, proof []byte, key string) (Checkpoint, error) {
	older, err := Open(kept, key)
	if err != nil {
		return older, err
	}
	newer, err := Open(seen, key)
	if err != nil {
		return newer, err
	}
	if newer.Size < older.Size {
		return newer, ErrShrunk
	}
	p := Consistency{Older: kept, Newer: seen}
	if newer.Size > older.Size {
		if p, err = parseConsistency(proof); err != nil {
			return newer, err
		}
	}
	if err := p.check(older, newer); err != nil {
		return newer, fmt.Errorf("%w: %w", ErrForked, err)
	}
	return newer, nil
}

// File is a proof or a checkpoint to be kept elsewhere. Its name tells nothing but numbers.
type File struct {
	Name string
	Text []byte
}
