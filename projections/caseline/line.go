// Package caseline is the line a case has in a list, whoever's list it is. The views of the comuni, the centres and the schools keep
// lines in tables of their own, so that a list can only hold what its reader may see.
package caseline

import (
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/projections"
)

// Line is a case in a list. The identity is sealed; instants are UTC.
type Line struct {
	Case        uuid.UUID                  `col:"case_id,key"`
	Status      casefile.Status            `col:"status"`
	HolderKind  casefile.HolderKind        `col:"holder_kind"` // empty once nobody must act
	HolderBody  string                     `col:"holder_body"`
	HeldSince   time.Time                  `col:"held_since"`
	Clock       string                     `col:"clock"` // which term runs: one of casefile.ClockName, "school-answer", or empty
	Due         time.Time                  `col:"due"`   // of that clock; the list of what is most pressing goes by it
	Escalated   domain.Role                `col:"escalated"`
	Channel     domain.Channel             `col:"channel"`
	Comune      domain.Comune              `col:"comune"`
	Municipio   domain.Municipio           `col:"municipio"`
	Centre      domain.Centre              `col:"centre"`
	Provisional bool                       `col:"provisional"`
	School      domain.School              `col:"school"`      // that has an offer or the place
	Institution domain.Institution         `col:"institution"` // of that school
	Offer       uuid.UUID                  `col:"offer"`
	Offers      int                        `col:"offers"`
	Declines    int                        `col:"declines"`
	Question    bool                       `col:"question"` // waits for an answer
	SchoolYear  domain.SchoolYear          `col:"school_year"`
	Order       grade.Order                `col:"school_order"`
	Grade       int                        `col:"grade"`
	Sex         casefile.Sex               `col:"sex"`
	Household   string                     `col:"household"`
	RequestedOn domain.Date                `col:"requested_on"`
	RequestedAt time.Time                  `col:"requested_at"`
	AcceptedOn  domain.Date                `col:"accepted_on"`
	FirstDay    domain.Date                `col:"first_day"`
	EndedOn     domain.Date                `col:"ended_on"`
	Reason      string                     `col:"reason"` // of a closure
	MergedInto  uuid.UUID                  `col:"merged_into"`
	Restricted  casefile.RestrictionReason `col:"restricted"` // empty: the reading is not
	Identity    domain.Box                 `col:"identity"`
	Revision    int64                      `col:"revision"`
	UpdatedAt   time.Time                  `col:"updated_at"`
	// What the line needs to go on from, and no list shows.
	ChargeDue     time.Time       `col:"charge_due"`
	FirstOfferDue time.Time       `col:"first_offer_due"`
	FirstDayDue   time.Time       `col:"first_day_due"`
	BeforeMerge   casefile.Status `col:"before_merge"`
	AskedKind     string          `col:"asked_kind"`
	AskedBody     string          `col:"asked_body"`
	ByAge         string          `col:"by_age"`
}

// Wall is around every table of lines: a comune, a centre and an institution see the lines that are theirs now, the UST all.
var Wall = projections.Wall{domain.RoleComune: "comune", domain.RoleCentre: "centre", domain.RoleSchool: "institution", domain.RoleUST: ""}

// ClockSchoolAnswer runs while an offer stands.
const ClockSchoolAnswer = "school-answer"

// Level is the grade of the case.
func (l Line) Level() grade.Level { return grade.Level{Order: l.Order, Year: l.Grade} }

// Overdue reports whether the running term is over.
func (l Line) Overdue(now time.Time) bool { return !l.Due.IsZero() && !now.Before(l.Due) }

