package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
)

// patience is how long a server may take for each step, so that one that says nothing is left.
const patience = 20 * time.Second

// Server is where messages are submitted.
type Server struct {
	// URL is smtps://user@host:465 for TLS from the start, smtp://user@host:587 for STARTTLS, which the server must then offer. Without
	// a user nobody signs in. With ?tls=none, on the loopback address only, nothing is encrypted.
	URL *url.URL
	// Password is that of the user.
	Password string
	// From is the sender's address.
	From string
	// Roots are the authorities to believe; nil: the system's.
	Roots *x509.CertPool
	// Patience is how long the server may take for each step; 0: 20 seconds.
	Patience time.Duration
}

// The faults of a Server.
var (
	ErrScheme   = errors.New("notify: the address begins with smtps:// or smtp:// and names a host")
	ErrTLS      = errors.New("notify: without TLS only on the loopback address")
	ErrFrom     = errors.New("notify: the sender is one address")
	ErrPassword = errors.New("notify: a user needs a password, and none is part of the address")
)

// Check gives the fault of a Server, nil where it has none.
func (s Server) Check() error {
	if s.URL == nil || s.URL.Scheme != "smtp" && s.URL.Scheme != "smtps" || s.URL.Hostname() == "" {
		return ErrScheme
	}
	_, inURL := s.URL.User.Password()
	if inURL || (s.user() != "") != (s.Password != "") {
		return ErrPassword
	}
	if tls := s.URL.Query().Get("tls"); tls != "" {
		a, err := netip.ParseAddr(s.URL.Hostname())
		if tls != "none" || s.URL.Scheme != "smtp" || err != nil || !a.IsLoopback() {
			return ErrTLS
		}
	}
	if a, err := mail.ParseAddress(s.From); err != nil || a.Address != s.From {
		return ErrFrom
	}
	return nil
}

func (s Server) user() string { return s.URL.User.Username() }

// SMTP submits messages to a server, each over a connection of its own. It may be used by many goroutines.
type SMTP struct {
	host    string
	from    string
	options []gomail.Option
}

// NewSMTP makes one. The server is not asked anything yet.
func NewSMTP(s Server) (*SMTP, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.Patience == 0 {
		s.Patience = patience
	}
	host := s.URL.Hostname()
	o := []gomail.Option{gomail.WithTimeout(s.Patience), gomail.WithTLSConfig(&tls.Config{ServerName: host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12})}
	port := 587
	switch {
	case s.URL.Scheme == "smtps":
		port = 465
		o = append(o, gomail.WithSSL())
	case s.URL.Query().Get("tls") == "none":
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if text := s.URL.Port(); text != "" {
		var err error
		if port, err = strconv.Atoi(text); err != nil {
			return nil, ErrScheme
		}
	}
	o = append(o, gomail.WithPort(port))
	if s.user() != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.user()), gomail.WithPassword(s.Password))
	}
	if _, err := gomail.NewClient(host, o...); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return &SMTP{host: host, from: s.From, options: o}, nil
}

// Send implements Post.
func (p *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := compose(p.from, m)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(p.host, p.options...)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fault(err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	if closed := client.CloseWithSMTPClient(conn); !msg.IsDelivered() {
		return fault(errors.Join(err, closed))
	}
	return nil // whatever happened to the connection after that
}

// compose makes a message with one recipient. Nobody is to answer it automatically (RFC 3834).
func compose(from string, m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(from); err != nil {
		return nil, ErrFrom
	}
	if err := msg.To(m.To.Reveal()); err != nil || len(msg.GetTo()) != 1 {
		return nil, ErrRecipient
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	if !m.Date.IsZero() {
		msg.SetDateWithValue(m.Date)
	}
	if m.ID == uuid.Nil {
		m.ID = uuid.New()
	}
	msg.SetMessageIDWithValue(strings.Trim(MessageID(m.ID, from), "<>"))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

// raw is a message as it is sent.
func raw(from string, m Message) ([]byte, error) {
	msg, err := compose(from, m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, errors.New("notify: a message cannot be written")
	}
	return out.Bytes(), nil
}

// fault says what an error means. Only its number is kept: servers like to repeat the address in their words.
func fault(err error) error {
	told, ok := errors.AsType[*gomail.SendError](err)
	if !ok { // not reached, not the one we know, or it does not know us: a person mends that, and what waits is sent then
		if answer, ok := errors.AsType[*textproto.Error](err); ok {
			return fmt.Errorf("%w: answer %d", ErrAway, answer.Code)
		}
		return fmt.Errorf("%w: %T", ErrAway, root(err))
	}
	said := fmt.Errorf("answer %d %s", told.ErrorCode(), told.EnhancedStatusCode())
	switch {
	case told.Reason == gomail.ErrSMTPRcptTo && told.ErrorCode() >= 400: // also for now: a full mailbox must not hold up everybody else's
		return fmt.Errorf("%w: %w", ErrRecipient, said)
	case told.ErrorCode() < 500 && told.Reason == gomail.ErrSMTPDataClose:
		return fmt.Errorf("%w: %w: %w", ErrUnsure, ErrAway, said)
	case told.ErrorCode() < 500: // 4xx, or no answer at all
		return fmt.Errorf("%w: %w", ErrAway, said)
	}
	return fmt.Errorf("%w: %w", ErrRefused, said)
}

func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
