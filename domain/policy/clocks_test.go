package policy_test

import (
	"testing"
	"time"

	"approdo/domain"
	"approdo/domain/calendar"
	"approdo/domain/casefile"
	"approdo/domain/policy"
)

func TestEscalationGivesTheTermOnceMore(t *testing.T) {
	t.Parallel()
	day := func(d domain.Date) time.Time { return d.Start() }
	for name, c := range map[string]struct {
		clock casefile.ClockName
		state casefile.State
		due   time.Time
		want  time.Time
	}{
		"two working days from Monday, two more": {casefile.ClockTakeCharge, casefile.State{ChargeDue: monday},
			calendar.Deadline(monday, 2, ""), day(domain.Date{Year: 2022, Month: time.March, Day: 19})},
		"taking charge counts from the hand-over": {casefile.ClockTakeCharge,
			casefile.State{RequestedAt: monday.AddDate(0, -1, 0), ChargeDue: monday},
			calendar.Deadline(monday, 2, ""), day(domain.Date{Year: 2022, Month: time.March, Day: 19})},
		"over a weekend": {casefile.ClockFirstOffer, casefile.State{RequestedAt: monday},
			calendar.Deadline(monday, 5, ""), day(domain.Date{Year: 2022, Month: time.March, Day: 29})},
		"Sant'Ambrogio in Milano": {casefile.ClockTakeCharge,
			casefile.State{ChargeDue: time.Date(2022, 12, 2, 9, 0, 0, 0, time.UTC), Comune: domain.Milano},
			calendar.Deadline(time.Date(2022, 12, 2, 9, 0, 0, 0, time.UTC), 2, domain.Milano), // 5, 6; the 7th and 8th are holidays
			day(domain.Date{Year: 2022, Month: time.December, Day: 13})},
		"school days wait for September": {casefile.ClockFirstDay, casefile.State{RequestedAt: time.Date(2022, 6, 6, 9, 0, 0, 0, time.UTC)},
			calendar.Register(nil).SchoolDeadline(time.Date(2022, 6, 6, 9, 0, 0, 0, time.UTC), 4, ""), // 7, 8 June, 12, 13 September
			day(domain.Date{Year: 2022, Month: time.September, Day: 20})},                             // 14, 15, 16, 19
	} {
		if got := policy.Escalation(c.clock, c.state, c.due); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
