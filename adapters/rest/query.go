package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"approdo/domain"
)

// query reads the parameters behind the path. A parameter that nobody asked for is refused rather than passed over: who mistyped a
// filter must not take the answer for what he asked.
type query struct {
	values url.Values
	seen   map[string]bool
	errs   domain.Errors
}

func queryOf(r *http.Request) *query {
	return &query{values: r.URL.Query(), seen: map[string]bool{}}
}

func (q *query) fail(name, code string) { q.errs = append(q.errs, domain.Invalid(code).On(name)) }

// err is every parameter at fault, once all were read.
func (q *query) err() error {
	for name := range q.values {
		if !q.seen[name] {
			q.fail(name[:min(len(name), longestField)], codeParameterUnknown)
		}
	}
	if len(q.errs) == 0 {
		return nil
	}
	return q.errs
}

func (q *query) text(name string) string {
	q.seen[name] = true
	return q.values.Get(name)
}

func (q *query) number(name string, least, most, otherwise int) int {
	text := q.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.fail(name, codeOutOfRange)
		return otherwise
	}
	return n
}

func (q *query) yes(name string) bool {
	text := q.text(name)
	if text != "" && text != "true" && text != "false" {
		q.fail(name, codeValueMalformed)
	}
	return text == "true"
}

// oneOf reads one of known, and the zero value where it is not given.
func oneOf[T ~string](q *query, name string, known ...T) T {
	v := T(q.text(name))
	if v != "" && !slices.Contains(known, v) {
		q.fail(name, "choice-unknown")
	}
	return v
}

// someOf reads a parameter that may come several times.
func someOf[T ~string](q *query, name string, known ...T) []T {
	q.seen[name] = true
	var out []T
	for _, text := range q.values[name] {
		if !slices.Contains(known, T(text)) {
			q.fail(name, "choice-unknown")
		}
		out = append(out, T(text))
	}
	return out
}

// The sizes of a page.
const (
	usualPage   = 50
	largestPage = 200
)

func (q *query) limit() int { return q.number("limit", 1, largestPage, usualPage) }

// page is how every collection is answered.
type page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitzero"`
}

// pageOf maps what was read; an empty list is written as one and not as null.
func pageOf[T, R any](read []R, next string, dto func(R) T) page[T] {
	p := page[T]{Items: make([]T, 0, len(read)), NextCursor: next}
	for _, r := range read {
		p.Items = append(p.Items, dto(r))
	}
	return p
}
