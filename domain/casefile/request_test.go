package casefile_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
)

var ask = casefile.RecordRequest{Act: by(rozzano, hour(0)), Channel: domain.ChannelComune, On: day(0), Facts: facts,
	Pupil: pupil, Route: route}

func TestAComuneRequests(t *testing.T) {
	t.Parallel()
	given(t).When(ask).Then(requested, routed)

	mail := ask
	mail.Act, mail.Channel, mail.On = by(ust, hour(0)), domain.ChannelUST, day(-12)
	fromMail := requested
	fromMail.Channel, fromMail.On = domain.ChannelUST, day(-12)
	given(t).When(mail).Then(fromMail, routed)

	mail.Act = by(importer, hour(0))
	given(t).When(mail).Then(fromMail, routed)
}

func TestARequestIsRefused(t *testing.T) {
	t.Parallel()
	refused := func(change func(*casefile.RecordRequest), want error, es ...casefile.Event) {
		t.Helper()
		c := ask
		change(&c)
		given(t, es...).When(c).ThenRefused(want)
	}
	refused(func(c *casefile.RecordRequest) {}, casefile.ErrExists, waiting...)
	refused(func(c *casefile.RecordRequest) {}, casefile.ErrExists, enrolled, routed)
	refused(func(c *casefile.RecordRequest) {}, casefile.ErrExists, forgotten...)
	refused(func(c *casefile.RecordRequest) { c.On = day(1) }, casefile.ErrDayInFuture)
	refused(func(c *casefile.RecordRequest) { c.On = domain.Date{} }, casefile.ErrMissing)
	refused(func(c *casefile.RecordRequest) { c.Route = casefile.Route{} }, casefile.ErrCentreUnknown)
	for _, a := range []domain.Actor{opera, cti, school, prefect, {Role: domain.RoleAdmin}, {Role: domain.RoleComune}} {
		refused(func(c *casefile.RecordRequest) { c.By = a }, casefile.ErrNotYours)
	}
}

// The day of a request is the day in Rome, whatever the clock of the server says.
func TestTheDayOfARequestIsRomes(t *testing.T) {
	t.Parallel()
	c := ask
	c.Act = by(rozzano, time.Date(2022, time.March, 14, 23, 30, 0, 0, time.UTC)) // half past midnight of the 15th
	c.On = day(1)
	if events, err := casefile.Decide(casefile.State{}, c); err != nil || len(events) != 2 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

var enrol = casefile.RecordAutonomousEnrolment{Act: by(school, hour(0)), School: site, Institution: "MIIC8AB00X",
	Enrolment: offer1, On: day(0),
	Facts: facts, Pupil: pupil, Route: route}

func TestASchoolEnrolsOnItsOwn(t *testing.T) {
	t.Parallel()
	s := given(t).When(enrol).Then(enrolled, routed).State()
	if want := (casefile.Holder{Kind: casefile.HeldBySchool, Body: "MIIC8AB00X"}); s.Holder() != want ||
		s.Status != casefile.Accepted || s.AcceptedOn != day(0) {
		t.Errorf("%s on %v, held by %v", s.Status, s.AcceptedOn, s.Holder())
	}

	c := enrol
	c.On, c.FirstDay = day(-9), day(-7)
	e := enrolled
	e.On = day(-9)
	given(t).When(c).Then(e, routed, casefile.FirstDayRecorded{On: day(-7)})

	c.Act = by(ust, hour(0))
	given(t).When(c).Then(e, routed, casefile.FirstDayRecorded{On: day(-7)})
}

func TestAnAutonomousEnrolmentIsRefused(t *testing.T) {
	t.Parallel()
	refused := func(change func(*casefile.RecordAutonomousEnrolment), want error, es ...casefile.Event) {
		t.Helper()
		c := enrol
		change(&c)
		given(t, es...).When(c).ThenRefused(want)
	}
	refused(func(c *casefile.RecordAutonomousEnrolment) {}, casefile.ErrExists, waiting...)
	refused(func(c *casefile.RecordAutonomousEnrolment) { c.On = day(1) }, casefile.ErrDayInFuture)
	refused(func(c *casefile.RecordAutonomousEnrolment) { c.On = domain.Date{} }, casefile.ErrMissing)
	refused(func(c *casefile.RecordAutonomousEnrolment) { c.FirstDay = day(1) }, casefile.ErrDayInFuture)
	refused(func(c *casefile.RecordAutonomousEnrolment) { c.FirstDay = day(-1) }, casefile.ErrFirstDayTooEarly)
	refused(func(c *casefile.RecordAutonomousEnrolment) { c.Route = casefile.Route{} }, casefile.ErrCentreUnknown)
	for _, a := range []domain.Actor{school2, rozzano, cti, prefect} {
		refused(func(c *casefile.RecordAutonomousEnrolment) { c.By = a }, casefile.ErrNotYours)
	}
}

func TestNothingCanBeAskedOfACaseThatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, c := range everyCommand(ust, hour(0)) {
		switch c.(type) {
		case casefile.RecordRequest, casefile.RecordAutonomousEnrolment:
		default:
			given(t).When(c).ThenRefused(casefile.ErrNoCase)
		}
	}
}

