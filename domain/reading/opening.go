package reading

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// OpeningCategory begins the name of the streams of openings: one for each case of which the Prefettura ever opened the name.
const OpeningCategory = "opening-"

// OpeningStream is the stream of a case's openings.
func OpeningStream(id uuid.UUID) string { return OpeningCategory + id.String() }

// OpeningCase is the case of a stream of openings; nil for any other stream.
func OpeningCase(stream string) uuid.UUID {
	text, ok := strings.CutPrefix(stream, OpeningCategory)
	id, err := uuid.Parse(text)
	if !ok || err != nil {
		return uuid.Nil
	}
	return id
}

// OpenFor is how long an opened name stays open to whoever opened it.
const OpenFor = 4 * time.Hour

// OpeningReason is why somebody who audits must know who a pupil is.
type OpeningReason string

// The reasons.
const (
	Inspection OpeningReason = "inspection"      // a check of how a case was dealt with
	Complaint  OpeningReason = "complaint"       // of the family, or of who acts for it
	Authority  OpeningReason = "authority"       // a court, the police, the guarantor for children asked
	Safety     OpeningReason = "safety"          // a minor may be in danger
	Request    OpeningReason = "subject-request" // the family uses its rights (GDPR art. 15–22)
)

// OpeningReasons lists them in the order they are shown.
func OpeningReasons() []OpeningReason {
	return []OpeningReason{Inspection, Complaint, Authority, Safety, Request}
}

// ErrOpeningReason refuses a reason that is none of them.
var ErrOpeningReason = domain.Invalid("reason-unknown").On("reason")

// NameOpened lets one account see a pupil's name and birth date until an instant (UTC).
type NameOpened struct {
	Account uuid.UUID                      `json:"account"`
	Reason  OpeningReason                  `json:"reason"`
	Words   domain.Sealed[domain.Personal] `json:"words,omitzero"` // sealed with the pupil's data, and gone with it
	Until   time.Time                      `json:"until"`
}

// OpenName asks to see who a pupil is.
type OpenName struct {
	domain.Act
	Case   uuid.UUID
	Reason OpeningReason
	Words  domain.Personal
}

// Openings are those of a case so far.
type Openings []NameOpened

// Standing gives until when a pupil's name is open to an account; the zero time where it is not.
func (o Openings) Standing(account uuid.UUID, at time.Time) (until time.Time) {
	for _, x := range o {
		if x.Account == account && at.Before(x.Until) {
			until = x.Until
		}
	}
	return until
}

// OpeningDecider is the aggregate. What stands open is not opened again, so that four hours are four hours.
var OpeningDecider = event.Decider[Openings, OpenName, NameOpened]{
	Initial: func() Openings { return nil },
	Decide: func(s Openings, c OpenName) ([]NameOpened, error) {
		switch {
		case !slices.Contains(OpeningReasons(), c.Reason):
			return nil, ErrOpeningReason
		case !s.Standing(c.By.Account, c.At).IsZero():
			return nil, nil
		}
		e := NameOpened{Account: c.By.Account, Reason: c.Reason, Until: c.At.UTC().Add(OpenFor)}
		if !c.Words.IsZero() {
			e.Words = domain.Open(c.Case, domain.ClassPersonal, c.Words)
		}
		return []NameOpened{e}, nil
	},
	Evolve: func(s Openings, e NameOpened) Openings { return append(s, e) },
}
