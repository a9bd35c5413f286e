package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/desk"
	"approdo/domain/event"
)

// sheetTown is a town that takes sheets.
type sheetTown struct {
	*town
	status account.Status // of everybody
}

func newSheetTown(t *testing.T) *sheetTown {
	t.Helper()
	w := &sheetTown{town: newTown(t), status: account.Active}
	w.site.Imports = w.site.Drafts.(Imports)
	w.site.Intake = NewIntake(Intake{Desk: w.desk, Imports: w.site.Imports, Keys: w.site.Keys, Log: slog.New(slog.DiscardHandler), Clock: w.site.Clock,
		Account: func(id uuid.UUID) (domain.Actor, account.Status, error) {
			for _, a := range townspeople {
				if a.Account == id {
					return a, w.status, nil
				}
			}
			return domain.Actor{}, "", account.ErrNoAccount
		}})
	return w
}

// runs lets the intake work until the test ends.
func (w *sheetTown) runs() {
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		w.site.Intake.Run(ctx)
	}()
	w.t.Cleanup(func() {
		cancel()
		<-stopped
	})
}

// upload posts a file as a browser does.
func (w *sheetTown) upload(who, path, name string, file []byte, more ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(more); i += 2 {
		w.check(form.WriteField(more[i], more[i+1]))
	}
	part, err := form.CreateFormFile("file", name)
	w.check(err)
	_, err = part.Write(file)
	w.check(errors.Join(err, form.Close()))
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: "approdo-session", Value: who})
	answer := httptest.NewRecorder()
	w.pages.ServeHTTP(answer, r)
	return answer
}

// sent uploads a CSV file and gives where it led.
func (w *sheetTown) sent(who, path string, lines ...string) string {
	w.t.Helper()
	got := w.upload(who, path, "elenco.csv", []byte(strings.Join(lines, "\r\n")+"\r\n"))
	w.is(got, http.StatusSeeOther, nil)
	return got.Header().Get("Location")
}

// casesIn is how many cases the journal has begun.
func (w *sheetTown) casesIn() (n int) {
	w.t.Helper()
	for page, err := range w.store.ReadAll(w.t.Context(), 0, event.ReadAll{}) {
		w.check(err)
		for _, r := range page.Records {
			if r.Revision == 0 && strings.HasPrefix(r.Stream, "case-") {
				n++
			}
		}
	}
	return n
}

const heading = "Cognome;Nome;Data di nascita;Sesso;CAP;Famiglia;Note"

// children are so many rows of children nobody would take for each other.
func children(n int) (lines []string) {
	syllables := []string{"da", "le", "mi", "no", "ru", "sa", "te", "vi", "zo", "ga"}
	lines = []string{heading}
	for i := range n {
		lines = append(lines, fmt.Sprintf("Ko%s%s%s;Olha;%02d/05/2013;F;20089;;nulla", syllables[i/100], syllables[i/10%10], syllables[i%10], 1+i%28))
	}
	return lines
}

func TestASheetOfRequestsIsCheckedAndThenRecorded(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	w.runs()
	before := w.casesIn()
	to := w.sent("comune", "/fogli/richieste", heading,
		"Kovalenko;Sofiia;01/05/2014;femmina;20089;1;",
		"Kovalenko;Petro;2012-03-02;M;20089;1;",
		"Bondar;;31/02/2014;forse;2008;;",
		"KOVALENKO;Sofiia;01.05.2014;F;;;")
	page := w.is(w.get("comune", to), http.StatusOK, []string{"Registra le 2 righe pronte", "Kovalenko", "È lo stesso minore della riga 2"})
	for _, reason := range []string{"f-given_name", ">Nome<", ">CAP<", ">Sesso<", ">Data di nascita<"} {
		if strings.HasPrefix(reason, ">") && !strings.Contains(page, reason) {
			t.Errorf("no word about %s", reason)
		}
	}
	if w.casesIn() != before {
		t.Fatal("the check recorded something")
	}
	w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusSeeOther, nil)
	report := w.is(w.get("comune", to), http.StatusOK, []string{"2 righe registrate", "ripetuta nel foglio", "da correggere"}, "Kovalenko", "Sofiia")
	if w.casesIn() != before+2 {
		t.Fatalf("%d cases were recorded", w.casesIn()-before)
	}
	w.follow()
	var households []string
	for _, id := range casesOf(report) {
		body := w.is(w.get("comune", "/pratiche/"+id), http.StatusOK, []string{"Kovalenko"})
		_ = body
		households = append(households, w.papers(uuid.MustParse(id)))
	}
	if len(households) != 2 || households[0] != households[1] || households[0] == "" {
		t.Errorf("brothers and sisters are apart: %v", households)
	}
	if log := w.log.String(); strings.Contains(log, "Kovalenko") || strings.Contains(log, "2014-05-01") || strings.Contains(log, "elenco") {
		t.Error("the log tells who it is")
	}
	kept, err := w.site.Imports.ImportRows(t.Context(), uuid.MustParse(to[strings.LastIndex(to, "/")+1:]))
	w.check(err)
	for _, x := range kept {
		if (x.Outcome == desk.RowRecorded) != (x.Sealed == nil) {
			t.Errorf("row %d is %s and kept: %v", x.Number, x.Outcome, x.Sealed != nil)
		}
	}
}

