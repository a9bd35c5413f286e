package rest

import (
	"slices"

	"github.com/google/uuid"

	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// forgettingCommands are the two persons an erasure takes, and who may read meanwhile.
func (a *api) forgettingCommands(r route) {
	r.post("/cases/{id}/erasure-proposal", post(a, a.proposeErasure, a.showCase))
	r.post("/cases/{id}/erasure-withdrawal", command(a, func(c *checker, o order, in proposed) casefile.Command {
		return casefile.WithdrawErasure{Act: o.act, Proposal: c.proposal(in.Proposal)}
	}))
	r.post("/cases/{id}/erasure-rejection", command(a, func(c *checker, o order, in rejected) casefile.Command {
		return casefile.RejectErasure{Act: o.act, Proposal: c.proposal(in.Proposal), Reason: in.Reason}
	}))
	r.post("/cases/{id}/erasure-approval", command(a, func(c *checker, o order, in proposed) casefile.Command {
		return casefile.ApproveErasure{Act: o.act, Proposal: c.proposal(in.Proposal)}
	}))
	r.post("/cases/{id}/restriction", command(a, func(c *checker, o order, in restricted) casefile.Command {
		return casefile.Restrict{Act: o.act, Reason: in.Reason}
	}))
	r.post("/cases/{id}/restriction-lifting", command(a, func(c *checker, o order, _ nothing) casefile.Command {
		return casefile.LiftRestriction{Act: o.act}
	}))
}

// What the acts are told.
type (
	proposal struct {
		Scope  casefile.ErasureScope  `json:"scope,omitzero"` // the pupil where it is not said
		Ground casefile.ErasureGround `json:"ground"`
	}
	proposed struct {
		Proposal string `json:"proposal_id"`
	}
	rejected struct {
		Proposal string                    `json:"proposal_id"`
		Reason   casefile.ErasureRejection `json:"reason"`
	}
	restricted struct {
		Reason casefile.RestrictionReason `json:"reason"`
	}
)

func (a *api) proposeErasure(o order, in proposal) (deed, error) {
	if in.Scope == "" {
		in.Scope = casefile.ErasePupil
	}
	r, err := a.Desk.ProposeErasure(o.ctx, o.ticket, o.actor, o.id("id"), in.Scope, in.Ground)
	return deed{position: r.Position}, err
}

func (c *checker) proposal(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	c.note("proposal_id", err, codeValueMalformed)
	return id
}

// waitingErasure is one that waits for a second person.
type waitingErasure struct {
	Proposal uuid.UUID              `json:"proposal_id"`
	Scope    casefile.ErasureScope  `json:"scope"`
	Ground   casefile.ErasureGround `json:"ground"`
	By       uuid.UUID              `json:"proposed_by"`
}

// erasureOf is what waits, for whoever may decide it.
func erasureOf(f desk.File) *waitingErasure {
	p := f.State.Erasure
	if p == nil || !mayApprove(f) {
		return nil
	}
	return &waitingErasure{p.ID, p.Scope, p.Ground, p.By}
}

func mayApprove(f desk.File) bool { return slices.Contains(f.May(), access.ApproveErasure) }
