package registry_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"approdo/adapters/memory"
	"approdo/adapters/registry"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

const (
	stateFile     = "SCUANAGRAFESTAT20252620250901_MILANO.csv"
	paritarieFile = "SCUANAGRAFEPAR20232420230901_MILANO.csv"
)

// ministry opens a file of the ministry's, which lies beside the project and not in it.
func ministry(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("the ministry's registers are not beside the project")
	}
	if err != nil {
		t.Skip("the ministry's registers are not beside the project")
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func area(t testing.TB) registry.Area {
	t.Helper()
	return registry.AreaOf(territory.Evolve(territory.State{}, territory.Founded{Province: territory.Province015, Register: territory.Shipped()}))
}

func read(t testing.TB, text string) (*registry.File, []registry.Row, []registry.RowError) {
	t.Helper()
	f, err := registry.Read(strings.NewReader(text), area(t))
	if err != nil {
		t.Fatal(err)
	}
	var rows []registry.Row
	var faults []registry.RowError
	for row, fault := range f.Rows() {
		if fault != nil {
			faults = append(faults, *fault)
		} else {
			rows = append(rows, row)
		}
	}
	return f, rows, faults
}

func TestTheMinistrysStateRegister(t *testing.T) {
	t.Parallel()
	f, err := registry.Read(ministry(t, stateFile), area(t))
	if err != nil {
		t.Fatal(err)
	}
	if f.Management != territory.StateRun || len(f.Unknown) != 0 {
		t.Errorf("%s, unknown columns %v", f.Management, f.Unknown)
	}
	rows, withoutCAP, institutions, offerable := 0, 0, map[domain.Institution]bool{}, map[grade.Order]int{}
	features, orders := map[territory.Feature]int{}, map[grade.Order]int{}
	for row, fault := range f.Rows() {
		if fault != nil {
			t.Errorf("%v", fault)
			continue
		}
		s := row.School
		rows++
		institutions[s.Institution] = true
		features[s.Feature]++
		orders[s.Order]++
		if s.TakesPupils() {
			offerable[s.Order]++
		}
		if s.CAP == "" {
			withoutCAP++
		}
		if row.Year != 2025 || s.InstitutionName == "" || s.Address == "" {
			t.Errorf("line %d: %+v", row.Line, row)
		}
		for _, text := range []string{s.Email, s.PEC, s.Website, s.Address} {
			if strings.Contains(strings.ToLower(text), "disponibile") {
				t.Errorf("line %d: %q", row.Line, text)
			}
		}
	}
	if rows != 1537 || len(institutions) != 331 || withoutCAP != 4 {
		t.Errorf("%d rows, %d institutions, %d without CAP", rows, len(institutions), withoutCAP)
	}
	wantFeatures := map[territory.Feature]int{territory.Ordinary: 1445, territory.Evening: 23, territory.Hospital: 21, territory.Prison: 13,
		territory.CPIA: 24, territory.Boarding: 4 + 3, territory.BoardingHead: 2, territory.ForBlind: 1, territory.Experimental: 1}
	if diff := cmp.Diff(wantFeatures, features); diff != "" {
		t.Error(diff)
	}
	wantOrders := map[grade.Order]int{"": 286, grade.Infanzia: 303, grade.Primaria: 477, grade.SecondariaI: 261, grade.SecondariaII: 210}
	if diff := cmp.Diff(wantOrders, orders); diff != "" {
		t.Error(diff)
	}
	wantOfferable := map[grade.Order]int{grade.Infanzia: 303, grade.Primaria: 460, grade.SecondariaI: 247, grade.SecondariaII: 178}
	if diff := cmp.Diff(wantOfferable, offerable); diff != "" {
		t.Error(diff)
	}
}

func TestTheMinistrysRegisterOfParitarie(t *testing.T) {
	t.Parallel()
	f, err := registry.Read(ministry(t, paritarieFile), area(t))
	if err != nil {
		t.Fatal(err)
	}
	if f.Management != territory.Paritaria || len(f.Unknown) != 0 {
		t.Errorf("%s, unknown columns %v", f.Management, f.Unknown)
	}
	rows, orders := 0, map[grade.Order]int{}
	for row, fault := range f.Rows() {
		if fault != nil {
			t.Errorf("%v", fault)
			continue
		}
		rows++
		orders[row.School.Order]++
		if strings.Contains(row.School.Website, "@") {
			t.Errorf("line %d: a mail address for a site", row.Line)
		}
		if s := row.School; row.Year != 2023 || string(s.Institution) != string(s.Code) || s.Feature != territory.Ordinary || !s.TakesPupils() {
			t.Errorf("line %d: %+v", row.Line, row)
		}
	}
	want := map[grade.Order]int{grade.Infanzia: 438, grade.Primaria: 93, grade.SecondariaI: 66, grade.SecondariaII: 112}
	if diff := cmp.Diff(want, orders); diff != "" || rows != 709 {
		t.Errorf("%d rows %s", rows, diff)
	}
}

const stateHeader = "ANNOSCOLASTICO,AREAGEOGRAFICA,REGIONE,PROVINCIA,CODICEISTITUTORIFERIMENTO,DENOMINAZIONEISTITUTORIFERIMENTO," +
	"CODICESCUOLA,DENOMINAZIONESCUOLA,INDIRIZZOSCUOLA,CAPSCUOLA,CODICECOMUNESCUOLA,DESCRIZIONECOMUNE,DESCRIZIONECARATTERISTICASCUOLA," +
	"DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA,INDICAZIONESEDEDIRETTIVO,INDICAZIONESEDEOMNICOMPRENSIVO,INDIRIZZOEMAILSCUOLA," +
	"INDIRIZZOPECSCUOLA,SITOWEBSCUOLA,SEDESCOLASTICA\r\n"

// line is a row of the state file: an invented primaria in Rozzano, changed by pairs of column and text.
func line(n int, changes ...string) string {
	header := strings.Split(strings.TrimSpace(stateHeader), ",")
	cells := []string{"202526", "NORD OVEST", "LOMBARDIA", "MILANO", "MIIC8XX00B", `"IC ""DI PROVA"""`, fmt.Sprintf("MIEE8X%04d", n),
		"PRIMARIA DI PROVA", "VIA DELLE PROVE 1", "20089", "H623", "ROZZANO", "NORMALE", "SCUOLA PRIMARIA", "NO", "Non Disponibile",
		"prova@example.org", "Non Disponibile", "www.example.org", "NO"}
	for i := 0; i+1 < len(changes); i += 2 {
		cells[slices.Index(header, changes[i])] = changes[i+1]
	}
	return strings.Join(cells, ",") + "\r\n"
}

func TestARowBecomesASchool(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"plain":                      stateHeader + line(1),
		"with a byte order mark":     "\ufeff" + stateHeader + line(1),
		"blank lines":                "\r\n" + stateHeader + "\r\n" + line(1) + "\n\n",
		"white space, small letters": stateHeader + line(1, "CODICESCUOLA", " miee8x0001 ", "CODICECOMUNESCUOLA", "h623", "DENOMINAZIONESCUOLA", " PRIMARIA  DI PROVA "),
		"a field over two lines":     stateHeader + line(1, "INDIRIZZOSCUOLA", "\"VIA DELLE\r\nPROVE 1\""),
	} {
		_, rows, faults := read(t, text)
		want := territory.School{Code: "MIEE8X0001", Institution: "MIIC8XX00B", Name: "PRIMARIA DI PROVA", InstitutionName: `IC "DI PROVA"`,
			Address: "VIA DELLE PROVE 1", CAP: "20089", Comune: "015189", Order: grade.Primaria, Type: "SCUOLA PRIMARIA",
			Feature: territory.Ordinary, Management: territory.StateRun, Email: "prova@example.org", Website: "www.example.org"}
		if len(rows) != 1 || len(faults) != 0 || rows[0].School != want || rows[0].Year != 2025 {
			t.Errorf("%s: %+v %v", name, rows, faults)
		}
	}
}

