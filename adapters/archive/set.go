package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/go-json-experiment/json"
)

// Set is the folder of a whole set, or the one apart with its keys.
type Set struct {
	Dir string
	Manifest
}

// Open reads the manifest of a set. What an interrupted backup left is a Fault, and so is everything that is no set.
func Open(dir string) (*Set, error) {
	if strings.HasSuffix(filepath.Clean(dir), part) {
		return nil, &Fault{Reason: Unfinished, File: dir}
	}
	file := filepath.Join(dir, manifestFile)
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Fault{Reason: Missing, File: file}
	}
	if err != nil {
		return nil, err
	}
	s := &Set{Dir: dir}
	var first struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(b, &first); err == nil && first.Format != format {
		return nil, &Fault{Reason: Unknown, File: file}
	}
	if err := json.Unmarshal(b, &s.Manifest, json.RejectUnknownMembers(true)); err != nil {
		return nil, &Fault{Reason: NoManifest, File: file, Err: err}
	}
	return s, nil
}

// Has tells whether an archive lies in this folder.
func (s *Set) Has(kind Kind) bool {
	_, err := os.Stat(filepath.Join(s.Dir, kind.File()))
	return err == nil
}

// Chain is a set with those that it continues, the oldest first. They lie beside it.
func (s *Set) Chain() (chain []*Set, err error) {
	for at := s; ; {
		chain = append(chain, at)
		since := at.Since
		if since == (Base{}) {
			slices.Reverse(chain)
			return chain, nil
		}
		dir := filepath.Join(filepath.Dir(at.Dir), filepath.Base(since.Name))
		base, err := Open(dir)
		if f, ok := errors.AsType[*Fault](err); ok && f.Reason == Missing {
			return nil, &Fault{Reason: NoBase, File: dir}
		}
		if err != nil {
			return nil, err
		}
		if base.Base() != since || base.Journal != s.Journal || base.Size > at.Size || base.Head > at.Head {
			return nil, &Fault{Reason: OtherBase, File: dir}
		}
		at = base
	}
}

// Base is the set as one that continues it names it.
func (s *Set) Base() Base { return Base{Name: s.Name(), Set: s.Set, Size: s.Size, Root: s.Root} }

// Check compares an archive's size and SHA-256 with the manifest. It needs no identity; with the right one it also tells an archive
// that belongs to another set from one that was changed.
func (s *Set) Check(kind Kind, identities ...age.Identity) error {
	a, err := s.archive(kind)
	if err != nil {
		return err
	}
	f, err := s.open(kind)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return &Fault{Reason: Damaged, File: f.Name(), Err: err}
	}
	if n == a.Bytes && hex.EncodeToString(sum.Sum(nil)) == a.SHA256 {
		return nil
	}
	if len(identities) > 0 {
		for _, err := range s.Frames(kind, identities...) {
			if f, ok := errors.AsType[*Fault](err); ok && f.Reason == Mixed {
				return f
			}
			break // the header is enough
		}
	}
	if n < a.Bytes {
		return &Fault{Reason: Cut, File: f.Name()}
	}
	return &Fault{Reason: Changed, File: f.Name()}
}

func (s *Set) archive(kind Kind) (Archive, error) {
	i := slices.IndexFunc(s.Archives, func(a Archive) bool { return a.Kind == kind })
	if i < 0 {
		return Archive{}, &Fault{Reason: Altered, File: filepath.Join(s.Dir, manifestFile), Err: fmt.Errorf("it names no %s", kind.File())}
	}
	return s.Archives[i], nil
}

func (s *Set) open(kind Kind) (*os.File, error) {
	f, err := os.Open(filepath.Join(s.Dir, kind.File()))
	if errors.Is(err, fs.ErrNotExist) {
		err = &Fault{Reason: Missing, File: filepath.Join(s.Dir, kind.File())}
	}
	return f, err
}

// maxFrame bounds what is taken into memory of a file that may be anything.
const maxFrame = 1 << 30

