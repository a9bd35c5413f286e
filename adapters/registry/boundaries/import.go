package boundaries

import (
	"context"
	"io"
	"slices"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/territory"
)

// Importer carries boundaries into the journal. By is the UST, or domain.System.
type Importer struct {
	Store event.Store
	Codec *event.Codec // knows territory.Events
	Clock domain.Clock
	By    domain.Actor
}

// Options say how to import. Source is shown below the map; From is the day the boundaries hold from, by default today. Progress, where
// set, is called after each feature.
type Options struct {
	Source   string
	From     domain.Date
	Progress func(features int)
}

// Report is what an import came to. Features is how many the file has; each was taken, is of elsewhere, or was rejected.
type Report struct {
	Features  int
	Taken     []domain.Comune
	Elsewhere int
	Rejected  []Rejected
	Missing   []domain.Comune // of the territory, of which the file has no area
	Bytes     int             // of the outlines together
	Changed   bool            // false: the journal said so already
}

// Import sets the boundaries a file has. Nothing is written where the journal already says the same. The error is for a file that holds
// no boundaries of the territory, and for a journal that does not take writes.
func (i Importer) Import(ctx context.Context, r io.Reader, land territory.State, o Options) (Report, error) {
	c, err := read(r, maxFile, TerritoryOf(land), o.Progress)
	report := Report{Features: c.features, Elsewhere: c.elsewhere, Rejected: c.rejected}
	if err != nil {
		return report, err
	}
	areas, err := simplified(c.shapes)
	if err != nil {
		return report, err
	}
	for _, a := range areas {
		report.Taken = append(report.Taken, a.Comune)
		report.Bytes += len(a.Outline)
	}
	for _, known := range land.Comuni() {
		if !slices.Contains(report.Taken, known.Code) {
			report.Missing = append(report.Missing, known.Code)
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return report, err
	}
	act := domain.Act{By: i.By, At: i.Clock().UTC()}
	set := territory.SetBoundaries{Act: act, Boundaries: territory.Boundaries{From: o.From, Source: o.Source, Areas: areas}}
	out, err := event.Execute(ctx, i.Store, i.Codec, territory.Decider, territory.Stream(land.Province), territory.Command(set),
		event.Origin{ID: id, By: act.By, At: act.At})
	report.Changed = len(out.Events) > 0
	return report, err
}