// With folds one more event of the case into its line.
func (l Line) With(r event.Record, e casefile.Event) Line {
	l.Revision, l.UpdatedAt = int64(r.Revision), r.Meta.At
	clock := l.Clock
	switch e := e.(type) {
	case casefile.RequestRecorded:
		l.begin(e.Channel, e.Facts, e.Identity, e.On, e.At)
		l.Status = casefile.Requested
	case casefile.AutonomousEnrolmentRecorded:
		l.begin(domain.ChannelSchool, e.Facts, e.Identity, e.On, e.At)
		l.Status, l.AcceptedOn = casefile.Accepted, e.On
		l.Offer, l.School, l.Institution = e.Enrolment, e.School, e.Institution
	case casefile.Routed:
		l.Provisional = e.Provisional
		l.moveTo(e.Centre, e.Terms, e.At)
	case casefile.RequestAmended:
		l.amend(e)
	case casefile.DomicileChanged:
		if l.AskedKind == string(casefile.HeldByComune) && l.AskedBody != string(e.Comune) {
			l.AskedBody, l.HeldSince = string(e.Comune), e.At
		}
		l.Comune, l.Municipio = e.Comune, e.Municipio
	case casefile.ChargeTaken:
		l.Status, l.HeldSince = casefile.InCharge, e.At
	case casefile.QuestionAsked:
		l.Question, l.AskedKind, l.AskedBody, l.HeldSince = true, string(e.To.Kind), e.To.Body, e.At
	case casefile.QuestionAnswered:
		l.answered()
		l.HeldSince = e.At
	case casefile.GradeDetermined:
		l.Order, l.Grade = e.Level.Order, e.Level.Year
	case casefile.HandedOver:
		l.moveTo(e.To, e.Terms, e.At)
	case casefile.PlaceOffered:
		l.Status, l.HeldSince, l.Offers = casefile.Offered, e.At, l.Offers+1
		l.Offer, l.School, l.Institution, l.Due = e.Offer, e.School, e.Institution, e.Due
	case casefile.OfferDeclined:
		l.Declines++
		l.backToCentre(e.At)
	case casefile.OfferLapsed:
		l.backToCentre(e.At)
	case casefile.OfferWithdrawn:
		l.backToCentre(e.At)
	case casefile.OfferAccepted:
		l.Status, l.AcceptedOn, l.HeldSince = casefile.Accepted, e.On, e.At
		l.Offer, l.School, l.Institution = e.Offer, e.School, e.Institution
	case casefile.AcceptanceTakenBack:
		l.AcceptedOn = domain.Date{}
		l.backToCentre(e.At)
	case casefile.DeclineTakenBack:
	case casefile.FirstDayRecorded:
		l.FirstDay = e.On
		if l.Status.HoldsPlace() {
			l.Status = casefile.Attending
		}
	case casefile.FirstDayAnnulled:
		l.FirstDay = domain.Date{}
		if l.Status == casefile.Attending {
			l.Status = casefile.Accepted
		}
	case casefile.AttendanceEnded:
		l.EndedOn = e.On
	case casefile.CaseClosed:
		l.leavePlace()
		l.answered()
		l.Status, l.Reason = casefile.Closed, string(e.Reason)
	case casefile.CaseReopened:
		l.Status, l.Reason, l.HeldSince, l.Offers = casefile.Requested, "", e.At, 0
		l.AcceptedOn, l.FirstDay, l.EndedOn = domain.Date{}, domain.Date{}, domain.Date{}
		l.start(e.Terms)
	case casefile.CaseMerged:
		if l.Status != casefile.Merged {
			l.BeforeMerge = l.Status
		}
		l.Status, l.MergedInto = casefile.Merged, e.Into
	case casefile.CaseParted:
		if l.Status == casefile.Merged {
			l.Status, l.HeldSince = l.BeforeMerge, e.At
		}
		l.BeforeMerge, l.MergedInto = "", uuid.Nil
	case casefile.ClockExpired:
		l.Escalated = e.To
	case casefile.PupilErased:
		l.Identity = domain.Box{}
	case casefile.CaseRestricted:
		l.Restricted = e.Reason
	case casefile.RestrictionLifted:
		l.Restricted = ""
	case casefile.ErasureProposed, casefile.ErasureRejected, casefile.HealthErased:
	case casefile.NoteAdded, casefile.MessageSent:
	}
	l.settle()
	if l.Clock != clock {
		l.Escalated = ""
	}
	return l
}

