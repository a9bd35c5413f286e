package esdb

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"approdo/domain/event"
)

const (
	defaultPage = 1000 // records in a page where the caller does not say
	window      = 4096 // records the server looks at in one go, for those the filter keeps
)

// ReadStream implements event.Store.
func (s *Store) ReadStream(ctx context.Context, stream string, o event.ReadStream) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		for r, err := range s.stream(ctx, s.life, stream, o) {
			if !yield(r.Record, err) || err != nil {
				return
			}
		}
	}
}

// stream reads a stream page by page, each in a call of its own, so that an outage costs a page and no call waits for its reader.
func (s *Store) stream(ctx, life context.Context, stream string, o event.ReadStream) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		from, left := at(o.From), o.Limit
		if o.Backward {
			var err error
			if from, err = s.backwardFrom(ctx, life, stream, o.From); err != nil {
				yield(found{}, err)
				return
			}
		}
		for {
			size := defaultPage
			if o.Limit > 0 {
				size = min(size, left)
			}
			records, err := s.streamPage(ctx, life, stream, from, o.Backward, size)
			if err != nil {
				yield(found{}, err)
				return
			}
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
			left -= len(records)
			if len(records) < size || left == 0 {
				return
			}
			next := records[len(records)-1].Revision + 1
			if o.Backward {
				next -= 2
			}
			if next < 0 {
				return
			}
			from = at(next)
		}
	}
}

// place is where to begin in a stream.
type place = streams.ReadReq_Options_StreamOptions

func at(r event.Revision) *place {
	return &place{RevisionOption: &streams.ReadReq_Options_StreamOptions_Revision{Revision: uint64(r)}}
}

func end() *place {
	return &place{RevisionOption: &streams.ReadReq_Options_StreamOptions_End{End: &shared.Empty{}}}
}

// backwardFrom is where to begin backwards. From behind the end the server would come to it in small steps.
func (s *Store) backwardFrom(ctx, life context.Context, stream string, from event.Revision) (*place, error) {
	if from == 0 {
		return end(), nil
	}
	last, err := s.last(ctx, life, stream)
	if err != nil || from > last {
		return end(), err
	}
	return at(from), nil
}

// last is the last revision of a stream, -1 where there is none.
func (s *Store) last(ctx, life context.Context, stream string) (event.Revision, error) {
	records, err := s.streamPage(ctx, life, stream, end(), true, 1)
	if err != nil || len(records) == 0 {
		return event.Revision(event.NoStream), err
	}
	return records[0].Revision, nil
}

// streamPage reads a part of a stream.
func (s *Store) streamPage(ctx, life context.Context, stream string, from *place, backward bool, size int) ([]found, error) {
	name, err := s.name(stream)
	if err != nil {
		return nil, err
	}
	from.StreamIdentifier = &shared.StreamIdentifier{StreamName: []byte(name)}
	direction := streams.ReadReq_Options_Forwards
	if backward {
		direction = streams.ReadReq_Options_Backwards
	}
	return s.read(ctx, life, size, &streams.ReadReq_Options{
		StreamOption:  &streams.ReadReq_Options_Stream{Stream: from},
		ReadDirection: direction,
		FilterOption:  &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
	})
}

// read gives the records that one read finds, at most size.
func (s *Store) read(ctx, life context.Context, size int, o *streams.ReadReq_Options) (records []found, err error) {
	err = s.try(ctx, life, func(ctx context.Context, l *link) (err error) {
		records, err = s.readOn(ctx, l, size, o)
		return err
	})
	return records, err
}

// readOn makes one read of a node. It does not wait for the end of the call: to a filtered read the server tells that only when it has
// found one more, or the end of its log.
func (s *Store) readOn(ctx context.Context, l *link, size int, o *streams.ReadReq_Options) ([]found, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o.CountOption = &streams.ReadReq_Options_Count{Count: uint64(size)}
	o.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}}
	records := make([]found, 0, min(size, defaultPage))
	call, err := l.Read(ctx, &streams.ReadReq{Options: o})
	if err != nil {
		return nil, meaning(err, nil)
	}
	for len(records) < size {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, meaning(err, call.Trailer())
		}
		switch content := m.GetContent().(type) {
		case *streams.ReadResp_Event:
			r, err := s.record(content.Event)
			if err != nil {
				return nil, err
			}
			records = append(records, r)
		case *streams.ReadResp_StreamNotFound_:
			return nil, nil
		default: // news about the stream that nobody asked for
		}
	}
	return records, nil
}

