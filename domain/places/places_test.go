package places_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
	"approdo/domain/grade"
	"approdo/domain/places"
)

var (
	case1, case2, case3    = num(1), num(2), num(3)
	offer1, offer2, offer3 = num(0xa1), num(0xa2), num(0xa3)

	school  = domain.Actor{Role: domain.RoleSchool, Body: "MIIC8AB00X"}
	school2 = domain.Actor{Role: domain.RoleSchool, Body: "MIIC8CD00V"}
	cti     = domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}
	ust     = domain.Actor{Role: domain.RoleUST}
	comune  = domain.Actor{Role: domain.RoleComune, Body: "015189"}
	system  = domain.System

	third  = grade.Level{Order: grade.Primaria, Year: 3}
	fourth = grade.Level{Order: grade.Primaria, Year: 4}
)

func num(n byte) uuid.UUID { return uuid.UUID{0x01, 0x8f, 6: 0x70, 8: 0x80, 15: n} }

func hour(n int) time.Time {
	return time.Date(2022, time.March, 14, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
}

func by(a domain.Actor, n int) domain.Act { return domain.Act{By: a, At: hour(n)} }

func given(t *testing.T, past ...places.Event) spec.Past[places.State, places.Command, places.Event] {
	return spec.Given(t, places.Decider, past...)
}

var (
	declared = places.PlacesDeclared{Level: third, Free: 1, Capacity: 1, Pupils: 22, Foreign: 5, At: hour(0)}
	held     = places.PlaceHeld{Offer: offer1, Case: case1, Level: third, Seat: 1, At: hour(1)}
	taken    = places.PlaceTaken{Offer: offer1, Case: case1, Level: third, Seat: 1, Held: true, At: hour(2)}
	released = places.PlaceReleased{Offer: offer1, Case: case1, Level: third, Seat: 1, At: hour(3)}
)

func TestASchoolDeclaresPlaces(t *testing.T) {
	t.Parallel()
	declare := places.Declare{Act: by(school, 0), Institution: "MIIC8AB00X", Level: third, Free: 1, Pupils: 22, Foreign: 5}
	given(t).When(declare).Then(declared)
	c := declare
	c.Act = by(ust, 0)
	given(t).When(c).Then(declared)

	// What it could still take in comes on top of what is held and taken.
	c = declare
	c.At, c.Free = hour(4), 2
	given(t, declared, held).When(c).Then(places.PlacesDeclared{Level: third, Free: 2, Capacity: 3, Pupils: 22, Foreign: 5,
		At: hour(4)})
	c.Free = 0
	given(t, declared, held, taken).When(c).Then(places.PlacesDeclared{Level: third, Free: 0, Capacity: 1, Pupils: 22,
		Foreign: 5, At: hour(4)})
	c.Level = fourth
	given(t, declared, held).When(c).Then(places.PlacesDeclared{Level: fourth, Free: 0, Capacity: 0, Pupils: 22, Foreign: 5,
		At: hour(4)})

	// The same figure later is news: it is younger. So is another figure of the class at the same instant.
	c = declare
	c.At = hour(4)
	later := declared
	later.At = hour(4)
	given(t, declared).When(c).Then(later)
	c = declare
	c.Foreign = 6
	more := declared
	more.Foreign = 6
	given(t, declared).When(c).Then(more)

	refused := func(want error, change func(*places.Declare)) {
		t.Helper()
		c := declare
		change(&c)
		given(t).When(c).ThenRefused(want)
	}
	refused(places.ErrHeldByOther, func(c *places.Declare) { c.By = school2 })
	for _, a := range []domain.Actor{cti, comune, system, {Role: domain.RolePrefettura}} {
		refused(places.ErrNotYours, func(c *places.Declare) { c.By = a })
	}
	refused(places.ErrPlacesNumber, func(c *places.Declare) { c.Free = -1 })
	refused(places.ErrPlacesNumber, func(c *places.Declare) { c.Free = places.MaxPlaces + 1 })
	refused(places.ErrClassNumber, func(c *places.Declare) { c.Foreign = 23 })
	refused(places.ErrClassNumber, func(c *places.Declare) { c.Foreign = -1 })
	refused(places.ErrClassNumber, func(c *places.Declare) { c.Pupils, c.Foreign = -1, -1 })
}

func TestAPlaceIsHeld(t *testing.T) {
	t.Parallel()
	hold := places.Hold{Act: by(cti, 1), Offer: offer1, Case: case1, Level: third}
	given(t, declared).When(hold).Then(held)
	c := hold
	c.Act = by(ust, 1)
	given(t, declared).When(c).Then(held)
	given(t, declared, held).When(hold).ThenNothing()
	given(t, declared, held, taken).When(hold).ThenNothing()
	given(t, declared, held, released).When(hold).Then(held) // the seat is free again, and so is its number

	given(t).When(hold).ThenRefused(places.ErrNoPlace)
	c = hold
	c.Level = fourth
	given(t, declared).When(c).ThenRefused(places.ErrNoPlace)
	for _, a := range []domain.Actor{school, comune, system, {Role: domain.RolePrefettura}} {
		c := hold
		c.By = a
		given(t, declared).When(c).ThenRefused(places.ErrNotYours)
	}
}

func TestAPlaceIsTaken(t *testing.T) {
	t.Parallel()
	take := places.Take{Act: by(system, 2), Offer: offer1, Case: case1, Level: third}
	given(t, declared, held).When(take).Then(taken)
	given(t, declared, held, taken).When(take).ThenNothing()
	// A school's own enrolment holds nothing before.
	direct := taken
	direct.Held = false
	given(t, declared).When(take).Then(direct)
	// A seat is taken in the grade in which it was held, for the case it was held for.
	c := take
	c.Level, c.Case = fourth, case2
	given(t, declared, held).When(c).Then(taken)
}

func TestAPlaceIsReleased(t *testing.T) {
	t.Parallel()
	release := places.Release{Act: by(system, 3), Offer: offer1}
	given(t, declared, held).When(release).Then(released)
	back := released
	back.Taken = true
	given(t, declared, held, taken).When(release).Then(back)
	for _, past := range [][]places.Event{{}, {declared}, {declared, held, released}} {
		given(t, past...).When(release).ThenNothing()
	}
}

func TestInvariant3NoDoubleSeat(t *testing.T) {
	t.Parallel()
	hold2 := places.Hold{Act: by(cti, 4), Offer: offer2, Case: case2, Level: third}

	// One place, two pupils: the second is refused, whatever became of the first.
	given(t, declared, held).When(hold2).ThenRefused(places.ErrNoPlace)
	given(t, declared, held, taken).When(hold2).ThenRefused(places.ErrNoPlace)
	given(t, declared, held, released).When(hold2).Then(places.PlaceHeld{Offer: offer2, Case: case2, Level: third, Seat: 1,
		At: hour(4)})

	// Beyond what was declared only by the UST, and it shows.
	c := hold2
	c.Override = true
	given(t, declared, held).When(c).ThenRefused(places.ErrNotYours)
	c.By = ust
	beyond := places.PlaceHeld{Offer: offer2, Case: case2, Level: third, Seat: 2, Over: true, At: hour(4)}
	over := given(t, declared, held).When(c).Then(beyond)
	given(t).When(c).Then(places.PlaceHeld{Offer: offer2, Case: case2, Level: third, Seat: 1, Over: true, At: hour(4)})
	given(t, declared).When(c).Then(places.PlaceHeld{Offer: offer2, Case: case2, Level: third, Seat: 1,
		At: hour(4)}) // not needed, not said
	if s := over.State(); s.Free(third) != -1 {
		t.Errorf("%d free", s.Free(third))
	}
	over = over.When(places.Take{Act: by(system, 5), Offer: offer2, Case: case2, Level: third}).
		Then(places.PlaceTaken{Offer: offer2, Case: case2, Level: third, Seat: 2, Held: true, Over: true, At: hour(5)})

	// One leaves: the class is full still, and nobody new comes in.
	over = over.When(places.Release{Act: by(system, 6), Offer: offer1}).
		Then(places.PlaceReleased{Offer: offer1, Case: case1, Level: third, Seat: 1, At: hour(6)})
	over.When(places.Hold{Act: by(cti, 7), Offer: offer3, Case: case3, Level: third}).ThenRefused(places.ErrNoPlace)

	// A pupil whom the school enrolled on its own is there already: a seat of its own, beyond what was declared where need be.
	given(t, declared, held).When(places.Take{Act: by(system, 4), Offer: offer2, Case: case2, Level: third}).
		Then(places.PlaceTaken{Offer: offer2, Case: case2, Level: third, Seat: 2, Over: true, At: hour(4)})
}

// Two people of a centre offer one case to the same school at once. Only the case knows whose offer stands, so that neither hold
// may take away the other's seat.
func TestAHoldLeavesTheSeatOfAnotherOffer(t *testing.T) {
	t.Parallel()
	two := declared
	two.Free, two.Capacity = 2, 2
	second := places.Hold{Act: by(cti, 1), Offer: offer2, Case: case1, Level: third}
	s := given(t, two, held).When(second).Then(places.PlaceHeld{Offer: offer2, Case: case1, Level: third, Seat: 2,
		At: hour(1)}).State()
	if s.Used(third) != 2 {
		t.Errorf("%d used", s.Used(third))
	}
	given(t, declared, held).When(second).ThenRefused(places.ErrNoPlace)
}

func TestStoredEventsCanAlwaysBeRead(t *testing.T) {
	t.Parallel()
	over, left := taken, released
	over.Over, left.Taken = true, true
	beyond := held
	beyond.Over = true
	spec.Golden(t, event.NewCodec(sealtest.New(), places.Events), "testdata", declared, beyond, over, left)
}

func TestStreamsAreNamedBySiteAndYear(t *testing.T) {
	t.Parallel()
	stream := places.Stream("MIEE8AB012", 2021)
	site, year, ok := places.ParseStream(stream)
	if stream != "places-MIEE8AB012-2021" || site != "MIEE8AB012" || year != 2021 || !ok {
		t.Errorf("%s: %s, %v, %v", stream, site, year, ok)
	}
	for _, s := range []string{"", "places-", "places-MIEE8AB012", "places-MIEE8AB012-", "places-MIEE8AB012-20x1",
		"places-MIEE8AB012-+021",
		"places-MIEE8AB012-02021", "places-MIEE8AB012-2021-1", "places-miee8ab012-2021", "places-MIEE8AB01-2021",
		"school-MIEE8AB012-2021",
		"MIEE8AB012-2021"} {
		if _, _, ok := places.ParseStream(s); ok {
			t.Errorf("%q is a stream of places", s)
		}
	}
}

func TestCeilingRoom(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ n, f, percent, want int }{
		{0, 0, 30, 0},
		{20, 0, 30, 8}, // 8 of 28 are 28.6 %, 9 of 29 would be 31 %
		{20, 3, 30, 4},
		{20, 6, 30, 0},
		{20, 7, 30, -2},
		{25, 25, 30, -25},
		{20, 6, 50, 8},
		{20, 0, 0, 0},
		{20, 1, 0, -1},
		{20, 20, 100, math.MaxInt},
	} {
		if got := places.CeilingRoom(tt.n, tt.f, tt.percent); got != tt.want {
			t.Errorf("%d pupils, %d counted, %d %%: %d, want %d", tt.n, tt.f, tt.percent, got, tt.want)
		}
	}
}

