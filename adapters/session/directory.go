package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

// ErrDirectoryHalted is what the directory gives when it no longer follows the journal: nobody is let in on what may be old.
var ErrDirectoryHalted = &domain.Error{Kind: domain.KindUnavailable, Code: "accounts-unavailable"}

// Account is what the journal says of an account. The person stays sealed.
type Account struct {
	account.State
	Person    domain.Sealed[account.Person]
	InvitedBy domain.Actor
	InvitedAt time.Time
	Since     time.Time      // of its status
	Reason    account.Reason // of the suspension or closure it stands under
	Revision  event.Revision
}

// Directory holds every account in memory and follows the journal. It may be used by many goroutines.
type Directory struct {
	journal event.Store
	codec   *event.Codec

	mu       sync.RWMutex
	accounts map[uuid.UUID]Account
	position event.Position
	halted   error
	moved    chan struct{} // closed, and replaced, whenever position or halted change
}

// NewDirectory is empty until CatchUp or Run.
func NewDirectory(journal event.Store, codec *event.Codec) *Directory {
	return &Directory{journal: journal, codec: codec, accounts: map[uuid.UUID]Account{}, moved: make(chan struct{})}
}

var onlyAccounts = event.Filter{Prefixes: []string{account.Prefix}}

// CatchUp reads up to the head of the journal. It is to be called before the first request is served; Run may be at work.
func (d *Directory) CatchUp(ctx context.Context) error {
	for page, err := range d.journal.ReadAll(ctx, d.Position(), event.ReadAll{Filter: onlyAccounts}) {
		if err == nil {
			err = d.take(page, false)
		}
		if err != nil {
			return fmt.Errorf("session: directory: %w", err)
		}
	}
	return nil
}

// Run follows the journal until ctx ends or something fails; the error says which. After a failure Account gives
// ErrDirectoryHalted, until Run is called again and comes further.
func (d *Directory) Run(ctx context.Context) error {
	for page, err := range d.journal.Subscribe(ctx, d.Position(), event.Subscribe{Filter: onlyAccounts}) {
		if err == nil {
			err = d.take(page, true)
		}
		if err != nil {
			if ctx.Err() == nil {
				d.halt(err)
			}
			return fmt.Errorf("session: directory: %w", err)
		}
	}
	return ctx.Err()
}

// Position is how far the directory has read.
func (d *Directory) Position() event.Position {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.position
}

// Await waits until the directory has read up to a position. The error is that of ctx, or ErrDirectoryHalted.
func (d *Directory) Await(ctx context.Context, p event.Position) error {
	for {
		d.mu.RLock()
		reached, halted, moved := d.position >= p, d.halted, d.moved
		d.mu.RUnlock()
		switch {
		case reached:
			return nil
		case halted != nil:
			return halted
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Account gives one account, or account.ErrNoAccount.
func (d *Directory) Account(id uuid.UUID) (Account, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.halted != nil {
		return Account{}, d.halted
	}
	a, ok := d.accounts[id]
	if !ok {
		return Account{}, account.ErrNoAccount
	}
	return a, nil
}

// Accounts lists all by role, body and age.
func (d *Directory) Accounts() []Account {
	d.mu.RLock()
	all := slices.Collect(maps.Values(d.accounts))
	d.mu.RUnlock()
	roles := domain.Roles()
	slices.SortFunc(all, func(a, b Account) int {
		return cmp.Or(cmp.Compare(slices.Index(roles, a.Role), slices.Index(roles, b.Role)), cmp.Compare(a.Body, b.Body),
			a.InvitedAt.Compare(b.InvitedAt), cmp.Compare(a.Account.String(), b.Account.String()))
	})
	return all
}

// Person opens who an account belongs to; domain.ErrForgotten where that was erased.
func (d *Directory) Person(ctx context.Context, id uuid.UUID) (account.Person, error) {
	a, err := d.Account(id)
	if err != nil {
		return account.Person{}, err
	}
	return a.Person.Unseal(ctx, d.codec.Sealer())
}

// take applies what is new in a page. CatchUp and Run may bring the same records, in any order of arrival: neither starts behind
// what was taken, so that nothing is missed. Only who follows ends a halt: whoever catches up is behind again a moment later.
func (d *Directory) take(page event.Page, follows bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range page.Records {
		if r.Position <= d.position {
			continue
		}
		if err := d.apply(r); err != nil {
			d.haltLocked(err)
			return err
		}
		d.position = r.Position
	}
	d.position = max(d.position, page.Checkpoint)
	if follows {
		d.halted = nil
	}
	d.wake()
	return nil
}

func (d *Directory) apply(r event.Record) error {
	id, err := uuid.Parse(strings.TrimPrefix(r.Stream, account.Prefix))
	if err != nil {
		return fmt.Errorf("session: %s is no account's stream", r.Stream)
	}
	decoded, err := d.codec.Decode(r)
	if err != nil {
		return err
	}
	e, ok := decoded.(account.Event)
	if !ok {
		return fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
	}
	a := d.accounts[id]
	before := a.Status()
	a.State, a.Revision = account.Evolve(a.State, e), r.Revision
	switch e := e.(type) {
	case account.AccountInvited:
		a.Person, a.InvitedBy, a.InvitedAt = e.Person, r.Meta.Actor, r.Meta.At
	case account.AccountSuspended:
		a.Reason = e.Reason
	case account.AccountClosed:
		a.Reason = e.Reason
	case account.AccountReinstated:
		a.Reason = ""
	}
	if a.Status() != before {
		a.Since = r.Meta.At
	}
	d.accounts[id] = a
	return nil
}

func (d *Directory) halt(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.haltLocked(err)
}

func (d *Directory) haltLocked(err error) {
	if !errors.Is(err, ErrDirectoryHalted) {
		err = fmt.Errorf("%w: %w", ErrDirectoryHalted, err)
	}
	d.halted = err
	d.wake()
}

func (d *Directory) wake() {
	close(d.moved)
	d.moved = make(chan struct{})
}
