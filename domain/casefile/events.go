package casefile

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// Event is what happens to a case.
type Event interface{ caseEvent() }

// Text is free text somebody wrote; it may name people and is sealed as personal data.
type Text = domain.Sealed[domain.Personal]

// Events of package casefile. Instants are UTC. Comments say what the names do not.
type (
	// RequestRecorded begins a case that a comune or the UST entered.
	RequestRecorded struct {
		Channel domain.Channel `json:"channel"`
		On      domain.Date    `json:"on"` // date of the request; a mail may be older than its entry
		At      time.Time      `json:"at"`
		Facts
		Asked *grade.Level `json:"asked,omitzero"` // grade the family asks for
		Pupil
	}
	// AutonomousEnrolmentRecorded begins a case of a pupil whom a school enrolled on its own.
	AutonomousEnrolmentRecorded struct {
		School      domain.School      `json:"school"`
		Institution domain.Institution `json:"institution"`
		Enrolment   uuid.UUID          `json:"enrolment"` // stands where an offer's id would: the place is taken under it
		On          domain.Date        `json:"on"`        // enrolled on
		At          time.Time          `json:"at"`
		Facts
		Pupil
	}
	// Routed says which centre a case belongs to, and which policy version decided it.
	Routed struct {
		Centre      domain.Centre `json:"centre"`
		Policy      string        `json:"policy"`
		Provisional bool          `json:"provisional,omitzero"` // by a register the UST has not confirmed
		Assumed     bool          `json:"assumed,omitzero"`     // a datum was missing and the policy's fallback was used
		Terms       Terms         `json:"terms,omitzero"`
		At          time.Time     `json:"at"`
	}
	// RequestAmended replaces the parts that are given; what was first declared stays in the journal.
	RequestAmended struct {
		Level     *grade.Level    `json:"level,omitzero"` // by age, when the birth date was corrected
		Sex       Sex             `json:"sex,omitzero"`
		Asked     *grade.Level    `json:"asked,omitzero"`
		Preferred []domain.School `json:"preferred,omitzero"`
		Needs     []Need          `json:"needs,omitzero"`
		Pupil
	}
	// DomicileChanged moves the pupil, perhaps to another comune.
	DomicileChanged struct {
		Comune    domain.Comune           `json:"comune"`
		Municipio domain.Municipio        `json:"municipio,omitzero"`
		From      domain.Date             `json:"from"`
		Domicile  domain.Sealed[Domicile] `json:"domicile,omitzero"`
		At        time.Time               `json:"at"`
	}
	// ChargeTaken says that the centre works on the case.
	ChargeTaken struct {
		Centre domain.Centre `json:"centre"`
		At     time.Time     `json:"at"`
	}
	// QuestionAsked makes whoever must answer the holder.
	QuestionAsked struct {
		To    Holder        `json:"to"`
		Topic QuestionTopic `json:"topic"`
		Text  Text          `json:"text,omitzero"`
		At    time.Time     `json:"at"`
	}
	// QuestionAnswered gives the case back.
	QuestionAnswered struct {
		Text Text      `json:"text,omitzero"`
		At   time.Time `json:"at"`
	}
	// GradeDetermined fixes the grade: by age, or by a resolution of the collegio docenti.
	GradeDetermined struct {
		Level      grade.Level       `json:"level"`
		Resolution *grade.Resolution `json:"resolution,omitzero"` // none: by age
	}
	// HandedOver passes the case to another centre, which must take charge anew.
	HandedOver struct {
		From   domain.Centre  `json:"from"`
		To     domain.Centre  `json:"to"`
		Reason HandOverReason `json:"reason"`
		Text   Text           `json:"text,omitzero"`
		Terms  Terms          `json:"terms,omitzero"`
		At     time.Time      `json:"at"`
	}
	// PlaceOffered asks a school. The place was held in the school's stream before. Weights is the version of the weights by which schools
	// were ranked then; schema 1 had none. Plan is the plan that it confirms, if any; schema 2 had none.
	PlaceOffered struct {
		Offer       uuid.UUID          `json:"offer"`
		School      domain.School      `json:"school"`
		Institution domain.Institution `json:"institution"`
		Level       grade.Level        `json:"level"`
		Due         time.Time          `json:"due"` // the school's answer
		Override    *Override          `json:"override,omitzero"`
		Weights     string             `json:"weights,omitzero"`
		Plan        uuid.UUID          `json:"plan,omitzero"`
		At          time.Time          `json:"at"`
	}
	// OfferDeclined gives the case back to its centre.
	OfferDeclined struct {
		Offer  uuid.UUID     `json:"offer"`
		School domain.School `json:"school"`
		Reason DeclineReason `json:"reason"`
		Text   Text          `json:"text,omitzero"`
		At     time.Time     `json:"at"`
	}
	// OfferLapsed gives the case back for want of an answer: silence is never acceptance.
	OfferLapsed struct {
		Offer  uuid.UUID     `json:"offer"`
		School domain.School `json:"school"`
		At     time.Time     `json:"at"`
	}
	// OfferWithdrawn gives the case back because the centre thought again.
	OfferWithdrawn struct {
		Offer  uuid.UUID             `json:"offer"`
		School domain.School         `json:"school"`
		Reason OfferWithdrawalReason `json:"reason"`
		At     time.Time             `json:"at"`
	}
	// OfferAccepted places the pupil: neither enrolment papers nor attendance.
	OfferAccepted struct {
		Offer       uuid.UUID          `json:"offer"`
		School      domain.School      `json:"school"`
		Institution domain.Institution `json:"institution"`
		Level       grade.Level        `json:"level"`
		On          domain.Date        `json:"on"`
		Section     string             `json:"section,omitzero"` // "B"
		At          time.Time          `json:"at"`
	}
	// FirstDayRecorded says since when the pupil attends; a later one corrects it.
	FirstDayRecorded struct {
		On domain.Date `json:"on"`
	}
	// AttendanceEnded is the third date.
	AttendanceEnded struct {
		On domain.Date `json:"on"`
	}
	// CaseClosed ends a case. Withdrawn tells a request that was taken back, by its comune or by the UST in its stead; WithdrawnBy says by
	// which, and is zero where that was not written down yet.
	CaseClosed struct {
		Reason      ClosureReason `json:"reason"`
		On          domain.Date   `json:"on"`
		Withdrawn   bool          `json:"withdrawn,omitzero"`
		WithdrawnBy Party         `json:"withdrawn_by,omitzero"`
		Text        Text          `json:"text,omitzero"`
	}
	// CaseReopened gives a closed case back to its centre, which must take charge anew.
	CaseReopened struct {
		Text  Text      `json:"text,omitzero"`
		Terms Terms     `json:"terms,omitzero"`
		At    time.Time `json:"at"`
	}
	// CaseMerged says that this case goes on in another one of the same child.
	CaseMerged struct {
		Into uuid.UUID `json:"into"`
		Text Text      `json:"text,omitzero"`
	}
	// CaseParted undoes CaseMerged: the two were not one child.
	CaseParted struct {
		From uuid.UUID `json:"from"`
		Text Text      `json:"text,omitzero"`
		At   time.Time `json:"at"`
	}
	// NoteAdded is for all who follow the case, and for nobody among them; see SendMessage.
	NoteAdded struct {
		Text Text `json:"text"`
	}
	// ClockExpired sends an overdue case up.
	ClockExpired struct {
		Clock ClockName   `json:"clock"`
		Due   time.Time   `json:"due"`
		To    domain.Role `json:"to"` // centre, then ust
	}
)

