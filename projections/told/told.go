// Package told is which messages left about a case, to which body, and what the provider of certified mail said of them. A message that tells
// of several cases is turned round: it has a row for each. Nothing in it is of a pupil, and no person who was written to is in it.
package told

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/notice"
	"approdo/projections"
)

// sending is one thing that one message told of a case.
type sending struct {
	Position event.Position `col:"position,key"`
	N        int            `col:"n,key"` // within the message
	Case     uuid.UUID      `col:"case_id"`
	Mail     uuid.UUID      `col:"mail"`
	Event    uuid.UUID      `col:"event"`
	What     string         `col:"what"` // its stored name
	Kind     notice.Kind    `col:"kind"`
	Role     domain.Role    `col:"role"`
	Body     string         `col:"body"`
	Channel  notice.Channel `col:"channel"`
	At       time.Time      `col:"sent_at"`
	Known    time.Time      `col:"recorded_at"` // UTC, when it was recorded
}

// saying is one receipt.
type saying struct {
	Position event.Position `col:"position,key"`
	Mail     uuid.UUID      `col:"mail"`
	Receipt  notice.Receipt `col:"receipt"`
	Known    time.Time      `col:"recorded_at"`
}

// A body reads what was sent to it. A centre that has the case and the UST read all; which centre that is the reader of the page has to say.
var wall = projections.Wall{domain.RoleComune: "body", domain.RoleSchool: "body", domain.RoleCentre: "", domain.RoleUST: ""}

var (
	sendings = projections.LogOf[sending]("told_sendings", projections.Index{"case_id", "position", "n"}).Behind(wall)
	sayings  = projections.LogOf[saying]("told_receipts", projections.Index{"mail", "position"})
)

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "told", Version: 1, Streams: []string{notice.Category}, Tables: []projections.Relation{sendings, sayings},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			mail := notice.IDOf(r.Stream)
			switch e := r.Payload.(type) {
			case notice.Sent:
				for i, x := range e.Items {
					if x.Case != uuid.Nil {
						sendings.Append(tx, sending{Position: r.Position, N: i, Case: x.Case, Mail: mail, Event: x.Event, What: x.What, Kind: x.Kind, Role: e.Role,
							Body: e.Body, Channel: e.Channel, At: e.At, Known: r.Meta.At})
					}
				}
				return nil
			case notice.Receipted:
				sayings.Append(tx, saying{Position: r.Position, Mail: mail, Receipt: e.Receipt, Known: r.Meta.At})
				return nil
			}
			return fmt.Errorf("told: %s is none of its events", r.Type)
		},
	}
}

// Notice is what the people of a body were told of one event of a case.
type Notice struct {
	Event    uuid.UUID
	What     string
	Kind     notice.Kind
	Role     domain.Role
	Body     string
	At       time.Time // when the first of them was, UTC
	Messages []Message // one for each of them
}

// Message is how far one message came.
type Message struct {
	Channel  notice.Channel
	Receipts []notice.Receipt // in the order the journal learned of them
}

// Of lists what was told of a case as known at an instant, oldest first.
func Of(s *projections.Snapshot, id uuid.UUID, known time.Time) (all []Notice, err error) {
	type subject struct {
		event uuid.UUID
		role  domain.Role
		body  string
	}
	at := map[subject]int{}
	sent, err := projections.Collect(sendings.Where(s, "case_id = $1 AND recorded_at <= $2 ORDER BY position, n", id, known))
	if err != nil {
		return nil, err
	}
	for _, x := range sent {
		m := Message{Channel: x.Channel}
		for r, err := range sayings.Where(s, "mail = $1 AND recorded_at <= $2 ORDER BY position", x.Mail, known) {
			if err != nil {
				return nil, err
			}
			m.Receipts = append(m.Receipts, r.Receipt)
		}
		of := subject{x.Event, x.Role, x.Body}
		i, ok := at[of]
		if !ok {
			i, at[of] = len(all), len(all)
			all = append(all, Notice{Event: x.Event, What: x.What, Kind: x.Kind, Role: x.Role, Body: x.Body, At: x.At})
		}
		all[i].Messages = append(all[i].Messages, m)
	}
	return all, nil
}