func TestWhatIsNoneIsLeftEmpty(t *testing.T) {
	t.Parallel()
	_, rows, faults := read(t, stateHeader+line(1, "CAPSCUOLA", ".", "INDIRIZZOEMAILSCUOLA", "NON DISPONIBILE", "SITOWEBSCUOLA", "prova@example.org",
		"INDIRIZZOPECSCUOLA", "nessuna"))
	if len(faults) != 0 || len(rows) != 1 {
		t.Fatal(rows, faults)
	}
	if s := rows[0].School; s.CAP+s.Email+s.PEC+s.Website != "" {
		t.Errorf("%+v", s)
	}
}

func TestARowThatCannotBeReadIsReportedAndCostsNothingElse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		row    string
		code   domain.School
		field  string
		reason registry.Reason
	}{
		"too few columns":       {"202526,MILANO\r\n", "", "", registry.ReasonColumns},
		"too many columns":      {strings.TrimSpace(line(2)) + ",NO\r\n", "", "", registry.ReasonColumns},
		"a quote left open":     {line(2, "DENOMINAZIONESCUOLA", `"PRIMARIA`), "", "", registry.ReasonQuotes},
		"a quote in the middle": {line(2, "DENOMINAZIONESCUOLA", `PRIMARIA "PROVA"`), "", "", registry.ReasonQuotes},
		"Latin-1":               {line(2, "DENOMINAZIONESCUOLA", "LIBERT\xc0"), "", "DENOMINAZIONESCUOLA", registry.ReasonEncoding},
		"a very long name":      {line(2, "DENOMINAZIONESCUOLA", strings.Repeat("A", 501)), "", "DENOMINAZIONESCUOLA", registry.ReasonTooLong},
		"no code":               {line(2, "CODICESCUOLA", ""), "", "CODICESCUOLA", registry.ReasonCode},
		"a short code":          {line(2, "CODICESCUOLA", "MIEE8X02"), "", "CODICESCUOLA", registry.ReasonCode},
		"a code of digits":      {line(2, "CODICESCUOLA", "1234567890"), "", "CODICESCUOLA", registry.ReasonCode},
		"a code twice":          {line(1), "MIEE8X0001", "CODICESCUOLA", registry.ReasonDuplicate},
		"no institution":        {line(2, "CODICEISTITUTORIFERIMENTO", "Non Disponibile"), "MIEE8X0002", "CODICEISTITUTORIFERIMENTO", registry.ReasonInstitution},
		"no name":               {line(2, "DENOMINAZIONESCUOLA", "Non Disponibile"), "MIEE8X0002", "DENOMINAZIONESCUOLA", registry.ReasonName},
		"no such comune":        {line(2, "CODICECOMUNESCUOLA", "Z999"), "MIEE8X0002", "CODICECOMUNESCUOLA", registry.ReasonComune},
		"another province":      {line(2, "CODICECOMUNESCUOLA", "H501", "PROVINCIA", "ROMA"), "MIEE8X0002", "PROVINCIA", registry.ReasonElsewhere},
		"no such type":          {line(2, "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA", "NIDO"), "MIEE8X0002", "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA", registry.ReasonType},
		"no such feature":       {line(2, "DESCRIZIONECARATTERISTICASCUOLA", "NUOVA"), "MIEE8X0002", "DESCRIZIONECARATTERISTICASCUOLA", registry.ReasonFeature},
		"no school year":        {line(2, "ANNOSCOLASTICO", "2025/26"), "MIEE8X0002", "ANNOSCOLASTICO", registry.ReasonYear},
		"years that do not fit": {line(2, "ANNOSCOLASTICO", "202527"), "MIEE8X0002", "ANNOSCOLASTICO", registry.ReasonYear},
		"another school year":   {line(2, "ANNOSCOLASTICO", "202425"), "MIEE8X0002", "ANNOSCOLASTICO", registry.ReasonOtherYear},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, rows, faults := read(t, stateHeader+line(1)+tt.row+line(3)+line(4))
			if len(rows) != 3 {
				t.Errorf("%d rows were read", len(rows))
			}
			want := []registry.RowError{{Line: 3, Code: tt.code, Field: tt.field, Reason: tt.reason}}
			if diff := cmp.Diff(want, faults); diff != "" {
				t.Error(diff)
			}
			if !slices.Contains(registry.Reasons(), tt.reason) {
				t.Error("not among the reasons")
			}
		})
	}
}

