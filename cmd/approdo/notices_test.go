package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"approdo/domain/notice"
)

// mailsIn are the messages in a folder.
func mailsIn(t *testing.T, folder string) (all []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	return all
}

// Whoever chose so is told at once that a case has come, and of nothing that happened before there was mail; the UST sees what left.
func TestPeopleAreToldByMailAsTheyChose(t *testing.T) {
	t.Parallel()
	const rozzano = "015189"
	s := newStory(t, inFiles)
	where, folder := s.where, filepath.Join(t.TempDir(), "posta")
	admin := s.begin(inventedSchools)
	ust := s.invite(admin, "ust", "")
	comune := s.invite(ust, "comune", rozzano)
	home := s.centreOf(ust, rozzano)
	p := s.program.person("centro@example.org")
	s.welcome("centre", p, read[struct{ InvitationToken string }](ust.post("/accounts", fields{"role": "centre", "body": home, "login": p.login,
		"full_name": "Persona Inventata", "mail": "casella.del.centro@pec.example.org"})).InvitationToken)
	ask := func(family string) string {
		t.Helper()
		return caseOf(comune.post("/cases", fields{"comune": rozzano, "family_name": family, "given_name": "Oksana", "sex": "F", "birth_date": "2014-05-02"}))
	}
	choose := func(way string) reply {
		t.Helper()
		answers := url.Values{"language": {"it"}}
		for _, kind := range notice.Kinds() {
			answers.Set(string(kind), "daily")
		}
		answers.Set("task", way)
		answers.Set("outcome", "never")
		return p.send(p.form("/avvisi", answers))
	}
	p.page("/avvisi").want(http.StatusOK)
	choose("sometimes").want(http.StatusUnprocessableEntity)
	if to := choose("at-once").to(); to != "/avvisi" {
		t.Errorf("chosen, and led to %s", to)
	}
	before := ask("Taciuta")
	s.program.stop()

	s.where = append(slices.Clone(where), "--outbox", folder, "--smtp-from", "approdo@ust.example.org", "--public-url", "http://127.0.0.1:1")
	s.serve()
	if page := string(p.page("/avvisi").want(http.StatusOK).body); strings.Count(page, "checked") != len(notice.Kinds())+1 || !strings.Contains(page, `value="at-once" checked`) {
		t.Error("what was chosen is not shown")
	}
	id := ask("Prymirna")
	eventually(t, "the centre is told", func() bool { return len(mailsIn(t, folder)) > 0 })
	all := mailsIn(t, folder)
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	mail := strings.ReplaceAll(all[0], "=\r\n", "")
	for _, want := range []string{"casella.del.centro@pec.example.org", "/pratiche/" + id, "DA FARE"} {
		if !strings.Contains(mail, want) {
			t.Errorf("no %q in\n%s", want, mail)
		}
	}
	for _, never := range []string{before, "Prymirna", "Oksana", "2014", "Persona", "Inventata"} {
		if strings.Contains(mail, never) {
			t.Errorf("the message holds %s", never)
		}
	}
	eventually(t, "what left is seen", func() bool {
		return strings.Contains(string(ust.page("/funzionamento/avvisi").want(http.StatusOK).body), "Spedito e registrato")
	})
	s.program.stop()
	s.serve() // looks at the same records again, as its checkpoint may be behind
	second := ask("Tretia")
	eventually(t, "the centre is told again", func() bool { return len(mailsIn(t, folder)) > 1 })
	all = mailsIn(t, folder)
	if both := strings.ReplaceAll(strings.Join(all, ""), "=\r\n", ""); strings.Count(both, id) != 1 || strings.Count(both, second) != 1 {
		t.Errorf("the cases are told %d and %d times", strings.Count(both, id), strings.Count(both, second))
	}
}
