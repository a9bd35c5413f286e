package archive

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// ErrThere refuses to write over what is there already.
var ErrThere = errors.New("archive: there is one already")

// Recipients are public keys as age writes them, "age1…".
func Recipients(keys []string) ([]age.Recipient, error) {
	return age.ParseRecipients(strings.NewReader(strings.Join(keys, "\n")))
}

// Draft is a set that is being written. Either Commit or Discard ends it.
type Draft struct {
	set     uuid.UUID
	name    string
	folders map[Kind]string // in which a kind lies
	writers []*Writer
	parts   []string // folders, the one with the keys first where they lie apart
}

// Create begins a set in the folder to, and with its keys in keysTo where that is not empty. Of the facts it needs those that are known
// at the beginning: Set, Taken and Head.
func Create(to, keysTo string, f Facts) (_ *Draft, err error) {
	d := &Draft{set: f.Set, name: f.Name(), folders: map[Kind]string{}}
	home := filepath.Join(to, d.name)
	d.folders[Journal], d.folders[State], d.folders[Keys] = home+part, home+part, home+part
	if keysTo != "" {
		apart := filepath.Join(keysTo, d.name)
		d.folders[Keys] = apart + part
		d.parts = append(d.parts, apart)
	}
	d.parts = append(d.parts, home)
	for i, final := range d.parts {
		err := os.MkdirAll(filepath.Dir(final), 0o700)
		if err == nil {
			err = absent(final)
		}
		if err == nil {
			err = os.Mkdir(final+part, 0o700)
		}
		if err != nil {
			d.parts = d.parts[:i]
			return nil, errors.Join(err, d.Discard())
		}
	}
	return d, nil
}

func absent(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%w: %s", ErrThere, path))
	}
	return nil
}

// Archive begins an archive of the set for recipients. Finish ends it.
func (d *Draft) Archive(kind Kind, recipients []string, compress bool) (*Writer, error) {
	to, err := Recipients(recipients)
	if err != nil {
		return nil, err
	}
	w := &Writer{hash: sha256.New(), archive: Archive{Kind: kind, Recipients: slices.Clone(recipients)}}
	w.file, err = os.OpenFile(filepath.Join(d.folders[kind], kind.File()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	d.writers = append(d.writers, w)
	closed, err := age.Encrypt(io.MultiWriter(w.file, w.hash), to...)
	if err != nil {
		return nil, err
	}
	w.layers = []io.Closer{closed}
	w.frames = bufio.NewWriterSize(closed, frameBuffer)
	if compress {
		packed := gzip.NewWriter(closed)
		w.layers = []io.Closer{packed, closed}
		w.frames = bufio.NewWriterSize(packed, frameBuffer)
	}
	return w, w.Value(header{format, d.set, kind, w.archive.Recipients})
}

const frameBuffer = 256 << 10

// Writer is an archive that is being written.
type Writer struct {
	archive Archive
	file    *os.File // nil once closed
	hash    hash.Hash
	layers  []io.Closer // the innermost first
	frames  *bufio.Writer
	length  []byte
}

// ErrFrame refuses a frame that nobody could read again.
var ErrFrame = errors.New("archive: a frame is too large")

// Frame adds some bytes, at least one and at most as many as readers take.
func (w *Writer) Frame(b []byte) error {
	if len(b) > maxFrame {
		return fmt.Errorf("%w: %d bytes", ErrFrame, len(b))
	}
	w.length = binary.AppendUvarint(w.length[:0], uint64(len(b)))
	_, err := w.frames.Write(w.length)
	if err == nil {
		_, err = w.frames.Write(b)
	}
	return err
}

// Value adds a frame of JSON.
func (w *Writer) Value(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.Frame(b)
}

// finish ends the archive with the facts of its set, durably.
func (w *Writer) finish(f Facts) error {
	err := w.frames.WriteByte(0)
	if err == nil {
		err = w.Value(f)
	}
	if err == nil {
		err = w.frames.Flush()
	}
	for _, l := range w.layers {
		if err == nil {
			err = l.Close()
		}
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err == nil {
		w.archive.Bytes, err = w.file.Seek(0, io.SeekCurrent)
	}
	w.archive.SHA256 = hex.EncodeToString(w.hash.Sum(nil))
	return errors.Join(err, w.close())
}

func (w *Writer) close() error {
	f := w.file
	if w.file = nil; f == nil {
		return nil
	}
	return f.Close()
}

// Finish ends the archives and writes the manifest. The set is whole then, and can be read to be verified; it has its name, and is found
// by others, after Commit. With its keys apart there are two folders, the one with the journal first.
func (d *Draft) Finish(f Facts) (sets []*Set, err error) {
	m := Manifest{Format: format, Facts: f}
	for _, w := range d.writers {
		if err := w.finish(f); err != nil {
			return nil, err
		}
		m.Archives = append(m.Archives, w.archive)
	}
	b, err := json.Marshal(m, jsontext.Multiline(true), json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	for _, final := range slices.Backward(d.parts) {
		if err := writeFile(filepath.Join(final+part, manifestFile), append(b, '\n')); err != nil {
			return nil, err
		}
		sets = append(sets, &Set{Dir: final + part, Manifest: m})
	}
	return sets, nil
}

func writeFile(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Commit gives the set its name, the keys first: a journal's folder never stands without its keys.
func (d *Draft) Commit() error {
	for len(d.parts) > 0 {
		final := d.parts[0]
		if err := absent(final); err != nil {
			return err
		}
		if err := os.Rename(final+part, final); err != nil {
			return err
		}
		if err := syncDir(filepath.Dir(final)); err != nil {
			return err
		}
		d.parts = d.parts[1:]
	}
	return nil
}

// Discard removes what was not committed.
func (d *Draft) Discard() error {
	var errs []error
	for _, w := range d.writers {
		errs = append(errs, w.close())
	}
	for _, final := range d.parts {
		errs = append(errs, os.RemoveAll(final+part))
	}
	return errors.Join(errs...)
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
