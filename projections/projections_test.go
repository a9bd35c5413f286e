package projections

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// panics gives what f panicked with.
func panics(f func()) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text, _ = p.(string)
		}
	}()
	f()
	return ""
}

type (
	noKey struct {
		A string `col:"a"`
	}
	noTag  struct{ A string }
	hidden struct {
		a string `col:"a,key"`
	}
	twice struct {
		A string `col:"a,key"`
		B string `col:"a"`
	}
	badName struct {
		A string `col:"A b,key"`
	}
	badWord struct {
		A string `col:"a,primary"`
	}
	badType struct {
		A chan int `col:"a,key"`
	}
	nullKey struct {
		A *string `col:"a,key"`
	}
	otherKey struct {
		A string `col:"a,key"`
		B int    `col:"b,key"`
	}
)

func (noKey) Key() string                { return "" }
func (noTag) Key() string                { return "" }
func (h hidden) Key() string             { return h.a }
func (twice) Key() string                { return "" }
func (badName) Key() string              { return "" }
func (badWord) Key() string              { return "" }
func (badType) Key() chan int            { return nil }
func (nullKey) Key() string              { return "" }
func (otherKey) Key() struct{ A string } { return struct{ A string }{} }

func TestWrongDeclarationsPanic(t *testing.T) {
	t.Parallel()
	good := Projection{Name: "good", Tables: []Relation{TableOf[pair]("pairs")}}
	good.Apply = func(_ context.Context, _ *Tx, _ Event) error { return nil }
	for want, f := range map[string]func(){
		"has no key":          func() { TableOf[noKey]("t") },
		"no field with a col": func() { TableOf[noTag]("t") },
		"not exported":        func() { TableOf[hidden]("t") },
		"two columns named a": func() { TableOf[twice]("t") },
		`column name "A b"`:   func() { TableOf[badName]("t") },
		`word "primary"`:      func() { TableOf[badWord]("t") },
		"no column type":      func() { TableOf[badType]("t") },
		"is no key":           func() { TableOf[nullKey]("t") },
		"no key of 2 columns": func() { TableOf[otherKey]("t") },
		`table name "T"`:      func() { TableOf[pair]("T") },
		"which is no column":  func() { TableOf[pair]("t", Index{"k", "x"}) },
		"is there twice":      func() { declare([]Projection{good, good}) },
		"no good name":        func() { declare([]Projection{{Name: "x"}}) },
		"two tables named": func() {
			other := good
			other.Name = "other"
			declare([]Projection{good, other})
		},
	} {
		if got := panics(f); !strings.Contains(got, want) {
			t.Errorf("panic %q, want one with %q", got, want)
		}
	}
}

func TestAProjectionChangesItsOwnTablesOnly(t *testing.T) {
	t.Parallel()
	mine, other := TableOf[pair]("mine"), TableOf[pair]("other")
	p := Projection{Name: "p", Tables: []Relation{mine}, Apply: func(_ context.Context, tx *Tx, _ Event) error {
		other.Put(tx, pair{"a", 1})
		return nil
	}}
	if _, err := Fold(t.Context(), p, Event{}); !errors.Is(err, errPanic) {
		t.Errorf("error %v", err)
	}
}

func TestAnUpdateThatChangesTheKeyIsAFault(t *testing.T) {
	t.Parallel()
	mine := TableOf[pair]("mine")
	p := Projection{Name: "p", Tables: []Relation{mine}, Apply: func(_ context.Context, tx *Tx, _ Event) error {
		mine.Put(tx, pair{"a", 1})
		mine.Update(tx, "a", func(p *pair) { p.K = "b" })
		return nil
	}}
	tx, err := Fold(t.Context(), p, Event{})
	if !errors.Is(err, errPanic) || len(mine.All(tx)) != 0 {
		t.Errorf("error %v, rows %v", err, mine.All(tx))
	}
}

func TestStreamsAreMatchedByPrefix(t *testing.T) {
	t.Parallel()
	p := Projection{Streams: []string{"case-", "places-"}}
	for stream, want := range map[string]bool{"case-1": true, "places-x-2022": true, "cas": false, "school-case-": false} {
		if p.wants(stream) != want {
			t.Errorf("%s: %v", stream, !want)
		}
	}
	if all := (Projection{}); !all.wants("anything") {
		t.Error("no prefix wants all")
	}
}

