package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

const annasMail = "anna.verdi@pec.example.org"

// mailbox keeps the letters that were sent; it takes none while away is set.
type mailbox struct {
	letters []letter
	away    error
}

type letter struct {
	to, token string
	expires   time.Time
	renewed   bool
}

func (m *mailbox) Link(_ context.Context, to domain.Personal, token string, expires time.Time, renewed bool) error {
	if m.away != nil {
		return m.away
	}
	m.letters = append(m.letters, letter{to.Reveal(), token, expires, renewed})
	return nil
}

func (m *mailbox) last() letter { return m.letters[len(m.letters)-1] }

var errAway = &domain.Error{Kind: domain.KindUnavailable, Code: "mail-away"}

// deliver hands the whole journal to the reaction, as whoever has no checkpoint does.
func (h *house) deliver(t *testing.T, m session.Letters) (err error) {
	t.Helper()
	reaction := h.Post(m)
	for page, readErr := range h.journal.ReadAll(t.Context(), 0, event.ReadAll{}) {
		ok(t, readErr)
		for _, r := range page.Records {
			if !strings.HasPrefix(r.Stream, reaction.Category) || !slices.Contains(reaction.Types, r.Type) {
				continue
			}
			err = errors.Join(err, reaction.React(t.Context(), r))
		}
	}
	return err
}

func byMail(login string) session.Invitation {
	inv := invitation(login)
	inv.Mail, inv.ByMail = domain.NewPersonal(annasMail), true
	return inv
}

func TestALinkIsMadeWhenItIsSentAndSentOnce(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	link, err := h.Invite(t.Context(), h.origin(ust), byMail(annasLogin))
	ok(t, err)
	if link.Token != "" {
		t.Error("who invites was given the token")
	}
	for range 3 { // the checkpoint was older than what was done
		ok(t, h.deliver(t, m))
	}
	if len(m.letters) != 1 || m.last().to != annasMail || !m.last().expires.Equal(link.Expires) || m.last().renewed {
		t.Fatalf("%d letters", len(m.letters))
	}
	ok(t, h.Activate(t.Context(), m.last().token, goodWord))
	h.wantSignIn(t, annasLogin, goodWord, nil)
	ok(t, h.deliver(t, m))
	if len(m.letters) != 1 {
		t.Errorf("%d letters, the last to somebody who has used theirs", len(m.letters))
	}
}

func TestWhatTheServerDidNotTakeIsSentLaterWithALinkThatWorks(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{away: errAway}
	_, err := h.Invite(t.Context(), h.origin(ust), byMail(annasLogin))
	ok(t, err)
	refused(t, h.deliver(t, m), domain.KindUnavailable)
	refused(t, h.deliver(t, nil), session.ErrNoPost)
	if h.Posts() {
		t.Error("a house without letters posts")
	}
	m.away = nil
	ok(t, h.deliver(t, m))
	ok(t, h.Activate(t.Context(), m.last().token, goodWord))
	if !h.Posts() {
		t.Error("a house with letters does not post")
	}
}

func TestALinkThatNoLongerStandsIsNotSent(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(*testing.T, *house, uuid.UUID) error{
		"closed": func(t *testing.T, h *house, id uuid.UUID) error {
			return h.Close(t.Context(), h.origin(ust), id, account.ReasonMistake)
		},
		"suspended": func(t *testing.T, h *house, id uuid.UUID) error {
			return h.Suspend(t.Context(), h.origin(ust), id, account.ReasonMisuse)
		},
		"expired": func(_ *testing.T, h *house, _ uuid.UUID) error { h.pass(72 * time.Hour); return nil },
		"shown instead": func(t *testing.T, h *house, id uuid.UUID) error {
			h.pass(time.Second)
			_, err := h.Renew(t.Context(), h.origin(ust), id, 0)
			return err
		},
		"erased": func(_ *testing.T, h *house, id uuid.UUID) error { h.sealer.forgotten = id; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, m := newHouse(t), &mailbox{}
			link, err := h.Invite(t.Context(), h.origin(ust), byMail(annasLogin))
			ok(t, err)
			ok(t, meanwhile(t, h, link.Account))
			ok(t, h.deliver(t, m))
			if len(m.letters) != 0 {
				t.Errorf("%d letters", len(m.letters))
			}
		})
	}
}

