package school

import (
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/projections"
	"approdo/projections/caseline"
)

// Line finds the line of a case in an institution's list; false where it is none of the institution's.
func Line(s *projections.Snapshot, i domain.Institution, id uuid.UUID) (caseline.Line, bool, error) {
	l, known, err := cases.Lookup(s, id)
	return l, known && l.Institution == i, err
}
