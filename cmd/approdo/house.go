package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"approdo/adapters/feed"
	"approdo/adapters/metrics"
	"approdo/adapters/notary"
	"approdo/adapters/notify"
	"approdo/adapters/seal"
	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	judged "approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/notice"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/policy"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/audit"
	"approdo/projections/board"
	"approdo/projections/centre"
	"approdo/projections/comune"
	"approdo/projections/duplicates"
	"approdo/projections/ledger"
	"approdo/projections/messages"
	"approdo/projections/plans"
	"approdo/projections/readings"
	"approdo/projections/retention"
	mondays "approdo/projections/returns"
	"approdo/projections/school"
	"approdo/projections/told"
)

// house is the program's rooms over its engines.
type house struct {
	*engines
	forgetting
	log       *slog.Logger
	clock     domain.Clock
	metrics   *metrics.Metrics
	store     event.Store
	passed    feed.Checkpoints // of the policies, in this journal
	tokens    seal.Tokens
	codec     *event.Codec
	desk      *desk.Desk
	readings  *reading.Recorder
	views     *projections.Runner
	board     *board.Board
	directory *session.Directory
	sessions  *session.Service
	policies  *feed.Router
	notary    *notary.Notary
	told      *notify.Notices         // nil where no mail leaves the house
	alongside []func(context.Context) // what else goes on while the house does
	stale     chan struct{}           // the view of readings has rows whose time is over
	caughtUp  atomic.Bool             // views and directory have once come to the journal's head
	stopping  atomic.Bool             // answers, and wants no more requests
}

// purgeEvery is how often what has expired is dropped, clockEvery how often terms are looked at.
const (
	purgeEvery = 10 * time.Minute
	clockEvery = time.Minute
)

// allEvents is every stored name the program knows.
func allEvents(sealer domain.Sealer) *event.Codec {
	return event.NewCodec(sealer, casefile.Events, places.Events, territory.Events, territory.SchoolEvents, account.Events, reading.Events,
		returns.Events, judged.Events, notice.Events, planning.Events)
}

// openHouse opens a storage, and makes what is not there yet. Plain serves cookies over http. Doors change how people are let in.
func openHouse(ctx context.Context, where storage, master seal.MasterKey, clock domain.Clock, plain bool, log *slog.Logger, doors ...func(*session.Config)) (_ *house, err error) {
	h := &house{stale: make(chan struct{}, 1), log: log, clock: clock, tokens: seal.NewTokens(master), metrics: metrics.New()}
	if h.engines, err = where.open(ctx, master, log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.engines.shut(context.WithoutCancel(ctx)))
		}
	}()
	if err := h.engines.whole(ctx); err != nil {
		return nil, err
	}
	if err := h.remember(ctx, where, master); err != nil {
		return nil, err
	}
	h.store = h.metrics.Journal(h.journal)
	h.passed = feed.OfJournal(h.checkpoints, h.store)
	h.codec = allEvents(h.keys)
	h.desk = desk.New(h.store, h.codec, clock, territory.Province015)
	h.readings = reading.NewRecorder(h.store, h.codec, clock)
	h.views = projections.NewRunner(h.store, h.codec, h.engine, log, comune.Projection(), centre.Projection(), school.Projection(),
		board.Projection(), audit.Projection(), duplicates.Projection(h.keys, h.tokens), readings.Projection(h.keys), ledger.Projection(),
		retention.Projection(), mondays.Projection(), messages.Projection(h.keys), told.Projection(), plans.Projection())
	h.board = board.New(h.views)
	h.directory = session.NewDirectory(h.store, h.codec)
	people := session.Config{Directory: h.directory, Storage: h.state, Clock: clock, PlainHTTP: plain,
		Blind: func(text string) []byte { return h.tokens.Of("login", text) }}
	for _, change := range doors {
		change(&people)
	}
	h.sessions = session.New(people)
	if h.policies, err = feed.NewRouter(h.store, h.passed, h.parking, log); err != nil {
		return nil, err
	}
	if shared, ok := h.engine.(projections.Shared); ok {
		h.policies.Share(shared.Turn)
	}
	h.policies.React(policy.PlacesFollowCase(h.store, h.codec))
	h.policies.React(policy.OrphanHolds(h.store, h.codec))
	h.policies.React(policy.MergesHold(h.store, h.codec))
	h.policies.React(policy.Erasure(h.store, h.keys))
	h.policies.React(policy.Cleanup(h.cleanUp))
	h.policies.Every(policy.NameClocks, clockEvery, policy.NewClocks(h.store, h.codec, standing{h.views}, clock).Run)
	h.policies.Every(policy.NameMondays, clockEvery, policy.NewMondays(h.store, h.codec, h.desk.Territory, unanswered{h.views}, clock).Run)
	h.policies.Every(policy.NameMonths, monthsEvery, h.months().Run)
	h.keepLedger(master)
	h.metrics.Watch(h.views, h.policies, log)
	return h, nil
}

// catchUp brings views and directory to the journal's head before anybody is served.
func (h *house) catchUp(ctx context.Context) error {
	err := errors.Join(h.views.CatchUp(ctx), h.directory.CatchUp(ctx))
	if err == nil {
		err = h.restoreErasures(ctx)
	}
	h.caughtUp.Store(h.caughtUp.Load() || err == nil)
	return err
}

// run keeps views, directory and policies going until ctx ends.
func (h *house) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.views.Run(ctx) })
	g.Go(func() error { return h.directory.Run(ctx) })
	g.Go(func() error { return h.policies.Run(ctx) })
	g.Go(func() error { return h.renewReadings(ctx) })
	g.Go(func() error {
		if err := h.board.Warm(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, projections.ErrBuilding) {
			h.log.Error("the board is not warm yet", "error", err) // its first reader will wait instead
		}
		return nil
	})
	for _, f := range h.alongside {
		g.Go(func() error {
			f(ctx)
			return nil
		})
	}
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(purgeEvery):
				if err := errors.Join(h.state.Purge(ctx, h.clock()), h.purgeDrafts(ctx), h.mirrorErasures(ctx)); err != nil {
					h.log.Error("purge of expired rows", "error", err)
				}
			}
		}
	})
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// shut closes when the program has nothing more to say; a failure is logged.
func (h *house) shut(ctx context.Context) {
	if err := h.engines.shut(context.WithoutCancel(ctx)); err != nil {
		h.log.Error("closing", "error", err)
	}
}

// standing finds the deadlines that have passed among the lines of the centres.
type standing struct{ views projections.Reader }

// DueBefore is policy.Standing.
func (s standing) DueBefore(ctx context.Context, now time.Time) (due []policy.Deadline, err error) {
	err = s.views.Read(ctx, func(v *projections.Snapshot) error {
		for l, err := range centre.Due(v, now) {
			if err != nil {
				return err
			}
			due = append(due, policy.Deadline{Case: l.Case, Clock: casefile.ClockName(l.Clock), Due: l.Due, Offer: l.Offer})
		}
		return nil
	})
	return due, err
}
