// Package duplicates finds cases by name, however it was written down: for searching, and for meeting the same child a second time.
// It keeps keyed tokens of folded names and never a name; they go when the pupil is erased.
package duplicates

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/caseline"
)

// Tokens makes keyed tokens; adapters/seal has it.
type Tokens interface {
	Of(kind, text string) []byte
}

// tokenKind separates these tokens from any others under the same key.
const tokenKind = "name"

// key leads from a token to a case. A token begins with the letter that says what kind of key it was made of. Rows are kept by case, as they come; the index finds them by token.
type key struct {
	Case  uuid.UUID `col:"case_id,key"`
	Token string    `col:"token,key"`
}

func (k key) Key() key { return k }

type held struct {
	Case   uuid.UUID `col:"case_id,key"`
	Tokens []string  `col:"tokens,json"`
}

func (h held) Key() uuid.UUID { return h.Case }

var (
	keys = projections.TableOf[key, key]("name_keys", projections.Index{"token"}).Behind(projections.Wall{
		domain.RoleComune: "", domain.RoleCentre: "", domain.RoleSchool: "", domain.RoleUST: "", // whoever searches; a token says nothing
	})
	cases = projections.TableOf[held, uuid.UUID]("name_cases").Behind(projections.Wall{})
	told  = projections.TableOf[Told, apart.Pair]("told_apart", projections.Index{"second_id"}).Behind(projections.Wall{domain.RoleUST: ""})
)

// Projection keeps the view. It opens the identities to make tokens of them.
func Projection(sealer domain.Sealer, t Tokens) projections.Projection {
	return projections.Projection{
		Name: "duplicates", Version: 2, Streams: []string{casefile.Category, apart.Category},
		Tables: []projections.Relation{keys, cases, told},
		Apply: func(ctx context.Context, tx *projections.Tx, r projections.Event) error {
			if p, is := apart.ParseStream(r.Stream); is {
				return judge(tx, p, r)
			}
			id := casefile.IDOf(r.Stream)
			switch e := r.Payload.(type) {
			case casefile.RequestRecorded:
				return replace(ctx, tx, id, e.Identity, sealer, t)
			case casefile.AutonomousEnrolmentRecorded:
				return replace(ctx, tx, id, e.Identity, sealer, t)
			case casefile.RequestAmended:
				if e.Identity.IsZero() {
					return nil
				}
				return replace(ctx, tx, id, e.Identity, sealer, t)
			case casefile.CaseMerged:
				told.Delete(tx, apart.Of(id, e.Into))
			case casefile.CaseParted:
				if r.Meta.Actor.Role == domain.RoleUST { // a policy parts what should not have been joined, and judges nobody
					tell(tx, apart.Of(id, e.From), Parted, r.Meta.At)
				}
			case casefile.PupilErased:
				drop(tx, id)
			case casefile.Event:
			default:
				return fmt.Errorf("duplicates: %s is no event of a case", r.Type)
			}
			return nil
		},
	}
}

func drop(tx *projections.Tx, id uuid.UUID) {
	h, _ := cases.Get(tx, id)
	for _, token := range h.Tokens {
		keys.Delete(tx, key{id, token})
	}
	cases.Delete(tx, id)
}

// replace puts the tokens of an identity in place of what there was. A pupil erased since leaves none.
func replace(ctx context.Context, tx *projections.Tx, id uuid.UUID, sealed domain.Sealed[casefile.Identity], k domain.Sealer, t Tokens) error {
	drop(tx, id)
	identity, err := sealed.Unseal(ctx, k)
	if errors.Is(err, domain.ErrForgotten) {
		return nil
	}
	if err != nil {
		return err
	}
	h := held{Case: id, Tokens: tokensOf(PersonOf(identity, ""), t)}
	for _, token := range h.Tokens {
		keys.Put(tx, key{id, token})
	}
	cases.Put(tx, h)
	return nil
}

// PersonOf is an identity as it is compared; it holds its texts in the open.
func PersonOf(i casefile.Identity, sex casefile.Sex) names.Person {
	return names.Person{Family: i.FamilyName.Reveal(), Given: i.GivenName.Reveal(), FamilyCyrillic: i.FamilyNameCyrillic.Reveal(),
		GivenCyrillic: i.GivenNameCyrillic.Reveal(), Sex: string(sex), BirthDate: i.BirthDate.Reveal(), TaxCode: i.TaxCode.Reveal(),
		Document: i.Document.Reveal()}
}

func tokensOf(p names.Person, t Tokens) []string {
	texts := p.Keys()
	out := make([]string, len(texts))
	for i, text := range texts {
		class, _, _ := strings.Cut(text, ":")
		out[i] = class + ":" + base64.RawURLEncoding.EncodeToString(t.Of(tokenKind, text))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Scope names the list a search goes through: a reader finds only what his own list holds.
type Scope struct {
	table, column string
	value         any
}

// OfComune, OfCentre and OfInstitution bind a search to a body; Territory is for the UST.
func OfComune(c domain.Comune) Scope { return Scope{"comune_cases", "comune", c} }

// OfCentre binds a search to a centre.
func OfCentre(c domain.Centre) Scope { return Scope{"centre_cases", "centre", c} }

// OfInstitution binds a search to an institution.
func OfInstitution(i domain.Institution) Scope { return Scope{"school_cases", "institution", i} }

// Territory is for the UST.
var Territory = Scope{"centre_cases", "'1'", "1"}

// Match is a case that may be of the person looked for.
type Match struct {
	caseline.Line
	names.Score
}

// candidates bounds how many cases sharing a key are opened and compared: those that share most come first.
const candidates = 400

// Find gives the cases of a scope that may be of a person, the likeliest first, from a score on. A name alone finds namesakes.
func Find(ctx context.Context, s *projections.Snapshot, k domain.Sealer, t Tokens, scope Scope, p names.Person, atLeast float64) ([]Match, error) {
	tokens := tokensOf(p, t)
	if len(tokens) == 0 {
		return nil, nil
	}
	args := []any{scope.value}
	for _, token := range tokens {
		args = append(args, token)
	}
	places := make([]string, len(tokens))
	for i := range tokens {
		places[i] = "$" + strconv.Itoa(i+2)
	}
	sql := "SELECT l.* FROM {" + scope.table + "} l JOIN (SELECT case_id, COUNT(*) AS shared FROM {name_keys} WHERE token IN (" +
		strings.Join(places, ", ") + ") GROUP BY case_id) k ON k.case_id = l.case_id WHERE " + scope.column +
		" = $1 ORDER BY k.shared DESC, l.updated_at DESC, l.case_id LIMIT " + strconv.Itoa(candidates)
	var out []Match
	for line, err := range projections.Select[caseline.Line](s, sql, args...) {
		if err != nil {
			return nil, err
		}
		identity, err := domain.Closed[casefile.Identity](line.Identity).Unseal(ctx, k)
		if errors.Is(err, domain.ErrForgotten) {
			continue
		}
		if err != nil {
			return nil, err
		}
		score := names.Compare(p, PersonOf(identity, line.Sex))
		if score.Value >= names.Likely || score.Value >= atLeast && namesake(score) {
			out = append(out, Match{line, score})
		}
	}
	slices.SortStableFunc(out, func(a, b Match) int { return cmp.Compare(b.Value, a.Value) })
	return out, nil
}

// namesake reports whether a name brought two people together, and not only a birth date.
func namesake(s names.Score) bool {
	return !s.Has(names.FamilyNameDiffers) || s.Has(names.GivenNameSame) || s.Has(names.GivenNameEquivalent) || s.Has(names.GivenNameSimilar)
}
