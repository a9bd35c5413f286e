package rest

import (
	"net/http"
	"strconv"

	"approdo/domain/event"
	"approdo/domain/fact"
)

// listFacts is the feed for other systems. Its cursor is there also on the last page: who keeps it asks again later and misses nothing.
func (a *api) listFacts(r *http.Request) (answer, error) {
	q := queryOf(r)
	text, limit := q.text("cursor"), q.limit()
	after, err := strconv.ParseUint(text, 10, 63)
	if text != "" && err != nil {
		q.fail("cursor", "cursor-malformed")
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	facts, next, err := a.Desk.Facts(r.Context(), actorOf(r.Context()), event.Position(after), limit)
	if err != nil {
		return answer{}, err
	}
	return answer{body: page[fact.Fact]{Items: facts, NextCursor: strconv.FormatUint(uint64(next), 10)}}, nil
}
