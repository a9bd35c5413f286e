package desk

import (
	"context"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// Outcome is what came of a row of a sheet.
type Outcome string

// The outcomes. Waiting is of a row that is still to be recorded.
const (
	RowWaiting  Outcome = "waiting"
	RowRecorded Outcome = "recorded"
	RowKnown    Outcome = "known"    // this very row was recorded before
	RowSimilar  Outcome = "similar"  // left out: a case of the actor's is rather of this child than not
	RowRepeated Outcome = "repeated" // left out: an earlier row of the sheet is of this child
	RowRefused  Outcome = "refused"
)

// Outcomes are all outcomes.
func Outcomes() []Outcome {
	return []Outcome{RowWaiting, RowRecorded, RowKnown, RowSimilar, RowRepeated, RowRefused}
}

// Row is a row of a sheet as it is kept while the sheet is taken in: sealed, and no longer than it is needed. Case is the one that was
// recorded, or the one it is similar to.
type Row struct {
	Number  int // in the file
	Sealed  []byte
	Outcome Outcome
	Case    uuid.UUID
}

// RowTicket names the command of a row by what the row says and whose it is: the same row is the same command, in whatever sheet it
// stands and whoever of the body sends it.
func RowTicket(a domain.Actor, token string) Ticket {
	return Ticket{ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte("approdo:row:"+string(a.Role)+":"+a.Body+":"+token))}
}

// Begun gives the case that the command of a ticket begins, or would begin, and whether it has. It tells nothing else of the case.
func (d *Desk) Begun(ctx context.Context, t Ticket) (id uuid.UUID, begun bool, err error) {
	id = caseOf(t)
	out, err := event.Load(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(id))
	return id, out.State.Status != "", err
}
