package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/ledger"
	"approdo/domain/reading"
	"approdo/domain/territory"
)

// pseudonyms are unlike each other, and each reader has others.
type pseudonyms struct{ tokens }

func (pseudonyms) Pseudonym(reader string, id uuid.UUID) string {
	sum := sha256.Sum256([]byte(reader + id.String()))
	return fmt.Sprintf("P-%X", sum[:4])
}

// alike names everybody the same.
type alike struct{ tokens }

func (alike) Pseudonym(string, uuid.UUID) string { return "P-7KQ2M0XD" }

// audited is an office in which some things were done by several bodies to two cases.
func audited(t *testing.T) (o *office, one, two uuid.UUID) {
	o = newOffice(t)
	o.site.Tokens = pseudonyms{}
	one, two = o.request("Shevchenko", "Olha"), o.request("Kovalenko", "Taras")
	centre := o.centreOf(one)
	for _, c := range []casefile.Command{casefile.TakeCharge{Act: o.desk.Act(centre)},
		casefile.DetermineGrade{Act: o.desk.Act(centre), Level: grade.Level{Order: grade.Primaria, Year: 2}, Resolution: &grade.Resolution{Reason: grade.Skills, Reference: "delibera 7/2022"}},
		casefile.AddNote{Act: o.desk.Act(centre), Text: domain.Open(one, domain.ClassPersonal, domain.NewPersonal("La zia di Olha telefona"))}} {
		_, err := o.desk.Do(t.Context(), desk.NewTicket(), one, c)
		o.check(err)
	}
	_, err := o.desk.EditTerritory(t.Context(), desk.NewTicket(), territory.Suspend{Act: o.desk.Act(atPrefettura), Kind: territory.Placement, Reason: "Prot. 1/2022"})
	o.check(err)
	o.follow()
	return o, one, two
}

// acts are the stored names of the acts a search finds, as its file says them.
func (o *office) acts(as domain.Actor, filters string) (names []string) {
	o.t.Helper()
	for _, row := range o.sheet(as, filters)[1:] {
		names = append(names, row[4])
	}
	return names
}

func (o *office) sheet(as domain.Actor, filters string) [][]string {
	o.t.Helper()
	status, body := o.get(as, auditSheet+"?"+filters)
	if status != http.StatusOK {
		o.t.Fatalf("%s: %d", filters, status)
	}
	read := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff")))
	read.Comma = ';'
	rows, err := read.ReadAll()
	o.check(err)
	return rows
}

func TestEveryFilterOfTheTrailNarrowsIt(t *testing.T) {
	t.Parallel()
	o, one, two := audited(t)
	everything := o.acts(atUST, "")
	of := func(names ...string) []string { return names }
	centre := o.centreOf(one)
	pseudonym := o.site.pseudonym(atPrefettura, one)
	for filters, want := range map[string][]string{
		"atto=case.charge-taken":                         of("case.charge-taken"),
		"ente=prefettura":                                of("territory.suspended"),
		"ente=centre:" + centre.Body:                     of("case.note-added", "case.grade-determined", "case.charge-taken"),
		"utenza=" + centre.Account.String():              of("case.note-added", "case.grade-determined", "case.charge-taken"),
		"ente=centre&atto=case.note-added":               of("case.note-added"),
		"ente=comune:015159":                             nil,
		"pratica=" + pseudonym:                           of("case.note-added", "case.grade-determined", "case.charge-taken", "case.routed", "case.requested"),
		"pratica=" + strings.ToLower(pseudonym):          of("case.note-added", "case.grade-determined", "case.charge-taken", "case.routed", "case.requested"),
		"pratica=" + two.String():                        of("case.routed", "case.requested"),
		"dal=2022-04-05":                                 nil,
		"al=2022-03-04":                                  everything[len(everything)-2:],
		"dal=2022-04-04&al=2022-04-04&ente=ust":          nil,
		"istituto=zzic00001x":                            of("places.declared", "places.declared", "places.declared", "places.declared", "places.declared"),
		"istituto=ZZIC00001X&ente=school&dal=2022-04-04": nil,
		"noto=2022-04-04":                                nil, // the journal of this test is kept now
		"noto=2100-01-01":                                everything,
		"noto=2100-01-01&ora=9:30&ente=prefettura":       of("territory.suspended"),
	} {
		if got := o.acts(atPrefettura, filters); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", filters, got, want)
		}
		status, page := o.get(atPrefettura, auditPath+"?"+filters)
		if rows := strings.Count(page, `role="rowheader"`); status != http.StatusOK || rows != min(len(want), auditRows) {
			t.Errorf("%s: %d, %d rows", filters, status, rows)
		}
		if total := fmt.Sprintf(">%d operazion", len(want)); len(want) > 0 && !strings.Contains(page, total) {
			t.Errorf("%s: the summary lacks %s", filters, total)
		}
	}
}

