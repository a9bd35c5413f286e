package event

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
)

// ErrUnknownEvent is a stored name this program has no type for: whoever reads it halts rather than skip.
var ErrUnknownEvent = errors.New("event: unknown event")

// Upcast turns the payload of one schema into that of the next, raw JSON to raw JSON.
type Upcast func(data []byte) ([]byte, error)

// Type is a row of an aggregate's table: the stored name, the newest schema, and the way up from the older ones.
type Type struct {
	name    string
	upcasts []Upcast
	goType  reflect.Type
	decode  func(data []byte, o json.Options) (any, error)
}

// Name is the stored name.
func (t Type) Name() string { return t.name }

// Schema is the newest schema, from 1.
func (t Type) Schema() uint16 { return uint16(len(t.upcasts) + 1) }

// TypeOf ties a Go type to its stored name. The upcasts lead from schema 1 to 2, from 2 to 3, and so on; the newest schema is
// one more than there are.
func TypeOf[E any](name string, upcasts ...Upcast) Type {
	return Type{name: name, upcasts: upcasts, goType: reflect.TypeFor[E](), decode: func(data []byte, o json.Options) (any, error) {
		var e E
		err := json.Unmarshal(data, &e, o)
		return e, err
	}}
}

// Table lists the events of one aggregate.
type Table []Type

// Codec turns events into drafts and records into events. Personal parts are sealed on the way in and stay closed on the way
// out; see domain.Sealed.
type Codec struct {
	sealer domain.Sealer
	byName map[string]Type
	byType map[reflect.Type]Type
}

// NewCodec panics where two types share a name: that is a fault of the program.
func NewCodec(sealer domain.Sealer, tables ...Table) *Codec {
	c := &Codec{sealer: sealer, byName: map[string]Type{}, byType: map[reflect.Type]Type{}}
	for _, table := range tables {
		for _, t := range table {
			if _, twice := c.byName[t.name]; twice {
				panic("event: two types named " + t.name)
			}
			c.byName[t.name] = t
			c.byType[t.goType] = t
		}
	}
	return c
}

// Names gives every stored name with its newest schema.
func (c *Codec) Names() map[string]uint16 {
	out := make(map[string]uint16, len(c.byName))
	for name, t := range c.byName {
		out[name] = t.Schema()
	}
	return out
}

// Sealer is what opens the personal parts of decoded events.
func (c *Codec) Sealer() domain.Sealer { return c.sealer }

// Encode makes the draft of an event for a place in a stream. The personal parts are sealed for exactly that place.
func (c *Codec) Encode(ctx context.Context, stream string, at Revision, id uuid.UUID, e any, m Meta) (Draft, error) {
	t, ok := c.byType[reflect.TypeOf(e)]
	if !ok {
		return Draft{}, fmt.Errorf("%w: %T", ErrUnknownEvent, e)
	}
	data, err := json.Marshal(e, domain.SealInto(ctx, c.sealer, domain.Place(stream, int64(at), t.name)))
	if err != nil {
		return Draft{}, fmt.Errorf("event: encode %s: %w", t.name, err)
	}
	return Draft{ID: id, Type: t.name, Schema: t.Schema(), Data: data, Meta: m}, nil
}

// Decode gives the event of a record in its newest shape. The error is ErrUnknownEvent for a name or a schema this program
// does not know.
func (c *Codec) Decode(r Record) (any, error) {
	t, ok := c.byName[r.Type]
	if !ok || r.Schema < 1 || r.Schema > t.Schema() {
		return nil, fmt.Errorf("%w: %s schema %d at %d", ErrUnknownEvent, r.Type, r.Schema, r.Position)
	}
	data := r.Data
	for _, up := range t.upcasts[r.Schema-1:] {
		var err error
		if data, err = up(data); err != nil {
			return nil, fmt.Errorf("event: upcast %s at %d: %w", r.Type, r.Position, err)
		}
	}
	e, err := t.decode(data, domain.BoxesFrom(domain.Place(r.Stream, int64(r.Revision), r.Type)))
	if err != nil {
		return nil, fmt.Errorf("event: decode %s at %d: %w", r.Type, r.Position, err)
	}
	return e, nil
}
