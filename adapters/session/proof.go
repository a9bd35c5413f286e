package session

import (
	"unicode/utf8"

	"approdo/domain"
	"approdo/domain/account"
)

// Proof is what the person of a session has shown.
type Proof string

// The proofs. A provider that gave no assurance of two factors counts like a password.
const (
	ByPassword          Proof = "password"
	ByShortPassword     Proof = "short-password" // one that is too short to stand alone
	ByFactor            Proof = "password-and-factor"
	ByRecovery          Proof = "password-and-recovery-code"
	ByProvider          Proof = "provider"
	ByProviderAndFactor Proof = "provider-and-factor"
	ByStrongProvider    Proof = "provider-strong" // its acr says that two factors were proved
)

// Strong tells whether two factors were proved.
func (p Proof) Strong() bool {
	return p == ByFactor || p == ByRecovery || p == ByProviderAndFactor || p == ByStrongProvider
}

// and is the proof with a second factor; with a recovery code it is remembered which of the two it was.
func (p Proof) and(recovered bool) Proof {
	switch {
	case p == ByProvider, p == ByStrongProvider, p == ByProviderAndFactor:
		return ByProviderAndFactor
	case recovered:
		return ByRecovery
	}
	return ByFactor
}

// byPassword is the proof that a password is.
func byPassword(password string) Proof {
	if utf8.RuneCountInString(password) < minPassword {
		return ByShortPassword
	}
	return ByPassword
}

// Lack is what a session is still wanting. Such a session opens the pages to prove or enrol a factor and those anybody may see.
type Lack string

// What a session may lack.
const (
	LacksNothing   Lack = ""
	LacksFactor    Lack = "second-factor"           // one that the account has is to be proved
	LacksEnrolment Lack = "second-factor-enrolment" // the account has none and needs one
)

// NeedsFactor tells whose accounts must have a second factor: those that two persons grant.
func NeedsFactor(r domain.Role) bool { return account.NeedsTwo(r) }

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
