package territory

import (
	"slices"
	"strconv"

	"approdo/domain"
)

// Weights are one version of the register by which schools are ranked for a pupil, in force from a day until the next one's. Everything is
// said in metres of way: what speaks for a school brings it so much nearer, what speaks against it puts it so much farther. So an officer
// can follow every rank by adding up, and nothing is ever hidden. Version is given by the territory: "1", "2", …; "0" is what the program
// ships, until the UST decides.
type Weights struct {
	Version string      `json:"version"`
	From    domain.Date `json:"from"`

	Sibling  int    `json:"sibling"`  // nearer: a brother or sister is at the institution
	Wishes   [3]int `json:"wishes"`   // nearer: the family's first, second and third wish
	Language int    `json:"language"` // nearer: the school teaches Italian as a second language, and the pupil has little of it
	Service  int    `json:"service"`  // nearer: it has the transport or canteen the pupil needs, for each

	Full     int `json:"full"`     // farther: no place is free by what the school declared
	Unknown  int `json:"unknown"`  // farther: it never declared places for the grade
	Stale    int `json:"stale"`    // farther: its figure is older than StaleDays
	Ceiling  int `json:"ceiling"`  // farther: one more pupil would be above the ceiling
	Declined int `json:"declined"` // farther: it declined this pupil, and has declared no places since

	StaleDays int `json:"stale_days"`
	Within    int `json:"within"` // the least way within a comune, where the site's coordinates are not known
	Far       int `json:"far"`    // a way that is longer is told
}

// defaultWeights are proposed and not decided. Brothers and sisters together outweigh a way across a town, an open place outweighs what a
// child can be asked to travel; the ceiling ranks and never blocks (CM 2/2010).
var defaultWeights = Weights{Version: "0", From: shippedFrom,
	Sibling: 6_000, Wishes: [3]int{5_000, 3_000, 2_000}, Language: 2_000, Service: 1_500,
	Full: 15_000, Unknown: 4_000, Stale: 1_000, Ceiling: 3_000, Declined: 30_000,
	StaleDays: 30, Within: 1_500, Far: 10_000}

// Weight is one figure of Weights, by a stable code.
type Weight string

// The weights, in the order they are shown.
const (
	WeightSibling    Weight = "sibling"
	WeightFirstWish  Weight = "wish-1"
	WeightSecondWish Weight = "wish-2"
	WeightThirdWish  Weight = "wish-3"
	WeightLanguage   Weight = "language"
	WeightService    Weight = "service"
	WeightFull       Weight = "full"
	WeightUnknown    Weight = "unknown"
	WeightStale      Weight = "stale"
	WeightCeiling    Weight = "ceiling"
	WeightDeclined   Weight = "declined"
	WeightStaleDays  Weight = "stale-days"
	WeightWithin     Weight = "within"
	WeightFar        Weight = "far"
)

// The most that a weight can be.
const (
	mostMetres    = 100_000
	mostStaleDays = 365
)

// WeightCodes lists them in the order they are shown.
func WeightCodes() []Weight {
	return []Weight{WeightSibling, WeightFirstWish, WeightSecondWish, WeightThirdWish, WeightLanguage, WeightService, WeightFull, WeightUnknown,
		WeightStale, WeightCeiling, WeightDeclined, WeightStaleDays, WeightWithin, WeightFar}
}

// Of is the figure of a code, to be read or set: in metres, and StaleDays in days. It is nil for a code that is none.
func (w *Weights) Of(c Weight) *int {
	switch c {
	case WeightSibling:
		return &w.Sibling
	case WeightFirstWish:
		return &w.Wishes[0]
	case WeightSecondWish:
		return &w.Wishes[1]
	case WeightThirdWish:
		return &w.Wishes[2]
	case WeightLanguage:
		return &w.Language
	case WeightService:
		return &w.Service
	case WeightFull:
		return &w.Full
	case WeightUnknown:
		return &w.Unknown
	case WeightStale:
		return &w.Stale
	case WeightCeiling:
		return &w.Ceiling
	case WeightDeclined:
		return &w.Declined
	case WeightStaleDays:
		return &w.StaleDays
	case WeightWithin:
		return &w.Within
	case WeightFar:
		return &w.Far
	}
	return nil
}

// Range is what a weight may be.
func (c Weight) Range() (least, most int) {
	if c == WeightStaleDays {
		return 1, mostStaleDays
	}
	return 0, mostMetres
}

func (w Weights) since() domain.Date { return w.From }

// WeightsOn is the version in force on a day.
func (s State) WeightsOn(d domain.Date) Weights {
	if w, ok := on(s.weights, d); ok {
		return w
	}
	return defaultWeights
}

// Weights lists all versions by the day from which they hold, beginning with what the program ships.
func (s State) Weights() []Weights { return slices.Clone(s.weights) }

// SetWeights makes a new version of the weights from Weights.From on; its Version is given by the territory.
type SetWeights struct {
	domain.Act
	Weights Weights
}

func (SetWeights) territoryCommand() {}

// WeightsSet is a new version of the weights.
type WeightsSet struct {
	Weights Weights `json:"weights"`
}

func (WeightsSet) territoryEvent() {}

// ErrWeights refuses a weight that is out of its range.
var ErrWeights = domain.Invalid("weight-out-of-range")

func (s State) setWeights(c SetWeights) ([]Event, error) {
	v := c.Weights
	v.From = fromDay(v.From, c.Act)
	for _, code := range WeightCodes() {
		if least, most := code.Range(); *v.Of(code) < least || *v.Of(code) > most {
			return nil, ErrWeights.On(string(code))
		}
	}
	old := s.WeightsOn(v.From)
	decided := old.Version != defaultWeights.Version
	if v.Version, old.From = old.Version, v.From; decided && old == v {
		return nil, nil
	}
	v.Version = strconv.Itoa(len(s.weights))
	return []Event{WeightsSet{v}}, nil
}
