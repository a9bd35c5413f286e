package esdbtest

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const jsonType = "application/json"

type streamsService struct {
	streams.UnimplementedStreamsServer
	server *Server
}

// Append writes nothing before it has seen the end of the request, as the real one does.
func (s streamsService) Append(call streams.Streams_AppendServer) error {
	if s.server.strikes(CutWhileSent) {
		return s.server.cut(call.Context())
	}
	first, err := call.Recv()
	if err != nil {
		return err
	}
	options := first.GetOptions()
	if options == nil {
		return status.Error(codes.InvalidArgument, "the first message holds no options")
	}
	name := string(options.GetStreamIdentifier().GetStreamName())
	expected, err := expectedOf(options)
	if err != nil {
		return err
	}
	events, err := s.proposed(call)
	if err != nil {
		return err
	}
	if err := s.server.lead(call.Context()); err != nil {
		return err
	}
	if s.server.strikes(CutBeforeWrite) {
		return s.server.cut(call.Context())
	}
	if err := call.Context().Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	o := s.server.log.append(name, expected, events)
	s.server.know()
	if s.server.strikes(CutAfterWrite) {
		return s.server.cut(call.Context())
	}
	if o.deleted {
		return exception(call.Context(), codes.FailedPrecondition, fmt.Sprintf("Event stream '%s' is deleted.", name),
			"exception", "stream-deleted", "stream-name", name)
	}
	return call.SendAndClose(answer(o, options))
}

func expectedOf(o *streams.AppendReq_Options) (int64, error) {
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		if e.Revision > math.MaxInt64 {
			return 0, status.Error(codes.InvalidArgument, "revision out of range")
		}
		return int64(e.Revision), nil
	case *streams.AppendReq_Options_NoStream:
		return noStream, nil
	case *streams.AppendReq_Options_Any:
		return anyRevision, nil
	case *streams.AppendReq_Options_StreamExists:
		return streamExists, nil
	}
	return 0, status.Error(codes.InvalidArgument, "no expected revision")
}

func (s streamsService) proposed(call streams.Streams_AppendServer) (events []record, err error) {
	size := 0
	for {
		req, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		m := req.GetProposedMessage()
		if m == nil {
			return nil, status.Error(codes.InvalidArgument, "a message holds no event")
		}
		kind, contentType := m.GetMetadata()["type"], m.GetMetadata()["content-type"]
		if kind == "" || contentType == "" {
			return nil, exception(call.Context(), codes.InvalidArgument, "Required Metadata Property is missing",
				"exception", "missing-required-metadata-property")
		}
		if size += len(m.GetData()) + len(m.GetCustomMetadata()) + 2*len(kind); size > s.server.options.MaxAppendSize {
			return nil, exception(call.Context(), codes.InvalidArgument,
				fmt.Sprintf("Maximum Append Size of %d Exceeded.", s.server.options.MaxAppendSize), "exception", "maximum-append-size-exceeded")
		}
		id, err := idOf(m.GetId())
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, "malformed event id")
		}
		events = append(events, record{id: id, kind: kind, contentType: contentType, data: m.GetData(), meta: m.GetCustomMetadata()})
	}
}

func idOf(id *shared.UUID) (uuid.UUID, error) {
	if s := id.GetStructured(); s != nil {
		return esdb.ParseUUIDFromInt64(s.GetMostSignificantBits(), s.GetLeastSignificantBits())
	}
	return uuid.Parse(id.GetString_())
}

func answer(o outcome, asked *streams.AppendReq_Options) *streams.AppendResp {
	if o.wrong {
		wrong := &streams.AppendResp_WrongExpectedVersion{}
		if o.current < 0 {
			wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		} else {
			wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(o.current)}
		}
		switch e := asked.GetExpectedStreamRevision().(type) {
		case *streams.AppendReq_Options_Revision:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: e.Revision}
		case *streams.AppendReq_Options_NoStream:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
		case *streams.AppendReq_Options_Any:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		case *streams.AppendReq_Options_StreamExists:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
		}
		return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: wrong}}
	}
	success := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(o.last)},
		PositionOption: &streams.AppendResp_Success_Position{
			Position: &streams.AppendResp_Position{CommitPosition: o.position, PreparePosition: o.position}},
	}
	if o.last < 0 {
		success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
}
