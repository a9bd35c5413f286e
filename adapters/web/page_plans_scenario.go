package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/planning"
)

// What if: a plan in which something is supposed that is not so. It is asked in rows, some for each kind of change, and empty rows ask nothing.

// scenarioPage asks what is supposed.
type scenarioPage struct {
	From   string // the plan it begins with, empty where there is none
	Form   *Form
	Base   []*Field // of any plan
	Groups []scenarioGroup
	More   string // the step that adds rows
	// RowsShown is how many rows each group has.
	RowsShown int
}

// scenarioGroup is the rows of one kind of change.
type scenarioGroup struct {
	Title, Hint Text
	Rows        [][]*Field
}

var scenarioView = view[scenarioPage]{"scenario"}

// changeRows is how many rows each kind of change has at first, and stepMore adds as many.
const (
	changeRows   = 2
	stepMore     = "more"
	mostSupposed = 20
	mostGrades   = 3 // of the children of a family that arrives
)

// changeFields are the questions of a kind of change, by the parts of their names.
func changeFields(g *registers, k planning.ChangeKind) (fields []Field) {
	school := Field{Name: "school", Kind: FieldText, Label: text("plan.school-code"), Width: 20}
	level := Field{Name: "level", Kind: FieldSelect, Label: text("list.grade"), Options: levelOptions()}
	number := Field{Name: "number", Kind: FieldNumber, Label: text("plan.places"), Width: 4}
	comune := Field{Name: "comune", Kind: FieldSelect, Label: text("list.comune"), Options: comuneOptions(g)}
	switch k {
	case planning.Reserve, planning.Add:
		fields = []Field{school, level, number}
	case planning.Shut:
		fields = []Field{school}
	case planning.Ceiling:
		school.Label = text("plan.school-code-any")
		fields = []Field{{Name: "percent", Kind: FieldNumber, Label: text("plan.percent"), Width: 4}, school}
	case planning.Arrive:
		number.Label = text("plan.families")
		fields = []Field{comune, number}
		for i := range mostGrades {
			level.Name, level.Label = "level"+strconv.Itoa(i+1), text("plan.child-grade", "number", i+1)
			fields = append(fields, level)
		}
	case planning.Move:
		centre := Field{Name: "centre", Kind: FieldSelect, Label: text("plan.centre")}
		for _, c := range g.land.Centres() {
			centre.Options = append(centre.Options, Option{Value: string(c.Code), Label: plain(c.Name)})
		}
		fields = []Field{comune, centre}
	}
	for i := range fields {
		fields[i].Optional = true
	}
	return fields
}

// changeField names a question of a row.
func changeField(k planning.ChangeKind, row int, name string) string {
	return fmt.Sprintf("%s-%d-%s", k, row, name)
}

// scenarioForm has the questions of any plan and so many rows of each kind of change.
func (s *site) scenarioForm(r *http.Request, g *registers, rows int) (*Form, scenarioPage) {
	f := s.termsForm(r, g, plansPath+"/scenario")
	f.Submit = text("plan.draw-scenario")
	c := scenarioPage{Form: f, Base: slices.Clone(f.fields), More: stepMore, RowsShown: rows}
	for _, k := range planning.ChangeKinds() {
		group := scenarioGroup{Title: text("plan.change-" + string(k)), Hint: text("plan.change-hint-" + string(k))}
		for n := range rows {
			var row []*Field
			for _, x := range changeFields(g, k) {
				x.Name, x.Of = changeField(k, n, x.Name), text("plan.row", "what", group.Title, "number", n+1)
				row = append(row, &x)
			}
			f.fields = append(f.fields, row...)
			group.Rows = append(group.Rows, row)
		}
		c.Groups = append(c.Groups, group)
	}
	f.fields = append(f.fields, &Field{Name: "da", Optional: true}, &Field{Name: "rows", Optional: true})
	return f, c
}

