package notice_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
	"approdo/domain/notice"
)

var (
	pupil   = uuid.MustParse("018f0000-0000-7000-8000-0000000000aa")
	anna    = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	offer   = uuid.MustParse("018f0000-0000-7000-8000-0000000000bb")
	monday  = time.Date(2022, time.March, 14, 9, 30, 0, 0, time.UTC)
	due     = monday.AddDate(0, 0, 5)
	request = casefile.RequestRecorded{Channel: domain.ChannelComune, At: monday, Facts: casefile.Facts{Comune: domain.Milano}}
	routed  = casefile.Routed{Centre: "CTI-23", Terms: casefile.Terms{TakeCharge: due}, At: monday}
	charged = casefile.ChargeTaken{Centre: "CTI-23", At: monday}
	offered = casefile.PlaceOffered{Offer: offer, School: "MIIC8AB00X", Institution: "MIIC8AB00X", Due: due, At: monday}
	asked   = casefile.QuestionAsked{To: casefile.Holder{Kind: casefile.HeldByComune, Body: string(domain.Milano)}, At: monday}
)

// told is who is told of the last of some events: "kind role body".
func told(t *testing.T, stored string, events ...casefile.Event) (out []string, all []notice.Notice) {
	t.Helper()
	s := casefile.State{}
	for _, e := range events {
		s = casefile.Evolve(s, e)
	}
	r := event.Record{Draft: event.Draft{ID: offer, Type: stored, Meta: event.Meta{At: monday}}, Stream: casefile.Stream(pupil)}
	all = notice.Of(r, events[len(events)-1], s)
	for _, n := range all {
		out = append(out, string(n.Kind)+" "+string(n.Role)+" "+n.Body)
		if n.Case != pupil || n.Event != offer || n.What != stored || !n.At.Equal(monday) {
			t.Errorf("%s: %+v", stored, n)
		}
	}
	return out, all
}

