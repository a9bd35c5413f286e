package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/territory"
)

// Importer carries registers into the journal. By is the UST, or domain.System.
type Importer struct {
	Store event.Store
	Codec *event.Codec // knows territory.SchoolEvents
	Clock domain.Clock
	By    domain.Actor
}

// Options say how to import. Complete: the file holds every site of its management, so that one it does not name is gone in its
// school year. Progress, where set, is called after each row, never twice at once.
type Options struct {
	Complete bool
	Progress func(done, total int)
}

// Report is what an import came to. Rows is how many the file has; each was listed, amended, found unchanged, passed over as
// elsewhere, or rejected.
type Report struct {
	Management territory.Management
	Year       domain.SchoolYear
	Rows       int
	Listed     int
	Amended    int
	Unchanged  int
	Elsewhere  int
	Delisted   int
	Rejected   []RowError // by line
	Unknown    []string   // columns that were not read
	// KeptAll: the file was said to be complete and a row in it could not be told, so that no site was taken for gone.
	KeptAll bool
}

// workers is how many commands are under way at once: the journal commits what waits together.
const workers = 64

// Import lists what a register holds. Nothing is written for what the journal already says, so that an import that was broken off,
// or one made twice, is made again without harm. Rows are rejected one by one and reported; the error is for a file that is no
// register, and for a journal that does not take writes.
func (i Importer) Import(ctx context.Context, r io.Reader, area Area, o Options) (Report, error) {
	file, err := Read(r, area)
	if err != nil {
		return Report{}, err
	}
	report := Report{Management: file.Management, Unknown: file.Unknown}
	var rows []Row
	named := map[domain.School]bool{}
	for row, fault := range file.Rows() {
		report.Rows++
		named[row.School.Code] = true // under the empty code: a row that could not be told
		switch {
		case fault == nil:
			rows = append(rows, row)
			report.Year = row.Year
		case fault.Reason == ReasonElsewhere:
			report.Elsewhere++
		default:
			report.Rejected = append(report.Rejected, *fault)
		}
	}
	if err := i.list(ctx, rows, &report, o.Progress); err != nil {
		return report, err
	}
	slices.SortFunc(report.Rejected, func(a, b RowError) int { return a.Line - b.Line })
	if o.Complete && report.Year != 0 {
		if report.KeptAll = named[""]; !report.KeptAll {
			err = i.delist(ctx, named, &report)
		}
	}
	return report, err
}

func (i Importer) list(ctx context.Context, rows []Row, report *Report, progress func(done, total int)) error {
	done := report.Rows - len(rows)
	return inParallel(ctx, rows, func(ctx context.Context, row Row) ([]territory.SchoolEvent, error) {
		return i.execute(ctx, row.School.Code, territory.ListSchool{Act: i.act(), Year: row.Year, School: row.School})
	}, func(row Row, events []territory.SchoolEvent, err error) error {
		if err := report.count(row, events, err); err != nil {
			return err
		}
		if done++; progress != nil {
			progress(done, report.Rows)
		}
		return nil
	})
}

// inParallel does the work for each item, several at once, and books what came of it one by one. What book gives back ends it.
func inParallel[T any](ctx context.Context, items []T, work func(context.Context, T) ([]territory.SchoolEvent, error),
	book func(T, []territory.SchoolEvent, error) error) error {
	var mu sync.Mutex
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, item := range items {
		if running.Err() != nil {
			break
		}
		group.Go(func() error {
			events, err := work(running, item)
			mu.Lock()
			defer mu.Unlock()
			return book(item, events, err)
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("registry: import: %w", err)
	}
	return ctx.Err()
}

// count books what came of a row. A rule that refuses it is a rejection; any other error ends the import.
func (r *Report) count(row Row, events []territory.SchoolEvent, err error) error {
	if refusal, ok := refused(err); ok {
		r.Rejected = append(r.Rejected, RowError{row.Line, row.School.Code, refusal.Field, Reason(refusal.Code)})
		return nil
	}
	if err != nil {
		return err
	}
	if len(events) == 0 {
		r.Unchanged++
		return nil
	}
	switch events[0].(type) {
	case territory.SchoolAmended:
		r.Amended++
	default:
		r.Listed++
	}
	return nil
}

// refused is the rule that refuses what a file says.
func refused(err error) (*domain.Error, bool) {
	refusal, ok := errors.AsType[*domain.Error](err)
	return refusal, ok && (refusal.Kind == domain.KindInvalid || refusal.Kind == domain.KindRefused)
}

// delist takes for gone what the newest register up to the file's year still held, and the file does not name.
func (i Importer) delist(ctx context.Context, named map[domain.School]bool, report *Report) error {
	states, err := i.states(ctx)
	if err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(states)) {
		s := states[code]
		years := slices.DeleteFunc(s.Years(), func(y domain.SchoolYear) bool { return y > report.Year })
		if named[code] || s.School.Management != report.Management || len(years) == 0 {
			continue
		}
		if last, _ := s.On(years[len(years)-1]); last.Gone {
			continue
		}
		events, err := i.execute(ctx, code, territory.DelistSchool{Act: i.act(), Year: report.Year})
		if err != nil {
			return fmt.Errorf("registry: delist: %w", err)
		}
		report.Delisted += len(events)
	}
	return nil
}

// states folds every school of the journal.
func (i Importer) states(ctx context.Context) (map[domain.School]territory.SchoolState, error) {
	states := map[domain.School]territory.SchoolState{}
	filter := event.Filter{Prefixes: []string{territory.SchoolCategory}}
	for page, err := range i.Store.ReadAll(ctx, 0, event.ReadAll{Filter: filter}) {
		if err != nil {
			return nil, fmt.Errorf("registry: read schools: %w", err)
		}
		for _, r := range page.Records {
			decoded, err := i.Codec.Decode(r)
			if err != nil {
				return nil, err
			}
			e, ok := decoded.(territory.SchoolEvent)
			if !ok {
				return nil, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
			}
			code := domain.School(strings.TrimPrefix(r.Stream, territory.SchoolCategory))
			states[code] = territory.EvolveSchool(states[code], e)
		}
	}
	return states, nil
}

func (i Importer) act() domain.Act { return domain.Act{By: i.By, At: i.Clock().UTC()} }

func (i Importer) execute(ctx context.Context, code domain.School, c territory.SchoolCommand) ([]territory.SchoolEvent, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	origin := event.Origin{ID: id, By: c.Issued().By, At: c.Issued().At}
	out, err := event.Execute(ctx, i.Store, i.Codec, territory.SchoolDecider, territory.SchoolStream(code), c, origin)
	return out.Events, err
}
