package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
)

var viewLink = regexp.MustCompile(`href="(/pratiche/viste/[0-9a-f-]{36})"`)

func TestAFilterIsKeptUnderANameOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	w.request("Shevchenko", "Olha")
	mine := domain.Actor{Role: domain.RoleComune, Body: "015189", Account: uuid.New()}
	colleague := domain.Actor{Role: domain.RoleComune, Body: "015189", Account: uuid.New()}
	save := func(name, query string) *http.Response {
		return do(w.site.handler(), http.MethodPost, viewsPath, url.Values{"name": {name}, "query": {query}}.Encode(), w.as(mine)).Result()
	}
	// What is no filter of the list is not kept, and a name of one's own is.
	saved := save(" In ritardo,  primaria ", "stato=aperte&ordine=primaria&da=x&nome=Shevchenko")
	if saved.StatusCode != http.StatusSeeOther || saved.Header.Get("Location") != "/pratiche?ordine=primaria&stato=aperte" {
		t.Fatalf("%d, to %s", saved.StatusCode, saved.Header.Get("Location"))
	}
	_, list := w.get(mine, "/pratiche")
	links := viewLink.FindAllStringSubmatch(list, -1)
	if len(links) != 1 || !strings.Contains(list, ">In ritardo, primaria<") {
		t.Fatalf("%d views are offered", len(links))
	}
	followed := do(w.site.handler(), http.MethodGet, links[0][1], "", w.as(mine))
	if followed.Code != http.StatusSeeOther || followed.Header().Get("Location") != "/pratiche?ordine=primaria&stato=aperte" {
		t.Errorf("followed to %d %s", followed.Code, followed.Header().Get("Location"))
	}
	if save("In ritardo, primaria", "stato=aperte"); true {
		_, list = w.get(mine, "/pratiche")
		if n := len(viewLink.FindAllStringSubmatch(list, -1)); n != 1 {
			t.Errorf("saved under the same name there are %d", n)
		}
	}
	// Nobody else has it.
	if _, list := w.get(colleague, "/pratiche"); viewLink.MatchString(list) {
		t.Error("a colleague is offered the view")
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		path := links[0][1]
		if method == http.MethodPost {
			path += "/elimina"
		}
		if code := do(w.site.handler(), method, path, "", w.as(colleague)).Code; code != http.StatusNotFound {
			t.Errorf("%s by a colleague: %d", method, code)
		}
	}
	for name, code := range map[string]int{"": http.StatusUnprocessableEntity, strings.Repeat("x", longestView+1): http.StatusUnprocessableEntity} {
		if got := save(name, "").StatusCode; got != code {
			t.Errorf("a name of %d letters: %d", len(name), got)
		}
	}
	for n := range mostViews - 1 {
		save(fmt.Sprintf("Vista %d", n), "")
	}
	if got := save("Una di troppo", "").StatusCode; got != http.StatusConflict {
		t.Errorf("one more than a person keeps: %d", got)
	}
	if code := do(w.site.handler(), http.MethodPost, links[0][1]+"/elimina", "", w.as(mine)).Code; code != http.StatusSeeOther {
		t.Errorf("dropped: %d", code)
	}
	if _, list := w.get(mine, "/pratiche"); strings.Contains(list, "In ritardo, primaria") {
		t.Error("what was dropped is offered")
	}
	if code := do(w.site.handler(), http.MethodPost, viewsPath, url.Values{"name": {"x"}}.Encode(), w.as(atPrefettura)).Code; code != http.StatusForbidden {
		t.Errorf("who has no list keeps a view of it: %d", code)
	}
}