// Terms are the instants at which the case is overdue, by the clocks in force when they began to run; zero: does not run anew.
type Terms struct {
	TakeCharge time.Time `json:"take_charge,omitzero"`
	FirstOffer time.Time `json:"first_offer,omitzero"`
	FirstDay   time.Time `json:"first_day,omitzero"`
}

// isEmpty reports whether nothing is given.
func (e RequestAmended) isEmpty() bool {
	return e.Level == nil && e.Sex == "" && e.Asked == nil && e.Preferred == nil && e.Needs == nil &&
		e.Identity.IsZero() && e.Domicile.IsZero() && e.Profile.IsZero() && e.Health.IsZero()
}

// check wants known codes: these parts stand in clear, and are no place for words about a child.
func (e RequestAmended) check() error {
	for _, l := range []*grade.Level{e.Level, e.Asked} {
		if l != nil && l.Validate() != nil {
			return grade.ErrLevel
		}
	}
	if e.Sex != "" && e.Sex != Female && e.Sex != Male {
		return ErrChoiceUnknown.On("sex")
	}
	if len(e.Preferred) > MaxPreferred {
		return ErrChoiceUnknown.On("preferred_schools")
	}
	for _, n := range e.Needs {
		if !slices.Contains(Needs(), n) {
			return ErrChoiceUnknown.On("needs")
		}
	}
	return nil
}

// beyond leaves out what a case says already. What is sealed cannot be compared: given again, it is a correction.
func (e RequestAmended) beyond(s State) RequestAmended {
	if e.Level != nil && *e.Level == s.ByAge {
		e.Level = nil
	}
	if e.Sex == s.Sex {
		e.Sex = ""
	}
	if e.Asked != nil && s.Asked != nil && *e.Asked == *s.Asked {
		e.Asked = nil
	}
	if slices.Equal(e.Preferred, s.Preferred) {
		e.Preferred = nil
	}
	if slices.Equal(e.Needs, s.Needs) {
		e.Needs = nil
	}
	return e
}

