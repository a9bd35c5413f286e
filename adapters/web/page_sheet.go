package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/duplicates"
	"approdo/projections/worklist"
)

// checkedRow is a row as it would be recorded, or why it would not.
type checkedRow struct {
	sheetRow
	number  int
	child   names.Person
	id      uuid.UUID // the case it will be, or is
	outcome desk.Outcome
	repeats int // of which row, where it is repeated
	matches []duplicates.Match
}

// checkSheet asks of each row what its form would be asked, and records nothing. Others are the rows of which a person has said that
// they are of another child than the cases they are similar to.
func (s *site) checkSheet(r *http.Request, k *sheetKind, of uuid.UUID, head sheetHead, others []int) (rows []checkedRow, form *Form, err error) {
	kept, err := s.Imports.ImportRows(r.Context(), of)
	if err != nil {
		return nil, nil, err
	}
	err = s.withRegisters(r, func(g *registers) error {
		if form, err = s.sheetForm(g, actorOf(r), k); err != nil {
			return err
		}
		defaults, seen, together := form.answers(), map[string]int{}, households{}
		for _, x := range kept {
			row := checkedRow{number: x.Number}
			if row.sheetRow, err = openRow(r.Context(), s.Keys, actorOf(r).Account, of, x); err != nil {
				return err
			}
			if slices.Contains(row.Cells, exampleName) {
				continue
			}
			if err := s.checkRow(r, k, form, defaults, head, &row); err != nil {
				return err
			}
			if err := s.placeRow(r, g, k, &row, seen, slices.Contains(others, x.Number)); err != nil {
				return err
			}
			together.join(head, &row)
			rows = append(rows, row)
		}
		return nil
	})
	return rows, form, err
}

// checkRow fills the form in with a row and has the desk look at it.
func (s *site) checkRow(r *http.Request, k *sheetKind, form *Form, defaults url.Values, head sheetHead, row *checkedRow) error {
	a, values := actorOf(r), url.Values{}
	for name, v := range defaults {
		values[name] = v
	}
	malformed := map[string]*domain.Error{}
	for i, name := range head.Columns {
		field, err := form.Field(name)
		if err != nil || i >= len(row.Cells) {
			continue
		}
		v, refused := s.answer(field, row.Cells[i])
		if refused != nil {
			malformed[name] = refused
		}
		if len(v) > 0 {
			values[name] = v
		}
	}
	sign := values.Get(householdField)
	delete(values, householdField)
	form.fill(values)
	for _, x := range form.fields {
		x.fault = nil
	}
	form.faults = nil
	row.child = form.personOf()
	if err := k.check(s, r.Context(), a, form); err != nil {
		return err
	}
	if comune := values.Get("comune"); a.Role == domain.RoleComune && comune != "" && comune != a.Body {
		malformed["comune"] = domain.Invalid("comune-not-yours").On("comune")
	}
	for _, x := range form.fields {
		if e := malformed[x.Name]; e != nil { // what the desk says of a cell that nobody understood says nothing more
			x.fault = e
			form.faults = slices.DeleteFunc(form.faults, func(f *domain.Error) bool { return f.Field == x.Name })
		}
	}
	row.Faults = faultsOf(form)
	row.Values = values
	row.Key = rowKey(s.Tokens, k.kind, domain.SchoolYearOf(domain.DateOf(s.Clock())), values)
	if sign != "" {
		row.Values.Set(householdField, sign)
	}
	return nil
}

