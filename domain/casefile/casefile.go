// Package casefile is one pupil's case, from the request to the first day and beyond: what may be asked of it (Command), what
// happens to it (Event), and the rules between the two (Decide). The rules are those of DPR 394/1999 art. 45 and of the practice
// the glossary in package domain names.
package casefile

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// HolderKind is who can hold a case.
type HolderKind string

// The three kinds of holder.
const (
	HeldByCentre HolderKind = "centre"
	HeldBySchool HolderKind = "school"
	HeldByComune HolderKind = "comune"
)

// Holder must act next. Body is a centre's, an institution's or a comune's code.
type Holder struct {
	Kind HolderKind `json:"kind"`
	Body string     `json:"body"`
}

// Is reports whether an actor acts for the holder.
func (h Holder) Is(a domain.Actor) bool { return string(h.Kind) == string(a.Role) && h.Body == a.Body }

// Offer is the offer that stands, or the enrolment that took its place.
type Offer struct {
	ID          uuid.UUID
	School      domain.School
	Institution domain.Institution
	Level       grade.Level
	Due         time.Time
}

// Question waits for an answer.
type Question struct {
	To    Holder
	Topic QuestionTopic
}

// State is what the rules read, nothing else. The zero State is a case nobody has recorded.
type State struct {
	Status     Status
	Channel    domain.Channel
	Comune     domain.Comune
	Municipio  domain.Municipio
	SchoolYear domain.SchoolYear
	Centre     domain.Centre
	ByAge      grade.Level
	Level      grade.Level // determined; until then the one by age
	Question   *Question
	Offer      *Offer // while Status.HoldsPlace
	// Declined says when each school last declined: it is not asked again until it has declared places since.
	Declined   map[domain.School]time.Time
	Offers     int // how many were made
	AcceptedOn domain.Date
	AcceptedAt time.Time // by an offer; zero for a school's own enrolment
	FirstDay   domain.Date
	EndedOn    domain.Date
	Reason     ClosureReason
	ClosedOn   domain.Date
	// WithdrawnBy withdrew the request and so closed the case: where it was the comune, that comune may open it again.
	WithdrawnBy Party
	// What can still be taken back.
	Handed      *HandedFrom
	LastDecline *Decline
	MergedInto  uuid.UUID
	beforeMerge Status
	RequestedOn domain.Date
	RequestedAt time.Time // or reopened: the terms of a search run from here
	HeldSince   time.Time // by the present holder
	ChargeDue   time.Time // since when a centre should take charge
	Expired     map[ClockName]domain.Role
	Erased      bool
	// HealthErased: what is said of health can neither be read nor given anew.
	HealthErased       bool
	Erasure            *ErasureProposal  // waits for a second person
	Restriction        RestrictionReason // empty: none
	approved, rejected uuid.UUID         // the last proposals that were
	// PastCentres and PastInstitutions once acted on the case and still see what they did.
	PastCentres      []domain.Centre
	PastInstitutions []domain.Institution
	// The parts in clear that an amendment or a move may only repeat.
	Sex       Sex
	Asked     *grade.Level
	Preferred []domain.School
	Needs     []Need
	LivesFrom domain.Date
}

// Holder is who must act next; the zero Holder when nobody must.
func (s State) Holder() Holder {
	switch {
	case !s.Status.Open():
		return Holder{}
	case s.Question != nil:
		return s.Question.To
	case s.Status.HoldsPlace():
		return Holder{HeldBySchool, string(s.Offer.Institution)}
	default:
		return Holder{HeldByCentre, string(s.Centre)}
	}
}