func TestServingPrefersItsOwnVersionAndThenTheNewest(t *testing.T) {
	t.Parallel()
	p := Projection{Name: "p", Version: 2, shape: "s"}
	g := func(n int64, version int, shape string, state State) Generation {
		return Generation{Number: n, Projection: "p", Version: version, Shape: shape, State: state}
	}
	for _, c := range []struct {
		all  []Generation
		want int64
	}{
		{nil, 0},
		{[]Generation{g(1, 2, "s", Building), g(2, 2, "s", Retired), g(3, 2, "other", Live)}, 0},
		{[]Generation{{Number: 1, Projection: "q", Version: 2, Shape: "s", State: Live}}, 0},
		{[]Generation{g(1, 1, "s", Live)}, 1},
		{[]Generation{g(1, 2, "s", Live), g(2, 2, "s", Halted)}, 2},
		{[]Generation{g(1, 2, "s", Live), g(2, 3, "s", Live)}, 1},
		{[]Generation{g(1, 1, "s", Live), g(2, 3, "s", Live)}, 2},
	} {
		if best, ok := p.serving(c.all); best.Number != c.want || ok != (c.want > 0) {
			t.Errorf("of %v: %d %v, want %d", c.all, best.Number, ok, c.want)
		}
	}
}

func TestSortableBytesCompareAsValues(t *testing.T) {
	t.Parallel()
	ordered := [][]Value{
		{{Type: Int, Int: math.MinInt64}}, {{Type: Int, Int: -1}}, {{Type: Int, Int: 0}},
		{{Type: Int, Int: 1}}, {{Type: Int, Int: math.MaxInt64}},
	}
	if !sortedBytes(ordered) {
		t.Error("integers")
	}
	high := uuid.UUID{0xff}
	if !sortedBytes([][]Value{
		{{Type: Text, Text: "Br"}, {Type: UUID, Bytes: high[:]}},
		{{Type: Text, Text: "Bra"}, {Type: UUID, Bytes: make([]byte, 16)}},
		{{Type: Text, Text: "Brà"}, {Type: UUID, Bytes: make([]byte, 16)}},
	}) {
		t.Error("texts")
	}
}

func sortedBytes(rows [][]Value) bool {
	var keys []string
	for _, row := range rows {
		var b []byte
		for _, v := range row {
			b = appendSortable(b, v)
		}
		keys = append(keys, string(b))
	}
	return slices.IsSorted(keys)
}

func TestBoxesThatAreCutShortAreRefused(t *testing.T) {
	t.Parallel()
	box := domain.Box{Subject: uuid.UUID{1}, Class: domain.ClassPersonal, Context: "case-1@0/x", Cipher: []byte{1}}
	var v Value
	if err := getBox(reflect.ValueOf(&box).Elem(), &v); err != nil {
		t.Fatal(err)
	}
	for n := range len(v.Bytes) - 1 {
		var back domain.Box
		if err := setBox(reflect.ValueOf(&back).Elem(), &Value{Type: Bytes, Bytes: v.Bytes[:n]}); err == nil {
			t.Fatalf("%d of %d bytes are a box", n, len(v.Bytes))
		}
	}
}

func TestNumbersThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	big := uint64(math.MaxUint64)
	if err := getUint(reflect.ValueOf(&big).Elem(), &Value{}); err == nil {
		t.Error("an unsigned number beyond 63 bits was taken")
	}
	var u uint8
	if err := setUint(reflect.ValueOf(&u).Elem(), &Value{Type: Int, Int: -1}); err == nil {
		t.Error("a negative number became unsigned")
	}
}

func TestLagAndRate(t *testing.T) {
	t.Parallel()
	if got := (Status{Position: 3, Head: 10}).Lag(); got != 7 {
		t.Errorf("lag %d", got)
	}
	if got := (Status{Position: 11, Head: 10}).Lag(); got != 0 {
		t.Errorf("lag of one who is ahead of what the head was: %d", got)
	}
	if got := (Progress{Records: 500, Elapsed: 2 * time.Second}).Rate(); got != 250 {
		t.Errorf("rate %f", got)
	}
}

func TestAPageIsAppliedOnlyWhereItFollowsOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		at      event.Position
		resting bool
		want    bool
	}{
		{"it goes on from there", 10, false, true},
		{"some of it was applied", 15, false, true},
		{"all of it was applied", 20, false, false},
		{"records before it were not applied", 9, false, false},
		{"the projection rests", 10, true, false},
	} {
		u := &unit{next: Generation{Position: c.at}, resting: c.resting}
		if u.follows(&page{after: 10, checkpoint: 20}) != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
}
