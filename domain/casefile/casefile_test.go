package casefile_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event/spec"
	"approdo/domain/grade"
)

// One child, one request, one school; the tests tell what happens to them.
var (
	id    = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	other = uuid.MustParse("018f0000-0000-7000-8000-000000000002")

	offer1 = uuid.MustParse("018f0000-0000-7000-8000-0000000000a1")
	offer2 = uuid.MustParse("018f0000-0000-7000-8000-0000000000a2")

	proposal1 = uuid.MustParse("018f0000-0000-7000-8000-0000000000e1")
	proposal2 = uuid.MustParse("018f0000-0000-7000-8000-0000000000e2")

	rozzano  = domain.Actor{Role: domain.RoleComune, Body: "015189"}
	opera    = domain.Actor{Role: domain.RoleComune, Body: "015159"}
	cti      = domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}
	cti2     = domain.Actor{Role: domain.RoleCentre, Body: "CTI-24"}
	school   = domain.Actor{Role: domain.RoleSchool, Body: "MIIC8AB00X"}
	school2  = domain.Actor{Role: domain.RoleSchool, Body: "MIIC8CD00V"}
	ust      = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000b1"), Role: domain.RoleUST}
	ust2     = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000b2"), Role: domain.RoleUST}
	prefect  = domain.Actor{Role: domain.RolePrefettura}
	importer = domain.System

	site, site2 = domain.School("MIEE8AB012"), domain.School("MIEE8CD01X")

	primaria2 = grade.Level{Order: grade.Primaria, Year: 2}
	primaria3 = grade.Level{Order: grade.Primaria, Year: 3}
)

// hour counts working hours of invented time: hour(0) is when the request is entered, on the day of the request.
func hour(n int) time.Time {
	return time.Date(2022, time.March, 14, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
}

// day counts days from that of the request.
func day(n int) domain.Date { return domain.DateOf(hour(0)).AddDays(n) }

func by(a domain.Actor, at time.Time) domain.Act { return domain.Act{By: a, At: at} }

func text(s string) casefile.Text {
	return domain.Open(id, domain.ClassPersonal, domain.NewPersonal(s))
}

var (
	facts = casefile.Facts{Comune: "015189", SchoolYear: 2021, Level: primaria3, Sex: casefile.Female}
	terms = casefile.Terms{TakeCharge: hour(48), FirstOffer: hour(120), FirstDay: hour(360)}
	route = casefile.Route{Centre: "CTI-25", Policy: "2022-1", Provisional: true, Terms: terms}
	pupil = casefile.Pupil{Identity: domain.Open(id, domain.ClassPersonal, casefile.Identity{
		FamilyName: domain.NewPersonal("Testovenko"), GivenName: domain.NewPersonal("Zirka"),
		BirthDate: domain.NewPersonal("2013-05-02"),
	})}
	home = domain.Open(id, domain.ClassPersonal, casefile.Domicile{Address: domain.NewPersonal("Via Inventata 1")})
	why  = text("perché sì")
	over = &casefile.Override{Rule: "placement", Text: why}
)

// What happens in the tests, in the order of a life.
var (
	requested = casefile.RequestRecorded{Channel: domain.ChannelComune, On: day(0), At: hour(0), Facts: facts, Pupil: pupil}
	routed    = casefile.Routed{Centre: "CTI-25", Policy: "2022-1", Provisional: true, Terms: terms, At: hour(0)}
	enrolled  = casefile.AutonomousEnrolmentRecorded{School: site, Institution: "MIIC8AB00X", Enrolment: offer1, On: day(0),
		At: hour(0), Facts: facts, Pupil: pupil}
	taken = casefile.ChargeTaken{Centre: "CTI-25", At: hour(2)}
	asked = casefile.QuestionAsked{To: casefile.Holder{Kind: casefile.HeldByComune, Body: "015189"}, Topic: "contacts",
		Text: why, At: hour(3)}
	answered = casefile.QuestionAnswered{Text: why, At: hour(4)}
	offered  = casefile.PlaceOffered{Offer: offer1, School: site, Institution: "MIIC8AB00X", Level: primaria3,
		Due: hour(72), At: hour(5)}
	declined  = casefile.OfferDeclined{Offer: offer1, School: site, Reason: "no-places-in-class", Text: why, At: hour(6)}
	lapsed    = casefile.OfferLapsed{Offer: offer1, School: site, At: hour(72)}
	withdrawn = casefile.OfferWithdrawn{Offer: offer1, School: site, Reason: "better-place", At: hour(7)}
	accepted  = casefile.OfferAccepted{Offer: offer1, School: site, Institution: "MIIC8AB00X", Level: primaria3, On: day(1),
		Section: "B", At: hour(24)}
	firstDay = casefile.FirstDayRecorded{On: day(2)}
	ended    = casefile.AttendanceEnded{On: day(60)}
	closed   = casefile.CaseClosed{Reason: "returned-home", On: day(60), Text: why}
	handed   = casefile.HandedOver{From: "CTI-25", To: "CTI-24", Reason: "agreed", Text: why, Terms: terms, At: hour(8)}
	merged   = casefile.CaseMerged{Into: other, Text: why}
	reopened = casefile.CaseReopened{Text: why, Terms: terms, At: hour(1600)}
	proposed = casefile.ErasureProposed{Proposal: proposal1, Scope: casefile.ErasePupil, Ground: casefile.GroundRequest, By: ust.Account,
		At: hour(9000)}
	rejected    = casefile.ErasureRejected{Proposal: proposal1, Reason: "still-needed"}
	erased      = casefile.PupilErased{Ground: casefile.GroundRequest}
	healthGone  = casefile.HealthErased{Ground: casefile.GroundRetention}
	restricted  = casefile.CaseRestricted{Reason: "accuracy-contested"}
	lifted      = casefile.RestrictionLifted{}
	askedSchool = casefile.QuestionAsked{To: casefile.Holder{Kind: casefile.HeldBySchool, Body: "MIIC8AB00X"},
		Topic: "other", At: hour(6)}
)

type (
	events = []casefile.Event
	past   = spec.Past[casefile.State, casefile.Command, casefile.Event]
)

// The pasts that most rules begin with.
var (
	waiting   = events{requested, routed}
	inCharge  = append(waiting[:2:2], taken)
	asking    = append(inCharge[:3:3], asked)
	standing  = append(inCharge[:3:3], offered)
	placed    = append(standing[:4:4], accepted)
	attending = append(placed[:5:5], firstDay)
	gone      = append(attending[:6:6], ended, closed)
	joined    = append(inCharge[:3:3], merged)
	doomed    = append(gone[:8:8], proposed)
	forgotten = append(doomed[:9:9], erased)
)

func given(t *testing.T, es ...casefile.Event) past { return spec.Given(t, casefile.Decider, es...) }
