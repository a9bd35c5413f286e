package registry

import (
	"context"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"approdo/domain"
	"approdo/domain/territory"
)

// The columns of a table of sites. Only the first three must be there.
const (
	colLat       = "LAT"
	colLon       = "LON"
	colQuality   = "FONTE_COORD" // how the point was found
	colStrangers = "STRANIERI"
)

// SiteOptions say how to read a table of sites. Source says whose figures they are, in the words their licence wants shown; the quality of
// a point is added to it. Year is that of the pupils, 0 where they are not to be read.
type SiteOptions struct {
	Source   string
	Year     domain.SchoolYear
	Progress func(done, total int)
}

// mostSource is how long a source may be, so that there is room beside it for how a point was found.
const mostSource = 150

// ErrNoYear refuses a table that has pupils, when nobody said of which year.
var ErrNoYear = domain.Invalid("registry-year-missing").On("year")

// ImportSites carries into the journal where sites lie and, where the table says so, how many pupils they have. A row without a point
// takes none away. A masked figure is not known.
func (i Importer) ImportSites(ctx context.Context, r io.Reader, area Area, o SiteOptions) (FigureReport, error) {
	t, err := open(r)
	if err != nil {
		return FigureReport{}, err
	}
	if missing := t.lacks([]string{colSchool, colLat, colLon}); len(missing) > 0 {
		return FigureReport{}, ErrColumns.With("columns", strings.Join(missing, ", "))
	}
	if len(t.lacks([]string{colPupils})) == 0 && o.Year == 0 {
		return FigureReport{}, ErrNoYear
	}
	if source := strings.TrimSpace(o.Source); source == "" || utf8.RuneCountInString(source) > mostSource {
		return FigureReport{}, territory.ErrFigureSource
	}
	f, err := i.figures(ctx, area)
	if err != nil {
		return FigureReport{}, err
	}
	f.report = FigureReport{Source: o.Source, Year: o.Year, Unknown: t.others([]string{colSchool, colLat, colLon, colQuality, colPupils, colStrangers})}
	seen := map[domain.School]bool{}
	for {
		cells, line, fault, ok := t.next()
		if !ok {
			if fault != nil {
				f.leave(*fault)
			}
			return f.carry(ctx, o.Progress)
		}
		f.report.Rows++
		one := figure{lines: []int{line}}
		if fault == nil {
			fault = i.site(&one, cells.get, o)
		}
		if fault == nil && seen[one.code] {
			fault = &RowError{Field: colSchool, Reason: ReasonDuplicate}
		}
		if fault != nil {
			fault.Line, fault.Code = line, one.code
			f.leave(*fault)
			continue
		}
		seen[one.code] = true
		f.take(one)
	}
}

// site reads one row.
func (i Importer) site(f *figure, get func(string) string, o SiteOptions) *RowError {
	code, err := domain.ParseSchool(get(colSchool))
	if err != nil {
		return &RowError{Field: colSchool, Reason: ReasonCode}
	}
	f.code = code
	if lat, lon := get(colLat), get(colLon); lat != "" || lon != "" {
		c := territory.LocateSchool{Act: i.act(), Source: o.Source}
		if q := get(colQuality); q != "" {
			c.Source += " (" + q + ")"
		}
		if c.Lat, err = degrees(lat); err != nil {
			return &RowError{Field: colLat, Reason: ReasonPoint}
		}
		if c.Lon, err = degrees(lon); err != nil {
			return &RowError{Field: colLon, Reason: ReasonPoint}
		}
		if c.Lat != 0 || c.Lon != 0 { // a table writes 0 where it has no point
			f.commands = append(f.commands, c)
		}
	}
	pupils, known, masked, ok := number(get(colPupils))
	switch {
	case !ok:
		return &RowError{Field: colPupils, Reason: ReasonFigure}
	case masked && len(f.commands) == 0:
		return &RowError{Field: colPupils, Reason: ReasonMasked}
	case !known:
		return nil
	}
	count := territory.Count{Pupils: pupils}
	count.Foreign, count.ForeignKnown, _, ok = number(get(colStrangers))
	switch {
	case !ok:
		return &RowError{Field: colStrangers, Reason: ReasonFigure}
	case count.Foreign > pupils:
		return &RowError{Field: colStrangers, Reason: ReasonMore}
	}
	f.commands = append(f.commands, territory.CountSchool{Act: i.act(), Year: o.Year, Source: o.Source, Counts: []territory.Count{count}})
	return nil
}

// degrees reads a number with a point or, as spreadsheets of this country write it, a comma.
func degrees(s string) (float64, error) {
	return strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64)
}
