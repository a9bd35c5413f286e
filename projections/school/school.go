// Package school is what an institution sees: the sites of the register, their places by grade, and the cases offered to it or
// enrolled with it. A case it has declined is none of its lines any more.
package school

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/caseline"
)

var cases = projections.TableOf[caseline.Line]("school_cases",
	projections.Index{"institution", "status", "due"},
	projections.Index{"institution", "updated_at", "case_id"}).Behind(caseline.Wall)

// Site is a code of the register, as the newest register has it.
type Site struct {
	Code            domain.School        `col:"code,key"`
	Institution     domain.Institution   `col:"institution"`
	Name            string               `col:"name"`
	InstitutionName string               `col:"institution_name"`
	Comune          domain.Comune        `col:"comune"`
	Address         string               `col:"address"`
	CAP             string               `col:"cap"`
	Order           grade.Order          `col:"school_order"`
	Type            string               `col:"school_type"`
	Feature         territory.Feature    `col:"feature"`
	Management      territory.Management `col:"management"`
	Year            domain.SchoolYear    `col:"register_year"` // of the newest register that holds it
	Gone            bool                 `col:"gone"`
	TakesPupils     bool                 `col:"takes_pupils"`
	Search          string               `col:"search"` // folded name, for finding it
	Lat             float64              `col:"lat"`    // WGS84; with Lon 0 where nobody said where it lies
	Lon             float64              `col:"lon"`
	PointSource     string               `col:"point_source"`
	Services        []territory.Service  `col:"services,json"`
	ServicesAt      time.Time            `col:"services_at"` // zero: never declared
}

// Placed reports whether it is known where the site lies.
func (s Site) Placed() bool { return s.Lat != 0 || s.Lon != 0 }

// Key finds the site in its table.
func (s Site) Key() domain.School { return s.Code }

var sites = projections.TableOf[Site]("school_sites",
	projections.Index{"comune", "school_order"},
	projections.Index{"institution"})

// Places are those of one grade of a site in a school year. Free may be negative: more were taken in than declared.
type Places struct {
	School      domain.School      `col:"school,key"`
	Year        domain.SchoolYear  `col:"school_year,key"`
	Order       grade.Order        `col:"school_order,key"`
	Grade       int                `col:"grade,key"`
	Institution domain.Institution `col:"institution"`
	Comune      domain.Comune      `col:"comune"`
	Capacity    int                `col:"capacity"`
	Held        int                `col:"held"`
	Taken       int                `col:"taken"`
	Free        int                `col:"free"`
	Pupils      int                `col:"pupils"`
	Foreign     int                `col:"foreigners"`
	DeclaredAt  time.Time          `col:"declared_at"` // zero: never
}

// PlacesKey finds them.
type PlacesKey struct {
	School domain.School
	Year   domain.SchoolYear
	Order  grade.Order
	Grade  int
}

// Key finds the places in their table.
func (p Places) Key() PlacesKey { return PlacesKey{p.School, p.Year, p.Order, p.Grade} }

// Level is the grade they are for.
func (p Places) Level() grade.Level { return grade.Level{Order: p.Order, Year: p.Grade} }

var seats = projections.TableOf[Places, PlacesKey]("school_places",
	projections.Index{"institution", "school_year"},
	projections.Index{"comune", "school_year", "school_order", "grade"})

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "school", Version: 4, Streams: []string{casefile.Category, places.Category, territory.SchoolCategory},
		Tables: []projections.Relation{cases, sites, seats},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			switch e := r.Payload.(type) {
			case casefile.Event:
				applyCase(tx, r, e)
			case places.Event:
				return applyPlaces(tx, r, e)
			case territory.SchoolEvent:
				applySite(tx, r, e)
			default:
				return fmt.Errorf("school: %s is none of its events", r.Type)
			}
			return nil
		},
	}
}

// applyCase keeps a line from the first event on, since a later offer needs what came before; the index finds it by institution only
// while one has it.
func applyCase(tx *projections.Tx, r projections.Event, e casefile.Event) {
	id := casefile.IDOf(r.Stream)
	line, _ := cases.Get(tx, id)
	line.Case = id
	cases.Put(tx, line.Remembered(r.Record, e))
}

func applySite(tx *projections.Tx, r projections.Event, e territory.SchoolEvent) {
	code := domain.School(strings.TrimPrefix(r.Stream, territory.SchoolCategory))
	switch e := e.(type) {
	case territory.SchoolListed:
		listed(tx, e.Year, e.School)
	case territory.SchoolAmended:
		listed(tx, e.Year, e.School)
	case territory.SchoolDelisted:
		sites.Update(tx, code, func(s *Site) {
			if e.Year >= s.Year {
				s.Gone = true
			}
		})
	case territory.SchoolLocated:
		sites.Update(tx, code, func(s *Site) { s.Lat, s.Lon, s.PointSource = e.Lat, e.Lon, e.Source })
	case territory.ServicesDeclared:
		sites.Update(tx, code, func(s *Site) { s.Services, s.ServicesAt = e.Services, r.Meta.At })
	}
}

