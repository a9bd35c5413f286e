package caseline

import (
	"encoding/base64"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/projections"
)

// Filter narrows a list. Zero fields do not.
type Filter struct {
	Statuses    []casefile.Status
	Holder      casefile.Holder // with an empty Body: of any body of the kind
	Order       grade.Order
	Comune      domain.Comune
	Comuni      []domain.Comune // any of these; for an ambito
	Municipio   domain.Municipio
	Centre      domain.Centre
	School      domain.School
	Institution domain.Institution
	Grade       int // with Order
	Channel     domain.Channel
	Since       domain.Date // requested on this day or before
	Overdue     time.Time   // overdue at this instant
}

// Scope is what a reader's own list is bound to. It is always the first condition of a query.
type Scope struct {
	column string
	value  any
}

// Where binds a list to a body.
func Where[T ~string](column string, value T) Scope { return Scope{column, value} }

// Everything is the scope of whoever oversees.
var Everything = Scope{}

// By is the order of a list.
type By string

// The orders of a list: the latest changed first; the most pressing term first, those without one last.
const (
	ByChange By = "change"
	ByDue    By = "due"
)

// Far stands for the due time of lines without one, so that they sort last.
var Far = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Cursor is where a list goes on; opaque to its readers. It holds an instant and a case id and nothing of anybody.
type Cursor string

// CursorOf is where a list goes on behind a case whose term, or whose change, is at an instant.
func CursorOf(at time.Time, id uuid.UUID) Cursor {
	return Cursor(base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMicro(), 36) + "." + id.String())))
}

// ErrCursor refuses a cursor that no list gave.
var ErrCursor = domain.Invalid("cursor-malformed").On("cursor")

func (c Cursor) Parse() (at time.Time, id uuid.UUID, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return at, id, ErrCursor
	}
	us, tail, ok := strings.Cut(string(raw), ".")
	n, err := strconv.ParseInt(us, 36, 64)
	if !ok || err != nil {
		return at, id, ErrCursor
	}
	if id, err = uuid.Parse(tail); err != nil {
		return at, id, ErrCursor
	}
	return time.UnixMicro(n).UTC(), id, nil
}

// query gathers conditions and their parameters.
type query struct {
	conditions []string
	args       []any
}

func (q *query) add(condition string, args ...any) {
	for _, a := range args {
		q.args = append(q.args, a)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(q.args)), 1)
	}
	q.conditions = append(q.conditions, condition)
}

func among[T any](q *query, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	q.add(column+" IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")+")", args...)
}

func (q *query) narrow(scope Scope, f Filter) {
	if scope != Everything {
		q.add(scope.column+" = ?", scope.value)
	}
	among(q, "status", f.Statuses)
	if f.Comuni != nil && len(f.Comuni) == 0 {
		q.add("false")
	}
	among(q, "comune", f.Comuni)
	if f.Holder.Kind != "" {
		q.add("holder_kind = ?", f.Holder.Kind)
	}
	if f.Holder.Body != "" {
		q.add("holder_body = ?", f.Holder.Body)
	}
	for _, c := range []struct{ column, value string }{{"school_order", string(f.Order)}, {"comune", string(f.Comune)},
		{"centre", string(f.Centre)}, {"school", string(f.School)}, {"institution", string(f.Institution)}, {"channel", string(f.Channel)}} {
		if c.value != "" {
			q.add(c.column+" = ?", c.value)
		}
	}
	if f.Municipio != 0 {
		q.add("municipio = ?", f.Municipio)
	}
	if f.Grade != 0 {
		q.add("grade = ?", f.Grade)
	}
	if !f.Since.IsZero() {
		q.add("requested_on <= ?", f.Since)
	}
	if !f.Overdue.IsZero() {
		q.add("due <= ?", f.Overdue)
	}
}

func (q *query) where() string {
	if len(q.conditions) == 0 {
		return "true"
	}
	return strings.Join(q.conditions, " AND ")
}

// Lines is a table of lines.
type Lines interface {
	Where(s *projections.Snapshot, where string, args ...any) iter.Seq2[Line, error]
}

// List reads a page of lines, the latest changed first, and where the next one begins; an empty cursor where there is none.
func List(s *projections.Snapshot, t Lines, scope Scope, f Filter, after Cursor, limit int) ([]Line, Cursor, error) {
	var q query
	q.narrow(scope, f)
	if after != "" {
		at, id, err := after.Parse()
		if err != nil {
			return nil, "", err
		}
		q.add("(updated_at, case_id) < (?, ?)", at, id)
	}
	lines, err := projections.Collect(t.Where(s, q.where()+" ORDER BY updated_at DESC, case_id DESC LIMIT "+strconv.Itoa(limit+1), q.args...))
	if err != nil || len(lines) <= limit {
		return lines, "", err
	}
	last := lines[limit-1]
	return slices.Clip(lines[:limit]), CursorOf(last.UpdatedAt, last.Case), nil
}

// Among reads the lines of some cases, in no order, as far as they are in the scope. Each is found by its key: what a planner makes of
// a scope beside keys may be a walk through all that is in the scope.
func Among(s *projections.Snapshot, t Lines, scope Scope, cases []uuid.UUID) ([]Line, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	var q query
	among(&q, "case_id", cases)
	lines, err := projections.Collect(t.Where(s, q.where(), q.args...))
	return slices.DeleteFunc(lines, func(l Line) bool { return !scope.holds(l) }), err
}

// holds reports whether a line is in the scope.
func (s Scope) holds(l Line) bool {
	switch s {
	case Everything, Where("comune", l.Comune), Where("centre", l.Centre), Where("institution", l.Institution):
		return true
	}
	return false
}
