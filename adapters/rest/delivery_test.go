package rest_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/rest"
	"approdo/adapters/session"
	"approdo/domain"
)

// letters are taken and thrown away.
type letters struct{}

func (letters) Link(context.Context, domain.Personal, string, time.Time, bool) error { return nil }

func withMail(c *rest.Config) { c.Sessions.(*session.Service).Post(letters{}) }

func TestALinkThatIsMailedIsToldToNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withMail)
	type invited struct {
		ID               uuid.UUID
		Mail, Delivery   string
		Invitation_token string
	}
	const begin = `{"role":"comune","body":"015189","full_name":"Persona di prova",`
	mailed := read[invited](h.post(ust, base+"/accounts", begin+`"login":"uno@example.org","mail":"uno@pec.example.org","delivery":"mailed"}`).want(201))
	if mailed.Invitation_token != "" || mailed.Mail != "uno@pec.example.org" || mailed.Delivery != "mailed" {
		t.Errorf("mailed %+v", mailed)
	}
	renewal := base + "/accounts/" + mailed.ID.String() + "/invitation-renewal"
	shown := read[invited](h.post(ust, renewal, `{"delivery":"shown"}`).want(200))
	if shown.Invitation_token == "" || shown.Delivery != "shown" {
		t.Errorf("shown %+v", shown)
	}
	if again := read[invited](h.post(ust, renewal, `{"delivery":"mailed"}`).want(200)); again.Invitation_token != "" {
		t.Errorf("mailed again %+v", again)
	}
	unreachable := read[invited](h.post(ust, base+"/accounts", begin+`"login":"due@example.org"}`).want(201))
	for body, fault := range map[string]string{
		begin + `"login":"tre@example.org","delivery":"mailed"}`:             "mail mail-missing",
		begin + `"login":"tre@example.org","mail":"uno@pec, due@pec"}`:       "mail mail-malformed",
		begin + `"login":"tre@example.org","mail":"tre@example.org\r\nBcc"}`: "mail mail-malformed",
	} {
		if p := read[problem](h.post(ust, base+"/accounts", body).want(422)); len(p.fields()) != 1 || p.fields()[0] != fault {
			t.Errorf("%s: %v", body, p.fields())
		}
	}
	h.post(ust, base+"/accounts", begin+`"login":"tre@example.org","delivery":"pigeon"}`).refused(422, "delivery-unknown")
	if p := read[problem](h.post(ust, base+"/accounts/"+unreachable.ID.String()+"/invitation-renewal", `{"delivery":"mailed"}`).want(422)); p.fields()[0] != "mail mail-missing" {
		t.Errorf("renewed for nobody's mailbox: %v", p.fields())
	}

	without := newHouse(t)
	without.post(ust, base+"/accounts", begin+`"login":"uno@example.org","mail":"uno@pec.example.org","delivery":"mailed"}`).refused(409, "mail-not-configured")
}
