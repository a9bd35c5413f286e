// Package replay goes through a journal again and asks what plans would have done: every so many days a plan is drawn for all who would be
// waiting, on the places that schools had declared by then, and what it proposes is taken to be answered as schools answered. It tells
// that beside what the officers did, by one measure. It opens nothing of a pupil and writes nothing.
//
// What officers did and what plans do share one world as far as it was nobody's choice: who asked, moved, was taken in charge, left or was
// enrolled by a school itself, and which places were declared when. The rest each world has for itself.
package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/territory"
	"approdo/projections/caseline"
	"approdo/projections/ranking"
)

// Config is what is replayed, and how.
type Config struct {
	Store event.Store
	Codec *event.Codec
	// Every is how many days lie between plans. The first is drawn on the first Monday, and all at eight in the morning, holidays or not.
	Every int
	// From and To are the first and the last day; zero: those of the journal. All that was offered before From stays as it was, in every
	// world, and is not counted.
	From, To domain.Date
	// Seed is of the chance by which proposals are declined where they are.
	Seed uint64
	// Progress, where set, is told of each plan that is to be drawn: its day, and how many wait for it.
	Progress func(day domain.Date, waiting int)
}

// morning is when plans are drawn, after the beginning of the day.
const morning = 8 * time.Hour

// ErrNothing is a journal, or a span of it, in which nobody was offered a place.
var ErrNothing = errors.New("replay: nobody was offered a place")

// span is what the journal must have been asked before it can be replayed.
type span struct {
	from, end time.Time      // end is the first instant that is too late
	last      event.Position // what came later is not looked at
	took      []time.Duration
	accepted  int
	refused   int                              // declined, or lapsed
	said      map[kind][]places.PlacesDeclared // all that schools will have said of places
}

// read hands over the records of cases and places, in their order, up to a position; 0 is the head.
func (c Config) read(ctx context.Context, last event.Position, each func(event.Record, any) (more bool, err error)) error {
	for page, err := range c.Store.ReadAll(ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category, places.Category}}}) {
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			if last != 0 && r.Position > last {
				return nil
			}
			e, err := c.Codec.Decode(r)
			if err != nil {
				return err
			}
			if more, err := each(r, e); err != nil || !more {
				return err
			}
		}
	}
	return ctx.Err()
}

// survey finds the days of the journal, and how schools answered.
func (c Config) survey(ctx context.Context) (s span, err error) {
	s.said = map[kind][]places.PlacesDeclared{}
	var first, latest time.Time
	asked := map[uuid.UUID]time.Time{}
	answers := func(offer uuid.UUID, at time.Time, took bool) bool {
		since, ok := asked[offer]
		if ok && took {
			s.took = append(s.took, at.Sub(since))
		}
		delete(asked, offer)
		return ok
	}
	err = c.read(ctx, 0, func(r event.Record, e any) (bool, error) {
		day := domain.DateOf(r.Meta.At)
		if !c.To.IsZero() && c.To.Before(day) {
			return false, nil
		}
		if _, ofCase := e.(casefile.Event); ofCase && first.IsZero() {
			first = r.Meta.At
		}
		s.last = r.Position
		if r.Meta.At.After(latest) {
			latest = r.Meta.At
		}
		switch e := e.(type) {
		case places.PlacesDeclared:
			if school, year, ok := places.ParseStream(r.Stream); ok {
				k := kind{year, planning.Kind{School: school, Level: e.Level}}
				s.said[k] = append(s.said[k], e)
			}
		case casefile.PlaceOffered:
			if !day.Before(c.From) {
				asked[e.Offer] = r.Meta.At
			}
		case casefile.OfferAccepted:
			if answers(e.Offer, r.Meta.At, true) {
				s.accepted++
			}
		case casefile.OfferDeclined:
			if answers(e.Offer, r.Meta.At, true) {
				s.refused++
			}
		case casefile.OfferLapsed:
			if answers(e.Offer, r.Meta.At, false) {
				s.refused++
			}
		}
		return true, nil
	})
	if err != nil {
		return s, err
	}
	if s.accepted == 0 {
		return s, ErrNothing
	}
	from := domain.DateOf(first)
	if from.Before(c.From) {
		from = c.From
	}
	s.from, s.end = from.Start(), domain.DateOf(latest).AddDays(1).Start()
	return s, nil
}

