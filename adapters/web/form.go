package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"approdo/domain"
)

// FieldKind is how a field is asked for.
type FieldKind string

// The kinds of fields.
const (
	FieldText     FieldKind = "text"
	FieldEmail    FieldKind = "email"
	FieldTel      FieldKind = "tel"
	FieldNumber   FieldKind = "number"
	FieldPassword FieldKind = "password"
	FieldDate     FieldKind = "date"
	FieldTime     FieldKind = "time"
	FieldArea     FieldKind = "area"
	FieldSelect   FieldKind = "select"
	FieldRadios   FieldKind = "radios"
	FieldCheck    FieldKind = "check"  // one box, "on" when ticked
	FieldChecks   FieldKind = "checks" // several boxes of one name
	FieldFile     FieldKind = "file"   // a spreadsheet
)

// Option is a choice of a select, of radios or of boxes.
type Option struct {
	Value string
	Label Cell
	Hint  Text
}

// Field is one question of a form. Its name is also the domain.Error's Field and the API's.
type Field struct {
	Name     string
	Kind     FieldKind
	Label    Text
	Hint     Text
	Options  []Option
	Optional bool
	// Autocomplete is the HTML token that says what the browser may offer; about third persons it stays empty, which is "off".
	Autocomplete string
	// Width is about how many characters the answer has: 0 fills the line.
	Width int
	// Lang marks an answer in another language, "uk".
	Lang string
	// List is the id of a list of codes that are offered while one is typed.
	List string
	// Of says whom the question is about where a form asks it of several: the summary of what to mend names both.
	Of Text
	// Filter marks a question that narrows a list: it is never needed, and nothing chosen means all.
	Filter bool

	values []string
	fault  *domain.Error
}

// Value is the answer, or what was typed when it was refused.
func (f Field) Value() string {
	if len(f.values) == 0 {
		return ""
	}
	return f.values[0]
}

// Has reports whether a choice is made.
func (f Field) Has(value string) bool { return slices.Contains(f.values, value) }

// Fault is why the answer was refused, or nil.
func (f Field) Fault() *domain.Error { return f.fault }

// ID is the field's id in the page; its hint is <id>-hint, its error <id>-error.
func (f Field) ID() string { return "f-" + f.Name }

// asked names a question, with whom it is about where a form asks it of several: "Secondo minore, data di nascita".
func (c catalogue) asked(x *Field) (string, error) {
	label, err := c.say(x.Label)
	if err != nil || x.Of.IsZero() {
		return label, err
	}
	of, err := c.say(x.Of)
	first, size := utf8.DecodeRuneInString(label)
	return of + ", " + string(unicode.ToLower(first)) + label[size:], err
}

// FaultAnchor is where the summary leads: the first control of a group, else the field.
func (f Field) FaultAnchor() string {
	if (f.Kind == FieldRadios || f.Kind == FieldChecks) && len(f.Options) > 0 {
		return f.ID() + "-0"
	}
	return f.ID()
}

// DescribedBy lists the ids of hint and error that exist.
func (f Field) DescribedBy() string {
	s := ""
	if !f.Hint.IsZero() {
		s = f.ID() + "-hint"
	}
	if f.fault != nil {
		if s != "" {
			s += " "
		}
		s += f.ID() + "-error"
	}
	return s
}

// Form is the questions of a page with the answers so far. Key is sent along and makes a form that was sent twice act once.
type Form struct {
	Action string
	Submit Text
	Cancel string // where a link beside the button leads, empty for none
	Danger bool   // the button warns
	Key    uuid.UUID
	Step   string // which step of several the button takes; empty where there is one

	fields []*Field
	faults []*domain.Error // those of no field
}

// keyField is the name under which Key travels.
const keyField = "_key"

// newForm makes an empty form with a key of its own.
func newForm(action string, submit Text, fields ...Field) *Form {
	f := &Form{Action: action, Submit: submit, Key: uuid.Must(uuid.NewV7())}
	for _, x := range fields {
		f.fields = append(f.fields, &x)
	}
	return f
}

