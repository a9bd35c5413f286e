package session_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http/httptest"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"approdo/adapters/session"
)

const here = "https://approdo.example.org"

// authenticator is one in software: ES256, no attestation. Its fields are what a wrong one would get wrong.
type authenticator struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	origin  string
	rp      string
	flags   byte // that the person is present (1) and was verified (4)
	count   uint32
	forge   bool   // signs something else
	kind    string // of the ceremony, where it is not the right one
	handle  []byte
	present func([]byte) []byte // the challenge as it comes back
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	id := make([]byte, 32)
	rand.Read(id)
	return &authenticator{t: t, key: key, id: id, origin: here, rp: "approdo.example.org", flags: 5, count: 1,
		present: func(b []byte) []byte { return b }}
}

var b64 = base64.RawURLEncoding

// options are the parts of the question that an authenticator looks at.
type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		UserVerification string `json:"userVerification"`
		Selection        struct {
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		Allowed []struct {
			ID string `json:"id"`
		} `json:"allowCredentials"`
	} `json:"publicKey"`
}

func (a *authenticator) client(kind string, challenge string) []byte {
	if a.kind != "" {
		kind = a.kind
	}
	raw, err := b64.DecodeString(challenge)
	ok(a.t, err)
	out, err := json.Marshal(map[string]any{"type": kind, "challenge": b64.EncodeToString(a.present(raw)), "origin": a.origin, "crossOrigin": false})
	ok(a.t, err)
	return out
}

func (a *authenticator) data(flags byte) []byte {
	rp := sha256.Sum256([]byte(a.rp))
	return binary.BigEndian.AppendUint32(append(rp[:], flags), a.count)
}