// pupil is a case as the journal has it by now.
type pupil struct {
	id      uuid.UUID
	state   casefile.State
	papers  casefile.Papers
	line    caseline.Line
	charged time.Time // since when a centre works on it, once for a search; zero: nobody does
	sitting domain.Institution
}

// seeks reports whether a place is to be found by whoever plans: officers may have found one.
func (p *pupil) seeks(shared map[uuid.UUID]bool) bool {
	s := &p.state
	if s.Erased || s.Status != casefile.InCharge && !s.Status.HoldsPlace() {
		return false
	}
	return s.Offer == nil || !s.Status.HoldsPlace() || !shared[s.Offer.ID]
}

// twice reports whether the case turned out to be another one.
func (p *pupil) twice() bool {
	return p.state.Status == casefile.Merged || p.state.Status == casefile.Closed && p.state.Reason == duplicate
}

const duplicate casefile.ClosureReason = "duplicate"

// kind is places of a grade at a site in a school year.
type kind struct {
	year domain.SchoolYear
	planning.Kind
}

// seats are what the journal says of places. Used counts those of all, shared those that no world can change.
type seats struct {
	capacity, pupils, foreign int
	then                      int // used when they were declared
	used, shared              int
	declared                  time.Time
}

// declare takes a school's word, as known at an instant.
func (s *seats) declare(e places.PlacesDeclared, at time.Time) {
	s.capacity, s.pupils, s.foreign, s.declared, s.then = e.Capacity, e.Pupils, e.Foreign, at, s.used
}

// replay is what is known while the journal is read.
type replay struct {
	Config
	span
	desk       *desk.Desk
	next       time.Time // the instant of the next plan
	order      []*pupil
	pupils     map[uuid.UUID]*pupil
	households map[string][]*pupil
	shared     map[uuid.UUID]bool // offers and enrolments that are the same in every world
	seats      map[kind]*seats
	officers   officers
	worlds     []*world
	ground     ranking.Ground
}

// Run replays a journal. The error is ErrNothing, or that of ctx where it ends before.
func Run(ctx context.Context, c Config) (Report, error) {
	s, err := c.survey(ctx)
	if err != nil {
		return Report{}, err
	}
	r := &replay{Config: c, span: s, desk: desk.New(c.Store, c.Codec, func() time.Time { return s.end }, territory.Province015),
		pupils: map[uuid.UUID]*pupil{}, households: map[string][]*pupil{}, shared: map[uuid.UUID]bool{}, seats: map[kind]*seats{}}
	r.officers = newOfficers()
	answer := spread(s.took).Median
	rate := float64(s.refused) / float64(s.accepted+s.refused)
	r.worlds = []*world{newWorld(r, answer, 0, false), newWorld(r, answer, rate, false), newWorld(r, answer, 0, true)}
	monday := domain.DateOf(s.from)
	for monday.Weekday() != time.Monday {
		monday = monday.AddDays(1)
	}
	r.next = monday.Start().Add(morning)
	if err := c.read(ctx, s.last, func(rec event.Record, e any) (bool, error) { return true, r.take(ctx, rec, e) }); err != nil {
		return Report{}, err
	}
	if err := r.until(ctx, s.end); err != nil {
		return Report{}, err
	}
	if err := r.look(ctx, s.end); err != nil {
		return Report{}, err
	}
	return r.report(answer), nil
}

// until draws what plans there are to draw before an instant, and has schools answer.
func (r *replay) until(ctx context.Context, at time.Time) error {
	for !at.Before(r.next) && r.next.Before(r.end) {
		if err := r.look(ctx, r.next); err != nil {
			return err
		}
		for i, w := range r.worlds {
			w.answers(r.next)
			if err := w.draw(ctx, r.next, i == 0); err != nil {
				return err
			}
		}
		r.next = r.after()
	}
	for _, w := range r.worlds {
		w.answers(at)
	}
	return nil
}

// after is the instant of the plan that follows the next one.
func (r *replay) after() time.Time {
	return domain.DateOf(r.next).AddDays(r.Every).Start().Add(morning)
}