// papers is the household of a case.
func (w *sheetTown) papers(id uuid.UUID) string {
	w.t.Helper()
	file, err := w.desk.Case(w.t.Context(), townspeople["comune"], id)
	w.check(err)
	if file.Papers.Household == "" {
		return id.String()
	}
	return file.Papers.Household
}

var caseLink = regexp.MustCompile(`href="/pratiche/([0-9a-f-]{36})"`)

func casesOf(body string) (out []string) {
	for _, m := range caseLink.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestTheSameSheetTwiceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	w.runs()
	lines := children(30)
	before := w.casesIn()
	for _, count := range []string{"30 righe registrate", ""} {
		to := w.sent("comune", "/fogli/richieste", lines...)
		if count == "" {
			w.is(w.get("comune", to), http.StatusOK, []string{"Non c’è niente da registrare", "Già registrate"})
			w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusUnprocessableEntity, []string{"Non c’è nessuna riga"})
			continue
		}
		w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusSeeOther, nil)
		w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusSeeOther, nil)
		w.is(w.get("comune", to), http.StatusOK, []string{count})
	}
	if n := w.casesIn() - before; n != 30 {
		t.Errorf("%d cases", n)
	}
}

// keeper keeps imports, under a name that is not one of its methods.
type keeper = Imports

// forgetful loses what it was told once, as a program does that ends in between.
type forgetful struct {
	keeper
	lost atomic.Int32
}

var errCrash = errors.New("the program ended")

func (f *forgetful) SettleRows(ctx context.Context, of uuid.UUID, settled []desk.Row, now, until time.Time) error {
	if f.lost.Add(1) == 2 {
		return errCrash
	}
	return f.keeper.SettleRows(ctx, of, settled, now, until)
}

func TestWhatWasInterruptedGoesOnAndIsRecordedOnce(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	before := w.casesIn()
	to := w.sent("comune", "/fogli/richieste", children(3*rowsPerStep)...)
	w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusSeeOther, nil)
	w.is(w.get("comune", to), http.StatusOK, []string{"0 righe su 192"})
	if refresh := w.get("comune", to).Header().Get("Refresh"); refresh == "" {
		t.Error("the page does not reload by itself")
	}
	first := *w.site.Intake
	first.Imports = &forgetful{keeper: w.site.Imports}
	if worked, err := first.next(t.Context()); !worked || !errors.Is(err, errCrash) {
		t.Fatalf("%v, %v", worked, err)
	}
	if n := w.casesIn() - before; n != 2*rowsPerStep {
		t.Fatalf("%d rows were recorded before the end", n)
	}
	w.is(w.get("comune", to), http.StatusOK, []string{"64 righe su 192"})
	next := *w.site.Intake
	if worked, err := next.next(t.Context()); worked || err != nil {
		t.Fatalf("two work at one sheet: %v", err)
	}
	next.Clock = func() time.Time { return now.Add(sheetLease) }
	if worked, err := next.next(t.Context()); !worked || err != nil {
		t.Fatalf("nobody goes on: %v", err)
	}
	w.is(w.get("comune", to), http.StatusOK, []string{"192 righe registrate"})
	if n := w.casesIn() - before; n != 3*rowsPerStep {
		t.Errorf("%d cases", n)
	}
}

func TestWhoNoLongerSignsInRecordsNothing(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	before := w.casesIn()
	to := w.sent("comune", "/fogli/richieste", children(2)...)
	w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusSeeOther, nil)
	w.status = account.Suspended
	if _, err := w.site.Intake.next(t.Context()); err == nil || w.casesIn() != before {
		t.Errorf("%v, %d cases", err, w.casesIn()-before)
	}
}

