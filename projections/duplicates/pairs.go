package duplicates

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/caseline"
)

// Pair is two open cases that may be of one child, the earlier first, and that no comune and no school can see side by side.
type Pair struct {
	First, Second caseline.Line
	names.Score
}

// pairs bounds how many couples of cases that share a key are opened and compared.
const pairs = 5000

// strong are the kinds of keys that hardly two children share: a birth date, a codice fiscale, a document.
const strong = "'d', 't', 'n'"

// sharesStrong is 1 for a couple that shares one of these.
const sharesStrong = "MAX(CASE WHEN substr(a.token, 1, 1) IN (" + strong + ") THEN 1 ELSE 0 END)"

// likeliest puts first whoever shares one of these and a name, then whoever shares every key of a name, whose dates may be miswritten.
const likeliest = "CASE WHEN " + sharesStrong + " = 1 AND COUNT(*) > 1 THEN 0 WHEN COUNT(*) > 2 THEN 1 ELSE 2 END, " + sharesStrong + " DESC, COUNT(*) DESC"

type couple struct {
	First  uuid.UUID `col:"first_id"`
	Second uuid.UUID `col:"second_id"`
}

// Pairs gives the open cases of different comuni or channels that are rather of one child than not, the likeliest first, without
// those told apart. It is for whoever sees the whole territory. Sharing a surname, or a first name and part of a surname, and nothing else
// makes no couple: that is nine in ten of those that keys bring together, and one child in fifteen hundred; see docs/doppioni.md.
func Pairs(ctx context.Context, s *projections.Snapshot, k domain.Sealer) ([]Pair, error) {
	open := openStatuses()
	found, err := projections.Collect(projections.Select[couple](s, "SELECT a.case_id AS first_id, b.case_id AS second_id FROM {name_keys} a "+
		"JOIN {name_keys} b ON b.token = a.token AND b.case_id > a.case_id AND a.token NOT LIKE 'f:%' "+
		"JOIN {centre_cases} x ON x.case_id = a.case_id JOIN {centre_cases} y ON y.case_id = b.case_id "+
		"WHERE x.status IN ("+open+") AND y.status IN ("+open+") AND (x.comune <> y.comune OR x.channel <> y.channel) "+
		"AND NOT EXISTS (SELECT 1 FROM {told_apart} d WHERE d.first_id = a.case_id AND d.second_id = b.case_id) "+
		"GROUP BY a.case_id, b.case_id HAVING "+sharesStrong+" = 1 OR COUNT(*) > 1 "+
		"ORDER BY "+likeliest+", a.case_id, b.case_id LIMIT "+strconv.Itoa(pairs)))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	people := map[uuid.UUID]person{}
	for line, err := range projections.Select[caseline.Line](s, "SELECT * FROM {centre_cases} WHERE status IN ("+open+")") {
		if err != nil {
			return nil, err
		}
		people[line.Case] = person{line: line}
	}
	var out []Pair
	for _, c := range found {
		first, err := known(ctx, k, people, c.First)
		if err != nil {
			return nil, err
		}
		second, err := known(ctx, k, people, c.Second)
		if err != nil {
			return nil, err
		}
		if first.gone || second.gone || !names.Possible(first.named, second.named) {
			continue
		}
		if score := names.Compare(first.named, second.named); score.Value >= names.Likely {
			if second.line.RequestedAt.Before(first.line.RequestedAt) {
				first, second = second, first
			}
			out = append(out, Pair{first.line, second.line, score})
		}
	}
	slices.SortStableFunc(out, func(a, b Pair) int { return cmp.Compare(b.Value, a.Value) })
	return out, nil
}

// person is a case with the name it was opened for; gone where the pupil is erased.
type person struct {
	line   caseline.Line
	named  names.Person
	opened bool
	gone   bool
}

func known(ctx context.Context, k domain.Sealer, people map[uuid.UUID]person, id uuid.UUID) (person, error) {
	p, there := people[id]
	if !there || p.opened {
		p.gone = p.gone || !there
		return p, nil
	}
	identity, err := domain.Closed[casefile.Identity](p.line.Identity).Unseal(ctx, k)
	switch {
	case errors.Is(err, domain.ErrForgotten):
		p.gone = true
	case err != nil:
		return p, err
	}
	p.named, p.opened = PersonOf(identity, p.line.Sex), true
	people[id] = p
	return p, nil
}

// openStatuses lists them as SQL does; they are constants of the domain.
func openStatuses() string {
	var out []string
	for _, st := range casefile.Statuses() {
		if st.Open() {
			out = append(out, "'"+string(st)+"'")
		}
	}
	return strings.Join(out, ", ")
}