// The room is the most that may join: one more would pass the ceiling.
func TestCeilingRoomIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "pupils")
		f := rapid.IntRange(0, n).Draw(t, "counted")
		percent := rapid.IntRange(0, 99).Draw(t, "percent")
		within := func(x int) bool { return 100*(f+x) <= percent*(n+x) }
		if x := places.CeilingRoom(n, f, percent); !within(x) || within(x+1) {
			t.Fatalf("%d", x)
		}
	})
}

// Whatever is asked of a site by whomever: a seat is one pupil's, and more pupils than declared places show as such.
func TestRandomHandsNeverShareASeat(t *testing.T) {
	t.Parallel()
	levels := []grade.Level{third, fourth}
	rapid.Check(t, func(t *rapid.T) {
		var s places.State
		act := func(t *rapid.T) domain.Act {
			return by(rapid.SampledFrom([]domain.Actor{school, school2, cti, ust, comune, system}).Draw(t, "actor"),
				rapid.IntRange(0, 50).Draw(t, "hour"))
		}
		level := rapid.SampledFrom(levels)
		offer := rapid.Custom(func(t *rapid.T) uuid.UUID { return num(0xa0 + byte(rapid.IntRange(0, 7).Draw(t, "offer"))) })
		do := func(t *rapid.T, c places.Command) {
			got, err := places.Decide(s, c)
			if err != nil && len(got) > 0 {
				t.Fatalf("%T refused, with %d events", c, len(got))
			}
			for _, e := range got {
				before := s
				s = places.Evolve(s, e)
				checkSeat(t, before, c, e)
			}
			if again, err := places.Decide(s, c); err == nil && len(again) > 0 {
				t.Fatalf("%T repeated caused %+v", c, again)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"declare": func(t *rapid.T) {
				do(t, places.Declare{Act: act(t), Institution: "MIIC8AB00X", Level: level.Draw(t, "level"),
					Free: rapid.IntRange(-1, 3).Draw(t, "free")})
			},
			"hold": func(t *rapid.T) {
				do(t, places.Hold{Act: act(t), Offer: offer.Draw(t, "offer"), Case: case1, Level: level.Draw(t, "level"),
					Override: rapid.Bool().Draw(t, "override")})
			},
			"take": func(t *rapid.T) {
				do(t, places.Take{Act: act(t), Offer: offer.Draw(t, "offer"), Case: case1, Level: level.Draw(t, "level")})
			},
			"release": func(t *rapid.T) { do(t, places.Release{Act: act(t), Offer: offer.Draw(t, "offer")}) },
			"": func(t *rapid.T) {
				seats := map[grade.Level]map[int]bool{third: {}, fourth: {}}
				for _, seat := range s.Seats {
					if seat.Number < 1 || seats[seat.Level][seat.Number] {
						t.Fatalf("seat %d of %v twice", seat.Number, seat.Level)
					}
					seats[seat.Level][seat.Number] = true
				}
			},
		})
	})
}