// bad are answers that no request may have, as a form sends them and as a sheet has them.
var bad = map[string][2]string{
	"family_name": {"", ""}, "birth_date": {"2014-02-31", "31/02/2014"}, "sex": {"", ""}, "cap": {"2008", "2008"}, "tax_code": {"NOT-A-CODE", "NOT-A-CODE"},
	"arrived_on": {"2031-01-01", "01/01/2031"}, "on": {"2022-99-01", "2022-99-01"}, "preferred_1": {"MI1", "MI1"}, "sibling_school": {"x", "x"},
	"host": {strings.Repeat("x", 201), ""}, "address": {strings.Repeat("x", 201), strings.Repeat("x", 201)}, "asked_grade": {"sesta", "sesta"}, "italian": {"tanto", "tanto"},
	"vaccination": {"forse", "forse"}, "needs": {"luna", "luna"},
}

// The codes beside the fields are those that the form shows: there is one validation, and two ways to it.
func TestASheetIsRefusedForWhatItsFormIs(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	as := townspeople["comune"]
	for name, value := range bad {
		if name == "host" {
			continue // a form offers choices, and a sheet takes their names
		}
		var fields [2]map[string]string
		err := w.site.withRegisters(w.request0(as), func(g *registers) error {
			form, err := w.site.sheetForm(g, as, sheetKinds[0])
			if err != nil {
				return err
			}
			single := w.site.requestForm(as, g)
			single.fill(sofiia(name, value[0]))
			if err := sheetKinds[0].check(w.site, t.Context(), as, single); err != nil {
				return err
			}
			fields[0] = codesOf(faultsOf(single))
			head, row := sheetHead{}, checkedRow{}
			typed := map[string]string{"family_name": "Kovalenko", "given_name": "Sofiia", "birth_date": "01/05/2014", "sex": "F"}
			typed[name] = value[1]
			for _, column := range slices.Sorted(maps.Keys(typed)) {
				head.Columns, row.Cells = append(head.Columns, column), append(row.Cells, typed[column])
			}
			if err := w.site.checkRow(w.request0(as), sheetKinds[0], form, url.Values{}, head, &row); err != nil {
				return err
			}
			fields[1] = codesOf(row.Faults)
			return nil
		})
		w.check(err)
		if len(fields[0]) == 0 || !maps.Equal(fields[0], fields[1]) && !(len(fields[1]) == 1 && fields[1][name] == errNoChoice.Code) {
			t.Errorf("%s: the form says %v, the sheet %v", name, fields[0], fields[1])
		}
	}
}

func codesOf(faults []rowFault) map[string]string {
	out := map[string]string{}
	for _, f := range faults {
		out[f.Field] = f.Code
	}
	return out
}

// request0 is a request by somebody, for what asks for one.
func (w *sheetTown) request0(a domain.Actor) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/fogli/richieste", nil)
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, &visit{lang: Italian, person: &Person{Actor: a}}))
}

func TestASheetRecordsForItsOwnBodyAlone(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	w.runs()
	to := w.sent("comune", "/fogli/richieste", "Cognome;Nome;Nascita;Sesso;Comune", "Koval;Olha;01/05/2013;F;Rozzano", "Bondar;Ivan;01/05/2013;M;Opera", "Melnyk;Ivan;02/05/2013;M;Atlantide")
	w.is(w.get("comune", to), http.StatusOK, []string{"Registra una riga pronta", "È un altro comune", "Bondar"})
	w.is(w.get("milano", to), http.StatusNotFound, nil, "Koval")
	w.is(w.post("milano", to+"/registra", url.Values{}), http.StatusNotFound, nil)
	w.is(w.get("milano", to+"/righe?formato=csv"), http.StatusNotFound, nil, "Bondar")
	for _, who := range []string{"cti", "scuola", "pref", "admin"} {
		w.is(w.get(who, "/fogli/richieste"), http.StatusForbidden, nil)
		w.is(w.upload(who, "/fogli/richieste", "a.csv", []byte(heading+"\n")), http.StatusForbidden, nil)
	}
	w.is(w.get("comune", "/fogli/iscrizioni"), http.StatusForbidden, nil)

	own := w.sent("scuola", "/fogli/iscrizioni", "Cognome;Nome;Nascita;Sesso;Scuola", "Koval;Olha;01/05/2013;F;"+primaria, "Bondar;Ivan;01/05/2013;M;"+foreignSite, "Melnyk;Ivan;03/05/2013;M;")
	w.is(w.get("scuola", own), http.StatusOK, []string{"Registra una riga pronta", "Bondar", "Melnyk"})
	if before := w.casesIn(); true {
		w.is(w.post("scuola", own+"/registra", url.Values{}), http.StatusSeeOther, nil)
		w.is(w.get("scuola", own), http.StatusOK, []string{"Una riga registrata"})
		if w.casesIn() != before+1 {
			t.Errorf("%d enrolments", w.casesIn()-before)
		}
	}
}

