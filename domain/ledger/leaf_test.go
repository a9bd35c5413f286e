package ledger_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// sample is a record with a value in every field.
func sample() event.Record {
	return event.Record{
		Draft: event.Draft{
			ID: uuid.MustParse("018f2c6e-7b1a-7c3d-8e4f-5a6b7c8d9e0f"), Type: "case.noted", Schema: 2, Data: []byte(`{"text":"a"}`),
			Meta: event.Meta{
				Actor:       domain.Actor{Account: uuid.MustParse("11111111-2222-4333-8444-555555555555"), Role: domain.RoleCentre, Body: "CTI-23"},
				At:          time.Date(2022, 3, 14, 9, 0, 0, 123456789, time.UTC),
				Command:     uuid.MustParse("22222222-2222-4333-8444-555555555555"),
				Correlation: uuid.MustParse("33333333-2222-4333-8444-555555555555"),
				Causation:   uuid.MustParse("44444444-2222-4333-8444-555555555555"),
			},
		},
		Stream: "case-7", Revision: 4, Position: 99, At: time.Date(2022, 3, 14, 9, 0, 1, 7000, time.UTC),
	}
}

// These bytes stand in the roots of journals that exist. They are never edited.
func TestALeafIsTheseBytes(t *testing.T) {
	t.Parallel()
	const want = `{"id":"018f2c6e-7b1a-7c3d-8e4f-5a6b7c8d9e0f","stream":"case-7","revision":4,"type":"case.noted","schema":2,` +
		`"meta":{"actor":{"account":"11111111-2222-4333-8444-555555555555","role":"centre","body":"CTI-23"},` +
		`"at":"2022-03-14T09:00:00.123456789Z","command":"22222222-2222-4333-8444-555555555555",` +
		`"correlation":"33333333-2222-4333-8444-555555555555","causation":"44444444-2222-4333-8444-555555555555"},` +
		`"at":"2022-03-14T09:00:01.000007Z","payload":"6193c97585a0f731ce7b500bb69d2476816afb14c8d95ac8e6e865f680e9e438"}`
	if got := string(ledger.Leaf(sample())); got != want {
		t.Errorf("a leaf is\n%s", got)
	}
	bare := event.Record{Draft: event.Draft{Type: "a\"b", Data: []byte("{}")}, Stream: "\xff\n"}
	const wantBare = `{"id":"00000000-0000-0000-0000-000000000000","stream":"` + "\ufffd" + `\n","revision":0,"type":"a\"b","schema":0,` +
		`"meta":{"actor":{"role":""},"at":"0001-01-01T00:00:00Z","command":"00000000-0000-0000-0000-000000000000"},` +
		`"at":"0001-01-01T00:00:00.000000Z","payload":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}`
	if got := string(ledger.Leaf(bare)); got != wantBare {
		t.Errorf("a leaf of nearly nothing is\n%s", got)
	}
}

// Everything Same compares is in the leaf, and nothing else.
func TestALeafTellsRecordsApartAsSameDoes(t *testing.T) {
	t.Parallel()
	is := sample()
	moved := is
	moved.Position, moved.At, moved.Meta.At = 5, is.At.In(time.FixedZone("", 3600)), is.Meta.At.In(time.FixedZone("", -3600))
	if !event.Same(is, moved) || ledger.LeafHash(is) != ledger.LeafHash(moved) {
		t.Error("the same record elsewhere has another leaf")
	}
	seen := map[tlog.Hash]string{ledger.LeafHash(is): "sample"}
	for name, change := range map[string]func(*event.Record){
		"id":          func(r *event.Record) { r.ID[3]++ },
		"stream":      func(r *event.Record) { r.Stream += "x" },
		"revision":    func(r *event.Record) { r.Revision++ },
		"type":        func(r *event.Record) { r.Type += "x" },
		"schema":      func(r *event.Record) { r.Schema++ },
		"data":        func(r *event.Record) { r.Data = []byte(`{"text":"b"}`) },
		"account":     func(r *event.Record) { r.Meta.Actor.Account = uuid.Nil },
		"role":        func(r *event.Record) { r.Meta.Actor.Role = domain.RoleUST },
		"body":        func(r *event.Record) { r.Meta.Actor.Body = "" },
		"done at":     func(r *event.Record) { r.Meta.At = r.Meta.At.Add(1) },
		"command":     func(r *event.Record) { r.Meta.Command[3]++ },
		"correlation": func(r *event.Record) { r.Meta.Correlation = uuid.Nil },
		"causation":   func(r *event.Record) { r.Meta.Causation = uuid.Nil },
		"written at":  func(r *event.Record) { r.At = r.At.Add(time.Microsecond) },
	} {
		r := sample()
		change(&r)
		h := ledger.LeafHash(r)
		if other, taken := seen[h]; taken || event.Same(is, r) {
			t.Errorf("a record with another %s has the leaf of %s", name, other)
		}
		seen[h] = name
	}
}

// A leaf is read by people: its metadata are those the journal has, and it is JSON.
func TestALeafIsJSONWithTheMetadataOfTheJournal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Custom(func(t *rapid.T) uuid.UUID { return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")) })
		r := event.Record{Draft: event.Draft{ID: id.Draw(t, "id"), Type: rapid.String().Draw(t, "type"), Data: []byte(`{}`), Meta: event.Meta{
			Actor:       domain.Actor{Account: id.Draw(t, "account"), Role: rapid.SampledFrom(domain.Roles()).Draw(t, "role"), Body: rapid.String().Draw(t, "body")},
			At:          time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
			Command:     id.Draw(t, "command"),
			Correlation: id.Draw(t, "correlation"),
			Causation:   id.Draw(t, "causation"),
		}}, Stream: rapid.String().Draw(t, "stream"), Revision: event.Revision(rapid.Int64Min(0).Draw(t, "revision"))}
		var read struct {
			Stream string
			Type   string
			Meta   json.RawMessage
		}
		if err := json.Unmarshal(ledger.Leaf(r), &read); err != nil || read.Stream != r.Stream || read.Type != r.Type {
			t.Fatalf("%s reads as %+v, %v", ledger.Leaf(r), read, err)
		}
		if meta, err := r.Meta.Encode(); err != nil || string(meta) != string(read.Meta) {
			t.Fatalf("metadata are %s, in the leaf %s", meta, read.Meta)
		}
	})
}

// plain is the definition of RFC 6962, 2.1, to the letter.
func plain(leaves []tlog.Hash) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := plain(leaves[:k]), plain(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

func TestATreeHasTheRootOfRFC6962(t *testing.T) {
	t.Parallel()
	var tree ledger.Tree
	var leaves []tlog.Hash
	for n := range 301 {
		if tree.Size() != int64(n) || tree.Root() != plain(leaves) {
			t.Fatalf("the root of %d leaves is %s, want %s", n, tree.Root(), plain(leaves))
		}
		leaf := tlog.RecordHash(fmt.Append(nil, n))
		tree.Add(leaf)
		leaves = append(leaves, leaf)
	}
}