// Frames gives the frames of an archive, each valid until the next. Header and facts are compared with the manifest: only who has read to
// the end knows that the archive is whole.
func (s *Set) Frames(kind Kind, identities ...age.Identity) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := s.frames(kind, identities, func(b []byte) bool { return yield(b, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func (s *Set) frames(kind Kind, identities []age.Identity, yield func([]byte) bool) error {
	a, err := s.archive(kind)
	if err != nil {
		return err
	}
	f, err := s.open(kind)
	if err != nil {
		return err
	}
	defer f.Close()
	fault := func(r Reason, err error) error { return &Fault{Reason: r, File: f.Name(), Err: err} }
	in, err := age.Decrypt(bufio.NewReaderSize(f, frameBuffer), identities...)
	if _, stranger := errors.AsType[*age.NoIdentityMatchError](err); stranger {
		return fault(Stranger, nil)
	}
	if err != nil {
		return fault(Damaged, err)
	}
	frames := bufio.NewReaderSize(in, frameBuffer)
	if magic, err := frames.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		packed, err := gzip.NewReader(frames)
		if err != nil {
			return fault(Damaged, err)
		}
		frames = bufio.NewReaderSize(packed, frameBuffer)
	}
	var buffer []byte
	next := func() ([]byte, error) {
		n, err := binary.ReadUvarint(frames)
		if err != nil {
			return nil, noEnd(err)
		}
		if n > maxFrame {
			return nil, fmt.Errorf("a frame of %d bytes", n)
		}
		if buffer, err = readFull(frames, buffer, int(n)); err != nil {
			return nil, noEnd(err)
		}
		return buffer, nil
	}
	b, err := next()
	if err != nil {
		return fault(Damaged, err)
	}
	var h header
	if err := json.Unmarshal(b, &h); err != nil {
		return fault(Damaged, err)
	}
	switch {
	case h.Format != format:
		return fault(Unknown, nil)
	case h.Set != s.Set || h.Kind != kind:
		return fault(Mixed, nil)
	case !slices.Equal(h.Recipients, a.Recipients):
		return fault(Altered, errors.New("other recipients"))
	}
	for {
		b, err := next()
		if err != nil {
			return fault(Damaged, err)
		}
		if len(b) == 0 {
			break
		}
		if !yield(b) {
			return nil
		}
	}
	if b, err = next(); err != nil {
		return fault(Damaged, err)
	}
	var facts Facts
	if err := json.Unmarshal(b, &facts); err != nil {
		return fault(Damaged, err)
	}
	if !same(facts, s.Facts) {
		return fault(Altered, nil)
	}
	if _, err := frames.ReadByte(); err != io.EOF {
		return fault(Damaged, errors.Join(err, errors.New("it goes on after its end")))
	}
	return nil
}

// readFull reads n bytes into a buffer that is kept for the next time, and grows with what comes rather than with what is promised.
func readFull(r io.Reader, buffer []byte, n int) ([]byte, error) {
	if n <= cap(buffer) {
		buffer = buffer[:n]
		_, err := io.ReadFull(r, buffer)
		return buffer, err
	}
	grown := bytes.NewBuffer(buffer[:0])
	if _, err := io.CopyN(grown, r, int64(n)); err != nil {
		return nil, err
	}
	return grown.Bytes(), nil
}

// noEnd is the end of a file where it should go on.
func noEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func same(a, b Facts) bool {
	a.Taken, b.Taken = a.Taken.UTC(), b.Taken.UTC()
	return a == b
}

// Value reads an archive of one JSON value, to its end.
func Value[T any](s *Set, kind Kind, identities ...age.Identity) (v T, err error) {
	n := 0
	for b, err := range s.Frames(kind, identities...) {
		if err == nil {
			err = json.Unmarshal(b, &v)
		}
		if err != nil {
			return v, err
		}
		n++
	}
	if n != 1 {
		return v, &Fault{Reason: Damaged, File: filepath.Join(s.Dir, kind.File()), Err: fmt.Errorf("%d values", n)}
	}
	return v, nil
}
