package duplicates

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain/apart"
	"approdo/projections"
	"approdo/projections/caseline"
)

// Parted is the reason of two cases that were joined, and parted again by the UST: whoever parts them has told them apart.
const Parted apart.Reason = "parted"

// Told is two cases that the UST knows to be of two children. It outlives whatever is corrected in either.
type Told struct {
	First  uuid.UUID    `col:"first_id,key"` // the lower of the two
	Second uuid.UUID    `col:"second_id,key"`
	Reason apart.Reason `col:"reason"`
	At     time.Time    `col:"told_at"`
}

// Key is the pair.
func (t Told) Key() apart.Pair { return apart.Pair{First: t.First, Second: t.Second} }

func tell(tx *projections.Tx, p apart.Pair, why apart.Reason, at time.Time) {
	told.Put(tx, Told{p.First, p.Second, why, at})
}

func judge(tx *projections.Tx, p apart.Pair, r projections.Event) error {
	switch e := r.Payload.(type) {
	case apart.ToldApart:
		tell(tx, p, e.Reason, r.Meta.At)
	case apart.DoubtedAgain:
		told.Delete(tx, p)
	default:
		return fmt.Errorf("duplicates: %s is no event of a pair", r.Type)
	}
	return nil
}

// Distinct is two open cases that were told apart.
type Distinct struct {
	Told
	A, B caseline.Line // the first and the second
}

// ToldApart gives the open cases that were told apart, the last pair first.
func ToldApart(s *projections.Snapshot) ([]Distinct, error) {
	lines := map[uuid.UUID]caseline.Line{}
	for l, err := range projections.Select[caseline.Line](s, "SELECT * FROM {centre_cases} WHERE status IN ("+openStatuses()+") AND case_id IN "+
		"(SELECT first_id FROM {told_apart} UNION SELECT second_id FROM {told_apart})") {
		if err != nil {
			return nil, err
		}
		lines[l.Case] = l
	}
	var out []Distinct
	for t, err := range projections.Select[Told](s, "SELECT * FROM {told_apart} ORDER BY told_at DESC, first_id, second_id") {
		if err != nil {
			return nil, err
		}
		a, openA := lines[t.First]
		b, openB := lines[t.Second]
		if openA && openB {
			out = append(out, Distinct{t, a, b})
		}
	}
	return out, nil
}

// IsToldApart gives what is remembered of two cases; false where nothing is.
func IsToldApart(s *projections.Snapshot, one, other uuid.UUID) (Told, bool, error) {
	return told.Lookup(s, apart.Of(one, other))
}

// ApartFrom gives the cases that a case was told apart from.
func ApartFrom(s *projections.Snapshot, id uuid.UUID) (map[uuid.UUID]bool, error) {
	out := map[uuid.UUID]bool{}
	for t, err := range projections.Select[Told](s, "SELECT * FROM {told_apart} WHERE first_id = $1 OR second_id = $1", id) {
		if err != nil {
			return nil, err
		}
		out[t.First], out[t.Second] = true, true
	}
	return out, nil
}
