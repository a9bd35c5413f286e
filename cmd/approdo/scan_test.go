package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/adapters/seal"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/reading"
)

// typed is what the people of the test write into forms and addresses; none of it is a pupil's of the demo.
var typed = map[string]string{
	"login":       "smarrita.credenziale@example.org",
	"password":    "non-la-password-di-nessuno",
	"family_name": "Hotovatska",
	"given_name":  "Myroslava",
	"cyrillic":    "Готовацька",
	"tax_code":    "HTVMSL14E42Z138",
	"address":     "Largo delle Minute 41",
	"draft":       "Nezavershena",
	"path":        "Zahublena",
	"query":       "Shukana-Ulyana",
	"note":        "La zia Paraskoviia lavora alla stazione",
}

func TestADemoLeavesNothingPersonalInClear(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir, accounts := filepath.Join(home, "demo"), filepath.Join(home, "accounts.json")
	p := start(t, "demo", "--cases", "200", "--data", dir, "--accounts", accounts, "--listen", "127.0.0.1:0")
	traffic(t, p, accounts)
	living := filesOf(t, dir)
	p.stop()
	stopped := filesOf(t, dir)
	log := p.stderr.String()
	if !strings.Contains(log, "msg=access") || !strings.Contains(log, "status=401") && !strings.Contains(log, "status=422") {
		t.Error("the log holds no trace of the traffic")
	}

	h, members := personalOf(t, dir)
	for _, text := range typed {
		h.seek(text, "what was typed")
	}
	for _, field := range []string{"family_name", "given_name", "family_name_cyrillic", "birth_date", "birth_place", "tax_code",
		"document", "address", "phone",
		"email", "adult", "last_school", "arrived_on", "vaccination", "temporary_protection", "login", "name", "words"} {
		if members[field] == 0 {
			t.Errorf("no %s was found in the journal to look for", field)
		}
	}
	if members["family_name"] < 200 {
		t.Errorf("%d pupils in a demo of 200", members["family_name"])
	}
	t.Logf("looking for %d texts", len(h.known))
	planted(t, h, personalSample(t, dir))

	for state, files := range map[string]map[string][]byte{"while it runs": living, "when it has ended": stopped} {
		for _, needed := range []string{journalFile, viewsFile, stateFile, keysFile, markFile} {
			if len(files[needed]) == 0 {
				t.Errorf("%s there is no %s to look into", state, needed)
			}
		}
		files["the log"] = []byte(log)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(name string) bool { return filepath.Dir(name) == "posta" }) {
			t.Errorf("%s there is no mail to look into", state)
		}
		size := 0
		for name, content := range files {
			size += len(content)
			found := map[string]int{}
			h.find(content, func(n needle, at int) {
				// demo.json says how to enter the demo: it is made to be read, and real data has none.
				// A message says to whom it goes, and in a demo people sign in with their address.
				if (name == markFile || filepath.Dir(name) == "posta") && strings.HasPrefix(n.what, "login ") {
					return
				}
				found[n.what]++
			})
			for what, times := range found {
				t.Errorf("%s %s holds %s, %d times", state, name, what, times)
			}
		}
		t.Logf("%s: %d files, %d bytes", state, len(files), size)
	}
}

