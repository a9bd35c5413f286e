package casefile

import (
	"approdo/domain"
	"approdo/domain/grade"
)

// Identity is who the pupil is, as declared. Names are in Latin letters as in the passport, with the Cyrillic beside them where it
// is known. Dates are written 2014-05-02. Sealed as personal data.
type Identity struct {
	FamilyName         domain.Personal `json:"family_name"`
	GivenName          domain.Personal `json:"given_name"`
	FamilyNameCyrillic domain.Personal `json:"family_name_cyrillic,omitzero"`
	GivenNameCyrillic  domain.Personal `json:"given_name_cyrillic,omitzero"`
	BirthDate          domain.Personal `json:"birth_date"`
	BirthPlace         domain.Personal `json:"birth_place,omitzero"`
	Citizenship        domain.Personal `json:"citizenship,omitzero"` // ISO 3166-1 alpha-2
	TaxCode            domain.Personal `json:"tax_code,omitzero"`    // codice fiscale, STP or provisional code
	Document           domain.Personal `json:"document,omitzero"`
}

// Only keeps some of the parts: the names, the birth date, and the rest, which is papers.
func (i Identity) Only(name, birth, papers bool) (out Identity) {
	if name {
		out.FamilyName, out.GivenName, out.FamilyNameCyrillic, out.GivenNameCyrillic = i.FamilyName, i.GivenName, i.FamilyNameCyrillic, i.GivenNameCyrillic
	}
	if birth {
		out.BirthDate = i.BirthDate
	}
	if papers {
		out.BirthPlace, out.Citizenship, out.TaxCode, out.Document = i.BirthPlace, i.Citizenship, i.TaxCode, i.Document
	}
	return out
}

// Birth reads the birth date.
func (i Identity) Birth() (domain.Date, error) { return domain.ParseDate(i.BirthDate.Reveal()) }

// Domicile is where the pupil lives now; it changes often. The comune and the municipio stand in the event itself, because
// routing needs them.
type Domicile struct {
	Address domain.Personal `json:"address,omitzero"`
	CAP     domain.Personal `json:"cap,omitzero"`
	Host    domain.Personal `json:"host,omitzero"` // kind of host: family, private, centre, community, hotel
}

// Adult is a parent, guardian or companion.
type Adult struct {
	Name     domain.Personal `json:"name"`
	Relation domain.Personal `json:"relation,omitzero"`
	Phone    domain.Personal `json:"phone,omitzero"`
	Email    domain.Personal `json:"email,omitzero"`
	Language domain.Personal `json:"language,omitzero"` // ISO 639-1
}

// Profile is what a placement needs to know beyond the identity. Sealed as personal data.
type Profile struct {
	ArrivedOn           domain.Personal `json:"arrived_on,omitzero"` // 2022-03-08
	TemporaryProtection bool            `json:"temporary_protection,omitzero"`
	Unaccompanied       bool            `json:"unaccompanied,omitzero"` // MSNA
	WithReserve         bool            `json:"with_reserve,omitzero"`  // documents missing: DPR 394/1999 art. 45
	Adults              []Adult         `json:"adults,omitzero"`
	LastSchool          domain.Personal `json:"last_school,omitzero"`
	LastGrade           domain.Personal `json:"last_grade,omitzero"`
	StillOnline         bool            `json:"still_online,omitzero"` // goes on following the home school online
	Languages           domain.Personal `json:"languages,omitzero"`
	Italian             ItalianLevel    `json:"italian,omitzero"`
}

// ItalianLevel is a level of the Common European Framework, or below it.
type ItalianLevel string

// ItalianLevels lists the levels from none to C2.
func ItalianLevels() []ItalianLevel {
	return []ItalianLevel{"none", "pre-A1", "A1", "A2", "B1", "B2", "C1", "C2"}
}

// Health holds codes and no free text. Sealed as a special category of data (GDPR art. 9).
type Health struct {
	Vaccination HealthAnswer `json:"vaccination,omitzero"` // yes, no, pending
	Disability  HealthAnswer `json:"disability,omitzero"`  // certified, pending
}

// HealthAnswer is one of the codes of its field; empty is not asked.
type HealthAnswer string

// The codes of Health.
const (
	HealthYes       HealthAnswer = "yes"
	HealthNo        HealthAnswer = "no"
	HealthPending   HealthAnswer = "pending"
	HealthCertified HealthAnswer = "certified"
)

// Sex as in the document; it is counted, so it stands outside the seal.
type Sex string

// The two values a register knows.
const (
	Female Sex = "F"
	Male   Sex = "M"
)

// Need is something a family asks for besides a place.
type Need string

// Needs lists them.
func Needs() []Need { return []Need{"transport", "canteen", "timetable"} }

// MaxPreferred is how many schools a family may name.
const MaxPreferred = 3

// Facts are the parts of a request that stay countable after the pupil is erased. None of them names anybody.
type Facts struct {
	Comune     domain.Comune     `json:"comune"` // of domicile
	Municipio  domain.Municipio  `json:"municipio,omitzero"`
	SchoolYear domain.SchoolYear `json:"school_year"`
	Level      grade.Level       `json:"level"` // by age
	Sex        Sex               `json:"sex"`
	Household  string            `json:"household,omitzero"` // id shared by siblings
	Preferred  []domain.School   `json:"preferred,omitzero"` // one to three
	Needs      []Need            `json:"needs,omitzero"`
	// SiblingAt is a school that a sibling attends.
	SiblingAt domain.School `json:"sibling_at,omitzero"`
}

// Pupil is everything sealed about a pupil.
type Pupil struct {
	Identity domain.Sealed[Identity] `json:"identity,omitzero"`
	Domicile domain.Sealed[Domicile] `json:"domicile,omitzero"`
	Profile  domain.Sealed[Profile]  `json:"profile,omitzero"`
	Health   domain.Sealed[Health]   `json:"health,omitzero"`
}
