package registry_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"approdo/adapters/memory"
	"approdo/adapters/registry"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/territory"
)

const (
	citizens = "ANNOSCOLASTICO,CODICESCUOLA,ORDINESCUOLA,ANNOCORSO,ALUNNI,ALUNNICITTADINANZAITALIANA,ALUNNICITTADINANZANONITALIANA," +
		"ALUNNICITTADINANZANONITALIANAPAESIUE,ALUNNICITTADINANZANONITALIANAPAESINONUE\r\n"
	classes  = "ANNOSCOLASTICO,CODICESCUOLA,ORDINESCUOLA,ANNOCORSOCLASSE,CLASSI,ALUNNIMASCHI,ALUNNIFEMMINE,TEMPOSCUOLA\r\n"
	infanzia = "ANNOSCOLASTICO,CODICESCUOLA,ORDINESCUOLA,CLASSI,BAMBINIMASCHI,BAMBINIFEMMINE\r\n"
)

// registered is an importer into a journal whose register has two sites.
func registered(t testing.TB) registry.Importer {
	t.Helper()
	i := importer(memory.New())
	if _, err := i.Import(t.Context(), strings.NewReader(stateHeader+line(1)+line(2)), area(t), registry.Options{}); err != nil {
		t.Fatal(err)
	}
	return i
}

