package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/account"
)

// accountAnswer is an account as those see it who manage it. The link is told once, to whoever invites.
type accountAnswer struct {
	ID                uuid.UUID      `json:"id"`
	Role              domain.Role    `json:"role"`
	Body              string         `json:"body,omitzero"`
	Status            account.Status `json:"status"`
	Since             time.Time      `json:"since"` // of the status
	Reason            account.Reason `json:"reason,omitzero"`
	Login             string         `json:"login,omitzero"`
	FullName          string         `json:"full_name,omitzero"`
	Mail              string         `json:"mail,omitzero"`
	InvitedAt         time.Time      `json:"invited_at"`
	InvitationExpires time.Time      `json:"invitation_expires_at,omitzero"`
	// Delivery is that of the invitation that stands.
	Delivery        account.Delivery `json:"delivery,omitzero"`
	InvitationToken string           `json:"invitation_token,omitzero"`
	ApprovalAskedBy uuid.UUID        `json:"approval_asked_by,omitzero"` // a second person is to approve the invitation
	ResetAskedBy    uuid.UUID        `json:"second_factor_reset_asked_by,omitzero"`
}

// managed lists the accounts that are an actor's to manage.
func (a *api) managed(actor domain.Actor) []session.Account {
	return slices.DeleteFunc(a.Directory.Accounts(), func(acc session.Account) bool { return !account.MayManage(actor.Role, acc.Role) })
}

// manage gives one of them: any other does not exist for the actor.
func (a *api) manage(actor domain.Actor, id uuid.UUID) (session.Account, error) {
	if err := access.Large(actor, access.ManageAccounts); err != nil {
		return session.Account{}, err
	}
	acc, err := a.Directory.Account(id)
	if err == nil && !account.MayManage(actor.Role, acc.Role) {
		err = account.ErrNoAccount
	}
	return acc, err
}

func (a *api) accountOf(ctx context.Context, acc session.Account) (accountAnswer, error) {
	out := accountAnswer{ID: acc.Account, Role: acc.Role, Body: acc.Body, Status: acc.Status(), Since: acc.Since.UTC(), Reason: acc.Reason,
		InvitedAt: acc.InvitedAt.UTC(), InvitationExpires: acc.Expires.UTC(), ApprovalAskedBy: acc.Inviter, ResetAskedBy: acc.Resetter}
	if !acc.Expires.IsZero() {
		out.Delivery = acc.Delivery
	}
	person, err := a.Directory.Person(ctx, acc.Account)
	if errors.Is(err, domain.ErrForgotten) {
		return out, nil
	}
	out.Login, out.FullName, out.Mail = person.Login.Reveal(), person.Name.Reveal(), person.Mail.Reveal()
	return out, err
}

func (a *api) listAccounts(r *http.Request) (answer, error) {
	actor := actorOf(r.Context())
	if err := access.Large(actor, access.ManageAccounts); err != nil {
		return answer{}, err
	}
	q := queryOf(r)
	cursor, limit := q.text("cursor"), q.limit()
	all := a.managed(actor)
	if cursor != "" {
		i := slices.IndexFunc(all, func(acc session.Account) bool { return acc.Account.String() == cursor })
		if i < 0 {
			q.fail("cursor", "cursor-malformed")
		}
		all = all[i+1:]
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	out := page[accountAnswer]{Items: []accountAnswer{}}
	for _, acc := range all {
		if len(out.Items) == limit {
			out.NextCursor = out.Items[limit-1].ID.String()
			break
		}
		dto, err := a.accountOf(r.Context(), acc)
		if err != nil {
			return answer{}, err
		}
		out.Items = append(out.Items, dto)
	}
	return answer{body: out}, nil
}

func (a *api) readAccount(r *http.Request) (answer, error) {
	acc, err := a.manage(actorOf(r.Context()), pathID(r, "id"))
	if err != nil {
		return answer{}, err
	}
	out, err := a.accountOf(r.Context(), acc)
	return answer{body: out}, err
}

type invitation struct {
	Role     domain.Role     `json:"role"`
	Body     string          `json:"body,omitzero"`
	Login    domain.Personal `json:"login"`
	FullName domain.Personal `json:"full_name"`
	Mail     domain.Personal `json:"mail,omitzero"`
	renewal
}

type renewal struct {
	Delivery account.Delivery `json:"delivery,omitzero"`
}

// byMail tells whether the link is to be sent; the error is that it cannot be.
func (a *api) byMail(in renewal) (bool, error) {
	switch in.Delivery {
	case "", account.Shown:
		return false, nil
	case account.Mailed:
		if !a.Sessions.Posts() {
			return true, session.ErrNoPost
		}
		return true, nil
	}
	return false, account.ErrDelivery
}

func (a *api) invite(o order, in invitation) (deed, error) {
	if err := access.Large(o.actor, access.ManageAccounts); err != nil {
		return deed{}, err
	}
	mailed, err := a.byMail(in.renewal)
	if err != nil {
		return deed{}, err
	}
	link, err := a.Sessions.Invite(o.ctx, o.origin(), session.Invitation{Role: in.Role, Body: in.Body, Login: in.Login, Name: in.FullName,
		Mail: in.Mail, ByMail: mailed})
	d := created(base+"/accounts/"+link.Account.String(), 0)
	d.once = link.Token
	return d, renamed(err, "name", "full_name")
}

func (a *api) renewInvitation(o order, in renewal) (deed, error) {
	if _, err := a.manage(o.actor, o.id("id")); err != nil {
		return deed{}, err
	}
	if mailed, err := a.byMail(in); mailed || err != nil {
		if err == nil {
			err = a.Sessions.RenewByMail(o.ctx, o.origin(), o.id("id"))
		}
		return deed{}, err
	}
	link, err := a.Sessions.Renew(o.ctx, o.origin(), o.id("id"), 0)
	return deed{once: link.Token}, err
}

type suspended struct {
	Reason account.Reason `json:"reason"`
}

func (a *api) suspendAccount(o order, in suspended) (deed, error) {
	if _, err := a.manage(o.actor, o.id("id")); err != nil {
		return deed{}, err
	}
	return deed{}, a.Sessions.Suspend(o.ctx, o.origin(), o.id("id"), in.Reason)
}

func (a *api) reinstateAccount(o order, _ nothing) (deed, error) {
	if _, err := a.manage(o.actor, o.id("id")); err != nil {
		return deed{}, err
	}
	return deed{}, a.Sessions.Reinstate(o.ctx, o.origin(), o.id("id"))
}

// showAccount is how an account stands after a command. The token goes to whoever did it and to nobody who repeats it: a link that
// was lost is renewed.
func (a *api) showAccount(o order, d deed) (answer, error) {
	id := o.subject(d)
	acc, err := a.manage(o.actor, id)
	if err != nil {
		return answer{}, err
	}
	out, err := a.accountOf(o.ctx, acc)
	out.InvitationToken = d.once
	return answer{body: out}, err
}