// create is navigator.credentials.create.
func (a *authenticator) create(question []byte) []byte {
	a.t.Helper()
	var q options
	ok(a.t, json.Unmarshal(question, &q))
	if q.PublicKey.Selection.UserVerification != "required" || q.PublicKey.RP.ID != "approdo.example.org" {
		a.t.Fatalf("the question asks for %q at %q", q.PublicKey.Selection.UserVerification, q.PublicKey.RP.ID)
	}
	public, err := a.key.PublicKey.Bytes()
	ok(a.t, err)
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	ok(a.t, err)
	data := append(a.data(a.flags|0x40), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(append(data, a.id...), cose...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	ok(a.t, err)
	return a.answer(map[string]any{"clientDataJSON": b64.EncodeToString(a.client("webauthn.create", q.PublicKey.Challenge)),
		"attestationObject": b64.EncodeToString(object)})
}

// get is navigator.credentials.get.
func (a *authenticator) get(question []byte) []byte {
	a.t.Helper()
	var q options
	ok(a.t, json.Unmarshal(question, &q))
	if q.PublicKey.UserVerification != "required" || q.PublicKey.RPID != "approdo.example.org" || len(q.PublicKey.Allowed) == 0 {
		a.t.Fatalf("the question asks for %q at %q of %d", q.PublicKey.UserVerification, q.PublicKey.RPID, len(q.PublicKey.Allowed))
	}
	client, data := a.client("webauthn.get", q.PublicKey.Challenge), a.data(a.flags)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	if a.forge {
		signed[0]++
	}
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, signed[:])
	ok(a.t, err)
	response := map[string]any{"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data),
		"signature": b64.EncodeToString(signature)}
	if a.handle != nil {
		response["userHandle"] = b64.EncodeToString(a.handle)
	}
	return a.answer(response)
}

func (a *authenticator) answer(response map[string]any) []byte {
	out, err := json.Marshal(map[string]any{"id": b64.EncodeToString(a.id), "rawId": b64.EncodeToString(a.id), "type": "public-key",
		"response": response, "clientExtensionResults": map[string]any{"credProps": map[string]any{"rk": false}}})
	ok(a.t, err)
	return out
}

// withPasskey enrols an authenticator for whoever is signed in.
func (h *house) withPasskey(t *testing.T, token string, a *authenticator) session.Enrolled {
	t.Helper()
	question, err := h.OfferPasskey(t.Context(), token, here)
	ok(t, err)
	e, err := h.EnrolPasskey(t.Context(), token, here, a.create(question))
	ok(t, err)
	return e
}

func TestAPasskeyIsEnrolledAndProved(t *testing.T) {
	t.Parallel()
	h, a := newHouse(t), newAuthenticator(t)
	id := h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	_, err := h.AskPasskey(t.Context(), token, here)
	refused(t, err, session.ErrNoFactor)
	e := h.withPasskey(t, token, a)
	if len(e.Codes) != 10 || e.Session.Proof != session.ByFactor {
		t.Errorf("%d codes, by %s", len(e.Codes), e.Session.Proof)
	}
	h.wantSession(t, token, session.ErrNotSignedIn)
	for range 2 {
		token = h.signIn(t, annasLogin, goodWord)
		h.lacks(t, token, session.LacksFactor)
		question, err := h.AskPasskey(t.Context(), token, here)
		ok(t, err)
		a.count++
		a.handle = id[:]
		risen, s, err := h.ProvePasskey(t.Context(), token, here, a.get(question))
		ok(t, err)
		if s.Lacks != session.LacksNothing || risen == token {
			t.Errorf("lacks %q", s.Lacks)
		}
		h.wantSession(t, token, session.ErrNotSignedIn)
	}
}

func TestAPasskeyThatNeverCountsIsAsGood(t *testing.T) {
	t.Parallel()
	h, a := newHouse(t), newAuthenticator(t)
	h.person(t, annasLogin)
	a.count = 0
	h.withPasskey(t, h.signIn(t, annasLogin, goodWord), a)
	for range 2 {
		token := h.signIn(t, annasLogin, goodWord)
		question, err := h.AskPasskey(t.Context(), token, here)
		ok(t, err)
		_, _, err = h.ProvePasskey(t.Context(), token, here, a.get(question))
		ok(t, err)
	}
}

// Each is one thing wrong with an answer that is right otherwise; the same answer without it is let in at the end.
func TestAWrongPasskeyIsRefused(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(*authenticator){
		"another origin":     func(a *authenticator) { a.origin = "https://approdo.example.com" },
		"over http":          func(a *authenticator) { a.origin = "http://approdo.example.org" },
		"another port":       func(a *authenticator) { a.origin = here + ":8443" },
		"another site":       func(a *authenticator) { a.rp = "example.org" },
		"another challenge":  func(a *authenticator) { a.present = func(b []byte) []byte { b[0]++; return b } },
		"an empty challenge": func(a *authenticator) { a.present = func([]byte) []byte { return nil } },
		"a forged signature": func(a *authenticator) { a.forge = true },
		"another's key":      func(a *authenticator) { a.key = newAuthenticator(a.t).key },
		"an unknown key":     func(a *authenticator) { a.id = newAuthenticator(a.t).id },
		"nobody verified":    func(a *authenticator) { a.flags = 1 },
		"nobody present":     func(a *authenticator) { a.flags = 4 },
		"another ceremony":   func(a *authenticator) { a.kind = "webauthn.create" },
		"another's handle":   func(a *authenticator) { a.handle = []byte("somebody else's 16") },
		"the same count":     func(a *authenticator) { a.count = 7 },
		"a count gone back":  func(a *authenticator) { a.count = 3 },
		"counting no more":   func(a *authenticator) { a.count = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, a := newHouse(t), newAuthenticator(t)
			h.person(t, annasLogin)
			a.count = 7
			h.withPasskey(t, h.signIn(t, annasLogin, goodWord), a)
			a.count = 8
			right := *a
			wrong(a)
			token := h.signIn(t, annasLogin, goodWord)
			question, err := h.AskPasskey(t.Context(), token, here)
			ok(t, err)
			_, _, err = h.ProvePasskey(t.Context(), token, here, a.get(question))
			refused(t, err, session.ErrFactorWrong)
			h.lacks(t, token, session.LacksFactor)
			_, _, err = h.ProvePasskey(t.Context(), token, here, right.get(question))
			refused(t, err, session.ErrFactorWrong) // a question is answered once, whatever the answer
			question, err = h.AskPasskey(t.Context(), token, here)
			ok(t, err)
			_, _, err = h.ProvePasskey(t.Context(), token, here, right.get(question))
			ok(t, err)
		})
	}
}

