package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
)

// codec carries one Go type to and from Values. It is chosen once; what it does for a row needs no allocation on the way in.
type codec struct {
	typ  Type
	null bool
	get  func(v reflect.Value, out *Value) error // v is addressable; out may point into it
	set  func(v reflect.Value, in *Value) error
}

var (
	uuidType  = reflect.TypeFor[uuid.UUID]()
	timeType  = reflect.TypeFor[time.Time]()
	dateType  = reflect.TypeFor[domain.Date]()
	boxType   = reflect.TypeFor[domain.Box]()
	bytesType = reflect.TypeFor[[]byte]()
)

// errNull is a NULL met by a type that has no place for it.
var errNull = errors.New("is NULL: read it into a pointer")

func codecOf(t reflect.Type) (codec, error) {
	switch {
	case t == uuidType:
		return codec{UUID, false, getUUID, setUUID}, nil
	case t == timeType:
		return codec{Time, true, getTime, setTime}, nil
	case t == dateType:
		return codec{Date, true, getDate, setDate}, nil
	case t == boxType:
		return codec{Bytes, true, getBox, setBox}, nil
	case t == bytesType:
		return codec{Bytes, true, getBytes, setBytes}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return codec{Text, false, getString, setString}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return codec{Int, false, getInt, setInt}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return codec{Int, false, getUint, setUint}, nil
	case reflect.Bool:
		return codec{Bool, false, getBool, setBool}, nil
	case reflect.Float32, reflect.Float64:
		return codec{Float, false, getFloat, setFloat}, nil
	case reflect.Pointer:
		if c, err := codecOf(t.Elem()); err == nil && !c.null {
			return pointer(c), nil
		}
	}
	return codec{}, fmt.Errorf("no column type for %s", t)
}

// pointer makes NULL of nil.
func pointer(c codec) codec {
	return codec{c.typ, true,
		func(v reflect.Value, out *Value) error {
			if v.IsNil() {
				out.Type = Null
				return nil
			}
			return c.get(v.Elem(), out)
		},
		func(v reflect.Value, in *Value) error {
			if in.Type == Null {
				v.SetZero()
				return nil
			}
			p := reflect.New(v.Type().Elem())
			v.Set(p)
			return c.set(p.Elem(), in)
		},
	}
}

// jsonCodec keeps any Go type as JSON. Maps are written in the order of their keys, so that the same row is the same text.
var jsonCodec = codec{JSON, false,
	func(v reflect.Value, out *Value) error {
		b, err := json.Marshal(v.Addr().Interface(), json.Deterministic(true))
		out.Type, out.Text = JSON, string(b)
		return err
	},
	func(v reflect.Value, in *Value) error {
		if err := in.want(Text, JSON); err != nil {
			return err
		}
		return json.Unmarshal([]byte(in.Text), v.Addr().Interface())
	},
}

// want checks that a value read holds what its Go type needs.
func (in *Value) want(types ...Type) error {
	for _, t := range types {
		if in.Type == t {
			return nil
		}
	}
	if in.Type == Null {
		return errNull
	}
	return fmt.Errorf("has type %d", in.Type)
}

func getUUID(v reflect.Value, out *Value) error {
	out.Type, out.Bytes = UUID, v.Addr().Interface().(*uuid.UUID)[:]
	return nil
}

func setUUID(v reflect.Value, in *Value) error {
	if err := in.want(Bytes, UUID); err != nil {
		return err
	}
	if len(in.Bytes) != 16 {
		return errors.New("is no UUID")
	}
	copy(v.Addr().Interface().(*uuid.UUID)[:], in.Bytes)
	return nil
}

func getTime(v reflect.Value, out *Value) error {
	t := v.Addr().Interface().(*time.Time)
	if out.Type = Null; !t.IsZero() {
		out.Type, out.Int = Time, t.UnixMicro()
	}
	return nil
}

func setTime(v reflect.Value, in *Value) error {
	t := v.Addr().Interface().(*time.Time)
	if in.Type == Null {
		*t = time.Time{}
		return nil
	}
	*t = time.UnixMicro(in.Int).UTC()
	return in.want(Int, Time)
}

// roundTime leaves of an instant what an engine keeps, so that a row in memory is the row that will be read.
func roundTime(t *time.Time) {
	if !t.IsZero() {
		*t = time.UnixMicro(t.UnixMicro()).UTC()
	}
}