func TestASuspendedPersonIsSentTheLinkWhenReinstated(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	link, err := h.Invite(t.Context(), h.origin(ust), byMail(annasLogin))
	ok(t, err)
	ok(t, h.Suspend(t.Context(), h.origin(ust), link.Account, account.ReasonInactive))
	ok(t, h.deliver(t, m))
	ok(t, h.Reinstate(t.Context(), h.origin(ust), link.Account))
	ok(t, h.deliver(t, m))
	if len(m.letters) != 1 {
		t.Fatalf("%d letters", len(m.letters))
	}
	ok(t, h.Activate(t.Context(), m.last().token, goodWord))
}

func TestAnInvitationThatWaitsForASecondPersonIsSentWhenApproved(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	inv := byMail(annasLogin)
	inv.Role, inv.Body = domain.RoleUST, ""
	link, err := h.Invite(t.Context(), h.origin(admin), inv)
	ok(t, err)
	ok(t, h.deliver(t, m))
	if len(m.letters) != 0 {
		t.Fatal("sent before the second person's word")
	}
	other := domain.Actor{Account: uuid.New(), Role: domain.RoleAdmin}
	o := h.origin(other)
	_, err = event.Execute(t.Context(), h.journal, h.codec, account.Decider, account.Stream(link.Account),
		account.Command(account.Approve{Act: domain.Act{By: other, At: o.At}}), o)
	ok(t, err)
	ok(t, h.deliver(t, m))
	if len(m.letters) != 1 {
		t.Fatalf("%d letters", len(m.letters))
	}
	ok(t, h.Activate(t.Context(), m.last().token, goodWord))
}

func TestARenewalByMailNeedsAnAddress(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	refused(t, h.RenewByMail(t.Context(), h.origin(ust), h.person(t, "bruno@example.org")), account.ErrNoMail)
	inv := invitation(annasLogin)
	inv.Mail = domain.NewPersonal(annasMail)
	link, err := h.Invite(t.Context(), h.origin(ust), inv)
	ok(t, err)
	h.pass(time.Second)
	ok(t, h.RenewByMail(t.Context(), h.origin(ust), link.Account))
	ok(t, h.deliver(t, m))
	refused(t, h.Activate(t.Context(), link.Token, goodWord), session.ErrNoInvitation)
	ok(t, h.Activate(t.Context(), m.last().token, goodWord))

	unreachable := byMail("carla@example.org")
	unreachable.Mail = domain.Personal{}
	_, err = h.Invite(t.Context(), h.origin(ust), unreachable)
	refused(t, err, account.ErrNoMail)
}

func TestAForgottenPasswordIsReplacedByALinkOfOneHour(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	inv := invitation(annasLogin)
	inv.Mail = domain.NewPersonal(annasMail)
	link, err := h.Invite(t.Context(), h.origin(ust), inv)
	ok(t, err)
	ok(t, h.Activate(t.Context(), link.Token, goodWord))
	h.pass(time.Second)
	forgot := func() {
		t.Helper()
		ok(t, h.Forgot(t.Context(), strings.ToUpper(annasLogin), somewhere))
		ok(t, h.Recover(t.Context()))
		ok(t, h.Recover(t.Context()))
		ok(t, h.deliver(t, m))
	}
	forgot()
	if len(m.letters) != 1 || !m.last().renewed || !m.last().expires.Equal(h.now().Add(time.Hour)) {
		t.Fatalf("letters %+v", m.letters)
	}
	first := m.last().token
	h.pass(time.Minute)
	forgot()
	refused(t, h.Activate(t.Context(), first, otherWord), session.ErrNoInvitation)
	h.wantSignIn(t, annasLogin, goodWord, nil)
	ok(t, h.Activate(t.Context(), m.last().token, otherWord))
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
	h.wantSignIn(t, annasLogin, otherWord, nil)
	h.pass(2 * time.Hour)
	forgot()
	h.pass(time.Hour)
	refused(t, h.Activate(t.Context(), m.last().token, goodWord), session.ErrNoInvitation)
}

