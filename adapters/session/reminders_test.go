package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/returns"
)

// postman keeps whom a reminder went to; he takes none while away is set.
type postman struct {
	to   []string
	away error
}

func (p *postman) Remind(_ context.Context, to domain.Personal, monday domain.Date) error {
	if p.away != nil {
		return p.away
	}
	p.to = append(p.to, monday.String()+" "+to.Reveal())
	return nil
}

func TestAReminderGoesOnceToWhoeverActsForTheSchool(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), &postman{}
	enter := func(login, body, mail string) uuid.UUID {
		t.Helper()
		i := session.Invitation{Role: domain.RoleSchool, Body: body, Login: domain.NewPersonal(login), Name: domain.NewPersonal(annasName), Mail: domain.NewPersonal(mail)}
		link, err := h.Invite(t.Context(), h.origin(ust), i)
		ok(t, err)
		ok(t, h.directory.CatchUp(t.Context()))
		ok(t, h.Activate(t.Context(), link.Token, goodWord))
		return link.Account
	}
	enter("one@example.org", "MIIC8AB00X", "one@pec.example.org")
	enter("two@example.org", "MIIC8AB00X", "two@pec.example.org")
	enter("three@example.org", "MIIC8AB00X", "")                    // has no address
	enter("four@example.org", "MIIC8CD00V", "four@pec.example.org") // of another school
	gone := enter("five@example.org", "MIIC8AB00X", "five@pec.example.org")
	ok(t, h.Suspend(t.Context(), h.origin(ust), gone, "inactive"))
	ok(t, h.directory.CatchUp(t.Context()))

	monday := domain.Date{Year: 2022, Month: time.March, Day: 7}
	r := event.Record{Draft: event.Draft{ID: uuid.Must(uuid.NewV7()), Type: "return.reminded", Meta: event.Meta{At: h.now()}}, Stream: returns.Stream("MIIC8AB00X", monday)}
	p.away = errAway
	if err := h.RemindReturns(p).React(t.Context(), r); !errors.Is(err, domain.KindUnavailable) {
		t.Errorf("the mail server was away: %v", err)
	}
	p.away = nil
	for range 3 { // the record comes again
		ok(t, h.RemindReturns(p).React(t.Context(), r))
	}
	slices.Sort(p.to)
	if want := []string{"2022-03-07 one@pec.example.org", "2022-03-07 two@pec.example.org"}; !slices.Equal(p.to, want) {
		t.Errorf("written to %q, want %q", p.to, want)
	}
	r.ID, r.Meta.At = uuid.Must(uuid.NewV7()), h.now().AddDate(0, 0, -3) // of a journal that is read anew
	ok(t, h.RemindReturns(p).React(t.Context(), r))
	if len(p.to) != 2 {
		t.Errorf("an old reminder was sent: %q", p.to)
	}
	r.Meta.At = h.now()
	ok(t, h.RemindReturns(nil).React(t.Context(), r))
}
