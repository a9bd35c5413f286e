package territory

import (
	"slices"
	"time"

	"approdo/domain"
	"approdo/domain/returns"
)

// Reminders say when schools are reminded of the Monday return without anybody pressing a button, from a day on: hours by the clock in
// Rome, 0 for not at all. On Monday the return has just become one that can be validated; on Tuesday it is late.
type Reminders struct {
	From    domain.Date `json:"from"`
	Monday  int         `json:"monday,omitzero"`
	Tuesday int         `json:"tuesday,omitzero"`
}

// defaultReminders hold until the UST decides: when the ministry counted, and the next morning.
var defaultReminders = Reminders{From: shippedFrom, Monday: returns.Hour, Tuesday: 9}

// The hours between which a school is written to. Before the return is due nobody can validate it.
const (
	earliestReminder = 7
	latestReminder   = 19
)

// MondayHours and TuesdayHours are the first and the last hour a register takes; 0 is taken as well.
func MondayHours() (first, last int) { return returns.Hour, latestReminder }

// TuesdayHours are those of the day after.
func TuesdayHours() (first, last int) { return earliestReminder, latestReminder }

func (r Reminders) since() domain.Date { return r.From }

// RemindersOn are those in force on a day.
func (s State) RemindersOn(d domain.Date) Reminders {
	if r, ok := on(s.reminders, d); ok {
		return r
	}
	return defaultReminders
}

// Reminders lists all there ever were by the day from which they hold, beginning with what the program ships.
func (s State) Reminders() []Reminders { return slices.Clone(s.reminders) }

// At is when schools are reminded on a day, in UTC; false on days on which they are not.
func (r Reminders) At(d domain.Date) (time.Time, bool) {
	hour := 0
	switch d.Weekday() {
	case time.Monday:
		hour = r.Monday
	case time.Tuesday:
		hour = r.Tuesday
	}
	return time.Date(d.Year, d.Month, d.Day, hour, 0, 0, 0, domain.Rome).UTC(), hour > 0
}

// SetReminders sets new hours from Reminders.From on.
type SetReminders struct {
	domain.Act
	Reminders Reminders
}

func (SetReminders) territoryCommand() {}

// RemindersSet are new hours.
type RemindersSet struct {
	Reminders Reminders `json:"reminders"`
}

func (RemindersSet) territoryEvent() {}

// ErrReminders refuses an hour at which nobody is to be written to.
var ErrReminders = domain.Invalid("reminder-out-of-range")

func (s State) setReminders(c SetReminders) ([]Event, error) {
	v := c.Reminders
	v.From = fromDay(v.From, c.Act)
	if v.Monday != 0 && (v.Monday < returns.Hour || v.Monday > latestReminder) {
		return nil, ErrReminders.On("monday")
	}
	if v.Tuesday != 0 && (v.Tuesday < earliestReminder || v.Tuesday > latestReminder) {
		return nil, ErrReminders.On("tuesday")
	}
	old := s.RemindersOn(v.From)
	if old.From = v.From; old == v {
		return nil, nil
	}
	return []Event{RemindersSet{v}}, nil
}
