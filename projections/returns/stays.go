package returns

import (
	"iter"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/returns"
	"approdo/projections"
)

// wall lets a school see its own; UST and Prefettura count all.
var wall = projections.Wall{domain.RoleSchool: "institution", domain.RoleUST: "", domain.RolePrefettura: ""}

// Stay is a pupil taken in by an institution, accepted or attending, in one order. Since and Until are the instants between which the
// journal knew of it, UTC; the days are those the pupil came and left, which may lie before: a school that records on Tuesday whom it
// took in on Friday is counted from Tuesday on, and the day says why.
type Stay struct {
	Case        uuid.UUID              `col:"case_id,key"`
	N           int                    `col:"n,key"` // of the case, from 1
	Institution domain.Institution     `col:"institution"`
	School      domain.School          `col:"school"`
	Order       grade.Order            `col:"school_order"`
	Since       time.Time              `col:"since"`
	Until       time.Time              `col:"until"` // zero: it lasts
	Came        domain.Date            `col:"came_on"`
	Left        domain.Date            `col:"left_on"`
	Began       string                 `col:"began"` // stored name of the event
	Ended       string                 `col:"ended"`
	Reason      casefile.ClosureReason `col:"reason"` // of the closure that ended it
}

// StayKey finds the row in its table.
type StayKey struct {
	Case uuid.UUID
	N    int
}

// Key finds the row in its table.
func (s Stay) Key() StayKey { return StayKey{s.Case, s.N} }

var stays = projections.TableOf[Stay, StayKey]("returns_stays",
	projections.Index{"institution", "school_order", "school", "since", "until"}).Behind(wall)

// standing is what is remembered of a case to tell when its pupil comes and leaves. Nothing in it is of anybody.
type standing struct {
	Case        uuid.UUID          `col:"case_id,key"`
	Status      casefile.Status    `col:"status"`
	BeforeMerge casefile.Status    `col:"before_merge"`
	Institution domain.Institution `col:"institution"` // of the offer or the place
	School      domain.School      `col:"school"`
	Order       grade.Order        `col:"school_order"`
	Grade       int                `col:"grade"`
	ByAge       string             `col:"by_age"`
	Stays       int                `col:"stays"`
}

func (s standing) Key() uuid.UUID { return s.Case }

var cases = projections.TableOf[standing]("returns_cases").Behind(wall)

// seat is where a pupil is taken in; zero where he is not.
type seat struct {
	institution domain.Institution
	school      domain.School
	order       grade.Order
}

func (s standing) seat() seat {
	if s.Status != casefile.Accepted && s.Status != casefile.Attending {
		return seat{}
	}
	return seat{s.Institution, s.School, s.Order}
}

func applyCase(tx *projections.Tx, r projections.Event, e casefile.Event) {
	id := casefile.IDOf(r.Stream)
	before, _ := cases.Get(tx, id)
	after := before.with(e)
	after.Case = id
	was, is := before.seat(), after.seat()
	if was != is && was != (seat{}) {
		stays.Update(tx, StayKey{id, after.Stays}, func(s *Stay) {
			s.Until, s.Left, s.Ended = r.Meta.At, dayOf(r, e), r.Type
			if closed, ok := e.(casefile.CaseClosed); ok {
				s.Reason = closed.Reason
			}
		})
	}
	if was != is && is != (seat{}) {
		after.Stays++
		stays.Put(tx, Stay{Case: id, N: after.Stays, Institution: is.institution, School: is.school, Order: is.order,
			Since: r.Meta.At, Came: dayOf(r, e), Began: r.Type})
	}
	if after != before {
		cases.Put(tx, after)
	}
}

// dayOf is the day an event is about, else the day it was done.
func dayOf(r projections.Event, e casefile.Event) domain.Date {
	switch e := e.(type) {
	case casefile.AutonomousEnrolmentRecorded:
		return e.On
	case casefile.OfferAccepted:
		return e.On
	case casefile.CaseClosed:
		return e.On
	}
	return domain.DateOf(r.Meta.At)
}