// traffic has everybody of the demo read, search, mistype and be refused, on pages and by the API.
func traffic(t *testing.T, p *program, accounts string) {
	t.Helper()
	b, err := os.ReadFile(accounts)
	if err != nil {
		t.Fatal(err)
	}
	var people []demoAccount
	if err := json.Unmarshal(b, &people); err != nil {
		t.Fatal(err)
	}
	stranger := p.person(typed["login"])
	stranger.ask("POST", "/sessions", fields{"login": typed["login"], "password": typed["password"]}).want(http.StatusUnauthorized)
	if x := stranger.submit("/accedi", url.Values{"username": {typed["login"]},
		"password": {typed["password"]}}); x.status == http.StatusSeeOther {
		t.Error("a stranger enters")
	}
	for _, a := range people {
		who := p.person(a.Username)
		who.ask("POST", "/sessions", fields{"login": a.Username, "password": typed["password"]}).want(http.StatusUnauthorized)
		who.enter(a.Password)
		who.signIn(a.Password)
		for _, path := range []string{"/", "/pratiche", "/cruscotto", "/cerca", "/registro", "/utenze", "/" + typed["path"],
			"/pratiche/" + typed["path"],
			"/pratiche?nome=" + typed["query"], "/scuole?q=" + typed["query"]} {
			who.page(path)
		}
		for _, path := range []string{"/cases?limit=200", "/board", "/cases/" + typed["path"], "/schools?q=" + typed["query"],
			"/" + typed["path"]} {
			who.ask("GET", path, nil)
		}
		who.ask("POST", "/case-searches", fields{"family_name": typed["family_name"], "given_name": typed["given_name"],
			"family_name_cyrillic": typed["cyrillic"]})
		who.ask("POST", "/cases", fields{"family_name": typed["family_name"], "given_name": typed["given_name"], "sex": "F",
			"birth_date": typed["family_name"],
			"tax_code":   typed["tax_code"], "address": typed["address"]})
		who.ask("POST", "/cases", fields{typed["family_name"]: typed["given_name"]})
		who.send(who.request("POST", "/api/v1/cases", strings.NewReader(`{"family_name":"`+typed["family_name"])))
		switch a.Role {
		case "comune":
			who.submit("/cerca", url.Values{"family_name": {typed["family_name"]}, "given_name": {typed["given_name"]}})
			who.submit("/pratiche/nuova", url.Values{"family_name": {typed["family_name"]},
				"tax_code": {typed["tax_code"]}}).want(http.StatusUnprocessableEntity)
			who.submit("/pratiche/nuova", url.Values{"family_name": {typed["draft"]}, "address": {typed["address"]},
				"_do": {"draft"}}).to()
			who.post("/cases", fields{"family_name": typed["family_name"], "given_name": typed["given_name"], "sex": "F",
				"birth_date": "2014-05-02", "address": typed["address"]})
		case "cti", "ust":
			if list := read[struct{ Items []struct{ ID string } }](who.get("/cases?limit=5")); len(list.Items) > 0 {
				who.page("/pratiche/" + list.Items[0].ID).want(http.StatusOK)
				who.post("/cases/"+list.Items[0].ID+"/notes", fields{"text": typed["note"]})
			} else {
				t.Errorf("%s has no case in the demo", a.Role)
			}
		}
	}
}

// filesOf reads every file below a directory.
func filesOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if out[rel], err = os.ReadFile(path); err != nil {
			return err
		}
		out["the names of the files"] = append(out["the names of the files"], rel+"\n"...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// opened gives a copy of a data directory with its key, for looking changes files.
func opened(t *testing.T, dir string) *house {
	t.Helper()
	master, err := seal.LoadMasterKey(dir+".key", dir)
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(beside, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	h, err := openHouse(context.Background(), storage{Data: beside}, master, time.Now, true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.shut(context.Background()) })
	return h
}

// sealedParts opens every sealed value of the journal and gives each as the JSON it was sealed as. Who read what is sealed to be forgotten,
// and not because it names anybody: ids, codes and routes are not looked for.
func sealedParts(t *testing.T, dir string, each func(typ string, plain []byte)) {
	t.Helper()
	h := opened(t, dir)
	for page, err := range h.store.ReadAll(t.Context(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			if strings.HasPrefix(r.Stream, reading.Category) {
				continue
			}
			decoded, err := h.codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range boxesIn(reflect.ValueOf(decoded)) {
				plain, err := h.keys.Open(t.Context(), b.Subject, b.Class, b.Context, b.Cipher)
				if err != nil {
					t.Fatalf("%s at %d does not open: %v", r.Type, r.Position, err)
				}
				each(r.Type, plain)
			}
		}
	}
}

// boxesIn finds what is sealed in an event, wherever it stands.
func boxesIn(v reflect.Value) (out []domain.Box) {
	if v.CanInterface() {
		if s, ok := v.Interface().(interface{ Box() (domain.Box, bool) }); ok {
			if b, ok := s.Box(); ok {
				out = append(out, b)
			}
			return out
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			out = boxesIn(v.Elem())
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			out = append(out, boxesIn(f)...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, boxesIn(v.Index(i))...)
		}
	}
	return out
}

// personalOf opens the journal and gives a haystack that looks for all that is sealed in it, and how many there are of each field.
func personalOf(t *testing.T, dir string) (*haystack, map[string]int) {
	t.Helper()
	h, members := newHaystack(), map[string]int{}
	sealedParts(t, dir, func(_ string, plain []byte) {
		names := map[string]string{}
		leaves(t, plain, func(field, value string) {
			members[field]++
			names[field] = value
			h.seekField(field, value)
		})
		if family, given := names["family_name"], names["given_name"]; family != "" {
			h.seek(family+" "+given, "full name")
			h.seek(given+" "+family, "full name")
		}
	})
	return h, members
}

// personalSample is one value of each field, for planting.
func personalSample(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	sealedParts(t, dir, func(_ string, plain []byte) {
		leaves(t, plain, func(field, value string) {
			if len(value) >= 8 && !codeFields[field] && field != postalCode {
				out[field] = value
			}
		})
	})
	return out
}

// flag is the value of a field that is ticked.
const flag = "true"

// leaves gives every text of a JSON value under the name of its member. An adult's name is "adult", a bare text is "words"; a flag
// that is set has the text of flag.
func leaves(t *testing.T, plain []byte, each func(field, value string)) {
	t.Helper()
	d := jsontext.NewDecoder(bytes.NewReader(plain))
	for {
		token, err := d.ReadToken()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal("a sealed part is no JSON") // the error would quote it
		}
		pointer := d.StackPointer()
		field := pointer.LastToken()
		kind, n := d.StackIndex(d.StackDepth())
		switch {
		case kind == '{' && n%2 == 1: // a member's name
			continue
		case field == "":
			field = "words"
		case field == "name" && strings.Contains(string(pointer), "/adults/"):
			field = "adult"
		}
		switch token.Kind() {
		case '"':
			each(field, token.String())
		case 't':
			each(field, flag)
		}
	}
}