// checkSeat wants that a seat beyond what was declared says so, and comes only by an override or a pupil who is there already.
func checkSeat(t *rapid.T, before places.State, c places.Command, e places.Event) {
	_, had := before.Seats[offerOf(e)]
	switch e := e.(type) {
	case places.PlaceHeld:
		full := before.Free(e.Level) <= 0
		if e.Over != full || full && !c.(places.Hold).Override {
			t.Fatalf("held with %d free, over: %v", before.Free(e.Level), e.Over)
		}
	case places.PlaceTaken:
		if !had && e.Over != (before.Free(e.Level) <= 0) {
			t.Fatalf("taken with %d free, over: %v", before.Free(e.Level), e.Over)
		}
		if seat := before.Seats[e.Offer]; had && (seat.Number != e.Seat || seat.Level != e.Level || seat.Over != e.Over) {
			t.Fatalf("took seat %d and held %d", e.Seat, seat.Number)
		}
	}
}

func offerOf(e places.Event) uuid.UUID {
	switch e := e.(type) {
	case places.PlaceHeld:
		return e.Offer
	case places.PlaceTaken:
		return e.Offer
	}
	return uuid.Nil
}

// Whatever a stream holds, in whatever order, it can be read.
func TestEvolveIsTotal(t *testing.T) {
	t.Parallel()
	all := []places.Event{declared, held, taken, released}
	for _, a := range all {
		for _, b := range all {
			s := places.Evolve(places.Evolve(places.State{}, a), b)
			if s.Used(third) < 0 || s.Used(third) > 1 {
				t.Errorf("%T, %T: %d used", a, b, s.Used(third))
			}
		}
	}
	before := given(t, declared, held).State()
	want := given(t, declared, held).State()
	for _, e := range all {
		places.Evolve(before, e)
		if diff := cmp.Diff(want, before); diff != "" {
			t.Errorf("%T wrote into the state it was given: %s", e, diff)
		}
	}
}