func TestAChildThatIsHereIsLeftOutUnlessSomebodySaysItIsAnother(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	w.runs()
	w.recorded("comune", w.post("comune", "/pratiche/nuova", sofiia()))
	w.follow()
	before := w.casesIn()
	to := w.sent("comune", "/fogli/richieste", heading, "Kovalenko;Sofija;01/05/2014;F;;;", "Melnyk;Ivan;02/05/2013;M;;;")
	w.is(w.get("comune", to), http.StatusOK, []string{"Registra una riga pronta", "Somigliano a pratiche", `value="2"`})
	w.is(w.post("comune", to+"/registra", url.Values{othersField: {"2"}}), http.StatusSeeOther, nil)
	w.is(w.get("comune", to), http.StatusOK, []string{"2 righe registrate"})
	w.follow()
	again := w.sent("comune", "/fogli/richieste", heading, "Kovalenko;Sofiya;01/05/2014;F;20089;;", "Bondar;Ivan;02/05/2013;M;;;")
	w.is(w.post("comune", again+"/registra", url.Values{}), http.StatusSeeOther, nil)
	w.is(w.get("comune", again), http.StatusOK, []string{"Una riga registrata", "somiglia a una pratica"})
	if n := w.casesIn() - before; n != 3 {
		t.Errorf("%d cases", n)
	}
}

func TestColumnsAreSaidOnce(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	lines := []string{"Chi;Come;Quando;Cosa", "Koval;Olha;01/05/2013;F"}
	to := w.sent("comune", "/fogli/richieste", lines...)
	if !strings.HasSuffix(to, "/colonne") {
		t.Fatalf("led to %s", to)
	}
	w.is(w.get("comune", to), http.StatusOK, []string{"«Chi»", "Per esempio: Koval"})
	w.is(w.post("comune", to, url.Values{"c0": {"family_name"}, "c1": {"family_name"}}), http.StatusUnprocessableEntity, []string{"C’è già un’altra colonna", "Manca la colonna «Nome»"})
	done := w.post("comune", to, url.Values{"c0": {"family_name"}, "c1": {"given_name"}, "c2": {"birth_date"}, "c3": {"sex"}})
	w.is(done, http.StatusSeeOther, nil)
	w.is(w.get("comune", done.Header().Get("Location")), http.StatusOK, []string{"Registra una riga pronta"})
	if again := w.sent("comune", "/fogli/richieste", lines...); strings.HasSuffix(again, "/colonne") {
		t.Error("the columns were forgotten")
	}
	if other := w.sent("milano", "/fogli/richieste", lines...); !strings.HasSuffix(other, "/colonne") {
		t.Error("the columns are another account's, too")
	}
}

