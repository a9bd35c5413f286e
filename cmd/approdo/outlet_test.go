package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"approdo/adapters/outlet"
)

// neighbour is another system that is told what happens.
type neighbour struct {
	*httptest.Server
	secret []byte
	mu     sync.Mutex
	refuse bool
	forged int
	told   []string // id and type, in the order of arrival
	words  strings.Builder
}

func newNeighbour(t *testing.T, secret string) *neighbour {
	n := &neighbour{secret: []byte(secret)}
	n.Server = httptest.NewServer(n)
	t.Cleanup(n.Close)
	return n
}

func (n *neighbour) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	var f struct{ ID, Type string }
	if err != nil || json.Unmarshal(body, &f, json.MatchCaseInsensitiveNames(true)) != nil ||
		r.Header.Get("Webhook-Signature") != outlet.Sign(n.secret, f.ID, r.Header.Get("Webhook-Timestamp"), body) {
		n.forged++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if n.refuse {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	n.told = append(n.told, f.ID+" "+f.Type)
	n.words.Write(body)
}

func (n *neighbour) so(refuse bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuse = refuse
}

func (n *neighbour) heard() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.told...)
}

func TestAnotherSystemIsToldWhatHappensAndCanHearItAgain(t *testing.T) {
	t.Parallel()
	const secret = "un segreto lungo abbastanza per le prove"
	n := newNeighbour(t, secret)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStory(t, inFiles)
	where := s.where
	admin := s.begin(inventedSchools)
	ust := s.invite(admin, "ust", "")
	comune := s.invite(ust, "comune", "015189")
	ask := func(family string) string {
		t.Helper()
		return caseOf(comune.post("/cases", fields{"comune": "015189", "family_name": family, "given_name": "Oksana", "sex": "F", "birth_date": "2014-05-02"}))
	}
	ask("Taciuta") // before anybody is told
	s.program.stop()
	s.where = append(where, "--outlet", "vicino="+n.URL, "--outlet-secret", "vicino="+file)
	s.serve()
	id := ask("Prymirna")
	eventually(t, "both cases are told", func() bool { return len(n.heard()) >= 4 })
	first := n.heard()
	if len(first) != 4 || !strings.HasSuffix(first[0], "case.requested") || !strings.HasSuffix(first[1], "case.routed") ||
		!strings.HasSuffix(first[2], "case.requested") || n.forged > 0 {
		t.Errorf("told %v, %d forged", first, n.forged)
	}
	if words := n.words.String(); !strings.Contains(words, id) || strings.Contains(words, "Prymirna") || strings.Contains(words, "Oksana") ||
		strings.Contains(words, "2014") || strings.Contains(words, "sex") {
		t.Errorf("the neighbour was told %s", words)
	}

	// What the neighbour refuses waits where a person sees it, and is told once he takes it.
	n.so(true)
	comune.post("/cases/"+id+"/withdrawal", fields{"reason": "moved-abroad"})
	page := ""
	eventually(t, "the refusal is seen", func() bool {
		page = string(ust.page("/funzionamento").want(http.StatusOK).body)
		return parkedLink.MatchString(page) && strings.Contains(page, "outlet-vicino")
	})
	if len(n.heard()) != 4 {
		t.Errorf("told %v", n.heard())
	}
	n.so(false)
	parked := parkedLink.FindStringSubmatch(page)[1]
	ust.send(ust.form("/funzionamento/"+parked+"/riprova", ust.page("/funzionamento/"+parked).want(http.StatusOK).hidden())).to()
	if now := n.heard(); len(now) != 5 || !strings.HasSuffix(now[4], "case.closed") {
		t.Errorf("released, it was told %v", now)
	}
	s.program.stop()

	// From the beginning again, under the same ids.
	command(t, append([]string{"outlet", "replay", "vicino", "--from", "0"}, where...)...)
	before := len(n.heard())
	s.serve()
	eventually(t, "all is told again", func() bool { return len(n.heard()) >= before+4 })
	for i, again := range n.heard()[before : before+4] {
		if again != first[i] {
			t.Errorf("fact %d comes again as %s, was %s", i, again, first[i])
		}
	}
	s.program.stop()
	if code, _, err := called(t, nil, append([]string{"outlet", "replay", "vicino", "--from", "soon"}, where...)...); code != exitFailed || !strings.Contains(err, "--from:") {
		t.Errorf("code %d, %s", code, err)
	}
}

// parkedLink leads to something that waits for a person.
var parkedLink = regexp.MustCompile(`href="/funzionamento/([0-9a-f-]{36})"`)
