package session_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

func TestTheDirectoryListsWhatTheJournalSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.person(t, annasLogin)
	h.pass(time.Hour)
	bruno := h.invite(t, "bruno@example.org").Account
	school := invitation("carla@example.org")
	school.Role, school.Body = domain.RoleSchool, "MIIC8AB00X"
	carla, err := h.Invite(t.Context(), h.origin(admin), school)
	ok(t, err)
	rozzano := invitation("dario@example.org")
	rozzano.Body = "015189"
	dario, err := h.Invite(t.Context(), h.origin(admin), rozzano)
	ok(t, err)
	h.pass(time.Hour)
	ok(t, h.Suspend(t.Context(), h.origin(ust), bruno, account.ReasonInactive))
	_, err = event.Execute(t.Context(), h.journal, h.codec, account.Decider, "other-stream", account.Command(account.Invite{
		Act: domain.Act{By: admin, At: h.now()}, Account: uuid.New(), Role: domain.RoleUST, Expires: h.now().Add(time.Hour),
		Person: domain.Open(anna, domain.ClassPersonal, account.Person{})}), h.origin(admin))
	ok(t, err)

	later := session.NewDirectory(h.journal, h.codec)
	ok(t, later.CatchUp(t.Context()))
	for name, d := range map[string]*session.Directory{"followed": h.directory, "caught up": later} {
		all := d.Accounts()
		if len(all) != 4 {
			t.Fatalf("%s: %d accounts", name, len(all))
		}
		for i, want := range []struct {
			id     uuid.UUID
			status account.Status
			since  time.Duration // before now
		}{
			{anna, account.Active, 2 * time.Hour}, {bruno, account.Suspended, 0},
			{dario.Account, account.Invited, time.Hour}, {carla.Account, account.Invited, time.Hour},
		} {
			if a := all[i]; a.Account != want.id || a.Status() != want.status || !a.Since.Equal(h.now().Add(-want.since)) {
				t.Errorf("%s: account %d is %v, %s since %v", name, i, a.Account, a.Status(), a.Since)
			}
		}
		a := all[1]
		if a.Reason != account.ReasonInactive || a.InvitedBy != ust || !a.InvitedAt.Equal(h.now().Add(-time.Hour)) || a.Revision != 1 {
			t.Errorf("%s: %+v", name, a)
		}
		if p, err := d.Person(t.Context(), bruno); err != nil || p.Name.Reveal() != annasName {
			t.Errorf("%s: person: %v", name, err)
		}
	}
	ok(t, h.Reinstate(t.Context(), h.origin(ust), bruno))
	if a, err := h.directory.Account(bruno); err != nil || a.Reason != "" || a.Status() != account.Invited {
		t.Errorf("reinstated: %+v, %v", a, err)
	}
	h.sealer.forgotten = bruno
	_, err = h.directory.Person(t.Context(), bruno)
	refused(t, err, domain.ErrForgotten)
	_, err = h.directory.Person(t.Context(), uuid.New())
	refused(t, err, account.ErrNoAccount)
}

func TestADirectoryThatDoesNotFollowLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for _, strange := range []string{"account.knighted", "not an account"} {
		h := newHouse(t)
		id := h.person(t, annasLogin)
		token := h.signIn(t, annasLogin, goodWord)
		stream, name := account.Stream(id), strange
		if strange == "not an account" {
			stream, name = account.Prefix+"7", "account.activated"
		}
		_, err := h.journal.Append(t.Context(), event.Append{Stream: stream, Expected: event.Any, Events: plain(name)})
		ok(t, err)
		if err := h.directory.Run(t.Context()); err == nil {
			t.Fatalf("%s was passed over", strange)
		}
		h.wantSession(t, token, domain.KindUnavailable)
		h.wantSignIn(t, annasLogin, goodWord, session.ErrDirectoryHalted)
		h.wantSignIn(t, "nobody@example.org", goodWord, session.ErrDirectoryHalted)
		refused(t, h.directory.Await(t.Context(), 1000), session.ErrDirectoryHalted)
		ok(t, h.directory.Await(t.Context(), 1))
	}
}

