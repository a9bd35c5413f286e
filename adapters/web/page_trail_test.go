package web

import (
	"net/http"
	"strings"
	"testing"

	"approdo/domain"
)

// Proofs are of the whole journal: the trail of a case leads to them only who reads all of it.
func TestTheTrailLeadsToProofsOnlyWhoReadsTheWholeJournal(t *testing.T) {
	t.Parallel()
	o, one, _ := audited(t)
	for who, reads := range map[domain.Actor]bool{atPrefettura: true, atUST: true, o.centreOf(one): false} {
		code, trail := o.get(who, trailPath(one))
		if code != http.StatusOK || strings.Contains(trail, proofsPath+"/eventi/") != reads {
			t.Errorf("%s: %d %s", who.Role, code, inMain(trail))
		}
	}
}
