package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/cmd/approdo/year2022"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
)

// benchRebuildCmd builds all views from a journal of whole cases, and in turn reads and decodes the same journal with an empty
// handler.
type benchRebuildCmd struct {
	JSON   bool   `name:"json" help:"Un oggetto JSON per riga."`
	Events []int  `help:"Quanti eventi ha il giornale." default:"20000,1000000"`
	Rounds int    `help:"Quante volte si misura; vale la mediana." default:"3"`
	Dir    string `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// Run measures and prints a figure for each size.
func (c *benchRebuildCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	for _, n := range c.Events {
		f, err := c.measure(ctx, n, log)
		if err != nil {
			return err
		}
		if err := f.print(out, c.JSON); err != nil {
			return err
		}
	}
	return nil
}

func (c *benchRebuildCmd) measure(ctx context.Context, n int, log *slog.Logger) (f figure, err error) {
	h, remove, err := benchHouse(ctx, c.Dir, log)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	crowd, err := newCrowd(ctx, h)
	if err != nil {
		return f, err
	}
	if err := crowd.fill(ctx, n); err != nil {
		return f, err
	}
	if err := h.views.CatchUp(ctx); err != nil {
		return f, err
	}
	var rebuilds, readings []float64
	var records int64
	for range max(1, c.Rounds) {
		reading, err := readAndDecode(ctx, h)
		if err != nil {
			return f, err
		}
		done, err := h.views.Rebuild(ctx, nil)
		if err != nil {
			return f, err
		}
		records = done.Records
		readings, rebuilds = append(readings, milliseconds(reading)), append(rebuilds, milliseconds(done.Elapsed))
	}
	took, baseline := median(rebuilds), median(readings)
	return figure{Figure: fmt.Sprintf("rebuild.sqlite.events%d", records), Value: took, Unit: "ms", Baseline: baseline, Ratio: took / baseline,
		Seconds: took * float64(c.Rounds) / 1000}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// readAndDecode is a rebuild that keeps nothing.
func readAndDecode(ctx context.Context, h *house) (time.Duration, error) {
	began := time.Now()
	for page, err := range h.store.ReadAll(ctx, 0, event.ReadAll{}) {
		if err != nil {
			return 0, err
		}
		for _, r := range page.Records {
			if _, err := h.codec.Decode(r); err != nil {
				return 0, err
			}
		}
	}
	return time.Since(began), nil
}

// crowd lives through cases, each under a number of its own.
type crowd struct {
	*house
	comuni []territory.Comune
	number atomic.Int64
}

func newCrowd(ctx context.Context, h *house) (*crowd, error) {
	land, err := h.desk.Territory(ctx)
	return &crowd{house: h, comuni: land.Comuni()}, err
}

// fillers is how many cases are lived through at once: the journal commits them in groups.
const fillers = 64

// fill lives through cases until there are so many more events.
func (c *crowd) fill(ctx context.Context, events int) error {
	var written atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for worker := range fillers {
		r := rand.New(rand.NewPCG(uint64(worker), uint64(c.number.Load())))
		g.Go(func() error {
			for written.Load() < int64(events) {
				n, err := c.another(ctx, r)
				if err != nil {
					return err
				}
				written.Add(int64(n))
			}
			return nil
		})
	}
	return g.Wait()
}

// another lives through one more case, and gives its events.
func (c *crowd) another(ctx context.Context, r *rand.Rand) (int, error) {
	home := c.comuni[r.IntN(len(c.comuni))]
	centre := domain.Centre("CTI-" + string(home.Ambito[len(home.Ambito)-2:]))
	return liveThrough(ctx, c.house, r, int(c.number.Add(1)), home.Code, centre)
}

// cameAt is when a case of a number came, by the acts in it.
func cameAt(n int) time.Time { return time.Date(2022, time.March, 1, 8, n, 0, 0, time.UTC) }

// liveThrough writes one case from request to closure, and its seat; every tenth is declined once.
func liveThrough(ctx context.Context, h *house, r *rand.Rand, n int, comune domain.Comune, centre domain.Centre) (int, error) {
	id := uuid.Must(uuid.NewV7())
	at := cameAt(n)
	school := domain.School(fmt.Sprintf("ZZEE%05dX", n%2000))
	institution := domain.Institution(fmt.Sprintf("ZZIC%05dX", n%2000))
	level := grade.Level{Order: grade.Primaria, Year: 1 + n%5}
	by := func(role domain.Role, body string) domain.Act {
		at = at.Add(7 * time.Hour)
		return domain.Act{By: domain.Actor{Account: id, Role: role, Body: body}, At: at}
	}
	asCentre := func() domain.Act { return by(domain.RoleCentre, string(centre)) }
	asSchool := func() domain.Act { return by(domain.RoleSchool, string(institution)) }
	identity := year2022.Identity(r, n)
	profile := casefile.Profile{TemporaryProtection: true, Languages: domain.NewPersonal("uk, ru"), Adults: []casefile.Adult{{Name: identity.FamilyName, Phone: domain.NewPersonal("+39 000 1234567")}}}
	request := casefile.RecordRequest{Act: by(domain.RoleComune, string(comune)), Channel: domain.ChannelComune, On: domain.DateOf(at),
		Facts: casefile.Facts{Comune: comune, SchoolYear: 2021, Level: level, Sex: casefile.Female, Household: id.String()},
		Pupil: casefile.Pupil{Identity: domain.Open(id, domain.ClassPersonal, identity),
			Domicile: domain.Open(id, domain.ClassPersonal, casefile.Domicile{Address: domain.NewPersonal("Via degli Esempi 5")}),
			Profile:  domain.Open(id, domain.ClassPersonal, profile)},
		Route: casefile.Route{Centre: centre, Policy: "1", Terms: casefile.Terms{TakeCharge: at.AddDate(0, 0, 2), FirstOffer: at.AddDate(0, 0, 7), FirstDay: at.AddDate(0, 0, 21)}}}
	offers := []uuid.UUID{uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())}
	offer := func(i int, act domain.Act) casefile.OfferPlace {
		return casefile.OfferPlace{Act: act, Offer: offers[i], School: school, Institution: institution, Level: level, Due: at.AddDate(0, 0, 3), DeclaredAt: at}
	}
	note := domain.Open(id, domain.ClassPersonal, domain.NewPersonal("Sentita la famiglia per telefono."))
	commands := []casefile.Command{request, casefile.TakeCharge{Act: asCentre()}, casefile.AddNote{Act: asCentre(), Text: note}}
	if n%10 == 0 {
		commands = append(commands, offer(0, asCentre()), casefile.DeclineOffer{Act: asSchool(), Offer: offers[0], Reason: "no-places-in-class"})
	}
	commands = append(commands, offer(1, asCentre()))
	accepted := casefile.AcceptOffer{Act: asSchool(), Offer: offers[1]}
	accepted.On = domain.DateOf(accepted.At)
	first := casefile.RecordFirstDay{Act: asSchool()}
	first.On = domain.DateOf(first.At)
	commands = append(commands, accepted, first, casefile.AddNote{Act: asSchool(), Text: note})
	if n%3 == 0 {
		end := casefile.EndAttendance{Act: asSchool(), Reason: "returned-home"}
		end.On = domain.DateOf(end.At)
		commands = append(commands, end)
	}
	written, err := appendAll(ctx, h, casefile.Decider, casefile.Stream(id), commands)
	if err != nil {
		return 0, err
	}
	// The seat stands in a stream of its own here: what is measured is the reading, and a school's stream would only grow.
	seats := []places.Command{places.Declare{Act: asSchool(), Institution: institution, Level: level, Free: 1},
		places.Hold{Act: asCentre(), Offer: offers[1], Case: id, Level: level}, places.Take{Act: asSchool(), Offer: offers[1], Case: id, Level: level}}
	more, err := appendAll(ctx, h, places.Decider, fmt.Sprintf("%sZZEE%05dX-%d", places.Category, n%100_000, 2022+n/100_000), seats)
	return written + more, err
}

// appendAll decides commands one after the other and writes what they cause as one append.
func appendAll[S, C, E any](ctx context.Context, h *house, d event.Decider[S, C, E], stream string, commands []C) (int, error) {
	s := d.Initial()
	a := event.Append{Stream: stream, Expected: event.NoStream}
	for _, c := range commands {
		events, err := d.Decide(s, c)
		if err != nil {
			return 0, err
		}
		act := any(c).(interface{ Issued() domain.Act }).Issued()
		meta := event.Meta{Actor: act.By, At: act.At, Command: uuid.Must(uuid.NewV7())}
		for _, e := range events {
			draft, err := h.codec.Encode(ctx, stream, event.Revision(len(a.Events)), uuid.Must(uuid.NewV7()), e, meta)
			if err != nil {
				return 0, err
			}
			a.Events, s = append(a.Events, draft), d.Evolve(s, e)
		}
	}
	_, err := h.store.Append(ctx, a)
	return len(a.Events), err
}