func TestTheRestOfAFileThatCannotBeReadIsReported(t *testing.T) {
	t.Parallel()
	_, rows, faults := read(t, stateHeader+line(1)+strings.Repeat("x", 1<<20+1)+"\n"+line(2))
	want := []registry.RowError{{Line: 3, Reason: registry.ReasonUnreadable}}
	if diff := cmp.Diff(want, faults); diff != "" || len(rows) != 1 {
		t.Errorf("%d rows %s", len(rows), diff)
	}
}

func TestOneDamagedLineCostsOneRow(t *testing.T) {
	t.Parallel()
	a := area(t)
	rapid.Check(t, func(t *rapid.T) {
		damage := rapid.StringOf(rapid.RuneFrom([]rune(`ab",;'<é`))).Draw(t, "damage")
		if strings.TrimSpace(damage) == "" {
			damage = "x"
		}
		f, err := registry.Read(strings.NewReader(stateHeader+line(1)+line(2)+damage+"\n"+line(3)+line(4)), a)
		if err != nil {
			t.Fatal(err)
		}
		good, bad := 0, 0
		for _, fault := range f.Rows() {
			if fault == nil {
				good++
			} else {
				bad++
			}
		}
		if good != 4 || bad != 1 {
			t.Fatalf("%d rows, %d faults", good, bad)
		}
	})
}

