package rest_test

import (
	"testing"
)

func TestASessionThatLacksAFactorSaysSoAndOpensNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := func(code string, status int) exchange {
		t.Helper()
		return h.post(anonymous, base+"/sessions", `{"login":"`+loginOf(ust)+`","password":"`+password+`","code":"`+code+`"}`).want(status)
	}
	half := read[struct{ Token, Lacks string }](in("", 201))
	if half.Token == "" || half.Lacks != "second-factor" {
		t.Fatalf("lacks %q", half.Lacks)
	}
	bearer := "Bearer " + half.Token
	for _, path := range []string{"/cases", "/accounts", "/board", "/territory/comuni", "/events"} {
		h.ask(anonymous, "GET", base+path, "", "Authorization", bearer).refused(403, "second-factor-missing")
	}
	h.ask(anonymous, "POST", base+"/accounts", `{}`, "Authorization", bearer).refused(403, "second-factor-missing")
	current := read[struct{ Lacks string }](h.ask(anonymous, "GET", base+"/sessions/current", "", "Authorization", bearer).want(200))
	if current.Lacks != "second-factor" {
		t.Errorf("the session lacks %q", current.Lacks)
	}
	h.ask(anonymous, "DELETE", base+"/sessions/current", "", "Authorization", bearer).want(204)

	in("000000", 422)
	whole := read[map[string]string](in(h.codes[ust][0], 201))
	if _, lacks := whole["lacks"]; lacks {
		t.Error("something lacks after the code")
	}
	h.ask(anonymous, "GET", base+"/cases", "", "Authorization", "Bearer "+whole["token"]).want(200)
	in(h.codes[ust][0], 422)
}

func TestAnInvitationToAGreatRoleIsApprovedByAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	out := read[map[string]string](h.post(admin, base+"/accounts", `{"role":"ust","login":"nuova.ust@example.org","full_name":"Persona di prova"}`).want(201))
	at := base + "/accounts/" + out["id"]
	if out["approval_asked_by"] != h.actors[admin].Account.String() {
		t.Errorf("it waits for %q", out["approval_asked_by"])
	}
	h.post(admin, at+"/invitation-approval", "").refused(409, "second-person-needed")
	h.post(ust, at+"/invitation-approval", "").refused(404, "account-not-found")
	out = read[map[string]string](h.post(admin, at+"/invitation-refusal", "").want(200))
	if out["status"] != "closed" || out["approval_asked_by"] != "" {
		t.Errorf("refused, it is %q and waits for %q", out["status"], out["approval_asked_by"])
	}
}
