// Package territory holds the registers of a province as its UST keeps them: comuni, centres, routing policies, clocks, suspensions
// (State), and each school site (SchoolState). What is not known for certain is provisional and says so, and everything has a day
// from which it holds.
package territory

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// Province015 is the province this program ships a register for.
const Province015 = "015"

// Category begins the name of every territory's stream.
const Category = "territory-"

// Stream is the stream of a province's territory.
func Stream(province string) string { return Category + province }

// Decider is the territory as an aggregate.
var Decider = event.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Decide:  Decide,
	Evolve:  Evolve,
}

// State is a territory. The zero State is one that nobody has founded. It may be kept and asked by many at once: nothing in it
// changes after Evolve has returned it.
type State struct {
	Province    string
	comuni      map[domain.Comune][]Comune // versions, by the day from which they hold
	centres     map[domain.Centre][]Centre
	municipi    map[string]domain.Municipio // by CAP
	policies    []Policy
	clocks      []Clocks
	ceilings    []Ceiling
	retentions  []Retention
	boundaries  []Boundaries
	reminders   []Reminders
	weights     []Weights
	suspensions []Suspension
}

// Evolve is total: what is in the journal has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Founded:
		s = State{Province: e.Province, comuni: map[domain.Comune][]Comune{}, centres: map[domain.Centre][]Centre{},
			policies: []Policy{e.Register.Policy}, clocks: []Clocks{e.Register.Clocks}, ceilings: []Ceiling{e.Register.Ceiling},
			retentions: []Retention{defaultRetention}, reminders: []Reminders{defaultReminders},
			weights: []Weights{defaultWeights}}
		for _, c := range e.Register.Comuni {
			s.comuni[c.Code] = []Comune{c}
		}
		for _, c := range e.Register.Centres {
			s.centres[c.Code] = []Centre{c}
		}
	case ComuneAmended:
		s.comuni = put(s.comuni, e.Comune.Code, with(s.comuni[e.Comune.Code], e.Comune))
	case CentreAmended:
		s.centres = put(s.centres, e.Centre.Code, with(s.centres[e.Centre.Code], e.Centre))
	case CAPAssigned:
		s.municipi = put(s.municipi, e.CAP, e.Municipio)
	case Confirmed:
		for _, code := range e.Comuni {
			s.comuni = put(s.comuni, code, each(s.comuni[code], func(c *Comune) { c.Provisional = false }))
		}
		for _, code := range e.Centres {
			s.centres = put(s.centres, code, each(s.centres[code], func(c *Centre) { c.Provisional = false }))
		}
		s.policies = each(s.policies, func(p *Policy) { p.Provisional = p.Provisional && p.Version != e.Policy })
	case PolicyAdopted:
		s.policies = with(s.policies, e.Policy)
	case ClocksSet:
		s.clocks = with(s.clocks, e.Clocks)
	case CeilingSet:
		s.ceilings = with(s.ceilings, e.Ceiling)
	case RetentionSet:
		s.retentions = with(s.retentions, e.Retention)
	case RemindersSet:
		s.reminders = with(s.reminders, e.Reminders)
	case WeightsSet:
		s.weights = with(s.weights, e.Weights)
	case BoundariesSet:
		s.boundaries = with(s.boundaries, e.Boundaries.measured())
	case Suspended:
		s.suspensions = append(slices.Clone(s.suspensions), Suspension{Number: e.Number, Kind: e.Kind, Scope: e.Scope, Role: e.Role,
			Reason: e.Reason, From: e.From})
	case Resumed:
		s.suspensions = each(s.suspensions, func(p *Suspension) {
			if p.Number == e.Number {
				p.Lifted = append(slices.Clone(p.Lifted), Lift{e.Scope, e.Role, e.Reason, e.From})
			}
		})
	}
	return s
}

// put sets a key in a copy of a map.
func put[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}

// each changes the elements of a copy.
func each[T any](list []T, change func(*T)) []T {
	list = slices.Clone(list)
	for i := range list {
		change(&list[i])
	}
	return list
}

// IsFounded reports whether the territory has begun.
func (s State) IsFounded() bool { return s.Province != "" }

// Comune is the newest version of a comune, ComuneOn the one in force on a day.
func (s State) Comune(code domain.Comune) (Comune, bool) { return on(s.comuni[code], never) }

