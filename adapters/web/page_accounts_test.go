package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/adapters/sqlite/state"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
	"approdo/domain/policy"
	"approdo/domain/territory"
)

var atCTI = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000008"), Role: domain.RoleCentre, Body: "CTI-24"}

// office is the world with the accounts of package session, and with policies that stand still.
type office struct {
	*world
	accounts *session.Service
	policies *still
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{world: newWorld(t, io.Discard), policies: &still{}}
	kept, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	o.check(err)
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	directory := session.NewDirectory(o.store, o.codec)
	o.accounts = session.New(session.Config{Directory: directory, Storage: kept, Clock: o.site.Clock, Blind: func(text string) []byte { return []byte(text) },
		Cost: session.Cost{Memory: 64, Time: 1, Threads: 1}, PlainHTTP: true})
	o.site.Accounts, o.site.Directory, o.site.Policies = o.accounts, directory, o.policies
	return o
}

func (o *office) land() territory.State {
	o.t.Helper()
	land, err := o.desk.Territory(o.t.Context())
	o.check(err)
	return land
}

// still is policies that do nothing but be parked. Release refuses while fails is set.
type still struct {
	parked []policy.Parked
	fails  bool
	by     domain.Actor
	reason policy.DropReason
}

func (s *still) Positions() map[string]event.Position {
	return map[string]event.Position{policy.NamePlacesFollowCase: 3, policy.NameErasure: 1}
}

func (s *still) Parked(context.Context) ([]policy.Parked, error) { return s.parked, nil }

func (s *still) Release(_ context.Context, id uuid.UUID) error {
	if s.fails {
		return policy.ErrStillFails.With("code", "conflict")
	}
	s.parked = slices.DeleteFunc(s.parked, func(p policy.Parked) bool { return p.ID == id })
	return nil
}

func (s *still) Drop(_ context.Context, id uuid.UUID, by domain.Actor, reason policy.DropReason) error {
	s.by, s.reason = by, reason
	s.parked = slices.DeleteFunc(s.parked, func(p policy.Parked) bool { return p.ID == id })
	return nil
}

// post reads the page with the form and posts it with answers, to where the form goes.
func (o *office) post(as domain.Actor, page, path string, answers url.Values) (code int, location, body string) {
	o.t.Helper()
	h := o.site.handler()
	shown := do(h, http.MethodGet, page, "", o.as(as))
	if shown.Code != http.StatusOK {
		o.t.Fatalf("%s: %d", page, shown.Code)
	}
	_, form, found := strings.Cut(shown.Body.String(), `action="`+path+`"`)
	if !found {
		o.t.Fatalf("%s has no form to %s", page, path)
	}
	answers.Set(keyField, hidden.FindStringSubmatch(form)[2])
	posted := do(h, http.MethodPost, path, answers.Encode(), o.as(as))
	return posted.Code, posted.Header().Get("Location"), posted.Body.String()
}

var invitationCode = regexp.MustCompile(`<span class="code">([A-Za-z0-9_-]{20,})</span>`)

