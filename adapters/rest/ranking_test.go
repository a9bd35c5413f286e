package rest_test

import (
	"slices"
	"testing"
	"time"

	"approdo/domain"
)

func TestSchoolsAreRankedWithTheirReasonsAsOfAnyInstant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(inCharge)
	path := base + "/cases/" + f.id.String() + "/schools"
	type answer struct {
		At      time.Time
		Weights string `json:"weights_version"`
		Ceiling int    `json:"ceiling_percent"`
		Total   int
		Items   []struct {
			Rank    int
			School  domain.School
			Metres  int
			Reasons []struct {
				Code   string
				Metres int
				Number int
			}
		}
	}
	got := read[answer](h.get(ownCentre, path).want(200))
	if got.Weights != "0" || got.Ceiling != 30 || got.Total != len(got.Items) || got.Total < 2 {
		t.Fatalf("%+v", got)
	}
	codes := map[domain.School][]string{}
	for i, x := range got.Items {
		sum := 0
		for _, r := range x.Reasons {
			sum += r.Metres
			codes[x.School] = append(codes[x.School], r.Code)
		}
		if x.Rank != i+1 || sum != x.Metres || i > 0 && got.Items[i-1].Metres > x.Metres {
			t.Errorf("%d: %+v", i, x)
		}
	}
	if !slices.Contains(codes[ownSite], "wish") || !slices.Contains(codes[otherSite], "sibling") {
		t.Errorf("the wish and the brother are not told: %v", codes)
	}
	if first := read[answer](h.get(ownCentre, path+"?limit=1").want(200)); len(first.Items) != 1 || first.Total != got.Total || first.Items[0].School != got.Items[0].School {
		t.Errorf("the first of them: %+v", first)
	}
	if then := read[answer](h.get(ownCentre, path+"?as_of="+got.At.Format(time.RFC3339Nano)).want(200)); then.Total != got.Total || !then.At.Equal(got.At) {
		t.Errorf("of then: %+v", then)
	}
	h.get(ownCentre, path+"?as_of=2020-01-01T00:00:00Z").want(404)
	h.get(ownCentre, path+"?as_of=ieri").refused(422, "fields-invalid")
}