func pupils(t *testing.T, i registry.Importer, text string) registry.FigureReport {
	t.Helper()
	report, err := i.ImportPupils(t.Context(), strings.NewReader(text), area(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func head(t *testing.T, i registry.Importer) event.Position {
	t.Helper()
	at, err := i.Store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestPupilsOfAYearComeFromTwoFiles(t *testing.T) {
	t.Parallel()
	i := registered(t)
	byCitizenship := "\ufeff" + citizens +
		"202425,MIEE8X0001,SCUOLA PRIMARIA,1,41,29,12,2,10\r\n" +
		"202425,MIEE8X0001,SCUOLA PRIMARIA,2,20,18,<=3,<=3,<=3\r\n" + // the Italian ones are written
		"202425,MIEE8X0001,SCUOLA PRIMARIA,3,20,<=3,<=3,<=3,<=3\r\n" +
		"202425,MIEE8X0001,SCUOLA PRIMARIA,4,<=3,<=3,<=3,<=3,<=3\r\n" +
		"202425,RMEE8X0001,SCUOLA PRIMARIA,1,20,18,2,1,1\r\n" +
		"202425,RMEE8X0001,SCUOLA PRIMARIA,2,<=3,<=3,<=3,1,1\r\n"
	want := registry.FigureReport{Source: "MIM, alunni per cittadinanza (ALUITASTRACIT)", Year: 2024, Rows: 6, Sites: 1, Taken: 3, Masked: 1, Elsewhere: 2}
	if diff := cmp.Diff(want, pupils(t, i, byCitizenship)); diff != "" {
		t.Error(diff)
	}
	byClass := classes +
		"202425,MIEE8X0001,SCUOLA PRIMARIA,1,1,10,10,24 ORE\r\n" + // two times of one grade, which are added up
		"202425,MIEE8X0002,SCUOLA PRIMARIA,5,1,9,8,24 ORE\r\n" +
		"202425,MIEE8X0001,SCUOLA PRIMARIA,1,1,11,9,TEMPO PIENO\r\n" +
		"202425,MIEE8X0001,SCUOLA PRIMARIA,5,1,9,<=3,24 ORE\r\n" +
		"202425,MIEE8X0001,SCUOLA PRIMARIA,5,1,9,8,TEMPO PIENO\r\n"
	want = registry.FigureReport{Source: "MIM, alunni e classi per anno di corso (ALUCORSOINDCLAST)", Year: 2024, Rows: 5, Sites: 2, Taken: 3, Masked: 1,
		Unknown: []string{"TEMPOSCUOLA"}, Rejected: []registry.RowError{{Line: 6, Code: "MIEE8X0001", Reason: registry.ReasonPart}}}
	if diff := cmp.Diff(want, pupils(t, i, byClass)); diff != "" {
		t.Error(diff)
	}
	counts := load(t, i, "MIEE8X0001").Counts(2024)
	if diff := cmp.Diff([]territory.Count{{Grade: 1, Classes: 2, Pupils: 41, Foreign: 12, ForeignKnown: true},
		{Grade: 2, Pupils: 20, Foreign: 2, ForeignKnown: true}, {Grade: 3, Pupils: 20}}, counts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]territory.Count{{Grade: 5, Classes: 1, Pupils: 17}}, load(t, i, "MIEE8X0002").Counts(2024)); diff != "" {
		t.Error(diff)
	}

	before := head(t, i)
	if again := pupils(t, i, byClass); again.Sites != 0 || again.Taken != 0 || again.Unchanged != 3 {
		t.Errorf("%+v", again)
	}
	if again := pupils(t, i, byCitizenship); again.Unchanged != 3 || head(t, i) != before {
		t.Errorf("%+v, journal from %d to %d", again, before, head(t, i))
	}
	if r := pupils(t, i, infanzia+"202425,MIEE8X0002,SCUOLA INFANZIA,3,30,31\r\n"); r.Taken != 1 {
		t.Errorf("%+v", r)
	}
	if c, _, _ := load(t, i, "MIEE8X0002").Count(2024, 0); c != (territory.Count{Classes: 3, Pupils: 61}) {
		t.Errorf("%+v", c)
	}
}

func TestARowOfPupilsThatCannotBeReadCostsNothingElse(t *testing.T) {
	t.Parallel()
	const good = "202425,MIEE8X0002,SCUOLA PRIMARIA,1,41,29,12,2,10\r\n"
	for name, tt := range map[string]struct {
		row    string
		code   domain.School
		field  string
		reason registry.Reason
	}{
		"no code":                  {"202425,,SCUOLA PRIMARIA,1,41,29,12,2,10", "", "CODICESCUOLA", registry.ReasonCode},
		"no such site":             {"202425,MIEE8X0009,SCUOLA PRIMARIA,1,41,29,12,2,10", "MIEE8X0009", "CODICESCUOLA", registry.ReasonNoSchool},
		"grade 9":                  {"202425,MIEE8X0001,SCUOLA PRIMARIA,9,41,29,12,2,10", "MIEE8X0001", "ANNOCORSO", registry.ReasonGrade},
		"no grade":                 {"202425,MIEE8X0001,SCUOLA PRIMARIA,,41,29,12,2,10", "MIEE8X0001", "ANNOCORSO", registry.ReasonGrade},
		"no year":                  {"2024/25,MIEE8X0001,SCUOLA PRIMARIA,1,41,29,12,2,10", "MIEE8X0001", "ANNOSCOLASTICO", registry.ReasonYear},
		"another year":             {"202324,MIEE8X0001,SCUOLA PRIMARIA,1,41,29,12,2,10", "MIEE8X0001", "ANNOSCOLASTICO", registry.ReasonOtherYear},
		"no pupils":                {"202425,MIEE8X0001,SCUOLA PRIMARIA,1,Non Disponibile,29,12,2,10", "MIEE8X0001", "ALUNNI", registry.ReasonFigure},
		"half a pupil":             {"202425,MIEE8X0001,SCUOLA PRIMARIA,1,41.5,29,12,2,10", "MIEE8X0001", "ALUNNI", registry.ReasonFigure},
		"fewer than none":          {"202425,MIEE8X0001,SCUOLA PRIMARIA,1,41,29,-1,2,10", "MIEE8X0001", "ALUNNICITTADINANZANONITALIANA", registry.ReasonFigure},
		"more foreign than pupils": {"202425,MIEE8X0001,SCUOLA PRIMARIA,1,41,29,42,2,10", "MIEE8X0001", "ALUNNICITTADINANZANONITALIANA", registry.ReasonMore},
		"more Italian than pupils": {"202425,MIEE8X0001,SCUOLA PRIMARIA,1,41,42,<=3,2,10", "MIEE8X0001", "ALUNNICITTADINANZANONITALIANA", registry.ReasonMore},
		"a town":                   {"202425,MIEE8X0001,SCUOLA PRIMARIA,1,41000,29,12,2,10", "MIEE8X0001", "counts", "school-count-malformed"},
		"too few columns":          {"202425,MIEE8X0001", "", "", registry.ReasonColumns},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := registered(t)
			got := pupils(t, i, citizens+good+tt.row+"\r\n")
			if got.Rows != 2 || got.Taken != 1 || len(got.Rejected) != 1 || got.Rejected[0] != (registry.RowError{Line: 3, Code: tt.code, Field: tt.field, Reason: tt.reason}) {
				t.Errorf("%+v", got)
			}
			if len(load(t, i, "MIEE8X0001").Counts(2024)) > 0 {
				t.Error("a row that was rejected was written")
			}
		})
	}
}

func TestAFileThatIsNoCountOfPupilsIsRefused(t *testing.T) {
	t.Parallel()
	i := registered(t)
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"a web page":   {"<!DOCTYPE html><html><body>Pagina non trovata</body></html>", registry.ErrWebPage},
		"nothing":      {"", registry.ErrEmpty},
		"the register": {stateHeader + line(1), registry.ErrColumns},
		"half of one":  {strings.Replace(citizens, "ALUNNICITTADINANZANONITALIANA,", "", 1), registry.ErrColumns},
	} {
		if _, err := i.ImportPupils(t.Context(), strings.NewReader(tt.text), area(t), nil); !errors.Is(err, tt.want) {
			t.Errorf("%s: pupils: %v", name, err)
		}
		if _, err := i.ImportSites(t.Context(), strings.NewReader(tt.text), area(t), registry.SiteOptions{Source: "prova"}); !errors.Is(err, tt.want) {
			t.Errorf("%s: sites: %v", name, err)
		}
	}
	_, err := i.ImportSites(t.Context(), strings.NewReader("CODICESCUOLA,LAT,LON,ALUNNI\n"), area(t), registry.SiteOptions{Source: "prova"})
	if !errors.Is(err, registry.ErrNoYear) {
		t.Errorf("pupils of no year: %v", err)
	}
}