func TestAnInvitationIsShownOnceAndOpensTheAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	answers := url.Values{"name": {"Marta Colombo"}, "login": {"marta.colombo@example.org"}, "role": {"comune"}, "comune": {"015189"}}
	code, location, body := o.post(atUST, "/utenze/nuova", "/utenze/nuova", answers)
	token := invitationCode.FindStringSubmatch(body)
	if code != http.StatusOK || location != "" || token == nil || !strings.Contains(body, "http://example.com/attiva") {
		t.Fatalf("%d %q, or no code: %s", code, location, body)
	}
	o.check(o.accounts.Activate(t.Context(), token[1], "un cavallo giallo sul tetto"))
	_, list := o.get(atUST, "/utenze")
	if !strings.Contains(list, "Marta Colombo") || !strings.Contains(list, "Comune di Rozzano") || strings.Contains(list, token[1]) {
		t.Error("the list lacks the person or the body, or tells the code")
	}
	if !strings.Contains(list, "Attiva") {
		t.Error("the account is not active")
	}
	link := regexp.MustCompile(`/utenze/[0-9a-f-]{36}`).FindString(list)
	_, one := o.get(atUST, link)
	if !strings.Contains(one, "marta.colombo@example.org") || strings.Contains(one, "<title>Marta") {
		t.Error("the account's page lacks the user name, or names the person in the window's title")
	}
	if _, body := o.get(atPrefettura, link); strings.Contains(body, "Marta") {
		t.Error("the Prefettura reads the name")
	}

	code, location, _ = o.post(atUST, link+"/sospendi", link+"/sospendi", url.Values{"reason": {"left-the-office"}})
	if code != http.StatusSeeOther || location != link {
		t.Fatalf("suspending: %d %s", code, location)
	}
	_, one = o.get(atUST, link)
	if !strings.Contains(one, "Sospesa") || !strings.Contains(one, "Ha lasciato l’ufficio") || !strings.Contains(one, link+"/riattiva") || strings.Contains(one, link+"/invito") {
		t.Error("the page of a suspended account")
	}
	if code, _, _ = o.post(atUST, link+"/riattiva", link+"/riattiva", url.Values{}); code != http.StatusSeeOther {
		t.Errorf("reinstating: %d", code)
	}
	code, _, body = o.post(atUST, link+"/invito", link+"/invito", url.Values{})
	if again := invitationCode.FindStringSubmatch(body); code != http.StatusOK || again == nil || again[1] == token[1] {
		t.Errorf("renewing: %d", code)
	}
	if code, _, body = o.post(atUST, link+"/chiudi", link+"/chiudi", url.Values{}); code != http.StatusUnprocessableEntity || !strings.Contains(body, "Indica il motivo") {
		t.Errorf("closing without a reason: %d", code)
	}
	if code, _, _ = o.post(atUST, link+"/chiudi", link+"/chiudi", url.Values{"reason": {"misuse"}}); code != http.StatusSeeOther {
		t.Errorf("closing: %d", code)
	}
	if _, one = o.get(atUST, link); !strings.Contains(one, "Chiusa") || strings.Contains(one, link+"/") {
		t.Error("a closed account can still be acted on")
	}
}

func TestAnInvitationSaysWhatIsWrongBesideEachField(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for field, answers := range map[string]url.Values{
		"comune":      {"name": {"A B"}, "login": {"a.b@example.org"}, "role": {"comune"}, "comune": {"015999"}},
		"centre":      {"name": {"A B"}, "login": {"a.b@example.org"}, "role": {"centre"}},
		"institution": {"name": {"A B"}, "login": {"a.b@example.org"}, "role": {"school"}, "institution": {"ZZIC99999X"}},
		"role":        {"name": {"A B"}, "login": {"a.b@example.org"}, "role": {"prefettura"}}, // not the UST's to invite
		"login":       {"name": {"A B"}, "login": {"a"}, "role": {"comune"}, "comune": {"015189"}},
		"name":        {"name": {""}, "login": {"a.b@example.org"}, "role": {"comune"}, "comune": {"015189"}},
	} {
		code, _, body := o.post(atUST, "/utenze/nuova", "/utenze/nuova", answers)
		if code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-`+field+`-error"`) {
			t.Errorf("%s: %d, or no error beside the field", field, code)
		}
	}
	good := url.Values{"name": {"A B"}, "login": {"a.b@example.org"}, "role": {"school"}, "institution": {" zzic00001x"}}
	if code, _, body := o.post(atUST, "/utenze/nuova", "/utenze/nuova", good); code != http.StatusOK || invitationCode.FindString(body) == "" {
		t.Fatalf("%d", code)
	}
	code, _, body := o.post(atUST, "/utenze/nuova", "/utenze/nuova", good)
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "già in uso") {
		t.Errorf("a login that is taken: %d", code)
	}
}

