package account_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
	"approdo/domain/event/spec"
)

var (
	id     = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	ust    = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000aa"), Role: domain.RoleUST}
	admin  = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000bb"), Role: domain.RoleAdmin}
	person = domain.Open(id, domain.ClassPersonal, account.Person{
		Login: domain.NewPersonal("anna.verdi@example.org"), Name: domain.NewPersonal("Anna Verdi"),
	})

	at    = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	until = at.Add(account.MaxInvitation)
	later = until.Add(account.MaxInvitation)

	invited    = account.AccountInvited{Account: id, Role: domain.RoleComune, Body: "015146", Person: person, Expires: until, Delivery: account.Shown}
	invitedUST = account.AccountInvited{Account: id, Role: domain.RoleUST, Person: person, Expires: until, Delivery: account.Shown}
	renewed    = account.InvitationRenewed{Expires: later, Delivery: account.Shown}
	activated  = account.AccountActivated{}
	suspended  = account.AccountSuspended{Reason: account.ReasonMisuse}
	reinstated = account.AccountReinstated{}
	closed     = account.AccountClosed{Reason: account.ReasonLeft}

	own = domain.Actor{Account: id, Role: domain.RoleComune, Body: "015146"}
)

func by(a domain.Actor, at time.Time) domain.Act { return domain.Act{By: a, At: at} }

func given(t *testing.T, past ...account.Event) spec.Past[account.State, account.Command, account.Event] {
	return spec.Given(t, account.Decider, past...)
}

func TestAnAccountLivesFromInvitationToClosure(t *testing.T) {
	t.Parallel()
	invite := account.Invite{Act: by(ust, at), Account: id, Role: domain.RoleComune, Body: " 015146 ", Person: person, Expires: until, Delivery: account.Shown}
	story := given(t).When(invite).Then(invited).
		When(account.Renew{Act: by(ust, until), Expires: later}).Then(renewed).
		When(account.Activate{Act: by(own, later.Add(-time.Second))}).Then(activated).
		When(account.Suspend{Act: by(ust, later), Reason: account.ReasonMisuse}).Then(suspended).
		When(account.Reinstate{Act: by(admin, later)}).Then(reinstated).
		When(account.Close{Act: by(ust, later), Reason: account.ReasonLeft}).Then(closed)
	if got := story.State(); got.Status() != account.Closed || got.Actor() != own {
		t.Errorf("status %q of %v", got.Status(), got.Actor())
	}
}

func TestWhoMayInviteWhom(t *testing.T) {
	t.Parallel()
	bodies := map[domain.Role]string{domain.RoleComune: "015146", domain.RoleCentre: "CTI-21", domain.RoleSchool: "MIIC8AB00X"}
	for _, inviter := range append(domain.Roles(), domain.RoleSystem) {
		for _, role := range domain.Roles() {
			may := inviter == domain.RoleAdmin || inviter == domain.RoleSystem || inviter == domain.RoleUST && bodies[role] != ""
			act, body := by(domain.Actor{Role: inviter}, at), bodies[role]
			c := account.Invite{Act: act, Account: id, Role: role, Body: body, Person: person, Expires: until, Delivery: account.Shown}
			invited := []account.Event{account.AccountInvited{Account: id, Role: role, Body: body, Person: person, Expires: until, Delivery: account.Shown}}
			if account.NeedsTwo(role) && inviter != domain.RoleSystem {
				invited = append(invited, account.ApprovalAsked{})
			}
			if may {
				given(t).When(c).Then(invited...)
			} else {
				given(t).When(c).ThenRefused(account.ErrNotYours)
			}
		}
	}
}