// filter says to the server which streams to look at: those of this journal, and of them those that f keeps.
func (s *Store) filter(f event.Filter) *streams.ReadReq_Options_Filter {
	expression := &streams.ReadReq_Options_FilterOptions_Expression{}
	for _, p := range f.Prefixes {
		expression.Prefix = append(expression.Prefix, s.prefix+p)
	}
	switch {
	case len(expression.Prefix) > 0 && !slices.Contains(expression.Prefix, ""):
	case s.prefix != "":
		expression.Prefix = []string{s.prefix}
	default:
		expression.Prefix, expression.Regex = nil, "^[^$]" // all but the server's own
	}
	return &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
		Filter:                       &streams.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: expression},
		Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: window},
		CheckpointIntervalMultiplier: 1,
	}}
}

// keeps filters as the server does, to the byte: its own comparison knows cultures.
func keeps(f event.Filter, stream string) bool {
	return len(f.Prefixes) == 0 || slices.ContainsFunc(f.Prefixes, func(p string) bool { return strings.HasPrefix(stream, p) })
}

// position is where to begin in $all.
func position(p event.Position) *streams.ReadReq_Options_All {
	options := &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}
	if p > 0 {
		options.AllOption = &streams.ReadReq_Options_AllOptions_Position{
			Position: &streams.ReadReq_Options_Position{CommitPosition: uint64(p), PreparePosition: uint64(p)}}
	}
	return &streams.ReadReq_Options_All{All: options}
}

// Head implements event.Store. Of a log shared with others it is the last record of this journal.
func (s *Store) Head(ctx context.Context) (head event.Position, err error) {
	err = s.try(ctx, s.life, func(ctx context.Context, l *link) (err error) {
		head, err = s.headOn(ctx, l)
		return err
	})
	return head, err
}

func (s *Store) headOn(ctx context.Context, l *link) (event.Position, error) {
	records, err := s.readOn(ctx, l, 1, &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
			AllOption: &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}}},
		ReadDirection: streams.ReadReq_Options_Backwards,
		FilterOption:  s.filter(event.Filter{}),
	})
	if err != nil || len(records) == 0 {
		return 0, err
	}
	return records[0].Position, nil
}

// ReadAll implements event.Store. A page is a read of its own: a reader that takes his time holds nothing on the server.
func (s *Store) ReadAll(ctx context.Context, after event.Position, o event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for {
			page, err := s.page(ctx, after, o.Filter, o.PageSize)
			if err != nil {
				yield(event.Page{}, err)
				return
			}
			if page.Checkpoint == after || !yield(page, nil) || page.CaughtUp {
				return
			}
			after = page.Checkpoint
		}
	}
}

// page reads what the filter keeps behind a position. The head is looked up first, and of the same node: when that then finds less than a
// page, all up to there was looked at, and the checkpoint passes over it.
func (s *Store) page(ctx context.Context, after event.Position, f event.Filter, size int) (event.Page, error) {
	if size <= 0 {
		size = defaultPage
	}
	wanted := size
	if after > 0 {
		wanted++ // for the record at the position itself, with which the server begins
	}
	var head event.Position
	var records []found
	err := s.try(ctx, s.life, func(ctx context.Context, l *link) (err error) {
		if head, err = s.headOn(ctx, l); err != nil || head <= after {
			records = nil
			return err
		}
		records, err = s.readOn(ctx, l, wanted, &streams.ReadReq_Options{
			StreamOption:  position(after),
			ReadDirection: streams.ReadReq_Options_Forwards,
			FilterOption:  s.filter(f),
		})
		return err
	})
	if err != nil {
		return event.Page{}, err
	}
	page := event.Page{Checkpoint: after, Records: make([]event.Record, 0, len(records))}
	looked := 0
	for _, r := range records {
		if r.Position <= after || looked == size {
			continue
		}
		looked++
		page.Checkpoint = r.Position
		if keeps(f, r.Stream) {
			page.Records = append(page.Records, r.Record)
		}
	}
	if len(records) < wanted {
		page.Checkpoint = max(page.Checkpoint, head)
	}
	page.CaughtUp = page.Checkpoint >= head
	return page, nil
}
