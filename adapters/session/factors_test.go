package session_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

var colleague = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000cc"), Role: domain.RoleAdmin}

// member is somebody of a role that stands for the province, invited by the operator.
func (h *house) member(t *testing.T, role domain.Role, login string) uuid.UUID {
	t.Helper()
	inv := invitation(login)
	inv.Role, inv.Body = role, ""
	link, err := h.Invite(t.Context(), h.origin(domain.System), inv)
	ok(t, err)
	ok(t, h.Activate(t.Context(), link.Token, goodWord))
	return link.Account
}

// code is what an application shows at an instant.
func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	ok(t, err)
	return c
}

// withCode enrols an application for whoever is signed in.
func (h *house) withCode(t *testing.T, token string) (secret string, e session.Enrolled) {
	t.Helper()
	offer, err := h.OfferCode(t.Context(), token)
	ok(t, err)
	e, err = h.EnrolCode(t.Context(), token, code(t, offer.Secret, h.now()))
	ok(t, err)
	return offer.Secret, e
}

func (h *house) lacks(t *testing.T, token string, want session.Lack) {
	t.Helper()
	s, err := h.Lookup(t.Context(), token)
	ok(t, err)
	if s.Lacks != want {
		t.Fatalf("lacks %q, want %q", s.Lacks, want)
	}
}

func (h *house) proves(t *testing.T, token, code string, want error) string {
	t.Helper()
	risen, _, err := h.ProveCode(t.Context(), token, code)
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Fatalf("proved: %v, want %v", err, want)
	}
	return risen
}

func TestWhoSeesTheProvinceNeedsASecondFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	trial := session.New(session.Config{Directory: h.directory, Storage: h.store, Clock: h.now, Blind: h.blind, Cost: cheap, FactorsOptional: true})
	for i, role := range domain.Roles() {
		login := fmt.Sprintf("persona.%d@example.org", i)
		want := session.LacksNothing
		switch role {
		case domain.RoleUST, domain.RolePrefettura, domain.RoleAdmin:
			h.member(t, role, login)
			want = session.LacksEnrolment
		default:
			inv := invitation(login)
			inv.Role, inv.Body = role, map[domain.Role]string{domain.RoleComune: "015146", domain.RoleCentre: "CTI-24", domain.RoleSchool: "MIIC8AB00X"}[role]
			link, err := h.Invite(t.Context(), h.origin(admin), inv)
			ok(t, err)
			ok(t, h.Activate(t.Context(), link.Token, goodWord))
		}
		token := h.signIn(t, login, goodWord)
		h.lacks(t, token, want)
		if found, err := trial.Lookup(t.Context(), token); err != nil || found.Lacks != session.LacksNothing {
			t.Errorf("%s lacks %q where factors are optional, %v", role, found.Lacks, err)
		}
		s, err := h.Lookup(t.Context(), token)
		ok(t, err)
		ctx := session.NewContext(t.Context(), s)
		_, err = session.FromContext(ctx)
		if (want == session.LacksNothing) != (err == nil) || err != nil && !errors.Is(err, session.ErrFactorMissing) {
			t.Errorf("%s is let through: %v", role, err)
		}
		if found, err := session.AtTheDoor(ctx); err != nil || found.Lacks != want {
			t.Errorf("%s at the door: %q, %v", role, found.Lacks, err)
		}

		_, e := h.withCode(t, token)
		h.lacks(t, e.Token, session.LacksNothing)
		again := h.signIn(t, login, goodWord)
		h.lacks(t, again, session.LacksFactor)
		if found, err := trial.Lookup(t.Context(), again); err != nil || found.Lacks != session.LacksFactor {
			t.Errorf("%s: who has a factor lacks %q where factors are optional, %v", role, found.Lacks, err)
		}
	}
}

func TestAnApplicationIsEnrolledByItsCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	token, elsewhere := h.signIn(t, annasLogin, goodWord), h.signIn(t, annasLogin, goodWord)
	offer, err := h.OfferCode(t.Context(), token)
	ok(t, err)
	if same, err := h.OfferCode(t.Context(), token); err != nil || same.Secret != offer.Secret {
		t.Errorf("the page read again shows another secret, %v", err)
	}
	if other, err := h.OfferCode(t.Context(), elsewhere); err != nil || other.Secret == offer.Secret {
		t.Errorf("another session shows the same secret, %v", err)
	}
	if _, err := png.Decode(bytes.NewReader(offer.Picture)); err != nil || len(offer.Secret) != 32 {
		t.Errorf("a secret of %d letters, picture: %v", len(offer.Secret), err)
	}
	enrol := func(code string) error {
		_, err := h.EnrolCode(t.Context(), token, code)
		return err
	}
	right := code(t, offer.Secret, h.now())
	for _, wrong := range []string{"12345", right + "0", code(t, offer.Secret, h.now().Add(-time.Hour))} {
		refused(t, enrol(wrong), session.ErrFactorWrong)
	}
	h.lacks(t, elsewhere, session.LacksNothing)
	h.pass(session.IdleTimeout/2 + time.Second) // past the time of tries, the question, and the sign-in
	refused(t, enrol(right), session.ErrNotRecent)
	token = h.signIn(t, annasLogin, goodWord)
	refused(t, enrol(code(t, offer.Secret, h.now())), session.ErrFactorWrong) // another session was asked

	_, e := h.withCode(t, token)
	if len(e.Codes) != 10 || e.Session.Actor.Account != id || e.Session.Proof != session.ByFactor {
		t.Errorf("%d codes, a session of %v by %s", len(e.Codes), e.Session.Actor, e.Session.Proof)
	}
	h.wantSession(t, token, session.ErrNotSignedIn)
	h.lacks(t, e.Token, session.LacksNothing)
	h.lacks(t, elsewhere, session.LacksFactor)
	if all, codes, err := h.Factors(t.Context(), id); err != nil || len(all) != 1 || all[0].Kind != session.FactorCode || codes != 10 {
		t.Errorf("factors %v and %d codes, %v", all, codes, err)
	}
	_, e = h.withCode(t, e.Token)
	if e.Codes != nil {
		t.Error("a second factor made the codes void")
	}
}

func TestACodeIsGoodOnceAndForAMoment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	secret, _ := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	at := func(d time.Duration) string { return code(t, secret, h.now().Add(d)) }
	token := h.signIn(t, annasLogin, goodWord)
	h.proves(t, token, at(0), session.ErrFactorWrong) // it enrolled the application
	h.proves(t, token, at(-30*time.Second), session.ErrFactorWrong)
	h.proves(t, token, at(60*time.Second), session.ErrFactorWrong)
	ahead := at(30 * time.Second)
	risen := h.proves(t, token, " "+ahead[:3]+" "+ahead[3:]+" ", nil)
	h.lacks(t, risen, session.LacksNothing)
	h.wantSession(t, token, session.ErrNotSignedIn)

	token = h.signIn(t, annasLogin, goodWord)
	h.pass(30 * time.Second)
	h.proves(t, token, at(0), session.ErrFactorWrong) // the one that was ahead
	h.pass(60 * time.Second)
	h.proves(t, token, at(-30*time.Second), nil) // late by one step
	token = h.signIn(t, annasLogin, goodWord)
	h.pass(5 * time.Minute)
	h.proves(t, token, at(-60*time.Second), session.ErrFactorWrong)

	var won atomic.Int32
	var all sync.WaitGroup
	now := at(0)
	for range 4 { // fewer than the free tries
		mine := h.signIn(t, annasLogin, goodWord)
		all.Go(func() {
			if _, _, err := h.ProveCode(t.Context(), mine, now); err == nil {
				won.Add(1)
			} else if !errors.Is(err, session.ErrFactorWrong) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d used one code", won.Load())
	}
}

func TestTriesOfAllFactorsAreCountedTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	secret, e := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	h.pass(time.Minute)
	for i := range 5 { // each with a session of its own: signing in anew is no way round
		wrong := []string{"000000", "zzzzz-zzzzz"}[i%2]
		h.proves(t, h.signIn(t, annasLogin, goodWord), wrong, session.ErrFactorWrong)
	}
	token := h.signIn(t, annasLogin, goodWord)
	h.proves(t, token, code(t, secret, h.now()), session.ErrTooManyTries)
	h.proves(t, token, e.Codes[0], session.ErrTooManyTries)
	_, _, err := h.ProvePasskey(t.Context(), token, "https://approdo.example.org", []byte("{}"))
	refused(t, err, session.ErrTooManyTries)
	_, err = h.EnrolCode(t.Context(), e.Token, "000000")
	refused(t, err, session.ErrTooManyTries)
	if _, codes, err := h.Factors(t.Context(), id); err != nil || codes != 10 {
		t.Errorf("%d codes are left, %v: one that was not looked at was used", codes, err)
	}
	h.pass(2 * time.Second)
	risen := h.proves(t, token, e.Codes[0], nil)
	for range 5 { // forgotten, so that five are free again
		h.proves(t, risen, "000000", session.ErrFactorWrong)
	}
}

func TestARecoveryCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	bruno := h.person(t, "bruno@example.org")
	_, annas := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	_, brunos := h.withCode(t, h.signIn(t, "bruno@example.org", goodWord))
	token := h.signIn(t, annasLogin, goodWord)
	h.proves(t, token, brunos.Codes[0], session.ErrFactorWrong)
	risen, s, err := h.ProveCode(t.Context(), token, strings.ToUpper(strings.ReplaceAll(annas.Codes[3], "-", " ")))
	ok(t, err)
	if s.Proof != session.ByRecovery || s.Lacks != session.LacksNothing {
		t.Errorf("by %s, lacking %q", s.Proof, s.Lacks)
	}
	token = h.signIn(t, annasLogin, goodWord)
	h.proves(t, token, annas.Codes[3], session.ErrFactorWrong)
	_, err = h.NewRecoveryCodes(t.Context(), token)
	refused(t, err, session.ErrFactorMissing)
	fresh, err := h.NewRecoveryCodes(t.Context(), risen)
	ok(t, err)
	h.proves(t, token, annas.Codes[0], session.ErrFactorWrong)
	h.proves(t, token, strings.NewReplacer("0", "O", "1", "l").Replace(fresh[0]), nil)

	all, _, err := h.Factors(t.Context(), bruno)
	ok(t, err)
	ok(t, h.RemoveFactor(t.Context(), brunos.Token, all[0].ID))
	if _, codes, err := h.Factors(t.Context(), bruno); err != nil || codes != 0 {
		t.Errorf("%d codes without a factor, %v", codes, err)
	}
	_, err = h.NewRecoveryCodes(t.Context(), brunos.Token)
	refused(t, err, session.ErrNoFactor)
}

func TestOnlyWhoSignedInAMomentAgoChangesFactors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	_, e := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	all, _, err := h.Factors(t.Context(), id)
	ok(t, err)
	each := func(token string, want error) {
		t.Helper()
		_, offer := h.OfferCode(t.Context(), token)
		_, enrol := h.EnrolCode(t.Context(), token, "000000")
		_, codes := h.NewRecoveryCodes(t.Context(), token)
		_, key := h.OfferPasskey(t.Context(), token, "https://approdo.example.org")
		_, proved := h.EnrolPasskey(t.Context(), token, "https://approdo.example.org", []byte("{}"))
		for name, err := range map[string]error{"offer": offer, "enrol": enrol, "codes": codes, "passkey": key, "passkey enrolled": proved,
			"remove": h.RemoveFactor(t.Context(), token, all[0].ID)} {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	half := h.signIn(t, annasLogin, goodWord)
	each(half, session.ErrFactorMissing)
	_, _, err = h.ChangePassword(t.Context(), half, goodWord, otherWord)
	refused(t, err, session.ErrFactorMissing)
	each("", session.ErrNotSignedIn)
	h.pass(15*time.Minute + time.Second)
	each(e.Token, session.ErrNotRecent)
	h.wantSignIn(t, annasLogin, goodWord, nil)
}

func TestTheLastFactorStaysWhereOneIsNeeded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.member(t, domain.RoleUST, annasLogin)
	_, e := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	_, e = h.withCode(t, e.Token)
	all, _, err := h.Factors(t.Context(), id)
	ok(t, err)
	refused(t, h.RemoveFactor(t.Context(), e.Token, uuid.New()), session.ErrNoFactor)
	ok(t, h.RemoveFactor(t.Context(), e.Token, all[0].ID))
	refused(t, h.RemoveFactor(t.Context(), e.Token, all[1].ID), session.ErrFactorNeeded)
	for range 4 {
		_, e = h.withCode(t, e.Token)
	}
	_, err = h.OfferCode(t.Context(), e.Token)
	refused(t, err, session.ErrFactorsMany)
}