// look takes the registers as they were known at an instant, and measures by them what officers offered since the last time.
func (r *replay) look(ctx context.Context, at time.Time) (err error) {
	if r.ground, err = ranking.GroundOf(ctx, r.desk, &r.officers, at); err != nil {
		return err
	}
	return r.officers.measure(ctx, r.ground)
}

// take folds one record of the journal.
func (r *replay) take(ctx context.Context, rec event.Record, e any) error {
	if err := r.until(ctx, rec.Meta.At); err != nil {
		return err
	}
	switch e := e.(type) {
	case casefile.Event:
		r.takeCase(rec, e)
		return nil
	case places.Event:
		return r.takePlaces(rec, e)
	}
	return fmt.Errorf("replay: %s is none of its events", rec.Type)
}

func (r *replay) takeCase(rec event.Record, e casefile.Event) {
	id := casefile.IDOf(rec.Stream)
	p := r.pupils[id]
	if p == nil {
		p = &pupil{id: id}
		p.line.Case = id
		r.pupils[id], r.order = p, append(r.order, p)
	}
	p.state, p.papers, p.line = casefile.Evolve(p.state, e), p.papers.With(e), p.line.With(rec, e)
	switch e := e.(type) {
	case casefile.RequestRecorded:
		if e.Household != "" {
			r.households[e.Household] = append(r.households[e.Household], p)
		}
	case casefile.AutonomousEnrolmentRecorded:
		r.shared[e.Enrolment] = true
		if e.Household != "" {
			r.households[e.Household] = append(r.households[e.Household], p)
		}
	case casefile.ChargeTaken:
		if p.charged.IsZero() {
			p.charged = rec.Meta.At
		}
	case casefile.PlaceOffered:
		if rec.Meta.At.Before(r.from) {
			r.shared[e.Offer] = true
		}
		if !r.shared[e.Offer] {
			r.officers.offered(p, e, r.opening(p.state.SchoolYear, e.School, e.Level))
		}
	case casefile.OfferAccepted:
		if !r.shared[e.Offer] {
			r.officers.accepted(p, e.Offer, rec.Meta.At)
		}
	case casefile.AcceptanceTakenBack:
		delete(r.officers.placed, id)
	case casefile.CaseReopened:
		p.charged = time.Time{}
	}
	if s := &p.state; s.Offer != nil && s.Status.HoldsPlace() && r.shared[s.Offer.ID] {
		p.sitting = s.Offer.Institution
	}
	if !p.state.Status.Open() || p.state.Erased {
		for _, w := range r.worlds {
			w.leaves(id)
		}
	}
}

// opening is what a school said of a grade when a place there was offered: its own hold came just before.
func (r *replay) opening(y domain.SchoolYear, school domain.School, l grade.Level) seats {
	if s := r.seats[kind{y, planning.Kind{School: school, Level: l}}]; s != nil {
		before := *s
		before.used = max(0, before.used-1)
		return before
	}
	return seats{}
}

func (r *replay) takePlaces(rec event.Record, e places.Event) error {
	school, year, ok := places.ParseStream(rec.Stream)
	if !ok {
		return fmt.Errorf("replay: %s names no places", rec.Stream)
	}
	at := func(l grade.Level) *seats {
		k := kind{year, planning.Kind{School: school, Level: l}}
		if r.seats[k] == nil {
			r.seats[k] = &seats{}
		}
		return r.seats[k]
	}
	use := func(l grade.Level, offer uuid.UUID, n int) {
		s := at(l)
		s.used += n
		if r.shared[offer] {
			s.shared += n
		}
	}
	switch e := e.(type) {
	case places.PlacesDeclared:
		at(e.Level).declare(e, e.At)
	case places.PlaceHeld:
		if rec.Meta.At.Before(r.from) { // the offer comes after its hold
			r.shared[e.Offer] = true
		}
		use(e.Level, e.Offer, 1)
	case places.PlaceTaken:
		if !e.Held {
			use(e.Level, e.Offer, 1)
		}
	case places.PlaceReleased:
		use(e.Level, e.Offer, -1)
	}
	return nil
}

// proven reports whether a plan is known to be the best.
func proven(d planning.Drawn) bool {
	part, _ := d.Gap()
	return part == len(matching.Cost{})
}
