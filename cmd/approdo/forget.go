package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/seal"
	"approdo/adapters/web"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/policy"
	"approdo/projections"
	"approdo/projections/retention"
)

// forgetting is what the house needs to forget for good: the ledger of erasures, and how far in the journal everything is clean.
type forgetting struct {
	erasures *seal.Erasures // nil where nobody says where it lies: in a house that is opened to look at
	mu       sync.Mutex     // one cleaning at a time
	cleaned  event.Position // everything behind erasures up to here, since the program began
}

// remember opens the ledger of erasures, and makes the keys forget again what it has and they lack: somebody has brought back older ones.
// It comes before anything is read.
func (h *house) remember(ctx context.Context, where storage, master seal.MasterKey) (err error) {
	path := where.Erasures
	if path == "" && where.Key != "" {
		path = seal.ErasuresBeside(where.Key)
	}
	if path == "" {
		return nil
	}
	if err := seal.OutsideErasures(path, where.Data); err != nil {
		return fmt.Errorf("--erasures: %w", err)
	}
	if h.erasures, err = seal.OpenErasures(path, master); err != nil {
		return fmt.Errorf("--erasures: %w", err)
	}
	again, err := h.erasures.Replay(ctx, h.keys)
	if err != nil {
		return err
	}
	if len(again) > 0 {
		h.log.Warn("older keys had come back: forgotten again", "subjects", len(again))
	}
	return h.mirrorErasures(ctx)
}

// mirrorErasures adds to the ledger what the keyring has forgotten, here or on another node.
func (h *house) mirrorErasures(ctx context.Context) error {
	if h.erasures == nil {
		return nil
	}
	n, err := h.erasures.Mirror(ctx, h.keys)
	if n > 0 {
		h.log.Info("the erasure ledger has grown", "subjects", n)
	}
	return err
}

// forgetErased makes the keys forget whom the journal calls erased: both the keyring and the ledger of erasures may be older than it. The
// policy has passed those records and does not come back to them.
func (h *house) forgetErased(ctx context.Context) error {
	erased := map[domain.Class][]uuid.UUID{}
	err := h.views.Read(ctx, func(s *projections.Snapshot) error {
		for e, err := range retention.Erasures(s) {
			if err != nil {
				return err
			}
			class := domain.Class("")
			if e.Scope == casefile.EraseHealth {
				class = domain.ClassSpecial
			}
			erased[class] = append(erased[class], e.Case)
		}
		return nil
	})
	if err != nil {
		return err
	}
	again := 0
	for _, class := range []domain.Class{"", domain.ClassSpecial} { // who is forgotten altogether has nothing more to forget
		left, err := h.keys.Unforgotten(ctx, class, erased[class]...)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			continue
		}
		if err := h.keys.ForgetClass(ctx, class, left...); err != nil {
			return err
		}
		again += len(left)
	}
	if again == 0 {
		return nil
	}
	h.log.Warn("keys were there of whom the journal calls erased: forgotten", "subjects", again)
	return h.mirrorErasures(ctx)
}