// placeRow says what would come of a row: whether the child is here already, in the sheet or among the actor's cases.
func (s *site) placeRow(r *http.Request, g *registers, k *sheetKind, row *checkedRow, seen map[string]int, other bool) (err error) {
	if len(row.Faults) > 0 {
		row.outcome = desk.RowRefused
		return nil
	}
	var begun bool
	if row.id, begun, err = s.Desk.Begun(r.Context(), desk.RowTicket(actorOf(r), row.Key)); err != nil {
		return err
	}
	same := strings.Join([]string{names.Fold(row.child.Family), names.Fold(row.child.Given), row.child.BirthDate}, "\n")
	earlier, repeated := seen[same]
	switch {
	case repeated:
		row.outcome, row.repeats = desk.RowRepeated, earlier
		return nil
	case begun:
		row.outcome = desk.RowKnown
	case !other:
		if row.matches, err = s.matches(r, g, row.child, true); err != nil {
			return err
		}
		row.outcome = desk.RowWaiting
		if len(row.matches) > 0 {
			row.outcome = desk.RowSimilar
		}
	default:
		row.outcome = desk.RowWaiting
	}
	seen[same] = row.number
	return nil
}

// join gives a row its household, and writes it into the sheet of what is left: whoever sends that again means the same brothers and
// sisters.
func (h households) join(head sheetHead, row *checkedRow) {
	sign := row.Values.Get(householdField)
	if sign == "" {
		return
	}
	row.Values.Del(householdField)
	if row.outcome != desk.RowWaiting && row.outcome != desk.RowKnown {
		if first, known := h[folded(sign)]; known {
			row.Cells[slices.Index(head.Columns, householdField)] = first.String()
		}
		return
	}
	if id := h.of(sign, row.id); id != "" {
		row.Values.Set(householdField, id)
	}
}

// sheetImport is a sheet as it stands: checked, on its way, or done.
func (s *site) sheetImport(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	of, stage, head, err := s.sheetOf(r, k)
	if err != nil {
		return err
	}
	if stage == sheetOpen {
		return s.showCheck(w, r, k, of, head, nil)
	}
	return s.showReport(w, r, k, of, head, stage)
}

// How many rows of each kind the page shows; the files have all.
const (
	faultsShown = 100
	reportShown = 200
)

// othersField names, in the form that records, the rows of children that only look like others.
const othersField = "others"

func (s *site) showCheck(w http.ResponseWriter, r *http.Request, k *sheetKind, of uuid.UUID, head sheetHead, refused *Form) error {
	rows, form, err := s.checkSheet(r, k, of, head, nil)
	if err != nil {
		return err
	}
	if missing := lacks(form, head.Columns); len(missing) > 0 && form.value(missing[0].Name) == "" {
		http.Redirect(w, r, k.path+"/"+of.String()+"/colonne", http.StatusSeeOther)
		return nil
	}
	path := k.path + "/" + of.String()
	counts := map[desk.Outcome]int{}
	for _, x := range rows {
		counts[x.outcome]++
	}
	c := sheet{Title: text("sheets.check-title"), Lead: text("sheets.check-lead"),
		Facts: []Pair{{text("sheets.rows"), count(len(rows))}}}
	for _, o := range desk.Outcomes() {
		if counts[o] > 0 {
			c.Facts = append(c.Facts, Pair{checkTexts[o], count(counts[o])})
		}
	}
	record := recordForm(path, rows, counts[desk.RowWaiting])
	if refused != nil {
		record.take(refused)
	}
	if len(record.fields) > 0 || counts[desk.RowWaiting] > 0 || refused != nil {
		c.Parts = append(c.Parts, part{ID: "record", Title: text("sheets.record"), Text: text("sheets.record-text"), Form: record})
	} else {
		c.Callouts = append(c.Callouts, Callout{Tone: Info, Title: text("sheets.nothing"), Text: text("sheets.nothing-text")})
	}
	similar, err := s.similarTable(r, rows)
	if err != nil {
		return err
	}
	if len(similar.Rows) > 0 {
		c.Parts = append(c.Parts, part{ID: "similar", Title: text("sheets.similar"), Table: &similar, Downloads: []Action{}})
	}
	if faults := s.faultTable(r, form, head, rows); len(faults.Rows) > 0 {
		c.Parts = append(c.Parts, part{ID: "mend", Title: text("sheets.mend"), Text: text("sheets.mend-text"), Table: &faults, Downloads: formatLinks(path + "/righe?")})
	}
	if first := firstTable(rows); len(first.Rows) > 0 {
		c.Parts = append(c.Parts, part{ID: "first", Title: text("sheets.first"), Doors: []door{{Text: text("sheets.columns-change"), Note: text("sheets.first-text"), Href: path + "/colonne"}},
			Table: &first, Downloads: []Action{}})
	}
	c.Parts = append(c.Parts, s.dropPart(path))
	return c.show(s, w, r, Crumb{k.title, k.path})
}