func TestAWrongEnrolmentIsRefused(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(*authenticator){
		"another origin":    func(a *authenticator) { a.origin = "https://approdo.example.com" },
		"another site":      func(a *authenticator) { a.rp = "example.org" },
		"another challenge": func(a *authenticator) { a.present = func(b []byte) []byte { b[0]++; return b } },
		"nobody verified":   func(a *authenticator) { a.flags = 1 },
		"nobody present":    func(a *authenticator) { a.flags = 4 },
		"another ceremony":  func(a *authenticator) { a.kind = "webauthn.get" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, a := newHouse(t), newAuthenticator(t)
			id := h.person(t, annasLogin)
			wrong(a)
			token := h.signIn(t, annasLogin, goodWord)
			question, err := h.OfferPasskey(t.Context(), token, here)
			ok(t, err)
			_, err = h.EnrolPasskey(t.Context(), token, here, a.create(question))
			refused(t, err, session.ErrFactorWrong)
			if all, _, err := h.Factors(t.Context(), id); err != nil || len(all) != 0 {
				t.Errorf("%d factors, %v", len(all), err)
			}
		})
	}
}

func TestAnAnswerIsGoodForItsSessionAndItsTime(t *testing.T) {
	t.Parallel()
	h, a := newHouse(t), newAuthenticator(t)
	h.person(t, annasLogin)
	h.person(t, "bruno@example.org")
	h.withPasskey(t, h.signIn(t, annasLogin, goodWord), a)
	a.count++
	asked, other := h.signIn(t, annasLogin, goodWord), h.signIn(t, annasLogin, goodWord)
	question, err := h.AskPasskey(t.Context(), asked, here)
	ok(t, err)
	answer := a.get(question)
	prove := func(token string, want error) {
		t.Helper()
		_, _, err := h.ProvePasskey(t.Context(), token, here, answer)
		refused(t, err, want)
	}
	prove(other, session.ErrFactorWrong)
	prove(h.signIn(t, "bruno@example.org", goodWord), session.ErrFactorWrong)
	_, err = h.AskPasskey(t.Context(), asked, here) // asked anew: the first question is void
	ok(t, err)
	prove(asked, session.ErrFactorWrong)
	question, err = h.AskPasskey(t.Context(), asked, here)
	ok(t, err)
	answer = a.get(question)
	h.pass(session.AnswerWithin)
	prove(asked, session.ErrFactorWrong)
	for _, garbage := range []string{"", "null", "{}", "[]", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
		h.pass(session.AnswerWithin)
		token := h.signIn(t, annasLogin, goodWord)
		_, err := h.AskPasskey(t.Context(), token, here)
		ok(t, err)
		_, _, err = h.ProvePasskey(t.Context(), token, here, []byte(garbage))
		refused(t, err, session.ErrFactorWrong)
		_, err = h.EnrolPasskey(t.Context(), h.signIn(t, "bruno@example.org", goodWord), here, []byte(garbage))
		refused(t, err, session.ErrFactorWrong)
	}
}

func TestPasskeysAreForAName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	trial := session.New(session.Config{PlainHTTP: true})
	named := session.New(session.Config{PublicURL: here, PlainHTTP: true})
	for host, want := range map[string][3]string{ // of a service that was told no address, one for a trial, and one that was
		"approdo.example.org": {"", "http://approdo.example.org", here},
		"localhost:8080":      {"", "http://localhost:8080", here},
		"127.0.0.1:8080":      {"", "", here},
		"[::1]:8080":          {"", "", here},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		for i, s := range []*session.Service{h.Service, trial, named} {
			if got := s.Origin(r); got != want[i] {
				t.Errorf("%s: %q, want %q", host, got, want[i])
			}
		}
	}
	h.person(t, annasLogin)
	for _, origin := range []string{"", "https://192.0.2.1", "approdo.example.org"} {
		_, err := h.OfferPasskey(t.Context(), h.signIn(t, annasLogin, goodWord), origin)
		refused(t, err, session.ErrNoPasskeys)
	}
}
