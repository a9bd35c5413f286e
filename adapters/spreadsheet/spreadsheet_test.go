package spreadsheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"approdo/domain"
)

// rowsOf are the cells of a table below its heading.
func rowsOf(t Table) (out [][]string) {
	for _, r := range t.Rows {
		out = append(out, r.Cells)
	}
	return out
}

func TestWhatSpreadsheetsSaveAsCSVIsRead(t *testing.T) {
	t.Parallel()
	units := utf16.Encode([]rune("\ufeffCognome\tNome\r\nŠevčenko\tЗоя\r\n"))
	little := make([]byte, 0, 2*len(units))
	for _, u := range units {
		little = append(little, byte(u), byte(u>>8))
	}
	for name, c := range map[string]struct {
		file    string
		heading []string
		rows    [][]string
	}{
		"semicolons, as Excel in Italy":      {"Cognome;Nome;CAP\r\nNiccol\xf2;D\x92Angelo;00120\r\n", []string{"Cognome", "Nome", "CAP"}, [][]string{{"Niccolò", "D’Angelo", "00120"}}},
		"commas in UTF-8 with a mark":        {"\ufeffCognome,Nome\nКоваль,\"Анна, Марія\"\n", []string{"Cognome", "Nome"}, [][]string{{"Коваль", "Анна, Марія"}}},
		"tabs":                               {"a\tb\n1\t2\n", []string{"a", "b"}, [][]string{{"1", "2"}}},
		"UTF-16":                             {string(little), []string{"Cognome", "Nome"}, [][]string{{"Ševčenko", "Зоя"}}},
		"a hint about the separator":         {"sep=,\r\na;x,b\r\n1,2\r\n", []string{"a;x", "b"}, [][]string{{"1", "2"}}},
		"semicolons inside quotes":           {"\"a;b;c\",d\n1,2\n", []string{"a;b;c", "d"}, [][]string{{"1", "2"}}},
		"empty rows, short rows, wide rows":  {"a;b\n\n;;\n1\n2;3;4\n", []string{"a", "b", ""}, [][]string{{"1", "", ""}, {"2", "3", "4"}}},
		"lines inside a cell":                {"a;b\n\"Via Roma 1\r\nscala B\";2\n", []string{"a", "b"}, [][]string{{"Via Roma 1 scala B", "2"}}},
		"a cell that was kept from counting": {"a;b\n'=1+1;'Ndrangheta\n", []string{"a", "b"}, [][]string{{"=1+1", "'Ndrangheta"}}},
		"no line end at the end":             {"a;b\n1;2", []string{"a", "b"}, [][]string{{"1", "2"}}},
		"a quote in the middle":              {"a;b\nVia \"Roma\";2\n", []string{"a", "b"}, [][]string{{"Via \"Roma\"", "2"}}},
	} {
		got, err := Read([]byte(c.file), "")
		if err != nil || !slices.Equal(got.Heading, c.heading) || fmt.Sprint(rowsOf(got)) != fmt.Sprint(c.rows) {
			t.Errorf("%s: %q %q, %v", name, got.Heading, rowsOf(got), err)
		}
	}
}

func TestRowsHaveTheNumbersOfTheFile(t *testing.T) {
	t.Parallel()
	got, err := Read([]byte("sep=;\na\n1\n\n\"2\n3\"\n4\n"), "")
	var numbers []int
	for _, r := range got.Rows {
		numbers = append(numbers, r.Number)
	}
	if err != nil || !slices.Equal(numbers, []int{3, 5, 7}) {
		t.Errorf("%v, %v", numbers, err)
	}
}