// with follows casefile.Evolve as far as a place goes; a test holds the two together.
func (s standing) with(e casefile.Event) standing {
	switch e := e.(type) {
	case casefile.RequestRecorded:
		s.Status = casefile.Requested
		s.level(e.Level)
		s.ByAge = e.Level.String()
	case casefile.AutonomousEnrolmentRecorded:
		s.Status, s.Institution, s.School = casefile.Accepted, e.Institution, e.School
		s.level(e.Level)
		s.ByAge = e.Level.String()
	case casefile.Routed:
		s.moved()
	case casefile.HandedOver:
		s.moved()
	case casefile.RequestAmended:
		if e.Level != nil {
			if (grade.Level{Order: s.Order, Year: s.Grade}).String() == s.ByAge { // no resolution says otherwise
				s.level(*e.Level)
			}
			s.ByAge = e.Level.String()
		}
	case casefile.GradeDetermined:
		s.level(e.Level)
	case casefile.ChargeTaken:
		s.Status = casefile.InCharge
	case casefile.PlaceOffered:
		s.Status, s.Institution, s.School = casefile.Offered, e.Institution, e.School
	case casefile.OfferAccepted:
		s.Status, s.Institution, s.School = casefile.Accepted, e.Institution, e.School
	case casefile.FirstDayRecorded:
		if s.School != "" {
			s.Status = casefile.Attending
		}
	case casefile.FirstDayAnnulled:
		if s.Status == casefile.Attending {
			s.Status = casefile.Accepted
		}
	case casefile.OfferDeclined, casefile.OfferLapsed, casefile.OfferWithdrawn, casefile.AcceptanceTakenBack:
		s.Status, s.Institution, s.School = casefile.InCharge, "", ""
	case casefile.CaseClosed:
		s.Status, s.Institution, s.School = casefile.Closed, "", ""
	case casefile.CaseReopened:
		s.Status = casefile.Requested
	case casefile.CaseMerged:
		if s.Status != casefile.Merged {
			s.BeforeMerge = s.Status
		}
		s.Status = casefile.Merged
	case casefile.CaseParted:
		if s.Status == casefile.Merged {
			s.Status = s.BeforeMerge
		}
		s.BeforeMerge = ""
	}
	return s
}

func (s *standing) level(l grade.Level) { s.Order, s.Grade = l.Order, l.Year }

// moved: a case without a place must be taken in charge anew.
func (s *standing) moved() {
	if !s.Status.HoldsPlace() {
		s.Status = casefile.Requested
	}
}

// Count is how many pupils of an order an institution has taken in at a site.
type Count struct {
	Institution domain.Institution `col:"institution"`
	School      domain.School      `col:"school"`
	Order       grade.Order        `col:"school_order"`
	N           int                `col:"n"`
}

// known narrows stays to those the journal knew of at $1.
const known = "since <= $1 AND (until IS NULL OR until > $1)"

// Counts counts all who were taken in, as known at an instant, by institution, site and order.
func Counts(s *projections.Snapshot, at time.Time) iter.Seq2[Count, error] {
	return projections.Select[Count](s, "SELECT institution, school, school_order, count(*) AS n FROM {returns_stays} WHERE "+known+
		" GROUP BY institution, school, school_order ORDER BY institution, school, school_order", at)
}

// FiguresOf counts those whom one institution had taken in, as known at an instant.
func FiguresOf(s *projections.Snapshot, i domain.Institution, at time.Time) (f returns.Figures, err error) {
	type count struct {
		Order grade.Order `col:"school_order"`
		N     int         `col:"n"`
	}
	for c, err := range projections.Select[count](s, "SELECT school_order, count(*) AS n FROM {returns_stays} WHERE institution = $2 AND "+known+
		" GROUP BY school_order", at, i) {
		if err != nil {
			return f, err
		}
		f = f.With(c.Order, c.N)
	}
	return f, nil
}

// StaysOf lists those whom an institution had taken in, as known at an instant, by order and day.
func StaysOf(s *projections.Snapshot, i domain.Institution, at time.Time) iter.Seq2[Stay, error] {
	return stays.Where(s, "institution = $2 AND "+known+" ORDER BY school_order, came_on, case_id", at, i)
}

// Movement is a pupil who came to an institution, or left it. Both is a stay that began and ended meanwhile.
type Movement struct {
	Stay
	In bool
	At time.Time   // when the journal learned of it, UTC
	On domain.Date // the day it is about
	By string      // stored name of the event
}

// Movements lists who came and who left between two instants, the second included, as the journal learned of it: the figures as of the
// first, with those who came and without those who left, are the figures as of the second.
func Movements(s *projections.Snapshot, i domain.Institution, after, until time.Time) (out []Movement, err error) {
	within := func(t time.Time) bool { return t.After(after) && !t.After(until) }
	for stay, err := range stays.Where(s, "institution = $3 AND (since > $1 AND since <= $2 OR until > $1 AND until <= $2) ORDER BY since, case_id, n",
		after, until, i) {
		if err != nil {
			return nil, err
		}
		if within(stay.Since) {
			out = append(out, Movement{Stay: stay, In: true, At: stay.Since, On: stay.Came, By: stay.Began})
		}
		if !stay.Until.IsZero() && within(stay.Until) {
			out = append(out, Movement{Stay: stay, At: stay.Until, On: stay.Left, By: stay.Ended})
		}
	}
	return out, nil
}
