// Package basis says what an act rests on: under which law it is done, by which version of which register it was decided, and for which
// coded reason. The laws stand in one table by stored event name (Of); what an event says of itself, and what the registers said at that
// moment, are marks (Marks). Nothing here is of a pupil, and nothing is in anybody's own words.
package basis

// Source is a law, a circular or a directive, by a stable code; UI texts have the citation in each language. Only those stand here that
// the domain's rules name.
type Source string

// The sources.
const (
	Enrolment   Source = "dpr-394-1999-art-45"     // minors are enrolled whatever their papers say, and at any time of the year
	Resolution  Source = "dpr-394-1999-art-45-c-2" // grade by age, or by a resolution of the collegio docenti
	Age         Source = "dpr-89-2009"             // age to order and grade
	Ceilings    Source = "cm-2-2010"               // pupils without Italian citizenship in a class
	Access      Source = "directive-2013-33"       // access to education within three months
	Recast      Source = "directive-2024-1346-art-14"
	Answerable  Source = "gdpr-art-5-2" // whoever holds data must be able to show how
	Special     Source = "gdpr-art-9"
	Erasure     Source = "gdpr-art-17"
	Restriction Source = "gdpr-art-18"
	Security    Source = "gdpr-art-32"
	PublicTask  Source = "dlgs-196-2003-art-2-sexies"
)

// Sources lists them in the order they are shown.
func Sources() []Source {
	return []Source{Enrolment, Resolution, Age, Ceilings, Access, Recast, Answerable, Special, Erasure, Restriction, Security, PublicTask}
}

// none is for acts that no law asks for by name: they follow from the practice of the house and from its registers.
var none []Source

// laws is the table. Every stored event name has a row, be it none: a test fails on one that has not.
var laws = map[string][]Source{
	"case.requested":             {Enrolment, Age},
	"case.autonomously-enrolled": {Enrolment, Age},
	"case.routed":                none,
	"case.amended":               none,
	"case.domicile-changed":      none,
	"case.charge-taken":          none,
	"case.question-asked":        none,
	"case.question-answered":     none,
	"case.grade-determined":      {Resolution, Age},
	"case.handed-over":           none,
	"case.place-offered":         {Ceilings},
	"case.offer-declined":        none,
	"case.offer-lapsed":          none,
	"case.offer-withdrawn":       none,
	"case.offer-accepted":        {Enrolment},
	"case.first-day-recorded":    {Access, Recast},
	"case.attendance-ended":      none,
	"case.closed":                none,
	"case.reopened":              none,
	"case.merged":                none,
	"case.parted":                none,
	"case.note-added":            none,
	"case.message-sent":          none,
	"case.acceptance-taken-back": none,
	"case.decline-taken-back":    none,
	"case.first-day-annulled":    none,
	"case.clock-expired":         none,
	"case.pupil-erased":          {Erasure},
	"case.erasure-proposed":      {Erasure},
	"case.erasure-rejected":      {Erasure},
	"case.health-erased":         {Special, Erasure},
	"case.restricted":            {Restriction},
	"case.restriction-lifted":    {Restriction},

	"places.declared": none,
	"places.held":     none,
	"places.taken":    none,
	"places.released": none,

	"plan.drawn": {Ceilings},

	"return.validated": none,
	"return.withdrawn": none,
	"return.reminded":  none,

	"pair.told-apart":    none,
	"pair.doubted-again": none,

	"territory.founded":        none,
	"territory.comune-amended": none,
	"territory.centre-amended": none,
	"territory.cap-assigned":   none,
	"territory.confirmed":      none,
	"territory.policy-adopted": none,
	"territory.clocks-set":     {Access, Recast},
	"territory.ceiling-set":    {Ceilings},
	"territory.retention-set":  {Special},
	"territory.boundaries-set": none,
	"territory.reminders-set":  none,
	"territory.weights-set":    {Ceilings},
	"territory.suspended":      none,
	"territory.resumed":        none,

	"school.listed":            none,
	"school.amended":           none,
	"school.delisted":          none,
	"school.located":           none,
	"school.counted":           {Ceilings},
	"school.services-declared": none,

	"account.invited":             none,
	"account.invitation-renewed":  none,
	"account.invitation-approved": none,
	"account.invitation-refused":  none,
	"account.activated":           none,
	"account.suspended":           none,
	"account.reinstated":          none,
	"account.closed":              none,
	"account.approval-asked":      none,
	"account.reset-asked":         none,
	"account.reset-refused":       none,
	"account.factors-reset":       none,

	"reading.pupils-read": {Answerable, Security, PublicTask},
	"reading.name-opened": {Answerable, Security},
}

// Of gives the laws under which acts of a stored event name are done, in the order they are shown, with none for those that no law asks
// for by name; false for a name without a row. Nobody may change the list.
func Of(name string) ([]Source, bool) {
	list, ok := laws[name]
	return list, ok
}
