package web

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// figuresOf reads the board's file by table, item and column.
func figuresOf(t *testing.T, file string) map[[3]string]string {
	t.Helper()
	c := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff")))
	c.Comma = ';'
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[[3]string]string{}
	for _, row := range rows[1:] {
		key := [3]string{row[0], row[1], row[2]}
		if was, twice := out[key]; twice && was != row[3] {
			t.Errorf("%v is %s and %s", key, was, row[3])
		}
		out[key] = row[3]
	}
	return out
}

func TestTheBoardIsAFileOfAllItsFigures(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"Uno", "Due", "Tre", "Quattro"} {
		o.request("Prova"+name, name)
	}
	_, file := o.get(atUST, "/cruscotto?formato=csv")
	got := figuresOf(t, file)
	for key, want := range map[[3]string]string{{"Pratiche aperte per stato", "Aperte in tutto", ""}: "4",
		{"Comune di domicilio e stato, dal più numeroso", "Rozzano", "Aperte in tutto"}: "4", {"Fin dove sono arrivate", "ricevute", ""}: "4"} {
		if got[key] != want {
			t.Errorf("%v is %q, want %s", key, got[key], want)
		}
	}
	if code, _ := o.get(atUST, "/cruscotto?formato=xlsx"); code != http.StatusOK {
		t.Errorf("as XLSX: %d", code)
	}
	if _, file = o.get(atOpera, "/cruscotto?formato=csv"); strings.Contains(file, "Rozzano") {
		t.Error("a comune is sent another's figures")
	}
}

// Whoever opens no lists must not find single pupils by subtracting figures: neither the Prefettura nor whoever takes the open data.
func TestSmallFiguresAreNotToldToWhoOpensNoLists(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"Uno", "Due", "Tre", "Quattro"} {
		o.request("Prova"+name, name)
	}
	inCharge := o.request("ProvaCinque", "Cinque")
	_, err := o.desk.Do(t.Context(), desk.NewTicket(), inCharge, casefile.TakeCharge{Act: o.desk.Act(o.centreOf(inCharge))})
	o.check(err)
	o.follow()
	_, prefettura := o.get(atPrefettura, "/cruscotto?formato=csv")
	_, page := o.get(atPrefettura, "/cruscotto")
	if !strings.Contains(page, "meno di 3") || !strings.Contains(page, "multiplo di tre") {
		t.Error("the page of the Prefettura tells small figures, or does not say that it does not")
	}
	_, exact := o.get(atUST, "/cruscotto?formato=csv")
	if got := figuresOf(t, exact); got[[3]string{"Pratiche aperte per stato", "Aperte in tutto", ""}] != "5" || strings.Contains(exact, "meno di") {
		t.Error("the UST is not told its figures")
	}
	for name, table := range map[string]string{"the Prefettura's file": prefettura, "the open data of the UST": o.openData(atUST)["dati.csv"]} {
		got := figuresOf(t, table)
		for key, want := range map[[3]string]string{{"Pratiche aperte per stato", "Aperte in tutto", ""}: "6", {"Pratiche aperte per stato", "Da prendere in carico", ""}: "3",
			{"Pratiche aperte per stato", "In carico al centro", ""}: "meno di 3"} {
			if got[key] != want {
				t.Errorf("%s: %v is %q, want %s", name, key, got[key], want)
			}
		}
		for key, n := range got {
			days := strings.Contains(key[2], "entro") || strings.Contains(key[2], "attesa") || key[2] == "Sedi" || key[2] == "Dichiarati" || key[2] == "Liberi" || strings.HasPrefix(key[0], "Età")
			if !days && !regexp.MustCompile(`^(meno di 3|[0-9.]*)$`).MatchString(n) || !days && (n == "1" || n == "2" || n == "4" || n == "5") {
				t.Errorf("%s tells %v: %s", name, key, n)
			}
		}
	}
	set := struct {
		Licenses  []struct{ Name string }
		Resources []struct {
			Path   string
			Schema struct{ Fields []struct{ Name string } }
		}
	}{}
	files := o.openData(atPrefettura)
	if err := json.Unmarshal([]byte(files["datapackage.json"]), &set, json.MatchCaseInsensitiveNames(true)); err != nil || len(set.Resources) != 1 || len(set.Licenses) != 1 {
		t.Fatalf("the description: %v", err)
	}
	head, _, _ := strings.Cut(strings.TrimPrefix(files[set.Resources[0].Path], "\ufeff"), "\r\n")
	var fields []string
	for _, f := range set.Resources[0].Schema.Fields {
		fields = append(fields, f.Name)
	}
	if head != strings.Join(fields, ";") {
		t.Errorf("the table begins %q and is described as %v", head, fields)
	}
}