func (s *site) scenario(w http.ResponseWriter, r *http.Request) error {
	var c scenarioPage
	err := s.withRegisters(r, func(g *registers) error {
		var f *Form
		f, c = s.scenarioForm(r, g, changeRows)
		return s.beginWith(r, f, r.URL.Query().Get("da"))
	})
	if err != nil {
		return err
	}
	return s.showScenario(w, r, c)
}

// beginWith answers for a scenario what the plan that it begins with was asked.
func (s *site) beginWith(r *http.Request, f *Form, from string) error {
	if from == "" {
		return nil
	}
	id, err := uuid.Parse(from)
	if err != nil {
		return desk.ErrNoPlan
	}
	d, err := s.Desk.Plan(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	scope := scopeAll
	switch {
	case d.Scope.Centre != "":
		scope = scopeCentre + string(d.Scope.Centre)
	case d.Scope.Ambito != "":
		scope = scopeAmbito + string(d.Scope.Ambito)
	}
	var derogations []string
	for _, x := range d.Derogations {
		derogations = append(derogations, string(x))
	}
	f.Set("da", id.String()).Set("scope", scope).Set("year", strconv.Itoa(int(d.Year))).Set("derogations", strings.Join(derogations, " "))
	return nil
}

func (s *site) showScenario(w http.ResponseWriter, r *http.Request, c scenarioPage) error {
	c.From = c.Form.value("da")
	title := text("plan.scenario-title")
	return scenarioView.show(s, w, r, c.Form.Status(), title, c, Crumb{text("plan.title"), plansPath}, Crumb{Text: title})
}

func (s *site) scenarioPost(w http.ResponseWriter, r *http.Request) error {
	var c scenarioPage
	var t planning.Terms
	err := s.withRegisters(r, func(g *registers) error {
		if err := r.ParseForm(); err != nil {
			return errMalformed
		}
		rows, err := strconv.Atoi(r.PostForm.Get("rows"))
		if err != nil || rows < changeRows || rows > mostSupposed {
			rows = changeRows
		}
		more := r.PostForm.Get(doField) == stepMore
		if more {
			rows = min(rows+changeRows, mostSupposed)
		}
		var f *Form
		f, c = s.scenarioForm(r, g, rows)
		if err := f.read(r); err != nil || more {
			return err
		}
		t, err = s.termsOf(r, g, f)
		var errs domain.Errors
		if several, ok := err.(domain.Errors); ok {
			errs = several
		} else if err != nil {
			return err
		}
		var wrong domain.Errors
		t.Changes, wrong = changesOf(g, f, rows)
		if errs = append(errs, wrong...); len(errs) > 0 {
			return errs
		}
		if len(t.Changes) == 0 {
			return errNothingSupposed
		}
		return s.scenarioFrom(r, f, &t)
	})
	if err == nil && r.PostForm.Get(doField) != stepMore {
		err = s.draw(w, r, c.Form.Key, t)
		if err == nil {
			return nil
		}
	}
	if err != nil && (c.Form == nil || !c.Form.refuse(err)) {
		return err
	}
	return s.showScenario(w, r, c)
}

var errNothingSupposed = domain.Invalid("plan-nothing-supposed")

// scenarioFrom takes over the locks of the plan that a scenario begins with, and follows it.
func (s *site) scenarioFrom(r *http.Request, f *Form, t *planning.Terms) error {
	id, err := uuid.Parse(f.value("da"))
	if err != nil {
		return nil // it begins with none
	}
	d, err := s.Desk.Plan(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	t.Locks = d.Locks
	if f.value("follows") == "on" {
		t.Last = id
	}
	return nil
}

// changesOf reads the rows that somebody began to fill in; what is wrong with one stands beside its question.
func changesOf(g *registers, f *Form, rows int) (out []planning.Change, errs domain.Errors) {
	for _, k := range planning.ChangeKinds() {
		for n := range rows {
			begun := false
			for _, x := range changeFields(g, k) {
				begun = begun || strings.TrimSpace(f.value(changeField(k, n, x.Name))) != ""
			}
			if begun {
				c, wrong := changeOf(g, k, func(name string) (string, string) {
					field := changeField(k, n, name)
					return strings.TrimSpace(f.value(field)), field
				})
				out, errs = append(out, c), append(errs, wrong...)
			}
		}
	}
	return out, errs
}

// changeOf reads one row; ask gives the answer to a question and the name under which its refusal is shown.
func changeOf(g *registers, k planning.ChangeKind, ask func(name string) (answer, field string)) (c planning.Change, errs domain.Errors) {
	c.Kind = k
	for _, x := range changeFields(g, k) {
		answer, field := ask(x.Name)
		refuse := func(code *domain.Error) { errs = append(errs, code.On(field)) }
		if answer == "" {
			if !(k == planning.Ceiling && x.Name == "school") && !(k == planning.Arrive && strings.HasPrefix(x.Name, "level") && x.Name != "level1") {
				refuse(domain.Invalid("field-required"))
			}
			continue
		}
		switch {
		case x.Name == "school":
			code, err := knownSchool(g, answer)
			if c.School = code; err != nil {
				refuse(err)
			}
		case x.Name == "number" || x.Name == "percent":
			n, err := strconv.Atoi(answer)
			if x.Name == "percent" {
				c.Percent = n
			} else {
				c.Number = n
			}
			if err != nil || n < 1 || x.Name == "percent" && n > 100 {
				refuse(domain.Invalid("number-malformed"))
			}
		case strings.HasPrefix(x.Name, "level"):
			l, err := grade.ParseLevel(answer)
			if err != nil {
				refuse(domain.Invalid("choice-unknown"))
			}
			if c.Level = l; k == planning.Arrive {
				c.Level, c.Levels = grade.Level{}, append(c.Levels, l)
			}
		case x.Name == "comune":
			c.Comune = domain.Comune(answer)
			if _, ok := g.land.Comune(c.Comune); !ok {
				refuse(domain.Invalid("choice-unknown"))
			}
		case x.Name == "centre":
			c.Centre = domain.Centre(answer)
			if _, ok := g.land.Centre(c.Centre); !ok {
				refuse(domain.Invalid("choice-unknown"))
			}
		}
	}
	return c, errs
}

// knownSchool reads the code of a site that the register has.
func knownSchool(g *registers, s string) (domain.School, *domain.Error) {
	code, err := domain.ParseSchool(s)
	if err != nil {
		return "", domain.Invalid("school-code-malformed")
	}
	name, err := g.school(code)
	if err != nil || name.Plain == "" {
		return "", domain.Invalid("school-unknown")
	}
	return code, nil
}

// changeWords says what a scenario supposes.
func (g *registers) changeWords(c planning.Change) (Cell, error) {
	school := Cell{}
	if c.School != "" {
		name, err := g.school(c.School)
		if err != nil {
			return Cell{}, err
		}
		school = Cell{Plain: name.Plain, Code: name.Code}
	}
	switch c.Kind {
	case planning.Reserve:
		return say(text("plan.supposes-reserve", "count", c.Number, "grade", levelText(c.Level), "school", textOf(school))), nil
	case planning.Add:
		return say(text("plan.supposes-add", "count", c.Number, "grade", levelText(c.Level), "school", textOf(school))), nil
	case planning.Shut:
		return say(text("plan.supposes-close", "school", textOf(school))), nil
	case planning.Ceiling:
		if c.School == "" {
			return say(text("plan.supposes-ceiling", "percent", c.Percent)), nil
		}
		return say(text("plan.supposes-ceiling-at", "percent", c.Percent, "school", textOf(school))), nil
	case planning.Arrive:
		grades := levelText(c.Levels[0])
		for _, l := range c.Levels[1:] {
			grades = text("rank.and", "one", grades, "other", levelText(l))
		}
		return say(text("plan.supposes-arrive", "count", c.Number, "comune", g.comuneName(c.Comune), "grades", grades)), nil
	case planning.Move:
		return say(text("plan.supposes-move", "comune", g.comuneName(c.Comune), "centre", textOf(g.centre(c.Centre)))), nil
	}
	return code(string(c.Kind)), nil
}