func plain(name string) []event.Draft {
	return []event.Draft{{ID: uuid.New(), Type: name, Schema: 1, Data: []byte(`{}`)}}
}

// brokenLine is a journal whose subscriptions break.
type brokenLine struct {
	*memory.Store
	err error
}

func (b *brokenLine) Subscribe(ctx context.Context, after event.Position, o event.Subscribe) iter.Seq2[event.Page, error] {
	if b.err == nil {
		return b.Store.Subscribe(ctx, after, o)
	}
	return func(yield func(event.Page, error) bool) { yield(event.Page{}, b.err) }
}

func TestADirectoryIsTrustedAgainOnceItFollows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		line := &brokenLine{memory.New(), event.ErrUnavailable}
		d := session.NewDirectory(line, event.NewCodec(&drawer{}, account.Events))
		refused(t, d.Run(t.Context()), event.ErrUnavailable)
		_, err := d.Account(uuid.New())
		refused(t, err, session.ErrDirectoryHalted)
		line.err = nil
		_, err = line.Append(t.Context(), event.Append{Stream: "case-0", Expected: event.NoStream, Events: plain("case.other")})
		ok(t, err)
		ok(t, d.CatchUp(t.Context()))
		_, err = d.Account(uuid.New())
		refused(t, err, session.ErrDirectoryHalted) // it has caught up, and follows no more than before
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx) }()
		synctest.Wait()
		_, err = d.Account(uuid.New())
		refused(t, err, account.ErrNoAccount)

		waiting, leave := context.WithTimeout(t.Context(), time.Minute)
		defer leave()
		refused(t, d.Await(waiting, 2), context.DeadlineExceeded)
		got := make(chan error)
		go func() { got <- d.Await(t.Context(), 2) }()
		synctest.Wait()
		_, err = line.Append(t.Context(), event.Append{Stream: "case-1", Expected: event.NoStream, Events: plain("case.other")})
		ok(t, err)
		ok(t, <-got)
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// slowLine is a journal whose subscriber is handed what was read before meanwhile.
type slowLine struct {
	*memory.Store
	meanwhile func()
}

func (l *slowLine) Subscribe(ctx context.Context, after event.Position, _ event.Subscribe) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		var read []event.Page
		for page, err := range l.ReadAll(ctx, after, event.ReadAll{}) {
			if err != nil {
				yield(page, err)
				return
			}
			read = append(read, page)
		}
		l.meanwhile()
		for _, page := range read {
			if !yield(page, nil) {
				return
			}
		}
	}
}

func TestAnOldPageDoesNotUndoANewerOne(t *testing.T) {
	t.Parallel()
	line, codec, id := &slowLine{Store: memory.New()}, event.NewCodec(&drawer{}, account.Events), uuid.New()
	d := session.NewDirectory(line, codec)
	now := time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	act := domain.Act{By: domain.System, At: now}
	do := func(c account.Command) {
		_, err := event.Execute(t.Context(), line, codec, account.Decider, account.Stream(id), c, event.Origin{ID: uuid.New(), By: domain.System, At: now})
		ok(t, err)
	}
	do(account.Invite{Act: act, Account: id, Role: domain.RoleUST, Expires: now.Add(time.Hour),
		Person: domain.Open(id, domain.ClassPersonal, account.Person{Name: domain.NewPersonal(annasName)})})
	line.meanwhile = func() {
		do(account.Suspend{Act: act, Reason: account.ReasonLeft})
		ok(t, d.CatchUp(t.Context()))
	}
	ok(t, d.Run(t.Context()))
	if a, err := d.Account(id); err != nil || a.Status() != account.Suspended || d.Position() != 2 {
		t.Errorf("%s at %d, %v; want suspended at 2", a.Status(), d.Position(), err)
	}
}
