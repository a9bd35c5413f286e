package feed_test

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/feed"
	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/policy"
)

const (
	rozzano     domain.School      = "MIEE8A1014"
	institution domain.Institution = "MIIC8A1003"
	year        domain.SchoolYear  = 2021
)

var (
	ust    = domain.Actor{Account: uuid.MustParse("5b7e7f0e-26ab-4f7c-8f52-0d0cbb0a8a4f"), Role: domain.RoleUST}
	monday = time.Date(2022, 3, 14, 9, 0, 0, 0, time.UTC)
	third  = grade.Level{Order: grade.Primaria, Year: 3}
)

// world is a journal, what runs on it, and a simulated day on which everything is done.
type world struct {
	t           *testing.T
	store       *memory.Store
	sealer      *sealtest.Sealer
	codec       *event.Codec
	checkpoints *checkpoints
	parking     *parking
	log         *bytes.Buffer
	turning     sync.Mutex
	now         time.Time
}

func newWorld(t *testing.T) *world {
	sealer := sealtest.New()
	return &world{t: t, store: memory.New(), sealer: sealer, codec: event.NewCodec(sealer, casefile.Events, places.Events),
		checkpoints: &checkpoints{at: map[string]event.Position{}}, parking: &parking{}, log: &bytes.Buffer{}, now: monday}
}

// clock may be asked by what runs beside the test, goTo turns it.
func (w *world) clock() time.Time {
	w.turning.Lock()
	defer w.turning.Unlock()
	return w.now
}

func (w *world) goTo(now time.Time) {
	w.turning.Lock()
	defer w.turning.Unlock()
	w.now = now
}

func (w *world) act() domain.Act { return domain.Act{By: ust, At: w.now} }

// erase has two persons agree that a pupil is erased.
func (w *world) erase(id uuid.UUID) {
	proposal, second := uuid.New(), ust
	second.Account = uuid.New()
	w.ask(id, casefile.ProposeErasure{Act: w.act(), Proposal: proposal, Scope: casefile.ErasePupil, Ground: casefile.GroundRequest})
	w.ask(id, casefile.ApproveErasure{Act: domain.Act{By: second, At: w.now}, Proposal: proposal})
}

func (w *world) origin() event.Origin {
	return event.Origin{ID: uuid.New(), By: ust, At: w.now, Correlation: uuid.New()}
}

// ask lets a command meet a case.
func (w *world) ask(id uuid.UUID, c casefile.Command) event.Outcome[casefile.State, casefile.Event] {
	w.t.Helper()
	out, err := event.Execute(w.t.Context(), w.store, w.codec, casefile.Decider, casefile.Stream(id), c, w.origin())
	if err != nil {
		w.t.Fatalf("%T: %v", c, err)
	}
	return out
}

func (w *world) askPlaces(c places.Command) {
	w.t.Helper()
	if _, err := event.Execute(w.t.Context(), w.store, w.codec, places.Decider, places.Stream(rozzano, year), c, w.origin()); err != nil {
		w.t.Fatalf("%T: %v", c, err)
	}
}

func (w *world) declare(free int) {
	w.t.Helper()
	w.askPlaces(places.Declare{Act: w.act(), Institution: institution, Level: third, Free: free})
}

func facts() casefile.Facts {
	return casefile.Facts{Comune: "015189", SchoolYear: year, Level: third, Sex: casefile.Female}
}

// requested begins a case and takes charge of it.
func (w *world) requested() uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.ask(id, casefile.RecordRequest{Act: w.act(), Channel: domain.ChannelUST, On: domain.DateOf(w.now), Facts: facts(),
		Route: casefile.Route{Centre: "CTI-22", Policy: "p"}})
	w.ask(id, casefile.TakeCharge{Act: w.act()})
	return id
}

// held keeps a seat for an offer that is still to be made.
func (w *world) held(id uuid.UUID) uuid.UUID {
	w.t.Helper()
	offer := uuid.New()
	w.askPlaces(places.Hold{Act: w.act(), Offer: offer, Case: id, Level: third})
	return offer
}

// offered brings a case as far as an offer of Rozzano's.
func (w *world) offered() (id, offer uuid.UUID) {
	w.t.Helper()
	id = w.requested()
	offer = w.held(id)
	w.offer(id, offer)
	return id, offer
}

func (w *world) offer(id, offer uuid.UUID) {
	w.t.Helper()
	w.ask(id, casefile.OfferPlace{Act: w.act(), Offer: offer, School: rozzano, Institution: institution, Level: third,
		Due: w.now.AddDate(0, 0, 3)})
}

