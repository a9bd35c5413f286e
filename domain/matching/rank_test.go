package matching_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/matching"
	"approdo/domain/territory"
)

var (
	rankedOn = domain.Date{Year: 2022, Month: time.March, Day: 28}
	weights  = territory.State{}.WeightsOn(rankedOn)
	monday   = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
)

// plainSite is a site of which everything is known and nothing is remarkable.
func plainSite(change ...func(*matching.Site)) matching.Site {
	s := matching.Site{School: "ZZEE000011", Institution: "ZZIC00001X", Comune: "015146", From: matching.AtMunicipio, To: matching.AtSite, Metres: 2_000,
		Capacity: 3, Free: 2, DeclaredAt: monday, Count: territory.Count{Grade: 3, Classes: 2, Pupils: 40, Foreign: 4, ForeignKnown: true}, CountedIn: 2021}
	for _, f := range change {
		f(&s)
	}
	return s
}

func TestWhatSpeaksForASchoolAndWhatAgainstIt(t *testing.T) {
	t.Parallel()
	type site = matching.Site
	way, places, share := matching.Reason{Code: "way", Metres: 2_000}, matching.Reason{Code: "places", Number: 2, Day: domain.DateOf(monday)},
		matching.Reason{Code: "share", Number: 100}
	all := []territory.Service{territory.LanguageSupport, territory.Transport}
	offers := func(s *site) { s.Services, s.ServicesDeclared = all, true }
	for name, tt := range map[string]struct {
		seeker matching.Seeker
		site   matching.Site
		want   []matching.Reason
	}{
		"nothing remarkable": {site: plainSite(), want: []matching.Reason{way, places, share}},
		"a brother there": {matching.Seeker{Siblings: []domain.Institution{"ZZIC00001X"}}, plainSite(),
			[]matching.Reason{way, {Code: "sibling", Metres: -6_000}, places, share}},
		"the second wish": {matching.Seeker{Wishes: []domain.School{"ZZEE000022", "ZZEE000011"}}, plainSite(),
			[]matching.Reason{way, {Code: "wish", Metres: -3_000, Number: 2}, places, share}},
		"too far": {site: plainSite(func(s *site) { s.Metres = 10_100 }),
			want: []matching.Reason{{Code: "way", Metres: 10_100}, {Code: "far"}, places, share}},
		"in the comune, where is not known": {site: plainSite(func(s *site) { s.Metres, s.To, s.SameComune = 0, matching.AtComune, true }),
			want: []matching.Reason{{Code: "way", Metres: 1_500}, places, share}},
		"known to be next to the middle": {site: plainSite(func(s *site) { s.Metres, s.SameComune = 100, true }),
			want: []matching.Reason{{Code: "way", Metres: 100}, places, share}},
		"full": {site: plainSite(func(s *site) { s.Free = -1 }),
			want: []matching.Reason{way, {Code: "full", Metres: 15_000, Number: 3, Day: domain.DateOf(monday)}, share}},
		"never declared": {site: plainSite(func(s *site) { s.DeclaredAt = time.Time{} }),
			want: []matching.Reason{way, {Code: "undeclared", Metres: 4_000}, share}},
		"an old figure": {site: plainSite(func(s *site) { s.DeclaredAt = monday.AddDate(0, 0, -17) }),
			want: []matching.Reason{way, {Code: "places", Number: 2, Day: domain.DateOf(monday).AddDays(-17)}, {Code: "stale", Metres: 1_000, Number: 31}, share}},
		"a figure of thirty days": {site: plainSite(func(s *site) { s.DeclaredAt = monday.AddDate(0, 0, -16) }),
			want: []matching.Reason{way, {Code: "places", Number: 2, Day: domain.DateOf(monday).AddDays(-16)}, share}},
		"above the ceiling": {site: plainSite(func(s *site) { s.Count.Foreign = 12 }),
			want: []matching.Reason{way, places, {Code: "ceiling", Metres: 3_000, Number: 300}}},
		"nobody counted": {site: plainSite(func(s *site) { s.CountedIn, s.Count = 0, territory.Count{} }),
			want: []matching.Reason{way, places, {Code: "uncounted"}}},
		"citizenship not known": {site: plainSite(func(s *site) { s.Count.ForeignKnown, s.Count.Foreign = false, 0 }),
			want: []matching.Reason{way, places, {Code: "uncounted"}}},
		"what it offers": {matching.Seeker{LittleItalian: true, Services: []territory.Service{territory.Canteen, territory.Transport}}, plainSite(offers),
			[]matching.Reason{way, places, share, {Code: "language-support", Metres: -2_000}, {Code: "transport", Metres: -1_500}, {Code: "no-canteen"}}},
		"what it offers is not needed": {matching.Seeker{}, plainSite(offers), []matching.Reason{way, places, share}},
		"what it offers is not known": {matching.Seeker{LittleItalian: true, Services: []territory.Service{territory.Canteen}}, plainSite(),
			[]matching.Reason{way, places, share}},
		"it declined": {matching.Seeker{Declined: map[domain.School]time.Time{"ZZEE000011": monday}}, plainSite(),
			[]matching.Reason{way, places, share, {Code: "declined", Metres: 30_000, Day: domain.DateOf(monday)}}},
		"it declined and declared anew": {matching.Seeker{Declined: map[domain.School]time.Time{"ZZEE000011": monday.Add(-time.Hour)}}, plainSite(),
			[]matching.Reason{way, places, share, {Code: "declared-anew", Day: domain.DateOf(monday)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := matching.Rank(tt.seeker, []matching.Site{tt.site}, weights, 30, rankedOn)[0]
			if !slices.Equal(got.Reasons, tt.want) {
				t.Errorf("%+v\nwant %+v", got.Reasons, tt.want)
			}
			total := 0
			for _, r := range tt.want {
				total += r.Metres
				if !slices.Contains(matching.ReasonCodes(), r.Code) {
					t.Errorf("%s is not listed", r.Code)
				}
			}
			if got.Total != total || got.Rank != 1 {
				t.Errorf("%d in place %d, want %d in place 1", got.Total, got.Rank, total)
			}
		})
	}
}

func TestTheOrderIsThatOfTheSums(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seeker := matching.Seeker{LittleItalian: rapid.Bool().Draw(t, "little"), Services: []territory.Service{territory.Transport},
			Wishes: []domain.School{"ZZEE000003"}, Siblings: []domain.Institution{"I2"}, Declined: map[domain.School]time.Time{"ZZEE000004": monday}}
		var sites []matching.Site
		for i := range rapid.IntRange(1, 9).Draw(t, "sites") {
			sites = append(sites, plainSite(func(s *matching.Site) {
				s.School, s.Institution = domain.School("ZZEE00000"+string(rune('0'+i))), domain.Institution("I"+string(rune('0'+i%3)))
				s.Metres, s.Free = 100*rapid.IntRange(0, 200).Draw(t, "way"), rapid.IntRange(-1, 2).Draw(t, "free")
				s.Count.Foreign = rapid.IntRange(0, 20).Draw(t, "foreign")
			}))
		}
		ranked := matching.Rank(seeker, sites, weights, 30, rankedOn)
		if len(ranked) != len(sites) {
			t.Fatalf("%d of %d", len(ranked), len(sites)) // none is ever hidden
		}
		for i, r := range ranked {
			sum := 0
			for _, x := range r.Reasons {
				sum += x.Metres
			}
			if sum != r.Total || r.Rank != i+1 || i > 0 && ranked[i-1].Total > r.Total {
				t.Fatalf("%d: %+v", i, r)
			}
		}
		shuffled := slices.Clone(sites)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for i, r := range matching.Rank(seeker, shuffled, weights, 30, rankedOn) {
			if r.School != ranked[i].School {
				t.Fatalf("place %d: %s or %s", i+1, r.School, ranked[i].School)
			}
		}
	})
}
