package casefile

import (
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/grade"
)

// Command is what somebody asks of a case.
type Command interface {
	Issued() domain.Act
	caseCommand()
}

// Route is what the territory's policy in force says of a new case; see territory.State.Route.
type Route struct {
	Centre      domain.Centre
	Policy      string
	Provisional bool
	Assumed     bool
	Terms       Terms
}

// Commands of package casefile. Whoever issues one brings the facts that lie outside the stream: the route, the suspension in
// force, when the school last declared places.
type (
	// RecordRequest begins a case by a comune or the UST.
	RecordRequest struct {
		domain.Act
		Channel domain.Channel
		On      domain.Date
		Facts   Facts
		Asked   *grade.Level
		Pupil   Pupil
		Route   Route
	}
	// RecordAutonomousEnrolment begins a case by a school. FirstDay may be zero.
	RecordAutonomousEnrolment struct {
		domain.Act
		School      domain.School
		Institution domain.Institution
		Enrolment   uuid.UUID
		On          domain.Date
		FirstDay    domain.Date
		Facts       Facts
		Pupil       Pupil
		Route       Route
	}
	// AmendRequest replaces the parts that are given.
	AmendRequest struct {
		domain.Act
		Level     *grade.Level
		Sex       Sex
		Asked     *grade.Level
		Preferred []domain.School
		Needs     []Need
		Pupil     Pupil
	}
	// ChangeDomicile moves the pupil. The route is that of the new comune.
	ChangeDomicile struct {
		domain.Act
		Comune    domain.Comune
		Municipio domain.Municipio
		From      domain.Date
		Domicile  domain.Sealed[Domicile]
		Route     Route
	}
	// TakeCharge is the centre's. Suspended: intake is, for this case's comune, now.
	TakeCharge struct {
		domain.Act
		Suspended bool
	}
	// AskQuestion is put to the comune or to the school that holds the offer.
	AskQuestion struct {
		domain.Act
		To    HolderKind
		Topic QuestionTopic
		Text  Text
	}
	// AnswerQuestion is for whoever was asked, or for the centre that learned the answer otherwise.
	AnswerQuestion struct {
		domain.Act
		Text Text
	}
	// DetermineGrade fixes the grade; without a resolution it must be the one by age.
	DetermineGrade struct {
		domain.Act
		Level      grade.Level
		Resolution *grade.Resolution
	}
	// HandOver passes the case to another centre.
	HandOver struct {
		domain.Act
		To     domain.Centre
		Reason HandOverReason
		Text   Text
		Terms  Terms
	}
	// OfferPlace asks a school for a place that is held there already under the offer's id.
	OfferPlace struct {
		domain.Act
		Offer       uuid.UUID
		School      domain.School
		Institution domain.Institution
		Level       grade.Level
		Due         time.Time
		DeclaredAt  time.Time // when the school last declared places for the grade; zero: never
		Suspended   bool      // placement is, for this case's comune, now
		Override    *Override
		Weights     string    // version in force
		Plan        uuid.UUID // that it confirms; zero: none
	}
	// AcceptOffer is the school's yes.
	AcceptOffer struct {
		domain.Act
		Offer     uuid.UUID
		On        domain.Date
		Section   string
		Suspended bool
	}
	// DeclineOffer is the school's no.
	DeclineOffer struct {
		domain.Act
		Offer  uuid.UUID
		Reason DeclineReason
		Text   Text
	}
	// LapseOffer is the clock's.
	LapseOffer struct {
		domain.Act
		Offer uuid.UUID
	}
	// WithdrawOffer is the centre's.
	WithdrawOffer struct {
		domain.Act
		Offer  uuid.UUID
		Reason OfferWithdrawalReason
	}
	// RecordFirstDay is the school's; given again with another day it corrects the first.
	RecordFirstDay struct {
		domain.Act
		On domain.Date
	}
	// EndAttendance ends and closes.
	EndAttendance struct {
		domain.Act
		On     domain.Date
		Reason ClosureReason
		Text   Text
	}
	// WithdrawRequest is the comune's way to take its request back, until a school has accepted.
	WithdrawRequest struct {
		domain.Act
		Reason ClosureReason
		Text   Text
	}
	// Close ends a case that is not attended.
	Close struct {
		domain.Act
		Reason ClosureReason
		Text   Text
	}
	// Reopen gives a closed case back to its centre.
	Reopen struct {
		domain.Act
		Text  Text
		Terms Terms
	}
	// Merge joins this case to another of the same child.
	Merge struct {
		domain.Act
		Into       uuid.UUID
		IntoStatus Status // of the other case, now
		Text       Text
	}
	// Unmerge parts them.
	Unmerge struct {
		domain.Act
		Text Text
	}
	// AddNote leaves a note for all who follow the case; what is for some of them is SendMessage.
	AddNote struct {
		domain.Act
		Text Text
	}
	// ExpireClock is the clock's: it sends an overdue case up, once to the centre and once to the UST.
	ExpireClock struct {
		domain.Act
		Clock ClockName
		Due   time.Time
		To    domain.Role
	}
)

func (RecordRequest) caseCommand()             {}
func (RecordAutonomousEnrolment) caseCommand() {}
func (AmendRequest) caseCommand()              {}
func (ChangeDomicile) caseCommand()            {}
func (TakeCharge) caseCommand()                {}
func (AskQuestion) caseCommand()               {}
func (AnswerQuestion) caseCommand()            {}
func (DetermineGrade) caseCommand()            {}
func (HandOver) caseCommand()                  {}
func (OfferPlace) caseCommand()                {}
func (AcceptOffer) caseCommand()               {}
func (DeclineOffer) caseCommand()              {}
func (LapseOffer) caseCommand()                {}
func (WithdrawOffer) caseCommand()             {}
func (RecordFirstDay) caseCommand()            {}
func (EndAttendance) caseCommand()             {}
func (WithdrawRequest) caseCommand()           {}
func (Close) caseCommand()                     {}
func (Reopen) caseCommand()                    {}
func (Merge) caseCommand()                     {}
func (Unmerge) caseCommand()                   {}
func (AddNote) caseCommand()                   {}
func (ExpireClock) caseCommand()               {}