func TestInvitationsAreChecked(t *testing.T) {
	t.Parallel()
	valid := account.Invite{Act: by(admin, at), Account: id, Role: domain.RoleComune, Body: "015146", Person: person, Expires: until, Delivery: account.Shown}
	with := func(change func(*account.Invite)) account.Invite { c := valid; change(&c); return c }
	for name, tc := range map[string]struct {
		command account.Invite
		rule    error
	}{
		"too long":           {with(func(c *account.Invite) { c.Expires = until.Add(1) }), account.ErrInvitationTooLong},
		"over at once":       {with(func(c *account.Invite) { c.Expires = at }), account.ErrAlreadyExpired},
		"nobody":             {with(func(c *account.Invite) { c.Person = domain.Sealed[account.Person]{} }), account.ErrNoPerson},
		"no id":              {with(func(c *account.Invite) { c.Account = uuid.Nil }), account.ErrNoPerson},
		"for the system":     {with(func(c *account.Invite) { c.Role = domain.RoleSystem }), domain.Invalid("role-unknown")},
		"comune by its name": {with(func(c *account.Invite) { c.Body = "MILANO" }), domain.Invalid("body-malformed")},
		"prefettura of one":  {with(func(c *account.Invite) { c.Role = domain.RolePrefettura }), domain.Invalid("body-malformed")},
		"centre by a comune": {with(func(c *account.Invite) { c.Role = domain.RoleCentre }), domain.Invalid("body-malformed")},
		"school by a comune": {with(func(c *account.Invite) { c.Role = domain.RoleSchool }), domain.Invalid("body-malformed")},
		"centre of nothing":  {with(func(c *account.Invite) { c.Role, c.Body = domain.RoleCentre, "CTI-" }), domain.Invalid("body-malformed")},
	} {
		t.Run(name, func(t *testing.T) { given(t).When(tc.command).ThenRefused(tc.rule) })
	}
	given(t, invited).When(valid).ThenRefused(account.ErrExists)
	if body, err := account.ParseBody(domain.RoleSchool, "miic8ab00x"); err != nil || body != "MIIC8AB00X" {
		t.Errorf("school %q, %v", body, err)
	}
	if body, err := account.ParseBody(domain.RoleCentre, "POLO-1"); err != nil || body != "POLO-1" {
		t.Errorf("centre %q, %v", body, err)
	}
}

func TestAnInvitationIsUsedOnceInTimeByTheInvited(t *testing.T) {
	t.Parallel()
	lastMoment := account.Activate{Act: by(own, until.Add(-1))}
	given(t).When(lastMoment).ThenRefused(account.ErrNoAccount)
	given(t, invited).When(lastMoment).Then(activated)
	given(t, invited).When(account.Activate{Act: by(own, until)}).ThenRefused(account.ErrInvitationExpired)
	given(t, invited, renewed).When(account.Activate{Act: by(own, until)}).Then(activated)
	given(t, invited, activated).When(lastMoment).ThenRefused(account.ErrInvitationUsed)
	given(t, invited, suspended).When(lastMoment).ThenRefused(account.ErrSuspended)
	given(t, invited, closed).When(lastMoment).ThenRefused(account.ErrClosed)
	given(t, invited).When(account.Activate{Act: by(admin, at)}).ThenRefused(account.ErrNotTheInvited)
	elsewhere := own
	elsewhere.Body = "015077"
	given(t, invited).When(account.Activate{Act: by(elsewhere, at)}).ThenRefused(account.ErrNotTheInvited)
}

func TestARenewalLetsAnActivePersonChooseANewPasswordOnce(t *testing.T) {
	t.Parallel()
	activate := account.Activate{Act: by(own, until)}
	given(t, invited, activated).When(account.Renew{Act: by(ust, at), Expires: until}).Then(account.InvitationRenewed{Expires: until, Delivery: account.Shown})
	given(t, invited, activated, renewed).When(activate).Then(activated).When(activate).ThenRefused(account.ErrInvitationUsed)
	if s := given(t, invited, activated, renewed).State().Status(); s != account.Active {
		t.Errorf("a renewal made an active account %q", s)
	}
	given(t, invited).When(account.Renew{Act: by(ust, at), Expires: until}).ThenNothing()
	given(t, invited).When(account.Renew{Act: by(ust, at), Expires: later}).ThenRefused(account.ErrInvitationTooLong)
	given(t, invited).When(account.Renew{Act: by(ust, until), Expires: until}).ThenRefused(account.ErrAlreadyExpired)
	given(t, invited, suspended).When(account.Renew{Act: by(ust, until), Expires: later}).ThenRefused(account.ErrSuspended)
	given(t, invited, closed).When(account.Renew{Act: by(ust, until), Expires: later}).ThenRefused(account.ErrClosed)
}

