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
	CountedIn domain.SchoolYear // 0: nobody counted it
	ByClass   bool              // the school itself described the class with its places; it comes before any register

	Services         []territory.Service
	ServicesDeclared bool

	Planned domain.Date // day of the last plan, where the pupil goes here in it
	Wanted  Wanted
}

// Wanted is what one more place of the grade was worth in the last plan to others who wait (Plan.Worth). Alone means that somebody had no other
// place. The zero value is a place that nobody wanted.
type Wanted struct {
	Alone  bool
	Metres int
	On     domain.Date
}

// ReasonCode is why a school stands where it does, by a stable code.
type ReasonCode string

// The codes, in the order in which they are told.
const (
	ReasonWay          ReasonCode = "way"
	ReasonFar          ReasonCode = "far" // the way is longer than the register thinks fit; it counts by its length alone
	ReasonSibling      ReasonCode = "sibling"
	ReasonWish         ReasonCode = "wish"   // Number: which of the family's
	ReasonPlaces       ReasonCode = "places" // Number: how many are free, since Day
	ReasonFull         ReasonCode = "full"   // Number: how many were declared, on Day
	ReasonUndeclared   ReasonCode = "undeclared"
	ReasonStale        ReasonCode = "stale"   // Number: how many days old the figure is
	ReasonPlanned      ReasonCode = "planned" // by the last plan, of Day
	ReasonNeeded       ReasonCode = "needed"  // by that plan somebody else has no other place
	ReasonWanted       ReasonCode = "wanted"  // by that plan others would have so much farther to go without it
	ReasonShare        ReasonCode = "share"   // Number: of pupils without Italian citizenship, in tenths of a percent; one more may join
	ReasonCeiling      ReasonCode = "ceiling" // likewise, and one more would be above the ceiling
	ReasonUncounted    ReasonCode = "uncounted"
	ReasonLanguage     ReasonCode = "language-support"
	ReasonTransport    ReasonCode = "transport"
	ReasonCanteen      ReasonCode = "canteen"
	ReasonNoTransport  ReasonCode = "no-transport"
	ReasonNoCanteen    ReasonCode = "no-canteen"
	ReasonDeclined     ReasonCode = "declined"      // on Day
	ReasonDeclaredAnew ReasonCode = "declared-anew" // declined on Day, and declared places since: it may be asked again
)

// ReasonCodes lists them.
func ReasonCodes() []ReasonCode {
	return []ReasonCode{ReasonWay, ReasonFar, ReasonSibling, ReasonWish, ReasonPlaces, ReasonFull, ReasonUndeclared, ReasonStale, ReasonPlanned,
		ReasonNeeded, ReasonWanted, ReasonShare, ReasonCeiling, ReasonUncounted, ReasonLanguage, ReasonTransport, ReasonNoTransport, ReasonCanteen,
		ReasonNoCanteen, ReasonDeclined, ReasonDeclaredAnew}
}

// Reason is why, and what it counts for: Metres brings the school nearer where it is below zero, farther where it is above. One that
// counts nothing is told because an officer wants to know it.
type Reason struct {
	Code   ReasonCode
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
	out := []Reason{{Code: ReasonWay, Metres: way}}
	add := func(r Reason) { out = append(out, r) }
	if way > w.Far {
		add(Reason{Code: ReasonFar})
	}
	if slices.Contains(s.Siblings, site.Institution) {
		add(Reason{Code: ReasonSibling, Metres: -w.Sibling})
	}
	if i := slices.Index(s.Wishes, site.School); i >= 0 && i < len(w.Wishes) {
		add(Reason{Code: ReasonWish, Metres: -w.Wishes[i], Number: i + 1})
	}
	out = append(out, seats(site, w, today)...)
	out = append(out, others(site, w)...)
	out = append(out, share(site, w, percent))
	out = append(out, services(s, site, w)...)
	if at, ok := s.Declined[site.School]; ok {
		r := Reason{Code: ReasonDeclined, Metres: w.Declined, Day: domain.DateOf(at)}
		if site.DeclaredAt.After(at) {
			r.Code, r.Metres = ReasonDeclaredAnew, 0
		}
		add(r)
	}
	return out
}

func seats(site Site, w territory.Weights, today domain.Date) []Reason {
	if site.DeclaredAt.IsZero() {
		return []Reason{{Code: ReasonUndeclared, Metres: w.Unknown}}
	}
	since := domain.DateOf(site.DeclaredAt)
	out := []Reason{{Code: ReasonPlaces, Number: site.Free, Day: since}}
	if site.Free <= 0 {
		out[0] = Reason{Code: ReasonFull, Metres: w.Full, Number: site.Capacity, Day: since}
	}
	if age := since.DaysUntil(today); age > w.StaleDays {
		out = append(out, Reason{Code: ReasonStale, Metres: w.Stale, Number: age})
	}
	return out
}

// others are those to whom the place is worth something: whoever comes first should not take what another needs more. A place that is needed
// stands where a full one does, and none farther.
func others(site Site, w territory.Weights) []Reason {
	switch {
	case !site.Planned.IsZero():
		return []Reason{{Code: ReasonPlanned, Day: site.Planned}}
	case site.Free <= 0 || site.Wanted == (Wanted{}):
		return nil
	case site.Wanted.Alone:
		return []Reason{{Code: ReasonNeeded, Metres: w.Full, Day: site.Wanted.On}}
	}
	return []Reason{{Code: ReasonWanted, Metres: min(site.Wanted.Metres, w.Full), Day: site.Wanted.On}}
}

func share(site Site, w territory.Weights, percent int) Reason {
	room, known := site.Count.Room(percent)
	tenths, counted := site.Count.Share()
	switch {
	case site.CountedIn == 0 || !known || !counted:
		return Reason{Code: ReasonUncounted}
	case room < 1:
		return Reason{Code: ReasonCeiling, Metres: w.Ceiling, Number: tenths}
	}
	return Reason{Code: ReasonShare, Number: tenths}
}

func services(s Seeker, site Site, w territory.Weights) (out []Reason) {
	if !site.ServicesDeclared {
		return nil
	}
	if s.LittleItalian && slices.Contains(site.Services, territory.LanguageSupport) {
		out = append(out, Reason{Code: ReasonLanguage, Metres: -w.Language})
	}
	for _, need := range []struct {
		service territory.Service
		yes, no ReasonCode
	}{{territory.Transport, ReasonTransport, ReasonNoTransport}, {territory.Canteen, ReasonCanteen, ReasonNoCanteen}} {
		switch {
		case !slices.Contains(s.Services, need.service):
		case slices.Contains(site.Services, need.service):
			out = append(out, Reason{Code: need.yes, Metres: -w.Service})
		default:
			out = append(out, Reason{Code: need.no})
		}
	}
	return out
}
