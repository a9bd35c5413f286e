package centre

import (
	"github.com/google/uuid"

	"approdo/projections"
	"approdo/projections/caseline"
)

// Line finds the line of a case, for whoever oversees; false where there is none.
func Line(s *projections.Snapshot, id uuid.UUID) (caseline.Line, bool, error) {
	return cases.Lookup(s, id)
}
