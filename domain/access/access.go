// Package access is the one table of who may do what and see which fields: role × relation → acts and fields. REST and web ask
// it through package desk; a test walks it over every route.
package access

import (
	"slices"

	"approdo/domain"
)

// Relation is what an actor is to a case.
type Relation string

// The relations. None is also that of every actor to a case that does not exist: both are answered alike.
const (
	None      Relation = ""
	Own       Relation = "own"      // comune of domicile; centre of the case
	Withheld  Relation = "withheld" // Own while the reading is restricted and another holds the case: all but the pupil's data
	OfferedTo Relation = "offered"  // institution that must answer an offer
	Enrolled  Relation = "enrolled" // institution that accepted or enrolled the pupil
	Past      Relation = "past"     // centre or institution that once acted on the case
	Oversees  Relation = "oversees" // UST
	Audits    Relation = "audits"   // Prefettura
	Named     Relation = "named"    // Prefettura, which has opened the name for a reason and for some hours
)

// Facts of a case that make a relation.
type Facts struct {
	Comune           domain.Comune
	Centre           domain.Centre
	Institution      domain.Institution // that has the offer or the place; empty when none has
	Offered          bool               // it has not answered yet
	Named            bool               // an opening of the name stands for the actor
	Restricted       bool               // the reading is, to holder, enrolling school and UST (GDPR art. 18)
	Holder           domain.Actor       // role and body of who must act next
	PastCentres      []domain.Centre
	PastInstitutions []domain.Institution
}

// Relate says what an actor is to a case with these facts.
func Relate(a domain.Actor, f Facts) Relation {
	r := relate(a, f)
	// Whoever has an offer holds the case, and a school where the pupil sits needs to know whom to call.
	if r == Own && f.Restricted && (a.Role != f.Holder.Role || a.Body != f.Holder.Body) {
		return Withheld
	}
	return r
}

func relate(a domain.Actor, f Facts) Relation {
	switch a.Role {
	case domain.RoleUST, domain.RoleSystem:
		return Oversees
	case domain.RolePrefettura:
		if f.Named && !f.Restricted {
			return Named
		}
		return Audits
	}
	if a.Body == "" {
		return None
	}
	switch a.Role {
	case domain.RoleComune:
		if a.Body == string(f.Comune) {
			return Own
		}
	case domain.RoleCentre:
		if a.Body == string(f.Centre) {
			return Own
		}
		if slices.Contains(f.PastCentres, domain.Centre(a.Body)) {
			return Past
		}
	case domain.RoleSchool:
		if a.Body == string(f.Institution) {
			if f.Offered {
				return OfferedTo
			}
			return Enrolled
		}
		if slices.Contains(f.PastInstitutions, domain.Institution(a.Body)) {
			return Past
		}
	}
	return None
}

// Act is something an actor may do.
type Act string

// Acts on a case.
const (
	ReadCase        Act = "read-case"
	ReadTrail       Act = "read-trail"
	Amend           Act = "amend"
	ChangeDomicile  Act = "change-domicile"
	TakeCharge      Act = "take-charge"
	Ask             Act = "ask"
	Answer          Act = "answer"
	DetermineGrade  Act = "determine-grade"
	HandOver        Act = "hand-over"
	Offer           Act = "offer"
	Override        Act = "override"
	WithdrawOffer   Act = "withdraw-offer"
	Accept          Act = "accept"
	Decline         Act = "decline"
	RecordFirstDay  Act = "record-first-day"
	EndAttendance   Act = "end-attendance"
	WithdrawRequest Act = "withdraw-request"
	Close           Act = "close"
	Reopen          Act = "reopen"
	Merge           Act = "merge"
	Unmerge         Act = "unmerge"
	Note            Act = "note"
	Message         Act = "message" // to bodies that follow the case
	// What is taken back: by whoever did it, while nobody has acted on it.
	TakeBackHandOver   Act = "take-back-hand-over"
	TakeBackAcceptance Act = "take-back-acceptance"
	TakeBackDecline    Act = "take-back-decline"
	AnnulFirstDay      Act = "annul-first-day"
	Erase              Act = "erase" // to propose it; approving takes another person
	ApproveErasure     Act = "approve-erasure"
	RejectErasure      Act = "reject-erasure"
	WithdrawErasure    Act = "withdraw-erasure"
	ReadCertificate    Act = "read-certificate" // of an erasure
	Restrict           Act = "restrict"
	LiftRestriction    Act = "lift-restriction"
	ReadHeld           Act = "read-held"     // everything held about the pupil (GDPR art. 15)
	ReadReceipt        Act = "read-receipt"  // of a request, for whoever made it
	ReadLetter         Act = "read-letter"   // to the family, about the place
	ReadReadings       Act = "read-readings" // who saw the pupil's data, and who can
	Rank               Act = "rank"          // put schools in order for it
	ReadNotices        Act = "read-notices"  // what was told of it to whom; of what was told to one's own body one needs no leave
	OpenName           Act = "open-name"     // see for some hours, and for a reason, who the pupil is
)

