package casefile

// Status is where a case stands. A case that waits for an answer to a question keeps its status; see State.Question.
type Status string

// The statuses, in the order a case goes through them.
const (
	Requested Status = "requested" // routed to a centre that has not taken charge
	InCharge  Status = "in-charge" // the centre looks for a place
	Offered   Status = "offered"   // a school must answer
	Accepted  Status = "accepted"  // a school has accepted; the first day is to come
	Attending Status = "attending"
	Closed    Status = "closed"
	Merged    Status = "merged" // goes on in another case of the same child
)

// Statuses lists them in order.
func Statuses() []Status {
	return []Status{Requested, InCharge, Offered, Accepted, Attending, Closed, Merged}
}

// Open reports whether somebody must still act on the case.
func (s Status) Open() bool { return s != "" && s != Closed && s != Merged }

// HoldsPlace reports whether a place in a school belongs to the case.
func (s Status) HoldsPlace() bool { return s == Offered || s == Accepted || s == Attending }

// DeclineReason is why a school says no.
type DeclineReason string

// DeclineReasons lists them (domain.md, "A case").
func DeclineReasons() []DeclineReason {
	return []DeclineReason{"no-places-in-class", "over-ceiling", "disability-ratio", "building-capacity", "outside-catchment",
		"family-declined", "order-not-taught"}
}

// ClosureReason is why a case ends.
type ClosureReason string

// ClosureReasons lists them.
func ClosureReasons() []ClosureReason {
	return []ClosureReason{"year-completed", "moved-comune", "moved-province", "moved-abroad", "returned-home", "untraceable",
		"past-school-age", "sent-to-cpia", "duplicate", "entered-in-error"}
}

// WithdrawalReasons lists what a comune may give when it takes a request back.
func WithdrawalReasons() []ClosureReason {
	return []ClosureReason{"moved-comune", "moved-province", "moved-abroad", "returned-home", "entered-in-error"}
}

// yearCompleted is for those who attended to the end: a case that is not attended does not close with it.
const yearCompleted ClosureReason = "year-completed"

// closedByErasure is never a person's: the pupil of an open case was erased already, see RestoreErasure.
const closedByErasure ClosureReason = "pupil-erased"

// HandOverReason is why a centre passes a case on.
type HandOverReason string

// HandOverReasons lists them.
func HandOverReasons() []HandOverReason {
	return []HandOverReason{"other-territory", "other-order", "no-places-here", "sibling-there", "agreed"}
}

// OfferWithdrawalReason is why a centre takes an offer back.
type OfferWithdrawalReason string

// OfferWithdrawalReasons lists them; the last two are never a person's: closing or merging a case gives up its offer.
func OfferWithdrawalReasons() []OfferWithdrawalReason {
	return []OfferWithdrawalReason{"better-place", "family-asked", "sent-in-error", leftByClosure, leftByMerge}
}

const (
	leftByClosure OfferWithdrawalReason = "case-closed"
	leftByMerge   OfferWithdrawalReason = "case-merged"
)

// QuestionTopic says what is missing; the words are sealed.
type QuestionTopic string

// QuestionTopics lists them.
func QuestionTopics() []QuestionTopic {
	return []QuestionTopic{"identity", "domicile", "schooling", "health", "contacts", "wishes", "other"}
}

// ClockName names a term that runs on a case (domain.md, "Clocks").
type ClockName string

// The clocks that go up when they run out: to the centre, then to the UST.
const (
	ClockTakeCharge ClockName = "take-charge"
	ClockFirstOffer ClockName = "first-offer"
	ClockFirstDay   ClockName = "first-day"
)
