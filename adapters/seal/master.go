package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

const (
	keyBytes     = 32
	masterPrefix = "approdo-master-key-1:"
	// masterFileMax bounds what is read of a file that may be anything.
	masterFileMax = 4096
)

// The reasons for which a master key is refused. They come wrapped with the path, never with a part of the key.
var (
	ErrMasterKeyMissing   = errors.New("seal: no master key file")
	ErrMasterKeyExposed   = errors.New("seal: master key file can be read by others; its mode must be 0600 or 0400")
	ErrMasterKeyMalformed = errors.New("seal: not a master key: want one line, " + masterPrefix + " and 32 bytes in base64")
	ErrMasterKeyInside    = errors.New("seal: master key file lies inside the data directory, whose backups would hold it")
)

// MasterKey is the secret at the root of all others. It cannot be printed; the zero MasterKey is none.
type MasterKey struct{ secret *[keyBytes]byte }

// IsZero reports whether there is no key.
func (m MasterKey) IsZero() bool { return m.secret == nil }

// Format covers every verb of fmt.
func (m MasterKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[master key]")) }

// LogValue covers slog.
func (m MasterKey) LogValue() slog.Value { return slog.StringValue("[master key]") }

// derive gives a key for one purpose. The labels keep the purposes apart; the salt may be nil.
func (m MasterKey) derive(salt []byte, label string) []byte {
	key, err := hkdf.Key(sha256.New, m.secret[:], salt, "approdo/"+label, keyBytes)
	if err != nil {
		panic("seal: " + err.Error()) // only for lengths that HKDF cannot give
	}
	return key
}

// proof tells this key from another and says nothing of it.
func (m MasterKey) proof() []byte { return m.derive(nil, "proof") }

// LedgerKey signs the checkpoints of the ledger. Its public half may be given to anybody, and says nothing of this key.
func (m MasterKey) LedgerKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(m.derive(nil, "ledger"))
}

// NewMasterKey makes a random key.
func NewMasterKey() MasterKey {
	secret := new([keyBytes]byte)
	rand.Read(secret[:]) // never fails: crypto/rand ends the program rather than give less
	return MasterKey{secret}
}

// ParseMasterKey reads the line a master key file holds, as it may also come from an environment variable.
func ParseMasterKey(line string) (MasterKey, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(line), masterPrefix)
	if !ok {
		return MasterKey{}, ErrMasterKeyMalformed
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != keyBytes {
		return MasterKey{}, ErrMasterKeyMalformed
	}
	return MasterKey{(*[keyBytes]byte)(b)}, nil
}

func (m MasterKey) line() string {
	return masterPrefix + base64.StdEncoding.EncodeToString(m.secret[:]) + "\n"
}

// LoadMasterKey reads the key of a production node: the file MUST exist, outside the data directory (symbolic links are
// followed; an empty one is none), and only its owner may read it.
func LoadMasterKey(path, dataDir string) (MasterKey, error) {
	if err := outside(path, dataDir); err != nil {
		return MasterKey{}, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return MasterKey{}, fmt.Errorf("%w: %s", ErrMasterKeyMissing, path)
	}
	if err != nil {
		return MasterKey{}, fmt.Errorf("seal: master key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return MasterKey{}, fmt.Errorf("seal: master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return MasterKey{}, fmt.Errorf("%w: %s has %04o", ErrMasterKeyExposed, path, info.Mode().Perm())
	}
	b, err := io.ReadAll(io.LimitReader(f, masterFileMax))
	if err != nil {
		return MasterKey{}, fmt.Errorf("seal: master key: %w", err)
	}
	m, err := ParseMasterKey(string(b))
	if err != nil {
		return MasterKey{}, fmt.Errorf("%w: %s", err, path)
	}
	return m, nil
}

// LoadOrCreateMasterKey is for the demo: where there is no file it makes one, with mode 0600, that is complete and durable before
// it can be seen under its name. Of two programs that begin together both get the same key.
func LoadOrCreateMasterKey(path, dataDir string) (MasterKey, error) {
	m, err := LoadMasterKey(path, dataDir)
	if !errors.Is(err, ErrMasterKeyMissing) {
		return m, err
	}
	if err := createMasterKey(path, NewMasterKey()); err != nil && !errors.Is(err, fs.ErrExist) {
		return MasterKey{}, fmt.Errorf("seal: create master key: %w", err)
	}
	return LoadMasterKey(path, dataDir)
}

// createMasterKey writes aside and links, because a link neither replaces a file nor shows a half-written one.
func createMasterKey(path string, m MasterKey) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".master-key-*") // opens with mode 0600 and O_EXCL
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(m.line())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// outside refuses a path that leads, by itself or through links, into a directory.
func outside(path, dir string) error {
	if dir == "" {
		return nil
	}
	p, err := resolve(path)
	if err != nil {
		return fmt.Errorf("seal: master key: %w", err)
	}
	d, err := resolve(dir)
	if err != nil {
		return fmt.Errorf("seal: data directory: %w", err)
	}
	if rel, err := filepath.Rel(d, p); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("%w: %s", ErrMasterKeyInside, path)
	}
	return nil
}

// resolve is an absolute path without links, of a file that need not exist yet.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if !errors.Is(err, fs.ErrNotExist) || abs == filepath.Dir(abs) {
		return real, err
	}
	parent, err := resolve(filepath.Dir(abs))
	return filepath.Join(parent, filepath.Base(abs)), err
}