// planted proves that what is looked for would be found: each kind of value, in each way of writing it, in files of several kinds.
func planted(t *testing.T, h *haystack, sample map[string]string) {
	t.Helper()
	if len(sample) < 10 {
		t.Fatalf("only %d kinds of values to plant", len(sample))
	}
	noise := make([]byte, 4096)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	found := func(hay []byte) bool {
		any := false
		h.find(hay, func(needle, int) { any = true })
		return any
	}
	if found(noise) {
		t.Fatal("noise is taken for somebody")
	}
	for _, field := range slices.Sorted(maps.Keys(sample)) {
		value := sample[field]
		for how, write := range map[string]func(s string) []byte{
			"as it is":              func(s string) []byte { return []byte(s) },
			"in small letters":      func(s string) []byte { return []byte(strings.ToLower(s)) },
			"in capitals":           func(s string) []byte { return []byte(strings.ToUpper(s)) },
			"in UTF-16LE":           func(s string) []byte { return []byte(utf16Of(s, binary.LittleEndian)) },
			"in UTF-16BE":           func(s string) []byte { return []byte(utf16Of(s, binary.BigEndian)) },
			"in hex":                func(s string) []byte { return []byte(hex.EncodeToString([]byte(s))) },
			"in capital hex":        func(s string) []byte { return []byte(strings.ToUpper(hex.EncodeToString([]byte(s)))) },
			"in base64":             func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(s))) },
			"in base64, one later":  func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("x" + s + "yz"))) },
			"in base64, two later":  func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("xy" + s + "z"))) },
			"in base64 for URLs":    func(s string) []byte { return []byte(base64.RawURLEncoding.EncodeToString([]byte("x" + s + "??>>"))) },
			"in a page of a SQLite": func(s string) []byte { return database(t, s, "TEXT") },
			"in a blob of a SQLite": func(s string) []byte { return database(t, s, "BLOB") },
		} {
			form := write(value)
			if !found(slices.Concat(noise[:1000], form, noise[1000:])) {
				t.Errorf("%s planted %s is not found", field, how)
			}
			// The last bytes of a file count too.
			if !found(slices.Concat(noise[:77], form)) {
				t.Errorf("%s planted %s at the end is not found", field, how)
			}
		}
	}
	for _, short := range []string{`{"given_name":"Ivan"}`, "<td>Ivan</td>", `msg="search for Ivan "`, "Ивана\n"} {
		few := newHaystack()
		few.seek("Ivan", "given_name")
		few.seek("Ивана", "given_name")
		hit := false
		few.find(slices.Concat(noise, []byte(short), noise), func(needle, int) { hit = true })
		if !hit {
			t.Errorf("a short name is not found among other words: %s", short)
		}
	}
}

// database is a file of SQLite that holds a text among others.
func database(t *testing.T, text, as string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "planted.db")
	conn, err := zombiezen.OpenConn(file, zombiezen.OpenReadWrite, zombiezen.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = OFF", nil); err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteScript(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY, before TEXT, x "+as+", after TEXT)", nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		err := sqlitex.Execute(conn, "INSERT INTO t (before, x, after) VALUES ('prima', CAST(? AS "+as+"), 'dopo')",
			&sqlitex.ExecOptions{Args: []any{text}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A name of a few letters that ciphertext in base64 happens to hold is no alarm; outside of it, it is one.
func TestLettersInsideCiphertextAreNoAlarm(t *testing.T) {
	t.Parallel()
	h := newHaystack()
	h.seek("Bondar", "family_name")
	run := strings.Repeat("aB3+", 20)
	for hay, want := range map[string]int{run + "Bondar" + run: 0, `{"x":"` + run + `","y":"Bondar"}`: 1, "xBondarx": 1,
		`"` + run[:50] + `Bondar"`: 1} {
		n := 0
		h.find([]byte(hay), func(needle, int) { n++ })
		if n != want {
			t.Errorf("%d alarms, want %d", n, want)
		}
	}
}
