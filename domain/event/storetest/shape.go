package storetest

import (
	"bytes"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

var shapeRules = []rule{
	{"as many events as the limit allows are taken", func(j *journal) {
		ds := drafts(event.MaxEvents)
		j.add("case-1", noStream, ds...)
		j.holds("case-1", ds...)
	}},
	{"one event more is too large", func(j *journal) {
		j.fail(event.ErrTooLarge, "case-1", noStream, drafts(event.MaxEvents+1)...)
	}},
	{"as many bytes as the limit allows are taken", func(j *journal) {
		d := draft()
		d.Data = text(event.MaxBytes)
		j.add("case-1", noStream, d)
		j.holds("case-1", d)
	}},
	{"one byte more is too large", func(j *journal) {
		ds := drafts(2)
		ds[0].Data, ds[1].Data = text(event.MaxBytes/2), text(event.MaxBytes/2+1)
		j.fail(event.ErrTooLarge, "case-1", noStream, ds...)
	}},
	{"an append without a stream is malformed", func(j *journal) {
		j.fail(event.ErrMalformed, "", noStream, draft())
	}},
	{"an event without a type is malformed", func(j *journal) {
		ds := drafts(3)
		ds[2].Type = ""
		j.fail(event.ErrMalformed, "case-1", noStream, ds...)
	}},
	{"an event without an id is malformed", func(j *journal) {
		ds := drafts(3)
		ds[2].ID = uuid.Nil
		j.fail(event.ErrMalformed, "case-1", noStream, ds...)
	}},
	{"an expectation that is none is malformed", func(j *journal) {
		for _, expected := range []event.Expected{-3, -5, -1000} {
			j.fail(event.ErrMalformed, "case-1", expected, draft())
		}
	}},
	{"payloads come back to the byte", func(j *journal) {
		var ds []event.Draft
		for _, payload := range []string{
			`{}`, `null`, `0`, `""`, `[]`, " {\n\t\"b\" : 1 ,\r\n \"a\":2 } ", `{"a":1.0,"b":1e400,"c":-0,"d":12345678901234567890123}`,
			`{"a":"\u00e8\/\ud83d\ude00\u0000"}`, `{"è":"日本 Київ 😀"}`, `{"a":1,"c":[true,false,null],"b":{}}`, `"'; DROP TABLE events; --"`,
		} {
			d := draft()
			d.Data = []byte(payload)
			ds = append(ds, d)
		}
		j.add("case-1", noStream, ds...)
		j.holds("case-1", ds...)
	}},
	{"type, schema and id come back", func(j *journal) {
		d := draft()
		d.Type, d.Schema = "città.è-arrivata.2", 65535
		j.add("case-1", noStream, d)
		j.holds("case-1", d)
	}},
	{"metadata comes back whole, to the nanosecond", func(j *journal) {
		d := draft()
		j.add("case-1", noStream, d)
		j.same(d.Meta, j.stream("case-1", event.ReadStream{})[0].Meta)
		j.same(d.Meta, j.all(0, event.ReadAll{})[0].Meta)
	}},
	{"parts of the metadata that were not set stay unset", func(j *journal) {
		d := draft()
		d.Meta = event.Meta{Actor: domain.System, At: d.Meta.At, Command: d.Meta.Command}
		j.add("case-1", noStream, d)
		j.same(d.Meta, j.stream("case-1", event.ReadStream{})[0].Meta)
	}},
	{"every event of an append keeps its own metadata", func(j *journal) {
		ds := drafts(5)
		j.add("case-1", noStream, ds...)
		for i, r := range j.all(0, event.ReadAll{}) {
			j.same(ds[i].Meta, r.Meta)
		}
	}},
	{"times come back in UTC, wherever they were given", func(j *journal) {
		d := draft()
		at := d.Meta.At
		d.Meta.At = at.In(time.FixedZone("east", 2*60*60))
		j.add("case-1", noStream, d)
		for _, r := range append(j.stream("case-1", event.ReadStream{}), j.all(0, event.ReadAll{})...) {
			if !r.Meta.At.Equal(at) || r.Meta.At.Location() != time.UTC || r.At.Location() != time.UTC || r.At.IsZero() {
				j.Errorf("done at %v, written at %v", r.Meta.At, r.At)
			}
		}
	}},
	{"the time of writing is the same however a record is read", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		j.same(j.stream("case-1", event.ReadStream{}), j.all(0, event.ReadAll{}))
	}},
	{"streams are told apart to the byte", func(j *journal) {
		names := []string{"case-è", "case-e\u0300", "CASE-è", "case-è ", " case-è", "case-日本", "case-Київ", "case-😀", "case-%", "case-_", "case-'", "case-" + strings.Repeat("x", 200)}
		for _, name := range names {
			j.add(name, noStream, draft())
		}
		for i, r := range j.all(0, event.ReadAll{}) {
			if r.Stream != names[i] {
				j.Errorf("%q came back as %q", names[i], r.Stream)
			}
		}
		for _, name := range names {
			if n := len(j.stream(name, event.ReadStream{})); n != 1 {
				j.Errorf("%q has %d records", name, n)
			}
		}
	}},
	{"what the caller does to his bytes afterwards changes nothing", func(j *journal) {
		d := draft()
		want := bytes.Clone(d.Data)
		j.add("case-1", noStream, d)
		clear(d.Data)
		j.same(want, j.stream("case-1", event.ReadStream{})[0].Data)
	}},
	{"what a reader does to the bytes he got changes nothing for others", func(j *journal) {
		d := draft()
		j.add("case-1", noStream, d, draft())
		clear(j.stream("case-1", event.ReadStream{})[0].Data)
		got := j.all(0, event.ReadAll{})
		second := bytes.Clone(got[1].Data)
		_ = append(got[0].Data, "behind it"...)
		j.same(second, got[1].Data)
		clear(got[0].Data)
		j.same(d.Data, j.all(0, event.ReadAll{})[0].Data)
		j.same(d.Data, j.stream("case-1", event.ReadStream{})[0].Data)
	}},
}

// text is a JSON string of so many bytes.
func text(n int) []byte {
	return []byte(`"` + strings.Repeat("x", n-2) + `"`)
}
