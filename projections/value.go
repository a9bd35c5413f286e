package projections

import (
	"slices"

	"approdo/domain"
)

// Type says what a column or a value holds. Every engine stores, compares and orders a type alike.
type Type uint8

// The types. In SQL an instant is an integer, so that two can be subtracted; a false Bool is less than a true one.
const (
	Null  Type = iota // of a value only
	Int               // 64 bits, signed
	Float             // 64 bits
	Bool
	Text  // ordered by its bytes
	Date  // text, 2022-03-14
	Time  // microseconds since 1970 in UTC
	UUID  // 16 bytes
	Bytes // ordered bytewise
	JSON  // text
)

// Value is one cell on its way between a row and an engine. Which of the other fields counts follows from Type: Int for Int,
// Bool (0 or 1) and Time, Text for Text, Date and JSON, Bytes for Bytes and UUID.
// An engine may give what it reads as the plainest type that holds it: a Bool as Int, a Date as Text, a UUID as Bytes.
type Value struct {
	Type  Type
	Int   int64
	Float float64
	Text  string
	Bytes []byte // not to be kept: the memory belongs to whoever filled the Value
}

// Column is a column as an engine sees it.
type Column struct {
	Name string
	Type Type
	Key  bool // part of the primary key
	Null bool // may be NULL
}

// Schema is a table as an engine sees it. Rows come and go as Values in the order of Columns; the key is that of the columns
// marked Key, in their order.
type Schema struct {
	Name    string
	Columns []Column
	Indexes []Index
	Wall    Wall
}

// Wall says who may see which rows of a table when it is read on behalf of an actor: those of a role the rows whose column holds
// their body, or all rows where it names no column. Roles that it does not name see nothing. It is a second wall, behind the access
// table: engines that are Walled keep it whatever a query asks for. A table without one is open to all.
type Wall map[domain.Role]string

// Key gives the columns of the key.
func (s *Schema) Key() (key []Column) {
	for _, c := range s.Columns {
		if c.Key {
			key = append(key, c)
		}
	}
	return key
}

func (s *Schema) behind(w Wall) {
	for role, name := range w {
		text := func(c Column) bool { return c.Name == name && c.Type == Text }
		if name != "" && !slices.ContainsFunc(s.Columns, text) {
			panic("projections: the wall of " + s.Name + " holds " + string(role) + " to " + name + ", which is no text of its rows")
		}
	}
	s.Wall = w
}

// Index names the columns of a secondary index, in order. It can be read from either end.
type Index []string