func TestASearchThatMakesNoSenseSaysWhere(t *testing.T) {
	t.Parallel()
	o, one, _ := audited(t)
	for filters, field := range map[string]string{
		"dal=ieri": "dal", "al=2022-13-01": "al", "atto=case.abducted": "atto", "atto=reading.pupils-read": "atto", "ente=mayor": "ente",
		"istituto=ZZIC00001X&ente=comune": "ente", "utenza=me": "utenza", "pratica=P-00000000": "pratica", "pratica=x": "pratica", "pratica=" + uuid.NewString(): "pratica",
		"noto=2022-04-04&ora=25:00": "ora", "ora=10:00": "noto",
		"pratica=" + o.site.pseudonym(atUST, one): "pratica", // another reader's
	} {
		status, page := o.get(atPrefettura, auditPath+"?"+filters)
		if status != http.StatusUnprocessableEntity || strings.Contains(page, `role="rowheader"`) {
			t.Errorf("%s: %d", filters, status)
		}
		if field != "utenza" && !strings.Contains(page, `id="f-`+field+`-error"`) {
			t.Errorf("%s: nothing is said beside %s", filters, field)
		}
		if status, _ := o.get(atPrefettura, auditSheet+"?"+filters); status != http.StatusUnprocessableEntity && (field != "pratica" || status != http.StatusNotFound) {
			t.Errorf("%s as a file: %d", filters, status)
		}
	}
	if status, _ := o.get(atPrefettura, auditPath+"?da=x"); status != http.StatusNotFound {
		t.Errorf("no place: %d", status)
	}
}

// Two pupils of a hundred thousand may share a pseudonym: what was done to either is shown, and that there are two is said.
func TestAPseudonymOfTwoIsSaid(t *testing.T) {
	t.Parallel()
	o, _, _ := audited(t)
	o.site.Tokens = alike{}
	_, page := o.get(atUST, auditPath+"?pratica=P-7KQ2M0XD")
	if strings.Count(page, `role="rowheader"`) != 7 || !strings.Contains(page, "2 pratiche hanno questo stesso pseudonimo") {
		t.Errorf("%d rows", strings.Count(page, `role="rowheader"`))
	}
}

// withoutAddresses takes the addresses out of a page: an id may stand there and nowhere else.
func withoutAddresses(page string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(page, `="/`)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		_, page, _ = strings.Cut(rest, `"`)
	}
}

func TestPagesOfThePrefetturaTellNoCaseByItsID(t *testing.T) {
	t.Parallel()
	o, one, _ := audited(t)
	_, err := o.desk.Do(t.Context(), desk.NewTicket(), one, casefile.Merge{Act: o.desk.Act(atUST), Into: o.request("Melnyk", "Iryna"),
		Text: domain.Open(one, domain.ClassPersonal, domain.NewPersonal("La stessa Olha"))})
	o.check(err)
	o.follow()
	for _, path := range []string{"/", "/registro/2022-04-04", auditPath, auditPath + "?pratica=" + one.String(), trailPath(one), caseReadingsPath(one), openNamePath(one),
		readingsPath, auditSheet, caseReadingsPath(one) + ".csv"} {
		status, page := o.get(atPrefettura, path)
		if status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
		text := withoutAddresses(page)
		for _, secret := range []string{one.String(), "Shevchenko", "Olha", "zia", "Esempi", "1234567", "2013-05-06"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %s", path, secret)
			}
		}
	}
}

