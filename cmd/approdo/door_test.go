package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryFlagOfTheDoorsAtFaultIsNamed(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"nothing behind a user":       {[]string{"--smtp", "smtps://approdo@posta.example.org", "--smtp-from", "a@example.org"}, []string{"--public-url:", "--smtp:"}},
		"a password in the address":   {[]string{"--smtp", "smtps://approdo:segreta@posta.example.org", "--smtp-from", "a@example.org"}, []string{"--smtp:"}},
		"mail in clear":               {[]string{"--smtp", "smtp://posta.example.org?tls=none", "--smtp-from", "a@example.org"}, []string{"--smtp:"}},
		"no sender":                   {[]string{"--smtp", "smtps://posta.example.org"}, []string{"--smtp-from:", "--public-url:"}},
		"two ways for mail":           {[]string{"--smtp", "smtps://posta.example.org", "--outbox", "posta", "--smtp-from", "a@example.org"}, []string{"--outbox:"}},
		"an outbox of nobody":         {[]string{"--outbox", "posta"}, []string{"--smtp-from:"}},
		"receipts of no mail":         {[]string{"--pec-receipts", filepath.Dir(empty)}, []string{"--pec-receipts:"}},
		"a password of no server":     {[]string{"--smtp-password-file", empty}, []string{"--smtp-password-file:"}},
		"an address with a path":      {[]string{"--public-url", "https://approdo.example.org/x"}, []string{"--public-url:"}},
		"an address in clear":         {[]string{"--public-url", "http://approdo.example.org"}, []string{"--public-url: deve cominciare con https://"}},
		"a provider in clear":         {[]string{"--oidc-issuer", "http://accesso.example.org"}, []string{"--oidc-issuer:", "--public-url:"}},
		"a provider without a client": {[]string{"--oidc-issuer", "https://accesso.example.org", "--public-url", "https://a.example.org"}, []string{"--oidc-client,"}},
		"a secret that is empty": {[]string{"--oidc-issuer", "https://accesso.example.org", "--oidc-client", "a", "--oidc-secret-file", empty},
			[]string{"--oidc-secret-file:"}},
		"a client of no provider": {[]string{"--oidc-client", "a"}, []string{"--oidc-issuer:"}},
	} {
		code, _, err := called(t, nil, append([]string{"serve", "--data", filepath.Join(t.TempDir(), "data"), "--key", empty, "--email", "a@example.org"}, tc.args...)...)
		if code != exitUsage || strings.Contains(err, "segreta") {
			t.Errorf("%s: code %d, %s", name, code, err)
		}
		for _, flag := range tc.want {
			if !strings.Contains(err, flag) {
				t.Errorf("%s: %s is not named in %s", name, flag, err)
			}
		}
	}
}

func TestTheAddressIsInClearOnlyWhereTheServiceIs(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]bool{"https://approdo.example.org": {true, true}, "http://127.0.0.1:8080": {false, true}, "ftp://a.example.org": {}} {
		p := publicURL{PublicURL: address}
		if served, plain := p.check(true, false) == nil, p.check(true, true) == nil; served != want[0] || plain != want[1] {
			t.Errorf("%s: taken %t, and with --plain %t", address, served, plain)
		}
	}
}
