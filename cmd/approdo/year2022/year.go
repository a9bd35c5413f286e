package year2022

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/calendar"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

// Today is the instant at which the invented year stops: a Thursday morning with work on every desk.
var Today = time.Date(2022, time.December, 15, 9, 30, 0, 0, domain.Rome)

// Start is when the office opened its mailbox.
var Start = time.Date(2022, time.February, 28, 9, 0, 0, 0, domain.Rome)

// Clock is simulated while the year is made, and then runs on from Today at the pace of the real one.
type Clock struct {
	set  atomic.Pointer[time.Time]
	from atomic.Pointer[time.Time] // real instant at which it began to run
}

// Now is a domain.Clock.
func (c *Clock) Now() time.Time {
	t := *c.set.Load()
	if from := c.from.Load(); from != nil {
		return t.Add(time.Since(*from))
	}
	return t
}

// Set stops the clock at an instant.
func (c *Clock) Set(t time.Time) { t = t.UTC(); c.set.Store(&t) }

// Run lets it go on from where it stands, as if it had started at a real instant.
func (c *Clock) Run(since time.Time) { c.from.Store(&since) }

// Config is what a year is made with.
type Config struct {
	Enrolled int // pupils taken in; the real year had 1,310
	Seed     uint64
	Store    event.Store
	Codec    *event.Codec
	Desk     *desk.Desk
	Clock    *Clock
	// Follow carries out what the policies ask for up to the journal's head. It is called after every step, so that the year does
	// not depend on how fast a policy is.
	Follow func(ctx context.Context) error
	// EndOfDay, where set, is called before the first step of another day: for clocks that run out.
	EndOfDay func(ctx context.Context) error
	// Progress is told how far the year has come.
	Progress func(day domain.Date, enrolled int)
}

// Make invents the year. The territory and the schools are in the journal already.
func Make(ctx context.Context, c Config) error {
	y := &year{Config: c, ctx: ctx, r: rand.New(rand.NewPCG(c.Seed, 2022)), free: map[seatKey]int{}}
	if err := y.prepare(); err != nil {
		return err
	}
	y.plan()
	for y.todo.Len() > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := heap.Pop(&y.todo).(step)
		if s.at.After(Today) {
			break
		}
		if day := domain.DateOf(s.at); day != y.day {
			if err := y.turn(day); err != nil {
				return err
			}
		}
		y.Clock.Set(s.at)
		if err := s.do(); err != nil {
			return fmt.Errorf("year2022: %s on %s: %w", s.name, domain.DateOf(s.at), err)
		}
		if err := y.Follow(ctx); err != nil {
			return err
		}
	}
	y.Clock.Set(Today)
	y.Progress(domain.DateOf(Today), y.enrolled)
	return nil
}

// turn ends a day and begins another.
func (y *year) turn(next domain.Date) error {
	y.Progress(next, y.enrolled)
	y.day = next
	if y.EndOfDay == nil {
		return nil
	}
	y.Clock.Set(next.Start().Add(time.Hour))
	if err := y.EndOfDay(y.ctx); err != nil {
		return err
	}
	return y.Follow(y.ctx)
}

type seatKey struct {
	school domain.School
	year   domain.SchoolYear
	level  grade.Level
}

type site struct {
	territory.School
	lat, lon float64
}

type year struct {
	Config
	ctx      context.Context
	r        *rand.Rand
	todo     agenda
	seq      int
	land     territory.State
	comuni   []territory.Comune
	weights  []int // population, cumulated
	sites    map[grade.Order][]site
	free     map[seatKey]int
	children int
	homes    int
	enrolled int
	day      domain.Date
}

// step is something somebody does at an instant.
type step struct {
	at   time.Time
	seq  int
	name string
	do   func() error
}

type agenda []step

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(s any)   { *a = append(*a, s.(step)) }
func (a *agenda) Pop() any {
	old := *a
	s := old[len(old)-1]
	*a = old[:len(old)-1]
	return s
}

func (y *year) at(t time.Time, name string, do func() error) {
	y.seq++
	heap.Push(&y.todo, step{t, y.seq, name, do})
}

// office is an instant in office hours, some working days after another, in a comune.
func (y *year) office(after time.Time, days int, comune domain.Comune) time.Time {
	d := domain.DateOf(after)
	if days > 0 {
		d = calendar.AddWorkingDays(d, days, comune)
	}
	for !calendar.IsWorkingDay(d, comune) {
		d = d.AddDays(1)
	}
	t := d.Start().Add(8*time.Hour + 30*time.Minute + time.Duration(y.r.IntN(8*60*60))*time.Second)
	if !t.After(after) {
		t = after.Add(time.Duration(1+y.r.IntN(40)) * time.Minute)
	}
	return t
}

func (y *year) chance(percent float64) bool { return y.r.Float64()*100 < percent }

// ticket is deterministic: the same seed gives the same ids, and with them the same journal.
func (y *year) ticket() desk.Ticket {
	var id uuid.UUID
	ms := uint64(y.Clock.Now().UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	for i := 6; i < 16; i++ {
		id[i] = byte(y.r.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return desk.Ticket{ID: id}
}

// officer is somebody of a body. The same body always has the same officer.
func officer(role domain.Role, body string) domain.Actor {
	return domain.Actor{Account: uuid.NewSHA1(uuid.NameSpaceOID, []byte("approdo:"+string(role)+":"+body)), Role: role, Body: body}
}

var ust = officer(domain.RoleUST, "")

func (y *year) prepare() error {
	var err error
	if y.land, err = y.Desk.Territory(y.ctx); err != nil {
		return err
	}
	y.comuni = y.land.Comuni()
	total := 0
	for _, c := range y.comuni {
		if c.Code != domain.Milano { // Milano has a share of its own
			total += c.Population
		}
		y.weights = append(y.weights, total)
	}
	y.sites = map[grade.Order][]site{}
	for page, err := range y.Store.ReadAll(y.ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{territory.SchoolCategory}}}) {
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			decoded, err := y.Codec.Decode(r)
			if err != nil {
				return err
			}
			listed, ok := decoded.(territory.SchoolListed)
			if !ok {
				continue
			}
			s := listed.School
			c, known := y.land.Comune(s.Comune)
			if !s.TakesPupils() || !known {
				continue
			}
			y.sites[s.Order] = append(y.sites[s.Order], site{s, c.Lat, c.Lon})
		}
	}
	for o, sites := range y.sites {
		slices.SortFunc(sites, func(a, b site) int { return cmp.Compare(a.Code, b.Code) })
		y.sites[o] = sites
	}
	return nil
}

// near gives sites of an order by distance from a comune, those of the comune itself in an order of chance.
func (y *year) near(comune domain.Comune, o grade.Order) []site {
	c, _ := y.land.Comune(comune)
	sites := slices.Clone(y.sites[o])
	y.r.Shuffle(len(sites), func(i, j int) { sites[i], sites[j] = sites[j], sites[i] })
	slices.SortStableFunc(sites, func(a, b site) int {
		return cmp.Compare(math.Hypot((a.lat-c.Lat)*111, (a.lon-c.Lon)*78), math.Hypot((b.lat-c.Lat)*111, (b.lon-c.Lon)*78))
	})
	return sites
}