// The rules that refuse.
var (
	ErrNoCase            = domain.NotFound("case-not-found")
	ErrExists            = domain.Refused("case-exists")
	ErrNotOpen           = domain.Refused("case-not-open")
	ErrNotClosed         = domain.Refused("case-not-closed")
	ErrHeldByAnother     = domain.Refused("held-by-another")
	ErrNotYours          = domain.Refused("not-for-your-role")
	ErrNotInCharge       = domain.Refused("charge-not-taken")
	ErrQuestionOpen      = domain.Refused("question-open")
	ErrNoQuestion        = domain.Refused("no-question-open")
	ErrOfferStands       = domain.Refused("offer-stands")
	ErrNoSuchOffer       = domain.Refused("offer-not-standing")
	ErrDeclinedBefore    = domain.Refused("school-declined-before")
	ErrOtherGrade        = domain.Refused("grade-not-as-determined")
	ErrIntakeSuspended   = domain.Refused("intake-suspended")
	ErrPlacementStopped  = domain.Refused("placement-suspended")
	ErrSameCentre        = domain.Refused("same-centre")
	ErrNotDueYet         = domain.Refused("not-due-yet")
	ErrAcceptedTooEarly  = domain.Refused("accepted-before-request")
	ErrFirstDayTooEarly  = domain.Refused("first-day-before-acceptance")
	ErrDayInFuture       = domain.Refused("day-in-future")
	ErrEndBeforeFirstDay = domain.Refused("end-before-first-day")
	ErrNotAttending      = domain.Refused("not-attending")
	ErrStillAttending    = domain.Refused("still-attending")
	ErrPlaceKept         = domain.Refused("case-holds-place")
	ErrMergeIntoMerged   = domain.Refused("other-case-merged")
	ErrMergeIntoClosed   = domain.Refused("other-case-closed")
	ErrMergeIntoItself   = domain.Refused("same-case")
	ErrNotMerged         = domain.Refused("not-merged")
	ErrErased            = domain.Refused("pupil-erased")
	ErrMissing           = domain.Invalid("field-required")
	ErrChoiceUnknown     = domain.Invalid("choice-unknown")
	ErrTextTooLong       = domain.Invalid("text-too-long")
	ErrCentreUnknown     = domain.Invalid("centre-unknown")
	ErrReasonMissing     = domain.Invalid("reason-missing")
	ErrOverrideReason    = domain.Invalid("override-reason-missing").On("override_reason")
	ErrNothingToChange   = domain.Invalid("nothing-to-change")
)

// Decider is the aggregate.
var Decider = event.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Decide:  Decide,
	Evolve:  Evolve,
}

// Decide answers a command with the events it causes, with none if it is already so, or with the rule that forbids it.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case RecordRequest:
		return decideRequest(s, c)
	case RecordAutonomousEnrolment:
		return decideAutonomousEnrolment(s, c)
	}
	if s.Status == "" {
		return nil, ErrNoCase
	}
	if s.Erased {
		switch c.(type) {
		case ApproveErasure, RestoreErasure, LapseOffer, ExpireClock: // it is so already, or nothing runs any more
			return nil, nil
		}
		return nil, ErrErased
	}
	switch c := c.(type) {
	case AmendRequest:
		return decideAmendment(s, c)
	case ChangeDomicile:
		return decideDomicile(s, c)
	case TakeCharge:
		return decideCharge(s, c)
	case AskQuestion:
		return decideQuestion(s, c)
	case AnswerQuestion:
		return decideAnswer(s, c)
	case DetermineGrade:
		return decideGrade(s, c)
	case HandOver:
		return decideHandOver(s, c)
	case OfferPlace:
		return decideOffer(s, c)
	case AcceptOffer:
		return decideAcceptance(s, c)
	case DeclineOffer:
		return decideDecline(s, c)
	case LapseOffer:
		return decideLapse(s, c)
	case WithdrawOffer:
		return decideOfferWithdrawal(s, c)
	case RecordFirstDay:
		return decideFirstDay(s, c)
	case EndAttendance:
		return decideEnd(s, c)
	case WithdrawRequest:
		return decideWithdrawal(s, c)
	case Close:
		return decideClosure(s, c)
	case Reopen:
		return decideReopening(s, c)
	case Merge:
		return decideMerge(s, c)
	case Unmerge:
		return decideUnmerge(s, c)
	case AddNote:
		return decideNote(c)
	case SendMessage:
		return decideMessage(s, c)
	case TakeBackHandOver:
		return decideHandOverBack(s, c)
	case TakeBackAcceptance:
		return decideAcceptanceBack(s, c)
	case TakeBackDecline:
		return decideDeclineBack(s, c)
	case AnnulFirstDay:
		return decideFirstDayBack(s, c)
	case ExpireClock:
		return decideExpiry(s, c)
	case ProposeErasure:
		return decideErasureProposal(s, c)
	case WithdrawErasure:
		return decideErasureWithdrawal(s, c)
	case RejectErasure:
		return decideErasureRejection(s, c)
	case ApproveErasure:
		return decideErasureApproval(s, c)
	case RestoreErasure:
		return decideErasureRestoration(s, c)
	case Restrict:
		return decideRestriction(s, c)
	case LiftRestriction:
		return decideRestrictionLifting(s, c)
	}
	return nil, ErrNotYours
}

