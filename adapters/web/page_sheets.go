package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
)

// sheetKind is what the rows of a sheet ask for: requests, or enrolments of a school.
type sheetKind struct {
	path  string
	kind  string // as Imports knows it
	act   access.Act
	title Text
	lead  Text
	back  Crumb // where they are made one by one
	check func(s *site, ctx context.Context, a domain.Actor, f *Form) error
}

var sheetKinds = []*sheetKind{
	{path: "/fogli/richieste", kind: rowsOfRequests, act: access.Request, title: text("sheets.requests"), lead: text("sheets.requests-lead"),
		back: Crumb{text("request.title"), requestPath},
		check: func(s *site, ctx context.Context, a domain.Actor, f *Form) error {
			err := s.Desk.CheckRequest(ctx, a, requestOf(f))
			if err != nil && refuseRequest(f, err) {
				return nil
			}
			return err
		}},
	{path: "/fogli/iscrizioni", kind: rowsOfEnrolments, act: access.Enrol, title: text("sheets.enrolments"), lead: text("sheets.enrolments-lead"),
		back: Crumb{text("enrolment.title"), "/iscrizioni/nuova"},
		check: func(s *site, ctx context.Context, a domain.Actor, f *Form) error {
			asked := enrolmentOf(f)
			err := s.Desk.CheckEnrolment(ctx, a, asked)
			if several, ok := errors.AsType[domain.Errors](err); ok && asked.School == "" {
				err = chooseSite(several)
			}
			if err != nil && f.refuse(err) {
				return nil
			}
			return err
		}},
}

// sheetRoutes are the pages through which many rows come in at once.
func (s *site) sheetRoutes(r chi.Router) {
	for _, k := range sheetKinds {
		page := func(h func(http.ResponseWriter, *http.Request, *sheetKind) error) http.HandlerFunc {
			return s.page(func(w http.ResponseWriter, r *http.Request) error {
				if err := access.Large(actorOf(r), k.act); err != nil {
					return err
				}
				return h(w, r, k)
			})
		}
		r.Get(k.path, page(s.sheetUpload))
		r.Post(k.path, page(s.sheetUploadPost))
		r.Get(k.path+"/modello", page(s.sheetTemplate))
		r.Get(k.path+"/{import}", page(s.sheetImport))
		r.Get(k.path+"/{import}/colonne", page(s.sheetColumns))
		r.Post(k.path+"/{import}/colonne", page(s.sheetColumnsPost))
		r.Post(k.path+"/{import}/registra", page(s.sheetRecord))
		r.Get(k.path+"/{import}/righe", page(s.sheetRowsFile))
		r.Post(k.path+"/{import}/elimina", page(s.sheetDrop))
	}
}

// largestUpload is a file with what a browser sends around it.
const largestUpload = spreadsheet.MaxBytes + 64<<10

// TakesFile reports whether a request may bring a file: there is nothing else that takes one.
func TakesFile(r *http.Request) bool {
	return r.Method == http.MethodPost && slices.ContainsFunc(sheetKinds, func(k *sheetKind) bool { return k.path == r.URL.Path })
}

// sheetForm has the questions that a row can answer, those of the form for a single one.
func (s *site) sheetForm(g *registers, a domain.Actor, k *sheetKind) (*Form, error) {
	if k.kind == rowsOfEnrolments {
		sites, err := ownSites(g, a)
		if err != nil {
			return nil, err
		}
		f := s.enrolmentForm(g, sites)
		if len(sites) == 1 {
			f.Set("school", string(sites[0].Code))
		}
		return f, nil
	}
	f := s.requestForm(a, g)
	for _, x := range f.fields {
		if x.Name == householdField {
			x.Label, x.Hint = text("sheets.household"), text("sheets.household-hint")
		}
	}
	if a.Role == domain.RoleComune { // a sheet may name the comune, and not another one
		comune := &Field{Name: "comune", Kind: FieldSelect, Label: text("request.comune"), Options: comuneOptions(g), Optional: true}
		f.fields = slices.Insert(f.fields, 4, comune)
	}
	return f, nil
}