func listed(tx *projections.Tx, y domain.SchoolYear, s territory.School) {
	old, ok := sites.Get(tx, s.Code)
	if ok && !old.Gone && old.Year > y {
		return
	}
	sites.Put(tx, Site{Code: s.Code, Institution: s.Institution, Name: s.Name, InstitutionName: s.InstitutionName, Comune: s.Comune,
		Address: s.Address, CAP: s.CAP, Order: s.Order, Type: s.Type, Feature: s.Feature, Management: s.Management, Year: y,
		TakesPupils: s.TakesPupils(), Search: strings.ToLower(string(s.Code) + " " + s.Name + " " + s.InstitutionName),
		Lat: old.Lat, Lon: old.Lon, PointSource: old.PointSource, Services: old.Services, ServicesAt: old.ServicesAt})
}

func applyPlaces(tx *projections.Tx, r projections.Event, e places.Event) error {
	code, year, ok := places.ParseStream(r.Stream)
	if !ok {
		return fmt.Errorf("school: %s names no places", r.Stream)
	}
	change := func(l grade.Level, f func(*Places)) {
		k := PlacesKey{code, year, l.Order, l.Year}
		p, known := seats.Get(tx, k)
		if !known {
			site, _ := sites.Get(tx, code)
			p = Places{School: code, Year: year, Order: l.Order, Grade: l.Year, Institution: site.Institution, Comune: site.Comune}
		}
		f(&p)
		p.Free = p.Capacity - p.Held - p.Taken
		seats.Put(tx, p)
	}
	switch e := e.(type) {
	case places.PlacesDeclared:
		change(e.Level, func(p *Places) {
			p.Capacity, p.Pupils, p.Foreign, p.DeclaredAt = e.Capacity, e.Pupils, e.Foreign, e.At
		})
	case places.PlaceHeld:
		change(e.Level, func(p *Places) { p.Held++ })
	case places.PlaceTaken:
		change(e.Level, func(p *Places) {
			p.Taken++
			if e.Held {
				p.Held--
			}
		})
	case places.PlaceReleased:
		change(e.Level, func(p *Places) {
			if e.Taken {
				p.Taken--
			} else {
				p.Held--
			}
		})
	}
	return nil
}

// Among reads those of some cases that are an institution's.
func Among(s *projections.Snapshot, of domain.Institution, ids []uuid.UUID) ([]caseline.Line, error) {
	return caseline.Among(s, cases, caseline.Where("institution", of), ids)
}

// List reads an institution's lines in the order asked for.
func List(s *projections.Snapshot, i domain.Institution, f caseline.Filter, after caseline.Cursor, limit int) ([]caseline.Line, caseline.Cursor, error) {
	return caseline.List(s, cases, caseline.Where("institution", i), f, after, limit)
}

// SiteOf reads a site.
func SiteOf(s *projections.Snapshot, code domain.School) (Site, bool, error) {
	return sites.Lookup(s, code)
}

// Sites lists the sites of an institution that take pupils.
func Sites(s *projections.Snapshot, i domain.Institution) iter.Seq2[Site, error] {
	return sites.Where(s, "institution = $1 AND takes_pupils AND NOT gone ORDER BY code", i)
}

// Institution reads the name of an institution: that of its own row in the register, or what its sites say.
func Institution(s *projections.Snapshot, i domain.Institution) (string, error) {
	name, _, err := projections.One[string](s,
		"SELECT CASE WHEN code = $1 THEN name ELSE institution_name END AS n FROM {school_sites} WHERE institution = $1 ORDER BY code <> $1 LIMIT 1", i)
	return name, err
}

// plain takes out of a text what means something to LIKE, in one engine or another.
var plain = strings.NewReplacer("%", "", "_", "", `\`, "", "\x00", "")

// Register pages through the register by code. Query is matched against code and name, comune and order where given.
func Register(s *projections.Snapshot, query string, comune domain.Comune, o grade.Order, after domain.School, limit int) iter.Seq2[Site, error] {
	like := "%" + plain.Replace(strings.ToLower(strings.TrimSpace(query))) + "%"
	return sites.Where(s, "search LIKE $1 AND ($2 = '' OR comune = $2) AND ($3 = '' OR school_order = $3) AND code > $4 ORDER BY code LIMIT $5",
		like, comune, o, after, limit)
}

// Candidates lists the sites of an order in some comuni that take pupils, for a centre to choose from.
func Candidates(s *projections.Snapshot, comune domain.Comune, o grade.Order) iter.Seq2[Site, error] {
	return sites.Where(s, "comune = $1 AND school_order = $2 AND takes_pupils AND NOT gone ORDER BY name, code", comune, o)
}

// PlacesOf lists the places of an institution's sites in a school year.
func PlacesOf(s *projections.Snapshot, i domain.Institution, y domain.SchoolYear) iter.Seq2[Places, error] {
	return seats.Where(s, "institution = $1 AND school_year = $2 ORDER BY school, school_order, grade", i, y)
}

// Busiest is, of the institutions with an offer to answer for an order, the one with most pupils; empty where none has a case of it.
func Busiest(s *projections.Snapshot, o grade.Order) (domain.Institution, error) {
	i, _, err := projections.One[domain.Institution](s, "SELECT institution FROM {school_cases} WHERE status IN ('offered', 'accepted', 'attending') AND school_order = $1 "+
		"GROUP BY institution ORDER BY count(*) FILTER (WHERE status = 'offered') > 0 DESC, count(*) DESC, institution LIMIT 1", o)
	return i, err
}
