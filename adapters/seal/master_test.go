package seal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
)

// home is a directory with an empty data directory and the path for a key beside it.
func home(t *testing.T) (key, data string) {
	t.Helper()
	dir := t.TempDir()
	data = filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "secrets", "master.key"), data
}

func put(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestDemoMakesItsMasterKeyOnceAndForItsOwner(t *testing.T) {
	t.Parallel()
	path, data := home(t)
	first, err := LoadOrCreateMasterKey(path, data)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := LoadOrCreateMasterKey(path, data)
	if err != nil || *again.secret != *first.secret {
		t.Errorf("another key the second time, %v", err)
	}
	loaded, err := LoadMasterKey(path, data)
	if err != nil || *loaded.secret != *first.secret {
		t.Errorf("another key when loaded, %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files beside the key, %v", len(entries), err)
	}
}

func TestProgramsThatBeginTogetherGetOneMasterKey(t *testing.T) {
	t.Parallel()
	path, data := home(t)
	keys := make([]MasterKey, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = LoadOrCreateMasterKey(path, data); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys[1:] {
		if *k.secret != *keys[0].secret {
			t.Fatal("two keys")
		}
	}
}

func TestMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	good := NewMasterKey().line()
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		want    error
	}{
		"read by the group":  {good, 0o640, ErrMasterKeyExposed},
		"read by all":        {good, 0o604, ErrMasterKeyExposed},
		"empty":              {"", 0o600, ErrMasterKeyMalformed},
		"without the prefix": {strings.TrimPrefix(good, masterPrefix), 0o600, ErrMasterKeyMalformed},
		"31 bytes":           {masterPrefix + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 0o600, ErrMasterKeyMalformed},
		"33 bytes":           {masterPrefix + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0o600, ErrMasterKeyMalformed},
		"cut":                {good[:40], 0o600, ErrMasterKeyMalformed},
		"not base64":         {masterPrefix + strings.Repeat("!", 44), 0o600, ErrMasterKeyMalformed},
		"two lines":          {good + good, 0o600, ErrMasterKeyMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, data := home(t)
			put(t, path, c.content, c.mode)
			for _, load := range []func(string, string) (MasterKey, error){LoadMasterKey, LoadOrCreateMasterKey} {
				m, err := load(path, data)
				if !errors.Is(err, c.want) || !m.IsZero() {
					t.Errorf("got %v", err)
				}
				if body := strings.TrimSpace(strings.TrimPrefix(c.content, masterPrefix)); body != "" && strings.Contains(err.Error(), body) {
					t.Error("the error shows the key")
				}
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != c.content {
				t.Error("a refused file was changed")
			}
		})
	}
	path, data := home(t)
	if _, err := LoadMasterKey(path, data); !errors.Is(err, ErrMasterKeyMissing) || !strings.Contains(err.Error(), path) {
		t.Errorf("missing: %v", err)
	}
}

func TestMasterKeyMayNotLieInTheDataDirectory(t *testing.T) {
	t.Parallel()
	path, data := home(t)
	inside := filepath.Join(data, "master.key")
	put(t, inside, NewMasterKey().line(), 0o600)
	put(t, path, NewMasterKey().line(), 0o600)
	link := filepath.Join(filepath.Dir(path), "link.key")
	dataLink := filepath.Join(filepath.Dir(data), "data-link")
	if err := errors.Join(os.Symlink(inside, link), os.Symlink(data, dataLink)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"in it":                      {inside, data},
		"below it":                   {filepath.Join(data, "a", "b", "master.key"), data},
		"by way of ..":               {filepath.Join(data, "..", "data", "master.key"), data},
		"through a link":             {link, data},
		"where the directory is one": {inside, dataLink},
		"where the path has one":     {filepath.Join(dataLink, "new", "master.key"), data},
	} {
		for _, load := range []func(string, string) (MasterKey, error){LoadMasterKey, LoadOrCreateMasterKey} {
			if _, err := load(c[0], c[1]); !errors.Is(err, ErrMasterKeyInside) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, dir := range map[string]string{"beside": data, "not there yet": filepath.Join(data, "later")} {
		if _, err := LoadMasterKey(path, dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadMasterKey(path, data+"x"); err != nil {
		t.Errorf("a longer name is not below: %v", err)
	}
}

func TestMasterKeyCannotBePrinted(t *testing.T) {
	t.Parallel()
	m := NewMasterKey()
	var shown strings.Builder
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "key", m, "in", struct{ K MasterKey }{m})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&shown, verb, m)
		fmt.Fprintf(&shown, verb, struct{ K *MasterKey }{&m})
	}
	if b, err := json.Marshal(m); err == nil {
		shown.Write(b)
	}
	for _, secret := range []string{
		string(m.secret[:]), hex.EncodeToString(m.secret[:]), strings.TrimSpace(strings.TrimPrefix(m.line(), masterPrefix)),
		strings.Trim(fmt.Sprint(m.secret[:]), "[]"),
	} {
		if strings.Contains(shown.String(), secret) {
			t.Error("the key was printed")
		}
	}
}

// The key of a ledger follows from the master key alone, and is that of no other purpose.
func TestTheLedgersKeyFollowsFromTheMasterKey(t *testing.T) {
	t.Parallel()
	m := NewMasterKey()
	again, err := ParseMasterKey(m.line())
	if err != nil || !m.LedgerKey().Equal(again.LedgerKey()) {
		t.Errorf("the same master key gives another, %v", err)
	}
	if m.LedgerKey().Equal(NewMasterKey().LedgerKey()) || bytes.Equal(m.LedgerKey().Seed(), m.proof()) {
		t.Error("two purposes have one key")
	}
}
