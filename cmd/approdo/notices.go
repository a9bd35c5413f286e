package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/notify"
	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/notice"
	"approdo/domain/policy"
)

// noticeRows keeps notices for all who deal with them.
type noticeRows interface {
	notify.NoticeStorage
	SavePreferences(ctx context.Context, account uuid.UUID, chosen []byte) error
	Mails(ctx context.Context, limit int, each func(mail, account uuid.UUID, status, code string, count int, at time.Time) error) error
	Retry(ctx context.Context, mail uuid.UUID, now time.Time) (bool, error)
}

// channel is by which way messages leave.
func (p *post) channel() notice.Channel {
	switch {
	case p.Outbox != "":
		return notice.ToFolder
	case p.Receipts != "":
		return notice.ByPEC
	}
	return notice.ByMail
}

// tells has people told by mail of what happens to cases from now on; a house without mail tells nobody.
func (h *house) tells(ctx context.Context, by *post, address, owner string) error {
	if !by.wanted() {
		return nil
	}
	out, err := by.open()
	if err != nil {
		return err
	}
	for _, name := range []string{policy.NameNotices, policy.NameReminders} {
		if err := h.beginAtHead(ctx, name); err != nil {
			return err
		}
	}
	h.told = notify.NewNotices(notify.NoticesConfig{Journal: h.store, Codec: h.codec, People: people{h.directory}, Storage: h.notices, Post: out,
		From: by.From, Channel: by.channel(), Address: address, Owner: owner, Clock: h.clock, Log: h.log})
	h.policies.React(h.told.Reaction())
	h.policies.React(h.told.Returns())
	h.policies.Every(policy.NameNoticeSender, notify.SendEvery, h.told.Send)
	if by.Receipts != "" {
		h.policies.Every(policy.NameNoticeReceipts, notify.ReceiptsEvery, notify.NewReceipts(by.Receipts, h.store, h.codec, h.clock, h.log).Take)
	}
	return nil
}

// beginAtHead lets a policy that never ran on this journal begin with what happens from now on.
func (h *house) beginAtHead(ctx context.Context, name string) error {
	at, err := h.passed.Load(ctx, name)
	if err != nil || at > 0 {
		return err
	}
	if at, err = h.store.Head(ctx); err != nil || at == 0 {
		return err
	}
	return h.passed.Save(ctx, name, at)
}

// tellSince has people told of what an invented year brought since an instant, and turns the clock as the days went.
func (h *house) tellSince(ctx context.Context, from, to time.Time, turn func(time.Time)) error {
	morning, reaction := notice.Morning(from), h.told.Reaction()
	sendUntil := func(at time.Time) error {
		for ; !morning.After(at); morning = notice.Morning(morning.Add(time.Second)) {
			turn(morning)
			if err := h.told.Send(ctx); err != nil {
				return err
			}
		}
		turn(at)
		return nil
	}
	for page, err := range h.store.ReadAll(ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			if r.Meta.At.Before(from) || !slices.Contains(reaction.Types, r.Type) {
				continue
			}
			if err := sendUntil(r.Meta.At); err != nil {
				return err
			}
			if err := reaction.React(ctx, r); err != nil {
				return err
			}
		}
	}
	if err := sendUntil(to); err != nil {
		return err
	}
	return h.told.Send(ctx)
}

// noticePages is what the pages show of notices.
type noticePages struct {
	noticeRows
	house *house
}

// Receipts is web.Notices.
func (p noticePages) Receipts(ctx context.Context, mail uuid.UUID) ([]notice.Receipt, error) {
	now, err := event.Load(ctx, p.house.store, p.house.codec, notice.Decider, notice.Stream(mail))
	return now.State.Receipts, err
}

// people are those of the directory.
type people struct{ directory *session.Directory }

// Of is notify.People.
func (p people) Of(role domain.Role, body string) (ids []uuid.UUID) {
	for _, a := range p.directory.Accounts() {
		if a.Role == role && a.Body == body && a.Status() == account.Active {
			ids = append(ids, a.Account)
		}
	}
	return ids
}

// Mailbox is notify.People.
func (p people) Mailbox(ctx context.Context, id uuid.UUID) (domain.Personal, error) {
	a, err := p.directory.Account(id)
	switch {
	case errors.Is(err, domain.KindNotFound):
		return domain.Personal{}, nil
	case err != nil || a.Status() != account.Active:
		return domain.Personal{}, err
	}
	person, err := p.directory.Person(ctx, id)
	if errors.Is(err, domain.ErrForgotten) {
		return domain.Personal{}, nil
	}
	return person.Mail, err
}
