package domain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Personal is text about a person. It cannot be printed by accident: every fmt verb and slog give "[personal]", and JSON
// refuses it outside a seal. Reveal is the only way to the text, so that a search for it finds every use.
type Personal struct{ text *string }

const redacted = "[personal]"

// NewPersonal hides a text; the empty text is the zero Personal.
func NewPersonal(s string) Personal {
	if s == "" {
		return Personal{}
	}
	return Personal{&s}
}

// Reveal gives the text.
func (p Personal) Reveal() string {
	if p.text == nil {
		return ""
	}
	return *p.text
}

// IsZero reports whether there is no text.
func (p Personal) IsZero() bool { return p.text == nil }

// Equal compares the texts.
func (p Personal) Equal(o Personal) bool { return p.Reveal() == o.Reveal() }

// Format covers every verb of fmt.
func (p Personal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String covers callers that do not go through fmt.
func (p Personal) String() string { return redacted }

// LogValue covers slog.
func (p Personal) LogValue() slog.Value { return slog.StringValue(redacted) }

// ErrPersonalInClear is what a JSON encoder other than the seal's gets.
var ErrPersonalInClear = errors.New("domain: personal text outside a seal")

// MarshalJSON refuses.
func (p Personal) MarshalJSON() ([]byte, error) { return nil, ErrPersonalInClear }

// UnmarshalJSON reads a JSON string, as the edges receive it and as a seal holds it.
func (p *Personal) UnmarshalJSON(b []byte) error {
	s, err := jsontext.AppendUnquote(nil, b)
	if err != nil {
		return errors.New("domain: personal text is not a JSON string")
	}
	*p = NewPersonal(string(s))
	return nil
}

// reveal is what the seal encodes with; it never leaves this package.
var reveal = json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, p Personal) error {
	return enc.WriteToken(jsontext.String(p.Reveal()))
}))

// Class is a class of personal data with a key of its own, so that one can be destroyed before the other.
type Class string

// Personal data, and the special categories of GDPR art. 9.
const (
	ClassPersonal Class = "personal"
	ClassSpecial  Class = "special"
)

// ErrForgotten is what opening gives once the subject's key was destroyed.
var ErrForgotten = NotFound("personal-data-erased")

// Sealer closes and opens personal data. The context is authenticated with the ciphertext, so that a box moved to another
// place does not open. Seal makes the subject's key durable before it returns. Open MUST give ErrForgotten after Forget.
type Sealer interface {
	Seal(ctx context.Context, subject uuid.UUID, class Class, context string, plain []byte) ([]byte, error)
	Open(ctx context.Context, subject uuid.UUID, class Class, context string, sealed []byte) ([]byte, error)
}

// Box is closed personal data of one subject. It holds all that opening needs but the key, and may be kept in a view.
// Context is the place it was sealed for: stream, revision, event name and field.
type Box struct {
	Subject uuid.UUID `json:"subject"`
	Class   Class     `json:"class"`
	Context string    `json:"context,omitzero"`
	Cipher  []byte    `json:"cipher"`
}

// Sealed is a part of an event that holds personal data. It is open in a command and in the event a decision makes of it,
// and closed once it comes out of the journal: then only Unseal opens it. A decision never needs what is inside.
type Sealed[T any] struct {
	subject uuid.UUID
	class   Class
	open    *T
	box     *Box
}

// Open holds a value that is to be sealed under the subject's key for a class.
func Open[T any](subject uuid.UUID, class Class, v T) Sealed[T] {
	return Sealed[T]{subject: subject, class: class, open: &v}
}

// Closed holds what a view kept.
func Closed[T any](b Box) Sealed[T] {
	return Sealed[T]{subject: b.Subject, class: b.Class, box: &b}
}

// Value gives what is inside while it is open; false once it is closed, or where there is nothing.
func (s Sealed[T]) Value() (v T, ok bool) {
	if s.open == nil {
		return v, false
	}
	return *s.open, true
}

// IsZero reports whether there is nothing inside, open or closed.
func (s Sealed[T]) IsZero() bool { return s.open == nil && s.box == nil }

// Box gives the closed form; false while it is open or empty.
func (s Sealed[T]) Box() (Box, bool) {
	if s.box == nil {
		return Box{}, false
	}
	return *s.box, true
}

// Unseal gives the value, ErrForgotten when the subject's key is gone, and the zero value when there was nothing.
func (s Sealed[T]) Unseal(ctx context.Context, k Sealer) (T, error) {
	var v T
	switch {
	case s.open != nil:
		return *s.open, nil
	case s.box == nil:
		return v, nil
	}
	plain, err := k.Open(ctx, s.box.Subject, s.box.Class, s.box.Context, s.box.Cipher)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(plain, &v); err != nil {
		return v, fmt.Errorf("domain: sealed value at %s does not decode", s.box.Context)
	}
	return v, nil
}

// Format covers every verb of fmt.
func (s Sealed[T]) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sealed]")) }

// LogValue covers slog.
func (s Sealed[T]) LogValue() slog.Value { return slog.StringValue("[sealed]") }

// MarshalJSON refuses: only SealInto writes it.
func (s Sealed[T]) MarshalJSON() ([]byte, error) { return nil, ErrPersonalInClear }

// sealable is every Sealed[T], whatever T.
type sealable interface {
	seal(ctx context.Context, k Sealer, place string) (Box, bool, error)
}

func (s Sealed[T]) seal(ctx context.Context, k Sealer, place string) (Box, bool, error) {
	if s.open == nil {
		b, ok := s.Box()
		return b, ok, nil
	}
	plain, err := json.Marshal(*s.open, reveal)
	if err != nil {
		return Box{}, false, err
	}
	cipher, err := k.Seal(ctx, s.subject, s.class, place, plain)
	return Box{Subject: s.subject, Class: s.class, Cipher: cipher}, true, err
}

// unsealable is a pointer to every Sealed[T].
type unsealable interface{ setBox(Box) }

func (s *Sealed[T]) setBox(b Box) { s.subject, s.class, s.box, s.open = b.Subject, b.Class, &b, nil }

// SealInto are the JSON options with which an event is written at a place of the journal: each Sealed in it is closed with
// the place and its own field as context.
func SealInto(ctx context.Context, k Sealer, place string) json.Options {
	return json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, s sealable) error {
		field := string(enc.StackPointer())
		b, ok, err := s.seal(ctx, k, place+field)
		if err != nil {
			return err
		}
		if !ok {
			return enc.WriteToken(jsontext.Null)
		}
		return json.MarshalEncode(enc, b)
	}))
}

// BoxesFrom are the JSON options with which an event of a place is read: each Sealed in it comes closed.
func BoxesFrom(place string) json.Options {
	return json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, s unsealable) error {
		if dec.PeekKind() == 'n' {
			return dec.SkipValue()
		}
		var b Box
		if err := json.UnmarshalDecode(dec, &b); err != nil {
			return err
		}
		b.Context = place + string(dec.StackPointer())
		s.setBox(b)
		return nil
	}))
}

// Place names a spot in the journal for SealInto and BoxesFrom.
func Place(stream string, revision int64, name string) string {
	return stream + "@" + strconv.FormatInt(revision, 10) + "/" + name
}