func book(t *testing.T, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var out bytes.Buffer
	if err := errors.Join(f.Write(&out), f.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAWorkbookIsReadAsItsReaderSeesIt(t *testing.T) {
	t.Parallel()
	file := book(t, func(f *excelize.File) {
		set := func(at string, v any, style *excelize.Style) {
			err := f.SetCellValue("Sheet1", at, v)
			if style != nil {
				id, styleErr := f.NewStyle(style)
				err = errors.Join(err, styleErr, f.SetCellStyle("Sheet1", at, at, id))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		custom := func(s string) *excelize.Style { return &excelize.Style{CustomNumFmt: &s} }
		for i, h := range []string{"Cognome", "Nascita", "Testo", "CAP", "CAP testo", "Telefono", "Giorno US", "Formula", "Quota", "Giorno lungo"} {
			at, _ := excelize.CoordinatesToCellName(i+1, 1)
			set(at, h, nil)
		}
		set("A3", "  Kovalenko\u00a0", nil)
		set("B3", 40671, &excelize.Style{NumFmt: 14})
		set("C3", "07/05/2011", nil)
		set("D3", 120, custom("00000"))
		set("E3", "00120", nil)
		set("F3", 393331234567, nil)
		set("G3", 40671.75, custom("[$-409]m/d/yyyy h:mm"))
		set("I3", 0.5, nil)
		set("J3", 40671, custom(`dddd d mmmm yyyy`))
		if err := f.SetCellFormula("Sheet1", "H3", `=HYPERLINK("http://example.org","x")`); err != nil {
			t.Fatal(err)
		}
	})
	got, err := Read(file, "")
	want := []string{"Kovalenko", "2011-05-08", "07/05/2011", "00120", "00120", "393331234567", "2011-05-08", "", "0.5", "2011-05-08"}
	if err != nil || len(got.Rows) != 1 || !slices.Equal(got.Rows[0].Cells, want) || got.Rows[0].Number != 3 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestASheetIsChosenByItsName(t *testing.T) {
	t.Parallel()
	file := book(t, func(f *excelize.File) {
		for _, n := range []string{"Elenco", "Nascosto"} {
			if _, err := f.NewSheet(n); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.SetSheetRow(n, "A1", &[]string{"a"}), f.SetSheetRow(n, "A2", &[]string{n})); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.SetSheetVisible("Nascosto", false); err != nil {
			t.Fatal(err)
		}
	})
	for name, want := range map[string]string{"": "Elenco", "elenco": "Elenco"} {
		if got, err := Read(file, name); err != nil || got.Rows[0].Cells[0] != want {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"Nascosto", "Altro"} {
		var refused *domain.Error
		if _, err := Read(file, name); !errors.Is(err, ErrNoSuchSheet) || !errors.As(err, &refused) || refused.Detail["sheets"] != "Sheet1, Elenco" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// zipped is an archive of parts; a nil content is of so many zeros that it bursts.
func zipped(t *testing.T, parts map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, content := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsNoSheetOrTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	many := map[string][]byte{}
	for i := range maxParts + 1 {
		many[fmt.Sprint(i)] = nil
	}
	whole := book(t, func(f *excelize.File) {
		if err := errors.Join(f.SetSheetRow("Sheet1", "A1", &[]string{"a"}), f.SetSheetRow("Sheet1", "A2", &[]string{"b"})); err != nil {
			t.Fatal(err)
		}
	})
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":               {nil, ErrEmpty},
		"a heading alone":       {[]byte("a;b\n"), ErrEmpty},
		"a picture":             {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00"), ErrUnreadable},
		"an old workbook":       {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 more"), ErrLocked},
		"too large":             {make([]byte, MaxBytes+1), ErrTooLarge},
		"too many rows":         {[]byte(strings.Repeat("a\n", MaxRows+2)), ErrTooManyRows},
		"too wide":              {[]byte(strings.Repeat("a;", MaxColumns+1) + "\nb\n" + strings.Repeat("c;", MaxColumns+1) + "d\n"), ErrTooWide},
		"too long":              {[]byte("a\n" + strings.Repeat("x", MaxCell+1) + "\n"), ErrCellTooLong},
		"a bomb":                {zipped(t, map[string][]byte{"xl/worksheets/sheet1.xml": make([]byte, maxUnpacked+1)}), ErrTooLarge},
		"a bomb in parts":       {zipped(t, map[string][]byte{"a": make([]byte, maxUnpacked/2), "b": make([]byte, maxUnpacked/2+1)}), ErrTooLarge},
		"a bomb of tags":        {zipped(t, map[string][]byte{"xl/worksheets/sheet1.xml": bytes.Repeat([]byte("<c/>"), maxTags+1)}), ErrTooLarge},
		"many parts":            {zipped(t, many), ErrTooLarge},
		"an archive of another": {zipped(t, map[string][]byte{"word/document.xml": []byte("<w/>")}), ErrUnreadable},
		"half a workbook":       {whole[:len(whole)/2], ErrUnreadable},
	} {
		if got, err := Read(c.file, ""); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := Read(whole, ""); err != nil {
		t.Errorf("what is in order: %v", err)
	}
}

// A part whose header says that it is small is read all the same, and no further than it may go.
func TestAnArchiveThatLiesAboutItsSizeIsRefused(t *testing.T) {
	t.Parallel()
	file := zipped(t, map[string][]byte{"xl/worksheets/sheet1.xml": make([]byte, maxUnpacked+1)})
	at := bytes.LastIndex(file, []byte("PK\x01\x02")) // the directory says how large it is
	copy(file[at+24:], []byte{1, 0, 0, 0})
	if _, err := Read(file, ""); !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnreadable) {
		t.Error(err)
	}
}

// Nothing of a sheet may lie on the disk in clear, not for an instant.
func TestNothingIsUnpackedToTheDisk(t *testing.T) {
	dir, old := t.TempDir(), time.Date(2022, time.March, 14, 0, 0, 0, 0, time.UTC)
	t.Setenv("TMPDIR", dir)
	if err := os.Chtimes(dir, old, old); err != nil {
		t.Fatal(err)
	}
	file := book(t, func(f *excelize.File) {
		for i := range MaxRows {
			if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &[]string{fmt.Sprintf("%0900d", i), fmt.Sprintf("%0900d", -i)}); err != nil {
				t.Fatal(err)
			}
		}
	})
	if _, err := Read(file, ""); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	rows := [][]Cell{Words("a")}
	for i := range 20_000 {
		rows = append(rows, Words(fmt.Sprintf("%0900d", i)))
	}
	if err := Write(&out, XLSX, "Prova", rows); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Stat(dir); err != nil || !now.ModTime().Equal(old) { // what is made there and removed again changes it, too
		t.Errorf("something was in the folder for temporary files: %v", err)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	rows := [][]Cell{
		Words("Testo", "Numero", "Giorno", "Istante"),
		{Text("=HYPERLINK(\"http://example.org\")"), Number(-3), Day(domain.Date{Year: 2022, Month: 3, Day: 4}), Instant(time.Date(2022, 7, 1, 10, 30, 5, 0, time.UTC))},
		{Text("00120"), Number(1310), {}, {}},
		Words(" @x", "", "", ""),
	}
	for _, f := range Formats() {
		var out bytes.Buffer
		if err := Write(&out, f, "Prova", rows); err != nil {
			t.Fatal(err)
		}
		got, err := Read(out.Bytes(), "")
		want := [][]string{{"=HYPERLINK(\"http://example.org\")", "-3", "2022-03-04", "2022-07-01"}, {"00120", "1310", "", ""}, {"@x", "", "", ""}}
		if f == CSV {
			want[0][2], want[0][3] = "04/03/2022", "01/07/2022 12:30:05"
		}
		if err != nil || fmt.Sprint(rowsOf(got)) != fmt.Sprint(want) {
			t.Errorf("%s: %q, %v", f, rowsOf(got), err)
		}
	}
}

func TestNoCellBeginsAFormula(t *testing.T) {
	t.Parallel()
	risky := []string{"=1+1", "+39 000", "-2", "@SUM(A1)", "\tx", "|calc", " =1", "%0A", "＝1", "\r=1"}
	var rows [][]Cell
	for _, r := range risky {
		rows = append(rows, Words(r))
	}
	var plain, book bytes.Buffer
	if err := errors.Join(Write(&plain, CSV, "Prova", rows), Write(&book, XLSX, "Prova", rows)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.TrimPrefix(plain.String(), byteOrderMark)) {
		if cell := strings.Trim(line, "\"\r\n"); cell != "" && begins(cell) {
			t.Errorf("CSV: %q", line)
		}
	}
	f, err := excelize.OpenReader(&book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range risky {
		at := fmt.Sprintf("A%d", i+1)
		kind, err := f.GetCellType("Prova", at)
		formula, formulaErr := f.GetCellFormula("Prova", at)
		if err != nil || formulaErr != nil || kind != excelize.CellTypeSharedString || formula != "" {
			t.Errorf("XLSX %s: %v %q", at, kind, formula)
		}
	}
	for _, harmless := range []string{"Via Roma 1", "", "'Ndrangheta", "a=b"} {
		if inert(harmless) != harmless {
			t.Errorf("%q was changed", harmless)
		}
	}
}

// FuzzRead wants that whatever comes is a table within its bounds or one of the refusals, and no panic.
func FuzzRead(f *testing.F) {
	f.Add([]byte("Cognome;Nome\nA;B\n"))
	f.Add([]byte("\xff\xfea\x00\n\x00b\x00"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("sep=;\n\"a\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Read(file, "")
		if err != nil {
			if _, known := errors.AsType[*domain.Error](err); !known {
				t.Fatal(err)
			}
			return
		}
		if len(got.Rows) > MaxRows || len(got.Heading) > MaxColumns {
			t.Fatalf("%d rows, %d columns", len(got.Rows), len(got.Heading))
		}
		for _, r := range got.Rows {
			if len(r.Cells) != len(got.Heading) {
				t.Fatal("a row is not as wide as the heading")
			}
			for _, c := range r.Cells {
				if len(c) > 2*MaxCell || strings.ContainsAny(c, "\n\r\x00") {
					t.Fatalf("%q", c)
				}
			}
		}
	})
}

func TestACellIsNoFormula(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{"=1+1": "'=1+1", "+39": "'+39", "-1": "'-1", "@a": "'@a", "\tx": "'\tx", " =1": "' =1", "|x": "'|x", "\u00a0=1": "'\u00a0=1",
		"＝1": "'＝1", "%0": "'%0", "a=1": "a=1", "": "", "Rozzano": "Rozzano", "3-A": "3-A"} {
		if got := inert(cell); got != want {
			t.Errorf("%q becomes %q", cell, got)
		}
	}
}