func TestALinkIsShownOrMailed(t *testing.T) {
	t.Parallel()
	reachable := domain.Open(id, domain.ClassPersonal, account.Person{Login: domain.NewPersonal("anna"), Name: domain.NewPersonal("Anna Verdi"),
		Mail: domain.NewPersonal("a.verdi@pec.example.org")})
	invite := account.Invite{Act: by(ust, at), Account: id, Role: domain.RoleComune, Body: "015146", Person: person, Expires: until}
	given(t).When(invite).Then(invited)
	invite.Delivery = account.Mailed
	given(t).When(invite).ThenRefused(account.ErrNoMail)
	invite.Person = reachable
	given(t).When(invite).Then(account.AccountInvited{Account: id, Role: domain.RoleComune, Body: "015146", Person: reachable, Expires: until,
		Delivery: account.Mailed})
	invite.Delivery = "pigeon"
	given(t).When(invite).ThenRefused(account.ErrDelivery)
	given(t, invited).When(account.Renew{Act: by(ust, until), Expires: later, Delivery: account.Mailed}).
		Then(account.InvitationRenewed{Expires: later, Delivery: account.Mailed})
	given(t, invited).When(account.Renew{Act: by(ust, until), Expires: later, Delivery: "pigeon"}).ThenRefused(account.ErrDelivery)
	given(t, invited).When(account.Renew{Act: by(ust, at), Expires: until, Delivery: account.Mailed}).
		Then(account.InvitationRenewed{Expires: until, Delivery: account.Mailed}) // in the same instant, and yet another way
}

func TestWhoForgotAPasswordIsSentALinkByTheSystemAlone(t *testing.T) {
	t.Parallel()
	forgot := account.Recover{Act: by(domain.System, at), Expires: until}
	given(t, invited, activated).When(forgot).Then(account.InvitationRenewed{Expires: until, Delivery: account.Mailed}).
		When(account.Activate{Act: by(own, at)}).Then(activated)
	given(t).When(forgot).ThenRefused(account.ErrNoAccount)
	given(t, invited).When(forgot).ThenRefused(account.ErrNotActive)
	given(t, invited, activated, suspended).When(forgot).ThenRefused(account.ErrSuspended)
	given(t, invited, activated, closed).When(forgot).ThenRefused(account.ErrClosed)
	given(t, invited, activated).When(account.Recover{Act: by(domain.System, at), Expires: until.Add(1)}).ThenRefused(account.ErrInvitationTooLong)
	for _, a := range []domain.Actor{own, ust, admin} {
		given(t, invited, activated).When(account.Recover{Act: by(a, at), Expires: until}).ThenRefused(account.ErrNotYours)
	}
}