func decideRequest(s State, c RecordRequest) ([]Event, error) {
	switch {
	case s.Status != "":
		return nil, ErrExists
	case !recordsFor(c.By, domain.RoleComune, string(c.Facts.Comune)):
		return nil, ErrNotYours
	case c.Route.Centre == "":
		return nil, ErrCentreUnknown
	}
	if err := checkDay(c.On, c.At); err != nil {
		return nil, err.On("on")
	}
	return []Event{
		RequestRecorded{Channel: c.Channel, On: c.On, At: c.At, Facts: c.Facts, Asked: c.Asked, Pupil: c.Pupil},
		routed(c.Route, c.At),
	}, nil
}

func decideAutonomousEnrolment(s State, c RecordAutonomousEnrolment) ([]Event, error) {
	switch {
	case s.Status != "":
		return nil, ErrExists
	case !recordsFor(c.By, domain.RoleSchool, string(c.Institution)):
		return nil, ErrNotYours
	case c.Route.Centre == "":
		return nil, ErrCentreUnknown
	}
	if err := checkDay(c.On, c.At); err != nil {
		return nil, err.On("on")
	}
	events := []Event{
		AutonomousEnrolmentRecorded{School: c.School, Institution: c.Institution, Enrolment: c.Enrolment, On: c.On, At: c.At,
			Facts: c.Facts, Pupil: c.Pupil},
		routed(c.Route, c.At),
	}
	if c.FirstDay.IsZero() {
		return events, nil
	}
	if err := checkFirstDay(c.On, c.FirstDay, c.At); err != nil {
		return nil, err
	}
	return append(events, FirstDayRecorded{On: c.FirstDay}), nil
}

// recordsFor: a body begins cases of its own; the UST and importers begin anybody's.
func recordsFor(a domain.Actor, role domain.Role, body string) bool {
	return a.Role == role && a.Body == body || a.Role == domain.RoleUST || a.Role == domain.RoleSystem
}

// checkDay wants a day that has come.
func checkDay(d domain.Date, at time.Time) *domain.Error {
	switch {
	case d.IsZero():
		return ErrMissing
	case domain.DateOf(at).Before(d):
		return ErrDayInFuture
	}
	return nil
}

func routed(r Route, at time.Time) Routed {
	return Routed{Centre: r.Centre, Policy: r.Policy, Provisional: r.Provisional, Assumed: r.Assumed, Terms: r.Terms, At: at}
}

// mayEdit: papers are corrected by the comune of domicile, by the bodies that follow the case, and by the UST.
func (s State) mayEdit(a domain.Actor) bool {
	switch a.Role {
	case domain.RoleUST:
		return true
	case domain.RoleComune:
		return a.Body == string(s.Comune)
	case domain.RoleCentre:
		return a.Body == string(s.Centre)
	case domain.RoleSchool:
		return s.Offer != nil && s.Status != Offered && a.Body == string(s.Offer.Institution)
	}
	return false
}

