package notice

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// Event is what happens to a message.
type Event interface{ noticeEvent() }

// Events of package notice. Instants are UTC.
type (
	// Sent says that a message was handed over to those who carry it. To whom is an account, not a name or an address.
	Sent struct {
		Account uuid.UUID   `json:"account"`
		Role    domain.Role `json:"role"`
		Body    string      `json:"body,omitzero"`
		Channel Channel     `json:"channel"`
		Message string      `json:"message"` // its Message-ID, by which receipts name it
		Items   []Item      `json:"items"`
		At      time.Time   `json:"at"`
	}
	// Receipted is what the provider says of a message of certified mail (RFC 6109).
	Receipted struct {
		Receipt Receipt   `json:"receipt"`
		At      time.Time `json:"at"` // by the provider's clock
	}
)

// Item is one thing that a message tells.
type Item struct {
	Event uuid.UUID `json:"event"`
	What  string    `json:"what"`
	Case  uuid.UUID `json:"case,omitzero"`
	Kind  Kind      `json:"kind"`
}

func (Sent) noticeEvent()      {}
func (Receipted) noticeEvent() {}

// Events ties the stored names to the types. A name once stored never changes.
var Events = event.Table{event.TypeOf[Sent]("notice.sent"), event.TypeOf[Receipted]("notice.receipted")}

// Category is the prefix of the streams of messages.
const Category = "notice-"

// Stream names the stream of a message.
func Stream(id uuid.UUID) string { return Category + id.String() }

// IDOf is the inverse of Stream; uuid.Nil for any other stream.
func IDOf(stream string) uuid.UUID {
	text, ok := strings.CutPrefix(stream, Category)
	id, err := uuid.Parse(text)
	if !ok || err != nil || Stream(id) != stream {
		return uuid.Nil
	}
	return id
}

// Channel is the way a message leaves by.
type Channel string

// The channels.
const (
	ByMail   Channel = "mail"
	ByPEC    Channel = "pec"
	ToFolder Channel = "folder" // for somebody to look at, or to send by hand
)

// Receipt is what a provider of certified mail says.
type Receipt string

// The receipts by their stored names; each is the value of the header X-Ricevuta that says it (RFC 6109, 3.1 and 3.3).
const (
	Accepted    Receipt = "accettazione"
	NotAccepted Receipt = "non-accettazione"
	TakenOver   Receipt = "presa-in-carico"
	Delivered   Receipt = "avvenuta-consegna"
	NotYet      Receipt = "preavviso-errore-consegna"
	Undelivered Receipt = "errore-consegna"
	Virus       Receipt = "rilevazione-virus"
)

// Receipts lists them.
func Receipts() []Receipt {
	return []Receipt{Accepted, NotAccepted, TakenOver, Delivered, NotYet, Undelivered, Virus}
}

// Failed tells whether a receipt says that the message will not come.
func (r Receipt) Failed() bool { return r == NotAccepted || r == Undelivered || r == Virus }

// State is what the rules read.
type State struct {
	Sent     bool
	Receipts []Receipt
}

// Command is what is asked of a message.
type Command interface{ noticeCommand() }

// Commands of package notice. Both are the system's.
type (
	// Send records that a message has left.
	Send struct {
		domain.Act
		Sent
	}
	// Receive records a receipt.
	Receive struct {
		domain.Act
		Receipted
	}
)

func (Send) noticeCommand()    {}
func (Receive) noticeCommand() {}

// The rules that refuse.
var (
	ErrNoNotice = domain.NotFound("notice-not-found")
	ErrReceipt  = domain.Invalid("receipt-unknown")
)

// Decider is the aggregate.
var Decider = event.Decider[State, Command, Event]{Initial: func() State { return State{} }, Decide: Decide, Evolve: Evolve}

// Decide records a message once, and each receipt of a message that was sent once.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Send:
		if s.Sent {
			return nil, nil
		}
		return []Event{c.Sent}, nil
	case Receive:
		switch {
		case !s.Sent:
			return nil, ErrNoNotice
		case !slices.Contains(Receipts(), c.Receipt):
			return nil, ErrReceipt
		case slices.Contains(s.Receipts, c.Receipt):
			return nil, nil
		}
		return []Event{c.Receipted}, nil
	}
	return nil, ErrNoNotice
}

// Evolve is total.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Sent:
		s.Sent = true
	case Receipted:
		s.Receipts = append(slices.Clone(s.Receipts), e.Receipt)
	}
	return s
}
