package grade

import (
	"strings"

	"approdo/domain"
)

// Reason is why the collegio docenti enrols a pupil elsewhere than by age: the letters of DPR 394/1999 art. 45 c. 2.
type Reason string

// The four letters.
const (
	SystemOfOrigin  Reason = "system-of-origin" // a) the other country's order of studies: one year lower or higher, no more
	Skills          Reason = "skills"           // b) competences, abilities and preparation, as assessed
	StudiesFollowed Reason = "studies-followed" // c) studies followed in the country of origin
	TitleHeld       Reason = "title-held"       // d) a title of study
)

// Reasons lists them in the order of the law.
func Reasons() []Reason { return []Reason{SystemOfOrigin, Skills, StudiesFollowed, TitleHeld} }

// Resolution is the collegio docenti's. Reference is its number and date, as the school files it, without any name.
type Resolution struct {
	Reason    Reason `json:"reason"`
	Reference string `json:"reference"`
}

// What a level other than by age needs.
var (
	ErrNoResolution  = domain.Refused("grade-needs-resolution")
	ErrReason        = domain.Invalid("resolution-reason-invalid")
	ErrReference     = domain.Invalid("resolution-reference-missing")
	ErrReasonOneStep = domain.Refused("resolution-reason-one-year-only")
)

// maxReference bounds a reference: it is a number and a date, not a report about a child.
const maxReference = 120

// Allowed reports nothing where a level may be given to one whom age leads to another. The same level needs no resolution, any
// other does. Where EarlyEntry holds and the family asks for it, byAge is the first year of primaria. A pupil past school age
// has no level by age: byAge is then the zero Level, and a resolution on skills, studies or title decides alone.
func Allowed(byAge, asked Level, res *Resolution) error {
	if err := asked.Validate(); err != nil {
		return err
	}
	if asked == byAge {
		return nil
	}
	if res == nil {
		return ErrNoResolution
	}
	if err := res.Validate(); err != nil {
		return err
	}
	if apart := asked.step() - byAge.step(); res.Reason == SystemOfOrigin && (byAge.IsZero() || apart != 1 && apart != -1) {
		return ErrReasonOneStep
	}
	return nil
}

// Validate gives ErrReason or ErrReference.
func (r Resolution) Validate() error {
	switch r.Reason {
	case SystemOfOrigin, Skills, StudiesFollowed, TitleHeld:
	default:
		return ErrReason.On("reason")
	}
	if ref := strings.TrimSpace(r.Reference); ref == "" || len(ref) > maxReference {
		return ErrReference.On("reference")
	}
	return nil
}