func uploadForm(k *sheetKind) *Form {
	f := newForm(k.path, text("sheets.submit"),
		Field{Name: "file", Kind: FieldFile, Label: text("sheets.file"), Hint: text("sheets.file-hint", "rows", spreadsheet.MaxRows, "size", spreadsheet.MaxBytes>>20)},
		Field{Name: "sheet", Kind: FieldText, Label: text("sheets.sheet"), Hint: text("sheets.sheet-hint"), Optional: true, Width: 40})
	f.Cancel = k.back.Href
	return f
}

func (s *site) sheetUpload(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	return s.showUpload(w, r, k, uploadForm(k))
}

func (s *site) showUpload(w http.ResponseWriter, r *http.Request, k *sheetKind, f *Form) error {
	c := sheet{Title: k.title, Lead: k.lead, Parts: []part{{Form: f}}}
	recent, err := s.recentSheets(r, k)
	if err != nil {
		return err
	}
	if len(recent.Rows) > 0 {
		c.Parts = append(c.Parts, part{ID: "recent", Title: text("sheets.recent"), Table: &recent})
	}
	err = s.withRegisters(r, func(g *registers) error {
		form, err := s.sheetForm(g, actorOf(r), k)
		if err != nil {
			return err
		}
		columns := s.columnTable(form)
		c.Parts = append(c.Parts, part{ID: "template", Title: text("sheets.template"), Text: text("sheets.template-text"), Downloads: formatLinks(k.path + "/modello?")},
			part{ID: "columns", Title: text("sheets.columns"), Text: text("sheets.columns-text"), Table: &columns})
		return nil
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r, k.back)
}

// formatLinks lead to something in each format.
func formatLinks(to string) (out []Action) {
	for _, f := range spreadsheet.Formats() {
		out = append(out, Action{formatTexts[f], to + formatParam + "=" + string(f)})
	}
	return out
}

// columnTable says what each column may hold.
func (s *site) columnTable(f *Form) Table {
	t := Table{Caption: text("sheets.columns-caption"), Columns: []Column{{Label: text("sheets.column")}, {Label: text("sheets.needed")}, {Label: text("sheets.admitted")}}}
	for _, x := range f.fields {
		needed := say(text("part.optional"))
		if !x.Optional && x.Value() == "" {
			needed = badge(Info, text("sheets.needed"))
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{say(x.Label), needed, admitted(x)}})
	}
	return t
}

// mostAdmitted is how many choices are listed; of more, as of all comuni, it is said where they stand.
const mostAdmitted = 16

func admitted(x *Field) Cell {
	switch {
	case x.Kind == FieldDate:
		return say(text("sheets.admitted-day"))
	case x.Kind == FieldCheck:
		return say(text("sheets.admitted-check"))
	case len(x.Options) > mostAdmitted:
		return say(text("sheets.admitted-many", "first", textOf(x.Options[0].Label)))
	case len(x.Options) > 0:
		var all any = textOf(x.Options[0].Label)
		for _, o := range x.Options[1:] {
			all = text("sheets.admitted-or", "first", all, "then", textOf(o.Label))
		}
		if x.Kind == FieldChecks {
			return say(text("sheets.admitted-several", "all", all))
		}
		return say(text("sheets.admitted-one", "all", all))
	case !x.Hint.IsZero():
		return say(x.Hint)
	}
	return say(text("sheets.admitted-text"))
}

// exampleName is the family name of the template's example, which is no child's: its row is left out.
const exampleName = "ESEMPIO"

var examples = map[string]string{"family_name": exampleName, "given_name": "Nome", "birth_date": "14/03/2014", "sex": "F", "cap": "20089",
	"address": "Via degli Esempi 5", "adult_phone": "+39 000 1234567", "citizenship": "UA", householdField: "1"}