// causes is spec's Then for what is news however often it is said: its repetition is known by the command's id alone.
func causes(t *testing.T, p past, c casefile.Command, want ...casefile.Event) past {
	t.Helper()
	got, err := casefile.Decide(p.State(), c)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%T caused %+v, %v; want %+v", c, got, err, want)
	}
	return p.And(got...)
}

func TestPapersAreAmended(t *testing.T) {
	t.Parallel()
	level := primaria2
	amend := func(a domain.Actor) casefile.AmendRequest {
		return casefile.AmendRequest{Act: by(a, hour(9)), Pupil: pupil}
	}
	event := casefile.RequestAmended{Pupil: pupil}
	for _, a := range []domain.Actor{rozzano, cti, ust} {
		for _, es := range []events{waiting, inCharge, asking, standing, placed, attending} {
			causes(t, given(t, es...), amend(a), event)
		}
	}
	for _, es := range []events{placed, attending, {enrolled, routed}} {
		causes(t, given(t, es...), amend(school), event)
	}
	for _, a := range []domain.Actor{opera, cti2, school, school2, prefect, importer} {
		given(t, standing...).When(amend(a)).ThenRefused(casefile.ErrNotYours)
	}
	given(t, waiting...).When(amend(school)).ThenRefused(casefile.ErrNotYours)
	given(t, gone...).When(amend(ust)).ThenRefused(casefile.ErrNotOpen)
	given(t, joined...).When(amend(ust)).ThenRefused(casefile.ErrNotOpen)

	// What stands in clear is silence when it is so already, alone or beside news.
	all := casefile.AmendRequest{Act: by(rozzano, hour(9)), Level: &level, Sex: casefile.Male, Asked: &level,
		Preferred: []domain.School{site, site2}, Needs: []casefile.Need{"canteen"}}
	told := given(t, waiting...).When(all).Then(casefile.RequestAmended{Level: &level, Sex: casefile.Male, Asked: &level,
		Preferred: []domain.School{site, site2}, Needs: []casefile.Need{"canteen"}})
	all.Sex = casefile.Female
	told = told.When(all).Then(casefile.RequestAmended{Sex: casefile.Female})
	told.When(casefile.AmendRequest{Act: by(rozzano, hour(9)), Preferred: []domain.School{}, Needs: []casefile.Need{}}).
		Then(casefile.RequestAmended{Preferred: []domain.School{}, Needs: []casefile.Need{}})
}

func TestAnAmendmentIsRefused(t *testing.T) {
	t.Parallel()
	level := grade.Level{Order: grade.Primaria, Year: 6}
	for _, tt := range []struct {
		change casefile.AmendRequest
		want   error
	}{
		{casefile.AmendRequest{}, casefile.ErrNothingToChange},
		{casefile.AmendRequest{Level: &level}, grade.ErrLevel},
		{casefile.AmendRequest{Asked: &level}, grade.ErrLevel},
		{casefile.AmendRequest{Sex: "a girl, says her aunt"}, casefile.ErrChoiceUnknown},
		{casefile.AmendRequest{Needs: []casefile.Need{"a friend"}}, casefile.ErrChoiceUnknown},
		{casefile.AmendRequest{Preferred: []domain.School{site, site2, site, site2}}, casefile.ErrChoiceUnknown},
	} {
		tt.change.Act = by(rozzano, hour(9))
		given(t, waiting...).When(tt.change).ThenRefused(tt.want)
	}
}

