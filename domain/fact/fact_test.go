package fact_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/fact"
)

var (
	id     = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	monday = time.Date(2022, 3, 14, 9, 0, 0, 0, time.UTC)
)

// told gives what others are told of each stored event, all fields of which have a value.
func told(t *testing.T) map[string]string {
	t.Helper()
	codec := event.NewCodec(sealtest.New(), casefile.Events)
	out := map[string]string{}
	for _, e := range casefile.Events {
		files, err := filepath.Glob(filepath.Join("..", "casefile", "testdata", e.Name()+".v*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no golden file: %v", e.Name(), err)
		}
		data, err := os.ReadFile(slices.Max(files))
		if err != nil {
			t.Fatal(err)
		}
		r := event.Record{Draft: event.Draft{ID: id, Type: e.Name(), Schema: e.Schema(), Data: data,
			Meta: event.Meta{Actor: domain.Actor{Account: uuid.New(), Role: domain.RoleCentre, Body: "CTI-21"}, At: monday}},
			Stream: casefile.Stream(id), Revision: 4, Position: 99}
		payload, err := codec.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		f, ok := fact.Of(r, payload)
		if ok != slices.Contains(fact.Types(), e.Name()) {
			t.Errorf("%s: a fact: %v; among the types: %v", e.Name(), ok, !ok)
		}
		if !ok {
			continue
		}
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

// The envelope and the fields of the data are a promise to others, and the list of what may leave the house: a new one is decided here.
func TestNothingElseLeavesTheHouse(t *testing.T) {
	t.Parallel()
	envelope := []string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence", "data"}
	fields := []string{"role", "body", "comune", "municipio", "centre", "from", "school", "institution", "school_year", "order", "grade",
		"channel", "offer", "other_case", "reason", "on", "due"}
	seen := map[string]bool{}
	for name, text := range told(t) {
		var all map[string]any
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		for key := range all {
			if !slices.Contains(envelope, key) {
				t.Errorf("%s: %s", name, key)
			}
		}
		data, ok := all["data"].(map[string]any)
		if !ok {
			t.Fatalf("%s has no data: %s", name, text)
		}
		for key := range data {
			if seen[key] = true; !slices.Contains(fields, key) {
				t.Errorf("%s: data.%s", name, key)
			}
		}
		for _, word := range []string{"sex", "household", "needs", "preferred", "text", "identity", "$", "cipher", "account"} {
			if strings.Contains(text, `"`+word) {
				t.Errorf("%s tells of %s", name, word)
			}
		}
	}
	for _, key := range fields {
		if !seen[key] {
			t.Errorf("no fact has data.%s", key)
		}
	}
}

func TestWhatOthersAreTold(t *testing.T) {
	t.Parallel()
	all := told(t)
	begin := func(name string) string {
		return `{"specversion":"1.0","id":"` + id.String() + `","source":"/approdo","type":"` + name + `","subject":"` + id.String() +
			`","time":"2022-03-14T09:00:00Z","datacontenttype":"application/json","sequence":"4","data":{"role":"centre","body":"CTI-21",`
	}
	for name, want := range map[string]string{
		"case.requested": `"comune":"015146","municipio":3,"school_year":2021,"order":"primaria","grade":3,"channel":"comune","on":"2022-03-14"}}`,
		"case.routed":    `"centre":"CTI-25"}}`,
	} {
		if got := all[name]; got != begin(name)+want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, begin(name)+want)
		}
	}
	for name, want := range map[string]string{"case.offer-declined": `"reason":"`, "case.merged": `"other_case":"`, "case.place-offered": `"due":"2022-`} {
		if !strings.Contains(all[name], want) {
			t.Errorf("%s lacks %s: %s", name, want, all[name])
		}
	}
}
