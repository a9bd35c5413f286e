package session

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var cheap = Cost{Memory: 64, Time: 1, Threads: 1}

func TestNeverMoreThanTwoHashesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(cheap)
		var running, most atomic.Int32
		h.derive = func(_, _ []byte, _, _ uint32, _ uint8, n uint32) []byte {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			time.Sleep(time.Second)
			running.Add(-1)
			return make([]byte, n)
		}
		begin := time.Now()
		var all sync.WaitGroup
		for range maxHashes + maxWaiting {
			all.Go(func() {
				if _, err := h.hash(t.Context(), "x"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if _, err := h.hash(t.Context(), "x"); !errors.Is(err, ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
		all.Wait()
		if took := time.Since(begin); most.Load() != 2 || took != 9*time.Second {
			t.Errorf("%d at once, eighteen in %v", most.Load(), took)
		}
	})
}

func TestWhoStopsWaitingLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(cheap)
		h.derive = func(_, _ []byte, _, _ uint32, _ uint8, n uint32) []byte {
			time.Sleep(time.Minute)
			return make([]byte, n)
		}
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		var all sync.WaitGroup
		for range maxHashes {
			all.Go(func() {
				if _, err := h.hash(t.Context(), "x"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		for range maxWaiting {
			all.Go(func() {
				if _, err := h.hash(ctx, "x"); !errors.Is(err, ErrBusy) {
					t.Errorf("left, and got %v", err)
				}
			})
		}
		time.Sleep(2 * time.Second)
		if waiting := len(h.queue); waiting != maxHashes {
			t.Errorf("%d are in the queue", waiting)
		}
		all.Wait()
	})
}

func TestHashesAreTheReferenceImplementations(t *testing.T) {
	t.Parallel()
	// From the test suite of phc-winner-argon2.
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := newHasher(DefaultCost())
	for password, want := range map[string]bool{"password": true, "Password": false} {
		if got, err := h.verify(t.Context(), known, password); err != nil || got != want {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	made, err := newHasher(cheap).hash(t.Context(), "pass\x00wörd")
	if err != nil || !strings.HasPrefix(made, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("%.30s, %v", made, err)
	}
	again, err := newHasher(cheap).hash(t.Context(), "pass\x00wörd")
	if err != nil || again == made {
		t.Errorf("no salt: %v", err)
	}
	if right, err := h.verify(t.Context(), made, "pass\x00wörd"); !right || err != nil {
		t.Errorf("its own: %v, %v", right, err)
	}
	decoy, salt, key, err := parsePHC(h.decoy())
	if err != nil || decoy != DefaultCost() || len(salt) != saltBytes || len(key) != keyBytes {
		t.Errorf("the decoy costs %+v, %v", decoy, err)
	}
	for _, bad := range []string{
		"", "secret", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), strings.Replace(made, "v=19", "v=16", 1),
		strings.Replace(made, "m=64", "m=99999999", 1), strings.Replace(made, "t=1", "t=0", 1), strings.Replace(made, "p=1", "p=0", 1),
		strings.Replace(made, "m=64,", "", 1), made[:len(made)-30], made + "$", made + "!", strings.Replace(made, "p=1$", "p=1$!", 1),
	} {
		if _, err := h.verify(t.Context(), bad, "x"); !errors.Is(err, errPHC) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestNewPasswords(t *testing.T) {
	t.Parallel()
	const login = "Anna.Verdi@example.org"
	for password, want := range map[string]error{
		"":                ErrPasswordTooShort,
		"città di là, 14": nil, // fifteen characters, seventeen bytes
		"città di là 14":  ErrPasswordTooShort,
		strings.Repeat("àbcdefghi jklmnop", 8)[:136]: nil, // 128 characters
		strings.Repeat("abcdefghi jklmno", 8) + "p":  ErrPasswordTooLong,
		"un cavallo giallo sul tetto":                nil,
		"839201847362514":                            nil,
		"aaaaaaaaaaaaaaaaaaaa":                       ErrPasswordObvious,
		"abcabcabcabcabcabc":                         ErrPasswordObvious,
		"12341234123412341":                          ErrPasswordObvious,
		"123456789012345":                            ErrPasswordObvious,
		"987654321098765":                            ErrPasswordObvious,
		"qwertyuiopasdfghjkl":                        ErrPasswordObvious,
		"1qaz2wsx3edc4rfv":                           ErrPasswordObvious,
		"asdfghjklasdfghjkl":                         ErrPasswordObvious,
		"PasswordPassword":                           ErrPasswordObvious,
		"p-a-s-s-w-o-r-d 123":                        ErrPasswordObvious,
		"Benvenuto2022!!!":                           ErrPasswordObvious,
		"Comune-di-Milano":                           nil,
		"Comune Milano 2022":                         ErrPasswordObvious,
		"Approdo.Approdo.1":                          ErrPasswordObvious,
		"anna.verdi@example.org":                     ErrPasswordObvious,
		"ANNA.VERDI@EXAMPLE.ORG1":                    ErrPasswordObvious,
		"annaverdi1234567":                           ErrPasswordObvious,
		"Anna.Verdi.password":                        ErrPasswordObvious,
		"anna porta verdi mele":                      nil,
		"CorrectHorseBatteryStaple":                  ErrPasswordObvious,
		"milano mare monti ridere":                   nil,
	} {
		if got := checkPassword(password, login, false); !errors.Is(got, want) || want == nil && got != nil {
			t.Errorf("%q: %v, want %v", password, got, want)
		}
	}
	if got := checkPassword("4071829340718293", "40718293", false); !errors.Is(got, ErrPasswordObvious) {
		t.Errorf("a login of digits twice: %v", got)
	}
	if got := checkPassword("un cavallo giallo sul tetto", "", false); got != nil {
		t.Errorf("without a login: %v", got)
	}
}

func TestCommonPasswordsAreRefusedHoweverDressed(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]error{
		"Francesco1985!":            ErrPasswordObvious,
		"fr4nc3sc0":                 ErrPasswordObvious,
		"P@$$w0rd":                  ErrPasswordObvious,
		"passw0rd2022":              ErrPasswordObvious,
		"Juventus1897":              ErrPasswordObvious,
		"2022_Primavera":            ErrPasswordObvious,
		"asdfghjkl":                 ErrPasswordObvious,
		"francescofrancesco":        ErrPasswordObvious,
		"m4r1ag1ul1a":               nil, // two names are two words
		"Istituto-Comprensivo-2022": ErrPasswordObvious,
		"felicità2022":              ErrPasswordObvious,
		"qweasdzxc123":              ErrPasswordObvious,
		"12345678":                  ErrPasswordObvious,
		"11112222":                  ErrPasswordObvious,
		"14031985":                  ErrPasswordObvious,
		"140319853311447":           nil,
		"vento tra i pini":          nil,
		"tre barche":                nil,
		"zu9-Kelp":                  nil,
	} {
		if got := checkPassword(password, "anna.verdi@example.org", true); !errors.Is(got, want) || want == nil && got != nil {
			t.Errorf("%q: %v, want %v", password, got, want)
		}
	}
	for word := range commonWords() {
		if word != strings.ToLower(word) || letters(word) != word {
			t.Errorf("%q can never be met", word)
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:4711":          "192.0.2.7",
		"192.0.2.7":               "192.0.2.7",
		"[::ffff:192.0.2.7]:4711": "192.0.2.7",
		"[2001:db8:1:2:3::4]:80":  "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::9":    "2001:db8:1:2::/64",
		"fe80::1%eth0":            "fe80::/64",
		"@":                       "@",
		"":                        "",
	} {
		if got := network(remote); got != want {
			t.Errorf("%q is of %q, want %q", remote, got, want)
		}
	}
}