func TestAShortPasswordIsEnoughBesideAFactorAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	const short = "tre barche"
	change := func(token, current, password string) (string, error) {
		fresh, _, err := h.ChangePassword(t.Context(), token, current, password)
		return fresh, err
	}
	token := h.signIn(t, annasLogin, goodWord)
	_, err := change(token, goodWord, short)
	refused(t, err, session.ErrPasswordTooShort)
	secret, e := h.withCode(t, token)
	_, err = change(e.Token, goodWord, "sette77")
	refused(t, err, session.ErrPasswordTooShort)
	_, err = change(e.Token, goodWord, "Juventus1897")
	refused(t, err, session.ErrPasswordObvious)
	token, err = change(e.Token, goodWord, short)
	ok(t, err)
	h.lacks(t, token, session.LacksNothing)
	h.pass(time.Minute)
	h.proves(t, h.signIn(t, annasLogin, short), code(t, secret, h.now()), nil)

	// Without the factor the password may do nothing but find another.
	done, err := h.ResetFactors(t.Context(), h.origin(ust), id)
	if err != nil || !done {
		t.Fatal(done, err)
	}
	h.wantSession(t, token, session.ErrNotSignedIn)
	token = h.signIn(t, annasLogin, short)
	h.lacks(t, token, session.LacksEnrolment)
	token, err = change(token, short, otherWord)
	ok(t, err)
	h.lacks(t, token, session.LacksNothing)

	link, err := h.Renew(t.Context(), h.origin(ust), id, 0)
	ok(t, err)
	refused(t, h.Activate(t.Context(), link.Token, short), session.ErrPasswordTooShort)
}

func TestLostFactorsAreResetByOneOrByTwo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, elena := h.person(t, annasLogin), h.member(t, domain.RoleUST, "elena@example.org")
	_, annas := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	_, elenas := h.withCode(t, h.signIn(t, "elena@example.org", goodWord))
	reset := func(by domain.Actor, id uuid.UUID, want bool, wantErr error) {
		t.Helper()
		done, err := h.ResetFactors(t.Context(), h.origin(by), id)
		if done != want || !errors.Is(err, wantErr) {
			t.Fatalf("done %t, %v; want %t, %v", done, err, want, wantErr)
		}
	}
	o := h.origin(ust)
	for range 2 { // the same command, sent again
		if done, err := h.ResetFactors(t.Context(), o, anna); err != nil || !done {
			t.Fatal(done, err)
		}
	}
	h.wantSession(t, annas.Token, session.ErrNotSignedIn)
	h.lacks(t, h.signIn(t, annasLogin, goodWord), session.LacksNothing)

	reset(ust, elena, false, account.ErrNotYours)
	reset(admin, elena, false, nil)
	h.wantSession(t, elenas.Token, nil)
	reset(admin, elena, false, account.ErrSamePerson)
	ok(t, h.KeepFactors(t.Context(), h.origin(colleague), elena))
	reset(colleague, elena, false, nil)
	h.lacks(t, h.signIn(t, "elena@example.org", goodWord), session.LacksFactor)
	reset(admin, elena, true, nil)
	h.wantSession(t, elenas.Token, session.ErrNotSignedIn)
	token := h.signIn(t, "elena@example.org", goodWord)
	h.lacks(t, token, session.LacksEnrolment)
	h.proves(t, token, elenas.Codes[0], session.ErrFactorWrong)
	if n := h.events(t, elena); n != 6 {
		t.Errorf("%d events: invited, activated, asked, refused, asked, reset", n)
	}
}

func TestAnInvitationToAGreatRoleWaitsForASecondPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	inv := invitation(annasLogin)
	inv.Role, inv.Body = domain.RolePrefettura, ""
	link, err := h.Invite(t.Context(), h.origin(admin), inv)
	ok(t, err)
	refused(t, h.Activate(t.Context(), link.Token, goodWord), account.ErrNotApproved)
	refused(t, h.Approve(t.Context(), h.origin(admin), link.Account), account.ErrSamePerson)
	refused(t, h.Approve(t.Context(), h.origin(ust), link.Account), account.ErrNotYours)
	renewed, err := h.Renew(t.Context(), h.origin(admin), link.Account, 0)
	if err == nil {
		link = renewed
	}
	refused(t, h.Activate(t.Context(), link.Token, goodWord), account.ErrNotApproved)
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
	ok(t, h.Approve(t.Context(), h.origin(colleague), link.Account))
	ok(t, h.Activate(t.Context(), link.Token, goodWord))
	h.lacks(t, h.signIn(t, annasLogin, goodWord), session.LacksEnrolment)

	inv.Login = domain.NewPersonal("luca@example.org")
	link, err = h.Invite(t.Context(), h.origin(admin), inv)
	ok(t, err)
	ok(t, h.Refuse(t.Context(), h.origin(colleague), link.Account))
	refused(t, h.Activate(t.Context(), link.Token, goodWord), session.ErrNoInvitation)
	refused(t, h.Approve(t.Context(), h.origin(colleague), link.Account), account.ErrClosed)
	_, err = h.Invite(t.Context(), h.origin(admin), inv) // the login is free again
	ok(t, err)
}

func TestEveryStepUpGivesAnotherToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	seen := map[string]bool{}
	next := func(token string, err error) string {
		t.Helper()
		ok(t, err)
		if seen[token] {
			t.Fatal("a token came back")
		}
		for old := range seen {
			if _, err := h.Lookup(t.Context(), old); !errors.Is(err, session.ErrNotSignedIn) {
				t.Fatalf("an earlier token opens: %v", err)
			}
		}
		seen[token] = true
		return token
	}
	token := next(h.signIn(t, annasLogin, goodWord), nil)
	secret, e := h.withCode(t, token)
	token = next(e.Token, nil)
	h.pass(time.Minute)
	token = next(h.proves(t, token, code(t, secret, h.now()), nil), nil)
	changed, _, err := h.ChangePassword(t.Context(), token, goodWord, otherWord)
	next(changed, err)

	// A token that somebody planted in the browser never gains anything.
	ok(t, h.SignOutEverywhere(t.Context(), e.Session.Actor.Account))
	for name, planted := range map[string]string{"none": "", "unknown": strings.Repeat("A", 43)} {
		h.proves(t, planted, code(t, secret, h.now()), session.ErrNotSignedIn)
		if _, err := h.Lookup(t.Context(), planted); !errors.Is(err, session.ErrNotSignedIn) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whoever does not get in is told the same, and has the service do the same, whatever it was.
func TestWhoDoesNotGetInLearnsNothingOfFactors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	_, _ = h.withCode(t, h.signIn(t, annasLogin, goodWord))
	h.person(t, "bruno@example.org")
	suspended := h.person(t, "carla@example.org")
	ok(t, h.Suspend(t.Context(), h.origin(ust), suspended, account.ReasonLeft))
	inv := invitation("dario@example.org")
	inv.Role, inv.Body = domain.RoleUST, ""
	_, err := h.Invite(t.Context(), h.origin(admin), inv)
	ok(t, err)
	h.store.factorReads.Store(0)
	for name, c := range map[string][2]string{
		"nobody's":             {"nobody@example.org", wrongWord},
		"wrong, with a factor": {annasLogin, wrongWord},
		"wrong, without":       {"bruno@example.org", wrongWord},
		"suspended":            {"carla@example.org", goodWord},
		"not approved":         {"dario@example.org", goodWord},
	} {
		h.hashes.Store(0)
		token, s, err := h.SignInWithCode(t.Context(), c[0], c[1], "123456", somewhere)
		if err != session.ErrSignIn || token != "" || s.ID != "" || h.hashes.Load() != 1 {
			t.Errorf("%s: %v after %d hashes", name, err, h.hashes.Load())
		}
	}
	if n := h.store.factorReads.Load(); n != 0 {
		t.Errorf("factors were looked at %d times for nobody", n)
	}
}

func TestSigningInWithACodeIsAllOrNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	with := func(code string) (string, session.Session, error) {
		return h.SignInWithCode(t.Context(), annasLogin, goodWord, code, somewhere)
	}
	_, s, err := with("123456")
	if err != nil || s.Lacks != session.LacksNothing {
		t.Errorf("a code that nobody asked for: %q, %v", s.Lacks, err)
	}
	secret, _ := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	ok(t, h.SignOutEverywhere(t.Context(), id))
	h.pass(time.Minute)
	_, _, err = with("000000")
	refused(t, err, session.ErrFactorWrong)
	ok(t, h.store.Sessions(t.Context(), id, func([]byte, string, time.Time, time.Time, time.Time) error {
		t.Error("a wrong code left a session")
		return nil
	}))
	_, s, err = with("")
	if err != nil || s.Lacks != session.LacksFactor {
		t.Errorf("without a code: %q, %v", s.Lacks, err)
	}
	token, s, err := with(code(t, secret, h.now()))
	if err != nil || s.Lacks != session.LacksNothing {
		t.Errorf("with the code: %q, %v", s.Lacks, err)
	}
	h.wantSession(t, token, nil)
}

