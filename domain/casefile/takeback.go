package casefile

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/calendar"
)

// TakingBackReason is why somebody takes back what he did.
type TakingBackReason string

// TakingBackReasons lists them.
func TakingBackReasons() []TakingBackReason {
	return []TakingBackReason{"wrong-case", "too-early", "new-facts"}
}

// handedBack is the reason of a hand-over that was taken back. It is never a person's: a centre that passes a case on says why.
const handedBack HandOverReason = "taken-back"

// acceptanceDays is for how many working days after the day of its answer a school can take its yes back: then the family knows of it.
const acceptanceDays = 1

// Commands that take back. What was done stays in the journal; see docs/adr/0031-taking-back.md for what can be taken back, and until when.
type (
	// TakeBackHandOver is for the centre that passed the case on, until the other has taken charge. Terms are those of taking charge anew.
	// Suspended: intake is, for this case's comune, now.
	TakeBackHandOver struct {
		domain.Act
		Text      Text
		Terms     Terms
		Suspended bool
	}
	// TakeBackAcceptance is for the school that said yes, until a first day is recorded and for no longer than one working day.
	TakeBackAcceptance struct {
		domain.Act
		Offer  uuid.UUID
		Reason TakingBackReason
		Text   Text
	}
	// TakeBackDecline is for the school that said no, until the centre has gone on. It can be asked again.
	TakeBackDecline struct {
		domain.Act
		Offer  uuid.UUID
		Reason TakingBackReason
		Text   Text
	}
	// AnnulFirstDay is for the school where the pupil does not attend after all; another day is recorded by RecordFirstDay.
	AnnulFirstDay struct {
		domain.Act
		Reason TakingBackReason
		Text   Text
	}
)

func (TakeBackHandOver) caseCommand()   {}
func (TakeBackAcceptance) caseCommand() {}
func (TakeBackDecline) caseCommand()    {}
func (AnnulFirstDay) caseCommand()      {}

// Events of taking back. A hand-over that is taken back is one more hand-over.
type (
	// AcceptanceTakenBack gives the case back to its centre. The school has not declined and may be asked again.
	AcceptanceTakenBack struct {
		Offer  uuid.UUID        `json:"offer"`
		School domain.School    `json:"school"`
		Reason TakingBackReason `json:"reason"`
		Text   Text             `json:"text,omitzero"`
		At     time.Time        `json:"at"`
	}
	// DeclineTakenBack lets the centre ask the school again; the case stays where it is.
	DeclineTakenBack struct {
		Offer  uuid.UUID        `json:"offer"`
		School domain.School    `json:"school"`
		Reason TakingBackReason `json:"reason"`
		Text   Text             `json:"text,omitzero"`
	}
	// FirstDayAnnulled leaves the pupil accepted, and not attending.
	FirstDayAnnulled struct {
		Reason TakingBackReason `json:"reason"`
		Text   Text             `json:"text,omitzero"`
	}
)

func (AcceptanceTakenBack) caseEvent() {}
func (DeclineTakenBack) caseEvent()    {}
func (FirstDayAnnulled) caseEvent()    {}

// ErrNothingToTakeBack refuses what was not done, or what others have acted on since.
var ErrNothingToTakeBack = domain.Refused("nothing-to-take-back")

// ErrTakenBackTooLate refuses an acceptance that stands for longer than acceptanceDays.
var ErrTakenBackTooLate = domain.Refused("taken-back-too-late")

// HandedFrom is the centre that passed a case on, until the next has taken charge.
type HandedFrom struct {
	Centre   domain.Centre
	InCharge bool // it had taken charge
}

// Decline is the no that the centre has not acted on.
type Decline struct {
	Offer       uuid.UUID
	School      domain.School
	Institution domain.Institution
}

// The case comes back as it was: to who had taken charge, in charge. While intake is suspended nobody takes charge, not even again.
func decideHandOverBack(s State, c TakeBackHandOver) ([]Event, error) {
	switch {
	case !s.Status.Open():
		return nil, ErrNotOpen
	case s.Handed == nil || s.Status != Requested:
		return nil, ErrNothingToTakeBack
	case c.By.Role != domain.RoleUST && PartyOf(c.By) != (Party{domain.RoleCentre, string(s.Handed.Centre)}):
		return nil, ErrHeldByAnother
	}
	events := []Event{HandedOver{From: s.Centre, To: s.Handed.Centre, Reason: handedBack, Text: c.Text, Terms: c.Terms, At: c.At}}
	if s.Handed.InCharge && !c.Suspended {
		events = append(events, ChargeTaken{Centre: s.Handed.Centre, At: c.At})
	}
	return events, nil
}

func decideAcceptanceBack(s State, c TakeBackAcceptance) ([]Event, error) {
	switch {
	case !s.Status.Open():
		return nil, ErrNotOpen
	case s.Status != Accepted || s.AcceptedAt.IsZero() || s.Offer.ID != c.Offer:
		return nil, ErrNothingToTakeBack
	case c.By.Role != domain.RoleUST && PartyOf(c.By) != (Party{domain.RoleSchool, string(s.Offer.Institution)}):
		return nil, ErrHeldByAnother
	case c.By.Role != domain.RoleUST && calendar.AddWorkingDays(domain.DateOf(s.AcceptedAt), acceptanceDays, s.Comune).Before(domain.DateOf(c.At)):
		return nil, ErrTakenBackTooLate
	case !slices.Contains(TakingBackReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	}
	return []Event{AcceptanceTakenBack{Offer: c.Offer, School: s.Offer.School, Reason: c.Reason, Text: c.Text, At: c.At}}, nil
}

// Nothing is held for the school any more, so nothing stands again by itself: the centre offers once more, if it still wants to.
func decideDeclineBack(s State, c TakeBackDecline) ([]Event, error) {
	switch {
	case !s.Status.Open():
		return nil, ErrNotOpen
	case s.LastDecline == nil || s.LastDecline.Offer != c.Offer || s.Status != InCharge:
		return nil, ErrNothingToTakeBack
	case c.By.Role != domain.RoleUST && PartyOf(c.By) != (Party{domain.RoleSchool, string(s.LastDecline.Institution)}):
		return nil, ErrHeldByAnother
	case !slices.Contains(TakingBackReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	}
	return []Event{DeclineTakenBack{Offer: c.Offer, School: s.LastDecline.School, Reason: c.Reason, Text: c.Text}}, nil
}

func decideFirstDayBack(s State, c AnnulFirstDay) ([]Event, error) {
	switch {
	case !s.Status.Open():
		return nil, ErrNotOpen
	case s.Status != Attending:
		return nil, ErrNothingToTakeBack
	case c.By.Role != domain.RoleUST && PartyOf(c.By) != (Party{domain.RoleSchool, string(s.Offer.Institution)}):
		return nil, ErrHeldByAnother
	case !slices.Contains(TakingBackReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	}
	return []Event{FirstDayAnnulled{Reason: c.Reason, Text: c.Text}}, nil
}

// askedAgain forgets the no of a school that has taken it back.
func (s *State) askedAgain(school domain.School) {
	s.Declined = maps.Clone(s.Declined)
	delete(s.Declined, school)
	s.LastDecline = nil
}
