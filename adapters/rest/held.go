package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/projections"
	kin "approdo/projections/centre"
	"approdo/projections/readings"
)

// Forgetting says how far erasures have come that were decided.
type Forgetting interface {
	// Destroyed says when the keys of cases were destroyed; those with keys are not there.
	Destroyed(ctx context.Context, cases ...uuid.UUID) (map[uuid.UUID]desk.Destroyed, error)
	// Cleaned is how far in the journal everything is clean that erasures leave behind.
	Cleaned() event.Position
	// Generation is that of the wrapping of the keys.
	Generation(ctx context.Context) (int64, error)
}

// held is everything that is held about one pupil (GDPR art. 15 and 20).
type held struct {
	ID          uuid.UUID         `json:"id"`
	ProducedAt  time.Time         `json:"produced_at"`
	KeptUntil   domain.Date       `json:"kept_until,omitzero"` // absent while the case is open
	Register    string            `json:"retention_version"`
	Status      casefile.Status   `json:"status"`
	SchoolYear  domain.SchoolYear `json:"school_year"`
	Level       string            `json:"level"`
	RequestedOn domain.Date       `json:"requested_on"`
	facts
	Pupil          *pupil          `json:"pupil"`
	Declarations   []statement     `json:"declarations"`
	Rectifications []rectification `json:"rectifications"`
	Events         []eventEntry    `json:"events"`
	Siblings       []string        `json:"siblings"` // pseudonyms
	Readings       []heldReading   `json:"readings"`
}

// statement is what a body said of the pupil in one event: the parts that were given.
type statement struct {
	At    time.Time   `json:"at"`
	Role  domain.Role `json:"role"`
	Body  string      `json:"body,omitzero"`
	Pupil *pupil      `json:"pupil"`
}

// rectification is one datum as it was, and as it is from then on.
type rectification struct {
	At     time.Time   `json:"at"`
	Role   domain.Role `json:"role"`
	Body   string      `json:"body,omitzero"`
	Field  string      `json:"field"`
	Before string      `json:"before"`
	After  string      `json:"after"`
}

// heldReading is a body that read the data, on one day and one ground, and which groups of them.
type heldReading struct {
	At     time.Time   `json:"at"` // last
	Role   domain.Role `json:"role"`
	Body   string      `json:"body,omitzero"`
	Fields []string    `json:"fields"`
}

func (a *api) readHeld(r *http.Request) (answer, error) {
	ctx, actor := r.Context(), actorOf(r.Context())
	h, err := a.Desk.Held(ctx, actor, pathID(r, "id"))
	if err != nil {
		return answer{}, err
	}
	s := h.State
	out := held{ID: h.ID, ProducedAt: a.Clock().UTC(), KeptUntil: h.KeptUntil, Register: h.Register, Status: s.Status, SchoolYear: s.SchoolYear,
		Level: s.Level.String(), RequestedOn: s.RequestedOn, facts: factsOf(h.File), Pupil: pupilOf(h.Now, true),
		Declarations: []statement{}, Rectifications: []rectification{}, Events: []eventEntry{}, Siblings: []string{}, Readings: []heldReading{}}
	out.Household = "" // it is a sibling's case
	for _, d := range h.Said {
		by := d.Meta.Actor
		out.Declarations = append(out.Declarations, statement{d.Meta.At.UTC(), by.Role, by.Body, pupilOf(d.Opened, true)})
	}
	for _, c := range h.Changes {
		by := c.Meta.Actor
		out.Rectifications = append(out.Rectifications, rectification{c.Meta.At.UTC(), by.Role, by.Body, c.Field, c.Before.Reveal(), c.After.Reveal()})
	}
	for _, m := range h.Moments {
		e := entryOf(m.Entry)
		e.Text, e.OtherCase = m.Words.Reveal(), uuid.Nil // another child's case is that child's
		out.Events = append(out.Events, e)
	}
	err = a.Views.ReadAs(ctx, actor, func(v *projections.Snapshot) error {
		if h.Papers.Household != "" {
			for l, err := range kin.Household(v, h.Papers.Household) {
				if err != nil {
					return err
				}
				if l.Case != h.ID {
					out.Siblings = append(out.Siblings, a.Pseudonym(actor, l.Case))
				}
			}
		}
		seen, err := readings.Of(v, h.ID, 0)
		for _, x := range seen {
			reading := heldReading{At: x.Last.UTC(), Role: x.Role, Body: x.Body, Fields: []string{}}
			for _, f := range x.Seen() {
				reading.Fields = append(reading.Fields, string(f))
			}
			out.Readings = append(out.Readings, reading)
		}
		return err
	})
	return answer{body: out}, err // without a tag: who read, and until when it is kept, change without the case
}