func TestEachRowSaysByWhatItWasDecided(t *testing.T) {
	t.Parallel()
	o, one, _ := audited(t)
	_, page := o.get(atPrefettura, auditPath)
	_, day := o.get(atPrefettura, "/registro/2022-04-04")
	for name, body := range map[string]string{"search": page, "day": day} {
		for _, want := range []string{"DPR 394/1999, art. 45; DPR 89/2009", "regole di instradamento, versione 1, dal 1º settembre 2021; ",
			"termini, versione 1, dal 1º settembre 2021 (ricavato dal registro del momento)", "DPR 394/1999, art. 45 c. 2", "delibera: delibera 7/2022", "sospensione n. 1"} {
			if !strings.Contains(body, want) {
				t.Errorf("the %s lacks %s", name, want)
			}
		}
	}
	centre := o.centreOf(one)
	for _, a := range []domain.Actor{atPrefettura, atUST, centre} {
		_, trail := o.get(a, trailPath(one))
		if !strings.Contains(trail, "DPR 394/1999, art. 45 c. 2") || !strings.Contains(trail, "delibera: delibera 7/2022") ||
			strings.Contains(trail, "(ricavato dal registro del momento)") != (a.Role != domain.RoleCentre) {
			t.Errorf("the trail of the case says too little, or too much, to %s", a.Role)
		}
	}
	for _, row := range o.sheet(atPrefettura, "atto=case.routed")[1:] {
		if row[9] != "" || row[10] != "regole di instradamento, versione 1, dal 1º settembre 2021; termini, versione 1, dal 1º settembre 2021 (ricavato dal registro del momento); "+
			"Per regole non ancora confermate dall’UST" && !strings.HasPrefix(row[10], "regole di instradamento") {
			t.Errorf("%q", row)
		}
		if row[8] != o.site.pseudonym(atPrefettura, one) && !strings.HasPrefix(row[8], "P-") || row[5] == "" || row[0] == "" {
			t.Errorf("%q", row)
		}
	}
}

func TestTheTrailIsSearchedPageByPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range auditRows/2 + 2 {
		o.request("Prova", "Uno")
	}
	path, seen := auditPath+"?ente=comune%3A015189&noto=2100-01-01", 0
	for pages := 0; path != "" && pages < 3; pages++ {
		_, body := o.get(atUST, path)
		seen += strings.Count(body, `role="rowheader"`)
		if path = ""; strings.Contains(body, `rel="next"`) {
			_, rest, _ := strings.Cut(body, `href="`+auditPath+`?da=`)
			next, _, _ := strings.Cut(rest, `"`)
			path = auditPath + "?da=" + strings.ReplaceAll(next, "&amp;", "&")
			if q, err := url.Parse(path); err != nil || q.Query().Get("ente") != "comune:015189" || q.Query().Get("noto") != "2100-01-01" {
				t.Fatalf("the next page is at %s", path)
			}
		}
	}
	if want := len(o.acts(atUST, "ente=comune:015189")); seen != want || want <= auditRows/2 {
		t.Errorf("%d rows on the pages, %d in the file", seen, want)
	}
}

// proving is a ledger that notes of which records a proof is wanted.
type proving struct {
	Ledger
	last    []ledger.Signed
	refused string
	asked   []event.Position
	err     error
}

func (p *proving) Newest(context.Context, int64, int) ([]ledger.Signed, error) { return p.last, nil }

func (p *proving) Refused(context.Context) (string, time.Time, error) {
	return p.refused, time.Time{}, nil
}

func (p *proving) Selection(_ context.Context, positions []event.Position, w io.Writer) error {
	p.asked = positions
	if p.err != nil {
		return p.err
	}
	_, err := fmt.Fprintln(w, "{}")
	return err
}

