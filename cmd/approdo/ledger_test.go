package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"approdo/domain/ledger"
)

// Everything that is handed out to be kept is verified with nothing but the program: what was fetched while the service ran, an export
// taken beside it, and the proofs of the pages.
func TestWhatTheHouseSignsIsVerifiedWithoutIt(t *testing.T) {
	t.Parallel()
	s := newStory(t, inFiles)
	dir := t.TempDir()
	folder := filepath.Join(dir, "kept")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	house := s.where
	s.where = append(s.where[:len(s.where):len(s.where)], "--checkpoints", folder)
	serving := s.where
	s.where = house
	admin := s.begin(inventedSchools)
	s.program.stop()
	s.where = serving
	s.serve()
	s.where = house
	prefettura := s.invite(admin, "prefettura", "")

	key := strings.TrimSpace(command(t, "verifier", "--key", house[len(house)-1]))
	shown := prefettura.page("/registro/prove").want(http.StatusOK)
	if !strings.Contains(string(shown.body), strings.ReplaceAll(key, "+", "&#43;")) {
		t.Error("the page does not show the verifier key")
	}
	keyFile := filepath.Join(dir, "verifier.txt")
	save := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	save("verifier.txt", prefettura.page("/registro/prove/chiave").want(http.StatusOK).body)
	token := save("token", []byte(prefettura.token+"\n"))
	latest := func() []byte { return prefettura.get("/ledger/checkpoints/latest").want(http.StatusOK).body }
	var early ledger.Checkpoint
	var note []byte
	eventually(t, "a checkpoint", func() bool {
		if prefettura.get("/ledger/checkpoints/latest").status != http.StatusOK {
			return false
		}
		note = latest()
		var err error
		early, err = ledger.Open(note, key)
		return err == nil
	})
	older := save("older.txt", note)
	state := filepath.Join(dir, "witness.txt")
	source := s.program.url + "/api/v1/ledger/checkpoints/latest"
	witness := func(args ...string) (int, string) {
		code, out, stderr := called(t, nil, append([]string{"witness", "--state", state, "--key", keyFile}, args...)...)
		return code, out + stderr
	}
	if code, said := witness(older); code != exitOK || !strings.Contains(said, "Primo punto di controllo") {
		t.Errorf("a witness begins with %d: %s", code, said)
	}

	prefettura.post("/territory/suspensions", fields{"kind": "intake", "reason": "Prot. 1/2022"}).want(http.StatusCreated)
	eventually(t, "a newer checkpoint", func() bool {
		c, err := ledger.Open(latest(), key)
		return err == nil && c.Size > early.Size
	})
	if code, said := witness(source); code == exitOK || !strings.Contains(said, "401") {
		t.Errorf("without a token a witness gets %d: %s", code, said)
	}
	if code, said := witness(source, "--token-file", token); code != exitOK || !strings.Contains(said, "Il registro prosegue") {
		t.Errorf("a witness ends with %d: %s", code, said)
	}
	if code, said := witness(older); code != exitFailed || !strings.Contains(said, "ACCORCIATO") {
		t.Errorf("a journal that shrinks: %d: %s", code, said)
	}

	export := filepath.Join(dir, "export.jsonl")
	if said := command(t, append([]string{"export", export}, house[:2]...)...); !strings.Contains(said, "Esportati") {
		t.Errorf("the export says %s", said)
	}
	if code, _, stderr := called(t, nil, append([]string{"export", export}, house[:2]...)...); code != exitFailed || stderr == "" {
		t.Errorf("an export over another: %d", code)
	}
	if said := command(t, "verify", export, "--key", key, "--checkpoint", older); !strings.Contains(said, "è integra") || !strings.Contains(said, "conservati: 1") {
		t.Errorf("verify says %s", said)
	}
	if said := command(t, "verify", export, "--key", keyFile); !strings.Contains(said, "Nessun punto di controllo conservato") {
		t.Errorf("verify says %s", said)
	}
	whole, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := save("spoilt.jsonl", []byte(strings.Replace(string(whole), `"n":7,`, `"n":8,`, 1)))
	if code, _, stderr := called(t, nil, "verify", spoilt, "--key", key); code != exitFailed || !strings.Contains(stderr, "NON REGGE. evento n. 7, riga ") {
		t.Errorf("an export that was spoilt: %d, %s", code, stderr)
	}

	day := string(prefettura.page("/registro/prove").want(http.StatusOK).body)
	links := regexp.MustCompile(`/registro/prove/punti/[0-9]+`).FindAllString(day, -1)
	if len(links) < 2 {
		t.Fatalf("the page lists %d checkpoints", len(links))
	}
	for path, says := range map[string]string{
		links[0]:                   "è firmato con questa chiave",
		"/registro/prove/eventi/1": "L'evento n. 0 sta nel registro",
		"/registro/prove/continuita?a=" + filepath.Base(links[0]) + "&da=" + filepath.Base(links[len(links)-1]): "nulla è stato tolto",
	} {
		x := prefettura.page(path).want(http.StatusOK)
		if !strings.HasPrefix(x.header.Get("Content-Disposition"), `attachment; filename="approdo-`) {
			t.Errorf("%s comes as %s", path, x.header.Get("Content-Disposition"))
		}
		file := save("proof.txt", x.body)
		if said := command(t, "verify", file, "--key", key); !strings.Contains(said, says) {
			t.Errorf("%s: verify says %s", path, said)
		}
		text := strings.Replace(string(x.body), "\n", "\n ", 2)
		if code, _, stderr := called(t, nil, "verify", save("proof.txt", []byte(text)), "--key", key); code != exitFailed || stderr == "" {
			t.Errorf("%s, spoilt: %d", path, code)
		}
	}
	eventually(t, "checkpoints in the folder", func() bool {
		b, err := os.ReadFile(filepath.Join(folder, "latest.txt"))
		if err != nil {
			return false
		}
		c, err := ledger.Open(b, key)
		return err == nil && c.Size > early.Size
	})
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"no key":                   {[]string{"verify", export, "--key", "approdo+1+x"}, "--key"},
		"no such key file":         {[]string{"verify", export, "--key", filepath.Join(dir, "nothing")}, "--key"},
		"a proof and --checkpoint": {[]string{"verify", older, "--key", key, "--checkpoint", older}, "--checkpoint"},
		"kept of nothing":          {[]string{"verify", export, "--key", key, "--checkpoint", token}, "--checkpoint"},
		"something else":           {[]string{"verify", token, "--key", key}, "punto di controllo"},
	} {
		if code, _, stderr := called(t, nil, tt.args...); code == exitOK || !strings.Contains(stderr, tt.says) || !strings.HasPrefix(stderr, "approdo: ") {
			t.Errorf("%s: %d, %s", name, code, stderr)
		}
	}
}

func TestWhereCheckpointsCannotGoIsSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flags checkpointFlags
		post  post
		want  error
	}{
		{checkpointFlags{Checkpoints: filepath.Join(t.TempDir(), "nowhere")}, post{}, errCheckpoints},
		{checkpointFlags{CheckpointWebhook: "http://example.org/"}, post{}, errWebhook},
		{checkpointFlags{CheckpointMail: "a@example.org"}, post{}, errNoPost},
	} {
		if err := tt.flags.tell(nil, &tt.post); err != tt.want {
			t.Errorf("%+v: %v", tt.flags, err)
		}
	}
}