// certificates are the certificates of a case's erasures, the latest first.
type certificates struct {
	Items []certificate `json:"items"`
}

// certificate says how an erasure came about and how far it has come; nothing of the pupil.
type certificate struct {
	ID         uuid.UUID              `json:"id"`
	Scope      casefile.ErasureScope  `json:"scope"`
	Ground     casefile.ErasureGround `json:"ground"`
	Register   string                 `json:"retention_version,omitzero"`
	Since      domain.Date            `json:"due_since,omitzero"`
	Proposed   *step                  `json:"proposed,omitzero"`
	Approved   step                   `json:"approved"`
	Event      uuid.UUID              `json:"event_id"`
	Position   uint64                 `json:"position"`
	Personal   time.Time              `json:"personal_key_destroyed_at,omitzero"`
	Special    time.Time              `json:"special_key_destroyed_at,omitzero"`
	Generation int64                  `json:"wrapping_generation"`
	Clean      bool                   `json:"views_scrubbed"`
	Complete   bool                   `json:"complete"`
}

type step struct {
	Role    domain.Role `json:"role"`
	Account uuid.UUID   `json:"account_id,omitzero"`
	Name    string      `json:"full_name,omitzero"`
	At      time.Time   `json:"at"`
}

func (a *api) readCertificates(r *http.Request) (answer, error) {
	ctx, actor := r.Context(), actorOf(r.Context())
	all, err := a.Desk.Certificates(ctx, actor, pathID(r, "id"))
	if err != nil {
		return answer{}, err
	}
	destroyed, err := a.Forgetting.Destroyed(ctx, all[0].Case)
	if err != nil {
		return answer{}, err
	}
	generation, err := a.Forgetting.Generation(ctx)
	if err != nil {
		return answer{}, err
	}
	out := certificates{Items: []certificate{}}
	for _, x := range all {
		d := destroyed[x.Case]
		c := certificate{ID: x.Case, Scope: x.Scope, Ground: x.Ground, Register: x.Register, Since: x.Since, Event: x.Event, Position: uint64(x.Position),
			Special: d.Special.UTC(), Generation: generation, Clean: a.Forgetting.Cleaned() >= x.Position}
		gone := d.Special
		if x.Scope == casefile.ErasePupil {
			c.Personal, gone = d.Personal.UTC(), d.Personal
		}
		c.Complete = c.Clean && !gone.IsZero()
		if x.Proposed.Role != "" {
			by, err := a.stepOf(ctx, x.Proposed)
			if err != nil {
				return answer{}, err
			}
			c.Proposed = &by
		}
		if c.Approved, err = a.stepOf(ctx, x.Approved); err != nil {
			return answer{}, err
		}
		out.Items = append(out.Items, c)
	}
	return answer{body: out}, nil
}

func (a *api) stepOf(ctx context.Context, x desk.Step) (step, error) {
	out := step{Role: x.Role, Account: x.Account, At: x.At}
	if x.Role == domain.RoleSystem {
		return out, nil
	}
	who, err := a.Directory.Person(ctx, x.Account)
	out.Name = who.Name.Reveal()
	return out, forgiven(err)
}

// forgiven is no error for a person whose data was erased.
func forgiven(err error) error {
	if errors.Is(err, domain.ErrForgotten) {
		return nil
	}
	return err
}
