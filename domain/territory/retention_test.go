package territory_test

import (
	"testing"

	"approdo/domain"
	. "approdo/domain/territory"
)

func TestRetentionIsARegisterWithVersions(t *testing.T) {
	t.Parallel()
	p := given(t, founded)
	shipped := p.State().RetentionOn(today)
	if shipped.Version != "0" || shipped.Readings != 24 || shipped.Health >= shipped.Pupil || (State{}).RetentionOn(today) != shipped {
		t.Errorf("shipped: %+v", shipped)
	}
	next := date(t, "2023-01-01")
	v := Retention{From: next, Pupil: 12, Health: 3, Drafts: 2, Readings: 36}
	decided := v
	decided.Version = "1"
	p = p.When(SetRetention{ust, v}).Then(RetentionSet{decided})
	if s := p.State(); s.RetentionOn(next.AddDays(-1)) != shipped || s.RetentionOn(next) != decided || len(s.Retentions()) != 2 {
		t.Errorf("%+v", s.Retentions())
	}
	p.When(SetRetention{ust, v}).ThenNothing()
	v.From, v.Pupil = domain.Date{}, 18
	decided.Version, decided.From, decided.Pupil = "2", today, 18
	p.When(SetRetention{ust, v}).Then(RetentionSet{decided})

	// What is shipped is decided by saying the same: from then on it has a version of its own.
	same := shipped
	same.From = today
	kept := same
	kept.Version = "1"
	given(t, founded).When(SetRetention{ust, same}).Then(RetentionSet{kept})
}

func TestARetentionHasMonths(t *testing.T) {
	t.Parallel()
	good := Retention{Pupil: 24, Health: 6, Drafts: 1, Readings: 24}
	for field, wrong := range map[string]func(*Retention){
		"pupil": func(r *Retention) { r.Pupil = 0 }, "drafts": func(r *Retention) { r.Drafts = 13 }, "readings": func(r *Retention) { r.Readings = 601 },
		"health": func(r *Retention) { r.Health = 25 },
	} {
		v := good
		wrong(&v)
		given(t, founded).When(SetRetention{ust, v}).ThenRefused(ErrRetention.On(field))
	}
	for _, act := range []domain.Act{prefettura, system} {
		given(t, founded).When(SetRetention{act, good}).ThenRefused(ErrNotUST)
	}
}

func TestWhenATimeIsOver(t *testing.T) {
	t.Parallel()
	r := Retention{Pupil: 24, Health: 6, Drafts: 1, Readings: 24}
	for _, tt := range []struct {
		class      DataClass
		began, due string
	}{{PupilData, "2022-06-08", "2024-06-08"}, {HealthData, "2022-08-31", "2023-02-28"}, {DraftData, "2024-01-31", "2024-02-29"},
		{ReadingData, "2022-02-28", "2024-02-28"}, {PupilData, "2022-10-30", "2024-10-30"}} {
		if got := r.Due(tt.class, date(t, tt.began)); got != date(t, tt.due) {
			t.Errorf("%s from %s: %v, want %s", tt.class, tt.began, got, tt.due)
		}
	}
	for day := date(t, "2024-01-01"); day.Year == 2024; day = day.AddDays(1) {
		for _, class := range DataClasses() {
			d := r.Began(class, day)
			if day.Before(r.Due(class, d)) || !day.Before(r.Due(class, d.AddDays(1))) {
				t.Fatalf("%s on %v: from %v", class, day, d)
			}
		}
	}
}

// What is listed as due on a day is what may be proposed on it, whatever the day and the months.
func TestWhatBeganLaterIsNeverOverEarlier(t *testing.T) {
	t.Parallel()
	first, end := date(t, "2023-01-01"), date(t, "2025-01-01") // with a leap day
	for months := 1; months <= 36; months++ {
		r := Retention{Health: months}
		for d := first; d.Before(end); d = d.AddDays(1) {
			if due, next := r.Due(HealthData, d), r.Due(HealthData, d.AddDays(1)); next.Before(due) || !d.Before(due) {
				t.Fatalf("%d months from %v are over on %v, from the next day on %v", months, d, due, next)
			}
			began := r.Began(HealthData, d)
			for near := began.AddDays(-35); near.Before(began.AddDays(36)); near = near.AddDays(1) {
				if listed, due := !began.Before(near), !d.Before(r.Due(HealthData, near)); listed != due {
					t.Fatalf("%d months from %v: listed on %v is %v, due is %v", months, near, d, listed, due)
				}
			}
		}
	}
}
