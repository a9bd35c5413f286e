package esdbtest

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Read serves the reads of a stream and of $all, and subscriptions to $all.
func (s streamsService) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	if err := s.server.lead(call.Context()); err != nil {
		return err
	}
	o := req.GetOptions()
	if o.GetUuidOption() == nil {
		return status.Error(codes.InvalidArgument, "no uuid option")
	}
	out := &sender{server: s.server, call: call}
	if name := o.GetStream(); name != nil {
		return s.readStream(o, out)
	}
	f, err := filterOf(o)
	if err != nil {
		return err
	}
	switch {
	case o.GetAll() == nil:
		return status.Error(codes.InvalidArgument, "neither a stream nor $all")
	case o.GetSubscription() != nil:
		return s.subscribe(o, f, out)
	case o.GetReadDirection() == streams.ReadReq_Options_Backwards:
		return s.readBackwards(o, f, out)
	}
	return s.readForwards(o, f, out)
}

// sender sends what a read finds, well or with the faults that are due.
type sender struct {
	server *Server
	call   streams.Streams_ReadServer
}

func (o *sender) record(r record) error {
	id := &shared.UUID{}
	most, least := esdb.UUIDAsInt64(r.id)
	id.Value = &shared.UUID_Structured_{Structured: &shared.UUID_Structured{MostSignificantBits: most, LeastSignificantBits: least}}
	recorded := &streams.ReadResp_ReadEvent_RecordedEvent{
		Id: id, StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(r.stream)}, StreamRevision: r.revision,
		CommitPosition: r.position, PreparePosition: r.position, Data: r.data, CustomMetadata: r.meta,
		Metadata: map[string]string{"type": r.kind, "content-type": r.contentType, "created": strconv.FormatInt(r.created, 10)},
	}
	if o.server.strikes(MalformedCreated) {
		recorded.Metadata["created"] = "yesterday"
	}
	if o.server.strikes(NoStreamIdentifier) {
		recorded.StreamIdentifier = nil
	}
	if o.server.strikes(UnexpectedMessage) {
		unasked := &streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: 0}}
		if err := o.call.Send(unasked); err != nil {
			return err
		}
	}
	o.server.mu.Lock()
	o.server.sent++
	o.server.mu.Unlock()
	err := o.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: recorded, Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.position}}}})
	if err == nil && o.server.strikes(CutWhileRead) {
		return o.server.cut(o.call.Context())
	}
	return err
}

func (o *sender) checkpoint(position uint64) error {
	return o.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
		Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: position, PreparePosition: position}}})
}

func (s streamsService) readStream(o *streams.ReadReq_Options, out *sender) error {
	name := string(o.GetStream().GetStreamIdentifier().GetStreamName())
	if o.GetSubscription() != nil {
		return status.Error(codes.Unimplemented, "esdbtest has no subscriptions to one stream")
	}
	records, exists, deleted := s.server.log.of(name)
	if deleted {
		return exception(out.call.Context(), codes.FailedPrecondition, fmt.Sprintf("Event stream '%s' is deleted.", name),
			"exception", "stream-deleted", "stream-name", name)
	}
	all, _ := s.server.visible()
	records = slices.DeleteFunc(records, func(r record) bool { return r.position > all[len(all)-1].position })
	if !exists || len(records) == 0 {
		return out.call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: o.GetStream().GetStreamIdentifier()}}})
	}
	from := uint64(0)
	switch r := o.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		from = r.Revision
	case *streams.ReadReq_Options_StreamOptions_End:
		from = math.MaxUint64
	}
	if o.GetReadDirection() == streams.ReadReq_Options_Backwards {
		records = records[:min(uint64(len(records)), max(from, from+1))]
		slices.Reverse(records)
	} else {
		records = records[min(uint64(len(records)), from):]
	}
	for i, r := range records {
		if uint64(i) >= o.GetCount() {
			break
		}
		if err := out.record(r); err != nil {
			return err
		}
	}
	return nil
}

// filter is what a filtered read keeps, and how far it looks for it.
type filter struct {
	keeps      func(r record) bool
	window     int // records looked at in one go; a subscription tells a checkpoint after so many times multiplier
	multiplier int
}

// batch is how many records the server reads in one go where nothing else is said.
const batch = 32