// checkTexts say what would come of rows.
var checkTexts = map[desk.Outcome]Text{desk.RowWaiting: text("sheets.would-record"), desk.RowKnown: text("sheets.would-know"), desk.RowSimilar: text("sheets.would-leave"),
	desk.RowRepeated: text("sheets.would-repeat"), desk.RowRefused: text("sheets.would-refuse")}

func (s *site) dropPart(path string) part {
	drop := newForm(path+"/elimina", text("sheets.drop"))
	drop.Danger = true
	return part{ID: "drop", Title: text("sheets.drop-title"), Text: text("sheets.drop-text"), Form: drop}
}

// recordForm records the good rows, and of the similar ones those that a person says are of another child.
func recordForm(path string, rows []checkedRow, good int) *Form {
	f := newForm(path+"/registra", text("sheets.record-submit", "count", good))
	similar := &Field{Name: othersField, Kind: FieldChecks, Label: text("sheets.others"), Hint: text("sheets.others-hint"), Optional: true}
	for _, x := range rows {
		if len(x.matches) > 0 {
			label := text("sheets.row", "number", x.number, "family", domain.NewPersonal(x.child.Family), "given", domain.NewPersonal(x.child.Given))
			similar.Options = append(similar.Options, Option{Value: strconv.Itoa(x.number), Label: say(label)})
		}
	}
	if len(similar.Options) > 0 {
		f.fields = append(f.fields, similar)
	}
	f.Cancel = path[:strings.LastIndex(path, "/")]
	return f
}

// similarTable shows the rows that are rather of a child who has a case than not, each with the likeliest case.
func (s *site) similarTable(r *http.Request, rows []checkedRow) (Table, error) {
	t := Table{Caption: text("sheets.similar-caption"), Columns: []Column{{Label: text("sheets.row-number")}, {Label: text("sheets.child")}, {Label: text("sheets.here")}, {Label: text("case.why")}}}
	for _, x := range rows {
		if len(x.matches) == 0 {
			continue
		}
		match := x.matches[0]
		identity, err := worklist.Name(r.Context(), s.Keys, actorOf(r), match.Line, access.Name, access.BirthDate)
		if err != nil {
			return t, err
		}
		here := named(identity.FamilyName, identity.GivenName).to("/pratiche/" + match.Line.Case.String())
		if identity.FamilyName.IsZero() {
			here = caseCell(match.Line.Case)
		}
		if birth, err := identity.Birth(); err == nil {
			here = here.over(say(text("similar.born", "day", birth)))
		}
		child := named(domain.NewPersonal(x.child.Family), domain.NewPersonal(x.child.Given))
		if birth, err := domain.ParseDate(x.child.BirthDate); err == nil {
			child = child.over(say(text("similar.born", "day", birth)))
		}
		t.Rows = append(t.Rows, Row{Tone: Warning, Cells: []Cell{rowCell(x.number), child, here, reasonsCell(match.Reasons)}})
	}
	return t, nil
}

// faultTable lists what is to be mended, a line for each cell.
func (s *site) faultTable(r *http.Request, form *Form, head sheetHead, rows []checkedRow) Table {
	t := Table{Caption: text("sheets.mend-caption"), Columns: []Column{{Label: text("sheets.row-number")}, {Label: text("sheets.child")}, {Label: text("sheets.column")}, {Label: text("sheets.why")}}}
	all := 0
	for _, x := range rows {
		for _, reason := range s.reasons(r, form, x) {
			if all++; all > faultsShown {
				continue
			}
			if i := slices.Index(head.Columns, reason.name); reason.name != "" && i >= 0 && i < len(x.Cells) && x.Cells[i] != "" {
				reason.field = reason.field.over(named(domain.NewPersonal(x.Cells[i])))
			}
			t.Rows = append(t.Rows, Row{Tone: Warning, Cells: []Cell{rowCell(x.number), named(domain.NewPersonal(x.child.Family), domain.NewPersonal(x.child.Given)), reason.field, reason.why}})
		}
	}
	if all > len(t.Rows) {
		t.Pager.Shown = text("sheets.first-of", "shown", len(t.Rows), "all", all)
	}
	return t
}

