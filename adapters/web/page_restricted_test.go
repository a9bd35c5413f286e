package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// A restriction leaves a pupil to whoever holds the case, in lists and searches as on the case's own page.
func TestARestrictedPupilIsNamelessInListsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Zrazkova", "Olha")
	named := func(a domain.Actor, path string) bool {
		t.Helper()
		status, body := w.get(a, path)
		if status != http.StatusOK {
			t.Fatalf("%s: %d", path, status)
		}
		return strings.Contains(body, "Zrazkova")
	}
	paths := []string{"/pratiche", "/pratiche/" + id.String() + "/"}
	for _, p := range paths {
		if !named(atRozzano, p) || !named(w.centreOf(id), p) {
			t.Fatalf("%s names nobody", p)
		}
	}
	_, err := w.desk.Do(t.Context(), desk.NewTicket(), id, casefile.Restrict{Act: w.desk.Act(atUST), Reason: casefile.RestrictionReasons()[0]})
	w.check(err)
	w.follow()
	found := func(a domain.Actor) bool {
		t.Helper()
		_, body := w.submitTo(a, "/cerca", url.Values{"family_name": {"Zrazkova"}, "birth_date": {"2013-05-06"}})
		return strings.Contains(body, "/pratiche/"+id.String())
	}
	if found(atRozzano) || !found(w.centreOf(id)) || !found(atUST) {
		t.Error("a search tells of a restricted pupil, or hides one from whoever holds the case")
	}
	for _, p := range paths {
		if named(atRozzano, p) {
			t.Errorf("%s names a restricted pupil to the comune, which does not hold the case", p)
		}
		if !named(w.centreOf(id), p) || !named(atUST, p) {
			t.Errorf("%s withholds the pupil from whoever holds the case, or from the UST", p)
		}
	}
}
