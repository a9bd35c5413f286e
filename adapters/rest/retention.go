package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/retention"
)

// retentions is the register of retention: every version, and what is due by the one in force.
type retentions struct {
	InForce  string                `json:"in_force"` // version
	Versions []territory.Retention `json:"versions"`
	Due      []dueCount            `json:"due"`
}

type dueCount struct {
	Scope casefile.ErasureScope `json:"scope"`
	Cases int                   `json:"cases"`
}

func (a *api) readRetention(r *http.Request) (answer, error) {
	return a.retention(r.Context(), actorOf(r.Context()))
}

func (a *api) retention(ctx context.Context, actor domain.Actor) (answer, error) {
	if err := access.Large(actor, access.Retain); err != nil {
		return answer{}, err
	}
	land, err := a.Desk.Territory(ctx)
	if err != nil {
		return answer{}, err
	}
	today := domain.DateOf(a.Clock())
	now := land.RetentionOn(today)
	out := retentions{InForce: now.Version, Versions: land.Retentions()}
	err = a.Views.ReadAs(ctx, actor, func(s *projections.Snapshot) error {
		for _, scope := range casefile.ErasureScopes() {
			n, err := retention.Count(s, scope, now.Began(desk.DataClass(scope), today))
			if err != nil {
				return err
			}
			out.Due = append(out.Due, dueCount{scope, n})
		}
		return nil
	})
	return answer{body: out}, err
}

// newRetention is a version to be adopted; From is today where it is not said.
type newRetention struct {
	From     domain.Date `json:"from,omitzero"`
	Pupil    int         `json:"pupil"`
	Health   int         `json:"health"`
	Drafts   int         `json:"drafts"`
	Readings int         `json:"readings"`
}

func (a *api) setRetention(o order, in newRetention) (deed, error) {
	v := territory.Retention{From: in.From, Pupil: in.Pupil, Health: in.Health, Drafts: in.Drafts, Readings: in.Readings}
	r, err := a.Desk.EditTerritory(o.ctx, o.ticket, territory.SetRetention{Act: o.act, Retention: v})
	return created(base+"/retention", r.Position), err
}

func (a *api) showRetention(o order, _ deed) (answer, error) { return a.retention(o.ctx, o.actor) }

// due is a case of which something is to be forgotten.
type due struct {
	ID         uuid.UUID                  `json:"id"`
	Comune     domain.Comune              `json:"comune"`
	Ended      domain.Date                `json:"ended_on"`
	Since      domain.Date                `json:"due_since"`
	MergedInto uuid.UUID                  `json:"merged_into,omitzero"`
	Restricted casefile.RestrictionReason `json:"restricted,omitzero"`
}

func (a *api) listDue(r *http.Request) (answer, error) {
	q := queryOf(r)
	scope := oneOf(q, "scope", casefile.ErasureScopes()...)
	if scope == "" {
		scope = casefile.ErasePupil
	}
	after, limit := dueCursor(q), q.limit()
	if err := q.err(); err != nil {
		return answer{}, err
	}
	ctx, actor := r.Context(), actorOf(r.Context())
	if err := access.Large(actor, access.Retain); err != nil {
		return answer{}, err
	}
	land, err := a.Desk.Territory(ctx)
	if err != nil {
		return answer{}, err
	}
	today, class := domain.DateOf(a.Clock()), desk.DataClass(scope)
	register := land.RetentionOn(today)
	out := page[due]{Items: []due{}}
	err = a.Views.ReadAs(ctx, actor, func(s *projections.Snapshot) error {
		found, next, err := retention.List(s, scope, register.Began(class, today), after, limit)
		for _, d := range found {
			out.Items = append(out.Items, due{d.Case, d.Comune, d.Ended, register.Due(class, d.Ended), d.MergedInto, d.Restricted})
		}
		if next != (retention.Cursor{}) {
			out.NextCursor = next.Ended.String() + "_" + next.Case.String()
		}
		return err
	})
	return answer{body: out}, err
}

// dueCursor reads where a list goes on.
func dueCursor(q *query) (c retention.Cursor) {
	text := q.text("cursor")
	if text == "" {
		return c
	}
	day, id, _ := strings.Cut(text, "_")
	ended, err := domain.ParseDate(day)
	last, wrong := uuid.Parse(id)
	if err != nil || wrong != nil {
		q.fail("cursor", "cursor-malformed")
	}
	return retention.Cursor{Ended: ended, Case: last}
}
