package web

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

// What national validators look for stands at the foot of every page, and its help in the same place of every head.
func TestEveryPageLeadsToHelpPrivacyAndAccessibility(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	there := ids(do(s.handler(), http.MethodGet, helpPath, "").Body.String())
	h := sampleHandler(s)
	for _, x := range samples() {
		body := do(h, http.MethodGet, x.path, "").Body.String()
		_, foot, _ := strings.Cut(body, "<footer")
		for _, want := range []string{`<a href="/privacy" data-element="privacy-policy-link">`, `<a href="/accessibilita" data-element="accessibility-link">`} {
			if strings.Count(foot, want) != 1 || strings.Count(body, want) != 1 {
				t.Errorf("%s: the foot has not %s once", x.path, want)
			}
		}
		head, _, _ := strings.Cut(body, "</header>")
		found := helpLink.FindAllStringSubmatch(head, -1)
		if len(found) != 1 || there[found[0][1]] != 1 {
			t.Errorf("%s leads to help at %v", x.path, found)
		}
	}
}

var helpLink = regexp.MustCompile(`href="/aiuto#([a-z]+)"`)

func TestEveryPageOfAMenuHasHelpOfItsOwn(t *testing.T) {
	t.Parallel()
	for role, items := range navs {
		for _, item := range items {
			if topic := helpOf(item.Href); !slices.Contains(topic.Paths, item.Href) {
				t.Errorf("%s of %s has the help of %s", item.Href, role, topic.ID)
			}
		}
	}
}

func TestHelpKnowsEveryPage(t *testing.T) {
	t.Parallel()
	foot := []string{"/", "/accessibilita", "/privacy", helpPath}
	err := chi.Walk(newTestSite(t, io.Discard).handler(), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if path := strings.TrimSuffix(pattern, "/*"); method == http.MethodGet && path != staticRoute && !strings.HasPrefix(path, "/static/") &&
			!slices.Contains(foot, path) && path != "/novita" && helpOf(path).ID == helpTopics[0].ID {
			t.Errorf("%s has no help", pattern)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{"/": "inizio", "/pratiche": "pratiche", "/pratiche/019a3c1e": "pratica", "/pratiche/019a3c1e/ricevuta": "pratica",
		"/pratiche/nuova": "richiesta", "/fogli/richieste": "richiesta", "/fogli/iscrizioni/7": "iscrizione", "/registro/prove/chiave": "prove", "/nessuna": "inizio"} {
		if got := helpOf(path).ID; got != want {
			t.Errorf("%s has the help of %s", path, got)
		}
	}
}

func TestHelpTellsEveryTopicAndWhomToAsk(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	for _, lang := range languages {
		w := do(s.handler(), http.MethodGet, helpPath, "", cookie(languageCookie, string(lang)))
		body := w.Body.String()
		ask, err := s.texts[lang].say(text("help.ask"))
		if w.Code != http.StatusOK || err != nil || strings.Count(body, ask) != len(helpTopics) || !strings.Contains(body, `href="mailto:`+s.Contact+`"`) {
			t.Errorf("in %s: %d, %v, %d topics", lang, w.Code, err, strings.Count(body, ask))
		}
	}
}
