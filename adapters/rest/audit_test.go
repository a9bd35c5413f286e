package rest_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

type found struct {
	Total int
	Acts  []struct {
		Type  string
		Count int
	}
	Items []struct {
		Position   int64
		Type       string
		Case_id    string
		Pseudonym  string
		Role       string
		Body       string
		Account_id string
		Law        []string
		Decided_by []struct {
			Kind, Value, Since string
			Derived            bool
		}
	}
	Next_cursor string
}

func TestTheTrailIsSearched(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(attending)
	h.check(h.views.CatchUp(t.Context()))
	search := func(who persona, query string) found {
		t.Helper()
		return read[found](h.get(who, base+"/audit?"+query).want(200))
	}
	types := func(x found) (out []string) {
		for _, e := range x.Items {
			out = append(out, e.Type)
		}
		return out
	}
	whole := search(prefettura, "limit=200")
	if whole.Total != len(whole.Items) || whole.Next_cursor != "" || whole.Total < 10 {
		t.Fatalf("%d of %d, cursor %q", len(whole.Items), whole.Total, whole.Next_cursor)
	}
	ofCase := search(prefettura, "case="+f.id.String())
	if n := len(types(ofCase)); n != 10 || ofCase.Items[0].Type != "case.first-day-recorded" || ofCase.Items[n-1].Type != "case.requested" {
		t.Errorf("of the case %v", types(ofCase))
	}
	pseudonym := ofCase.Items[0].Pseudonym
	if same := search(prefettura, "case="+strings.ToLower(pseudonym)); !slices.Equal(types(same), types(ofCase)) || pseudonym == "" {
		t.Errorf("by pseudonym %v", types(same))
	}
	if x := search(prefettura, "case=P-00000000"); x.Total != 0 || len(x.Items) != 0 || len(x.Acts) != 0 {
		t.Errorf("of nobody %v", types(x))
	}
	for _, e := range ofCase.Items {
		switch e.Type {
		case "case.routed":
			if len(e.Law) != 0 || len(e.Decided_by) < 2 || e.Decided_by[0].Kind != "routing" || e.Decided_by[0].Derived || e.Decided_by[0].Since != "2021-09-01" ||
				e.Decided_by[1].Kind != "clocks" || !e.Decided_by[1].Derived {
				t.Errorf("routed by %+v", e.Decided_by)
			}
		case "case.place-offered":
			if !slices.Equal(e.Law, []string{"cm-2-2010"}) {
				t.Errorf("offered under %v", e.Law)
			}
		}
	}
	var paged []int64
	for cursor, pages := "", 0; pages < 40; pages++ {
		x := search(ust, "limit=3&role=centre&cursor="+url.QueryEscape(cursor))
		for _, e := range x.Items {
			if paged = append(paged, e.Position); e.Role != "centre" {
				t.Errorf("an act of %s", e.Role)
			}
		}
		if cursor = x.Next_cursor; cursor == "" {
			break
		}
	}
	if x := search(ust, "role=centre&limit=200"); len(paged) != x.Total || x.Total == 0 {
		t.Errorf("%d on the pages of %d", len(paged), x.Total)
	}
	one := ofCase.Items[0]
	if x := search(ust, "account_id="+one.Account_id+"&role="+one.Role+"&body="+one.Body+"&type="+one.Type); x.Total == 0 || x.Items[0].Type != one.Type {
		t.Errorf("%+v", x.Acts)
	}
	if x := search(ust, "as_of=2000-01-01T00:00:00Z"); x.Total != 0 || len(x.Items) != 0 {
		t.Errorf("before the journal %v", types(x))
	}
	if x := search(ust, "as_of=2100-01-01T00:00:00%2B01:00&limit=200"); x.Total != whole.Total {
		t.Errorf("after it %d of %d", x.Total, whole.Total)
	}
	if x := search(ust, "from=2022-03-14&to=2022-03-13"); x.Total != 0 {
		t.Errorf("within no day %d", x.Total)
	}
	for query, want := range map[string]string{"from=x": "from date-malformed", "to=x": "to date-malformed", "role=mayor": "role choice-unknown", "body=015189": "role field-required",
		"account_id=x": "account_id value-malformed", "type=case.abducted": "type choice-unknown", "as_of=2022-03-14": "as_of value-malformed", "cursor=x": "cursor cursor-malformed",
		"name=Olha": "name parameter-unknown"} {
		if p := read[problem](h.get(ust, base+"/audit?"+query).want(422)); strings.Join(p.fields(), ", ") != want {
			t.Errorf("%s: %v", query, p.fields())
		}
	}
}