func words() casefile.Text {
	return domain.Open(uuid.Nil, domain.ClassPersonal, domain.NewPersonal("parole"))
}

// seat is what Rozzano keeps for an offer.
func (w *world) seat(offer uuid.UUID) (places.Seat, bool) {
	w.t.Helper()
	out, err := event.Load(w.t.Context(), w.store, w.codec, places.Decider, places.Stream(rozzano, year))
	if err != nil {
		w.t.Fatal(err)
	}
	seat, ok := out.State.Seats[offer]
	return seat, ok
}

func (w *world) state(id uuid.UUID) casefile.State {
	w.t.Helper()
	out, err := event.Load(w.t.Context(), w.store, w.codec, casefile.Decider, casefile.Stream(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return out.State
}

func (w *world) head() event.Position {
	w.t.Helper()
	head, err := w.store.Head(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return head
}

// last is the newest record of a stream.
func (w *world) last(stream string) event.Record {
	w.t.Helper()
	for r, err := range w.store.ReadStream(w.t.Context(), stream, event.ReadStream{Backward: true, Limit: 1}) {
		if err != nil {
			w.t.Fatal(err)
		}
		return r
	}
	w.t.Fatalf("nothing in %s", stream)
	return event.Record{}
}

func (w *world) reactions() []policy.Reaction {
	return []policy.Reaction{policy.PlacesFollowCase(w.store, w.codec), policy.OrphanHolds(w.store, w.codec),
		policy.MergesHold(w.store, w.codec), policy.Erasure(w.store, w.sealer)}
}

func (w *world) router(reactions ...policy.Reaction) *feed.Router {
	w.t.Helper()
	r, err := feed.NewRouter(w.store, w.checkpoints, w.parking, slogTo(w))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range reactions {
		r.React(p)
	}
	return r
}

func slogTo(w *world) *slog.Logger { return slog.New(slog.NewTextHandler(w.log, nil)) }

// start runs a router; the function it gives stops it.
func (w *world) start(r *feed.Router) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	synctest.Wait()
	return func() {
		w.t.Helper()
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}
}

// runFor runs policies for a while, on a router of their own.
func (w *world) runFor(d time.Duration, reactions ...policy.Reaction) {
	w.t.Helper()
	stop := w.start(w.router(reactions...))
	time.Sleep(d)
	synctest.Wait()
	stop()
}

// checkpoints and parking are the ports in memory.
type checkpoints struct {
	mu    sync.Mutex
	at    map[string]event.Position
	saves int
	err   error
}

func (c *checkpoints) Load(_ context.Context, name string) (event.Position, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at[name], c.err
}

func (c *checkpoints) Save(_ context.Context, name string, p event.Position) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saves++
	if c.err == nil {
		c.at[name] = p
	}
	return c.err
}

type parking struct {
	mu      sync.Mutex
	meets   func(policy.Parked) // what another node does just before a record is parked
	parked  []policy.Parked
	dropped []policy.DropReason
	err     error
}

func (p *parking) Park(_ context.Context, one policy.Parked) error {
	if p.meets != nil {
		p.meets(one)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if i := slices.IndexFunc(p.parked, func(q policy.Parked) bool { return q.ID == one.ID }); i >= 0 {
		one.First, one.Attempts = p.parked[i].First, one.Attempts+p.parked[i].Attempts
		p.parked[i] = one
		return nil
	}
	p.parked = append(p.parked, one)
	slices.SortFunc(p.parked, func(a, b policy.Parked) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Position, b.Position))
	})
	return nil
}

func (p *parking) Find(ctx context.Context, id uuid.UUID) (policy.Parked, error) {
	all, err := p.All(ctx)
	for _, one := range all {
		if one.ID == id {
			return one, nil
		}
	}
	return policy.Parked{}, cmp.Or(err, error(policy.ErrNotParked))
}

func (p *parking) Waiting(ctx context.Context, name, stream string) ([]policy.Parked, error) {
	all, err := p.All(ctx)
	return slices.DeleteFunc(all, func(q policy.Parked) bool { return q.Policy != name || q.Stream != stream }), err
}

func (p *parking) All(context.Context) ([]policy.Parked, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.parked), p.err
}

func (p *parking) Unpark(_ context.Context, id uuid.UUID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parked = slices.DeleteFunc(p.parked, func(q policy.Parked) bool { return q.ID == id })
	return p.err
}

func (p *parking) Drop(ctx context.Context, id, _ uuid.UUID, reason policy.DropReason, _ time.Time) error {
	p.dropped = append(p.dropped, reason)
	return p.Unpark(ctx, id)
}

func (p *parking) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}
