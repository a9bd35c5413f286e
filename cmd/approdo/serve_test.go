package main

import (
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestEveryFlagAtFaultIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	code, out, err := called(t, nil, "serve", "--database", "mysql://anna:segreta@db", "--keyring", "keys", "--listen", "8080", "--metrics", "here",
		"--drain", "2h", "--trusted-proxies", "proxy", "--outlet", "milano=ftp://example.org", "--outlet", "Rho=https://example.org", "--outlet-secret", "lodi=/nowhere")
	for _, flag := range []string{"--key:", "--database:", "--keyring:", "--listen:", "--metrics:", "--drain:", "--trusted-proxies proxy:", "--email:", "--outlet milano:",
		"--outlet Rho:", "--outlet-secret:"} {
		if !strings.Contains(err, flag) {
			t.Errorf("%s is not named in\n%s", flag, err)
		}
	}
	if code != exitUsage || out != "" || strings.Contains(err, "segreta") {
		t.Errorf("code %d, %q, %s", code, out, err)
	}
	code, _, err = called(t, nil, "rebuild")
	if code != exitUsage || !strings.Contains(err, "--data:") || !strings.Contains(err, "--key:") {
		t.Errorf("code %d, %s", code, err)
	}
}

var metricsAddress = regexp.MustCompile(`msg=metrics address=(127\.0\.0\.1:[0-9]+)`)

// body asks an address and wants a status.
func body(t *testing.T, url string, want int) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Fatalf("%s: %d, want %d: %s (%v)", url, res.StatusCode, want, b, err)
	}
	return string(b)
}

func TestAServiceSaysThatItLivesIsReadyAndHowItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := filepath.Join(dir, "master.key")
	if code, _, err := called(t, nil, "key", key, "--data", filepath.Join(dir, "data")); code != exitOK {
		t.Fatal(err)
	}
	p := start(t, "serve", "--data", filepath.Join(dir, "data"), "--key", key, "--email", "a@example.org", "--listen", "127.0.0.1:0", "--plain",
		"--metrics", "127.0.0.1:0", "--drain", "1s", "--logs", "text")
	body(t, p.url+"/livez", 200)
	body(t, p.url+"/readyz", 200)
	body(t, p.url+"/metrics", 404) // only where Prometheus asks
	at := metricsAddress.FindStringSubmatch(p.stderr.String())
	if at == nil {
		t.Fatalf("no address of the metrics in %s", p.stderr.String())
	}
	text := body(t, "http://"+at[1]+"/metrics", 200)
	for _, line := range []string{"approdo_journal_head 1", `approdo_view_live{view="board"} 1`, `approdo_parked_records{policy="erasure"} 0`,
		`approdo_append_seconds_count{outcome="ok"} 1`, `route="none",status="404"`} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q", line)
		}
	}
	p.cancel()
	deadline := time.Now().Add(patience)
	for body := "ready"; body == "ready"; {
		res, err := http.Get(p.url + "/readyz")
		if err != nil {
			t.Fatalf("it stopped before it said so: %v", err)
		}
		if res.StatusCode == http.StatusServiceUnavailable {
			body = "not ready"
		}
		res.Body.Close()
		if time.Now().After(deadline) {
			t.Fatal("it stays ready")
		}
	}
	p.stop()
	if p.code != exitOK {
		t.Errorf("code %d: %s", p.code, p.stderr.String())
	}
}