// newFilter makes a form that is sent with GET to the list it narrows.
func newFilter(action string, submit Text, fields ...Field) *Form {
	f := newForm(action, submit, fields...)
	for _, x := range f.fields {
		x.Filter = true
	}
	return f
}

// Fields are the questions in order.
func (f *Form) Fields() []*Field { return f.fields }

// Field is the question of a name. A template that asks for another is at fault.
func (f *Form) Field(name string) (*Field, error) {
	for _, x := range f.fields {
		if x.Name == name {
			return x, nil
		}
	}
	return nil, errors.New("web: the form has no field " + name)
}

// Uploads reports whether the form brings a file.
func (f *Form) Uploads() bool {
	return slices.ContainsFunc(f.fields, func(x *Field) bool { return x.Kind == FieldFile })
}

// Set answers a question beforehand.
func (f *Form) Set(name string, values ...string) *Form {
	for _, x := range f.fields {
		if x.Name == name {
			x.values = values
		}
	}
	return f
}

// read takes the answers from a posted form. The error is a domain.Error where the body is no form or too large.
func (f *Form) read(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return errTooLarge
		}
		return errMalformed
	}
	f.fill(r.PostForm)
	if k, err := uuid.Parse(r.PostForm.Get(keyField)); err == nil {
		f.Key = k
	}
	return nil
}

func (f *Form) fill(v url.Values) {
	for _, x := range f.fields {
		x.values = v[x.Name]
	}
}

// value is the answer to a question, empty where there is none.
func (f *Form) value(name string) string {
	for _, x := range f.fields {
		if x.Name == name {
			return x.Value()
		}
	}
	return ""
}

// refuse puts a refusal where the person can mend it: beside its field, else above the form. False for an error that no form
// can show; the caller then returns it.
func (f *Form) refuse(err error) bool {
	if several, ok := errors.AsType[domain.Errors](err); ok {
		for _, e := range several {
			f.place(e)
		}
		return len(several) > 0
	}
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		return false
	}
	switch e.Kind {
	case domain.KindNotFound: // of what a field names; any other absence is a page's
		if e.Field == "" {
			return false
		}
		f.place(e)
		return true
	case domain.KindInvalid, domain.KindRefused, domain.KindConflict, domain.KindOverloaded, domain.KindUnavailable:
		f.place(e)
		return true
	}
	return false
}

// require marks every question that must be answered and was not, all at once.
func (f *Form) require() {
	for _, x := range f.fields {
		if !x.Optional && x.Kind != FieldCheck && x.fault == nil && !slices.ContainsFunc(x.values, func(v string) bool { return strings.TrimSpace(v) != "" }) {
			x.fault = domain.Invalid("field-required").On(x.Name)
		}
	}
}

func (f *Form) place(e *domain.Error) {
	for _, x := range f.fields {
		if e.Field != "" && x.Name == e.Field && x.fault == nil {
			x.fault = e
			return
		}
	}
	f.faults = append(f.faults, e)
}

// Faults are the refusals of no single field.
func (f *Form) Faults() []*domain.Error { return f.faults }

// Faulty are the fields that were refused, in order.
func (f *Form) Faulty() []*Field {
	var out []*Field
	for _, x := range f.fields {
		if x.fault != nil {
			out = append(out, x)
		}
	}
	return out
}

// Refused reports whether there is anything to mend.
func (f *Form) Refused() bool { return len(f.faults) > 0 || len(f.Faulty()) > 0 }

// Status is the answer's to go with the form.
func (f *Form) Status() int {
	for _, e := range f.faults {
		if e.Kind != domain.KindUnauthorised { // a wrong password asks for no other way to sign in
			return statusOf(e)
		}
	}
	if f.Refused() {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// take goes on with what was typed into another form of the same questions, and with what was refused.
func (f *Form) take(typed *Form) {
	f.Key, f.faults = typed.Key, typed.faults
	for _, x := range f.fields {
		for _, y := range typed.fields {
			if x.Name == y.Name {
				x.values, x.fault = y.values, y.fault
			}
		}
	}
}
