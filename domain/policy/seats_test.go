package policy_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/policy"
)

var (
	ust    = domain.Actor{Role: domain.RoleUST}
	monday = time.Date(2022, 3, 14, 9, 0, 0, 0, time.UTC)
	third  = grade.Level{Order: grade.Primaria, Year: 3}
)

const (
	rozzano domain.School     = "MIEE8A1014"
	opera   domain.School     = "MIEE8B2015"
	year    domain.SchoolYear = 2021
)

func TestFollow(t *testing.T) {
	t.Parallel()
	id, first, second := uuid.New(), uuid.New(), uuid.New()
	act := domain.Act{By: domain.System, At: monday}
	all := []casefile.Placement{{Offer: first, School: rozzano, Level: third}, {Offer: second, School: opera, Level: third}}
	release := func(offer uuid.UUID, school domain.School) policy.Asked {
		return policy.Asked{Stream: places.Stream(school, year), Command: places.Release{Act: act, Offer: offer}}
	}
	take := policy.Asked{Stream: places.Stream(opera, year),
		Command: places.Take{Act: act, Offer: second, Case: id, Level: third}}
	one, two := &casefile.Offer{ID: first}, &casefile.Offer{ID: second}
	given1, given2 := release(first, rozzano), release(second, opera)
	for name, c := range map[string]struct {
		state casefile.State
		all   []casefile.Placement
		want  []policy.Asked
	}{
		"no school was asked":      {casefile.State{Status: casefile.Requested}, nil, nil},
		"the offer is unanswered":  {casefile.State{Status: casefile.Offered, Offer: one}, all[:1], nil},
		"the second is unanswered": {casefile.State{Status: casefile.Offered, Offer: two}, all, []policy.Asked{given1}},
		"back at the centre":       {casefile.State{Status: casefile.InCharge}, all, []policy.Asked{given1, given2}},
		"accepted":                 {casefile.State{Status: casefile.Accepted, Offer: two}, all, []policy.Asked{given1, take}},
		"attending":                {casefile.State{Status: casefile.Attending, Offer: two}, all[1:], []policy.Asked{take}},
		"closed":                   {casefile.State{Status: casefile.Closed}, all[:1], []policy.Asked{given1}},
		"merged with its offer":    {casefile.State{Status: casefile.Merged, Offer: one}, all[:1], []policy.Asked{given1}},
	} {
		c.state.SchoolYear = year
		if got := policy.Follow(id, c.state, c.all, act); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// A record whose type is passed over must not change what the case asks of the places: random actors try whatever they like, and
// whenever the answer changes, the type must be one the policy reacts to.
func TestTypesPassedOverChangeNothing(t *testing.T) {
	t.Parallel()
	codec := event.NewCodec(sealtest.New(), casefile.Events, places.Events)
	types := policy.PlacesFollowCase(nil, codec).Types
	changed := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		id := uuid.New()
		state, at := casefile.Decider.Initial(), monday
		var past []casefile.Event
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			at = at.Add(24 * time.Hour)
			events, err := casefile.Decide(state, command(t, state, at))
			if err != nil {
				continue
			}
			for _, e := range events {
				act := domain.Act{By: domain.System, At: monday}
				before := policy.Follow(id, state, casefile.Placements(past), act)
				state, past = casefile.Evolve(state, e), append(past, e)
				after := policy.Follow(id, state, casefile.Placements(past), act)
				if reflect.DeepEqual(before, after) {
					continue
				}
				d, err := codec.Encode(t.Context(), casefile.Stream(id), 0, uuid.New(), e, event.Meta{})
				if err != nil {
					t.Fatal(err)
				}
				changed[d.Type] = true
				if !slices.Contains(types, d.Type) {
					t.Fatalf("%s changes what is asked from %+v to %+v and is passed over", d.Type, before, after)
				}
			}
		}
	})
	for _, name := range []string{"case.autonomously-enrolled", "case.offer-accepted", "case.offer-declined", "case.offer-lapsed",
		"case.offer-withdrawn", "case.acceptance-taken-back", "case.closed"} {
		if !changed[name] {
			t.Errorf("the histories never came to %s changing anything", name)
		}
	}
}

// command draws what the UST, who may do nearly everything, asks of a case.
func command(t *rapid.T, s casefile.State, at time.Time) casefile.Command {
	act := domain.Act{By: ust, At: at}
	words := domain.Open(uuid.Nil, domain.ClassPersonal, domain.NewPersonal("parole"))
	route := casefile.Route{Centre: "CTI-22", Policy: "p"}
	facts := casefile.Facts{Comune: "015189", SchoolYear: year, Level: third, Sex: casefile.Female}
	today := domain.DateOf(at)
	offer := uuid.New()
	if s.Offer != nil {
		offer = s.Offer.ID
	}
	school := rapid.SampledFrom([]domain.School{rozzano, opera}).Draw(t, "school")
	offerPlace := casefile.OfferPlace{Act: act, Offer: uuid.New(), School: school, Institution: "MIIC8A1003", Level: s.Level, Due: at,
		Override: &casefile.Override{Rule: "school-declined-before", Text: words}}
	begin := []casefile.Command{
		casefile.RecordRequest{Act: act, Channel: domain.ChannelUST, On: today, Facts: facts, Route: route},
		casefile.RecordAutonomousEnrolment{Act: act, School: school, Institution: "MIIC8A1003", Enrolment: uuid.New(), On: today, FirstDay: today,
			Facts: facts, Route: route},
	}
	answer := []casefile.Command{
		casefile.AcceptOffer{Act: act, Offer: offer, On: today},
		casefile.DeclineOffer{Act: act, Offer: offer, Reason: "over-ceiling"},
		casefile.LapseOffer{Act: act, Offer: offer},
		casefile.WithdrawOffer{Act: act, Offer: offer, Reason: "better-place"},
	}
	rest := []casefile.Command{
		casefile.RecordFirstDay{Act: act, On: today},
		casefile.TakeBackAcceptance{Act: act, Offer: offer, Reason: "wrong-case"},
		casefile.AnnulFirstDay{Act: act, Reason: "wrong-case"},
		casefile.EndAttendance{Act: act, On: today, Reason: casefile.ClosureReasons()[0]},
		casefile.Close{Act: act, Reason: "untraceable"},
		casefile.Reopen{Act: act},
		casefile.Merge{Act: act, Into: uuid.New(), IntoStatus: casefile.Requested, Text: words},
		casefile.Unmerge{Act: act, Text: words},
		casefile.HandOver{Act: act, To: "CTI-23", Reason: casefile.HandOverReasons()[0]},
		casefile.AddNote{Act: act, Text: words},
		casefile.AskQuestion{Act: act, To: casefile.HeldBySchool, Topic: "health"},
		casefile.AnswerQuestion{Act: act},
	}
	// Half of the time what leads on, else anything.
	all := slices.Concat(begin, answer, rest, []casefile.Command{casefile.TakeCharge{Act: act}, offerPlace})
	if rapid.Bool().Draw(t, "leads on") {
		switch s.Status {
		case "":
			all = begin
		case casefile.Requested:
			all = []casefile.Command{casefile.TakeCharge{Act: act}}
		case casefile.InCharge:
			all = []casefile.Command{offerPlace}
		case casefile.Offered:
			all = answer
		}
	}
	return rapid.SampledFrom(all).Draw(t, "command")
}
