// Package outlet sends facts to other systems through Watermill's publishers: as signed webhooks over HTTP, or to NATS JetStream.
//
// An outlet is a policy like the others: it has the records of the journal in order, one at a time, with a checkpoint of its own. A
// receiver that is away is waited for; a fact that it refuses is parked, with what comes after it in the same case, where a person sees
// and releases it. So each fact arrives at least once, under a stable id, in order per case.
package outlet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/go-json-experiment/json"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/fact"
	"approdo/domain/policy"
)

// Config names a receiver.
type Config struct {
	Name   string   // of the outlet: a-z, 0-9 and -, at most 30; its checkpoint goes by it
	URL    *url.URL // https://… for a webhook, nats://host:port/subject for JetStream
	Secret []byte   // of a webhook's signature, at least 24 bytes
}

// The faults of a Config.
var (
	ErrName    = errors.New("outlet: a name has letters a-z, digits and hyphens, at most 30")
	ErrScheme  = errors.New("outlet: the address begins with https://, or with http:// on this machine, or with nats://")
	ErrSecret  = errors.New("outlet: a webhook needs a secret of at least 24 bytes")
	ErrSubject = errors.New("outlet: a NATS address ends with the subject, nats://host:4222/approdo.facts")
)

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9-]{1,30}$`)
	subjectForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
)

// Check gives the fault of a Config, nil where it has none.
func (c Config) Check() error {
	switch {
	case !nameForm.MatchString(c.Name):
		return ErrName
	case c.isWebhook() && len(c.Secret) < shortestSecret:
		return ErrSecret
	case c.URL.Scheme == "nats" && !subjectForm.MatchString(c.subject()):
		return ErrSubject
	case !c.isWebhook() && c.URL.Scheme != "nats":
		return ErrScheme
	}
	return nil
}

func (c Config) isWebhook() bool {
	return c.URL.Scheme == "https" || c.URL.Scheme == "http" && isLoopback(c.URL.Hostname())
}

func (c Config) subject() string { return strings.Trim(c.URL.Path, "/") }

// Outlet sends facts to one receiver.
type Outlet struct {
	name      string
	topic     string
	publisher message.Publisher
}

// Open makes an outlet. A receiver that does not answer now is no error.
func Open(c Config, log *slog.Logger) (*Outlet, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	o := &Outlet{name: c.Name}
	var err error
	if c.isWebhook() {
		o.topic = c.URL.String()
		o.publisher, err = newWebhook(c.Secret)
	} else {
		o.topic = c.subject()
		o.publisher, err = newNATS(c.URL, c.Name, log)
	}
	return o, err
}

// Policy is the name of an outlet among the policies.
func Policy(name string) string { return policy.OutletPrefix + name }

// Reaction sends the fact of each record.
func (o *Outlet) Reaction(codec *event.Codec) policy.Reaction {
	return policy.Reaction{Name: Policy(o.name), Category: casefile.Category, Types: fact.Types(),
		React: func(ctx context.Context, r event.Record) error {
			payload, err := codec.Decode(r)
			if err != nil {
				return err
			}
			f, ok := fact.Of(r, payload)
			if !ok {
				return nil
			}
			body, err := json.Marshal(f)
			if err != nil {
				return fmt.Errorf("outlet: fact of %s at %d: %w", r.Stream, r.Position, err)
			}
			m := message.NewMessageWithContext(ctx, f.ID.String(), body)
			m.Metadata.Set("ce_type", f.Type)
			m.Metadata.Set("ce_subject", f.Subject.String())
			err = o.publisher.Publish(o.topic, m)
			if told, ok := errors.AsType[*url.Error](err); ok {
				return told.Err // without the address, which may hold what only the receiver should know
			}
			return err
		}}
}

// Close lets go of the receiver.
func (o *Outlet) Close() error { return o.publisher.Close() }

// away is a receiver that does not take facts now: the outlet waits and parks nothing.
func away(err error) error {
	return fmt.Errorf("%w: %w", &domain.Error{Kind: domain.KindUnavailable, Code: "receiver-away"}, err)
}

// refused is a fact that the receiver does not want: the outlet parks it.
func refused(err error) error {
	return fmt.Errorf("%w: %w", domain.Refused("receiver-refused"), err)
}