func TestWhoIsToldOfWhat(t *testing.T) {
	t.Parallel()
	accepted := casefile.OfferAccepted{Offer: offer, School: "MIIC8AB00X", Institution: "MIIC8AB00X", At: monday}
	own := casefile.AutonomousEnrolmentRecorded{School: "MIIC8AB00X", Institution: "MIIC8AB00X", Enrolment: offer, At: monday, Facts: casefile.Facts{Comune: domain.Milano}}
	expired := func(to domain.Role) casefile.Event {
		return casefile.ClockExpired{Clock: casefile.ClockFirstOffer, Due: due, To: to}
	}
	const comune = "comune 015146"
	seen := map[string]bool{}
	for name, tc := range map[string]struct {
		stored string
		events []casefile.Event
		want   []string
		due    time.Time
	}{
		"a request comes to a centre":  {"case.routed", []casefile.Event{request, routed}, []string{"task centre CTI-23"}, due},
		"a school enrolled on its own": {"case.routed", []casefile.Event{own, routed}, nil, time.Time{}},
		"taking charge":                {"case.charge-taken", []casefile.Event{request, routed, charged}, nil, time.Time{}},
		"handed over":                  {"case.handed-over", []casefile.Event{request, routed, casefile.HandedOver{From: "CTI-23", To: "POLO-1", Terms: casefile.Terms{TakeCharge: due}, At: monday}}, []string{"task centre POLO-1"}, due},
		"a question":                   {"case.question-asked", []casefile.Event{request, routed, charged, asked}, []string{"task " + comune}, time.Time{}},
		"an answer":                    {"case.question-answered", []casefile.Event{request, routed, charged, asked, casefile.QuestionAnswered{At: monday}}, []string{"answer centre CTI-23"}, time.Time{}},
		"a message": {"case.message-sent", []casefile.Event{request, routed, casefile.MessageSent{To: []casefile.Party{{Role: domain.RoleComune, Body: string(domain.Milano)},
			{Role: domain.RoleUST}}, At: monday}}, []string{"message " + comune, "message ust "}, time.Time{}},
		"an offer":  {"case.place-offered", []casefile.Event{request, routed, charged, offered}, []string{"task school MIIC8AB00X"}, due},
		"declined":  {"case.offer-declined", []casefile.Event{request, routed, charged, offered, casefile.OfferDeclined{Offer: offer, At: monday}}, []string{"outcome centre CTI-23"}, time.Time{}},
		"lapsed":    {"case.offer-lapsed", []casefile.Event{request, routed, charged, offered, casefile.OfferLapsed{Offer: offer, At: monday}}, []string{"outcome centre CTI-23"}, time.Time{}},
		"withdrawn": {"case.offer-withdrawn", []casefile.Event{request, routed, charged, offered, casefile.OfferWithdrawn{Offer: offer, At: monday}}, nil, time.Time{}},
		"accepted":  {"case.offer-accepted", []casefile.Event{request, routed, charged, offered, accepted}, []string{"outcome " + comune, "outcome centre CTI-23"}, time.Time{}},
		"a yes is taken back": {"case.acceptance-taken-back", []casefile.Event{request, routed, charged, offered, accepted, casefile.AcceptanceTakenBack{Offer: offer, At: monday}},
			[]string{"outcome " + comune, "outcome centre CTI-23"}, time.Time{}},
		"a no is taken back": {"case.decline-taken-back", []casefile.Event{request, routed, charged, offered, casefile.OfferDeclined{Offer: offer, At: monday},
			casefile.DeclineTakenBack{Offer: offer}}, []string{"outcome centre CTI-23"}, time.Time{}},
		"a hand-over is taken back by who made it": {"case.handed-over", []casefile.Event{request, routed, casefile.HandedOver{From: "CTI-23", To: "POLO-1", At: monday},
			casefile.HandedOver{From: "POLO-1", To: "CTI-23", Reason: "taken-back", At: monday}}, nil, time.Time{}},
		"overdue goes up to the centre":        {"case.clock-expired", []casefile.Event{request, routed, expired(domain.RoleCentre)}, []string{"overdue centre CTI-23"}, due},
		"overdue goes up to the UST":           {"case.clock-expired", []casefile.Event{request, routed, expired(domain.RoleUST)}, []string{"overdue ust "}, due},
		"reopened":                             {"case.reopened", []casefile.Event{request, routed, casefile.CaseClosed{}, casefile.CaseReopened{Terms: casefile.Terms{TakeCharge: due}, At: monday}}, []string{"task centre CTI-23"}, due},
		"parted":                               {"case.parted", []casefile.Event{request, routed, casefile.CaseMerged{Into: anna}, casefile.CaseParted{From: anna, At: monday}}, []string{"task centre CTI-23"}, time.Time{}},
		"closed: nobody must act any more":     {"case.closed", []casefile.Event{request, routed, casefile.CaseClosed{}}, nil, time.Time{}},
		"erased: nothing of it leaves a house": {"case.pupil-erased", []casefile.Event{request, routed, casefile.PupilErased{}}, nil, time.Time{}},
	} {
		got, all := told(t, tc.stored, tc.events...)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		if len(all) > 0 {
			seen[tc.stored] = true
			if !all[0].Due.Equal(tc.due) {
				t.Errorf("%s: until %v, want %v", name, all[0].Due, tc.due)
			}
		}
	}
	for _, name := range notice.Types() {
		if !seen[name] {
			t.Errorf("nobody is ever told of %s", name)
		}
	}
	if len(seen) != len(notice.Types()) {
		t.Errorf("told of %v, followed are %v", seen, notice.Types())
	}
}

func TestMorningsAreOfWorkingDaysInRome(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"2022-03-14T05:59:59Z": "2022-03-14T06:00:00Z", // Monday in winter
		"2022-03-14T06:00:00Z": "2022-03-14T06:00:00Z",
		"2022-03-14T06:00:01Z": "2022-03-15T06:00:00Z",
		"2022-03-25T12:00:00Z": "2022-03-28T05:00:00Z", // over a weekend, and into summer time
		"2022-04-15T12:00:00Z": "2022-04-19T05:00:00Z", // Good Friday: Easter Monday is none
		"2022-12-06T12:00:00Z": "2022-12-09T06:00:00Z", // Sant'Ambrogio, the Immacolata
		"2022-03-13T23:30:00Z": "2022-03-14T06:00:00Z", // already Monday in Rome
	} {
		from, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := notice.Morning(from).Format(time.RFC3339); got != want {
			t.Errorf("after %s: %s, want %s", at, got, want)
		}
	}
}