// A birth date corrected moves the grade by age, and the grade with it unless a resolution says otherwise.
func TestACorrectedBirthDateMovesTheGradeByAge(t *testing.T) {
	t.Parallel()
	level := primaria2
	correct := casefile.AmendRequest{Act: by(cti, hour(9)), Level: &level, Pupil: pupil}
	event := casefile.RequestAmended{Level: &level, Pupil: pupil}
	if s := causes(t, given(t, inCharge...), correct, event).State(); s.ByAge != primaria2 || s.Level != primaria2 {
		t.Errorf("by age %v, grade %v", s.ByAge, s.Level)
	}
	primaria4 := grade.Level{Order: grade.Primaria, Year: 4}
	resolved := given(t, inCharge...).And(casefile.GradeDetermined{Level: primaria4, Resolution: resolution})
	if s := causes(t, resolved, correct, event).State(); s.ByAge != primaria2 || s.Level != primaria4 {
		t.Errorf("by age %v, grade %v", s.ByAge, s.Level)
	}
}

func TestAChildMovesHouse(t *testing.T) {
	t.Parallel()
	move := func(a domain.Actor, to domain.Comune, centre domain.Centre) casefile.ChangeDomicile {
		return casefile.ChangeDomicile{Act: by(a, hour(9)), Comune: to, From: day(0),
			Route: casefile.Route{Centre: centre, Policy: "2022-2", Terms: terms}}
	}
	changed := casefile.DomicileChanged{Comune: "015159", From: day(0), At: hour(9)}
	anew := casefile.Routed{Centre: "CTI-24", Policy: "2022-2", Terms: terms, At: hour(9)}

	for _, a := range []domain.Actor{rozzano, cti, ust} {
		for _, es := range []events{waiting, inCharge, asking} {
			s := given(t, es...).When(move(a, "015159", "CTI-24")).Then(changed, anew).State()
			if s.Status != casefile.Requested || s.Centre != "CTI-24" || s.ChargeDue != hour(9) {
				t.Errorf("%s at %s since %v", s.Status, s.Centre, s.ChargeDue)
			}
		}
		given(t, inCharge...).When(move(a, "015159", "CTI-25")).Then(changed) // another comune of the same centre
		for _, es := range []events{standing, placed, attending, {enrolled, routed}} {
			given(t, es...).When(move(a, "015159", "CTI-24")).Then(changed) // a school comes first
		}
	}
	given(t, attending...).When(move(school, "015159", "CTI-24")).Then(changed)

	sealed := move(rozzano, "015189", "CTI-25")
	sealed.Domicile = home
	causes(t, given(t, inCharge...), sealed, casefile.DomicileChanged{Comune: "015189", From: day(0), Domicile: home, At: hour(9)})

	for _, a := range []domain.Actor{opera, cti2, school, prefect, importer} {
		given(t, standing...).When(move(a, "015159", "CTI-24")).ThenRefused(casefile.ErrNotYours)
	}
	given(t, gone...).When(move(ust, "015159", "CTI-24")).ThenRefused(casefile.ErrNotOpen)
	given(t, joined...).When(move(ust, "015159", "CTI-24")).ThenRefused(casefile.ErrNotOpen)
	given(t, waiting...).When(move(ust, "", "CTI-24")).ThenRefused(casefile.ErrMissing)
	given(t, waiting...).When(move(ust, "015159", "")).ThenRefused(casefile.ErrCentreUnknown)
}

// Another address in the same comune is no reason to take a case from the centre it was handed to.
func TestAMoveWithinTheComuneLeavesTheHandOverAlone(t *testing.T) {
	t.Parallel()
	move := casefile.ChangeDomicile{Act: by(rozzano, hour(9)), Comune: "015189", From: day(0), Route: route}
	given(t, inCharge...).And(handed).When(move).Then(casefile.DomicileChanged{Comune: "015189", From: day(0), At: hour(9)})

	move.Municipio = 3 // of a city, to another municipio
	given(t, inCharge...).And(handed).When(move).
		Then(casefile.DomicileChanged{Comune: "015189", Municipio: 3, From: day(0), At: hour(9)},
			casefile.Routed{Centre: "CTI-25", Policy: "2022-1", Provisional: true, Terms: terms, At: hour(9)})
}

