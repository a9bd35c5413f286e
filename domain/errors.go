package domain

import "errors"

// Kind classes every refusal. The edges map it to a status and a text; an error without a Kind is a fault of ours.
type Kind string

// Error makes a Kind the target of errors.Is.
func (k Kind) Error() string { return string(k) }

// The kinds. NotFound is also the answer to whoever may not know that a thing exists.
const (
	KindInvalid      Kind = "invalid"      // a field is missing or malformed
	KindRefused      Kind = "refused"      // a rule of the domain forbids it
	KindNotFound     Kind = "not-found"    // absent, or not yours
	KindForbidden    Kind = "forbidden"    // yours to see and not to do
	KindConflict     Kind = "conflict"     // somebody else was first
	KindUnauthorised Kind = "unauthorised" // not signed in
	KindOverloaded   Kind = "overloaded"   // try again later
	KindUnavailable  Kind = "unavailable"  // storage cannot take writes now
)

// Error is a refusal a person can act upon. Code is a stable kebab-case name with a text in every catalogue; Field is the
// field at fault as the form and the API name it, or empty. Detail holds values for the text, never personal data.
type Error struct {
	Kind   Kind
	Code   string
	Field  string
	Detail map[string]string
}

// Error gives kind, code and field: never the value that was refused.
func (e *Error) Error() string {
	if e.Field != "" {
		return string(e.Kind) + ": " + e.Code + " (" + e.Field + ")"
	}
	return string(e.Kind) + ": " + e.Code
}

// Unwrap makes errors.Is(err, KindRefused) hold.
func (e *Error) Unwrap() error { return e.Kind }

// Is compares code and kind, so that a refusal with details still is the rule it names.
func (e *Error) Is(target error) bool {
	t, ok := errors.AsType[*Error](target)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// On names the field at fault, in a copy.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// With adds a value for the text, in a copy.
func (e *Error) With(key, value string) *Error {
	c := *e
	c.Detail = map[string]string{key: value}
	for k, v := range e.Detail {
		if k != key {
			c.Detail[k] = v
		}
	}
	return &c
}

// Invalid, Refused, NotFound and Forbidden make an Error of their kind.
func Invalid(code string) *Error { return &Error{Kind: KindInvalid, Code: code} }

// Refused is a rule of the domain that forbids a command.
func Refused(code string) *Error { return &Error{Kind: KindRefused, Code: code} }

// NotFound is absent or hidden, which must be the same to whoever asks.
func NotFound(code string) *Error { return &Error{Kind: KindNotFound, Code: code} }

// Forbidden is for who may see a thing but not do this to it.
func Forbidden(code string) *Error { return &Error{Kind: KindForbidden, Code: code} }

// Errors is several refusals at once: a form with three bad fields names all three.
type Errors []*Error

// Error lists them.
func (es Errors) Error() string {
	s := ""
	for i, e := range es {
		if i > 0 {
			s += "; "
		}
		s += e.Error()
	}
	return s
}

// Unwrap makes errors.Is look at each.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}