// sheetTemplate is an empty sheet with the columns and a row that shows how they are filled in.
func (s *site) sheetTemplate(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	f, ok := formatOf(r)
	if !ok {
		f = spreadsheet.XLSX
	}
	var heading, example []spreadsheet.Cell
	err := s.withRegisters(r, func(g *registers) error {
		form, err := s.sheetForm(g, actorOf(r), k)
		if err != nil {
			return err
		}
		for _, x := range form.fields {
			heading = append(heading, spreadsheet.Text(s.spoken(r, x.Label)))
			shown := examples[x.Name]
			if shown == "" && !x.Optional && len(x.Options) > 0 {
				shown = s.spokenCell(r, x.Options[0].Label)
			}
			example = append(example, spreadsheet.Text(shown))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return sendFile(w, f, "modello-"+strings.TrimPrefix(k.path, "/fogli/"), [][]spreadsheet.Cell{heading, example})
}

func (s *site) recentSheets(r *http.Request, k *sheetKind) (Table, error) {
	t := Table{Caption: text("sheets.recent-caption"), Columns: []Column{{Label: text("sheets.changed")}, {Label: text("sheets.rows"), Numeric: true}, {Label: text("sheets.stage")}}}
	err := s.Imports.Imports(r.Context(), actorOf(r).Account, k.kind, func(of uuid.UUID, stage string, rows int, updated time.Time) error {
		t.Rows = append(t.Rows, Row{Cells: []Cell{at(updated).to(k.path + "/" + of.String()), count(rows), stageCell(stage)}})
		return nil
	})
	return t, err
}

func stageCell(stage string) Cell {
	switch stage {
	case sheetOpen:
		return badge(Warning, text("sheets.stage-open"))
	case sheetRunning:
		return badge(Info, text("sheets.stage-running"))
	}
	return badge(Success, text("sheets.stage-done"))
}

// sheetUploadPost reads a file in memory and keeps its rows closed: the file itself is kept nowhere.
func (s *site) sheetUploadPost(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	f := uploadForm(k)
	table, err := readUpload(r, f)
	if err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showUpload(w, r, k, f)
	}
	var head sheetHead
	complete := false
	err = s.withRegisters(r, func(g *registers) error {
		form, err := s.sheetForm(g, actorOf(r), k)
		if err != nil {
			return err
		}
		remembered, err := s.rememberedColumns(r, k)
		if err != nil {
			return err
		}
		head = sheetHead{table.Heading, s.guess(form, table.Heading, remembered)}
		complete = len(lacks(form, head.Columns)) == 0
		return nil
	})
	if err != nil {
		return err
	}
	of, err := s.keepSheet(r, k, head, table)
	if err != nil {
		return err
	}
	to := k.path + "/" + of.String()
	if !complete {
		to += "/colonne"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// readUpload reads the file of a posted form. What is refused stands on the file.
func readUpload(r *http.Request, f *Form) (spreadsheet.Table, error) {
	err := r.ParseMultipartForm(largestUpload) // all of it in memory
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	if errors.Is(err, http.ErrNotMultipart) {
		return spreadsheet.Table{}, domain.Invalid("field-required").On("file")
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return spreadsheet.Table{}, spreadsheet.ErrTooLarge.On("file")
	}
	if err != nil {
		return spreadsheet.Table{}, errMalformed
	}
	f.fill(r.PostForm)
	sent, head, err := r.FormFile("file")
	if err != nil || head.Size == 0 {
		return spreadsheet.Table{}, domain.Invalid("field-required").On("file")
	}
	defer sent.Close()
	file, err := io.ReadAll(io.LimitReader(sent, spreadsheet.MaxBytes+1))
	if err != nil {
		return spreadsheet.Table{}, errMalformed
	}
	t, err := spreadsheet.Read(file, f.value("sheet"))
	if refused, ok := errors.AsType[*domain.Error](err); ok {
		if errors.Is(err, spreadsheet.ErrNoSuchSheet) {
			return t, refused.On("sheet")
		}
		return t, refused.On("file")
	}
	return t, err
}

func (s *site) keepSheet(r *http.Request, k *sheetKind, head sheetHead, table spreadsheet.Table) (uuid.UUID, error) {
	ctx, who, of := r.Context(), actorOf(r).Account, uuid.Must(uuid.NewV7())
	sealed, err := sealAs(ctx, s.Keys, who, sheetPlace(of), head)
	if err != nil {
		return of, err
	}
	rows := make([]desk.Row, len(table.Rows))
	for i, x := range table.Rows {
		rows[i] = desk.Row{Number: x.Number, Outcome: desk.RowWaiting}
		if rows[i].Sealed, err = sealRow(ctx, s.Keys, who, of, x.Number, sheetRow{Cells: x.Cells}); err != nil {
			return of, err
		}
	}
	return of, s.Imports.BeginImport(ctx, who, of, k.kind, sealed, rows, s.Clock())
}

// columnsDraft is the kind of the draft in which an account's columns are remembered, one for each kind of sheet.
const columnsDraft = "columns"

func columnsKey(a domain.Actor, k *sheetKind) uuid.UUID {
	return uuid.NewSHA1(a.Account, []byte("approdo:columns:"+k.kind))
}

// rememberedColumns are the fields of headings, folded, that the account gave before.
func (s *site) rememberedColumns(r *http.Request, k *sheetKind) (map[string]string, error) {
	a := actorOf(r)
	id := columnsKey(a, k)
	_, sealed, _, err := s.Drafts.Draft(r.Context(), a.Account, id)
	if isAbsent(err) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	return known, openAs(r.Context(), s.Keys, a.Account, draftPlace(id), sealed, &known)
}

func (s *site) rememberColumns(r *http.Request, k *sheetKind, head sheetHead) error {
	known, err := s.rememberedColumns(r, k)
	if err != nil {
		return err
	}
	for i, h := range head.Heading {
		if folded(h) != "" {
			known[folded(h)] = head.Columns[i]
		}
	}
	a := actorOf(r)
	id := columnsKey(a, k)
	plain, err := json.Marshal(known)
	if err != nil {
		return errKept
	}
	sealed, err := s.Keys.Seal(r.Context(), a.Account, domain.ClassPersonal, draftPlace(id), plain)
	if err != nil {
		return err
	}
	return s.Drafts.SaveDraft(r.Context(), a.Account, id, columnsDraft, sealed, s.Clock())
}

// sheetOf is the import an address names: of the account, and of the kind.
func (s *site) sheetOf(r *http.Request, k *sheetKind) (of uuid.UUID, stage string, head sheetHead, err error) {
	if of, err = uuid.Parse(chi.URLParam(r, "import")); err != nil {
		return of, "", head, errNoFile
	}
	kind, stage, sealed, _, err := s.Imports.Import(r.Context(), actorOf(r).Account, of)
	if err == nil && kind != k.kind {
		err = errNoFile
	}
	if err != nil {
		return of, stage, head, err
	}
	return of, stage, head, openAs(r.Context(), s.Keys, actorOf(r).Account, sheetPlace(of), sealed, &head)
}

// columnsForm asks for the field of each column, with what stands in it as a help.
func (s *site) columnsForm(k *sheetKind, of uuid.UUID, form *Form, head sheetHead, first []sheetRow) *Form {
	options := []Option{{Label: say(text("sheets.column-left"))}}
	for _, x := range form.fields {
		options = append(options, Option{Value: x.Name, Label: say(x.Label)})
	}
	f := newForm(k.path+"/"+of.String()+"/colonne", text("sheets.columns-submit"))
	for i, h := range head.Heading {
		label := text("sheets.column-named", "name", h)
		if h == "" {
			label = text("sheets.column-nameless", "number", i+1)
		}
		hint := text("sheets.column-empty")
		for _, row := range first {
			if i < len(row.Cells) && row.Cells[i] != "" {
				hint = text("sheets.column-example", "example", row.Cells[i])
				break
			}
		}
		f.fields = append(f.fields, &Field{Name: columnField(i), Kind: FieldSelect, Label: label, Hint: hint, Options: options, Filter: true, values: []string{head.Columns[i]}})
	}
	f.Cancel = k.path
	return f
}

// rowsShownFirst is how many rows show what a column holds.
const rowsShownFirst = 5

func (s *site) sheetColumns(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	return s.columnsPage(w, r, k, nil)
}

func (s *site) sheetColumnsPost(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	var typed Form
	if err := typed.read(r); err != nil {
		return err
	}
	return s.columnsPage(w, r, k, r.PostForm)
}

// columnsPage shows the columns, or takes them where they were posted.
func (s *site) columnsPage(w http.ResponseWriter, r *http.Request, k *sheetKind, posted url.Values) error {
	of, stage, head, err := s.sheetOf(r, k)
	if err != nil {
		return err
	}
	if stage != sheetOpen {
		http.Redirect(w, r, k.path+"/"+of.String(), http.StatusSeeOther)
		return nil
	}
	first, err := s.openRows(r, of, rowsShownFirst)
	if err != nil {
		return err
	}
	var f *Form
	err = s.withRegisters(r, func(g *registers) error {
		form, err := s.sheetForm(g, actorOf(r), k)
		if err != nil {
			return err
		}
		if posted != nil {
			for i := range head.Columns {
				head.Columns[i] = posted.Get(columnField(i))
				if _, err := form.Field(head.Columns[i]); err != nil {
					head.Columns[i] = ""
				}
			}
		}
		f = s.columnsForm(k, of, form, head, first)
		for i, field := range head.Columns {
			if field != "" && slices.Index(head.Columns, field) < i {
				f.place(domain.Invalid("column-twice").On(columnField(i)))
			}
		}
		for _, x := range lacks(form, head.Columns) {
			f.faults = append(f.faults, domain.Invalid("column-missing").With("column", s.spoken(r, x.Label)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if posted != nil && !f.Refused() {
		sealed, err := sealAs(r.Context(), s.Keys, actorOf(r).Account, sheetPlace(of), head)
		if err != nil {
			return err
		}
		if err := s.Imports.SaveImport(r.Context(), actorOf(r).Account, of, sealed, s.Clock()); err != nil {
			return err
		}
		if err := s.rememberColumns(r, k, head); err != nil {
			return err
		}
		http.Redirect(w, r, k.path+"/"+of.String(), http.StatusSeeOther)
		return nil
	}
	if posted == nil {
		f.faults = nil // said once it was tried
	}
	c := sheet{Title: text("sheets.columns-title"), Lead: text("sheets.columns-lead"), Parts: []part{{Form: f}}}
	return c.show(s, w, r, Crumb{k.title, k.path})
}

// openRows opens the first rows of a sheet, all of them where most is 0.
func (s *site) openRows(r *http.Request, of uuid.UUID, most int) ([]sheetRow, error) {
	kept, err := s.Imports.ImportRows(r.Context(), of)
	if err != nil {
		return nil, err
	}
	if most > 0 {
		kept = kept[:min(most, len(kept))]
	}
	var out []sheetRow
	for _, x := range kept {
		row, err := openRow(r.Context(), s.Keys, actorOf(r).Account, of, x)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// sheetDrop forgets a sheet. What was recorded stays recorded.
func (s *site) sheetDrop(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	of, _, _, err := s.sheetOf(r, k)
	if err != nil {
		return err
	}
	if err := s.Imports.DropImport(r.Context(), actorOf(r).Account, of); err != nil {
		return err
	}
	s.redirect(w, r, k.path, "sheet-dropped")
	return nil
}