// ComuneOn is the version in force on a day; before the first it is the first.
func (s State) ComuneOn(code domain.Comune, d domain.Date) (Comune, bool) {
	return on(s.comuni[code], d)
}

// Comuni lists the newest versions by name.
func (s State) Comuni() []Comune {
	all := newest(s.comuni)
	slices.SortFunc(all, func(a, b Comune) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Code, b.Code)) })
	return all
}

// Belfiore is the comune with a cadastral code, the way the ministry writes comuni.
func (s State) Belfiore(code string) (domain.Comune, bool) {
	for c := range s.comuni {
		if v, ok := s.Comune(c); ok && v.Belfiore == code {
			return c, true
		}
	}
	return "", false
}

// Centre is the newest version of a centre.
func (s State) Centre(code domain.Centre) (Centre, bool) { return on(s.centres[code], never) }

// Centres lists the newest versions, the CTI first.
func (s State) Centres() []Centre {
	all := newest(s.centres)
	slices.SortFunc(all, func(a, b Centre) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// never is after every day, so that on gives the newest version.
var never = domain.Date{Year: 9999, Month: time.December, Day: 31}

func newest[K comparable, V dated](m map[K][]V) []V {
	all := make([]V, 0, len(m))
	for _, versions := range m {
		all = append(all, versions[len(versions)-1])
	}
	return all
}

// PolicyOn, ClocksOn and CeilingOn are what is in force on a day; before the first version it is the first.
func (s State) PolicyOn(d domain.Date) Policy { p, _ := on(s.policies, d); return p }

// ClocksOn are the terms in force on a day.
func (s State) ClocksOn(d domain.Date) Clocks { c, _ := on(s.clocks, d); return c }

// CeilingOn is the ceiling in force on a day, in percent.
func (s State) CeilingOn(d domain.Date) int { c, _ := on(s.ceilings, d); return c.Percent }

// Policies lists all versions by the day from which they hold.
func (s State) Policies() []Policy { return slices.Clone(s.policies) }

// Clocks lists all terms there ever were by the day from which they hold.
func (s State) Clocks() []Clocks { return slices.Clone(s.clocks) }

// Ceilings lists all ceilings by the day from which they hold.
func (s State) Ceilings() []Ceiling { return slices.Clone(s.ceilings) }

// Provisional lists what the UST has not confirmed; policy is the newest version where that is so, or empty.
func (s State) Provisional() (comuni []domain.Comune, centres []domain.Centre, policy string) {
	for _, c := range s.Comuni() {
		if c.Provisional {
			comuni = append(comuni, c.Code)
		}
	}
	for _, c := range s.Centres() {
		if c.Provisional {
			centres = append(centres, c.Code)
		}
	}
	if p := s.PolicyOn(never); p.Provisional {
		policy = p.Version
	}
	return comuni, centres, policy
}

// Route is which centre a new case goes to. Policy is the version that decided. Provisional: by something the UST has not
// confirmed. Assumed: nobody said which municipio it is, so it was taken from the CAP or, failing that, the policy's fallback,
// which also stands in for a municipio that no Polo START covers.
type Route struct {
	Centre      domain.Centre
	Policy      string
	Provisional bool
	Assumed     bool
}

// Why there is no route.
var (
	ErrComuneUnknown = domain.Invalid("comune-unknown").On("comune")
	ErrOrder         = domain.Invalid("order-invalid").On("order")
	ErrMunicipio     = domain.Invalid("municipio-invalid").On("municipio")
	ErrNoCentre      = domain.Refused("no-centre-for-comune")
)

// Route says which centre a child goes to who lives in a comune and asks for an order of school. Municipio is 0 and cap empty
// where they are not known; both count in Milano only. A suspension does not change the route: requests go on being recorded.
func (s State) Route(comune domain.Comune, municipio domain.Municipio, postal string, order grade.Order, d domain.Date) (Route, error) {
	home, ok := s.ComuneOn(comune, d)
	switch {
	case !ok:
		return Route{}, ErrComuneUnknown
	case !order.Valid():
		return Route{}, ErrOrder
	case comune == domain.Milano && (municipio < 0 || municipio > municipiOfMilano):
		return Route{}, ErrMunicipio
	}
	p := s.PolicyOn(d)
	r := Route{Policy: p.Version, Provisional: p.Provisional || home.Provisional}
	var centre Centre
	if p.toPolo(comune, order) {
		if municipio == 0 {
			municipio, r.Assumed = s.MunicipioOf(postal), true
		}
		centre, ok = s.find(d, func(c Centre) bool { return slices.Contains(c.Municipi, municipio) })
		if !ok {
			r.Assumed = true
			centre, ok = on(s.centres[p.Fallback], d)
		}
		r.Provisional = p.Provisional // the comune's ambito had no part in it
	} else {
		centre, ok = s.find(d, func(c Centre) bool { return c.Ambito == home.Ambito })
	}
	if !ok {
		return Route{}, ErrNoCentre
	}
	r.Centre, r.Provisional = centre.Code, r.Provisional || centre.Provisional
	return r, nil
}

// municipiOfMilano is how many there are.
const municipiOfMilano = 9

// toPolo reports whether an order of school in a comune is a Polo START's.
func (p Policy) toPolo(comune domain.Comune, order grade.Order) bool {
	return comune == domain.Milano && (order.FirstCycle() || order == grade.Infanzia && p.Infanzia == InfanziaByPolo)
}

// find is the first centre, by its code, that in its version of a day is as wanted.
func (s State) find(d domain.Date, wanted func(Centre) bool) (Centre, bool) {
	for _, code := range slices.Sorted(maps.Keys(s.centres)) {
		if c, ok := on(s.centres[code], d); ok && wanted(c) {
			return c, true
		}
	}
	return Centre{}, false
}

// CentreServes reports whether cases of a comune and an order are a centre's by the newest registers: those that are routed to it, in
// Milano those of any Polo START or of either city CTI.
func (s State) CentreServes(centre domain.Centre, comune domain.Comune, order grade.Order) bool {
	c, known := s.Centre(centre)
	home, ok := s.Comune(comune)
	if !known || !ok || !order.Valid() {
		return false
	}
	if s.PolicyOn(never).toPolo(comune, order) {
		return centre.IsPolo()
	}
	return !centre.IsPolo() && home.In(c.Ambito)
}

// Suspended reports whether intake or placement is suspended for a comune at an instant, and by which order: the first that holds.
func (s State) Suspended(kind Kind, comune domain.Comune, at time.Time) (Suspension, bool) {
	home, ok := s.ComuneOn(comune, domain.DateOf(at))
	if !ok {
		home = Comune{Code: comune}
	}
	i := slices.IndexFunc(s.suspensions, func(p Suspension) bool { return p.Kind == kind && p.stops(home, at) })
	if i < 0 {
		return Suspension{}, false
	}
	return s.suspensions[i], true
}

// Suspensions lists all there ever were, oldest first.
func (s State) Suspensions() []Suspension { return slices.Clone(s.suspensions) }

// Spot is a point of the map, in degrees (WGS84).
type Spot struct{ Lat, Lon float64 }

// Metres is the great-circle distance to another spot, rounded to 100 m: the middle of a comune is no address.
func (p Spot) Metres(q Spot) int {
	const earth, rad = 6_371_000, math.Pi / 180
	dLat, dLon := (q.Lat-p.Lat)*rad/2, (q.Lon-p.Lon)*rad/2
	h := math.Sin(dLat)*math.Sin(dLat) + math.Cos(p.Lat*rad)*math.Cos(q.Lat*rad)*math.Sin(dLon)*math.Sin(dLon)
	return 100 * int(math.Round(2*earth*math.Asin(math.Sqrt(h))/100))
}

// MunicipioOf is the municipio of Milano in which a postal code lies, as far as the UST registered it; else 0.
func (s State) MunicipioOf(postal string) domain.Municipio { return s.municipi[postal] }

// MunicipioSpot is roughly the middle of a municipio of Milano; false for one that is none. It does not change with the register.
func MunicipioSpot(m domain.Municipio) (Spot, bool) {
	all := municipioSpots()
	if m < 1 || int(m) > len(all) {
		return Spot{}, false
	}
	return all[m-1], true
}

var municipioSpots = sync.OnceValue(func() []Spot {
	var out []Spot
	for _, row := range rows("register/municipi.csv", 3) {
		out = append(out, Spot{number(row[1]), number(row[2])})
	}
	return out
})
