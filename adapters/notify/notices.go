package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/notice"
	"approdo/domain/policy"
)

// People is who can be told.
type People interface {
	// Of lists the active accounts of a role and a body.
	Of(role domain.Role, body string) []uuid.UUID
	// Mailbox is where an account is written to; the zero Personal where nobody is to be: no address, no longer active, forgotten.
	Mailbox(ctx context.Context, id uuid.UUID) (domain.Personal, error)
}

// NoticeStorage keeps notices until they are sent, and remembers them afterwards; see package statetest for its promises.
type NoticeStorage interface {
	Queue(ctx context.Context, id, account uuid.UUID, content []byte, due, now time.Time) (bool, error)
	Drop(ctx context.Context, id uuid.UUID) error
	Due(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error)
	Claim(ctx context.Context, account, mail uuid.UUID, now time.Time) (contents [][]byte, tries int, err error)
	Sent(ctx context.Context, mail uuid.UUID, now time.Time) error
	Fail(ctx context.Context, mail uuid.UUID, code string, now time.Time) error
	Recorded(ctx context.Context, mail uuid.UUID, now time.Time) error
	Return(ctx context.Context, mail uuid.UUID, code string, due, now time.Time) error
	Abandon(ctx context.Context, code string, by, now time.Time) error
	Unrecorded(ctx context.Context, each func(mail, account uuid.UUID, contents [][]byte, at time.Time) error) error
	Preferences(ctx context.Context, account uuid.UUID) ([]byte, error)
}

// NoticesConfig is what Notices need.
type NoticesConfig struct {
	Journal event.Store
	Codec   *event.Codec
	People  People
	Storage NoticeStorage
	Post    Post
	From    string // the sender's address, as Post has it
	Channel notice.Channel
	Address string // where the service is reached, https://approdo.example.org
	Owner   string // the body that runs it
	Clock   domain.Clock
	Log     *slog.Logger
}

// Notices tell people what happens. They may be queued and sent on several nodes.
type Notices struct{ NoticesConfig }

// NewNotices makes them.
func NewNotices(c NoticesConfig) *Notices {
	c.Address = strings.TrimRight(c.Address, "/")
	return &Notices{c}
}

const (
	// tooOld is how long after it happened nobody is told any more: a copy of the data that is restored, or mail that was set up late,
	// does not write to everybody about what is over. It is much shorter than notices are remembered.
	tooOld = 7 * 24 * time.Hour
	// SendEvery is how often to look what is due, and perRound how many messages leave at once then: some 80 a minute.
	SendEvery = 15 * time.Second
	perRound  = 20
	// roundLasts is when no further message is begun, and handOver how long one may take, even while the program stops: what was
	// interrupted may have left.
	roundLasts = 25 * time.Second
	handOver   = 15 * time.Second
	// abandonAfter is much longer than a message takes to be handed over.
	abandonAfter = 10 * time.Minute
	// maxTries is how often a message is refused before a person has to look: with the pauses between them about two days.
	maxTries                     = 9
	firstRefusal, longestPause   = 5 * time.Minute, 12 * time.Hour
	firstAbsence, longestAbsence = time.Minute, time.Hour
)

// The codes of a message that failed, besides those of Post's errors.
const (
	CodeNoMailbox = "notice-no-mailbox"
	CodeUnknown   = "mail-outcome-unknown" // the node that sent it died in between
)

// Reaction queues what people are to be told of cases.
func (n *Notices) Reaction() policy.Reaction {
	return policy.Reaction{Name: policy.NameNotices, Category: casefile.Category, Types: notice.Types(),
		React: func(ctx context.Context, r event.Record) error {
			decoded, err := n.Codec.Decode(r)
			if err != nil {
				return err
			}
			e, ok := decoded.(casefile.Event)
			if !ok {
				return fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
			}
			s, err := n.caseAt(ctx, r)
			if err != nil {
				return err
			}
			for _, told := range notice.Of(r, e, s) {
				if err := n.Queue(ctx, told, r.Meta.Actor.Account); err != nil {
					return err
				}
			}
			return nil
		}}
}

// caseAt is a case as a record left it.
func (n *Notices) caseAt(ctx context.Context, last event.Record) (casefile.State, error) {
	s := casefile.Decider.Initial()
	for r, err := range n.Journal.ReadStream(ctx, last.Stream, event.ReadStream{}) {
		if err != nil {
			return s, err
		}
		if r.Revision > last.Revision {
			break
		}
		decoded, err := n.Codec.Decode(r)
		if err != nil {
			return s, err
		}
		e, ok := decoded.(casefile.Event)
		if !ok {
			return s, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
		}
		s = casefile.Evolve(s, e)
	}
	return s, nil
}

// Queue has the people of a notice's body told as each prefers, but for the one whose act it was; the nil UUID leaves nobody out. Queued
// again, it tells nobody twice. What happened too long ago is not told at all.
func (n *Notices) Queue(ctx context.Context, told notice.Notice, except uuid.UUID) error {
	now := n.Clock()
	if now.Sub(told.At) > tooOld {
		return nil
	}
	content, err := told.Encode()
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	for _, id := range n.People.Of(told.Role, told.Body) {
		if id == except {
			continue
		}
		chosen, err := n.preferences(ctx, id)
		if err != nil {
			return err
		}
		due, wanted := chosen.When(told)
		if !wanted {
			continue
		}
		to, err := n.People.Mailbox(ctx, id)
		if err != nil {
			return err
		}
		if to.IsZero() {
			continue
		}
		if _, err := n.Storage.Queue(ctx, told.ID(id), id, content, due, now); err != nil {
			return err
		}
	}
	return nil
}

