package rest

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/grade"
	"approdo/domain/returns"
	"approdo/projections"
	mondays "approdo/projections/returns"
)

// fourFigures are pupils by order.
type fourFigures struct {
	Infanzia     int `json:"infanzia"`
	Primaria     int `json:"primaria"`
	SecondariaI  int `json:"secondaria_1"`
	SecondariaII int `json:"secondaria_2"`
}

// institutionReturn is the Monday return of one institution. What the school validated is left out until it has.
type institutionReturn struct {
	Institution domain.Institution `json:"institution"`
	Computed    fourFigures        `json:"computed"`
	Validated   *fourFigures       `json:"validated,omitzero"`
	ValidatedAt time.Time          `json:"validated_at,omitzero"`
	AsOf        time.Time          `json:"as_of,omitzero"` // of the figures the school saw
	WithdrawnAt time.Time          `json:"withdrawn_at,omitzero"`
	RemindedAt  time.Time          `json:"reminded_at,omitzero"`
}

// mondayReturns is a page of a Monday.
type mondayReturns struct {
	Monday domain.Date `json:"monday"`
	At     time.Time   `json:"at"` // as of when pupils are counted
	page[institutionReturn]
}

// readReturns gives the UST every institution that has pupils or was heard of, and a school its own.
func (a *api) readReturns(r *http.Request) (answer, error) {
	actor := actorOf(r.Context())
	if err := access.Large(actor, access.ReadReturns); err != nil {
		return answer{}, err
	}
	if actor.Role == domain.RolePrefettura { // sums are on its pages
		return answer{}, access.ErrNotAllowed
	}
	monday, err := returns.ParseMonday(chi.URLParam(r, "date"))
	if err != nil {
		return answer{}, err
	}
	now := a.Clock().UTC()
	q := queryOf(r)
	after, limit, text := domain.Institution(q.text("cursor")), q.limit(), q.text("at")
	at, known := returns.Due(monday), now
	if text != "" {
		if at, err = time.Parse(time.RFC3339, text); err != nil || at.After(now) {
			q.fail("at", codeValueMalformed)
		}
		known = at
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if returns.Due(monday).After(now) {
		return answer{}, returns.ErrNotYet
	}
	out, err := a.returnsAt(r.Context(), monday, at, known, after, limit)
	return answer{body: out}, err
}

func (a *api) returnsAt(ctx context.Context, monday domain.Date, at, known time.Time, after domain.Institution, limit int) (mondayReturns, error) {
	actor := actorOf(ctx)
	figures := map[domain.Institution]returns.Figures{}
	var answers map[domain.Institution]mondays.Answer
	err := a.Views.ReadAs(ctx, actor, func(s *projections.Snapshot) (err error) {
		for c, err := range mondays.Counts(s, at) {
			if err != nil {
				return err
			}
			figures[c.Institution] = figures[c.Institution].With(c.Order, c.N)
		}
		answers, err = mondays.Answers(s, monday, known)
		return err
	})
	if err != nil {
		return mondayReturns{}, err
	}
	heard := map[domain.Institution]bool{}
	for i := range figures {
		heard[i] = true
	}
	for i := range answers {
		heard[i] = true
	}
	if actor.Role == domain.RoleSchool { // its own, with or without pupils
		heard = map[domain.Institution]bool{domain.Institution(actor.Body): true}
	}
	all := slices.DeleteFunc(slices.Sorted(maps.Keys(heard)), func(i domain.Institution) bool { return i <= after })
	next := ""
	if len(all) > limit {
		all = all[:limit]
		next = string(all[limit-1])
	}
	return mondayReturns{Monday: monday, At: at.UTC(), page: pageOf(all, next, func(i domain.Institution) institutionReturn {
		return returnDTO(i, figures[i], answers[i])
	})}, nil
}

func returnDTO(i domain.Institution, f returns.Figures, x mondays.Answer) institutionReturn {
	out := institutionReturn{Institution: i, Computed: fourFigures(f), WithdrawnAt: x.Withdrawn, RemindedAt: x.Reminded}
	if x.Validated {
		said := fourFigures(x.Figures)
		out.Validated, out.ValidatedAt, out.AsOf = &said, x.At, x.AsOf
	}
	return out
}

// validation is a school's word. As_of is the instant of the figures it saw; Monday 15:00 where it is left out.
type validation struct {
	fourFigures
	AsOf time.Time `json:"as_of,omitzero"`
}

// returnSubject is the return of the actor's own institution for the Monday of the path.
func (o order) returnSubject() (returns.Subject, error) {
	monday, err := returns.ParseMonday(chi.URLParam(o.r, "date"))
	return returns.Subject{Institution: domain.Institution(o.actor.Body), Monday: monday}, err
}

func (a *api) validateReturn(o order, in validation) (deed, error) {
	if err := access.Large(o.actor, access.ValidateReturn); err != nil {
		return deed{}, err
	}
	of, err := o.returnSubject()
	if err != nil {
		return deed{}, err
	}
	c := returns.Validate{Act: o.act, Subject: of, Figures: returns.Figures(in.fourFigures), AsOf: in.AsOf.UTC()}
	if in.AsOf.IsZero() {
		c.AsOf = returns.Due(of.Monday)
	}
	if err := a.Views.ReadAs(o.ctx, o.actor, func(s *projections.Snapshot) (err error) {
		c.Computed, err = mondays.FiguresOf(s, of.Institution, c.AsOf)
		return err
	}); err != nil {
		return deed{}, err
	}
	r, err := a.Desk.Return(o.ctx, o.ticket, c)
	return deed{position: r.Position}, renamed(renamed(err, string(grade.SecondariaI), "secondaria_1"), string(grade.SecondariaII), "secondaria_2")
}

type withdrawal struct {
	Reason returns.UndoReason `json:"reason,omitzero"`
}

func (a *api) withdrawReturn(o order, in withdrawal) (deed, error) {
	if err := access.Large(o.actor, access.ValidateReturn); err != nil {
		return deed{}, err
	}
	of, err := o.returnSubject()
	if err != nil {
		return deed{}, err
	}
	r, err := a.Desk.Return(o.ctx, o.ticket, returns.Undo{Act: o.act, Subject: of, Reason: in.Reason})
	return deed{position: r.Position}, err
}

func (a *api) showReturn(o order, _ deed) (answer, error) {
	of, err := o.returnSubject()
	if err != nil {
		return answer{}, err
	}
	out, err := a.returnsAt(o.ctx, of.Monday, returns.Due(of.Monday), a.Clock().UTC(), "", 1)
	if err != nil {
		return answer{}, err
	}
	return answer{body: out.Items[0]}, nil
}