// openData fetches the set and unpacks it.
func (o *office) openData(a domain.Actor) map[string]string {
	o.t.Helper()
	code, body := o.get(a, openDataPath)
	z, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
	if code != http.StatusOK || err != nil {
		o.t.Fatalf("the open data: %d, %v", code, err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		o.check(err)
		b, err := io.ReadAll(r)
		o.check(err)
		out[f.Name] = string(b)
	}
	return out
}

// One instant in the address turns the board, the list behind a figure and a case to what was known then.
func TestEveryPageShowsWhatWasKnownAtAnInstant(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.request("Shevchenko", "Olha")
	centre := o.centreOf(id)
	before := o.site.Clock()
	o.site.Clock = func() time.Time { return before.AddDate(0, 0, 2) }
	later := o.desk.Act(centre)
	later.At = before.AddDate(0, 0, 1)
	_, err := o.desk.Do(t.Context(), desk.NewTicket(), id, casefile.TakeCharge{Act: later})
	o.check(err)
	o.follow()
	day := domain.DateOf(before)
	then := url.Values{"noto": {day.String()}}.Encode()
	for _, c := range []struct {
		by    domain.Actor
		path  string
		then  string
		never []string
	}{
		{by: atUST, path: "/cruscotto?" + then, then: `href="/pratiche?noto=` + day.String() + `&amp;stato=requested"><span class="tile-value">1<`},
		{by: atUST, path: "/cruscotto", then: `href="/pratiche?stato=in-charge"><span class="tile-value">1<`},
		{by: atUST, path: "/pratiche?stato=requested&" + then, then: `href="/pratiche/` + id.String() + `?noto=` + day.String() + `"`},
		{by: centre, path: "/pratiche?stato=requested&" + then, then: "Shevchenko"},
		{by: atRozzano, path: "/pratiche?" + then, then: "Da prendere in carico"},
		{by: atRozzano, path: "/pratiche", then: "In carico al centro"},
		{by: centre, path: "/pratiche/" + id.String() + "/?" + then, then: "Da prendere in carico", never: []string{`href="/pratiche/` + id.String() + `/`}},
		{by: centre, path: "/pratiche/" + id.String() + "/", then: "Presa in carico"},
	} {
		code, body := o.get(c.by, c.path)
		if code != http.StatusOK || !strings.Contains(body, c.then) {
			t.Errorf("%s at %s: %d, without %s", c.by.Role, c.path, code, c.then)
		}
		for _, x := range c.never {
			if strings.Contains(body[strings.Index(body, `id="main"`):], x) {
				t.Errorf("%s at %s is shown %s", c.by.Role, c.path, x)
			}
		}
	}
	for _, path := range []string{"/cruscotto?noto=ieri", "/pratiche?noto=2022-04-04&ora=25:00", "/cruscotto?confronto=x", "/pratiche/" + id.String() + "/?noto=x"} {
		if code, _ := o.get(atUST, path); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, code)
		}
	}
	yesterday := url.Values{"noto": {day.AddDays(-1).String()}}.Encode()
	if code, _ := o.get(centre, "/pratiche/"+id.String()+"/?"+yesterday); code != http.StatusNotFound {
		t.Errorf("before it was requested a case is there: %d", code)
	}
	if _, body := o.get(atUST, "/cruscotto?confronto="+day.AddDays(-1).String()); !strings.Contains(body, `id="compared"`) {
		t.Error("two instants are not compared")
	}
}