func TestWhatIsLeftCanBeMendedAndSentAgain(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	w.runs()
	to := w.sent("comune", "/fogli/richieste", heading, "Kovalenko;Sofiia;01/05/2014;F;20089;a;=1+1", "Kovalenko;Petro;domani;M;20089;a;x")
	w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusSeeOther, nil)
	recorded := casesOf(w.is(w.get("comune", to), http.StatusOK, []string{"Una riga registrata"}))
	for _, f := range spreadsheet.Formats() {
		got := w.get("comune", to+"/righe?formato="+string(f))
		w.is(got, http.StatusOK, nil)
		left, err := spreadsheet.Read(got.Body.Bytes(), "")
		w.check(err)
		if len(left.Rows) != 1 || left.Rows[0].Cells[1] != "Petro" || !strings.Contains(left.Rows[0].Cells[7], "Data di nascita") || left.Heading[7] != "Perché" {
			t.Fatalf("%s: %q %v", f, left.Heading, left.Rows)
		}
		if strings.Contains(got.Header().Get("Content-Disposition"), "ovalenko") {
			t.Error("the file is named after somebody")
		}
		if f != spreadsheet.CSV {
			continue
		}
		mended := strings.Replace(got.Body.String(), "domani", "02/03/2012", 1)
		again := w.upload("comune", "/fogli/richieste", "x.csv", []byte(mended))
		w.is(again, http.StatusSeeOther, nil)
		to := again.Header().Get("Location")
		w.is(w.post("comune", to+"/registra", url.Values{}), http.StatusSeeOther, nil)
		brother := casesOf(w.is(w.get("comune", to), http.StatusOK, []string{"Una riga registrata"}))
		if len(recorded) != 1 || len(brother) != 1 || w.papers(uuid.MustParse(brother[0])) != w.papers(uuid.MustParse(recorded[0])) {
			t.Error("the household is not the same any more")
		}
	}
	w.is(w.post("comune", to+"/elimina", url.Values{}), http.StatusSeeOther, nil)
	w.is(w.get("comune", to), http.StatusNotFound, nil)
}

func TestATemplateCanBeSentBack(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	for who, path := range map[string]string{"comune": "/fogli/richieste", "milano": "/fogli/richieste", "ust": "/fogli/richieste", "scuola": "/fogli/iscrizioni"} {
		for _, f := range spreadsheet.Formats() {
			got := w.get(who, path+"/modello?formato="+string(f))
			w.is(got, http.StatusOK, nil)
			to := w.upload(who, path, "modello", got.Body.Bytes()).Header().Get("Location")
			if strings.HasSuffix(to, "/colonne") {
				t.Errorf("%s %s: the template's columns are not known", who, f)
				continue
			}
			w.is(w.get(who, to), http.StatusOK, []string{"Non c’è niente da registrare"})
		}
	}
}

func TestAFileThatIsNoneIsRefusedWhereItWasChosen(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"nothing": {nil, "f-file-error"}, "a picture": {[]byte("\x89PNG\r\n\x1a\n\x00"), "non si legge"}, "a heading": {[]byte("a;b\n"), "vuoto"},
		"large": {bytes.Repeat([]byte("a;b\n"), 1<<20+1), "troppo grande"}, "far too large": {make([]byte, 2*largestUpload), "troppo grande"},
	} {
		got := w.upload("comune", "/fogli/richieste", "x.csv", c.file)
		if got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), c.says) {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	if got := w.post("comune", "/fogli/richieste", url.Values{}); got.Code != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", got.Code)
	}
	if got := w.upload("comune", "/cerca", "x.csv", make([]byte, largestForm+1)); got.Code < 400 {
		t.Errorf("a file elsewhere: %d", got.Code)
	}
}

func TestDaysAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{"1/5/2013": "2013-05-01", "01.05.2013": "2013-05-01", "01-05-2013": "2013-05-01", "2013-05-01": "2013-05-01",
		"2013-05-01 00:00:00": "2013-05-01", "2013-05-01T00:00": "2013-05-01", "01/05/2013 10:00": "2013-05-01", "1/5/13": "1/5/13", "maggio": "maggio", "31/02/2013": "2013-02-31"} {
		if got := isoDay(cell); got != want {
			t.Errorf("%s: %s", cell, got)
		}
	}
}

func TestHeadingsAreKnownByManyNames(t *testing.T) {
	t.Parallel()
	w := newSheetTown(t)
	w.check(w.site.withRegisters(w.request0(townspeople["ust"]), func(g *registers) error {
		f, err := w.site.sheetForm(g, townspeople["ust"], sheetKinds[0])
		if err != nil {
			return err
		}
		heading := []string{"COGNOME", "nome ", "Data di Nascita", "M/F", "Comune dove vive", "C.F.", "Cittadinanza", "Note", "Cognome", "", "Telefono", "Surname"}
		want := []string{"family_name", "given_name", "birth_date", "sex", "comune", "tax_code", "citizenship", "", "", "", "adult_phone", ""}
		if got := w.site.guess(f, heading, nil); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		kept := map[string]string{"note": "last_school", "telefono": "", "nome": "nothing"}
		if got := w.site.guess(f, heading, kept); got[7] != "last_school" || got[10] != "" || got[1] != "given_name" {
			t.Errorf("what was said before: %q", got)
		}
		return nil
	}))
}