func TestNoBytesBreakTheReader(t *testing.T) {
	t.Parallel()
	a := area(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		f, err := registry.Read(strings.NewReader(rapid.SampledFrom([]string{"", stateHeader}).Draw(t, "header")+string(text)), a)
		if err != nil {
			if !errors.Is(err, domain.KindInvalid) {
				t.Fatal(err)
			}
			return
		}
		for row, fault := range f.Rows() {
			if (fault == nil) != (row.School.Name != "" && row.Year != 0) {
				t.Fatalf("%+v %v", row, fault)
			}
		}
	})
}

func TestAFileThatIsNoRegisterIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want error
	}{
		"nothing":        {"", registry.ErrEmpty},
		"blank lines":    {"\ufeff\r\n\n", registry.ErrEmpty},
		"a web page":     {"\n  <!DOCTYPE html><html><body>Pagina non trovata</body></html>", registry.ErrWebPage},
		"another file":   {"date,minors\n2022-03-03,12\n", registry.ErrColumns},
		"semicolons":     {strings.ReplaceAll(stateHeader, ",", ";") + line(1), registry.ErrColumns},
		"broken quotes":  {`"ANNOSCOLASTICO,PROVINCIA` + "\n", registry.ErrColumns},
		"not the school": {strings.Replace(stateHeader, "CODICESCUOLA,", "", 1), registry.ErrColumns},
	}
	for name, tt := range tests {
		if _, err := registry.Read(strings.NewReader(tt.text), area(t)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := registry.Read(strings.NewReader(strings.Replace(stateHeader, "CAPSCUOLA,", "", 1)), area(t))
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Detail["columns"] != "CAPSCUOLA" {
		t.Errorf("%v", err)
	}
}

func TestColumnsMayComeGoAndChangePlaces(t *testing.T) {
	t.Parallel()
	header := strings.Replace(stateHeader, "AREAGEOGRAFICA,REGIONE,PROVINCIA", "PROVINCIA,CODICENUOVO,REGIONE", 1)
	f, rows, faults := read(t, header+strings.Replace(line(1), "NORD OVEST,LOMBARDIA,MILANO", "MILANO,7,LOMBARDIA", 1))
	if len(rows) != 1 || len(faults) != 0 || !slices.Equal(f.Unknown, []string{"CODICENUOVO"}) {
		t.Errorf("%v %v %v", rows, faults, f.Unknown)
	}
}

func importer(store event.Store) registry.Importer {
	now := time.Date(2025, time.September, 1, 8, 0, 0, 0, time.UTC)
	return registry.Importer{Store: store, Codec: event.NewCodec(sealtest.New(), territory.SchoolEvents),
		Clock: func() time.Time { return now }, By: domain.System}
}

func load(t *testing.T, i registry.Importer, code domain.School) territory.SchoolState {
	t.Helper()
	out, err := event.Load(t.Context(), i.Store, i.Codec, territory.SchoolDecider, territory.SchoolStream(code))
	if err != nil {
		t.Fatal(err)
	}
	return out.State
}

func TestImportingTheRealRegistersTwiceWritesThemOnce(t *testing.T) {
	t.Parallel()
	store := memory.New()
	i := importer(store)
	calls := 0
	run := func(name string) registry.Report {
		t.Helper()
		calls = 0
		report, err := i.Import(t.Context(), ministry(t, name), area(t), registry.Options{Progress: func(done, total int) {
			if calls++; done != calls || total < done {
				t.Errorf("call %d: %d of %d", calls, done, total)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	want := registry.Report{Management: territory.StateRun, Year: 2025, Rows: 1537, Listed: 1537}
	if diff := cmp.Diff(want, run(stateFile)); diff != "" || calls != 1537 {
		t.Errorf("%d calls %s", calls, diff)
	}
	want = registry.Report{Management: territory.Paritaria, Year: 2023, Rows: 709, Listed: 709}
	if diff := cmp.Diff(want, run(paritarieFile)); diff != "" {
		t.Error(diff)
	}
	before, err := store.Head(t.Context())
	if err != nil || before != 1537+709 {
		t.Fatal(before, err)
	}
	want = registry.Report{Management: territory.StateRun, Year: 2025, Rows: 1537, Unchanged: 1537}
	if diff := cmp.Diff(want, run(stateFile)); diff != "" {
		t.Error(diff)
	}
	if after, err := store.Head(t.Context()); err != nil || after != before {
		t.Errorf("the second time it wrote up to %d, %v", after, err)
	}
	primaria := grade.Level{Order: grade.Primaria, Year: 1}
	if ok, assumed := load(t, i, "MIEE8AV04A").Offerable(primaria, 2022); !ok || !assumed {
		t.Errorf("a register of 2025/26 for 2022: offerable %v, assumed %v", ok, assumed)
	}
}

func TestWhatAnImportWrites(t *testing.T) {
	t.Parallel()
	i := importer(memory.New())
	run := func(complete bool, text string) registry.Report {
		t.Helper()
		report, err := i.Import(t.Context(), strings.NewReader(stateHeader+text), area(t), registry.Options{Complete: complete})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	check := func(got, want registry.Report) {
		t.Helper()
		want.Management = territory.StateRun
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	rejected := func(line int, code domain.School, field string, r registry.Reason) []registry.RowError {
		return []registry.RowError{{Line: line, Code: code, Field: field, Reason: r}}
	}
	check(run(false, line(1)+line(2)+line(3)), registry.Report{Year: 2025, Rows: 3, Listed: 3})
	check(run(false, line(1)+line(2, "DENOMINAZIONESCUOLA", "PRIMARIA NUOVA")+line(4, "CODICECOMUNESCUOLA", "H501", "PROVINCIA", "ROMA")),
		registry.Report{Year: 2025, Rows: 3, Unchanged: 1, Amended: 1, Elsewhere: 1})

	next := func(n int, changes ...string) string { return line(n, append(changes, "ANNOSCOLASTICO", "202627")...) }
	// A row that cannot be told might be any site: none is taken for gone.
	check(run(true, next(1)+"202627,MILANO\r\n"), registry.Report{Year: 2026, Rows: 2, Listed: 1, KeptAll: true,
		Rejected: rejected(3, "", "", registry.ReasonColumns)})
	// A site whose row was rejected is in the file all the same.
	check(run(true, next(1)+next(2, "DENOMINAZIONESCUOLA", "")), registry.Report{Year: 2026, Rows: 2, Unchanged: 1, Delisted: 1,
		Rejected: rejected(3, "MIEE8X0002", "DENOMINAZIONESCUOLA", registry.ReasonName)})
	check(run(true, next(1)+next(2)), registry.Report{Year: 2026, Rows: 2, Unchanged: 1, Listed: 1})
	third := load(t, i, "MIEE8X0003")
	if now, _ := third.On(2026); !now.Gone {
		t.Errorf("%+v", now)
	}
	if then, _ := third.On(2025); then.Gone {
		t.Errorf("%+v", then)
	}
	// An older file says nothing of sites that only newer ones know, and the paritarie are another file's.
	check(run(true, line(1, "ANNOSCOLASTICO", "202122")), registry.Report{Year: 2021, Rows: 1, Listed: 1})
	if then, _ := load(t, i, "MIEE8X0002").On(2021); then.Gone || !then.Assumed {
		t.Errorf("%+v", then)
	}
}

func TestACompleteFileOfStateSchoolsLeavesTheParitarie(t *testing.T) {
	t.Parallel()
	i := importer(memory.New())
	head := "ANNOSCOLASTICO,AREAGEOGRAFICA,REGIONE,PROVINCIA,CODICESCUOLA,DENOMINAZIONESCUOLA,INDIRIZZOSCUOLA,CAPSCUOLA,CODICECOMUNESCUOLA," +
		"DESCRIZIONECOMUNE,DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA,INDIRIZZOEMAILSCUOLA,INDIRIZZOPECSCUOLA,SITOWEBSCUOLA\r\n"
	row := "202324,NORD OVEST,LOMBARDIA,MILANO,MI1A000001,INFANZIA DI PROVA,VIA PROVA 1,20089,H623,ROZZANO,SCUOLA INFANZIA NON STATALE,,,\r\n"
	for _, text := range []string{head + row, stateHeader + line(1)} {
		if _, err := i.Import(t.Context(), strings.NewReader(text), area(t), registry.Options{Complete: true}); err != nil {
			t.Fatal(err)
		}
	}
	if l, known := load(t, i, "MI1A000001").On(2025); !known || l.Gone {
		t.Errorf("%+v", l)
	}
}

// failing is a journal whose disk is full after some appends.
type failing struct {
	event.Store
	left atomic.Int64
}

func (f *failing) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if f.left.Add(-1) < 0 {
		return event.Result{}, event.ErrUnavailable
	}
	return f.Store.Append(ctx, a)
}

func TestAnImportThatWasBrokenOffIsMadeAgain(t *testing.T) {
	t.Parallel()
	text := stateHeader
	for n := range 200 {
		text += line(n)
	}
	store := &failing{Store: memory.New()}
	store.left.Store(50)
	i := importer(store)
	_, err := i.Import(t.Context(), strings.NewReader(text), area(t), registry.Options{})
	if !errors.Is(err, domain.KindUnavailable) {
		t.Fatal(err)
	}
	store.left.Store(1000)
	report, err := i.Import(t.Context(), strings.NewReader(text), area(t), registry.Options{})
	if err != nil || report.Listed != 150 || report.Unchanged != 50 {
		t.Errorf("%+v, %v", report, err)
	}

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := i.Import(cancelled, strings.NewReader(text), area(t), registry.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	i.By = domain.Actor{Role: domain.RoleSchool}
	if _, err := i.Import(t.Context(), strings.NewReader(text), area(t), registry.Options{}); !errors.Is(err, domain.KindForbidden) {
		t.Errorf("by a school: %v", err)
	}
	if _, err := i.Import(t.Context(), strings.NewReader("<html>"), area(t), registry.Options{}); !errors.Is(err, registry.ErrWebPage) {
		t.Errorf("a web page: %v", err)
	}
}

func TestEveryReasonHasItsOwnName(t *testing.T) {
	t.Parallel()
	names := map[registry.Reason]bool{}
	for _, r := range registry.Reasons() {
		names[r] = true
	}
	if len(names) != len(registry.Reasons()) {
		t.Errorf("%v", slices.Sorted(maps.Keys(names)))
	}
}
