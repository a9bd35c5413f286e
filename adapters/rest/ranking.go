package rest

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/projections"
	"approdo/projections/plans"
	"approdo/projections/ranking"
)

// rankedReason is why a school stands where it does. Metres bring it nearer below zero; Number is what the code counts: the place of a
// wish, free places, tenths of a percent, days.
type rankedReason struct {
	Code   matching.ReasonCode `json:"code"`
	Metres int                 `json:"metres"`
	Number int                 `json:"number,omitzero"`
	Day    domain.Date         `json:"day,omitzero"`
}

type rankedSchool struct {
	Rank    int             `json:"rank"`
	School  domain.School   `json:"school"`
	Comune  domain.Comune   `json:"comune"`
	From    matching.Origin `json:"from"`
	To      matching.Origin `json:"to"`
	Metres  int             `json:"metres"`
	Reasons []rankedReason  `json:"reasons"`
}

// schoolRanking is schools in order for a case. Total is how many there are, of which Items are the first.
type schoolRanking struct {
	At      time.Time         `json:"at"`
	Weights string            `json:"weights_version"`
	Ceiling int               `json:"ceiling_percent"`
	Order   grade.Order       `json:"order"`
	Grade   int               `json:"grade"`
	Year    domain.SchoolYear `json:"school_year"`
	Total   int               `json:"total"`
	Items   []rankedSchool    `json:"items"`
}

// rankSchools puts schools in order for a case, as known now or at an instant.
func (a *api) rankSchools(r *http.Request) (answer, error) {
	actor, q := actorOf(r.Context()), queryOf(r)
	at, limit := q.instant("as_of"), q.limit()
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if at.After(a.Desk.Now()()) {
		at = time.Time{}
	}
	f, err := a.Desk.Case(r.Context(), actor, pathID(r, "id"))
	if err == nil && !at.IsZero() {
		f, err = f.AsOf(at)
	}
	if err != nil {
		return answer{}, err
	}
	var household []uuid.UUID
	if err := a.Views.ReadAs(r.Context(), actor, func(v *projections.Snapshot) (err error) {
		household, err = ranking.Household(v, f)
		return err
	}); err != nil {
		return answer{}, err
	}
	last, err := plans.Last(r.Context(), a.Views, a.Desk, f.State, at)
	if err != nil {
		return answer{}, err
	}
	x, err := ranking.Of(r.Context(), a.Desk, a.Board, f, household, last, at)
	out := schoolRanking{At: x.At, Weights: x.Weights.Version, Ceiling: x.Percent, Order: x.Level.Order, Grade: x.Level.Year, Year: x.Year, Total: len(x.Schools), Items: []rankedSchool{}}
	for _, y := range x.Schools[:min(limit, len(x.Schools))] {
		s := rankedSchool{Rank: y.Rank, School: y.School, Comune: y.Comune, From: y.From, To: y.To, Metres: y.Total}
		for _, z := range y.Reasons {
			s.Reasons = append(s.Reasons, rankedReason(z))
		}
		out.Items = append(out.Items, s)
	}
	return answer{body: out}, err
}
