package esdb

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain/event"
)

// errMalformedRecord says that what the server sent is no record of ours. No try mends that.
var errMalformedRecord = errors.New("esdb: malformed record")

// custom is what the custom metadata of a record holds.
type custom struct {
	Schema uint16     `json:"schema"`
	Meta   event.Meta `json:"meta"`
	// Append names the call of Append that wrote the record, on its last event. The server answers a repeated append as it did the
	// first; only this tells them apart.
	Append uuid.UUID `json:"append,omitzero"`
	// At is when another journal wrote an imported record; zero of all others.
	At time.Time `json:"at,omitzero"`
}

// message is an event as the server takes it.
func message(d event.Draft, c custom) (*streams.AppendReq, error) {
	c.Meta.At = c.Meta.At.UTC()
	meta, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("esdb: metadata of %s: %w", d.Type, err)
	}
	most, least := esdb.UUIDAsInt64(d.ID)
	return &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id: &shared.UUID{Value: &shared.UUID_Structured_{
			Structured: &shared.UUID_Structured{MostSignificantBits: most, LeastSignificantBits: least}}},
		Metadata:       map[string]string{"type": d.Type, "content-type": "application/json"},
		CustomMetadata: meta,
		Data:           d.Data,
	}}}, nil
}

// found is a record and what only the adapter wants to know of it.
type found struct {
	event.Record
	append uuid.UUID
}

// record makes a record of what the server sent. It trusts nothing: the client's own reader ends the process over a time it cannot
// read, and panics over a stream that is missing.
func (s *Store) record(e *streams.ReadResp_ReadEvent) (found, error) {
	r := e.GetEvent()
	stream, ours := strings.CutPrefix(string(r.GetStreamIdentifier().GetStreamName()), s.prefix)
	malformed := func(what string) (found, error) {
		return found{}, fmt.Errorf("%w at %d: %s", errMalformedRecord, r.GetCommitPosition(), what)
	}
	if !ours || stream == "" {
		return malformed("it stands in no stream of this journal")
	}
	id, err := idOf(r.GetId())
	if err != nil {
		return malformed("no id")
	}
	ticks, err := strconv.ParseInt(r.GetMetadata()["created"], 10, 64) // 100 ns since 1970
	if err != nil {
		return malformed("no time of writing")
	}
	if r.GetCommitPosition() > math.MaxInt64 || r.GetStreamRevision() > math.MaxInt64 {
		return malformed("no position; the server must be EventStoreDB 22.6 or newer")
	}
	var c custom
	if err := json.Unmarshal(r.GetCustomMetadata(), &c); err != nil {
		return malformed("its metadata is none of ours")
	}
	written := time.UnixMicro(ticks / 10).UTC() // as exact as other engines keep it: a journal that moves stays the same
	if !c.At.IsZero() {
		written = c.At.UTC()
	}
	return found{
		Record: event.Record{
			Draft:    event.Draft{ID: id, Type: r.GetMetadata()["type"], Schema: c.Schema, Data: r.GetData(), Meta: c.Meta},
			Stream:   stream,
			Revision: event.Revision(r.GetStreamRevision()),
			Position: event.Position(r.GetCommitPosition()),
			At:       written,
		},
		append: c.Append,
	}, nil
}

func idOf(id *shared.UUID) (uuid.UUID, error) {
	if s := id.GetStructured(); s != nil {
		return esdb.ParseUUIDFromInt64(s.GetMostSignificantBits(), s.GetLeastSignificantBits())
	}
	return uuid.Parse(id.GetString_())
}
