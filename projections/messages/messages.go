// Package messages knows which messages of a case a body has not read yet. A body has read what was sent when the newest message was
// shown to whichever of its people: the access record says up to where that was, so that nothing else has to be kept of who looked. Until
// then all that was sent since counts: an answer that was made before the newest message takes nothing away.
package messages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/reading"
	"approdo/projections"
)

// row counts what a role's body has not read of a case. What was sent to a comune or a centre waits for whoever has its role now.
type row struct {
	Case   uuid.UUID   `col:"case_id,key"`
	Role   domain.Role `col:"role,key"`
	Body   string      `col:"body"`
	New    int         `col:"unread"`
	Last   time.Time   `col:"last_at"` // when the last message was sent
	Newest int64       `col:"newest"`  // the revision of the case at which it was
}

type key struct {
	Case uuid.UUID
	Role domain.Role
}

// Key finds the row in its table.
func (r row) Key() key { return key{r.Case, r.Role} }

var rows = projections.TableOf[row, key]("message_rows", projections.Index{"role", "body", "unread"}).
	Behind(projections.Wall{domain.RoleComune: "body", domain.RoleCentre: "body", domain.RoleSchool: "body", domain.RoleUST: ""})

// forgotten is the row that says until when the access record is forgotten: who read before then nobody knows any more, and nothing of
// that time is called new.
var forgotten = key{uuid.Nil, domain.RoleSystem}

// Projection keeps the view. Keys open the access record.
func Projection(keys domain.Sealer) projections.Projection {
	return projections.Projection{
		Name: "messages", Version: 2, Streams: []string{casefile.Category, reading.Category}, Tables: []projections.Relation{rows},
		Apply: func(ctx context.Context, tx *projections.Tx, r projections.Event) error {
			switch e := r.Payload.(type) {
			case casefile.Event:
				applyCase(tx, r, e)
				return nil
			case reading.PupilsRead:
				return applyReading(ctx, tx, keys, r, e)
			}
			return fmt.Errorf("messages: %s is none of its events", r.Type)
		},
	}
}

func applyCase(tx *projections.Tx, r projections.Event, e casefile.Event) {
	id := casefile.IDOf(r.Stream)
	heir := func(role domain.Role, body string) {
		rows.Update(tx, key{id, role}, func(row *row) { row.Body = body })
	}
	switch e := e.(type) {
	case casefile.MessageSent:
		gone, _ := rows.Get(tx, forgotten)
		for _, to := range e.To {
			row, _ := rows.Get(tx, key{id, to.Role})
			if row.Body != to.Body || !row.Last.After(gone.Last) { // of another school; of a time of which nobody knows any more
				row.New = 0
			}
			row.Case, row.Role, row.Body, row.Last, row.Newest = id, to.Role, to.Body, r.Meta.At, int64(r.Revision)
			row.New++
			rows.Put(tx, row)
		}
	case casefile.Routed:
		heir(domain.RoleCentre, string(e.Centre))
	case casefile.HandedOver:
		heir(domain.RoleCentre, string(e.To))
	case casefile.DomicileChanged:
		heir(domain.RoleComune, string(e.Comune))
	case casefile.PupilErased:
		for _, role := range casefile.Addressees() {
			rows.Delete(tx, key{id, role})
		}
	}
}

func applyReading(ctx context.Context, tx *projections.Tx, keys domain.Sealer, r projections.Event, e reading.PupilsRead) error {
	a, err := e.Answer.Unseal(ctx, keys)
	if errors.Is(err, domain.ErrForgotten) {
		rows.Put(tx, row{Case: forgotten.Case, Role: forgotten.Role, Last: r.Meta.At})
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range a.Messages {
		if was, ok := rows.Get(tx, key{m.Case, a.By.Role}); ok && was.Body == a.By.Body && was.New > 0 && was.Newest <= int64(m.Upto) {
			was.New = 0
			rows.Put(tx, was)
		}
	}
	return nil
}

// Unread says how many messages wait to be read by an actor's body, by case. Cases that are the body's no more are among them: whoever
// lists them leaves those out.
func Unread(s *projections.Snapshot, a domain.Actor) (map[uuid.UUID]int, error) {
	if !slices.Contains(casefile.Addressees(), a.Role) {
		return nil, nil
	}
	found, err := projections.Collect(rows.Where(s, "role = $1 AND body = $2 AND unread > 0", a.Role, a.Body))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	gone, _, err := rows.Lookup(s, forgotten)
	return counted(found, gone), err
}

// counted leaves out what was sent before anybody knows who read.
func counted(found []row, gone row) map[uuid.UUID]int {
	out := map[uuid.UUID]int{}
	for _, r := range found {
		if r.Last.After(gone.Last) {
			out[r.Case] = r.New
		}
	}
	return out
}
