// Package notify sends messages to people: by SMTP over TLS, or into a folder where somebody looks at them.
//
// A message has one recipient, always: nobody learns who else was written to. Certified mail (PEC) is the same submission with a PEC
// account, and differs in what comes back: the provider takes the message or not at once, and sends receipts of acceptance and of
// delivery to the sender's own mailbox, where people read them. Its rules know no blind copies (DPR 68/2005 and RFC 6109: each
// recipient is certified to all), which this package has none of.
//
// No error of this package holds an address or what a message says, since errors are written into logs.
package notify

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// Message is what one person is told.
type Message struct {
	To      domain.Personal
	Subject string
	Text    string    // plain, lines of any length
	ID      uuid.UUID // names the message, see MessageID; nil: any
	Date    time.Time // zero: now
}

// MessageID is what a message from a sender is named by: receipts repeat it.
func MessageID(id uuid.UUID, from string) string {
	return "<" + id.String() + from[strings.LastIndex(from, "@"):] + ">"
}

// Post hands messages over. Send returns when another has taken the responsibility: a message that was taken is not to be sent again.
// The errors are ErrAway, or refused with ErrRefused or ErrRecipient.
type Post interface {
	Send(ctx context.Context, m Message) error
}

// What becomes of a message that was not taken. After ErrAway it may be sent again, and may then arrive twice: whether a server that
// went away at the last moment has taken the message nobody can tell.
var (
	// ErrUnsure comes with ErrAway where the whole message was handed over and not taken by word: it may have been all the same.
	ErrUnsure    = errors.New("notify: handed over, and nobody said whether it was taken")
	ErrAway      = &domain.Error{Kind: domain.KindUnavailable, Code: "mail-away"}
	ErrRefused   = domain.Refused("mail-refused")           // the server does not want it from us
	ErrRecipient = domain.Refused("mail-recipient-refused") // the server does not know the recipient
)
