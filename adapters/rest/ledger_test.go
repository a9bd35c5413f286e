package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"approdo/domain/event"
	"approdo/domain/ledger"
)

type checkpointList struct {
	Verifier_key string
	Items        []struct {
		Records   int64
		Signed_at time.Time
		Note      string
	}
	Next_cursor string
}

// A witness needs no more than these routes: the newest checkpoint, and the proof that it goes on from the one it has.
func TestWhatIsSignedCanBeFetchedAndProved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post(prefettura, base+"/territory/suspensions", `{"kind":"intake","reason":"Prot. 0/2022"}`).want(201)
	h.check(h.views.CatchUp(t.Context()))
	h.check(h.notary.Tick(t.Context()))
	list := read[checkpointList](h.get(prefettura, base+"/ledger/checkpoints").want(200))
	if len(list.Items) != 2 || list.Next_cursor != "" {
		t.Fatalf("%d checkpoints, cursor %q", len(list.Items), list.Next_cursor)
	}
	newer, older := list.Items[0], list.Items[1]
	first := read[checkpointList](h.get(ust, base+"/ledger/checkpoints?limit=1").want(200))
	second := read[checkpointList](h.get(ust, base+"/ledger/checkpoints?limit=1&cursor="+first.Next_cursor).want(200))
	if first.Items[0] != newer || second.Items[0] != older || second.Next_cursor != "" {
		t.Errorf("paged: %+v, then %+v", first, second)
	}
	latest := h.get(prefettura, base+"/ledger/checkpoints/latest").want(200)
	if string(latest.body) != newer.Note || latest.header.Get("Content-Disposition") != fmt.Sprintf(`attachment; filename="approdo-checkpoint-%d.txt"`, newer.Records) {
		t.Errorf("the latest is %s, %s", latest.body, latest.header.Get("Content-Disposition"))
	}
	if one := h.get(prefettura, fmt.Sprint(base, "/ledger/checkpoints/", older.Records)).want(200); string(one.body) != older.Note {
		t.Errorf("of %d: %s", older.Records, one.body)
	}
	proof := h.get(prefettura, fmt.Sprintf("%s/ledger/consistency?older=%d&newer=%d", base, older.Records, newer.Records)).want(200)
	if _, err := ledger.Extends([]byte(older.Note), latest.body, proof.body, list.Verifier_key); err != nil {
		t.Errorf("a witness refuses it: %v", err)
	}
	var last event.Record
	for page, err := range h.store.ReadAll(t.Context(), 0, event.ReadAll{}) {
		h.check(err)
		if len(page.Records) > 0 {
			last = page.Records[len(page.Records)-1]
		}
	}
	byPosition := h.get(ust, fmt.Sprint(base, "/ledger/inclusion?position=", last.Position)).want(200)
	byID := h.get(ust, base+"/ledger/inclusion?event_id="+last.ID.String()).want(200)
	p, _, err := ledger.OpenInclusion(byPosition.body, list.Verifier_key)
	if err != nil || string(p.Leaf) != string(ledger.Leaf(last)) || string(byID.body) != string(byPosition.body) ||
		!strings.HasPrefix(byPosition.header.Get("Content-Type"), "text/plain") {
		t.Errorf("the last record: %+v, %v", p, err)
	}
	for path, status := range map[string]int{
		"/ledger/checkpoints/0": 404, "/ledger/checkpoints/999": 404, "/ledger/checkpoints/x": 404, "/ledger/checkpoints?cursor=x": 422,
		"/ledger/consistency": 422, "/ledger/consistency?older=1": 422, "/ledger/consistency?older=0&newer=3": 422, "/ledger/consistency?older=1&newer=999": 404,
		"/ledger/inclusion": 422, "/ledger/inclusion?position=0": 422, "/ledger/inclusion?position=1&event_id=" + last.ID.String(): 422,
		"/ledger/inclusion?event_id=x": 422, "/ledger/inclusion?position=999999": 404, "/ledger/checkpoints/latest?x=1": 422,
		"/ledger/inclusion?event_id=018f0000-0000-7000-8000-000000000001": 404,
	} {
		if x := h.get(ust, base+path); x.status != status {
			t.Errorf("%s: %d, want %d: %s", path, x.status, status, x.body)
		}
	}
}
