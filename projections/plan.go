package projections

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is what reflection finds out about a struct once, so that no row pays for it.
type plan struct {
	columns []column
	times   [][]int // fields that hold an instant
}

type column struct {
	Column
	codec
	field []int
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// planOf reads the col tags of a struct. Structs without a tag that are embedded give their fields.
func planOf(t reflect.Type) (*plan, error) {
	p := &plan{}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is no struct", t)
	}
	if err := p.add(t, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	if len(p.columns) == 0 {
		return nil, fmt.Errorf("%s has no field with a col tag", t)
	}
	return p, nil
}

func (p *plan) add(t reflect.Type, at []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		field := append(slices.Clone(at), i)
		tag, tagged := f.Tag.Lookup("col")
		switch {
		case !tagged && f.Anonymous && f.Type.Kind() == reflect.Struct:
			if err := p.add(f.Type, field); err != nil {
				return err
			}
			continue
		case !tagged:
			continue
		case !f.IsExported():
			return fmt.Errorf("field %s is not exported", f.Name)
		}
		c, err := columnOf(f.Type, tag)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if p.find(c.Name) != nil {
			return fmt.Errorf("two columns named %s", c.Name)
		}
		c.field = field
		p.columns = append(p.columns, c)
		if f.Type == timeType {
			p.times = append(p.times, field)
		}
	}
	return nil
}

// columnOf reads a tag: the column's name, and then key or json.
func columnOf(t reflect.Type, tag string) (c column, err error) {
	words := strings.Split(tag, ",")
	if c.Name = words[0]; !identifier.MatchString(c.Name) {
		return c, fmt.Errorf("column name %q", c.Name)
	}
	asJSON := false
	for _, w := range words[1:] {
		switch w {
		case "key":
			c.Key = true
		case "json":
			asJSON = true
		default:
			return c, fmt.Errorf("unknown word %q in its tag", w)
		}
	}
	if c.codec = jsonCodec; !asJSON {
		if c.codec, err = codecOf(t); err != nil {
			return c, err
		}
	}
	if c.Key && (asJSON || t.Kind() == reflect.Pointer || c.codec.typ == Float || t == boxType) {
		return c, fmt.Errorf("%s is no key", t)
	}
	c.Type, c.Null = c.codec.typ, c.codec.null && !c.Key
	return c, nil
}

func (p *plan) find(name string) *column {
	for i := range p.columns {
		if p.columns[i].Name == name {
			return &p.columns[i]
		}
	}
	return nil
}

// keys gives the columns of the key.
func (p *plan) keys() (keys []column) {
	for _, c := range p.columns {
		if c.Key {
			keys = append(keys, c)
		}
	}
	return keys
}

// schema is the plan as an engine sees it.
func (p *plan) schema(name string, indexes []Index) (*Schema, error) {
	if !identifier.MatchString(name) {
		return nil, fmt.Errorf("table name %q", name)
	}
	s := &Schema{Name: name, Indexes: indexes}
	for _, c := range p.columns {
		s.Columns = append(s.Columns, c.Column)
	}
	if len(p.keys()) == 0 {
		return nil, fmt.Errorf("table %s has no key", name)
	}
	for _, index := range indexes {
		for _, c := range index {
			if p.find(c) == nil {
				return nil, fmt.Errorf("table %s: index on %s, which is no column", name, c)
			}
		}
	}
	return s, nil
}

// of finds the field in a row. A key of one column is not in a struct.
func (c *column) of(row reflect.Value) reflect.Value {
	switch len(c.field) {
	case 0:
		return row
	case 1:
		return row.Field(c.field[0])
	default:
		return row.FieldByIndex(c.field)
	}
}

// encode fills one Value a column. They may point into the row.
func encode(columns []column, row reflect.Value, out []Value) error {
	for i := range columns {
		c := &columns[i]
		if err := c.get(c.of(row), &out[i]); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return nil
}

// decode is the inverse. The row keeps nothing of the Values.
func decode(columns []column, row reflect.Value, in []Value) error {
	for i := range columns {
		c := &columns[i]
		if err := c.set(c.of(row), &in[i]); err != nil {
			return fmt.Errorf("column %s %w", c.Name, err)
		}
	}
	return nil
}

// round leaves of a row what an engine keeps of it.
func (p *plan) round(row reflect.Value) {
	for _, field := range p.times {
		roundTime(row.FieldByIndex(field).Addr().Interface().(*time.Time))
	}
}

// names joins what a format makes of each column: ? stands for its name, # for its number from 1.
func names(columns []Column, format, separator string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = strings.NewReplacer("?", c.Name, "#", strconv.Itoa(i+1)).Replace(format)
	}
	return strings.Join(list, separator)
}

// sortByKey sorts by the columns of a key, about as an engine would.
func sortByKey[T any](list []T, key []column, valueOf func(T) reflect.Value) {
	type keyed struct {
		from, to int // the key in buf
		item     T
	}
	cells, keys, buf := make([]Value, len(key)), make([]keyed, len(list)), []byte(nil)
	for i, item := range list {
		if err := encode(key, valueOf(item), cells); err != nil {
			return // the engine will say so
		}
		from := len(buf)
		for _, v := range cells {
			buf = appendSortable(buf, v)
		}
		keys[i] = keyed{from, len(buf), item}
	}
	slices.SortFunc(keys, func(a, b keyed) int { return bytes.Compare(buf[a.from:a.to], buf[b.from:b.to]) })
	for i := range keys {
		list[i] = keys[i].item
	}
}

// appendSortable writes a value so that bytes compare as the values do.
func appendSortable(buf []byte, v Value) []byte {
	switch v.Type {
	case UUID:
		return append(buf, v.Bytes...)
	case Bytes:
		return append(append(buf, v.Bytes...), 0)
	case Text, Date:
		return append(append(buf, v.Text...), 0)
	default:
		return binary.BigEndian.AppendUint64(buf, uint64(v.Int)^1<<63)
	}
}