func TestPreferencesAreEachPersonsOwn(t *testing.T) {
	t.Parallel()
	var none notice.Preferences
	n := notice.Notice{Kind: notice.Task, At: monday}
	if at, told := none.When(n); !told || !at.Equal(time.Date(2022, time.March, 15, 6, 0, 0, 0, time.UTC)) || none.Speaks() != notice.Italian {
		t.Errorf("who has chosen nothing is told %v at %v in %s", told, at, none.Speaks())
	}
	chosen := notice.Preferences{Language: notice.English, Ways: map[notice.Kind]notice.Way{notice.Task: notice.AtOnce, notice.Outcome: notice.Never}}
	b, err := chosen.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := notice.DecodePreferences(b)
	if err != nil || !reflect.DeepEqual(read, chosen) {
		t.Fatalf("%+v, %v", read, err)
	}
	if at, told := read.When(n); !told || !at.Equal(monday) || read.Speaks() != notice.English {
		t.Errorf("at once is %v at %v", told, at)
	}
	n.Kind = notice.Outcome
	if at, told := read.When(n); told {
		t.Errorf("never is at %v", at)
	}
	if p, err := notice.DecodePreferences(nil); err != nil || p.Way(notice.Overdue) != notice.Daily {
		t.Errorf("nothing chosen: %+v, %v", p, err)
	}
	unknown := notice.Preferences{Language: "xx", Ways: map[notice.Kind]notice.Way{notice.Task: "sometimes"}}
	if unknown.Way(notice.Task) != notice.Daily || unknown.Speaks() != notice.Italian {
		t.Error("what is not known counts as chosen")
	}
}

func TestANoticeIsOneAccountsAndTheSameWhoeverQueuesIt(t *testing.T) {
	t.Parallel()
	n := notice.Notice{Event: offer, What: "case.place-offered", Case: pupil, Kind: notice.Task, At: monday, Due: due}
	again := n
	if n.ID(anna) != again.ID(anna) || n.ID(anna) == n.ID(pupil) {
		t.Error("the id is not that of event and account")
	}
	b, err := n.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := notice.Decode(b); err != nil || read != n {
		t.Errorf("%+v, %v", read, err)
	}
}

var (
	system = domain.Act{By: domain.System, At: monday}
	aSent  = notice.Sent{Account: anna, Role: domain.RoleCentre, Body: "CTI-23", Channel: notice.ByPEC, Message: "<x@ust.example.org>", At: monday,
		Items: []notice.Item{{Event: offer, What: "case.routed", Case: pupil, Kind: notice.Task}}}
	taken     = notice.Receipted{Receipt: notice.Accepted, At: monday}
	delivered = notice.Receipted{Receipt: notice.Delivered, At: monday}
)

func TestAMessageIsSentOnceAndReceiptedByEachReceiptOnce(t *testing.T) {
	t.Parallel()
	given := func(past ...notice.Event) spec.Past[notice.State, notice.Command, notice.Event] {
		return spec.Given(t, notice.Decider, past...)
	}
	receive := func(r notice.Receipted) notice.Command { return notice.Receive{Act: system, Receipted: r} }
	given().When(notice.Send{Act: system, Sent: aSent}).Then(aSent)
	given(aSent).When(notice.Send{Act: system, Sent: aSent}).ThenNothing()
	given(aSent).When(receive(taken)).Then(taken)
	given(aSent, taken).When(receive(taken)).ThenNothing()
	given(aSent, taken).When(receive(delivered)).Then(delivered)
	if _, err := notice.Decide(notice.State{}, receive(taken)); !errors.Is(err, notice.ErrNoNotice) {
		t.Errorf("a receipt of nothing: %v", err)
	}
	if _, err := notice.Decide(notice.State{Sent: true}, receive(notice.Receipted{Receipt: "posta-certificata"})); !errors.Is(err, notice.ErrReceipt) {
		t.Errorf("a receipt that is none: %v", err)
	}
	if notice.IDOf(notice.Stream(anna)) != anna || notice.IDOf("case-"+anna.String()) != uuid.Nil {
		t.Error("streams are not read back")
	}
}

func TestGoldenEvents(t *testing.T) {
	t.Parallel()
	spec.Golden(t, event.NewCodec(sealtest.New(), notice.Events), "testdata", aSent, delivered)
}
