package desk

import (
	"context"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
)

// The refusals of what a case has nothing to put on paper for.
var (
	// ErrNoRequest is for a case that a school's own enrolment began.
	ErrNoRequest = domain.Refused("receipt-without-request")
	// ErrNoPlace is for a case to which no place belongs.
	ErrNoPlace = domain.Refused("letter-without-place")
)

// Receipt reads a case for the receipt of its request. The error is ErrNoRequest where nobody requested it, casefile.ErrErased where its
// pupil is.
func (d *Desk) Receipt(ctx context.Context, a domain.Actor, id uuid.UUID) (File, error) {
	f, err := d.file(ctx, a, id, access.ReadReceipt)
	switch {
	case err != nil:
		return File{}, err
	case f.State.Erased:
		return File{}, casefile.ErrErased
	case f.Papers.Channel == domain.ChannelSchool:
		return File{}, ErrNoRequest
	}
	return f, nil
}

// Letter reads a case for the letter that tells the family of a place, whether offered or accepted. The error is ErrNoPlace where none
// belongs to the case, casefile.ErrErased where its pupil is.
func (d *Desk) Letter(ctx context.Context, a domain.Actor, id uuid.UUID) (File, error) {
	f, err := d.file(ctx, a, id, access.ReadLetter)
	switch {
	case err != nil:
		return File{}, err
	case f.State.Erased:
		return File{}, casefile.ErrErased
	case !f.State.Status.HoldsPlace():
		return File{}, ErrNoPlace
	}
	return f, nil
}