// Remembered is With, except that the institution which had the pupil keeps a case that is closed, until it is opened again.
func (l Line) Remembered(r event.Record, e casefile.Event) Line {
	next := l.With(r, e)
	switch e.(type) {
	case casefile.CaseClosed:
		if l.Status == casefile.Accepted || l.Status == casefile.Attending {
			next.School, next.Institution = l.School, l.Institution
		}
	case casefile.CaseReopened:
		next.leavePlace()
	}
	return next
}

// Key finds the line in its table.
func (l Line) Key() uuid.UUID { return l.Case }

func (l *Line) begin(ch domain.Channel, f casefile.Facts, identity domain.Sealed[casefile.Identity], on domain.Date, at time.Time) {
	l.Channel, l.Comune, l.Municipio, l.SchoolYear, l.Sex, l.Household = ch, f.Comune, f.Municipio, f.SchoolYear, f.Sex, f.Household
	l.Order, l.Grade, l.ByAge = f.Level.Order, f.Level.Year, f.Level.String()
	l.Identity, _ = identity.Box()
	l.RequestedOn, l.RequestedAt, l.HeldSince = on, at, at
}

func (l *Line) amend(e casefile.RequestAmended) {
	if e.Level != nil {
		if l.Level().String() == l.ByAge {
			l.Order, l.Grade = e.Level.Order, e.Level.Year
		}
		l.ByAge = e.Level.String()
	}
	if e.Sex != "" {
		l.Sex = e.Sex
	}
	if box, ok := e.Identity.Box(); ok {
		l.Identity = box
	}
}

func (l *Line) start(t casefile.Terms) {
	renew(&l.ChargeDue, t.TakeCharge)
	renew(&l.FirstOfferDue, t.FirstOffer)
	renew(&l.FirstDayDue, t.FirstDay)
	l.Escalated = ""
}

// renew leaves a term as it is where there is no new one.
func renew(due *time.Time, at time.Time) {
	if !at.IsZero() {
		*due = at
	}
}

func (l *Line) moveTo(c domain.Centre, t casefile.Terms, at time.Time) {
	l.Centre = c
	if !l.Status.HoldsPlace() {
		l.Status, l.HeldSince = casefile.Requested, at
	}
	l.start(t)
}

func (l *Line) backToCentre(at time.Time) {
	l.leavePlace()
	l.Status, l.HeldSince = casefile.InCharge, at
	if l.AskedKind == string(casefile.HeldBySchool) {
		l.answered()
	}
}

func (l *Line) leavePlace() { l.Offer, l.School, l.Institution = uuid.Nil, "", "" }

func (l *Line) answered() { l.Question, l.AskedKind, l.AskedBody = false, "", "" }

// settle derives who holds the case and which term runs.
func (l *Line) settle() {
	switch {
	case !l.Status.Open():
		l.HolderKind, l.HolderBody = "", ""
	case l.Question:
		l.HolderKind, l.HolderBody = casefile.HolderKind(l.AskedKind), l.AskedBody
	case l.Status.HoldsPlace():
		l.HolderKind, l.HolderBody = casefile.HeldBySchool, string(l.Institution)
	default:
		l.HolderKind, l.HolderBody = casefile.HeldByCentre, string(l.Centre)
	}
	switch {
	case l.Status == casefile.Requested:
		l.Clock, l.Due = string(casefile.ClockTakeCharge), l.ChargeDue
	case l.Status == casefile.InCharge && l.Offers == 0:
		l.Clock, l.Due = string(casefile.ClockFirstOffer), l.FirstOfferDue
	case l.Status == casefile.Offered:
		l.Clock = ClockSchoolAnswer
	case l.Status == casefile.InCharge, l.Status == casefile.Accepted:
		l.Clock, l.Due = string(casefile.ClockFirstDay), l.FirstDayDue
	default:
		l.Clock, l.Due = "", time.Time{}
	}
}