// Acts that concern no case.
const (
	Request        Act = "request"
	Enrol          Act = "enrol"
	DeclarePlaces  Act = "declare-places"
	ReadPlaces     Act = "read-places"
	ListCases      Act = "list-cases"
	SearchByName   Act = "search-by-name"
	ReviewPairs    Act = "review-pairs" // cases of different bodies that may be of one child
	ReadBoard      Act = "read-board"
	ReadReturns    Act = "read-returns" // of Mondays: a school its own, the Prefettura the sums
	ValidateReturn Act = "validate-return"
	RemindReturns  Act = "remind-returns" // those who have not answered
	ReadDay        Act = "read-day"       // the audit trail of a day
	WatchReadings  Act = "watch-readings" // how much who reads
	ReadRegisters  Act = "read-registers"
	EditRegisters  Act = "edit-registers"
	Suspend        Act = "suspend"
	ManageAccounts Act = "manage-accounts"
	ReadOperations Act = "read-operations" // parked policies, lag of the views
	ReadFacts      Act = "read-facts"      // what other systems are told of every case
	Retain         Act = "retain"          // what is due to be forgotten, and what was
	Plan           Act = "plan"            // draw plans for those who wait, and read them: a centre its own
)

// Field is a group of a pupil's data.
type Field string

// The groups of fields. Facts such as the grade or the comune are no personal data and go with ReadCase.
const (
	Name      Field = "name"
	BirthDate Field = "birth-date"
	Papers    Field = "papers" // birth place, citizenship, tax code, document
	Domicile  Field = "domicile"
	Adults    Field = "adults"
	Schooling Field = "schooling" // arrival, protection, reserve, last school, languages
	Health    Field = "health"
	Words     Field = "words" // notes, questions, answers, reasons in free text; one's own, and what one is asked, apart
)

// Fields lists the groups in the order they are shown.
func Fields() []Field { return slices.Clone(everyField) }

type may struct {
	acts   []Act
	fields []Field
}

var everyField = []Field{Name, BirthDate, Papers, Domicile, Adults, Schooling, Health, Words}

// onCases is the table for acts on a case.
var onCases = map[domain.Role]map[Relation]may{
	domain.RoleComune: {
		// Amending would be over what one cannot read; everything else goes on.
		Withheld: {acts: []Act{ReadCase, ChangeDomicile, Answer, WithdrawRequest, Reopen, Note, Message, ReadReceipt}},
		Own: {
			acts:   []Act{ReadCase, Amend, ChangeDomicile, Answer, WithdrawRequest, Reopen, Note, Message, ReadReceipt},
			fields: []Field{Name, BirthDate, Papers, Domicile, Adults, Schooling, Health, Words},
		},
	},
	domain.RoleCentre: {
		Withheld: {acts: []Act{ReadCase, ReadTrail, ChangeDomicile, TakeCharge, Ask, Answer, DetermineGrade, HandOver, Offer, WithdrawOffer, Close,
			Reopen, Note, Message, ReadLetter, ReadNotices, Rank}},
		Own: {
			acts: []Act{ReadCase, ReadTrail, Amend, ChangeDomicile, TakeCharge, Ask, Answer, DetermineGrade, HandOver, Offer,
				WithdrawOffer, Close, Reopen, Note, Message, ReadLetter, ReadNotices, Rank},
			fields: everyField,
		},
		Past: {acts: []Act{ReadCase, TakeBackHandOver}},
	},
	domain.RoleSchool: {
		OfferedTo: {
			acts:   []Act{ReadCase, Accept, Decline, Answer, Note, Message, ReadLetter},
			fields: []Field{Name, BirthDate, Schooling},
		},
		Enrolled: {
			acts: []Act{ReadCase, Amend, ChangeDomicile, Answer, DetermineGrade, RecordFirstDay, AnnulFirstDay, TakeBackAcceptance, EndAttendance, Close, Note, Message,
				ReadLetter},
			fields: everyField,
		},
		Past: {acts: []Act{ReadCase, TakeBackDecline}},
	},
	domain.RoleUST: {
		Oversees: {
			acts: []Act{ReadCase, ReadTrail, Amend, ChangeDomicile, TakeCharge, Ask, Answer, DetermineGrade, HandOver, Offer,
				Override, WithdrawOffer, Accept, Decline, RecordFirstDay, EndAttendance, WithdrawRequest, Close, Reopen, Merge,
				Unmerge, Note, Message, TakeBackHandOver, TakeBackAcceptance, TakeBackDecline, AnnulFirstDay, Erase,
				ApproveErasure, RejectErasure, WithdrawErasure, ReadCertificate, Restrict, LiftRestriction, ReadHeld,
				ReadReadings, ReadReceipt, ReadLetter, ReadNotices, Rank},
			fields: everyField,
		},
	},
	domain.RolePrefettura: {
		Audits: {acts: []Act{ReadTrail, ReadReadings, OpenName}},
		Named:  {acts: []Act{ReadTrail, ReadReadings, OpenName}, fields: []Field{Name, BirthDate}},
	},
}