// Override is the UST's decision against a rule.
type Override struct {
	Rule string `json:"rule"` // code of the refusal it sets aside
	Text Text   `json:"text"`
}

func (RequestRecorded) caseEvent()             {}
func (AutonomousEnrolmentRecorded) caseEvent() {}
func (Routed) caseEvent()                      {}
func (RequestAmended) caseEvent()              {}
func (DomicileChanged) caseEvent()             {}
func (ChargeTaken) caseEvent()                 {}
func (QuestionAsked) caseEvent()               {}
func (QuestionAnswered) caseEvent()            {}
func (GradeDetermined) caseEvent()             {}
func (HandedOver) caseEvent()                  {}
func (PlaceOffered) caseEvent()                {}
func (OfferDeclined) caseEvent()               {}
func (OfferLapsed) caseEvent()                 {}
func (OfferWithdrawn) caseEvent()              {}
func (OfferAccepted) caseEvent()               {}
func (FirstDayRecorded) caseEvent()            {}
func (AttendanceEnded) caseEvent()             {}
func (CaseClosed) caseEvent()                  {}
func (CaseReopened) caseEvent()                {}
func (CaseMerged) caseEvent()                  {}
func (CaseParted) caseEvent()                  {}
func (NoteAdded) caseEvent()                   {}
func (ClockExpired) caseEvent()                {}

// Events ties the stored names to the types. A name once stored never changes.
var Events = event.Table{
	event.TypeOf[RequestRecorded]("case.requested"),
	event.TypeOf[AutonomousEnrolmentRecorded]("case.autonomously-enrolled"),
	event.TypeOf[Routed]("case.routed"),
	event.TypeOf[RequestAmended]("case.amended"),
	event.TypeOf[DomicileChanged]("case.domicile-changed"),
	event.TypeOf[ChargeTaken]("case.charge-taken"),
	event.TypeOf[QuestionAsked]("case.question-asked"),
	event.TypeOf[QuestionAnswered]("case.question-answered"),
	event.TypeOf[GradeDetermined]("case.grade-determined"),
	event.TypeOf[HandedOver]("case.handed-over"),
	event.TypeOf[PlaceOffered]("case.place-offered", unsaid, unsaid),
	event.TypeOf[OfferDeclined]("case.offer-declined"),
	event.TypeOf[OfferLapsed]("case.offer-lapsed"),
	event.TypeOf[OfferWithdrawn]("case.offer-withdrawn"),
	event.TypeOf[OfferAccepted]("case.offer-accepted"),
	event.TypeOf[FirstDayRecorded]("case.first-day-recorded"),
	event.TypeOf[AttendanceEnded]("case.attendance-ended"),
	event.TypeOf[CaseClosed]("case.closed", unsaid),
	event.TypeOf[CaseReopened]("case.reopened"),
	event.TypeOf[CaseMerged]("case.merged"),
	event.TypeOf[CaseParted]("case.parted"),
	event.TypeOf[NoteAdded]("case.note-added"),
	event.TypeOf[MessageSent]("case.message-sent"),
	event.TypeOf[AcceptanceTakenBack]("case.acceptance-taken-back"),
	event.TypeOf[DeclineTakenBack]("case.decline-taken-back"),
	event.TypeOf[FirstDayAnnulled]("case.first-day-annulled"),
	event.TypeOf[ClockExpired]("case.clock-expired"),
	event.TypeOf[PupilErased]("case.pupil-erased"),
	event.TypeOf[ErasureProposed]("case.erasure-proposed"),
	event.TypeOf[ErasureRejected]("case.erasure-rejected"),
	event.TypeOf[HealthErased]("case.health-erased"),
	event.TypeOf[CaseRestricted]("case.restricted"),
	event.TypeOf[RestrictionLifted]("case.restriction-lifted"),
}

// Category is the prefix of the streams of cases.
const Category = "case-"

// Stream names the stream of a case.
func Stream(id uuid.UUID) string { return Category + id.String() }

// IDOf is the inverse of Stream; uuid.Nil for any other stream.
func IDOf(stream string) uuid.UUID {
	text, ok := strings.CutPrefix(stream, Category)
	if !ok || len(text) != 36 || strings.ToLower(text) != text { // the one form that Stream writes; several records a millisecond come here
		return uuid.Nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return id
}

// unsaid leads to a schema that only has a field more: what it says was not written down before. Of a closure it is who withdrew, of an offer by
// which weights schools were ranked, and then by which plan it was made.
func unsaid(data []byte) ([]byte, error) { return data, nil }