func getDate(v reflect.Value, out *Value) error {
	d := v.Addr().Interface().(*domain.Date)
	if out.Type = Null; d.IsZero() {
		return nil
	}
	out.Type = Date
	// Rows that are written one after the other often have the day in common; Int says which it was.
	if day := int64(d.Year)*10_000 + int64(d.Month)*100 + int64(d.Day); out.Int != day {
		out.Int, out.Text = day, d.String()
	}
	return nil
}

func setDate(v reflect.Value, in *Value) (err error) {
	d := v.Addr().Interface().(*domain.Date)
	if in.Type == Null {
		*d = domain.Date{}
		return nil
	}
	if err := in.want(Text, Date); err != nil {
		return err
	}
	*d, err = domain.ParseDate(in.Text)
	return err
}

// A box is kept as its subject, its class and its context, each text after its length, and then the ciphertext.
func getBox(v reflect.Value, out *Value) error {
	b := v.Addr().Interface().(*domain.Box)
	if out.Type = Null; b.Cipher == nil && b.Subject == uuid.Nil {
		return nil
	}
	buf := append(out.Bytes[:0], b.Subject[:]...)
	buf = binary.AppendUvarint(buf, uint64(len(b.Class)))
	buf = append(buf, b.Class...)
	buf = binary.AppendUvarint(buf, uint64(len(b.Context)))
	buf = append(buf, b.Context...)
	out.Type, out.Bytes = Bytes, append(buf, b.Cipher...)
	return nil
}

func setBox(v reflect.Value, in *Value) error {
	b := v.Addr().Interface().(*domain.Box)
	*b = domain.Box{}
	if in.Type == Null {
		return nil
	}
	if err := in.want(Bytes); err != nil {
		return err
	}
	if len(in.Bytes) < 16 {
		return errBox
	}
	copy(b.Subject[:], in.Bytes)
	class, rest, ok := cutText(in.Bytes[16:])
	if !ok {
		return errBox
	}
	context, rest, ok := cutText(rest)
	if !ok {
		return errBox
	}
	b.Class, b.Context, b.Cipher = domain.Class(class), context, append([]byte{}, rest...)
	return nil
}

var errBox = errors.New("is no box")

func cutText(b []byte) (text string, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return "", nil, false
	}
	b = b[size:]
	return string(b[:n]), b[n:], true
}

func getBytes(v reflect.Value, out *Value) error {
	if out.Type = Null; v.Len() > 0 {
		out.Type, out.Bytes = Bytes, v.Bytes()
	}
	return nil
}

func setBytes(v reflect.Value, in *Value) error {
	if in.Type == Null {
		v.SetZero()
		return nil
	}
	v.SetBytes(append([]byte{}, in.Bytes...))
	return in.want(Bytes, UUID)
}

func getString(v reflect.Value, out *Value) error {
	out.Type, out.Text = Text, v.String()
	return nil
}

func setString(v reflect.Value, in *Value) error {
	v.SetString(in.Text)
	return in.want(Text, Date, JSON)
}

func getInt(v reflect.Value, out *Value) error {
	out.Type, out.Int = Int, v.Int()
	return nil
}

func setInt(v reflect.Value, in *Value) error {
	if v.OverflowInt(in.Int) {
		return errRange
	}
	v.SetInt(in.Int)
	return in.want(Int, Bool, Time)
}

var errRange = errors.New("is out of range")

func getUint(v reflect.Value, out *Value) error {
	u := v.Uint()
	if out.Type, out.Int = Int, int64(u); out.Int < 0 {
		return errRange
	}
	return nil
}

func setUint(v reflect.Value, in *Value) error {
	if in.Int < 0 || v.OverflowUint(uint64(in.Int)) {
		return errRange
	}
	v.SetUint(uint64(in.Int))
	return in.want(Int)
}

func getBool(v reflect.Value, out *Value) error {
	out.Type, out.Int = Bool, 0
	if v.Bool() {
		out.Int = 1
	}
	return nil
}

func setBool(v reflect.Value, in *Value) error {
	v.SetBool(in.Int != 0)
	return in.want(Int, Bool)
}

func getFloat(v reflect.Value, out *Value) error {
	out.Type, out.Float = Float, v.Float()
	return nil
}

func setFloat(v reflect.Value, in *Value) error {
	if in.Type == Int { // an average that came out whole
		v.SetFloat(float64(in.Int))
		return nil
	}
	v.SetFloat(in.Float)
	return in.want(Float)
}
