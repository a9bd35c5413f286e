package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What a search of the audit trail has found is handed over as a file that the program checks elsewhere, with the key alone.
func TestWhatASearchHasFoundIsVerifiedWithoutTheHouse(t *testing.T) {
	t.Parallel()
	s := newStory(t, inFiles)
	admin := s.begin(inventedSchools)
	prefettura := s.invite(admin, "prefettura", "")
	prefettura.post("/territory/suspensions", fields{"kind": "intake", "reason": "Prot. 1/2022"}).want(http.StatusCreated)
	key := strings.TrimSpace(command(t, "verifier", "--key", s.where[len(s.where)-1]))
	const found = "/registro/cerca.jsonl?atto=territory.suspended"
	var file string
	eventually(t, "a proof of what was just done", func() bool {
		x := prefettura.page(found)
		if file = string(x.body); x.status == http.StatusOK {
			return true
		}
		time.Sleep(time.Second) // files are counted, and the next checkpoint is seconds away
		return false
	})
	dir := t.TempDir()
	verify := func(text string) (int, string, string) {
		name := filepath.Join(dir, "registro.jsonl")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return called(t, nil, "verify", name, "--key", key)
	}
	if code, said, stderr := verify(file); code != exitOK || !strings.Contains(said, "stanno tutti nel registro firmato: 1 su ") || stderr != "" {
		t.Fatalf("%d: %s%s", code, said, stderr)
	}
	if !strings.Contains(file, `"type":"territory.suspended"`) || strings.Contains(file, "Prot. 1/2022") {
		t.Errorf("the file holds %s", file)
	}
	all := string(prefettura.page("/registro/cerca.jsonl").want(http.StatusOK).body)
	lines := strings.SplitAfter(all, "\n")
	if code, _, stderr := verify(all); code != exitOK {
		t.Fatalf("all: %s", stderr)
	}
	for name, text := range map[string]string{
		"another act":    strings.Replace(file, "territory.suspended", "territory.resumed", 1),
		"another actor":  strings.Replace(file, `"role":"prefettura"`, `"role":"ust"`, 1),
		"another time":   strings.Replace(file, `"at":"20`, `"at":"19`, 1),
		"another number": strings.Replace(file, `{"n":`, `{"n":1`, 1),
		"a line away":    strings.Join(append(append([]string{}, lines[:2]...), lines[3:]...), ""),
		"a line twice":   strings.Join(append(append([]string{}, lines[:2]...), lines[1:]...), ""),
		"half":           all[:len(all)/2],
		"another tree":   strings.Replace(file, `approdo/registro\n`, `approdo/registro\n1`, 1),
	} {
		if code, _, stderr := verify(text); code != exitFailed || !strings.Contains(stderr, "NON REGGE") || text == file || text == all {
			t.Errorf("%s: %d, %s", name, code, stderr)
		}
	}
	stranger := "approdo/registro+00000000+AAAA"
	if code, _, stderr := called(t, nil, "verify", filepath.Join(dir, "registro.jsonl"), "--key", stranger); code != exitFailed || stderr == "" {
		t.Errorf("another key: %d", code)
	}
	if code, _, stderr := called(t, nil, "verify", filepath.Join(dir, "registro.jsonl"), "--key", key, "--checkpoint", filepath.Join(dir, "registro.jsonl")); code != exitFailed ||
		!strings.Contains(stderr, "--checkpoint") {
		t.Errorf("with a checkpoint: %d, %s", code, stderr)
	}
}
