package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// Whoever approves many at once approves what was on the page: a proposal that was withdrawn and made anew for more stands no longer.
func TestAProposalMadeAnewIsNotApprovedUnseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	second := domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000015"), Role: domain.RoleUST}
	ended := func(family string) uuid.UUID {
		id := w.request(family, "Olha")
		act := func(c casefile.Command) {
			t.Helper()
			_, err := w.desk.Do(t.Context(), desk.NewTicket(), id, c)
			w.check(err)
		}
		centre := w.centreOf(id)
		act(casefile.TakeCharge{Act: w.desk.Act(centre)})
		act(casefile.Close{Act: w.desk.Act(centre), Reason: "moved-abroad"})
		return id
	}
	propose := func(id uuid.UUID, scope casefile.ErasureScope) uuid.UUID {
		t.Helper()
		_, err := w.desk.ProposeErasure(t.Context(), desk.NewTicket(), atUST, id, scope, casefile.GroundOrder)
		w.check(err)
		w.follow()
		return w.state(id).Erasure.ID
	}
	left, changed := ended("Zrazkova"), ended("Prykladenko")
	seen := url.Values{"decision": {approve}, doField: {stepDone}}
	for _, id := range []uuid.UUID{left, changed} {
		seen.Add("cases", proposalValue(id, propose(id, casefile.EraseHealth)))
	}
	if _, body := w.get(second, retentionPath+"/proposte"); !strings.Contains(body, `value="`+seen["cases"][1]+`"`) {
		t.Fatal("the page does not name the proposals")
	}
	_, err := w.desk.Do(t.Context(), desk.NewTicket(), changed, casefile.WithdrawErasure{Act: w.desk.Act(atUST), Proposal: w.state(changed).Erasure.ID})
	w.check(err)
	wider := propose(changed, casefile.ErasePupil)
	_, body := w.submit(second, retentionPath+"/proposte", seen)
	if got := w.state(changed); got.Erased || got.HealthErased || got.Erasure == nil || got.Erasure.ID != wider {
		t.Errorf("a proposal nobody showed was decided: %+v", got.Erasure)
	}
	if !w.state(left).HealthErased {
		t.Error("the one that stood was not approved")
	}
	if !strings.Contains(body, "Non c’è nessuna cancellazione da decidere") {
		t.Error("nothing is said of the one that stands no longer")
	}
	// A case without its proposal decides nothing.
	seen.Set("cases", changed.String())
	if code, _ := w.submit(second, retentionPath+"/proposte", seen); code == http.StatusSeeOther || w.state(changed).Erased {
		t.Errorf("code %d", code)
	}
}