func sites(t *testing.T, i registry.Importer, text string) registry.FigureReport {
	t.Helper()
	report, err := i.ImportSites(t.Context(), strings.NewReader(text), area(t), registry.SiteOptions{Source: "OpenStreetMap (ODbL)", Year: 2024})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestWhereSitesLieAndHowManyPupilsTheyHave(t *testing.T) {
	t.Parallel()
	i := registered(t)
	text := "LON,LAT,CODICESCUOLA,FONTE_COORD,ALUNNI,STRANIERI,PCT_STRANIERI\n" +
		"9.189982,45.464203,MIEE8X0001,civico,200,61,30.5\n" +
		`"9,2","45,5",MIEE8X0002,,<=3,,` + "\n"
	want := registry.FigureReport{Source: "OpenStreetMap (ODbL)", Year: 2024, Rows: 2, Sites: 2, Taken: 2, Unknown: []string{"PCT_STRANIERI"}}
	if diff := cmp.Diff(want, sites(t, i, text)); diff != "" {
		t.Error(diff)
	}
	first, second := load(t, i, "MIEE8X0001"), load(t, i, "MIEE8X0002")
	if p, ok := first.Point(); !ok || p != (territory.Located{Lat: 45.464203, Lon: 9.189982, Source: "OpenStreetMap (ODbL) (civico)"}) {
		t.Errorf("%+v", p)
	}
	if p, _ := second.Point(); p.Lat != 45.5 || p.Lon != 9.2 || p.Source != "OpenStreetMap (ODbL)" {
		t.Errorf("%+v", p)
	}
	if c, y, ok := first.Count(2024, 3); !ok || y != 2024 || c != (territory.Count{Pupils: 200, Foreign: 61, ForeignKnown: true}) {
		t.Errorf("%+v of %v", c, y)
	}
	if _, _, ok := second.Count(2024, 3); ok {
		t.Error("a masked figure was taken for one")
	}
	before := head(t, i)
	if again := sites(t, i, text); again.Unchanged != 2 || head(t, i) != before {
		t.Errorf("%+v", again)
	}
	for _, none := range []string{",", "0,0"} {
		if r := sites(t, i, "CODICESCUOLA,LAT,LON\nMIEE8X0001,"+none+"\n"); r.Empty != 1 || head(t, i) != before {
			t.Errorf("a row without a point, %q: %+v", none, r)
		}
	}
	for _, source := range []string{"", " ", strings.Repeat("x", 151)} {
		if _, err := i.ImportSites(t.Context(), strings.NewReader(text), area(t), registry.SiteOptions{Source: source, Year: 2024}); !errors.Is(err, territory.ErrFigureSource) {
			t.Errorf("a source of %d letters: %v", len(source), err)
		}
	}
	for row, want := range map[string]registry.RowError{
		"MIEE8X0001,9.189982,45.464203,": {Field: "lat", Reason: "school-outside-italy"},
		"MIEE8X0001,nord,9.1,":           {Field: "LAT", Reason: registry.ReasonPoint},
		"MIEE8X0001,45.4,,":              {Field: "LON", Reason: registry.ReasonPoint},
		"MIEE8X0009,45.4,9.1,":           {Field: "CODICESCUOLA", Reason: registry.ReasonNoSchool},
		"MIEE8X0001,45.4,9.1,molti":      {Field: "ALUNNI", Reason: registry.ReasonFigure},
	} {
		want.Line, want.Code = 2, domain.School(row[:10])
		if r := sites(t, i, "CODICESCUOLA,LAT,LON,ALUNNI\n"+row+"\n"); len(r.Rejected) != 1 || r.Rejected[0] != want {
			t.Errorf("%s: %+v", row, r)
		}
	}
	if r := sites(t, i, "CODICESCUOLA,LAT,LON\nMIEE8X0001,45.4,9.1\nMIEE8X0001,45.4,9.1\n"); r.Taken != 1 || r.Rejected[0].Reason != registry.ReasonDuplicate {
		t.Errorf("%+v", r)
	}
	if head(t, i) != before+1 {
		t.Error("a row that was rejected was written")
	}
}

// The table of the city has two codes that the register of the year after does not, three sites without a point, and pupils of the first cycle.
func TestTheSitesOfTheCity(t *testing.T) {
	t.Parallel()
	table := ministry(t, "scuole_milano_citta_geo_202425.csv")
	i := importer(memory.New())
	if _, err := i.Import(t.Context(), ministry(t, stateFile), area(t), registry.Options{}); err != nil {
		t.Fatal(err)
	}
	calls, last := 0, 0
	report, err := i.ImportSites(t.Context(), table, area(t), registry.SiteOptions{Source: "© OpenStreetMap contributors (ODbL); MIM", Year: 2024,
		Progress: func(done, total int) {
			if calls++; done <= last || done > total || total != 339 {
				t.Errorf("%d of %d after %d", done, total, last)
			}
			last = done
		}})
	if err != nil {
		t.Fatal(err)
	}
	if report.Rows != 339 || report.Taken+report.Empty != 337 || len(report.Rejected) != 2 || report.Elsewhere != 0 || last != 339 {
		t.Errorf("%+v; progress to %d", report, last)
	}
	for _, r := range report.Rejected {
		if r.Reason != registry.ReasonNoSchool || (r.Code != "MIMM8DX01N" && r.Code != "MIEE8DX01P") {
			t.Errorf("%+v", r)
		}
	}
	if c, y, ok := load(t, i, "MIMM8FU01B").Count(2025, 2); !ok || y != 2024 || c.Pupils != 157 || !c.ForeignKnown {
		t.Errorf("%+v of %v, %v", c, y, ok)
	}
	if p, ok := load(t, i, "MIAA80901P").Point(); !ok || p.Lat != 45.436003 || p.Lon != 9.198684 || p.Source != "© OpenStreetMap contributors (ODbL); MIM (osm_plesso)" {
		t.Errorf("%+v", p)
	}
}

// What the ministry writes of all sites of the province, paritarie too: one figure is masked.
func TestThePupilsOfEverySite(t *testing.T) {
	t.Parallel()
	i := importer(memory.New())
	for _, name := range []string{stateFile, paritarieFile} {
		if _, err := i.Import(t.Context(), ministry(t, name), area(t), registry.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(ministry(t, "alunni_per_sede_milano.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for row := range strings.Lines(string(b)) {
		cells := strings.Split(strings.TrimSpace(row), ",")
		table.WriteString(cells[0] + ",,," + cells[4] + "\n")
	}
	report := sites(t, i, strings.Replace(table.String(), "CODICESCUOLA,,,ALUNNI_2024_25", "CODICESCUOLA,LAT,LON,ALUNNI", 1))
	if report.Rows != 1961 || report.Masked != 1 || report.Taken+report.Empty+report.Masked+len(report.Rejected) != report.Rows || report.Taken < 1800 {
		t.Errorf("%d rows, taken %d, empty %d, masked %d, rejected %d", report.Rows, report.Taken, report.Empty, report.Masked, len(report.Rejected))
	}
	for _, r := range report.Rejected {
		if r.Reason != registry.ReasonNoSchool {
			t.Errorf("%+v", r)
		}
	}
}

func TestNoBytesBreakTheReadersOfFigures(t *testing.T) {
	t.Parallel()
	i, a := registered(t), area(t)
	rapid.Check(t, func(r *rapid.T) {
		text := string(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(r, "bytes"))
		if rapid.Bool().Draw(r, "of the school") {
			text = "202425,MIEE8X0001,X," + text
		}
		for _, header := range []string{citizens, classes, infanzia} {
			report, err := i.ImportPupils(t.Context(), strings.NewReader(header+text), a, nil)
			if err != nil || report.Taken+report.Unchanged+report.Empty+report.Elsewhere+report.Masked+len(report.Rejected) < report.Rows {
				r.Fatalf("%+v, %v", report, err)
			}
		}
		if _, err := i.ImportSites(t.Context(), strings.NewReader("CODICESCUOLA,LAT,LON\n"+text), a, registry.SiteOptions{Source: "prova"}); err != nil {
			r.Fatal(err)
		}
	})
}