func (n *Notices) preferences(ctx context.Context, id uuid.UUID) (notice.Preferences, error) {
	b, err := n.Storage.Preferences(ctx, id)
	if err != nil {
		return notice.Preferences{}, err
	}
	return notice.DecodePreferences(b)
}

// Send sends what is due, a message for each person, and records what has left. A server that is away ends the round; whoever cannot be
// reached holds up nobody else. Of what was under way when a node died nobody knows whether it has left: it is not sent again on its
// own. The error is storage's or the journal's.
func (n *Notices) Send(ctx context.Context) error {
	now := n.Clock()
	if err := n.Storage.Abandon(ctx, CodeUnknown, now.Add(-abandonAfter), now); err != nil {
		return err
	}
	accounts, err := n.Storage.Due(ctx, now, perRound)
	if err != nil {
		return err
	}
	for begun := time.Now(); len(accounts) > 0 && time.Since(begun) < roundLasts && ctx.Err() == nil; accounts = accounts[1:] {
		away, err := n.sendTo(ctx, accounts[0])
		if err != nil {
			return errors.Join(err, n.record(ctx))
		}
		if away {
			break
		}
	}
	return n.record(ctx)
}

// sendTo sends a person what is due. What became of the message is written down even where ctx ends meanwhile.
func (n *Notices) sendTo(ctx context.Context, id uuid.UUID) (away bool, err error) {
	mail := uuid.Must(uuid.NewV7())
	contents, tries, err := n.Storage.Claim(ctx, id, mail, n.Clock())
	if err != nil || len(contents) == 0 {
		return false, err
	}
	sent := n.hand(ctx, id, mail, contents)
	ctx = context.WithoutCancel(ctx)
	now := n.Clock()
	switch {
	case sent == nil:
		return false, n.Storage.Sent(ctx, mail, now)
	case errors.Is(sent, errNoMailbox):
		return false, n.Storage.Fail(ctx, mail, CodeNoMailbox, now)
	case errors.Is(sent, ErrUnsure) && tries+1 >= maxTries: // each try may have been one more copy
		return false, n.Storage.Fail(ctx, mail, CodeUnknown, now)
	case errors.Is(sent, domain.KindUnavailable): // the server, or what knows the address
		return true, n.Storage.Return(ctx, mail, codeOf(sent), now.Add(pause(tries, firstAbsence, longestAbsence)), now)
	}
	n.Log.Warn("notice not sent", "mail", mail, "tries", tries+1, "error", sent)
	if tries+1 >= maxTries {
		return false, n.Storage.Fail(ctx, mail, codeOf(sent), now)
	}
	return false, n.Storage.Return(ctx, mail, codeOf(sent), now.Add(pause(tries, firstRefusal, longestPause)), now)
}

func pause(tries int, first, longest time.Duration) time.Duration {
	return min(first<<min(tries, 20), longest)
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Code
	}
	return policy.CodeFault
}

var errNoMailbox = errors.New("notify: the account has no mailbox")

// hand hands one message over.
func (n *Notices) hand(ctx context.Context, id, mail uuid.UUID, contents [][]byte) error {
	all, err := decoded(contents)
	if err != nil {
		return err
	}
	chosen, err := n.preferences(ctx, id)
	if err != nil {
		return err
	}
	to, err := n.People.Mailbox(ctx, id)
	if err == nil && to.IsZero() {
		err = errNoMailbox
	}
	if err != nil {
		return err
	}
	subject, text, err := tell(n.Address, n.Owner, chosen.Speaks(), all)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), handOver)
	defer cancel()
	return n.Post.Send(within, Message{To: to, Subject: subject, Text: text, ID: mail, Date: n.Clock()})
}

func decoded(contents [][]byte) (all []notice.Notice, err error) {
	for _, c := range contents {
		told, err := notice.Decode(c)
		if err != nil {
			return nil, fmt.Errorf("notify: %w", err)
		}
		all = append(all, told)
	}
	return all, nil
}

// record writes into the journal what has left and does not stand there yet.
func (n *Notices) record(ctx context.Context) error {
	return n.Storage.Unrecorded(ctx, func(mail, account uuid.UUID, contents [][]byte, at time.Time) error {
		all, err := decoded(contents)
		if err != nil {
			return err
		}
		sent := notice.Sent{Account: account, Role: all[0].Role, Body: all[0].Body, Channel: n.Channel, Message: MessageID(mail, n.From), At: at}
		for _, told := range all {
			sent.Items = append(sent.Items, notice.Item{Event: told.Event, What: told.What, Case: told.Case, Kind: told.Kind})
		}
		o := event.Origin{ID: event.DeriveID(mail, "sent", 0), By: domain.System, At: at}
		c := notice.Command(notice.Send{Act: domain.Act{By: o.By, At: o.At}, Sent: sent})
		if _, err := event.Execute(ctx, n.Journal, n.Codec, notice.Decider, notice.Stream(mail), c, o); err != nil {
			return err
		}
		return n.Storage.Recorded(ctx, mail, n.Clock())
	})
}
