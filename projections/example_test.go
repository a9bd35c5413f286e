package projections_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// Events, as an aggregate declares them.
type (
	Routed       struct{ Centre domain.Centre }
	PlaceOffered struct{ School domain.School }
	Declined     struct{ School domain.School }
	Accepted     struct{ School domain.School }
)

// waiting is a case in the queue of its centre.
type waiting struct {
	Case   uuid.UUID     `col:"case_id,key"`
	Centre domain.Centre `col:"centre"`
	Since  time.Time     `col:"since"`
	School domain.School `col:"school"` // that must answer; "" while the centre is to act
}

func (w waiting) Key() uuid.UUID { return w.Case }

// decline says that a school has declined a case: the key is a struct, whose fields count as the row's own.
type decline struct {
	answer
	Times int       `col:"times"`
	Last  time.Time `col:"last_at"`
}

type answer struct {
	Case   uuid.UUID     `col:"case_id,key"`
	School domain.School `col:"school,key"`
}

func (a answer) Key() answer { return a }

var (
	queue    = projections.TableOf[waiting]("queue", projections.Index{"centre", "since"})
	declines = projections.TableOf[decline]("queue_declines", projections.Index{"school"})
)

// Queue is the projection.
func Queue() projections.Projection {
	return projections.Projection{
		Name:    "queue",
		Version: 1,
		Streams: []string{"case-"},
		Tables:  []projections.Relation{queue, declines},
		Apply:   apply,
	}
}

func apply(_ context.Context, tx *projections.Tx, e projections.Event) error {
	id, err := uuid.Parse(strings.TrimPrefix(e.Stream, "case-"))
	if err != nil {
		return err
	}
	switch p := e.Payload.(type) {
	case Routed:
		queue.Put(tx, waiting{Case: id, Centre: p.Centre, Since: e.Meta.At})
	case PlaceOffered:
		queue.Update(tx, id, func(w *waiting) { w.School = p.School })
	case Declined:
		queue.Update(tx, id, func(w *waiting) { w.School = "" })
		d, _ := declines.Get(tx, answer{id, p.School})
		d.answer, d.Times, d.Last = answer{id, p.School}, d.Times+1, e.Meta.At
		declines.Put(tx, d)
	case Accepted:
		queue.Delete(tx, id)
	}
	return nil
}

// Page is what a centre sees: its cases after a place in the list, the longest waiting first.
func Page(s *projections.Snapshot, centre domain.Centre, after time.Time, id uuid.UUID, n int) iter.Seq2[waiting, error] {
	return queue.Where(s, "centre = $1 AND (since, case_id) > ($2, $3) ORDER BY since, case_id LIMIT $4", centre, after, id, n)
}

// Refusal is how often a school of a centre's cases has declined.
type Refusal struct {
	School domain.School `col:"school"`
	Cases  int           `col:"cases"`
	Last   time.Time     `col:"last_at"`
}

// Refusals counts the declines of the cases that are in a centre's queue.
func Refusals(s *projections.Snapshot, centre domain.Centre) iter.Seq2[Refusal, error] {
	return projections.Select[Refusal](s, `
		SELECT d.school, count(*) AS cases, max(d.last_at) AS last_at
		FROM {queue} q JOIN {queue_declines} d ON d.case_id = q.case_id
		WHERE q.centre = $1 GROUP BY d.school ORDER BY cases DESC, d.school`, centre)
}

// A view of two tables, and what events do to it.
func Example() {
	id := uuid.MustParse("018f3b6e-0000-7000-8000-000000000001")
	at := func(n int, payload any) projections.Event {
		return projections.Event{Payload: payload, Record: event.Record{
			Stream: "case-" + id.String(), Position: event.Position(n),
			Draft: event.Draft{Meta: event.Meta{At: time.Date(2022, 3, 14, 8+n, 0, 0, 0, time.UTC)}},
		}}
	}
	tx, err := projections.Fold(context.Background(), Queue(),
		at(1, Routed{"CTI-21"}), at(2, PlaceOffered{"MIIC8AA00A"}), at(3, Declined{"MIIC8AA00A"}), at(4, PlaceOffered{"MIEE8AA01C"}))
	if err != nil {
		panic(err)
	}
	for _, w := range queue.All(tx) {
		fmt.Println(w.Centre, w.Since.Format(time.DateTime), w.School)
	}
	for _, d := range declines.All(tx) {
		fmt.Println(d.School, d.Times)
	}
	// Output:
	// CTI-21 2022-03-14 09:00:00 MIEE8AA01C
	// MIIC8AA00A 1
}