func filterOf(o *streams.ReadReq_Options) (filter, error) {
	f := o.GetFilter()
	if f == nil {
		if o.GetNoFilter() == nil {
			return filter{}, status.Error(codes.InvalidArgument, "no filter option")
		}
		return filter{keeps: func(record) bool { return true }, window: batch}, nil
	}
	out := filter{window: batch, multiplier: int(f.GetCheckpointIntervalMultiplier())}
	switch w := f.GetWindow().(type) {
	case *streams.ReadReq_Options_FilterOptions_Max:
		out.window = int(w.Max)
	case nil:
		return filter{}, status.Error(codes.InvalidArgument, "no search window")
	}
	expression, of := f.GetStreamIdentifier(), func(r record) string { return r.stream }
	if expression == nil {
		expression, of = f.GetEventType(), func(r record) string { return r.kind }
	}
	if out.window < 1 || expression == nil || expression.GetRegex() == "" && len(expression.GetPrefix()) == 0 {
		return filter{}, status.Error(codes.InvalidArgument, "malformed filter")
	}
	out.keeps = func(r record) bool {
		return slices.ContainsFunc(expression.GetPrefix(), func(p string) bool { return strings.HasPrefix(of(r), p) })
	}
	if text := expression.GetRegex(); text != "" {
		re, err := regexp.Compile(text)
		if err != nil {
			return filter{}, status.Error(codes.InvalidArgument, "malformed regex")
		}
		out.keeps = func(r record) bool { return re.MatchString(of(r)) }
	}
	return out, nil
}

// start gives the place where a read from a position begins. A position in the middle of a record is none.
func start(records []record, o *streams.ReadReq_Options) (int, error) {
	switch p := o.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		at, exact := find(records, p.Position.GetCommitPosition())
		if !exact {
			return 0, status.Error(codes.InvalidArgument, "Invalid position")
		}
		return at, nil
	case *streams.ReadReq_Options_AllOptions_End:
		return len(records), nil
	}
	return 0, nil
}

// readForwards begins with the record at the position.
func (s streamsService) readForwards(o *streams.ReadReq_Options, f filter, out *sender) error {
	records, _ := s.server.visible()
	at, err := start(records, o)
	if err != nil {
		return err
	}
	left := o.GetCount()
	for _, r := range records[at:] {
		if left == 0 {
			return nil
		}
		if !f.keeps(r) {
			continue
		}
		if err := out.record(r); err != nil {
			return err
		}
		left--
	}
	return nil
}

// readBackwards begins with the record before the position.
func (s streamsService) readBackwards(o *streams.ReadReq_Options, f filter, out *sender) error {
	records, _ := s.server.visible()
	at, err := start(records, o)
	if err != nil {
		return err
	}
	left := o.GetCount()
	for i := at - 1; i >= 0 && left > 0; i-- {
		if !f.keeps(records[i]) {
			continue
		}
		if err := out.record(records[i]); err != nil {
			return err
		}
		left--
	}
	return nil
}

// subscribe begins behind the position. It says that it is there, sends what the filter keeps, a checkpoint whenever it has looked at
// enough records, and once that it has caught up.
func (s streamsService) subscribe(o *streams.ReadReq_Options, f filter, out *sender) error {
	s.server.mu.Lock()
	dropped := s.server.dropped
	s.server.mu.Unlock()
	records, news := s.server.visible()
	at, err := start(records, o)
	if err != nil {
		return err
	}
	if o.GetAll().GetPosition() != nil {
		at++
	}
	if o.GetFilter() != nil && f.multiplier < 1 {
		return status.Error(codes.InvalidArgument, "no checkpoint interval")
	}
	confirmation := &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()}
	if err := out.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: confirmation}}); err != nil {
		return err
	}
	looked, live := 0, false
	for {
		for ; at < len(records); at++ {
			if f.keeps(records[at]) {
				if err := out.record(records[at]); err != nil {
					return err
				}
			}
			if looked++; f.multiplier > 0 && looked >= f.window*f.multiplier {
				looked = 0
				if err := out.checkpoint(records[at].position); err != nil {
					return err
				}
			}
		}
		if !live {
			live = true
			if err := out.call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}); err != nil {
				return err
			}
		}
		select {
		case <-news:
		case <-dropped:
			return status.Error(codes.Unknown, "Unexpected SubscriptionDropReason: NotFound")
		case <-out.call.Context().Done():
			return status.FromContextError(out.call.Context().Err()).Err()
		}
		records, news = s.server.visible()
	}
}

// know takes in what this node wrote itself, however soon it leads no more.
func (s *Server) know() {
	records, _ := s.log.all()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = max(s.known, len(records))
}

// visible gives the records this node knows of: all of them while it leads; a follower lags, and forgets nothing it knew.
func (s *Server) visible() ([]record, <-chan struct{}) {
	records, news := s.log.all()
	if s.cluster == nil {
		return records, news
	}
	known := len(records)
	if s.cluster.Leader() != s {
		known = max(1, known-s.cluster.lag())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = min(max(s.known, known), len(records))
	return records[:s.known], news
}
