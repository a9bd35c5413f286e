package year2022_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"approdo/adapters/postgres/pgtest"
	postgres "approdo/adapters/postgres/views"
	sqlite "approdo/adapters/sqlite/views"
	"approdo/cmd/approdo/year2022"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/policy"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/centre"
	"approdo/projections/plans"
)

// The plans of the end of the year, half of one offered to the schools, are the same whichever engine has the views, and a centre reads its own
// alone even by a question for all.
func TestPlansAreTheSameOnEveryEngine(t *testing.T) {
	t.Parallel()
	sealer := sealtest.New()
	store, _ := madeWith(t, sealer, 150, 7)
	codec := event.NewCodec(sealer, casefile.Events, places.Events, territory.Events, territory.SchoolEvents, planning.Events)
	now := year2022.Today
	d := desk.New(store, codec, func() time.Time { return now }, territory.Province015)
	onFile, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer onFile.Close()
	onServer, err := postgres.Open(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer onServer.Close()
	var runners []*projections.Runner
	for _, e := range []projections.Engine{onFile, onServer} {
		r := projections.NewRunner(store, codec, e, slog.New(slog.DiscardHandler), board.Projection(), centre.Projection(), plans.Projection())
		if err := r.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		runners = append(runners, r)
	}
	if err := year2022.DrawPlans(t.Context(), runners[0], d, board.New(runners[0]), "CTI-23", "CTI-26"); err != nil {
		t.Fatal(err)
	}
	follow := policy.PlacesFollowCase(store, codec)
	catchUp := func() {
		t.Helper()
		for page, err := range store.ReadAll(t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Records {
				if err := follow.React(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, r := range runners {
			if err := r.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	catchUp()
	overseer, now1 := domain.Actor{Role: domain.RoleUST}, now.Add(time.Minute)
	var all plans.Line
	if err := runners[0].ReadAs(t.Context(), overseer, func(s *projections.Snapshot) (err error) {
		all, _, err = plans.Newest(s, planning.Scope{}, domain.SchoolYearOf(domain.DateOf(now)))
		return err
	}); err != nil || all.Figures.Placed < 2 {
		t.Fatalf("the plan for all: %+v, %v", all, err)
	}
	drawn, err := d.Plan(t.Context(), overseer, all.ID)
	if err != nil {
		t.Fatal(err)
	}
	now = now1
	offered := 0
	for i, seat := range drawn.Seats {
		if seat.School != "" && i%2 == 0 {
			if _, err := d.Offer(t.Context(), desk.NewTicket(), seat.Case, overseer, desk.Placement{School: seat.School, Level: seat.Level, Plan: all.ID}); err != nil {
				t.Fatal(err)
			}
			offered++
		}
	}
	catchUp()
	land, err := d.Territory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, r := range runners {
		var out strings.Builder
		for _, a := range []domain.Actor{overseer, {Role: domain.RoleCentre, Body: "CTI-23"}, {Role: domain.RoleCentre, Body: "CTI-26"}} {
			of := domain.Centre(a.Body)
			err := r.ReadAs(t.Context(), a, func(s *projections.Snapshot) error {
				list, err := plans.List(s, of, 10)
				if err != nil {
					return err
				}
				fmt.Fprintf(&out, "%s %s: %d plans %+v\n", a.Role, a.Body, len(list), list)
				w, err := plans.Among(s, a, land, planning.Terms{Scope: planning.Scope{Centre: of}, Year: drawn.Year}, now)
				if err != nil {
					return err
				}
				for _, l := range w.Lines {
					fmt.Fprintf(&out, "waits %s\n", l.Case)
				}
				if a == overseer {
					made, err := plans.Offers(s, all.ID)
					fmt.Fprintf(&out, "offers %+v\n", made)
					if len(made) != offered {
						t.Errorf("%d offers of %d", len(made), offered)
					}
					return err
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, seat := range drawn.Seats {
			f, err := d.Case(t.Context(), overseer, seat.Case)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []time.Time{{}, year2022.Today.Add(-time.Hour)} {
				last, err := plans.Last(t.Context(), r, d, f.State, at)
				if err != nil {
					t.Fatal(err)
				}
				if at.IsZero() != (last != nil) {
					t.Errorf("the last plan as of %s: %v", at, last != nil)
				}
				if last != nil {
					fmt.Fprintf(&out, "last %s\n", last.Digest)
				}
			}
		}
		told = append(told, out.String())
	}
	if diff := cmp.Diff(strings.Split(told[0], "\n"), strings.Split(told[1], "\n")); diff != "" {
		t.Errorf("answers differ (-SQLite +PostgreSQL):\n%.3000s", diff)
	}
	// The server has a wall of its own.
	if err := runners[1].ReadAs(t.Context(), domain.Actor{Role: domain.RoleCentre, Body: "CTI-23"}, func(s *projections.Snapshot) error {
		list, err := plans.List(s, "", 10)
		for _, l := range list {
			if l.Centre != "CTI-23" {
				t.Errorf("a centre reads a plan of %q", l.Centre)
			}
		}
		made, err2 := plans.Offers(s, all.ID)
		if err != nil || err2 != nil || len(made) != 0 {
			t.Errorf("a centre reads %d offers of the UST's plan: %v, %v", len(made), err, err2)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
