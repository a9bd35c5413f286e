package casefile_test

import (
	"testing"

	"approdo/domain"
	"approdo/domain/casefile"
)

var (
	toSchool = casefile.Party{Role: domain.RoleSchool, Body: "MIIC8AB00X"}
	toCentre = casefile.Party{Role: domain.RoleCentre, Body: "CTI-25"}
	toComune = casefile.Party{Role: domain.RoleComune, Body: "015189"}
	toNext   = casefile.Party{Role: domain.RoleCentre, Body: "CTI-24"}
	toUST    = casefile.Party{Role: domain.RoleUST}
	said     = casefile.MessageSent{To: []casefile.Party{toCentre, toUST}, Text: why, At: hour(3)}
)

func message(from domain.Actor, to ...casefile.Party) casefile.SendMessage {
	return casefile.SendMessage{Act: by(from, hour(3)), To: to, Text: why}
}

// A message goes to the bodies that follow the case now, whatever stands, and changes nothing but that it was sent.
func TestAMessageGoesToWhoFollowsTheCaseNow(t *testing.T) {
	t.Parallel()
	sent := func(to ...casefile.Party) casefile.MessageSent {
		return casefile.MessageSent{To: to, Text: why, At: hour(3)}
	}
	for name, tt := range map[string]struct {
		past events
		say  casefile.SendMessage
		want casefile.MessageSent
	}{
		"the comune to its centre":       {waiting, message(rozzano, toCentre), sent(toCentre)},
		"the centre to comune and UST":   {inCharge, message(cti, toUST, toComune), sent(toComune, toUST)},
		"the centre, while it asks":      {asking, message(cti, toComune), sent(toComune)},
		"the school that has an offer":   {standing, message(school, toCentre), sent(toCentre)},
		"to the school that has it":      {standing, message(cti, toSchool), sent(toSchool)},
		"the school to comune and UST":   {attending, message(school, toComune, toUST), sent(toComune, toUST)},
		"the same twice is once":         {attending, message(ust, toSchool, toSchool), sent(toSchool)},
		"of a case that is over":         {gone, message(rozzano, toCentre), sent(toCentre)},
		"to the centre it was passed to": {append(inCharge[:3:3], handed), message(rozzano, toNext), sent(toNext)},
	} {
		p := given(t, tt.past...)
		before := p.State()
		after := causes(t, p, tt.say, tt.want).State()
		if before.Holder() != after.Holder() || before.Status != after.Status || before.HeldSince != after.HeldSince {
			t.Errorf("%s: was %+v, is %+v", name, before, after)
		}
	}
}

func TestAMessageNeedsWordsAndSomebodyOnTheCase(t *testing.T) {
	t.Parallel()
	given(t, inCharge...).When(message(cti)).ThenRefused(casefile.ErrMissing)
	empty := message(cti, toComune)
	empty.Text = casefile.Text{}
	given(t, inCharge...).When(empty).ThenRefused(casefile.ErrMissing)
	for _, to := range []casefile.Party{toSchool, toCentre, {Role: domain.RolePrefettura}, {Role: "nobody"}, {}} { // no school yet; oneself; no party
		given(t, inCharge...).When(message(cti, toComune, to)).ThenRefused(casefile.ErrAddressee)
	}
	given(t, gone...).When(message(cti, toSchool)).ThenRefused(casefile.ErrAddressee) // it does not have the pupil any more
	for _, stranger := range []domain.Actor{cti2, opera, school2, prefect, {}} {
		given(t, standing...).When(message(stranger, toUST)).ThenRefused(casefile.ErrNotYours)
	}
	given(t, append(standing[:4:4], declined)...).When(message(school, toCentre)).ThenRefused(casefile.ErrNotYours)
	given(t, joined...).When(message(ust, toCentre)).ThenRefused(casefile.ErrNotOpen)
	given(t, forgotten...).When(message(ust, toCentre)).ThenRefused(casefile.ErrErased)
	given(t).When(message(ust, toCentre)).ThenRefused(casefile.ErrNoCase)
}

// What was meant for one body is not sent to the one that took its place while it was written, nor to the others it was also for.
func TestAMessageIsNotForWhoTookTheAddresseesPlace(t *testing.T) {
	t.Parallel()
	elsewhere := offered
	elsewhere.Offer, elsewhere.School, elsewhere.Institution = offer2, site2, "MIIC8CD00V"
	for name, tt := range map[string]struct {
		past events
		to   casefile.Party
		next casefile.Party
	}{
		"another school": {append(standing[:4:4], declined, elsewhere), toSchool, casefile.Party{Role: domain.RoleSchool, Body: "MIIC8CD00V"}},
		"another centre": {append(inCharge[:3:3], handed), toCentre, toNext},
		"another comune": {append(inCharge[:3:3], casefile.DomicileChanged{Comune: "015159"}), toComune, casefile.Party{Role: domain.RoleComune, Body: "015159"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := given(t, tt.past...)
			p.When(message(ust, tt.to)).ThenRefused(casefile.ErrAddressee)
			p.When(message(ust, tt.next, tt.to)).ThenRefused(casefile.ErrAddressee)
			causes(t, p, message(ust, tt.next), casefile.MessageSent{To: []casefile.Party{tt.next}, Text: why, At: hour(3)})
		})
	}
}
