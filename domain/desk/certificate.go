package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// ErrNoCertificate is for a case of which nothing was erased.
var ErrNoCertificate = domain.NotFound("certificate-not-found")

// Step is what one person did, and when (UTC).
type Step struct {
	domain.Actor
	At time.Time
}

// Certificate says how an erasure came about, without anything of the pupil. One that was restored has no persons behind it here: they
// stand in the journal that an older copy took the place of.
type Certificate struct {
	Case     uuid.UUID
	Scope    casefile.ErasureScope
	Ground   casefile.ErasureGround
	Register string      // version of the retention register that made it due; empty for other grounds
	Since    domain.Date // due since
	Proposed Step        // zero where nobody proposed it: older records, and what was restored
	Approved Step
	Event    uuid.UUID
	Revision event.Revision
	Position event.Position
}

// Certificates gives one for each erasure of a case, the latest first. The error is ErrNoCertificate where there was none.
func (d *Desk) Certificates(ctx context.Context, a domain.Actor, id uuid.UUID) ([]Certificate, error) {
	f, err := d.file(ctx, a, id, access.ReadCertificate)
	if err != nil {
		return nil, err
	}
	var out []Certificate
	var proposed Certificate
	for _, e := range f.Trail {
		by := Step{e.Meta.Actor, e.Meta.At.UTC()}
		done := func(scope casefile.ErasureScope, g casefile.ErasureGround) {
			var c Certificate
			if proposed.Scope == scope && proposed.Ground == g {
				c = proposed
			}
			c.Case, c.Scope, c.Ground, c.Approved, c.Event, c.Revision, c.Position = f.ID, scope, g, by, e.ID, e.Revision, e.Position
			out, proposed = append([]Certificate{c}, out...), Certificate{}
		}
		switch e := e.Event.(type) {
		case casefile.ErasureProposed:
			proposed = Certificate{Scope: e.Scope, Ground: e.Ground, Register: e.Register, Since: e.Since, Proposed: by}
		case casefile.ErasureRejected, casefile.CaseReopened, casefile.CaseParted:
			proposed = Certificate{}
		case casefile.PupilErased:
			done(casefile.ErasePupil, e.Ground)
		case casefile.HealthErased:
			done(casefile.EraseHealth, e.Ground)
		}
	}
	if len(out) == 0 {
		return nil, ErrNoCertificate
	}
	return out, nil
}
