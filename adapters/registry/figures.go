package registry

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"approdo/domain"
	"approdo/domain/territory"
)

// FigureReport is what an import of figures of sites came to. Rows is how many the file has; each said something new, said what was known,
// had nothing to say, was passed over as elsewhere or masked, or was rejected. Sites counts the sites of which something new was said.
type FigureReport struct {
	Source    string
	Year      domain.SchoolYear // 0: the file has no pupils
	Rows      int
	Sites     int
	Taken     int
	Unchanged int
	Empty     int
	Elsewhere int
	Masked    int
	Rejected  []RowError // by line
	Unknown   []string   // columns that were not read
}

// figure is all that a file says of one site.
type figure struct {
	code     domain.School
	lines    []int
	commands []territory.SchoolCommand
}

// figures is an import of figures under way.
type figures struct {
	Importer
	area   Area
	known  map[domain.School]bool // sites that a register holds
	list   []figure
	report FigureReport
}

func (i Importer) figures(ctx context.Context, area Area) (*figures, error) {
	states, err := i.states(ctx)
	if err != nil {
		return nil, err
	}
	f := &figures{Importer: i, area: area, known: map[domain.School]bool{}}
	for code, s := range states {
		f.known[code] = len(s.Years()) > 0
	}
	return f, nil
}

// leave books a row that was left out. A site that no register holds is one of another province, of which nothing more is said, or the
// fault: the ministry's files are of the whole country.
func (f *figures) leave(fault RowError) {
	r := &f.report
	if fault.Code != "" && !f.known[fault.Code] {
		fault.Field, fault.Reason = colSchool, ReasonNoSchool
		if !strings.HasPrefix(string(fault.Code), f.area.Plate) {
			fault.Reason = ReasonElsewhere
		}
	}
	switch fault.Reason {
	case ReasonElsewhere:
		r.Elsewhere++
	case ReasonMasked:
		r.Masked++
	default:
		r.Rejected = append(r.Rejected, fault)
	}
}

// take keeps what a file says of a site for carry.
func (f *figures) take(one figure) {
	if f.known[one.code] {
		f.list = append(f.list, one)
		return
	}
	for _, line := range one.lines {
		f.leave(RowError{Line: line, Code: one.code})
	}
}

// carry writes what was taken.
func (f *figures) carry(ctx context.Context, progress func(done, total int)) (FigureReport, error) {
	r := &f.report
	done := r.Rows
	for _, one := range f.list {
		done -= len(one.lines)
	}
	err := inParallel(ctx, f.list, f.say, func(one figure, events []territory.SchoolEvent, err error) error {
		refusal, isRefusal := refused(err)
		switch {
		case isRefusal:
			for _, line := range one.lines {
				f.leave(RowError{line, one.code, refusal.Field, Reason(refusal.Code)})
			}
		case err != nil:
			return err
		case len(one.commands) == 0:
			r.Empty += len(one.lines)
		case len(events) == 0:
			r.Unchanged += len(one.lines)
		default:
			r.Sites++
			r.Taken += len(one.lines)
		}
		if done += len(one.lines); progress != nil {
			progress(done, r.Rows)
		}
		return nil
	})
	slices.SortFunc(r.Rejected, func(a, b RowError) int { return cmp.Compare(a.Line, b.Line) })
	return *r, err
}

// say carries out all that a file says of a site.
func (i Importer) say(ctx context.Context, f figure) (all []territory.SchoolEvent, err error) {
	for _, c := range f.commands {
		events, err := i.execute(ctx, f.code, c)
		if all = append(all, events...); err != nil {
			return all, err
		}
	}
	return all, nil
}

// number reads a figure. Masked: the ministry says only that it is small. Known: there is one.
func number(s string) (n int, known, masked bool, ok bool) {
	switch {
	case s == "":
		return 0, false, false, true
	case strings.HasPrefix(s, "<") || strings.HasPrefix(s, "≤") || strings.Trim(s, "*") == "":
		return 0, false, true, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil, false, err == nil && n >= 0
}
