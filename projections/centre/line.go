package centre

import (
	"iter"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/projections"
	"approdo/projections/caseline"
)

// Line finds the line of a case, for whoever oversees; false where there is none.
func Line(s *projections.Snapshot, id uuid.UUID) (caseline.Line, bool, error) {
	return cases.Lookup(s, id)
}

// Waiting gives the lines of a centre that wait for an offer in a school year: in charge, and nobody is asked anything. Whoever oversees reads
// those of all centres where it is empty.
func Waiting(s *projections.Snapshot, c domain.Centre, y domain.SchoolYear) iter.Seq2[caseline.Line, error] {
	if c == "" {
		return cases.Where(s, "status = $1 AND school_year = $2 AND question = $3 ORDER BY case_id", casefile.InCharge, y, false)
	}
	return cases.Where(s, "centre = $1 AND status = $2 AND school_year = $3 AND question = $4 ORDER BY case_id", c, casefile.InCharge, y, false)
}