func TestAddressesAreOfOneMailbox(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", " a.verdi@pec.example.org ", "ufficio+scuola@comune.example.it"} {
		p, err := account.NewPerson("anna", "Anna Verdi", good)
		if err != nil || p.Mail.Reveal() != strings.TrimSpace(good) {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"anna", "anna@localhost", "a@example.org, b@example.org", "Anna <a@example.org>", "a@example.org\r\nBcc: b@example.org",
		`"a b"@example.org`, "a@example..org", "@example.org", strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("a.", 130) + "org"} {
		_, err := account.NewPerson("anna", "Anna Verdi", bad)
		if !errors.Is(err, domain.Invalid("mail-malformed")) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestManagingAnAccount(t *testing.T) {
	t.Parallel()
	commands := func(a domain.Actor) []account.Command {
		return []account.Command{
			account.Renew{Act: by(a, at), Expires: until.Add(-1)}, account.Suspend{Act: by(a, at), Reason: account.ReasonInactive},
			account.Reinstate{Act: by(a, at)}, account.Close{Act: by(a, at), Reason: account.ReasonMistake},
		}
	}
	invitedAdmin := account.AccountInvited{Account: admin.Account, Role: domain.RoleAdmin, Person: person, Expires: until, Delivery: account.Shown}
	for _, c := range commands(admin) {
		given(t).When(c).ThenRefused(account.ErrNoAccount)
		given(t, invitedAdmin, activated).When(c).ThenRefused(account.ErrOwnAccount)
		given(t, invitedAdmin, activated, suspended).When(c).ThenRefused(account.ErrOwnAccount)
	}
	for _, a := range []domain.Actor{own, ust, {Role: domain.RolePrefettura}} {
		for _, c := range commands(a) {
			given(t, invitedUST, activated).When(c).ThenRefused(account.ErrNotYours)
		}
	}
	given(t, invited, suspended).When(account.Suspend{Act: by(ust, at), Reason: account.ReasonLeft}).ThenNothing()
	given(t, invited).When(account.Suspend{Act: by(ust, at), Reason: "mood"}).ThenRefused(account.ErrReason)
	given(t, invited).When(account.Reinstate{Act: by(ust, at)}).ThenNothing()
	given(t, invited, closed).When(account.Close{Act: by(ust, at), Reason: account.ReasonLeft}).ThenNothing()
	given(t, invited).When(account.Close{Act: by(ust, at)}).ThenRefused(account.ErrReason)
	given(t, invited, closed).When(account.Suspend{Act: by(ust, at), Reason: account.ReasonLeft}).ThenRefused(account.ErrClosed)
	if s := given(t, invited, suspended, reinstated).State().Status(); s != account.Invited {
		t.Errorf("suspended before it was activated, then reinstated: %q", s)
	}
}

func TestPersonsAreChecked(t *testing.T) {
	t.Parallel()
	p, err := account.NewPerson(" anna.verdi@example.org ", " Anna Verdi ", "")
	if err != nil || p.Login.Reveal() != "anna.verdi@example.org" || p.Name.Reveal() != "Anna Verdi" {
		t.Errorf("not trimmed, or refused: %v", err)
	}
	for _, login := range []string{"", "ab", "anna verdi", "anna\x00verdi", "anna\u200bverdi", strings.Repeat("a", 255), "\xff\xfe\xfd"} {
		_, err := account.NewPerson(login, "", "")
		var errs domain.Errors
		if !errors.As(err, &errs) || len(errs) != 2 || errs[0].Field != "login" || errs[1].Field != "name" {
			t.Errorf("%d bytes of login: %v", len(login), err)
		}
	}
	if _, err := account.NewPerson("anna", strings.Repeat("à", 121), ""); !errors.Is(err, domain.Invalid("name-malformed")) {
		t.Errorf("long name: %v", err)
	}
}

// Whatever is asked by whom and in which order: an account is active only after its own person used a standing invitation, the
// actor never changes, and nothing happens after the end.
func TestNoOrderOfCommandsLetsTheWrongPersonIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, now, standing := account.State{}, at, false
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
			who := rapid.SampledFrom([]domain.Actor{own, ust, admin, domain.System, {Role: domain.RoleSchool, Body: "MIIC8AB00X"}}).Draw(t, "by")
			act, ends := by(who, now), now.Add(time.Duration(rapid.IntRange(-1, 80).Draw(t, "lasts"))*time.Hour)
			reason := rapid.SampledFrom(account.Reasons()).Draw(t, "reason")
			c := rapid.SampledFrom([]account.Command{
				account.Invite{Act: act, Account: id, Role: domain.RoleComune, Body: "015146", Person: person, Expires: ends},
				account.Renew{Act: act, Expires: ends}, account.Recover{Act: act, Expires: ends}, account.Activate{Act: act}, account.Suspend{Act: act, Reason: reason},
				account.Reinstate{Act: act}, account.Close{Act: act, Reason: reason},
			}).Draw(t, "command")
			before := s
			events, err := account.Decide(s, c)
			if err != nil && len(events) > 0 {
				t.Fatal("refused and yet caused")
			}
			for _, e := range events {
				switch e := e.(type) {
				case account.AccountInvited:
					standing = true
				case account.InvitationRenewed:
					standing = true
					if e.Expires.Sub(now) > account.MaxInvitation {
						t.Fatal("lasts too long")
					}
				case account.AccountActivated:
					if !standing || who != own || !now.Before(before.Expires) {
						t.Fatalf("activated by %v, an invitation standing: %v", who, standing)
					}
					standing = false
				}
				s = account.Evolve(s, e)
			}
			if before.Status() == account.Closed && len(events) > 0 {
				t.Fatal("it went on after its end")
			}
			if who == own && before.Status() != s.Status() && s.Status() != account.Active {
				t.Fatalf("made itself %q", s.Status())
			}
		}
	})
}

// markSealer is deterministic and hides nothing: it is for invented names only.
type markSealer struct{}

func (markSealer) Seal(_ context.Context, _ uuid.UUID, _ domain.Class, place string, plain []byte) ([]byte, error) {
	return append([]byte(place+"|"), plain...), nil
}

func (markSealer) Open(_ context.Context, _ uuid.UUID, _ domain.Class, place string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(place+"|"))
	if !ok {
		return nil, errors.New("moved")
	}
	return plain, nil
}

func TestGolden(t *testing.T) {
	t.Parallel()
	reachable := invited
	reachable.Delivery, reachable.Person = account.Mailed, domain.Open(id, domain.ClassPersonal, account.Person{
		Login: domain.NewPersonal("anna.verdi@example.org"), Name: domain.NewPersonal("Anna Verdi"), Mail: domain.NewPersonal("a.verdi@pec.example.org"),
	})
	again := renewed
	again.Delivery = account.Mailed
	spec.Golden(t, event.NewCodec(markSealer{}, account.Events), "testdata",
		reachable, again, activated, suspended, reinstated, closed,
		asked, approved, turnedDown, resetAsked, kept, reset,
		spec.From{Schema: 1, Event: invited}, spec.From{Schema: 1, Event: renewed})
}