func decideAmendment(s State, c AmendRequest) ([]Event, error) {
	if !s.Status.Open() {
		return nil, ErrNotOpen
	}
	if !s.mayEdit(c.By) {
		return nil, ErrNotYours
	}
	e := RequestAmended{Level: c.Level, Sex: c.Sex, Asked: c.Asked, Preferred: c.Preferred, Needs: c.Needs, Pupil: c.Pupil}
	if e.isEmpty() {
		return nil, ErrNothingToChange
	}
	if s.HealthErased && !e.Health.IsZero() {
		return nil, ErrHealthErased
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	if e = e.beyond(s); e.isEmpty() {
		return nil, nil
	}
	return []Event{e}, nil
}

// Moving to another comune or municipio routes the case anew, but only while no school has it: a standing offer or a place is the
// child's first. Another address in the same place leaves the case where a centre may have handed it.
func decideDomicile(s State, c ChangeDomicile) ([]Event, error) {
	if !s.Status.Open() {
		return nil, ErrNotOpen
	}
	if !s.mayEdit(c.By) {
		return nil, ErrNotYours
	}
	moved := c.Comune != s.Comune || c.Municipio != s.Municipio
	switch {
	case c.Comune == "":
		return nil, ErrMissing.On("comune")
	case moved && c.Route.Centre == "":
		return nil, ErrCentreUnknown
	case !moved && c.From == s.LivesFrom && c.Domicile.IsZero():
		return nil, nil
	}
	events := []Event{DomicileChanged{Comune: c.Comune, Municipio: c.Municipio, From: c.From, Domicile: c.Domicile, At: c.At}}
	if moved && !s.Status.HoldsPlace() && c.Route.Centre != s.Centre {
		events = append(events, routed(c.Route, c.At))
	}
	return events, nil
}

// asCentre lets the centre of the case act, and the UST in its stead.
func (s State) asCentre(a domain.Actor) error {
	switch {
	case !s.Status.Open():
		return ErrNotOpen
	case a.Role == domain.RoleUST:
		return nil
	case a.Role != domain.RoleCentre:
		return ErrNotYours
	case a.Body != string(s.Centre):
		return ErrHeldByAnother
	}
	return nil
}

// asSchool lets the institution of the offer act, and the UST in its stead.
func (s State) asSchool(a domain.Actor, offer uuid.UUID) error {
	switch {
	case !s.Status.Open():
		return ErrNotOpen
	case s.Offer == nil || s.Status != Offered || s.Offer.ID != offer:
		return ErrNoSuchOffer
	case a.Role == domain.RoleUST:
		return nil
	case a.Role != domain.RoleSchool:
		return ErrNotYours
	case a.Body != string(s.Offer.Institution):
		return ErrHeldByAnother
	}
	return nil
}

func decideCharge(s State, c TakeCharge) ([]Event, error) {
	if err := s.asCentre(c.By); err != nil {
		return nil, err
	}
	if s.Status != Requested {
		return nil, nil
	}
	if c.Suspended {
		return nil, ErrIntakeSuspended
	}
	return []Event{ChargeTaken{Centre: s.Centre, At: c.At}}, nil
}

func decideQuestion(s State, c AskQuestion) ([]Event, error) {
	if err := s.asCentre(c.By); err != nil {
		return nil, err
	}
	if s.Question != nil {
		return nil, ErrQuestionOpen
	}
	if !slices.Contains(QuestionTopics(), c.Topic) {
		return nil, ErrChoiceUnknown.On("topic")
	}
	var to Holder
	switch c.To {
	case HeldBySchool:
		if s.Offer == nil {
			return nil, ErrNoSuchOffer
		}
		to = Holder{HeldBySchool, string(s.Offer.Institution)}
	case HeldByComune:
		if s.Status == Requested {
			return nil, ErrNotInCharge
		}
		if s.Status == Offered {
			return nil, ErrOfferStands
		}
		to = Holder{HeldByComune, string(s.Comune)}
	default:
		return nil, ErrChoiceUnknown.On("to")
	}
	return []Event{QuestionAsked{To: to, Topic: c.Topic, Text: c.Text, At: c.At}}, nil
}

// The centre may record an answer that reached it otherwise: nobody's silence keeps a child waiting.
func decideAnswer(s State, c AnswerQuestion) ([]Event, error) {
	if !s.Status.Open() {
		return nil, ErrNotOpen
	}
	if s.Question == nil {
		return nil, ErrNoQuestion
	}
	if !s.Question.To.Is(c.By) && s.asCentre(c.By) != nil {
		return nil, ErrHeldByAnother
	}
	return []Event{QuestionAnswered{Text: c.Text, At: c.At}}, nil
}

// The grade is the one by age, or a resolution's (DPR 394/1999 art. 45 c. 2). A standing offer names a grade: it comes first.
func decideGrade(s State, c DetermineGrade) ([]Event, error) {
	if !s.Status.Open() {
		return nil, ErrNotOpen
	}
	if !s.mayEdit(c.By) || c.By.Role == domain.RoleComune {
		return nil, ErrNotYours
	}
	if s.Status == Offered && c.Level != s.Offer.Level {
		return nil, ErrOfferStands
	}
	if c.Level == s.Level {
		return nil, nil
	}
	if err := grade.Allowed(s.ByAge, c.Level, c.Resolution); err != nil {
		return nil, err
	}
	return []Event{GradeDetermined{Level: c.Level, Resolution: c.Resolution}}, nil
}

func decideHandOver(s State, c HandOver) ([]Event, error) {
	if err := s.asCentre(c.By); err != nil {
		return nil, err
	}
	switch {
	case c.To == "":
		return nil, ErrCentreUnknown.On("to")
	case c.To == s.Centre:
		return nil, ErrSameCentre
	case s.Status.HoldsPlace():
		return nil, ErrOfferStands
	case s.Question != nil:
		return nil, ErrQuestionOpen
	case !slices.Contains(HandOverReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	}
	return []Event{HandedOver{From: s.Centre, To: c.To, Reason: c.Reason, Text: c.Text, Terms: c.Terms, At: c.At}}, nil
}

func decideOffer(s State, c OfferPlace) ([]Event, error) {
	if s.Offer != nil && s.Offer.ID == c.Offer && s.Status.Open() {
		return nil, nil
	}
	if err := s.asCentre(c.By); err != nil {
		return nil, err
	}
	override := c.Override != nil && c.By.Role == domain.RoleUST
	switch {
	case c.Override != nil && !override:
		return nil, ErrNotYours
	case override && c.Override.Text.IsZero():
		return nil, ErrOverrideReason
	case s.Status.HoldsPlace():
		return nil, ErrOfferStands
	case s.Question != nil:
		return nil, ErrQuestionOpen
	case s.Status != InCharge:
		return nil, ErrNotInCharge
	case c.Suspended && !override:
		return nil, ErrPlacementStopped
	case c.Level != s.Level:
		return nil, ErrOtherGrade
	}
	if at, declined := s.Declined[c.School]; declined && !c.DeclaredAt.After(at) && !override {
		return nil, ErrDeclinedBefore
	}
	return []Event{PlaceOffered{Offer: c.Offer, School: c.School, Institution: c.Institution, Level: c.Level, Due: c.Due,
		Override: c.Override, Weights: c.Weights, Plan: c.Plan, At: c.At}}, nil
}

// maxSection bounds the name of a class in bytes: it stands in clear, and is no place for words about a child.
const maxSection = 20

func decideAcceptance(s State, c AcceptOffer) ([]Event, error) {
	if s.Offer != nil && s.Offer.ID == c.Offer && (s.Status == Accepted || s.Status == Attending) {
		return nil, nil
	}
	if err := s.asSchool(c.By, c.Offer); err != nil {
		return nil, err
	}
	if c.Suspended {
		return nil, ErrPlacementStopped
	}
	if err := checkDay(c.On, c.At); err != nil {
		return nil, err.On("on")
	}
	if c.On.Before(s.RequestedOn) {
		return nil, ErrAcceptedTooEarly.On("on")
	}
	if len(c.Section) > maxSection {
		return nil, ErrTextTooLong.On("section")
	}
	o := s.Offer
	return []Event{OfferAccepted{Offer: o.ID, School: o.School, Institution: o.Institution, Level: o.Level, On: c.On,
		Section: c.Section, At: c.At}}, nil
}

func decideDecline(s State, c DeclineOffer) ([]Event, error) {
	if err := s.asSchool(c.By, c.Offer); err != nil {
		return nil, err
	}
	if !slices.Contains(DeclineReasons(), c.Reason) {
		return nil, ErrReasonMissing.On("reason")
	}
	return []Event{OfferDeclined{Offer: c.Offer, School: s.Offer.School, Reason: c.Reason, Text: c.Text, At: c.At}}, nil
}

// actsForClock: terms run out by themselves, never because somebody wants them to.
func actsForClock(a domain.Actor) bool {
	return a.Role == domain.RoleSystem || a.Role == domain.RoleUST
}

func decideLapse(s State, c LapseOffer) ([]Event, error) {
	if !actsForClock(c.By) {
		return nil, ErrNotYours
	}
	if s.Offer == nil || s.Status != Offered || s.Offer.ID != c.Offer {
		return nil, nil // somebody has answered
	}
	if c.At.Before(s.Offer.Due) {
		return nil, ErrNotDueYet
	}
	return []Event{OfferLapsed{Offer: c.Offer, School: s.Offer.School, At: c.At}}, nil
}

func decideOfferWithdrawal(s State, c WithdrawOffer) ([]Event, error) {
	if err := s.asCentre(c.By); err != nil {
		return nil, err
	}
	if s.Offer == nil || s.Status != Offered || s.Offer.ID != c.Offer {
		return nil, ErrNoSuchOffer
	}
	if !slices.Contains(OfferWithdrawalReasons(), c.Reason) || c.Reason == leftByClosure || c.Reason == leftByMerge {
		return nil, ErrReasonMissing.On("reason")
	}
	return []Event{OfferWithdrawn{Offer: c.Offer, School: s.Offer.School, Reason: c.Reason, At: c.At}}, nil
}

func checkFirstDay(accepted, first domain.Date, at time.Time) error {
	if err := checkDay(first, at); err != nil {
		return err.On("first_day")
	}
	if first.Before(accepted) {
		return ErrFirstDayTooEarly.On("first_day")
	}
	return nil
}

func decideFirstDay(s State, c RecordFirstDay) ([]Event, error) {
	switch {
	case !s.Status.Open():
		return nil, ErrNotOpen
	case s.Status != Accepted && s.Status != Attending:
		return nil, ErrNoSuchOffer
	case c.By.Role != domain.RoleUST && !(c.By.Role == domain.RoleSchool && c.By.Body == string(s.Offer.Institution)):
		return nil, ErrHeldByAnother
	case c.On == s.FirstDay && s.Status == Attending:
		return nil, nil
	}
	if err := checkFirstDay(s.AcceptedOn, c.On, c.At); err != nil {
		return nil, err
	}
	return []Event{FirstDayRecorded{On: c.On}}, nil
}

func decideEnd(s State, c EndAttendance) ([]Event, error) {
	switch {
	case !s.Status.Open():
		return nil, ErrNotOpen
	case s.Status != Attending:
		return nil, ErrNotAttending
	case c.By.Role != domain.RoleUST && !(c.By.Role == domain.RoleSchool && c.By.Body == string(s.Offer.Institution)):
		return nil, ErrHeldByAnother
	case !slices.Contains(ClosureReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	}
	if err := checkDay(c.On, c.At); err != nil {
		return nil, err.On("on")
	}
	if c.On.Before(s.FirstDay) {
		return nil, ErrEndBeforeFirstDay.On("on")
	}
	return []Event{AttendanceEnded{On: c.On}, CaseClosed{Reason: c.Reason, On: c.On, Text: c.Text}}, nil
}

// leave gives up an offer that nobody has answered, before the case ends or goes on elsewhere.
func leave(s State, reason OfferWithdrawalReason, at time.Time) []Event {
	if s.Status != Offered {
		return nil
	}
	return []Event{OfferWithdrawn{Offer: s.Offer.ID, School: s.Offer.School, Reason: reason, At: at}}
}

func decideWithdrawal(s State, c WithdrawRequest) ([]Event, error) {
	switch {
	case !s.Status.Open():
		return nil, ErrNotOpen
	case c.By.Role != domain.RoleComune && c.By.Role != domain.RoleUST:
		return nil, ErrNotYours
	case c.By.Role == domain.RoleComune && c.By.Body != string(s.Comune):
		return nil, ErrHeldByAnother
	case s.Status == Accepted || s.Status == Attending:
		return nil, ErrPlaceKept
	case !slices.Contains(WithdrawalReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	}
	return append(leave(s, leftByClosure, c.At),
		CaseClosed{Reason: c.Reason, On: domain.DateOf(c.At), Withdrawn: true, WithdrawnBy: PartyOf(c.By), Text: c.Text}), nil
}

func decideClosure(s State, c Close) ([]Event, error) {
	if s.Status == Closed && s.Reason == c.Reason {
		return nil, nil
	}
	bySchool := c.By.Role == domain.RoleSchool && s.Status != Offered && s.Status.HoldsPlace() &&
		c.By.Body == string(s.Offer.Institution)
	if !bySchool {
		if err := s.asCentre(c.By); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Status == Attending:
		return nil, ErrStillAttending
	case !slices.Contains(ClosureReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	case c.Reason == yearCompleted:
		return nil, ErrNotAttending
	}
	return append(leave(s, leftByClosure, c.At), CaseClosed{Reason: c.Reason, On: domain.DateOf(c.At), Text: c.Text}), nil
}

func decideReopening(s State, c Reopen) ([]Event, error) {
	switch {
	case s.Status.Open():
		return nil, nil
	case s.Status == Merged:
		return nil, ErrNotClosed
	case c.By.Role != domain.RoleUST && !(c.By.Role == domain.RoleCentre && c.By.Body == string(s.Centre)) &&
		!(c.By.Role == domain.RoleComune && c.By.Body == string(s.Comune) && s.WithdrawnBy.Is(c.By)): // it takes its withdrawal back
		return nil, ErrHeldByAnother
	}
	return []Event{CaseReopened{Text: c.Text, Terms: c.Terms, At: c.At}}, nil
}

// A case that holds a place is the one to go on: merge the other into it, or give the place up first. The one that goes on must be
// open, or nobody would look after the child any more.
func decideMerge(s State, c Merge) ([]Event, error) {
	switch {
	case c.By.Role != domain.RoleUST:
		return nil, ErrNotYours
	case s.Status == Merged && s.MergedInto == c.Into:
		return nil, nil
	case !s.Status.Open():
		return nil, ErrNotOpen
	case c.IntoStatus == "":
		return nil, ErrNoCase.On("into")
	case c.IntoStatus == Merged:
		return nil, ErrMergeIntoMerged
	case !c.IntoStatus.Open():
		return nil, ErrMergeIntoClosed
	case s.Status == Accepted || s.Status == Attending:
		return nil, ErrPlaceKept
	case c.Text.IsZero():
		return nil, ErrReasonMissing.On("text")
	}
	return append(leave(s, leftByMerge, c.At), CaseMerged{Into: c.Into, Text: c.Text}), nil
}

// The UST says why; a policy need not, since it parts only cases that should never have been joined.
func decideUnmerge(s State, c Unmerge) ([]Event, error) {
	switch {
	case c.By.Role != domain.RoleUST && c.By.Role != domain.RoleSystem:
		return nil, ErrNotYours
	case s.Status != Merged:
		return nil, ErrNotMerged
	case c.Text.IsZero() && c.By.Role == domain.RoleUST:
		return nil, ErrReasonMissing.On("text")
	}
	return []Event{CaseParted{From: s.MergedInto, Text: c.Text, At: c.At}}, nil
}

// A note is always news: what it says is sealed, and the same words may be meant twice. A request retried is known by its command's
// id (event.Execute).
func decideNote(c AddNote) ([]Event, error) {
	if c.Text.IsZero() {
		return nil, ErrMissing.On("text")
	}
	return []Event{NoteAdded{Text: c.Text}}, nil
}

func decideExpiry(s State, c ExpireClock) ([]Event, error) {
	if !actsForClock(c.By) {
		return nil, ErrNotYours
	}
	stands := false
	switch c.Clock {
	case ClockTakeCharge:
		stands = s.Status == Requested
	case ClockFirstOffer:
		stands = s.Offers == 0 && (s.Status == Requested || s.Status == InCharge)
	case ClockFirstDay:
		stands = s.Status.Open() && s.Status != Attending
	}
	reached := s.Expired[c.Clock]
	if !stands || reached == domain.RoleUST || reached == c.To {
		return nil, nil
	}
	if c.At.Before(c.Due) {
		return nil, ErrNotDueYet
	}
	return []Event{ClockExpired{Clock: c.Clock, Due: c.Due, To: c.To}}, nil
}

// Evolve is total: what is in the journal has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case RequestRecorded:
		s.begin(e.Channel, e.Facts, e.On, e.At)
		s.Status, s.Asked = Requested, e.Asked
	case AutonomousEnrolmentRecorded:
		s.begin(domain.ChannelSchool, e.Facts, e.On, e.At)
		s.Status, s.AcceptedOn = Accepted, e.On
		s.Offer = &Offer{ID: e.Enrolment, School: e.School, Institution: e.Institution, Level: e.Level}
	case Routed:
		s.moveTo(e.Centre, e.At)
	case RequestAmended:
		s.amend(e)
	case DomicileChanged:
		s.moveHome(e)
	case ChargeTaken:
		s.Status, s.HeldSince, s.Handed = InCharge, e.At, nil
	case QuestionAsked:
		s.Question, s.HeldSince = &Question{To: e.To, Topic: e.Topic}, e.At
	case QuestionAnswered:
		s.Question, s.HeldSince = nil, e.At
	case GradeDetermined:
		s.Level = e.Level
	case HandedOver:
		from := &HandedFrom{Centre: e.From, InCharge: s.Status == InCharge}
		s.moveTo(e.To, e.At)
		if e.Reason != handedBack && s.Status == Requested {
			s.Handed = from
		}
	case PlaceOffered:
		s.Offer = &Offer{ID: e.Offer, School: e.School, Institution: e.Institution, Level: e.Level, Due: e.Due}
		s.Status, s.HeldSince, s.LastDecline = Offered, e.At, nil
		s.Offers++
	case OfferDeclined:
		s.Declined = maps.Clone(s.Declined)
		if s.Declined == nil {
			s.Declined = map[domain.School]time.Time{}
		}
		s.Declined[e.School] = e.At
		var no *Decline
		if s.Offer != nil {
			no = &Decline{Offer: e.Offer, School: e.School, Institution: s.Offer.Institution}
		}
		s.backToCentre(e.At)
		s.LastDecline = no
	case OfferLapsed:
		s.backToCentre(e.At)
	case OfferWithdrawn:
		s.backToCentre(e.At)
	case OfferAccepted:
		s.Offer = &Offer{ID: e.Offer, School: e.School, Institution: e.Institution, Level: e.Level}
		s.Status, s.AcceptedOn, s.AcceptedAt, s.HeldSince = Accepted, e.On, e.At, e.At
	case AcceptanceTakenBack:
		s.AcceptedOn, s.AcceptedAt = domain.Date{}, time.Time{}
		s.backToCentre(e.At)
	case DeclineTakenBack:
		s.askedAgain(e.School)
	case FirstDayRecorded:
		s.FirstDay = e.On
		if s.Offer != nil {
			s.Status = Attending
		}
	case FirstDayAnnulled:
		s.FirstDay = domain.Date{}
		if s.Status == Attending {
			s.Status = Accepted
		}
	case AttendanceEnded:
		s.EndedOn = e.On
	case CaseClosed:
		s.leavePlace()
		s.Status, s.Reason, s.ClosedOn, s.Question = Closed, e.Reason, e.On, nil
		s.WithdrawnBy, s.Handed, s.LastDecline = e.WithdrawnBy, nil, nil
	case CaseReopened:
		s.Status, s.Reason, s.ClosedOn, s.WithdrawnBy = Requested, "", domain.Date{}, Party{}
		s.AcceptedAt = time.Time{}
		s.AcceptedOn, s.FirstDay, s.EndedOn = domain.Date{}, domain.Date{}, domain.Date{}
		s.RequestedAt, s.HeldSince, s.ChargeDue = e.At, e.At, e.At
		s.Offers, s.Expired = 0, nil
		s.settle(false, false)
	case CaseMerged:
		if s.Status != Merged {
			s.beforeMerge = s.Status
		}
		s.Status, s.MergedInto = Merged, e.Into
	case CaseParted:
		if s.Status == Merged {
			s.Status, s.HeldSince = s.beforeMerge, e.At
		}
		s.MergedInto, s.beforeMerge = uuid.Nil, ""
		s.settle(false, false)
	case ClockExpired:
		s.Expired = maps.Clone(s.Expired)
		if s.Expired == nil {
			s.Expired = map[ClockName]domain.Role{}
		}
		s.Expired[e.Clock] = e.To
	case ErasureProposed:
		s.Erasure = &ErasureProposal{ID: e.Proposal, Scope: e.Scope, Ground: e.Ground, By: e.By}
	case ErasureRejected:
		s.settle(false, true)
	case PupilErased:
		s.Erased = true
		s.settle(true, false)
	case HealthErased:
		s.HealthErased = true
		s.settle(true, false)
	case CaseRestricted:
		s.Restriction = e.Reason
	case RestrictionLifted:
		s.Restriction = ""
	case NoteAdded, MessageSent:
	}
	return s
}

func (s *State) begin(channel domain.Channel, f Facts, on domain.Date, at time.Time) {
	s.Channel, s.Comune, s.Municipio, s.SchoolYear = channel, f.Comune, f.Municipio, f.SchoolYear
	s.ByAge, s.Level = f.Level, f.Level
	s.Sex, s.Preferred, s.Needs = f.Sex, f.Preferred, f.Needs
	s.RequestedOn, s.RequestedAt, s.HeldSince = on, at, at
}

func (s *State) amend(e RequestAmended) {
	if e.Level != nil {
		if s.Level == s.ByAge { // no resolution says otherwise
			s.Level = *e.Level
		}
		s.ByAge = *e.Level
	}
	if e.Sex != "" {
		s.Sex = e.Sex
	}
	if e.Asked != nil {
		s.Asked = e.Asked
	}
	if e.Preferred != nil {
		s.Preferred = e.Preferred
	}
	if e.Needs != nil {
		s.Needs = e.Needs
	}
}

// moveHome takes a question along to the comune that now knows the family.
func (s *State) moveHome(e DomicileChanged) {
	if s.Question != nil && s.Question.To.Kind == HeldByComune && s.Comune != e.Comune {
		s.Question = &Question{To: Holder{HeldByComune, string(e.Comune)}, Topic: s.Question.Topic}
		s.HeldSince = e.At
	}
	s.Comune, s.Municipio, s.LivesFrom = e.Comune, e.Municipio, e.From
}

// moveTo gives the case to a centre. A case without a place must be taken in charge there anew.
func (s *State) moveTo(c domain.Centre, at time.Time) {
	if s.Centre != "" && s.Centre != c && !slices.Contains(s.PastCentres, s.Centre) {
		s.PastCentres = append(slices.Clone(s.PastCentres), s.Centre)
	}
	s.Centre, s.Handed, s.LastDecline = c, nil, nil
	if !s.Status.HoldsPlace() {
		s.Status, s.HeldSince, s.ChargeDue = Requested, at, at
		s.Expired = maps.Clone(s.Expired)
		delete(s.Expired, ClockTakeCharge)
	}
}

func (s *State) backToCentre(at time.Time) {
	s.leavePlace()
	s.Status, s.HeldSince = InCharge, at
	if s.Question != nil && s.Question.To.Kind == HeldBySchool {
		s.Question = nil
	}
}

func (s *State) leavePlace() {
	if s.Offer == nil {
		return
	}
	if !slices.Contains(s.PastInstitutions, s.Offer.Institution) {
		s.PastInstitutions = append(slices.Clone(s.PastInstitutions), s.Offer.Institution)
	}
	s.Offer = nil
}
