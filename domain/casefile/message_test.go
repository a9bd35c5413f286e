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
	toUST    = casefile.Party{Role: domain.RoleUST}
	said     = casefile.MessageSent{To: []casefile.Party{toCentre, toUST}, Text: why, At: hour(3)}
)

func message(from domain.Actor, to ...domain.Role) casefile.SendMessage {
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
		"the comune to its centre":       {waiting, message(rozzano, domain.RoleCentre), sent(toCentre)},
		"the centre to comune and UST":   {inCharge, message(cti, domain.RoleUST, domain.RoleComune), sent(toComune, toUST)},
		"the centre, while it asks":      {asking, message(cti, domain.RoleComune), sent(toComune)},
		"the school that has an offer":   {standing, message(school, domain.RoleCentre), sent(toCentre)},
		"to the school that has it":      {standing, message(cti, domain.RoleSchool), sent(toSchool)},
		"the school to comune and UST":   {attending, message(school, domain.RoleComune, domain.RoleUST), sent(toComune, toUST)},
		"the same twice is once":         {attending, message(ust, domain.RoleSchool, domain.RoleSchool), sent(toSchool)},
		"of a case that is over":         {gone, message(rozzano, domain.RoleCentre), sent(toCentre)},
		"to the centre it was passed to": {append(inCharge[:3:3], handed), message(rozzano, domain.RoleCentre), sent(casefile.Party{Role: domain.RoleCentre, Body: "CTI-24"})},
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
	empty := message(cti, domain.RoleComune)
	empty.Text = casefile.Text{}
	given(t, inCharge...).When(empty).ThenRefused(casefile.ErrMissing)
	for _, to := range []domain.Role{domain.RoleSchool, domain.RoleCentre, domain.RolePrefettura, "nobody"} { // no school yet; oneself; no party
		given(t, inCharge...).When(message(cti, domain.RoleComune, to)).ThenRefused(casefile.ErrAddressee)
	}
	given(t, gone...).When(message(cti, domain.RoleSchool)).ThenRefused(casefile.ErrAddressee) // it does not have the pupil any more
	for _, stranger := range []domain.Actor{cti2, opera, school2, prefect, {}} {
		given(t, standing...).When(message(stranger, domain.RoleUST)).ThenRefused(casefile.ErrNotYours)
	}
	given(t, append(standing[:4:4], declined)...).When(message(school, domain.RoleCentre)).ThenRefused(casefile.ErrNotYours)
	given(t, joined...).When(message(ust, domain.RoleCentre)).ThenRefused(casefile.ErrNotOpen)
	given(t, forgotten...).When(message(ust, domain.RoleCentre)).ThenRefused(casefile.ErrErased)
	given(t).When(message(ust, domain.RoleCentre)).ThenRefused(casefile.ErrNoCase)
}
