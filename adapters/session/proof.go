package session

import "approdo/domain"

// Proof is what the person of a session has shown.
type Proof string

// The proofs. A provider that gave no assurance of two factors counts like a password.
const (
	ByPassword       Proof = "password"
	ByShortPassword  Proof = "short-password" // one that is too short to stand alone
	ByFactor         Proof = "password-and-factor"
	ByProvider       Proof = "provider"
	ByStrongProvider Proof = "provider-strong" // its acr says that two factors were proved
)

// Strong tells whether two factors were proved.
func (p Proof) Strong() bool { return p == ByFactor || p == ByStrongProvider }

// Lack is what a session is still wanting. Such a session opens the pages to prove or enrol a factor and those anybody may see.
type Lack string

// What a session may lack.
const (
	LacksNothing   Lack = ""
	LacksFactor    Lack = "second-factor"           // one that the account has is to be proved
	LacksEnrolment Lack = "second-factor-enrolment" // the account has none and needs one
)

// NeedsFactor tells whose accounts must have a second factor: those that see the whole province or manage accounts.
func NeedsFactor(r domain.Role) bool {
	return r == domain.RoleUST || r == domain.RolePrefettura || r == domain.RoleAdmin
}

func (s *Service) lacks(who Account, proved Proof, enrolled bool) Lack {
	switch {
	case proved.Strong():
		return LacksNothing
	case enrolled:
		return LacksFactor
	case proved == ByShortPassword || NeedsFactor(who.Role) && !s.optional:
		return LacksEnrolment
	}
	return LacksNothing
}