// reason is why a row is not recorded, and the column that says it.
type reason struct {
	name       string // of the field, empty where it is about the whole row
	field, why Cell
}

func rowCell(number int) Cell { return say(text("sheets.row-short", "number", number)) }

func (s *site) reasons(r *http.Request, form *Form, x checkedRow) (out []reason) {
	for _, f := range x.Faults {
		out = append(out, s.reasonOf(r, form, f))
	}
	if x.outcome == desk.RowRepeated {
		out = append(out, reason{why: say(text("sheets.repeats", "number", x.repeats))})
	}
	return out
}

func (s *site) reasonOf(r *http.Request, form *Form, f rowFault) reason {
	out := reason{why: plain(s.texts[visitOf(r).lang].refusal(f.error()))}
	if field, err := form.Field(f.Field); err == nil {
		out.name, out.field = f.Field, say(field.Label)
	}
	return out
}

// firstTable shows how the first rows were understood.
func firstTable(rows []checkedRow) Table {
	t := Table{Caption: text("sheets.first-caption"), Columns: []Column{{Label: text("sheets.row-number")}, {Label: text("case.family-name")}, {Label: text("case.given-name")},
		{Label: text("case.birth")}, {Label: text("case.sex")}}}
	for _, x := range rows[:min(len(rows), rowsShownFirst)] {
		birth := named(domain.NewPersonal(x.child.BirthDate))
		if d, err := domain.ParseDate(x.child.BirthDate); err == nil {
			birth = on(d)
		}
		sex := plain(x.child.Sex)
		switch x.child.Sex {
		case "F":
			sex = say(text("sex.F"))
		case "M":
			sex = say(text("sex.M"))
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{rowCell(x.number), named(domain.NewPersonal(x.child.Family)), named(domain.NewPersonal(x.child.Given)), birth, sex}})
	}
	return t
}

// recordPatience is how long a page waits for its sheet to be done before it shows how far it has come.
const recordPatience = 1500 * time.Millisecond

// sheetRecord starts the recording of the good rows. Sent twice it starts once.
func (s *site) sheetRecord(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	of, stage, head, err := s.sheetOf(r, k)
	if err != nil {
		return err
	}
	f := newForm("", Text{}, Field{Name: othersField, Optional: true})
	if err := f.read(r); err != nil {
		return err
	}
	if stage == sheetOpen {
		var others []int
		for _, v := range f.fields[0].values {
			if n, err := strconv.Atoi(v); err == nil {
				others = append(others, n)
			}
		}
		rows, _, err := s.checkSheet(r, k, of, head, others)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(rows, func(x checkedRow) bool { return x.outcome == desk.RowWaiting }) {
			f.place(domain.Invalid("nothing-to-record"))
			return s.showCheck(w, r, k, of, head, f)
		}
		ready, err := s.readyRows(r, of, rows)
		if err != nil {
			return err
		}
		if _, err := s.Imports.StartImport(r.Context(), actorOf(r).Account, of, ready, s.Clock()); err != nil {
			return err
		}
		s.Intake.wake()
	}
	s.awaitSheet(r, of)
	http.Redirect(w, r, k.path+"/"+of.String(), http.StatusSeeOther)
	return nil
}

