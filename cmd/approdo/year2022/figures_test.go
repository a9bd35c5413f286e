package year2022_test

import (
	"context"
	"testing"

	"approdo/adapters/memory"
	"approdo/cmd/approdo/year2022"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

// invented are the demo's sites that take pupils.
func invented(t *testing.T) map[domain.School]territory.SchoolState {
	t.Helper()
	store, codec := memory.New(), event.NewCodec(sealtest.New(), territory.Events, territory.SchoolEvents)
	if err := year2022.InventSchools(t.Context(), store, codec, domain.Act{By: domain.System, At: year2022.Start}); err != nil {
		t.Fatal(err)
	}
	all := map[domain.School]territory.SchoolState{}
	for page, err := range store.ReadAll(context.Background(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			decoded, err := codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			code := domain.School(r.Stream[len(territory.SchoolCategory):])
			all[code] = territory.EvolveSchool(all[code], decoded.(territory.SchoolEvent))
		}
	}
	return all
}

func TestInventedSchoolsAreBelievable(t *testing.T) {
	t.Parallel()
	comuni := map[domain.Comune]territory.Comune{}
	for _, c := range territory.Shipped().Comuni {
		comuni[c.Code] = c
	}
	sites, nowhere, silent, above, city := 0, 0, 0, 0, 0
	shares := map[bool][2]int{true: {1000, 0}, false: {1000, 0}} // by whether in Milano: lowest and highest
	for code, s := range invented(t) {
		if !s.School.TakesPupils() {
			continue
		}
		sites++
		c, milano := comuni[s.School.Comune], s.School.Comune == domain.Milano
		if p, ok := s.Point(); !ok {
			nowhere++
		} else if far := (territory.Spot{Lat: c.Lat, Lon: c.Lon}).Metres(territory.Spot{Lat: p.Lat, Lon: p.Lon}); far > 7000 || !milano && far > 3000 {
			t.Errorf("%s is %d m from %s", code, far, c.Name)
		}
		if declared, _ := s.Offers(territory.Canteen); !declared {
			silent++
		}
		count, year, ok := s.Count(2021, 0)
		if !ok || year != 2020 || count.Pupils < 15 || count.Pupils > 1500 || count.Classes == 0 {
			t.Errorf("%s: %+v of %v", code, count, year)
		}
		share, known := count.Share()
		if known != (s.School.Order != grade.Infanzia) {
			t.Errorf("%s, %s: share known: %v", code, s.School.Order, known)
		}
		if !known {
			continue
		}
		shares[milano] = [2]int{min(shares[milano][0], share), max(shares[milano][1], share)}
		if milano && s.School.Order == grade.Primaria {
			if city++; share > 300 {
				above++
			}
		}
	}
	if sites < 1000 || nowhere == 0 || nowhere > sites/15 || silent == 0 || silent > sites/5 {
		t.Errorf("%d sites, %d of no place, %d of which nobody said what they offer", sites, nowhere, silent)
	}
	if in, out := shares[true], shares[false]; in[0] > 120 || in[1] < 500 || in[1] > 700 || out[0] > 80 || out[1] > 400 {
		t.Errorf("shares in Milano %v, outside %v", in, out)
	}
	if above < city/3 || above > city*2/3 { // half of the city's primary schools were above it in truth
		t.Errorf("%d of %d primary schools of Milano are above the ceiling", above, city)
	}
}

func TestTheSameSchoolsAreInventedEveryTime(t *testing.T) {
	t.Parallel()
	a, b := invented(t), invented(t)
	for code, s := range a {
		p, _ := s.Point()
		q, _ := b[code].Point()
		c, _, _ := s.Count(2021, 1)
		d, _, _ := b[code].Count(2021, 1)
		if p != q || c != d {
			t.Fatalf("%s: %+v, %+v; %+v, %+v", code, p, q, c, d)
		}
	}
}
