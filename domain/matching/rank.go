package matching

import (
	"cmp"
	"slices"
	"time"

	"approdo/domain"
	"approdo/domain/territory"
)

// Seeker is what a ranking of schools goes by of a pupil.
type Seeker struct {
	Wishes        []domain.School      // in the family's order
	Siblings      []domain.Institution // where brothers and sisters have a place
	Services      []territory.Service  // that the pupil needs
	LittleItalian bool
	Declined      map[domain.School]time.Time // the last time each school declined the pupil
}

// Origin says from where, or to where, a way was measured.
type Origin string

// The origins. A domicile is never known better than by its municipio.
const (
	AtSite      Origin = "site"      // the site's own coordinates
	AtMunicipio Origin = "municipio" // a point in the middle of a municipio of Milano
	AtComune    Origin = "comune"    // the centroid of the comune
)

// Site is a school that a pupil could be offered, as it was known at one moment.
type Site struct {
	School      domain.School
	Institution domain.Institution
	Comune      domain.Comune
	From, To    Origin
	Metres      int // of the way, as the crow flies
	SameComune  bool

	Capacity, Free int       // by the school's declaration for the grade; Free may be negative
	DeclaredAt     time.Time // zero: never

	Count     territory.Count   // of the grade, or of the whole site where its Grade is 0
	CountedIn domain.SchoolYear // 0: no register counted it

	Services         []territory.Service
	ServicesDeclared bool
}

// Ground is why a school stands where it does, by a stable code.
type Ground string

// The grounds, in the order in which they are told.
const (
	GroundWay          Ground = "way"
	GroundFar          Ground = "far" // the way is longer than the register thinks fit; it counts by its length alone
	GroundSibling      Ground = "sibling"
	GroundWish         Ground = "wish"   // Number: which of the family's
	GroundPlaces       Ground = "places" // Number: how many are free, since Day
	GroundFull         Ground = "full"
	GroundUndeclared   Ground = "undeclared"
	GroundStale        Ground = "stale"   // Number: how many days old the figure is
	GroundShare        Ground = "share"   // Number: of pupils without Italian citizenship, in tenths of a percent; one more may join
	GroundCeiling      Ground = "ceiling" // likewise, and one more would be above the ceiling
	GroundUncounted    Ground = "uncounted"
	GroundLanguage     Ground = "language-support"
	GroundTransport    Ground = "transport"
	GroundCanteen      Ground = "canteen"
	GroundNoTransport  Ground = "no-transport"
	GroundNoCanteen    Ground = "no-canteen"
	GroundDeclined     Ground = "declined"      // on Day
	GroundDeclaredAnew Ground = "declared-anew" // declined on Day, and declared places since: it may be asked again
)

// Grounds lists them.
func Grounds() []Ground {
	return []Ground{GroundWay, GroundFar, GroundSibling, GroundWish, GroundPlaces, GroundFull, GroundUndeclared, GroundStale, GroundShare,
		GroundCeiling, GroundUncounted, GroundLanguage, GroundTransport, GroundNoTransport, GroundCanteen, GroundNoCanteen, GroundDeclined,
		GroundDeclaredAnew}
}

// Reason is one ground and what it counts for: Metres brings the school nearer where it is below zero, farther where it is above. One that
// counts nothing is told because an officer wants to know it.
type Reason struct {
	Ground Ground
	Metres int
	Number int
	Day    domain.Date
}

// Ranked is a school in its place. Total is the sum of its reasons, in metres; Rank begins with 1.
type Ranked struct {
	Site
	Rank    int
	Total   int
	Reasons []Reason
}

// Rank puts schools in order for a pupil, the first being the one that most speaks for: the least sum of metres, then the shortest way, then
// the code. It ranks and warns, and leaves none out. Percent is the ceiling in force (CM 2/2010), today the day on which figures are old or
// not.
func Rank(s Seeker, sites []Site, w territory.Weights, percent int, today domain.Date) []Ranked {
	out := make([]Ranked, len(sites))
	for i, site := range sites {
		out[i] = Ranked{Site: site, Reasons: reasons(s, site, w, percent, today)}
		for _, r := range out[i].Reasons {
			out[i].Total += r.Metres
		}
	}
	slices.SortFunc(out, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(a.Total, b.Total), cmp.Compare(a.Reasons[0].Metres, b.Reasons[0].Metres), cmp.Compare(a.School, b.School))
	})
	for i := range out {
		out[i].Rank = i + 1
	}
	return out
}

// reasons begin with the way.
func reasons(s Seeker, site Site, w territory.Weights, percent int, today domain.Date) []Reason {
	way := site.Metres
	if site.SameComune && site.To != AtSite {
		way = max(way, w.Within)
	}
	out := []Reason{{Ground: GroundWay, Metres: way}}
	add := func(r Reason) { out = append(out, r) }
	if way > w.Far {
		add(Reason{Ground: GroundFar})
	}
	if slices.Contains(s.Siblings, site.Institution) {
		add(Reason{Ground: GroundSibling, Metres: -w.Sibling})
	}
	if i := slices.Index(s.Wishes, site.School); i >= 0 && i < len(w.Wishes) {
		add(Reason{Ground: GroundWish, Metres: -w.Wishes[i], Number: i + 1})
	}
	out = append(out, seats(site, w, today)...)
	out = append(out, share(site, w, percent))
	out = append(out, services(s, site, w)...)
	if at, ok := s.Declined[site.School]; ok {
		r := Reason{Ground: GroundDeclined, Metres: w.Declined, Day: domain.DateOf(at)}
		if site.DeclaredAt.After(at) {
			r.Ground, r.Metres = GroundDeclaredAnew, 0
		}
		add(r)
	}
	return out
}

func seats(site Site, w territory.Weights, today domain.Date) []Reason {
	if site.DeclaredAt.IsZero() {
		return []Reason{{Ground: GroundUndeclared, Metres: w.Unknown}}
	}
	since := domain.DateOf(site.DeclaredAt)
	out := []Reason{{Ground: GroundPlaces, Number: site.Free, Day: since}}
	if site.Free <= 0 {
		out[0] = Reason{Ground: GroundFull, Metres: w.Full, Number: site.Capacity, Day: since}
	}
	if age := since.DaysUntil(today); age > w.StaleDays {
		out = append(out, Reason{Ground: GroundStale, Metres: w.Stale, Number: age})
	}
	return out
}

func share(site Site, w territory.Weights, percent int) Reason {
	room, known := site.Count.Room(percent)
	tenths, counted := site.Count.Share()
	switch {
	case site.CountedIn == 0 || !known || !counted:
		return Reason{Ground: GroundUncounted}
	case room < 1:
		return Reason{Ground: GroundCeiling, Metres: w.Ceiling, Number: tenths}
	}
	return Reason{Ground: GroundShare, Number: tenths}
}

func services(s Seeker, site Site, w territory.Weights) (out []Reason) {
	if !site.ServicesDeclared {
		return nil
	}
	if s.LittleItalian && slices.Contains(site.Services, territory.LanguageSupport) {
		out = append(out, Reason{Ground: GroundLanguage, Metres: -w.Language})
	}
	for _, need := range []struct {
		service territory.Service
		yes, no Ground
	}{{territory.Transport, GroundTransport, GroundNoTransport}, {territory.Canteen, GroundCanteen, GroundNoCanteen}} {
		switch {
		case !slices.Contains(s.Services, need.service):
		case slices.Contains(site.Services, need.service):
			out = append(out, Reason{Ground: need.yes, Metres: -w.Service})
		default:
			out = append(out, Reason{Ground: need.no})
		}
	}
	return out
}