// readyRows closes rows as they are to be recorded. Of one that was recorded before nothing is kept but its case.
func (s *site) readyRows(r *http.Request, of uuid.UUID, rows []checkedRow) ([]desk.Row, error) {
	var out []desk.Row
	casesOf := map[int]uuid.UUID{} // by the number of the row: what is said of a pupil twice goes with the pupil
	for _, x := range rows {
		if x.outcome == desk.RowKnown {
			casesOf[x.number] = x.id
		}
	}
	for _, x := range rows {
		kept := desk.Row{Number: x.number, Outcome: x.outcome}
		switch x.outcome {
		case desk.RowKnown:
			kept.Case = x.id
		case desk.RowSimilar:
			kept.Case = x.matches[0].Line.Case
		case desk.RowRepeated:
			kept.Case = casesOf[x.repeats]
			x.Faults = []rowFault{{Kind: domain.KindRefused, Code: "row-repeated", Detail: map[string]string{"row": strconv.Itoa(x.repeats)}}}
		}
		if x.outcome != desk.RowKnown {
			var err error
			if kept.Sealed, err = sealRow(r.Context(), s.Keys, actorOf(r).Account, of, x.number, x.sheetRow); err != nil {
				return nil, err
			}
		}
		out = append(out, kept)
	}
	return out, nil
}

