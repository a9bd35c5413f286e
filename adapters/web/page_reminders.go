package web

import (
	"net/http"
	"slices"
	"strconv"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/territory"
)

const remindersPath = "/territorio/solleciti"

// hourText is an hour of a reminder, or that there is none.
func hourText(hour int) Text {
	if hour == 0 {
		return text("reminders.never")
	}
	return text("reminders.at", "hour", hour)
}

// hourOptions are the hours between which a register takes one, and none.
func hourOptions(from, to int) []Option {
	out := []Option{{Value: "0", Label: say(hourText(0))}}
	for hour := from; hour <= to; hour++ {
		out = append(out, Option{Value: strconv.Itoa(hour), Label: say(hourText(hour))})
	}
	return out
}

func automaticForm(x territory.Reminders) *Form {
	f := newForm(remindersPath, text("reminders.set"),
		Field{Name: "monday", Kind: FieldSelect, Label: text("reminders.monday"), Hint: text("reminders.monday-hint"), Options: hourOptions(territory.MondayHours())},
		Field{Name: "tuesday", Kind: FieldSelect, Label: text("reminders.tuesday"), Hint: text("reminders.tuesday-hint"), Options: hourOptions(territory.TuesdayHours())},
		fromField())
	f.Cancel = "/territorio"
	return f.Set("monday", strconv.Itoa(x.Monday)).Set("tuesday", strconv.Itoa(x.Tuesday))
}

func (s *site) automatic(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	return s.showAutomatic(w, r, land, automaticForm(land.RemindersOn(domain.DateOf(s.Clock()))))
}

func (s *site) showAutomatic(w http.ResponseWriter, r *http.Request, land territory.State, f *Form) error {
	t := Table{Caption: text("reminders.versions"), Columns: []Column{{Label: text("territory.from")}, {Label: text("reminders.monday")}, {Label: text("reminders.tuesday")}}}
	now := land.RemindersOn(domain.DateOf(s.Clock()))
	for _, v := range slices.Backward(land.Reminders()) {
		row := Row{Cells: []Cell{on(v.From), say(hourText(v.Monday)), say(hourText(v.Tuesday))}}
		if v == now {
			row.Cells[0] = row.Cells[0].over(say(text("policy.in-force")))
		}
		t.Rows = append(t.Rows, row)
	}
	c := sheet{Title: text("reminders.title"), Lead: text("reminders.lead"), Parts: []part{{Table: &t}}}
	if !s.Sessions.Posts() {
		c.Callouts = []Callout{{Tone: Warning, Title: text("notices.no-mail"), Text: text("reminders.no-mail-text")}}
	}
	if mayEdit(r) {
		c.Parts = append(c.Parts, part{ID: "set", Title: text("reminders.set-title"), Text: text("reminders.set-text"), Form: f})
	}
	return c.show(s, w, r, territoryCrumb)
}

func (s *site) automaticPost(w http.ResponseWriter, r *http.Request) error {
	now := func(land territory.State) *Form { return automaticForm(land.RemindersOn(domain.DateOf(s.Clock()))) }
	return s.adopt(w, r, now, s.showAutomatic, func(f *Form) (territory.Command, error) {
		v, err := remindersIn(f)
		return territory.SetReminders{Act: s.Desk.Act(actorOf(r)), Reminders: v}, err
	})
}

func remindersIn(f *Form) (v territory.Reminders, err error) {
	if v.From, err = fromOf(f); err != nil {
		return v, err
	}
	if v.Monday, err = strconv.Atoi(f.value("monday")); err != nil {
		return v, territory.ErrReminders.On("monday")
	}
	if v.Tuesday, err = strconv.Atoi(f.value("tuesday")); err != nil {
		return v, territory.ErrReminders.On("tuesday")
	}
	return v, nil
}