// atLarge is the table for acts that concern no case.
var atLarge = map[domain.Role][]Act{
	domain.RoleComune: {Request, ListCases, SearchByName, ReadBoard},
	domain.RoleCentre: {ListCases, SearchByName, ReadPlaces, ReadBoard, ReadRegisters, Plan},
	domain.RoleSchool: {Enrol, DeclarePlaces, ReadPlaces, ListCases, SearchByName, ReadBoard, ReadReturns, ValidateReturn},
	domain.RoleUST: {Request, DeclarePlaces, ReadPlaces, ListCases, SearchByName, ReviewPairs, ReadBoard, ReadReturns, RemindReturns, ReadDay, WatchReadings, ReadRegisters,
		EditRegisters, Suspend, ManageAccounts, ReadOperations, ReadFacts, Retain, Plan},
	domain.RolePrefettura: {ReadBoard, ReadReturns, ReadDay, WatchReadings, ReadRegisters, Suspend},
	domain.RoleAdmin:      {ManageAccounts, ReadOperations},
}

// Roles gives those who may do an act that concerns no case, for menus and for the test of the routes.
func Roles(act Act) []domain.Role {
	var out []domain.Role
	for _, r := range domain.Roles() {
		if slices.Contains(atLarge[r], act) {
			out = append(out, r)
		}
	}
	return out
}

// ErrAbsent is the answer to whoever has no relation to a case, and to whoever asks for one that is not there.
var ErrAbsent = domain.NotFound("case-not-found")

// ErrNotAllowed is for who may see and not do.
var ErrNotAllowed = domain.Forbidden("not-allowed")

// Case checks an act on a case: ErrAbsent where the actor may not even know of it, ErrNotAllowed where he may.
func Case(a domain.Actor, r Relation, act Act) error {
	m, ok := onCases[a.Role][r]
	switch {
	case a.Role == domain.RoleSystem:
		return nil
	case !ok:
		return ErrAbsent
	case !slices.Contains(m.acts, act):
		return ErrNotAllowed
	}
	return nil
}

// Large checks an act that concerns no case.
func Large(a domain.Actor, act Act) error {
	if a.Role == domain.RoleSystem || slices.Contains(atLarge[a.Role], act) {
		return nil
	}
	return ErrNotAllowed
}

// Acts lists what may be done to a case in this relation, for pages that show only what can be done.
func Acts(role domain.Role, r Relation) []Act { return slices.Clone(onCases[role][r].acts) }

// Narrower gives of two relations of a role the one that sees less of a pupil.
func Narrower(role domain.Role, a, b Relation) Relation {
	if len(onCases[role][b].fields) < len(onCases[role][a].fields) {
		return b
	}
	return a
}

// Ever reports whether a role may do an act in any relation to a case, for pages that begin before there is one.
func Ever(role domain.Role, act Act) bool {
	for _, m := range onCases[role] {
		if slices.Contains(m.acts, act) {
			return true
		}
	}
	return false
}

// Sees reports whether a group of fields is shown.
func Sees(role domain.Role, r Relation, f Field) bool {
	return slices.Contains(onCases[role][r].fields, f)
}
