package year2022_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/cmd/approdo/year2022"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/places"
	"approdo/domain/policy"
	"approdo/domain/territory"
	"approdo/projections/caseline"
)

// made is a small year in memory.
func made(t *testing.T, enrolled int, seed uint64) (event.Store, *event.Codec) {
	t.Helper()
	return madeWith(t, sealtest.New(), enrolled, seed)
}

func madeWith(t *testing.T, sealer domain.Sealer, enrolled int, seed uint64) (event.Store, *event.Codec) {
	t.Helper()
	ctx := context.Background()
	store, clock := memory.New(), &year2022.Clock{}
	codec := event.NewCodec(sealer, casefile.Events, places.Events, territory.Events, territory.SchoolEvents)
	clock.Set(year2022.Start)
	act := domain.Act{By: domain.System, At: clock.Now()}
	if err := year2022.Found(ctx, store, codec, act); err != nil {
		t.Fatal(err)
	}
	if err := year2022.InventSchools(ctx, store, codec, act); err != nil {
		t.Fatal(err)
	}
	err := year2022.Make(ctx, year2022.Config{Enrolled: enrolled, Seed: seed, Store: store, Codec: codec, Clock: clock,
		Desk: desk.New(store, codec, clock.Now, territory.Province015), Follow: year2022.Follower(store, policy.PlacesFollowCase(store, codec)),
		Progress: func(domain.Date, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	return store, codec
}

// fold reads every case and every school's places out of a journal.
func fold(t *testing.T, store event.Store, codec *event.Codec) (map[uuid.UUID]casefile.State, map[string]places.State) {
	t.Helper()
	cases, schools := map[uuid.UUID]casefile.State{}, map[string]places.State{}
	for page, err := range store.ReadAll(context.Background(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			e, err := codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			switch e := e.(type) {
			case casefile.Event:
				cases[casefile.IDOf(r.Stream)] = casefile.Evolve(cases[casefile.IDOf(r.Stream)], e)
			case places.Event:
				schools[r.Stream] = places.Evolve(schools[r.Stream], e)
			}
		}
	}
	return cases, schools
}

func TestTheYearIsTheRecipe(t *testing.T) {
	t.Parallel()
	store, codec := made(t, 200, 1)
	cases, schools := fold(t, store, codec)
	enrolled, attending, byStatus := 0, 0, map[casefile.Status]int{}
	seats := map[uuid.UUID]bool{}
	for _, s := range schools {
		for _, seat := range s.Seats {
			if seats[seat.Case] {
				t.Error("a case has two seats")
			}
			seats[seat.Case] = true
		}
	}
	for id, s := range cases {
		byStatus[s.Status]++
		if !s.AcceptedOn.IsZero() {
			enrolled++
		}
		if s.Status == casefile.Attending {
			attending++
		}
		if s.Status.HoldsPlace() != seats[id] {
			t.Errorf("a case that is %s has a seat: %v", s.Status, seats[id])
		}
		if s.Status.Open() && s.Holder().Body == "" {
			t.Errorf("an open case that is %s has no holder", s.Status)
		}
	}
	if enrolled != 200 {
		t.Errorf("%d were taken in, 200 were asked for", enrolled)
	}
	for _, s := range []casefile.Status{casefile.Requested, casefile.InCharge, casefile.Offered, casefile.Accepted, casefile.Attending,
		casefile.Closed, casefile.Merged} {
		if byStatus[s] == 0 {
			t.Errorf("no case is %s: %v", s, byStatus)
		}
	}
}

func TestTheSameSeedGivesTheSameYear(t *testing.T) {
	t.Parallel()
	ids := func(seed uint64) (all []uuid.UUID) {
		store, _ := made(t, 20, seed)
		for page, err := range store.ReadAll(context.Background(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Records {
				all = append(all, r.ID)
			}
		}
		return all
	}
	a, b, c := ids(7), ids(7), ids(8)
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d events", len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("event %d differs", i)
		}
	}
	if len(a) == len(c) && a[0] == c[0] {
		t.Error("another seed gave the same year")
	}
}

func TestNobodyIsForgottenOverTheYear(t *testing.T) {
	t.Parallel()
	store, codec := made(t, 600, 3)
	cases, _ := fold(t, store, codec)
	enrolled := 0
	for _, s := range cases {
		if !s.AcceptedOn.IsZero() {
			enrolled++
		}
		if s.Status.Open() && s.Status != casefile.Attending && s.RequestedAt.Before(year2022.Today.AddDate(0, 0, -75)) {
			t.Errorf("a case of %s is still %s", domain.DateOf(s.RequestedAt), s.Status)
		}
	}
	if enrolled != 600 {
		t.Errorf("%d were taken in, 600 were asked for", enrolled)
	}
}

// A line of a list must never say anything else than the case it stands for.
func TestLinesSayWhatTheCasesAre(t *testing.T) {
	t.Parallel()
	store, codec := made(t, 150, 5)
	states, _ := fold(t, store, codec)
	lines := map[uuid.UUID]caseline.Line{}
	for page, err := range store.ReadAll(context.Background(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			e, err := codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			id := casefile.IDOf(r.Stream)
			lines[id] = lines[id].With(r, e.(casefile.Event))
		}
	}
	if len(lines) != len(states) || len(lines) < 150 {
		t.Fatalf("%d lines of %d cases", len(lines), len(states))
	}
	for id, s := range states {
		l := lines[id]
		if got, want := (casefile.Holder{Kind: l.HolderKind, Body: l.HolderBody}), s.Holder(); got != want {
			t.Errorf("a case that is %s: held by %v, the line says %v", s.Status, want, got)
		}
		if l.Status != s.Status || l.Comune != s.Comune || l.Centre != s.Centre || l.Level() != s.Level || l.Offers != s.Offers ||
			!l.HeldSince.Equal(s.HeldSince) || l.AcceptedOn != s.AcceptedOn || l.FirstDay != s.FirstDay || l.EndedOn != s.EndedOn ||
			l.MergedInto != s.MergedInto || l.Question != (s.Question != nil) || l.Reason != string(s.Reason) {
			t.Errorf("line and case differ: %s and %s", l.Status, s.Status)
		}
		if s.Offer != nil && (l.Offer != s.Offer.ID || l.School != s.Offer.School || l.Institution != s.Offer.Institution) {
			t.Errorf("the line names another school")
		}
	}
}