func TestActivationFromOneNetworkTakesLongerAndLonger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.invite(t, annasLogin)
	for i := range 31 {
		err := h.ActivateFrom(t.Context(), strings.Repeat("A", 42)+"AEIMQUYcgkosw048"[i%16:i%16+1], goodWord, somewhere)
		if want := []error{session.ErrNoInvitation, session.ErrTooManyTries}[i/30]; !errors.Is(err, want) {
			t.Fatalf("try %d: %v, want %v", i, err, want)
		}
	}
	refused(t, h.ActivateFrom(t.Context(), link.Token, goodWord, somewhere), session.ErrTooManyTries)
	ok(t, h.ActivateFrom(t.Context(), link.Token, goodWord, "198.51.100.9:1"))
}

func TestAccessesAreListedAndEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	h.person(t, "bruno@example.org")
	first := h.signIn(t, annasLogin, goodWord)
	h.pass(2 * time.Minute)
	second := h.signIn(t, annasLogin, goodWord)
	_, e := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	brunos := h.signIn(t, "bruno@example.org", goodWord)
	h.lacks(t, first, session.LacksFactor) // used
	all, err := h.Accesses(t.Context(), e.Token)
	ok(t, err)
	var this, old session.Access
	for _, a := range all {
		if a.This {
			this = a
		}
		if a.Since.Equal(h.now().Add(-2 * time.Minute)) {
			old = a
		}
	}
	if len(all) != 3 || this.Proof != session.ByFactor || this.ID != e.Session.ID || old.Proof != session.ByPassword || !old.Seen.Equal(h.now()) {
		t.Errorf("%d accesses: %+v, %+v", len(all), this, old)
	}
	theirs, err := h.Accesses(t.Context(), brunos)
	ok(t, err)
	for _, nobodys := range []string{theirs[0].ID, "", "x"} {
		refused(t, h.EndAccess(t.Context(), e.Token, nobodys), session.ErrNoAccess)
	}
	ok(t, h.EndAccess(t.Context(), e.Token, old.ID))
	h.wantSession(t, first, session.ErrNotSignedIn)
	h.wantSession(t, second, nil)
	ok(t, h.EndOtherAccesses(t.Context(), e.Token))
	h.wantSession(t, second, session.ErrNotSignedIn)
	h.wantSession(t, e.Token, nil)
	h.wantSession(t, brunos, nil)
	refused(t, h.EndOtherAccesses(t.Context(), second), session.ErrNotSignedIn)

	ok(t, h.Suspend(t.Context(), h.origin(ust), id, account.ReasonLeft))
	_, err = h.Accesses(t.Context(), e.Token)
	refused(t, err, session.ErrNotSignedIn)
}

// What a factor is checked with is on no disk in clear, and gone with its account's key.
func TestFactorsAreSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	secret, e := h.withCode(t, token)
	pending, err := h.OfferCode(t.Context(), e.Token)
	ok(t, err)
	ok(t, h.store.Purge(t.Context(), h.now()))
	for _, file := range []string{h.file, h.file + "-wal"} {
		b, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		ok(t, err)
		for _, secret := range append(e.Codes, secret, pending.Secret) {
			if bytes.Contains(b, []byte(secret)) || bytes.Contains(b, []byte(strings.ReplaceAll(secret, "-", ""))) {
				t.Error("a secret is on disk")
			}
		}
	}
	h.sealer.forgotten = id
	h.pass(time.Minute)
	_, _, err = h.ProveCode(t.Context(), h.signIn(t, annasLogin, goodWord), code(t, secret, h.now()))
	refused(t, err, domain.ErrForgotten)
	h.journal.noAppend = event.ErrOverloaded
	_, err = h.ResetFactors(t.Context(), h.origin(ust), id)
	refused(t, err, domain.KindOverloaded)
	if all, _, err := h.Factors(t.Context(), id); err != nil || len(all) != 1 {
		t.Errorf("%d factors are left after a reset that nobody recorded, %v", len(all), err)
	}
}
