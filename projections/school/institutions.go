package school

import (
	"iter"

	"approdo/domain"
	"approdo/projections"
)

// Head is an institution of the register: its own row, or what its sites say of it.
type Head struct {
	Code   domain.Institution `col:"institution"`
	Name   string             `col:"name"`
	Comune domain.Comune      `col:"comune"`
}

// Heads lists the institutions of the register that are not gone, by code.
func Heads(s *projections.Snapshot) iter.Seq2[Head, error] {
	return projections.Select[Head](s, "SELECT institution, coalesce(max(CASE WHEN code = institution THEN name END), max(institution_name)) AS name, "+
		"coalesce(max(CASE WHEN code = institution THEN comune END), min(comune)) AS comune FROM {school_sites} WHERE NOT gone GROUP BY institution ORDER BY institution")
}
