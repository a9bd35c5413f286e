package year2022

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

// inventedFigures is whose figures they are.
const inventedFigures = "dati inventati per la dimostrazione"

// figuresYear is the school year before the demo's: the ministry counts in one and publishes in the next.
const figuresYear domain.SchoolYear = 2020

// drawOf is the same for a name however often it is asked for, and in whatever order.
func drawOf(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name)) // which never fails
	return rand.New(rand.NewPCG(h.Sum64(), 2022))
}

// foreignShare is how many of a hundred pupils of an institution have no Italian citizenship: from 5 to 60 in Milano, most around 30, and
// from 3 to 32 elsewhere.
func foreignShare(i domain.Institution, c domain.Comune) int {
	r := drawOf("share " + string(i))
	low, wide := 3, 30
	if c == domain.Milano {
		low, wide = 5, 56
	}
	return low + (r.IntN(wide)+r.IntN(wide))/2
}

// furnish says where an invented site lies, whom it has and what it offers. Of a few the place, and of some the services, were never said.
func furnish(ctx context.Context, store event.Store, codec *event.Codec, act domain.Act, c territory.Comune, s territory.School) error {
	r := drawOf("figures " + string(s.Code))
	var commands []territory.SchoolCommand
	if lat, lon := pointNear(c, string(s.Institution), r); r.IntN(100) >= 3 {
		commands = append(commands, territory.LocateSchool{Act: act, Lat: lat, Lon: lon, Source: inventedFigures})
	}
	commands = append(commands, territory.CountSchool{Act: act, Year: figuresYear, Source: inventedFigures,
		Counts: countsOf(s.Order, foreignShare(s.Institution, c.Code), r)})
	if services := servicesOf(s.Order, c.Code == domain.Milano, r); r.IntN(100) >= 12 {
		commands = append(commands, territory.DeclareServices{Act: act, Services: services})
	}
	for _, cmd := range commands {
		origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At}
		if _, err := event.Execute(ctx, store, codec, territory.SchoolDecider, territory.SchoolStream(s.Code), cmd, origin); err != nil {
			return err
		}
	}
	return nil
}

// pointNear is within the built-up area, taken for a disc that grows with the inhabitants, and within a few hundred metres of the
// institution's other sites.
func pointNear(c territory.Comune, institution string, r *rand.Rand) (lat, lon float64) {
	const degree = 111.2 // kilometres, from south to north
	km := 0.4 + 5*math.Sqrt(float64(c.Population)/1e6)
	home := drawOf("home " + institution)
	north, east := disc(home, km)
	n, e := disc(r, 0.4)
	return c.Lat + (north+n)/degree, c.Lon + (east+e)/(degree*math.Cos(c.Lat*math.Pi/180))
}

// disc draws evenly from a disc.
func disc(r *rand.Rand, radius float64) (north, east float64) {
	far, angle := radius*math.Sqrt(r.Float64()), 2*math.Pi*r.Float64()
	return far * math.Sin(angle), far * math.Cos(angle)
}

// countsOf has classes of about twenty. Of infanzia nobody counts citizenship.
func countsOf(o grade.Order, share int, r *rand.Rand) (out []territory.Count) {
	size := map[grade.Order]int{grade.Infanzia: 3, grade.Primaria: 2, grade.SecondariaI: 4, grade.SecondariaII: 5}[o]
	classes := 1 + r.IntN(size+1)
	if o == grade.Infanzia {
		return []territory.Count{{Classes: classes, Pupils: classes * (21 + r.IntN(5))}}
	}
	for year := range o.Years() {
		pupils := 0
		for range classes {
			pupils += 17 + r.IntN(8)
		}
		here := min(95, max(0, share-6+r.IntN(13)))
		out = append(out, territory.Count{Grade: year + 1, Classes: classes, Pupils: pupils, Foreign: (pupils*here + 50) / 100, ForeignKnown: true})
	}
	return out
}

// servicesOf gives the small ones a canteen, villages a bus, and teaching of Italian to half of the city.
func servicesOf(o grade.Order, city bool, r *rand.Rand) (out []territory.Service) {
	language, bus, canteen := 30, 45, map[grade.Order]int{grade.Infanzia: 98, grade.Primaria: 92, grade.SecondariaI: 35, grade.SecondariaII: 4}[o]
	if city {
		language, bus = 50, 8
	}
	if o == grade.SecondariaII {
		bus = 0
	}
	for _, s := range []struct {
		service territory.Service
		percent int
	}{{territory.LanguageSupport, language}, {territory.Transport, bus}, {territory.Canteen, canteen}} {
		if r.IntN(100) < s.percent {
			out = append(out, s.service)
		}
	}
	return out
}
