// Package notice is what people are told by mail, and when: that a case has come to their body, that an answer, a message or an outcome is there,
// that a term is over. A notice holds nothing of a pupil: the case by its id, what happened, until when something is to be done.
//
// That a message was sent, and what the provider of certified mail says of it, are facts of the journal; see Sent and Receipted.
package notice

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/calendar"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// Kind is what a person can choose about.
type Kind string

// The kinds.
const (
	Task    Kind = "task"    // a case has come to the body, which must act
	Answer  Kind = "answer"  // a question was answered
	Message Kind = "message" // somebody who follows a case has written to the body
	Outcome Kind = "outcome" // an offer was accepted, declined, or has lapsed
	Overdue Kind = "overdue" // a term is over
	Return  Kind = "return"  // the school has not validated its Monday return
)

// Kinds lists them in the order they are shown.
func Kinds() []Kind { return []Kind{Task, Answer, Message, Outcome, Overdue, Return} }

// Way is when a person is told.
type Way string

// The ways.
const (
	AtOnce Way = "at-once"
	Daily  Way = "daily" // with all else of the day; see Morning
	Never  Way = "never"
)

// Ways lists them in the order they are shown.
func Ways() []Way { return []Way{AtOnce, Daily, Never} }

// Language is one that notices are written in.
type Language string

// The languages.
const (
	Italian Language = "it"
	English Language = "en"
)

// Languages lists them; the first is that of whoever has not chosen.
func Languages() []Language { return []Language{Italian, English} }

// Preferences are what one person has chosen. The zero Preferences are those of whoever has chosen nothing.
type Preferences struct {
	Language Language     `json:"language,omitzero"`
	Ways     map[Kind]Way `json:"ways,omitzero"`
}

// Way is when the person is told of a kind. Where nothing was chosen it is once a day, but for a return, of which the next morning would
// be late.
func (p Preferences) Way(k Kind) Way {
	if w := p.Ways[k]; slices.Contains(Ways(), w) {
		return w
	}
	if k == Return {
		return AtOnce
	}
	return Daily
}

// Speaks is the person's language: Italian where nothing was chosen.
func (p Preferences) Speaks() Language {
	if slices.Contains(Languages(), p.Language) {
		return p.Language
	}
	return Italian
}

// Encode writes preferences as they are kept.
func (p Preferences) Encode() ([]byte, error) { return json.Marshal(p, json.Deterministic(true)) }

// DecodePreferences is the inverse of Encode; of nothing it gives the zero Preferences.
func DecodePreferences(b []byte) (p Preferences, err error) {
	if len(b) > 0 {
		err = json.Unmarshal(b, &p)
	}
	return p, err
}

// Notice is one thing that the people of a body are told.
type Notice struct {
	Event uuid.UUID   `json:"event"`         // what happened; together with the account it names the notice
	What  string      `json:"what"`          // its stored name, "case.place-offered"
	Case  uuid.UUID   `json:"case,omitzero"` // nil where it is about none
	Kind  Kind        `json:"kind"`
	Role  domain.Role `json:"role"`           // who is told: all people of a role
	Body  string      `json:"body,omitzero"`  // and of this body
	Clock string      `json:"clock,omitzero"` // which term is over
	At    time.Time   `json:"at"`             // when it happened, UTC
	Due   time.Time   `json:"due,omitzero"`   // UTC: the first instant that is too late; zero: no term

	Monday domain.Date `json:"monday,omitzero"` // whose return it is about
}

// Encode writes a notice as it is kept while it waits.
func (n Notice) Encode() ([]byte, error) { return json.Marshal(n) }

// Decode is the inverse of Encode.
func Decode(b []byte) (n Notice, err error) {
	err = json.Unmarshal(b, &n)
	return n, err
}

// ID names the notice of one account, whoever queues it and however often.
func (n Notice) ID(account uuid.UUID) uuid.UUID {
	return event.DeriveID(n.Event, "notice/"+account.String(), 0)
}

// Types are the stored names of the events that somebody is told of.
func Types() []string {
	return []string{"case.routed", "case.handed-over", "case.reopened", "case.parted", "case.question-asked", "case.question-answered", "case.message-sent",
		"case.place-offered", "case.offer-declined", "case.offer-lapsed", "case.offer-accepted",
		"case.acceptance-taken-back", "case.decline-taken-back", "case.clock-expired"}
}

// Of says who is told of an event of a case, which the case has come to by it; nobody for most events. Who did it is among those only
// if others of the body are: leaving the account out is the caller's.
func Of(r event.Record, e casefile.Event, s casefile.State) (told []Notice) {
	tell := func(k Kind, role domain.Role, body string, due time.Time) {
		told = append(told, Notice{Event: r.ID, What: r.Type, Case: casefile.IDOf(r.Stream), Kind: k, Role: role, Body: body,
			At: r.Meta.At.UTC(), Due: due.UTC()})
	}
	holder := func(k Kind, due time.Time) {
		if h := s.Holder(); h.Body != "" {
			tell(k, domain.Role(h.Kind), h.Body, due)
		}
	}
	centre := func(k Kind) { tell(k, domain.RoleCentre, string(s.Centre), time.Time{}) }
	switch e := e.(type) {
	case casefile.Routed:
		if s.Holder().Kind == casefile.HeldByCentre { // a school that enrolled a pupil on its own knows
			holder(Task, e.Terms.TakeCharge)
		}
	case casefile.HandedOver:
		if s.Handed != nil { // one that is taken back the centre did itself
			holder(Task, e.Terms.TakeCharge)
		}
	case casefile.CaseReopened:
		holder(Task, e.Terms.TakeCharge)
	case casefile.CaseParted, casefile.QuestionAsked:
		holder(Task, time.Time{})
	case casefile.PlaceOffered:
		tell(Task, domain.RoleSchool, string(e.Institution), e.Due)
	case casefile.QuestionAnswered:
		holder(Answer, time.Time{})
	case casefile.MessageSent:
		for _, p := range e.To {
			tell(Message, p.Role, p.Body, time.Time{})
		}
	case casefile.OfferDeclined, casefile.OfferLapsed, casefile.DeclineTakenBack:
		centre(Outcome)
	case casefile.OfferAccepted, casefile.AcceptanceTakenBack:
		tell(Outcome, domain.RoleComune, string(s.Comune), time.Time{})
		centre(Outcome)
	case casefile.ClockExpired:
		body := ""
		if e.To == domain.RoleCentre {
			body = string(s.Centre)
		}
		tell(Overdue, e.To, body, e.Due)
		told[0].Clock = string(e.Clock)
	}
	return told
}

// morningHour is when the mail of a day leaves, by the clock in Rome.
const morningHour = 7

// Morning is the first 7:00 in Rome of a working day that is not before an instant, in UTC. Offices that keep another patron than
// Milano's have their mail a day they do not work.
func Morning(at time.Time) time.Time {
	for d := domain.DateOf(at); ; d = d.AddDays(1) {
		m := time.Date(d.Year, d.Month, d.Day, morningHour, 0, 0, 0, domain.Rome).UTC()
		if calendar.IsWorkingDay(d, domain.Milano) && !m.Before(at) {
			return m
		}
	}
}

// When is the instant at which a notice is to leave; false where the person does not want to be told.
func (p Preferences) When(n Notice) (time.Time, bool) {
	switch p.Way(n.Kind) {
	case AtOnce:
		return n.At, true
	case Never:
		return time.Time{}, false
	}
	return Morning(n.At), true
}