func TestWhoManagesAnAccountIsWhoSeesIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	link, err := o.accounts.Invite(t.Context(), event.Origin{ID: uuid.New(), By: atAdmin, At: now}, session.Invitation{Role: domain.RolePrefettura,
		Login: domain.NewPersonal("vice@example.org"), Name: domain.NewPersonal("Vice Prova")})
	o.check(err)
	path := accountPath(link.Account)
	if code, body := o.get(atAdmin, path); code != http.StatusOK || !strings.Contains(body, "Vice Prova") {
		t.Errorf("the administrator: %d", code)
	}
	for _, p := range []string{path, path + "/chiudi", accountPath(uuid.New()), "/utenze/x"} {
		if code, body := o.get(atUST, p); code != http.StatusNotFound || strings.Contains(body, "Vice") {
			t.Errorf("the UST at %s: %d", p, code)
		}
	}
	if _, body := o.get(atUST, "/utenze"); strings.Contains(body, "Vice Prova") {
		t.Error("the UST's list names whom it does not manage")
	}
	if _, body := o.get(atAdmin, "/utenze?ruolo=comune"); strings.Contains(body, "Vice Prova") {
		t.Error("the role does not narrow")
	}
	if code, _ := o.get(atAdmin, path+"/altro"); code != http.StatusNotFound {
		t.Errorf("an act that is none: %d", code)
	}
}

func TestWhatIsParkedIsTriedAgainOrGivenUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.request("Shevchenko", "Olha")
	stuck, behind := parkedLong(uuid.New(), "case-"+id.String()), parkedLong(uuid.New(), "case-"+id.String())
	behind.Code, behind.Attempts = "first-day-before-acceptance", 0
	o.policies.parked = []policy.Parked{stuck, behind}
	_, body := o.get(atUST, "/funzionamento")
	for _, want := range []string{"2 operazioni ferme", "Posti che seguono la pratica", "Pratica chiusa", "Altri sono stati sempre più veloci", "Il primo giorno non può venire prima",
		"Elenchi dei centri", "Aggiornato", "Cancellazione delle chiavi"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	path := parkedPath(stuck.ID)
	if _, one := o.get(atAdmin, path); strings.Contains(one, id.String()) || !strings.Contains(one, o.site.pseudonym(atAdmin, id)) {
		t.Error("the administrator is told the case")
	}
	o.policies.fails = true
	if code, _, body := o.post(atUST, path, path+"/riprova", url.Values{}); code != http.StatusConflict || !strings.Contains(body, "continua a non riuscire") {
		t.Errorf("released: %d", code)
	}
	o.policies.fails = false
	if code, _, _ := o.post(atUST, path, path+"/riprova", url.Values{}); code != http.StatusSeeOther {
		t.Errorf("released: %d", code)
	}
	path = parkedPath(behind.ID)
	if code, _, body := o.post(atAdmin, path, path+"/rinuncia", url.Values{"reason": {"because"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-reason-error"`) {
		t.Errorf("given up without a reason: %d", code)
	}
	if code, _, _ := o.post(atAdmin, path, path+"/rinuncia", url.Values{"reason": {"done-by-hand"}}); code != http.StatusSeeOther || o.policies.by != atAdmin || o.policies.reason != "done-by-hand" {
		t.Errorf("given up: %d by %v", code, o.policies.by)
	}
	for _, absent := range []string{path, "/funzionamento/x"} {
		if code, _ := o.get(atUST, absent); code != http.StatusNotFound {
			t.Errorf("%s: %d", absent, code)
		}
	}
}

func TestEveryReasonOfAnAccountIsOffered(t *testing.T) {
	t.Parallel()
	suspend := accountActs[slices.IndexFunc(accountActs, func(a accountAct) bool { return a.path == "sospendi" })]
	form := accountForm(session.Account{}, suspend)
	field, err := form.Field("reason")
	if err != nil || len(field.Options) != len(account.Reasons()) {
		t.Error(err)
	}
}