// A service that was down for long makes no link that has expired, which would void the one there is.
func TestAPasswordForgottenLongAgoIsLeftAlone(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	inv := invitation(annasLogin)
	inv.Mail = domain.NewPersonal(annasMail)
	link, err := h.Invite(t.Context(), h.origin(ust), inv)
	ok(t, err)
	ok(t, h.Activate(t.Context(), link.Token, goodWord))
	for late, renewed := range map[time.Duration]bool{time.Hour - time.Second: true, time.Hour: false} {
		letters := len(m.letters)
		head, err := h.journal.Head(t.Context())
		ok(t, err)
		ok(t, h.Forgot(t.Context(), annasLogin, somewhere))
		h.pass(late)
		ok(t, h.Recover(t.Context()))
		ok(t, h.deliver(t, m))
		if at, err := h.journal.Head(t.Context()); err != nil || (at > head) != renewed || (len(m.letters) > letters) != renewed {
			t.Errorf("after %s the journal went on from %d to %d, %v, and there are %d letters more", late, head, at, err, len(m.letters)-letters)
		}
		ok(t, h.store.Recoveries(t.Context(), func(uuid.UUID, []byte, time.Time) error {
			t.Errorf("what was asked %s ago is still to be done", late)
			return nil
		}))
	}
}

// Whoever asks learns nothing: not by what is answered, not by what is done meanwhile, not by when it is enough.
func TestForgettingTellsNobodyWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	withMail := func(login string) uuid.UUID {
		inv := invitation(login)
		inv.Mail = domain.NewPersonal(annasMail)
		link, err := h.Invite(t.Context(), h.origin(ust), inv)
		ok(t, err)
		ok(t, h.Activate(t.Context(), link.Token, goodWord))
		return link.Account
	}
	suspended := withMail("suspended@example.org")
	ok(t, h.Suspend(t.Context(), h.origin(ust), suspended, account.ReasonLeft))
	closed := withMail("closed@example.org")
	ok(t, h.Close(t.Context(), h.origin(ust), closed, account.ReasonLeft))
	h.person(t, "noaddress@example.org")
	withMail("known@example.org")
	invited := byMail("invited@example.org")
	_, err := h.Invite(t.Context(), h.origin(ust), invited)
	ok(t, err)
	ok(t, h.deliver(t, m))
	before, hashes := len(m.letters), h.hashes.Load()
	head, err := h.journal.Head(t.Context())
	ok(t, err)
	logins := []string{"known@example.org", "nobody@example.org", "suspended@example.org", "closed@example.org", "noaddress@example.org", "invited@example.org"}
	answers := map[string][]string{}
	for _, login := range logins {
		for range 5 {
			err := h.Forgot(t.Context(), login, "198.51.100."+login[:1])
			said := "noted"
			if err != nil {
				refused(t, err, session.ErrTooManyTries)
				said = err.Error()
			}
			answers[login] = append(answers[login], said)
		}
		if strings.Join(answers[login], ",") != strings.Join(answers[logins[0]], ",") {
			t.Errorf("%s is answered %v, the first %v", login, answers[login], answers[logins[0]])
		}
	}
	if strings.Count(strings.Join(answers[logins[0]], ","), "noted") != 2 {
		t.Errorf("noted %v", answers[logins[0]])
	}
	if at, err := h.journal.Head(t.Context()); err != nil || at != head || h.hashes.Load() != hashes {
		t.Errorf("while they asked the journal went on from %d to %d, %v", head, at, err)
	}
	ok(t, h.Recover(t.Context()))
	ok(t, h.deliver(t, m))
	if n := len(m.letters) - before; n != 1 {
		t.Errorf("%d letters, want one, to who is known, active and has an address", n)
	}
}
