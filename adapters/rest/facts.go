package rest

import (
	"net/http"

	"approdo/domain/fact"
)

// listFacts is the feed for other systems. Its cursor is there also on the last page: who keeps it asks again later and misses nothing. One of another journal is refused.
func (a *api) listFacts(r *http.Request) (answer, error) {
	q := queryOf(r)
	cursor, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return answer{}, err
	}
	facts, next, err := a.Desk.Facts(r.Context(), actorOf(r.Context()), cursor, limit)
	if err != nil {
		return answer{}, err
	}
	return answer{body: page[fact.Fact]{Items: facts, NextCursor: next}}, nil
}
