package web

import (
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
)

func TestEverySampleIsAWholePageInBothLanguages(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	h := sampleHandler(s)
	for _, x := range samples() {
		for _, lang := range languages {
			w := do(h, http.MethodGet, x.path, "", cookie(languageCookie, string(lang)))
			body := w.Body.String()
			if w.Code != x.status {
				t.Errorf("%s in %s: status %d, not %d", x.path, lang, w.Code, x.status)
			}
			if !strings.Contains(body, `<html lang="`+string(lang)+`">`) || !strings.HasSuffix(body, "</html>\n") {
				t.Errorf("%s in %s: no whole page", x.path, lang)
			}
			if n := strings.Count(body, "<h1"); n != 1 {
				t.Errorf("%s in %s: %d h1", x.path, lang, n)
			}
			for id, n := range ids(body) {
				if n > 1 {
					t.Errorf("%s in %s: id %s stands %d times", x.path, lang, id, n)
				}
			}
		}
	}
}

var idPattern = regexp.MustCompile(` id="([^"]+)"`)

func ids(body string) map[string]int {
	out := map[string]int{}
	for _, m := range idPattern.FindAllStringSubmatch(body, -1) {
		out[m[1]]++
	}
	return out
}

func TestEveryTemplateHasASample(t *testing.T) {
	t.Parallel()
	sampled := map[string]bool{}
	for _, x := range samples() {
		sampled[x.view] = true
	}
	names, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if !sampled[strings.TrimSuffix(path.Base(name), ".html")] {
			t.Errorf("%s has no sample", name)
		}
	}
}
