package rest_test

import (
	"strings"
	"testing"

	"approdo/domain/event"
)

func TestWithoutAnAccessRecordNobodyIsShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := base + "/cases/" + h.begin(requested).id.String()
	head, err := h.store.Head(t.Context())
	h.check(err)
	h.check(h.views.Await(t.Context(), head))
	h.get(ownComune, path).want(200)
	err = error(event.ErrUnavailable)
	h.store.noAppend.Store(&err)
	defer h.store.noAppend.Store(nil)
	for _, p := range []string{path, base + "/cases"} {
		x := h.get(ownComune, p)
		x.refused(503, "reading-not-kept")
		if strings.Contains(string(x.body), "Oksana") || x.header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", p, x.body)
		}
	}
	h.get(ust, base+"/board").want(200)
	h.ask(ownComune, "HEAD", path, "").want(200)
}

func TestWhoReadACase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := base + "/cases/" + h.begin(requested).id.String()
	settled := func() {
		head, err := h.store.Head(t.Context())
		h.check(err)
		h.check(h.views.Await(t.Context(), head))
	}
	settled()
	h.get(ownComune, path).want(200)
	h.get(ownComune, base+"/cases").want(200)
	settled()
	for _, who := range []persona{ust, prefettura} {
		x := h.get(who, path+"/readings").want(200)
		items := read[struct {
			Items []struct {
				Role, Body, Ground string
				Times              int
				Fields             []string
			}
		}](x).Items
		if len(items) != 1 || items[0].Role != "comune" || items[0].Body != "015189" || items[0].Ground != "own" || items[0].Times < 2 || items[0].Fields[0] != "name" {
			t.Errorf("%s reads %s", who, x.body)
		}
	}
}
