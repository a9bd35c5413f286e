package casefile

import (
	"cmp"
	"slices"
	"time"

	"approdo/domain"
)

// Party is a body that follows a case: one that messages are from and to. The UST has no code.
type Party struct {
	Role domain.Role `json:"role"`
	Body string      `json:"body,omitzero"`
}

// PartyOf is the body an actor acts for.
func PartyOf(a domain.Actor) Party { return Party{a.Role, a.Body} }

// Is reports whether an actor acts for the party.
func (p Party) Is(a domain.Actor) bool { return p == PartyOf(a) }

// Addressees are the roles that a message can be for, in the order they are offered.
func Addressees() []domain.Role {
	return []domain.Role{domain.RoleComune, domain.RoleCentre, domain.RoleSchool, domain.RoleUST}
}

// MaxMessage bounds a message, in characters.
const MaxMessage = 2000

// SendMessage says something to one or several of the bodies that follow the case now, and moves nothing: the holder stays, no term
// begins or ends. It goes to those bodies or to nobody: whoever took the place of one of them since is not written to. Whoever must be
// made to answer is asked a question instead. What is left for all who follow the case, and asks nobody, is a note: it has no
// addressees, tells nobody, and whoever follows the case later reads it. A message is read by its parties, by the UST, and by the comune
// and the centre that come after a party of their role: the two are two things and have two names.
type SendMessage struct {
	domain.Act
	To   []Party
	Text Text
}

// MessageSent names the bodies as they were: who later takes the role of a comune or a centre goes on with its conversation, while
// what one school was told is not for the next (desk.File.Timeline).
type MessageSent struct {
	To   []Party   `json:"to"`
	Text Text      `json:"text"`
	At   time.Time `json:"at"`
}

func (SendMessage) caseCommand() {}
func (MessageSent) caseEvent()   {}

// ErrAddressee refuses a message to a body that does not follow the case now, or to one's own; its detail is the body's code.
var ErrAddressee = domain.Invalid("addressee-unknown").On("to")

// Parties are the bodies that follow the case now, in the order of Addressees: the comune, the centre, the school that has the offer or
// the pupil, and the UST.
func (s State) Parties() []Party {
	out := []Party{{domain.RoleComune, string(s.Comune)}, {domain.RoleCentre, string(s.Centre)}}
	if s.Offer != nil {
		out = append(out, Party{domain.RoleSchool, string(s.Offer.Institution)})
	}
	return append(out, Party{Role: domain.RoleUST})
}

// A case that has ended is still talked about; one that was merged goes on in the other, and so does the talk.
func decideMessage(s State, c SendMessage) ([]Event, error) {
	parties := s.Parties()
	from := PartyOf(c.By)
	switch {
	case !slices.Contains(parties, from):
		return nil, ErrNotYours
	case s.Status == Merged:
		return nil, ErrNotOpen
	case len(c.To) == 0:
		return nil, ErrMissing.On("to")
	case c.Text.IsZero():
		return nil, ErrMissing.On("text")
	}
	e := MessageSent{Text: c.Text, At: c.At}
	for _, p := range parties {
		if slices.Contains(c.To, p) && p != from {
			e.To = append(e.To, p)
		}
	}
	for _, p := range c.To {
		if !slices.Contains(e.To, p) {
			return nil, ErrAddressee.With("body", cmp.Or(p.Body, string(p.Role)))
		}
	}
	return []Event{e}, nil
}
