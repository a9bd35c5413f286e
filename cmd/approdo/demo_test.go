package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// accountsOf reads the file that --accounts writes. Each of its objects has exactly the fields that are promised.
func accountsOf(t *testing.T, file string) []demoAccount {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []demoAccount
	if err := json.Unmarshal(b, &out, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	var raw []map[string]string
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	for _, a := range raw {
		for _, name := range []string{"role", "body", "username", "password", "url"} {
			if _, ok := a[name]; !ok {
				t.Errorf("account %s has no %s", a["role"], name)
			}
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the accounts can be read by others: %v, %v", info.Mode(), err)
	}
	return out
}

// demoRoles are what the API calls the kinds of account of a demo.
var demoRoles = map[string]string{"comune": "comune", "cti": "centre", "polo_start": "centre", "scuola": "school", "ust": "ust",
	"prefettura": "prefettura", "admin": "administrator"}

// everybodyEnters has each account sign in, and wants one for each kind.
func everybodyEnters(t *testing.T, p *program, accounts []demoAccount) {
	t.Helper()
	seen := map[string]bool{}
	for _, a := range accounts {
		seen[a.Role] = true
		enters(t, p, a)
	}
	for role := range demoRoles {
		if !seen[role] {
			t.Errorf("there is no account for %s", role)
		}
	}
}

// enters has an account sign in by the API and on the page, and see what its work begins with.
func enters(t *testing.T, p *program, a demoAccount) *person {
	t.Helper()
	if a.URL != p.url {
		t.Errorf("%s is to enter at %s, and the demo is at %s", a.Role, a.URL, p.url)
	}
	who := p.person(a.Username)
	who.signIn(a.Password)
	me := read[struct{ Role, Body string }](who.get("/sessions/current"))
	if me.Role != demoRoles[a.Role] || me.Body != a.Body {
		t.Errorf("%s enters as %s of %q", a.Role, me.Role, me.Body)
	}
	who.enter(a.Password)
	who.page("/").want(http.StatusOK)
	if a.Role == "prefettura" || a.Role == "admin" {
		return who
	}
	if list := read[struct{ Items []struct{ ID string } }](who.get("/cases?limit=1")); len(list.Items) == 0 {
		t.Errorf("%s has no case to look at", a.Role)
	}
	return who
}

// accountFor is the account of a kind.
func accountFor(t *testing.T, accounts []demoAccount, role string) demoAccount {
	t.Helper()
	i := slices.IndexFunc(accounts, func(a demoAccount) bool { return a.Role == role })
	if i < 0 {
		t.Fatalf("there is no account for %s", role)
	}
	return accounts[i]
}

func TestADemoIsMadeOnceAndLetsEverybodyIn(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir, file := filepath.Join(home, "demo"), filepath.Join(home, "accounts.json")
	args := []string{"demo", "--cases", "60", "--data", dir, "--accounts", file, "--listen", "127.0.0.1:0"}
	p := start(t, args...)
	first := accountsOf(t, file)
	everybodyEnters(t, p, first)
	said := p.stdout.String()
	for _, want := range []string{p.url, "60 alunni inseriti", "persone inventate", "scuole sono inventate"} {
		if !strings.Contains(said, want) {
			t.Errorf("the demo does not say %q", want)
		}
	}
	for _, a := range first {
		if !strings.Contains(said, a.Username) || !strings.Contains(said, a.Password) {
			t.Errorf("the demo does not say how %s enters", a.Role)
		}
	}
	board := enters(t, p, accountFor(t, first, "ust"))
	before := read[boardView](board.get("/board")).flat()
	key, err := os.Stat(dir + ".key")
	if err != nil || key.Mode().Perm() != 0o600 {
		t.Errorf("the master key: %v, %v", key, err)
	}

	// Two at once would write the same journal.
	if code, _, stderr := called(t, nil, args...); code != exitFailed || !strings.Contains(stderr, "approdo: ") {
		t.Errorf("a second demo on the same data: %d, %s", code, stderr)
	}
	p.stop()

	again := start(t, args...)
	second := accountsOf(t, file)
	board = enters(t, again, accountFor(t, second, "ust"))
	if strings.Contains(again.stdout.String(), "Anno dimostrativo") {
		t.Error("the year was made a second time")
	}
	for i := range second {
		second[i].URL = first[i].URL
	}
	if !slices.Equal(first, second) {
		t.Error("the accounts changed")
	}
	if after := read[boardView](board.get("/board")).flat(); len(after) != len(before) || after["waited"] != before["waited"] {
		t.Errorf("the board counted %v and counts %v", before, after)
	}
	again.stop()

	// Without the key nobody reads the data again, and no new one is made in its place.
	if err := os.Rename(dir+".key", dir+".key.safe"); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := called(t, nil, "serve", "--plain", "--listen", "127.0.0.1:0", "--data", dir, "--key", dir+".key",
		"--email", "a@example.org"); code != exitFailed || stderr == "" {
		t.Errorf("without the key the service ends with %d, %s", code, stderr)
	}
	if _, err := os.Stat(dir + ".key"); err == nil {
		t.Error("the service made a key")
	}
}

func TestADemoWithTheMinistrysSchoolsSaysNothingOfInventedOnes(t *testing.T) {
	t.Parallel()
	register := ministry(t, stateSchools)
	if register == "" {
		t.Skip("the ministry's register is not at ../shared/data; with CI=true it must be")
	}
	home := t.TempDir()
	file := filepath.Join(home, "accounts.json")
	p := start(t, "demo", "--cases", "40", "--data", filepath.Join(home, "demo"), "--accounts", file, "--listen", "127.0.0.1:0",
		"--schools", register)
	if strings.Contains(p.stdout.String(), "inventate (codici") {
		t.Error("the schools are said to be invented")
	}
	a := accountFor(t, accountsOf(t, file), "scuola")
	if !strings.HasPrefix(a.Body, "MI") {
		t.Errorf("the school is %s", a.Body)
	}
	enters(t, p, a)
}

func TestWhatADemoCannotDoIsSaidClearly(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	command(t, "key", other+".key", "--data", other)
	command(t, "import", "schools", filepath.Join("testdata", "scuole_inventate.csv"), "--data", other, "--key", other+".key")
	fresh := func() string { return filepath.Join(t.TempDir(), uuid.NewString()) }
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no cases":             {[]string{"--cases", "0", "--data", fresh()}, exitFailed, "--cases"},
		"too many cases":       {[]string{"--cases", "100001", "--data", fresh()}, exitFailed, "--cases"},
		"cases in words":       {[]string{"--cases", "molti", "--data", fresh()}, exitUsage, "--cases"},
		"an address in use":    {[]string{"--listen", taken.Addr().String(), "--data", fresh()}, exitFailed, "--listen"},
		"no address":           {[]string{"--listen", "qui", "--data", fresh()}, exitFailed, "--listen"},
		"a file for a folder":  {[]string{"--data", file, "--listen", "127.0.0.1:0"}, exitFailed, "--data"},
		"no register":          {[]string{"--schools", fresh(), "--data", fresh()}, exitUsage, "--schools"},
		"a seed that is none":  {[]string{"--seed", "-1", "--data", fresh()}, exitUsage, "--seed"},
		"a flag that is none":  {[]string{"--pupils", "3"}, exitUsage, "--pupils"},
		"data of somebody's":   {[]string{"--data", other, "--listen", "127.0.0.1:0"}, exitFailed, "--data"},
		"a register of no use": {[]string{"--schools", file, "--data", fresh(), "--listen", "127.0.0.1:0"}, exitFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := called(t, nil, append([]string{"demo"}, tt.args...)...)
			if code != tt.code || !strings.HasPrefix(stderr, "approdo: ") || !strings.Contains(stderr,
				tt.says) || strings.Contains(stderr, "panic") {
				t.Errorf("code %d, want %d: %s", code, tt.code, stderr)
			}
		})
	}
}

// What is served to others must not be served in the clear.
func TestPlainIsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	command(t, "key", dir+".key", "--data", dir)
	code, _, stderr := called(t, nil, "serve", "--plain", "--listen", "0.0.0.0:0", "--data", dir, "--key", dir+".key",
		"--email", "a@example.org")
	if code != exitFailed || !strings.Contains(stderr, "--plain") {
		t.Errorf("code %d: %s", code, stderr)
	}
	code, _, stderr = called(t, nil, "key", filepath.Join(dir, "inside.key"), "--data", dir)
	if code != exitFailed || stderr == "" {
		t.Errorf("a key inside the data: code %d, %s", code, stderr)
	}
}
