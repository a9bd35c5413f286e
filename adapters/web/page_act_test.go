package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"approdo/domain"
)

// Who may not do an act is told nothing on its page, though the case is his to read.
func TestThePageOfAnActIsOnlyForWhoMayDoIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String() + "/presa-in-carico"
	for _, who := range []domain.Actor{w.centreOf(id), atUST} {
		if code, body := w.get(who, path); code != http.StatusOK || !strings.Contains(body, "Shevchenko") {
			t.Errorf("%s: %d %s", who.Role, code, inMain(body))
		}
	}
	code, get := w.get(atRozzano, path)
	posted, post := w.submitTo(atRozzano, path, url.Values{})
	if code != http.StatusForbidden || posted != http.StatusForbidden || strings.Contains(get+post, "Shevchenko") {
		t.Errorf("the comune gets %d and %d: %s %s", code, posted, inMain(get), inMain(post))
	}
}
