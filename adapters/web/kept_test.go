package web

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestWhatSigningInTakesIsNeverKept(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, path := range []string{"/password", codePath, passkeyPath, provePath, provePath + "/passkey", securityPath + "/provider"} {
		got := do(w.pages, http.MethodPost, path, "code=123456&password=segretissima")
		if got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/accedi") || strings.Contains(got.Body.String(), "123456") {
			t.Errorf("%s: %d %s", path, got.Code, got.Header().Get("Location"))
		}
	}
	for _, next := range []string{provePath, codePath + "?x=1", securityPath, "/accedi/provider", "/accedi", "/attiva", "/password"} {
		in := do(w.pages, http.MethodPost, "/accedi", url.Values{"username": {"marta"}, "password": {"right"}, "next": {next}, keptField: {"code=123456"}}.Encode())
		if to := in.Header().Get("Location"); in.Code != http.StatusSeeOther || to != next {
			t.Errorf("%s was kept: %d %s", next, in.Code, to)
		}
	}
	for path, want := range map[string]bool{"/sicurezza": true, "/sicurezza/codice": true, "/accedi?next=/": true, "/sicurezzax": false, "/pratiche/nuova": false} {
		if secret(path) != want {
			t.Errorf("%s", path)
		}
	}
}

// A password that was found out leaves no draft in the account of whoever has a second factor.
func TestWhoHasYetToProveAFactorKeepsNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	path := "/pratiche/" + w.request("Shevchenko", "Olha").String() + "/nota"
	typed := url.Values{keyField: {uuid.NewString()}, "text": {"La madre chiama di sera"}}
	body := w.is(do(w.pages, http.MethodPost, path, typed.Encode()), http.StatusOK, []string{"La sessione era scaduta"})
	for login, kept := range map[string]bool{"marta": true, "halfway": false} {
		in := do(w.pages, http.MethodPost, "/accedi", url.Values{"username": {login}, "password": {"right"}, "next": {path},
			keptField: {html.UnescapeString(w.hidden(body, keptField))}}.Encode())
		if to := in.Header().Get("Location"); in.Code != http.StatusSeeOther || strings.HasPrefix(to, "/riprendi/") != kept {
			t.Errorf("%s: %d %s", login, in.Code, to)
		}
	}
}

// A request that one person began becomes no draft of another who signs in at the same browser and may not ask.
func TestARequestIsKeptForNobodyWhoMayNotAsk(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	body := w.is(do(w.pages, http.MethodPost, requestPath, sofiia().Encode()), http.StatusOK, []string{"La sessione era scaduta"})
	for login, asks := range map[string]bool{"comune": true, "scuola": false, "cti": false, "pref": false, "admin": false} {
		in := do(w.pages, http.MethodPost, "/accedi", url.Values{"username": {login}, "password": {"right"}, "next": {requestPath},
			keptField: {html.UnescapeString(w.hidden(body, keptField))}}.Encode())
		if to := in.Header().Get("Location"); in.Code != http.StatusSeeOther || strings.HasPrefix(to, requestPath+"?bozza=") != asks || !asks && to != "/" {
			t.Errorf("%s: %d %s", login, in.Code, to)
		}
		kept, err := w.site.draftsOf(t.Context(), townspeople[login].Account, uuid.Nil)
		if w.check(err); (len(kept) > 0) != asks {
			t.Errorf("%s has %d drafts", login, len(kept))
		}
	}
}
