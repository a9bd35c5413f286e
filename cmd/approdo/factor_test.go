package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

var (
	shownSecret   = regexp.MustCompile(`<span class="code">([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})</span>`)
	shownRecovery = regexp.MustCompile(`<li class="code">([0-9a-z]{5}-[0-9a-z]{5})</li>`)
)

// recovery are the codes of the people of each test that nobody has used: they go along with a house that is copied.
var recovery = struct {
	sync.Mutex
	codes map[[2]string][]string // by test and login
}{codes: map[[2]string][]string{}}

// enrol gives whoever is signed in on the pages a second factor of codes, as the page says, and keeps the recovery codes.
func (p *person) enrol() {
	p.t.Helper()
	page := p.page("/sicurezza/codice").want(http.StatusOK)
	secret := shownSecret.FindSubmatch(page.body)
	if secret == nil {
		p.t.Fatal("no secret is shown")
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(string(secret[1]), " ", ""), time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	form := page.hidden()
	form.Set("code", code)
	shown := p.send(p.form("/sicurezza/codice", form)).want(http.StatusOK)
	recovery.Lock()
	defer recovery.Unlock()
	mine := [2]string{p.t.Name(), p.login}
	recovery.codes[mine] = nil
	for _, m := range shownRecovery.FindAllSubmatch(shown.body, -1) {
		recovery.codes[mine] = append(recovery.codes[mine], string(m[1]))
	}
	if len(recovery.codes[mine]) != 10 {
		p.t.Fatalf("%d recovery codes are shown", len(recovery.codes[mine]))
	}
}

// recoveryCode takes one of the codes that a person has left.
func recoveryCode(p *person) string {
	p.t.Helper()
	recovery.Lock()
	defer recovery.Unlock()
	mine := [2]string{p.t.Name(), p.login}
	left := recovery.codes[mine]
	if len(left) == 0 {
		p.t.Fatalf("%s has no recovery code left", p.login)
	}
	recovery.codes[mine] = left[1:]
	return left[0]
}

func TestWhoSeesTheProvinceGetsNowhereWithoutASecondFactor(t *testing.T) {
	t.Parallel()
	s := newStory(t, inFiles)
	admin := s.begin(inventedSchools)
	ust := s.program.person("ust@example.org")
	answer := read[struct{ ID, InvitationToken string }](admin.post("/accounts", fields{"role": "ust", "login": ust.login, "full_name": "Persona Inventata"}))

	// One person's word opens nothing.
	refused := ust.submit("/attiva", url.Values{"invitation": {answer.InvitationToken}, "password": {phrase}, "repeat": {phrase}}).want(http.StatusConflict)
	if !strings.Contains(string(refused.body), "seconda persona") {
		t.Error("the page does not say what the invitation waits for")
	}
	admin.ask("POST", "/accounts/"+answer.ID+"/invitation-approval", nil).refused(http.StatusConflict, "second-person-needed")
	if to := s.second.submit("/utenze/"+answer.ID+"/approva", nil).to(); to != "/utenze/"+answer.ID {
		t.Fatalf("after the approval comes %s", to)
	}
	ust.activate(answer.InvitationToken)

	ust.enter(phrase)
	for _, path := range []string{"/", "/pratiche", "/utenze/", "/registro", "/password", "/cerca"} {
		if to := ust.page(path).to(); !strings.HasPrefix(to, "/sicurezza") {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	for _, path := range []string{"/sicurezza", "/privacy", "/accessibilita"} {
		ust.page(path).want(http.StatusOK)
	}
	before := ust.sessionCookie()
	ust.enrol()
	if ust.sessionCookie() == before {
		t.Error("the token stayed as it was")
	}
	ust.page("/pratiche").want(http.StatusOK)

	// The next browser needs a code; a wrong one leaves it where it is.
	again := s.program.person(ust.login)
	again.enter(phrase)
	if to := again.page("/pratiche").to(); to != "/sicurezza/verifica?next=%2Fpratiche" {
		t.Errorf("it leads to %s", to)
	}
	again.submit("/sicurezza/verifica", url.Values{"code": {"000000"}}).want(http.StatusUnprocessableEntity)
	again.page("/pratiche").want(http.StatusSeeOther)
	form := again.page("/sicurezza/verifica?next=%2Fpratiche").want(http.StatusOK).hidden()
	form.Set("code", recoveryCode(ust))
	if to := again.send(again.form("/sicurezza/verifica", form)).to(); to != "/pratiche" {
		t.Errorf("after the code comes %s", to)
	}
	again.page("/pratiche").want(http.StatusOK)

	// Signed out elsewhere.
	if to := again.send(again.form("/sicurezza/accessi/altri", url.Values{})).to(); to != "/sicurezza" {
		t.Errorf("it leads to %s", to)
	}
	if to := ust.page("/pratiche").to(); !strings.HasPrefix(to, "/accedi") {
		t.Errorf("elsewhere: %s", to)
	}
	again.page("/pratiche").want(http.StatusOK)

	// Lost: the operator alone is enough.
	s.program.stop()
	s.command("account", "reset-factor", "--user", ust.login)
	s.serve()
	last := s.program.person(ust.login)
	last.enter(phrase)
	if to := last.page("/pratiche").to(); to != "/sicurezza?next=%2Fpratiche" {
		t.Errorf("after the reset: %s", to)
	}
}

func (p *person) sessionCookie() string {
	p.t.Helper()
	for _, c := range p.browser.Jar.Cookies(p.request("GET", "/", nil).URL) {
		if c.Name == "approdo-session" {
			return c.Value
		}
	}
	p.t.Fatal("no session")
	return ""
}
