package rest

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/projections"
	"approdo/projections/readings"
)

// caseReading is what one reader saw of a pupil on one day and one ground.
type caseReading struct {
	Day     domain.Date     `json:"day"` // in Rome
	FirstAt time.Time       `json:"first_at"`
	LastAt  time.Time       `json:"last_at"`
	Times   int             `json:"times"`
	Account uuid.UUID       `json:"account_id"`
	Role    domain.Role     `json:"role"`
	Body    string          `json:"body,omitzero"`
	Ground  access.Relation `json:"ground"`
	Fields  []access.Field  `json:"fields"`
}

// mostReadings bounds an answer; the file of the page has all.
const mostReadings = 1000

// readReadings says who saw a pupil's data, the latest first.
func (a *api) readReadings(r *http.Request) (answer, error) {
	actor := actorOf(r.Context())
	f, err := a.Desk.Trail(r.Context(), actor, pathID(r, "id"))
	if err != nil {
		return answer{}, err
	}
	if err := access.Case(actor, f.Relation, access.ReadReadings); err != nil {
		return answer{}, err
	}
	out := page[caseReading]{Items: []caseReading{}}
	err = a.Views.ReadAs(r.Context(), actor, func(v *projections.Snapshot) error {
		rows, err := readings.Of(v, f.ID, mostReadings)
		for _, x := range rows {
			out.Items = append(out.Items, caseReading{Day: x.Day, FirstAt: x.First.UTC(), LastAt: x.Last.UTC(), Times: x.Times, Account: x.Account, Role: x.Role,
				Body: x.Body, Ground: x.Ground, Fields: x.Seen()})
		}
		return err
	})
	return answer{body: out}, err
}