// awaitSheet waits a little for a sheet that is being recorded.
func (s *site) awaitSheet(r *http.Request, of uuid.UUID) {
	until := time.Now().Add(recordPatience)
	for time.Now().Before(until) && r.Context().Err() == nil {
		_, stage, _, _, err := s.Imports.Import(r.Context(), actorOf(r).Account, of)
		if err != nil || stage != sheetRunning {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
}

var outcomeTones = map[desk.Outcome]Tone{desk.RowWaiting: Info, desk.RowRecorded: Success, desk.RowKnown: Neutral, desk.RowSimilar: Warning,
	desk.RowRepeated: Warning, desk.RowRefused: Danger}

func outcomeText(o desk.Outcome) Text { return text("outcome." + string(o)) }

// showReport says what came of each row. It names nobody: of what was recorded the sheet keeps the case alone.
func (s *site) showReport(w http.ResponseWriter, r *http.Request, k *sheetKind, of uuid.UUID, head sheetHead, stage string) error {
	kept, err := s.Imports.ImportRows(r.Context(), of)
	if err != nil {
		return err
	}
	path, counts := k.path+"/"+of.String(), map[desk.Outcome]int{}
	for _, x := range kept {
		counts[x.Outcome]++
	}
	c := sheet{Title: text("sheets.report-title"), Lead: text("sheets.report-lead"), Actions: []Action{{text("sheets.another"), k.path}},
		Facts: []Pair{{text("sheets.rows"), count(len(kept))}}}
	for _, o := range desk.Outcomes() {
		if counts[o] > 0 {
			c.Facts = append(c.Facts, Pair{outcomeText(o), count(counts[o])})
		}
	}
	if stage == sheetRunning {
		w.Header().Set("Refresh", "2")
		c.Callouts = []Callout{{Tone: Info, Title: text("sheets.progress", "done", len(kept)-counts[desk.RowWaiting], "all", len(kept)), Text: text("sheets.progress-text")}}
		c.Actions = []Action{{text("sheets.reload"), path}}
	} else {
		c.Callouts = []Callout{{Tone: Success, Title: text("sheets.done", "count", counts[desk.RowRecorded])}}
	}
	table := Table{Caption: text("sheets.report-caption"), Columns: []Column{{Label: text("sheets.row-number")}, {Label: text("sheets.outcome")}, {Label: text("retention.case")}, {Label: text("sheets.why")}}}
	err = s.withRegisters(r, func(g *registers) error {
		form, err := s.sheetForm(g, actorOf(r), k)
		if err != nil {
			return err
		}
		for _, x := range kept[:min(len(kept), rowsOf(r, reportShown))] {
			row, err := s.reportRow(r, form, of, x)
			if err != nil {
				return err
			}
			table.Rows = append(table.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(table.Rows) < len(kept) {
		table.Pager.Shown = text("sheets.first-of", "shown", len(table.Rows), "all", len(kept))
	}
	if counts[desk.RowRefused]+counts[desk.RowSimilar]+counts[desk.RowRepeated] > 0 && stage != sheetRunning {
		c.Parts = append(c.Parts, part{ID: "mend", Title: text("sheets.mend"), Text: text("sheets.again-text"), Downloads: formatLinks(path + "/righe?")})
	}
	c.Parts = append(c.Parts, part{ID: "report", Title: text("sheets.report"), Table: &table})
	if stage != sheetRunning {
		c.Parts = append(c.Parts, s.dropPart(path))
	}
	return c.show(s, w, r, Crumb{k.title, k.path})
}

func (s *site) reportRow(r *http.Request, form *Form, of uuid.UUID, x desk.Row) (Row, error) {
	row := Row{Cells: []Cell{rowCell(x.Number), badge(outcomeTones[x.Outcome], outcomeText(x.Outcome)), {}, {}}}
	if x.Case != uuid.Nil {
		row.Cells[2] = caseCell(x.Case)
	}
	if x.Sealed == nil {
		return row, nil
	}
	kept, err := openRow(r.Context(), s.Keys, actorOf(r).Account, of, x)
	if err != nil {
		return row, err
	}
	for _, f := range slices.Backward(kept.Faults) {
		why := s.reasonOf(r, form, f)
		said := why.why
		if !why.field.Text.IsZero() {
			said = say(text("sheets.field-why", "field", why.field.Text, "why", why.why.Plain))
		}
		if last := row.Cells[3]; last.Plain != "" || !last.Text.IsZero() {
			said = said.over(last)
		}
		row.Cells[3] = said
	}
	return row, nil
}

// sheetRowsFile is the rows that are left, as they were sent and with the reasons, to be mended and sent again.
func (s *site) sheetRowsFile(w http.ResponseWriter, r *http.Request, k *sheetKind) error {
	of, stage, head, err := s.sheetOf(r, k)
	if err != nil {
		return err
	}
	format, ok := formatOf(r)
	if !ok {
		return errNoFile
	}
	left, form, err := s.leftRows(r, k, of, stage, head)
	if err != nil {
		return err
	}
	rows := [][]spreadsheet.Cell{append(spreadsheet.Words(head.Heading...), spreadsheet.Text(s.spoken(r, text("sheets.why"))))}
	for _, x := range left {
		var why []string
		for _, reason := range s.reasons(r, form, x) {
			said := s.spokenCell(r, reason.why)
			if !reason.field.Text.IsZero() {
				said = s.spoken(r, reason.field.Text) + ": " + said
			}
			why = append(why, said)
		}
		if len(why) == 0 {
			why = []string{s.spoken(r, outcomeText(x.outcome))}
		}
		rows = append(rows, append(spreadsheet.Words(x.Cells...), spreadsheet.Text(strings.Join(why, "; "))))
	}
	return sendFile(w, format, "righe-da-correggere", rows)
}

// leftRows are the rows that would not be recorded, or were not.
func (s *site) leftRows(r *http.Request, k *sheetKind, of uuid.UUID, stage string, head sheetHead) (left []checkedRow, form *Form, err error) {
	if stage == sheetOpen {
		rows, form, err := s.checkSheet(r, k, of, head, nil)
		return slices.DeleteFunc(rows, func(x checkedRow) bool { return x.outcome == desk.RowWaiting || x.outcome == desk.RowKnown }), form, err
	}
	kept, err := s.Imports.ImportRows(r.Context(), of)
	if err != nil {
		return nil, nil, err
	}
	err = s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		form, err = s.sheetForm(g, actorOf(r), k)
		return err
	})
	for _, x := range kept {
		if err != nil || x.Sealed == nil || x.Outcome == desk.RowWaiting {
			continue
		}
		row := checkedRow{number: x.Number, outcome: x.Outcome}
		row.sheetRow, err = openRow(r.Context(), s.Keys, actorOf(r).Account, of, x)
		if row.outcome == desk.RowRepeated {
			row.outcome = desk.RowRefused // its reason is kept with it
		}
		left = append(left, row)
	}
	return left, form, err
}