// restoreErasures tells the cases of a journal that was brought back what the keyring knows: who is forgotten. And the other way
// round. It comes once the views have caught up and before anybody is served.
func (h *house) restoreErasures(ctx context.Context) error {
	if err := h.forgetErased(ctx); err != nil {
		return err
	}
	gone, err := h.keys.Forgotten(ctx)
	if err != nil || len(gone) == 0 {
		return err
	}
	unaware := map[uuid.UUID][]domain.Class{}
	err = h.views.Read(ctx, func(s *projections.Snapshot) error {
		for _, t := range gone {
			row, known, err := retention.Of(s, t.Subject)
			if err != nil {
				return err
			}
			if known && !row.Erased && (t.Class == "" || row.Health) {
				unaware[t.Subject] = append(unaware[t.Subject], t.Class)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	restored := 0
	for id, classes := range unaware {
		slices.Sort(classes) // altogether comes first, and then there is nothing more to say
		for _, class := range classes {
			wrote, err := policy.RestoreErasure(ctx, h.store, h.codec, id, class, domain.Act{By: domain.System, At: h.clock().UTC()})
			if err != nil {
				return err
			}
			if wrote {
				restored++
			}
		}
	}
	if restored == 0 {
		return nil
	}
	h.log.Warn("cases were told of their erasure", "cases", restored)
	return h.views.CatchUp(ctx)
}

// cleanTime bounds a cleaning, which writes whole files and tables anew.
const cleanTime = 10 * time.Minute

// errNotClean is a cleaning that has not come to its end: it is tried again, and again.
var errNotClean = &domain.Error{Kind: domain.KindUnavailable, Code: "cleanup-not-done"}

// scrubber is whatever leaves rows behind that were deleted.
type scrubber interface {
	Scrub(ctx context.Context) error
}

// cleanUp removes what the erasure of a record, and those behind it, leave behind: the line of the ledger, drafts and answers about the
// case, the deleted rows of views and state in pages and logs. Each step may be repeated; the last one done is what the policy's
// checkpoint says. It is policy.Cleanup's.
func (h *house) cleanUp(ctx context.Context, r event.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Position <= h.cleaned {
		return nil
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) { // the house is closing; that a policy usually takes less long does not matter
			cancel()
		}
	})()
	head, err := h.store.Head(within)
	if err != nil {
		return err
	}
	together, read, err := policy.Erased(within, h.store, r)
	if err != nil {
		return err
	}
	for class, ids := range together {
		left, err := h.keys.Unforgotten(within, class, ids...)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return policy.ErrNotForgotten
		}
	}
	if err := h.clean(within, slices.Concat(together[""], together[domain.ClassSpecial]), head); err != nil {
		return fmt.Errorf("%w: %w", errNotClean, err)
	}
	h.cleaned = min(head, read)
	return nil
}

// clean does the steps, for cases that the keyring has forgotten. The views must have come to a position.
func (h *house) clean(ctx context.Context, cases []uuid.UUID, at event.Position) error {
	if err := h.mirrorErasures(ctx); err != nil {
		return err
	}
	if err := h.dropTraces(ctx, cases); err != nil {
		return err
	}
	if err := h.views.Await(ctx, at); err != nil {
		return err
	}
	views, ok := h.engine.(scrubber)
	if !ok {
		return errors.New("the views cannot be scrubbed")
	}
	return errors.Join(views.Scrub(ctx), h.state.Scrub(ctx))
}

// opening is a sealer that knows whether it has opened anything: what is at fault is then the content and not the keys.
type opening struct {
	domain.Sealer
	opened bool
}

// Open is the sealer's.
func (o *opening) Open(ctx context.Context, subject uuid.UUID, class domain.Class, context string, sealed []byte) ([]byte, error) {
	plain, err := o.Sealer.Open(ctx, subject, class, context, sealed)
	o.opened = err == nil
	return plain, err
}

// dropTraces drops what people were about to send about a case, what sheets still say of its pupil, and the answers that lead to it.
func (h *house) dropTraces(ctx context.Context, cases []uuid.UUID) error {
	for _, id := range cases {
		if err := errors.Join(h.state.DropAnswersAbout(ctx, id), h.state.DropRowsAbout(ctx, id)); err != nil {
			return err
		}
	}
	type draft struct{ account, id uuid.UUID }
	var about []draft
	err := h.state.EachDraft(ctx, web.KeptDraft, func(account, id uuid.UUID, sealed []byte) error {
		box := &opening{Sealer: h.keys}
		of, err := web.KeptCase(ctx, box, account, id, sealed)
		if errors.Is(err, domain.ErrForgotten) {
			return nil // of an account whose key is gone
		}
		if err != nil && box.opened { // nobody can send it any more, and it may be about one of the cases
			h.log.Warn("a draft that does not decode was dropped", "draft", id)
			about = append(about, draft{account, id})
			return nil
		}
		if slices.Contains(cases, of) {
			about = append(about, draft{account, id})
		}
		return err
	})
	for _, d := range about {
		err = errors.Join(err, h.state.DropDraft(ctx, d.account, d.id))
	}
	return err
}

// purgeDrafts drops the drafts whose time is over by the register of retention.
func (h *house) purgeDrafts(ctx context.Context) error {
	land, err := h.desk.Territory(ctx)
	if err != nil {
		return err
	}
	now := h.clock()
	return h.state.DropDraftsBefore(ctx, now.AddDate(0, -land.RetentionOn(domain.DateOf(now)).Drafts, 0))
}

// Destroyed says when the keys of cases were destroyed, by class.
func (h *house) Destroyed(ctx context.Context, cases ...uuid.UUID) (map[uuid.UUID]desk.Destroyed, error) {
	gone, err := h.keys.Forgotten(ctx)
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID]desk.Destroyed{}
	for _, t := range gone {
		if !slices.Contains(cases, t.Subject) {
			continue
		}
		d := out[t.Subject]
		if t.Class != domain.ClassSpecial {
			d.Personal = t.At
		}
		if d.Special.IsZero() || t.At.Before(d.Special) {
			d.Special = t.At
		}
		out[t.Subject] = d
	}
	return out, nil
}

// Cleaned is how far in the journal everything is clean that erasures leave behind.
func (h *house) Cleaned() event.Position { return h.policies.Positions()[policy.NameCleanup] }

// Generation is that of the wrapping of the keys.
func (h *house) Generation(ctx context.Context) (int64, error) { return h.keys.Generation(ctx) }