func TestASearchIsHandedOverWithItsProofs(t *testing.T) {
	t.Parallel()
	o, one, _ := audited(t)
	proofs := &proving{}
	o.site.Ledger = proofs
	w := do(o.site.handler(), http.MethodGet, auditProof+"?pratica="+o.site.pseudonym(atPrefettura, one), "", o.as(atPrefettura))
	var want []event.Position
	for page, err := range o.store.ReadAll(t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Stream(one)}}}) {
		o.check(err)
		for _, r := range page.Records {
			want = append(want, r.Position)
		}
	}
	slices.Reverse(want)
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), []byte("{}\n")) || !slices.Equal(proofs.asked, want) {
		t.Errorf("%d, %q, of %v, want %v", w.Code, w.Body, proofs.asked, want)
	}
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="registro.jsonl"` {
		t.Errorf("it comes as %s", got)
	}
	proofs.err = domain.Refused("ledger-not-signed-yet")
	if status, body := o.get(atPrefettura, auditProof); status != http.StatusConflict || strings.Contains(body, "{}") {
		t.Errorf("what cannot be proved yet: %d", status)
	}
	proofs.asked = nil
	for _, a := range []domain.Actor{atRozzano, atSchool, atCTI, atAdmin} {
		if status, _ := o.get(a, auditProof); status != http.StatusForbidden || proofs.asked != nil || access.Large(a, access.ReadDay) == nil {
			t.Errorf("%s: %d", a.Role, status)
		}
	}
}

func TestTheHomeOfThePrefetturaBeginsWithWhatItOversees(t *testing.T) {
	t.Parallel()
	o, one, _ := audited(t)
	proofs := &proving{}
	o.site.Ledger = proofs
	tile := func(as domain.Actor, href string) string {
		t.Helper()
		_, page := o.get(as, "/")
		_, rest, found := strings.Cut(page, `<a href="`+href+`"><span class="tile-value">`)
		value, rest, _ := strings.Cut(rest, "<")
		note, _, _ := strings.Cut(rest, "</li>")
		if !found {
			return "none"
		}
		if _, n, has := strings.Cut(note, `tile-note">`); has {
			n, _, _ = strings.Cut(n, "<")
			return value + " " + n
		}
		return value
	}
	for href, want := range map[string]string{"/territorio/sospensioni": "1", "/registro/2022-04-04": "8", "/letture#names": "0 ultimi 14 giorni", "/letture#unusual": "0 ultimi 14 giorni",
		"/registro/prove": "0 Nessuna firma"} {
		if got := tile(atPrefettura, href); got != want && (href != "/registro/prove" || !strings.HasPrefix(got, "0 ")) {
			t.Errorf("%s: %q, want %q", href, got, want)
		}
	}
	file, err := o.desk.Trail(t.Context(), atPrefettura, one)
	o.check(err)
	_, err = o.desk.OpenName(t.Context(), desk.NewTicket(), atPrefettura, file, reading.Safety, domain.Personal{})
	o.check(err)
	_, err = o.desk.EditTerritory(t.Context(), desk.NewTicket(), territory.Resume{Act: o.desk.Act(atPrefettura), Number: 1, Reason: "Prot. 2/2022"})
	o.check(err)
	o.follow()
	proofs.last = []ledger.Signed{{Size: 1310, At: now}}
	for href, want := range map[string]string{"/territorio/sospensioni": "0", "/letture#names": "1 ultimi 14 giorni", "/letture#unusual": "0 ultimi 14 giorni",
		"/registro/prove": "1.310 il 4 aprile 2022, alle 09:00"} {
		if got := tile(atPrefettura, href); got != want {
			t.Errorf("then %s: %q, want %q", href, got, want)
		}
	}
	_, home := o.get(atPrefettura, "/")
	if !strings.Contains(home, "visibile a te fino alle 13:00") || !strings.Contains(home, o.site.pseudonym(atPrefettura, one)) {
		t.Error("the home page does not tell of the name that is open")
	}
	if strings.Index(home, `id="watch"`) > strings.Index(home, `id="doors"`) {
		t.Error("what is overseen does not come first")
	}
	other := atPrefettura
	other.Account = uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000ff")
	if _, home := o.get(other, "/"); strings.Contains(home, "visibile a te") {
		t.Error("a name that another has open is told as one's own")
	}
	proofs.refused = "ledger-forked"
	if got := tile(atPrefettura, "/registro/prove"); !strings.Contains(got, "non viene più firmato") {
		t.Errorf("a ledger that is not signed: %s", got)
	}
	if got := tile(atUST, "/letture#names"); got != "1 ultimi 14 giorni" {
		t.Errorf("the UST is told %s", got)
	}
	if got := tile(atUST, "/registro/prove"); got != "none" {
		t.Errorf("the UST has the Prefettura's figures: %s", got)
	}
	for _, a := range []domain.Actor{atRozzano, atCTI, atSchool, atAdmin} {
		if _, home := o.get(a, "/"); strings.Contains(home, `id="watch"`) {
			t.Errorf("%s watches", a.Role)
		}
	}
}
