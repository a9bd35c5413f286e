package event_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/event"
)

type noted struct {
	Text string `json:"text"`
	Lang string `json:"lang"`
}

type closed struct {
	Reason string `json:"reason"`
}

// addLanguage is the way from schema 1, which had no language, to schema 2.
func addLanguage(data []byte) ([]byte, error) {
	var v struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	return json.Marshal(noted{Text: v.Text, Lang: "it"})
}

// shout is the way from schema 2 to schema 3.
func shout(data []byte) ([]byte, error) { return []byte(strings.ToUpper(string(data))), nil }

func record(name string, schema uint16, data string) event.Record {
	return event.Record{Draft: event.Draft{ID: uuid.New(), Type: name, Schema: schema, Data: []byte(data)}, Stream: "case-1"}
}

func TestAnEventComesBackAsItWas(t *testing.T) {
	t.Parallel()
	c := event.NewCodec(nil, event.Table{event.TypeOf[noted]("case.noted"), event.TypeOf[closed]("case.closed")})
	rapid.Check(t, func(t *rapid.T) {
		want := noted{Text: rapid.String().Draw(t, "text"), Lang: rapid.String().Draw(t, "lang")}
		id := uuid.New()
		d, err := c.Encode(t.Context(), "case-1", 4, id, want, event.Meta{Command: id})
		if err != nil {
			t.Fatal(err)
		}
		if d.Type != "case.noted" || d.Schema != 1 || d.ID != id || d.Meta.Command != id {
			t.Fatalf("draft is %+v", d)
		}
		got, err := c.Decode(event.Record{Draft: d, Stream: "case-1", Revision: 4})
		if err != nil || got != any(want) {
			t.Fatalf("%#v came back as %#v, %v", want, got, err)
		}
	})
}

func TestOldSchemasAreBroughtUpOneByOne(t *testing.T) {
	t.Parallel()
	type loud struct {
		Text string `json:"TEXT"`
		Lang string `json:"LANG"`
	}
	c := event.NewCodec(nil, event.Table{event.TypeOf[loud]("case.noted", addLanguage, shout)})
	for schema, data := range map[uint16]string{1: `{"text":"a"}`, 2: `{"text":"a","lang":"it"}`, 3: `{"TEXT":"A","LANG":"IT"}`} {
		got, err := c.Decode(record("case.noted", schema, data))
		if want := (loud{"A", "IT"}); err != nil || got != any(want) {
			t.Errorf("schema %d came back as %#v, %v", schema, got, err)
		}
	}
	if diff := cmp.Diff(map[string]uint16{"case.noted": 3}, c.Names()); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Decode(record("case.noted", 1, `{"text":1}`)); err == nil {
		t.Error("an upcast that failed went unnoticed")
	}
}

func TestWhatTheProgramDoesNotKnowIsNeverSkipped(t *testing.T) {
	t.Parallel()
	c := event.NewCodec(nil, event.Table{event.TypeOf[noted]("case.noted", addLanguage)})
	for _, r := range []event.Record{
		record("case.vanished", 1, `{}`), record("case.noted", 0, `{}`), record("case.noted", 3, `{}`), record("", 1, `{}`),
	} {
		if _, err := c.Decode(r); !errors.Is(err, event.ErrUnknownEvent) {
			t.Errorf("%q schema %d gave %v", r.Type, r.Schema, err)
		}
	}
	if _, err := c.Encode(t.Context(), "case-1", 0, uuid.New(), closed{}, event.Meta{}); !errors.Is(err, event.ErrUnknownEvent) {
		t.Errorf("encoding gave %v", err)
	}
	if _, err := c.Decode(record("case.noted", 2, `{"text":"a","text":"b"}`)); err == nil {
		t.Error("a name given twice went through")
	}
}

func TestTwoTypesOfOneNameAreAFaultOfTheProgram(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	event.NewCodec(nil, event.Table{event.TypeOf[noted]("case.noted")}, event.Table{event.TypeOf[closed]("case.noted")})
}

func TestMetadataComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Custom(func(t *rapid.T) uuid.UUID {
			return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		})
		want := event.Meta{
			Actor:       domain.Actor{Account: id.Draw(t, "account"), Role: rapid.SampledFrom(domain.Roles()).Draw(t, "role"), Body: rapid.String().Draw(t, "body")},
			At:          time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
			Command:     id.Draw(t, "command"),
			Correlation: id.Draw(t, "correlation"),
			Causation:   id.Draw(t, "causation"),
		}
		b, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := event.DecodeMeta(b)
		if err != nil || got != want {
			t.Fatalf("%+v came back as %+v, %v", want, got, err)
		}
	})
}
