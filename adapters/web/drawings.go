package web

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// drawings are the plans that are being drawn. They live in this process alone: one that ends with it is drawn again.
type drawings struct {
	mu  sync.Mutex
	all map[uuid.UUID]*drawing
	log *slog.Logger
	end <-chan struct{} // closed when the service stops
}

// drawing is a plan under way, or what came of it.
type drawing struct {
	owner       uuid.UUID // the account
	stop        context.CancelFunc
	begun       time.Time
	ended       time.Time
	done, total int
	plan        uuid.UUID
	err         error
}

// How many plans are drawn at one time, and how long it is remembered what came of one.
const (
	drawnAtOnce = 2
	rememberFor = 30 * time.Minute
)

var (
	errDrawingOwn  = domain.Refused("plan-under-way")
	errDrawingBusy = &domain.Error{Kind: domain.KindOverloaded, Code: "plans-under-way"}
	errNoDrawing   = domain.NotFound("page-not-found")
)

func newDrawings(log *slog.Logger, end <-chan struct{}) *drawings {
	return &drawings{all: map[uuid.UUID]*drawing{}, log: log, end: end}
}

// begin has work done in the background, with a context that ends when somebody stops it or the service does. A second call of the same id
// finds the work under way or done. Whoever draws one plan already is refused, and everybody while there are too many.
func (d *drawings) begin(id, owner uuid.UUID, work func(ctx context.Context, progress func(done, total int)) (uuid.UUID, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x := d.all[id]; x != nil && (x.ended.IsZero() || x.err == nil) {
		return nil
	}
	running := 0
	for k, x := range d.all {
		switch {
		case !x.ended.IsZero() && time.Since(x.ended) > rememberFor:
			delete(d.all, k)
		case x.ended.IsZero() && x.owner == owner:
			return errDrawingOwn
		case x.ended.IsZero():
			running++
		}
	}
	if running >= drawnAtOnce {
		return errDrawingBusy
	}
	ctx, stop := context.WithCancel(context.Background())
	x := &drawing{owner: owner, stop: stop, begun: time.Now()}
	d.all[id] = x
	ended := make(chan struct{})
	go func() {
		select {
		case <-d.end:
			stop()
		case <-ended:
		}
	}()
	go func() {
		defer close(ended)
		defer stop()
		plan, err := d.run(ctx, x, work)
		d.mu.Lock()
		defer d.mu.Unlock()
		x.plan, x.err, x.ended = plan, err, time.Now()
	}()
	return nil
}

// run does the work; a panic in it ends the work and nothing else.
func (d *drawings) run(ctx context.Context, x *drawing, work func(context.Context, func(int, int)) (uuid.UUID, error)) (plan uuid.UUID, err error) {
	defer func() {
		if v := recover(); v != nil {
			d.log.ErrorContext(ctx, "panic while a plan was drawn", "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	plan, err = work(ctx, func(done, total int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		x.done, x.total = done, total
	})
	if _, told := errors.AsType[*domain.Error](err); err != nil && !told && ctx.Err() == nil {
		d.log.ErrorContext(ctx, "plan not drawn", "error", err.Error())
	}
	return plan, err
}

// of gives how a drawing stands; false where there is none of the owner.
func (d *drawings) of(id, owner uuid.UUID) (drawing, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x, ok := d.all[id]
	if !ok || x.owner != owner {
		return drawing{}, false
	}
	return *x, true
}

// running finds the drawing that an owner waits for.
func (d *drawings) running(owner uuid.UUID) (uuid.UUID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, x := range d.all {
		if x.owner == owner && x.ended.IsZero() {
			return id, true
		}
	}
	return uuid.Nil, false
}
