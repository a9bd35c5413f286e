package territory_test

import (
	"testing"
	"time"

	"approdo/domain"
	. "approdo/domain/territory"
)

func TestRemindersAreARegisterThatCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	p := given(t, founded)
	shipped := p.State().RemindersOn(today)
	if at, ok := shipped.At(date(t, "2022-03-14")); !ok || !at.Equal(time.Date(2022, time.March, 14, 14, 0, 0, 0, time.UTC)) {
		t.Errorf("on Monday: %s %t", at, ok)
	}
	if at, ok := shipped.At(date(t, "2022-04-05")); !ok || !at.Equal(time.Date(2022, time.April, 5, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("on Tuesday: %s %t", at, ok)
	}
	if _, ok := shipped.At(date(t, "2022-03-16")); ok || (State{}).RemindersOn(today) != shipped {
		t.Error("on Wednesday, or before there is a territory")
	}
	off := Reminders{From: today.AddDays(7)}
	p = p.When(SetReminders{ust, off}).Then(RemindersSet{off})
	p.When(SetReminders{ust, off}).ThenNothing()
	p.When(SetReminders{ust, Reminders{Monday: shipped.Monday, Tuesday: shipped.Tuesday}}).ThenNothing()
	if _, ok := p.State().RemindersOn(today.AddDays(7)).At(today.AddDays(7)); ok || p.State().RemindersOn(today) != shipped || len(p.State().Reminders()) != 2 {
		t.Errorf("%+v", p.State().Reminders())
	}
	for field, bad := range map[string][]Reminders{"monday": {{Monday: 14}, {Monday: 20}, {Monday: -1}}, "tuesday": {{Tuesday: 6}, {Tuesday: 20}}} {
		for _, r := range bad {
			given(t, founded).When(SetReminders{ust, r}).ThenRefused(ErrReminders.On(field))
		}
	}
	for _, role := range []domain.Role{domain.RoleSchool, domain.RolePrefettura, domain.RoleSystem} {
		given(t, founded).When(SetReminders{domain.Act{By: domain.Actor{Role: role}, At: noon}, off}).ThenRefused(ErrNotUST)
	}
}