// The comune that now knows the family is the one to answer.
func TestAQuestionMovesWithTheChild(t *testing.T) {
	t.Parallel()
	s := given(t, asking...).And(casefile.DomicileChanged{Comune: "015159", From: day(0), At: hour(9)}).State()
	if want := (casefile.Holder{Kind: casefile.HeldByComune, Body: "015159"}); s.Holder() != want || s.HeldSince != hour(9) {
		t.Errorf("held by %v since %v", s.Holder(), s.HeldSince)
	}
	moved := append(asking[:4:4], casefile.DomicileChanged{Comune: "015159", From: day(0), At: hour(9)})
	answer := casefile.AnswerQuestion{Act: by(rozzano, hour(10)), Text: why}
	given(t, moved...).When(answer).ThenRefused(casefile.ErrHeldByAnother)
	answer.By = opera
	given(t, moved...).When(answer).Then(casefile.QuestionAnswered{Text: why, At: hour(10)})
}

func TestARequestIsTakenBack(t *testing.T) {
	t.Parallel()
	back := func(a domain.Actor) casefile.WithdrawRequest {
		return casefile.WithdrawRequest{Act: by(a, hour(30)), Reason: "moved-abroad", Text: why}
	}
	closing := casefile.CaseClosed{Reason: "moved-abroad", On: day(1), Withdrawn: true, Text: why}
	for _, a := range []domain.Actor{ust, rozzano} {
		closing.WithdrawnBy = casefile.PartyOf(a)
		for _, es := range []events{waiting, inCharge, asking} {
			given(t, es...).When(back(a)).Then(closing)
		}
		given(t, standing...).When(back(a)).
			Then(casefile.OfferWithdrawn{Offer: offer1, School: site, Reason: "case-closed", At: hour(30)}, closing)
		for _, es := range []events{placed, attending, {enrolled, routed}} {
			given(t, es...).When(back(a)).ThenRefused(casefile.ErrPlaceKept)
		}
	}
	given(t, waiting...).When(back(opera)).ThenRefused(casefile.ErrHeldByAnother)
	for _, a := range []domain.Actor{cti, school, prefect, importer} {
		given(t, waiting...).When(back(a)).ThenRefused(casefile.ErrNotYours)
	}
	given(t, gone...).When(back(rozzano)).ThenRefused(casefile.ErrNotOpen)
	for _, reason := range []casefile.ClosureReason{"", "year-completed", "duplicate", "bored"} {
		c := back(rozzano)
		c.Reason = reason
		given(t, waiting...).When(c).ThenRefused(casefile.ErrReasonMissing)
	}
	// The school that has not answered yet is too late.
	story := given(t, standing...).When(back(rozzano)).
		Then(casefile.OfferWithdrawn{Offer: offer1, School: site, Reason: "case-closed", At: hour(30)}, closing)
	story.When(casefile.AcceptOffer{Act: by(school, hour(31)), Offer: offer1, On: day(1)}).ThenRefused(casefile.ErrNotOpen)
}

func TestANoteIsLeft(t *testing.T) {
	t.Parallel()
	note := casefile.AddNote{Act: by(cti, hour(9)), Text: why}
	for _, es := range []events{waiting, asking, attending, gone, joined} {
		p := given(t, es...)
		before := p.State()
		after := causes(t, p, note, casefile.NoteAdded{Text: why}).State()
		if !reflect.DeepEqual(before, after) {
			t.Error("a note changed the case")
		}
	}
	given(t, waiting...).When(casefile.AddNote{Act: by(cti, hour(9))}).ThenRefused(casefile.ErrMissing)
	given(t, forgotten...).When(note).ThenRefused(casefile.ErrErased)
}

func TestRefusalsNameTheirField(t *testing.T) {
	t.Parallel()
	c := ask
	c.On = day(1)
	_, err := casefile.Decide(casefile.State{}, c)
	if refusal, ok := errors.AsType[*domain.Error](err); !ok || refusal.Field != "on" {
		t.Errorf("got %v", err)
	}
}
