package desk

import (
	"context"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/fact"
)

// looked is how many records of the journal are read at a time.
const looked = 2_000

// ErrCursor is a place to go on from that is none in this journal: another, or this one before it was restored, gave it.
var ErrCursor = domain.Invalid("cursor-malformed").On("cursor")

// Facts gives what other systems are told, at most limit of them, from a cursor on, and the cursor to go on from; the empty one is before
// everything. Where there is nothing yet the list is empty and the cursor is where to ask again. ErrCursor means to begin anew.
func (d *Desk) Facts(ctx context.Context, a domain.Actor, cursor string, limit int) ([]fact.Fact, string, error) {
	if err := access.Large(a, access.ReadFacts); err != nil {
		return nil, cursor, err
	}
	name, err := event.Name(ctx, d.store)
	if err != nil {
		return nil, cursor, err
	}
	tag := fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(name)))
	var after event.Position
	if cursor != "" {
		text, of, _ := strings.Cut(cursor, "-")
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || of != tag && n > 0 {
			return nil, cursor, ErrCursor
		}
		head, err := d.store.Head(ctx)
		if err != nil {
			return nil, cursor, err
		}
		if after = event.Position(n); after > head {
			return nil, cursor, ErrCursor
		}
	}
	facts, after, err := d.facts(ctx, after, limit)
	return facts, fmt.Sprintf("%d-%s", after, tag), err
}

func (d *Desk) facts(ctx context.Context, after event.Position, limit int) ([]fact.Fact, event.Position, error) {
	facts := []fact.Fact{}
	for page, err := range d.store.ReadAll(ctx, after, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}, PageSize: looked}) {
		if err != nil {
			return nil, after, err
		}
		for _, r := range page.Records {
			payload, err := d.codec.Decode(r)
			if err != nil {
				return nil, after, err
			}
			if f, ok := fact.Of(r, payload); ok {
				facts = append(facts, f)
			}
			if len(facts) == limit {
				return facts, r.Position, nil
			}
		}
		if after = page.Checkpoint; len(facts) > 0 {
			break
		}
	}
	return facts, after, nil
}
