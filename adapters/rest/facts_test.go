package rest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// told is a page of the feed, as another system reads it.
type told struct {
	Items []struct {
		ID       uuid.UUID `json:"id"`
		Type     string    `json:"type"`
		Subject  uuid.UUID `json:"subject"`
		Sequence string    `json:"sequence"`
		Time     time.Time `json:"time"`
	} `json:"items"`
	NextCursor string `json:"next_cursor"`
}

func TestTheFeedIsReadToItsEndAndThenOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.begin(attending), h.begin(closed)
	seen := map[uuid.UUID][]string{}
	cursor, ids := "", map[uuid.UUID]bool{}
	next := func(limit string) told {
		x := h.get(ust, base+"/events?limit="+limit+"&cursor="+cursor).want(200)
		for _, word := range []string{"Prova", "Oksana", "household", "sex", "Inventata"} {
			if strings.Contains(string(x.body), word) {
				t.Errorf("the feed tells %s: %s", word, x.body)
			}
		}
		p := read[told](x)
		for _, f := range p.Items {
			if ids[f.ID] {
				t.Errorf("%s comes twice", f.ID)
			}
			ids[f.ID] = true
			seen[f.Subject] = append(seen[f.Subject], f.Type)
		}
		cursor = p.NextCursor
		return p
	}
	for len(next("3").Items) > 0 {
	}
	for id, want := range map[uuid.UUID][]string{first.id: {"case.requested", "case.routed", "case.charge-taken", "case.place-offered"},
		second.id: {"case.requested", "case.closed"}} {
		for _, name := range want {
			if !slices.Contains(seen[id], name) {
				t.Errorf("of a case: %v, without %s", seen[id], name)
			}
		}
	}
	h.post(ust, base+"/cases/"+first.id.String()+"/notes", `{"text":"Sentita la famiglia."}`).want(200)
	h.post(ust, base+"/cases/"+first.id.String()+"/messages", `{"to":[{"role":"centre","body":"CTI-24"}],"text":"Sentita la famiglia."}`).want(200)
	if p := next("50"); len(p.Items) > 0 {
		t.Errorf("a note is told: %+v", p)
	}
	h.begin(requested)
	if p := next("50"); len(p.Items) < 2 || p.Items[0].Type != "case.requested" || p.Items[1].Sequence != "1" {
		t.Errorf("what came since: %+v", p)
	}
	_, tag, _ := strings.Cut(cursor, "-")
	for _, foreign := range []string{"x", "3", "3-00000000", "999999-" + tag} { // of another journal, or of this one before it was restored
		h.get(ust, base+"/events?cursor="+foreign).refused(422, "cursor-malformed")
	}
	h.get(ust, base+"/events?after=3").refused(422, "fields-invalid")
}
