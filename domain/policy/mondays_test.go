package policy_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/policy"
	"approdo/domain/returns"
	"approdo/domain/territory"
)

// lateView lists all schools whatever they have answered, as a view may that is far behind the journal.
type lateView []domain.Institution

func (v lateView) Unanswered(context.Context, domain.Date, domain.Date) ([]domain.Institution, error) {
	return v, nil
}

// mondaysWorld is a territory with its returns in a bubble of testing/synctest, whose clock begins on Saturday, 1 January 2000.
type mondaysWorld struct {
	t     *testing.T
	store *memory.Store
	codec *event.Codec
}

func (w mondaysWorld) land(ctx context.Context) (territory.State, error) {
	out, err := event.Load(ctx, w.store, w.codec, territory.Decider, territory.Stream(territory.Province015))
	return out.State, err
}

func (w mondaysWorld) edit(c territory.Command) {
	w.t.Helper()
	o := event.Origin{ID: uuid.New(), By: c.Issued().By, At: c.Issued().At}
	if _, err := event.Execute(w.t.Context(), w.store, w.codec, territory.Decider, territory.Stream(territory.Province015), c, o); err != nil {
		w.t.Fatal(err)
	}
}

func (w mondaysWorld) do(c returns.Command) {
	w.t.Helper()
	o := event.Origin{ID: uuid.New(), By: c.Issued().By, At: c.Issued().At}
	if _, err := event.Execute(w.t.Context(), w.store, w.codec, returns.Decider, returns.Stream(c.Of().Institution, c.Of().Monday), c, o); err != nil {
		w.t.Fatal(err)
	}
}

func (w mondaysWorld) node() *policy.Mondays {
	return policy.NewMondays(w.store, w.codec, w.land, lateView{"MIIC8AA00A", "MIIC8BB00B", "MIIC8CC00C"}, time.Now)
}

// reminded lists the reminders of a school as a clock in Rome saw them.
func (w mondaysWorld) reminded(i domain.Institution) (all []string) {
	w.t.Helper()
	for page, err := range w.store.ReadAll(w.t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{returns.Category + string(i)}}}) {
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range page.Records {
			if r.Type == "return.reminded" {
				all = append(all, fmt.Sprintf("%s %s", r.Meta.At.In(domain.Rome).Format("Mon 2 15:04"), r.Meta.Actor.Role))
			}
		}
	}
	return all
}

func TestSchoolsAreRemindedOnceAndOnlyWhileTheyHaveNotAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := mondaysWorld{t, memory.New(), event.NewCodec(sealtest.New(), territory.Events, returns.Events)}
		office := domain.Actor{Role: domain.RoleUST, Account: uuid.New()}
		w.edit(territory.Found{Act: domain.Act{By: domain.System, At: time.Now()}, Province: territory.Province015, Register: territory.Shipped()})
		monday := domain.Date{Year: 2000, Month: time.January, Day: 3}
		at := func(d domain.Date, hour int) time.Time { return d.Start().Add(time.Duration(hour) * time.Hour) }
		until := func(end time.Time) {
			for time.Now().Before(end) {
				var nodes sync.WaitGroup
				for range 2 { // each minute two nodes that know nothing of before
					nodes.Go(func() {
						if err := w.node().Run(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				nodes.Wait()
				time.Sleep(10 * time.Minute)
			}
		}
		until(at(monday, 16))
		b := returns.Subject{Institution: "MIIC8BB00B", Monday: monday}
		w.do(returns.Validate{Act: domain.Act{By: domain.Actor{Role: domain.RoleSchool, Body: "MIIC8BB00B", Account: uuid.New()}, At: time.Now()}, Subject: b, AsOf: returns.Due(monday)})
		until(at(monday.AddDays(1), 8))
		w.do(returns.Remind{Act: domain.Act{By: office, At: time.Now()}, Subject: returns.Subject{Institution: "MIIC8CC00C", Monday: monday}})
		until(at(monday.AddDays(6), 12))

		// From the second Tuesday on later, from the third Monday on never.
		w.edit(territory.SetReminders{Act: domain.Act{By: office, At: time.Now()}, Reminders: territory.Reminders{From: monday.AddDays(8), Monday: 15, Tuesday: 11}})
		w.edit(territory.SetReminders{Act: domain.Act{By: office, At: time.Now()}, Reminders: territory.Reminders{From: monday.AddDays(14)}})
		until(at(monday.AddDays(21), 0))

		for i, want := range map[domain.Institution][]string{
			"MIIC8AA00A": {"Mon 3 15:00 system", "Tue 4 09:00 system", "Mon 10 15:00 system", "Tue 11 11:00 system"},
			"MIIC8BB00B": {"Mon 3 15:00 system", "Mon 10 15:00 system", "Tue 11 11:00 system"},
			"MIIC8CC00C": {"Mon 3 15:00 system", "Tue 4 08:00 ust", "Mon 10 15:00 system", "Tue 11 11:00 system"},
		} {
			if got := w.reminded(i); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", i, got, want)
			}
		}
	})
}

func TestNobodyIsRemindedOnAHolidayOrTheNextDay(t *testing.T) {
	t.Parallel()
	easter := domain.Date{Year: 2022, Month: time.April, Day: 18} // Monday after it
	for _, c := range []struct {
		at   time.Time
		want int
	}{
		{easter.Start().Add(16 * time.Hour), 0},
		{easter.AddDays(1).Start().Add(8*time.Hour + 59*time.Minute), 0},
		{easter.AddDays(1).Start().Add(9 * time.Hour), 3},
		{easter.AddDays(1).Start().Add(10 * time.Hour), 3},
		{easter.AddDays(1).Start().Add(10*time.Hour + time.Minute), 0}, // a node that was away
		{easter.AddDays(-7).Start().Add(23*time.Hour + 50*time.Minute), 0},
		{easter.AddDays(2).Start().Add(9 * time.Hour), 0},
		{easter.AddDays(7).Start().Add(16 * time.Hour), 0}, // 25 April
	} {
		w := mondaysWorld{t, memory.New(), event.NewCodec(sealtest.New(), territory.Events, returns.Events)}
		w.edit(territory.Found{Act: domain.Act{By: domain.System, At: c.at}, Province: territory.Province015, Register: territory.Shipped()})
		m := policy.NewMondays(w.store, w.codec, w.land, lateView{"MIIC8AA00A", "MIIC8BB00B", "MIIC8CC00C"}, func() time.Time { return c.at })
		if err := m.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(w.reminded("MIIC8")); got != c.want {
			t.Errorf("%s: %d reminders, want %d", c.at, got, c.want)
		}
	}
}
