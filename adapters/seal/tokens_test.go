package seal

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/google/uuid"
)

func TestTokensStandForOneTextOfOneKind(t *testing.T) {
	t.Parallel()
	m := NewMasterKey()
	a, b := NewTokens(m), NewTokens(MasterKey{m.secret})
	of := a.Of("name", "testovenko")
	if len(of) != 16 || !bytes.Equal(of, b.Of("name", "testovenko")) {
		t.Error("not the same token for the same text")
	}
	for what, other := range map[string][]byte{
		"text": a.Of("name", "testovenka"), "kind": a.Of("login", "testovenko"),
		"border between them": a.Of("namet", "estovenko"), "master key": NewTokens(NewMasterKey()).Of("name", "testovenko"),
	} {
		if bytes.Equal(of, other) {
			t.Errorf("the same token for another %s", what)
		}
	}
}

func TestPseudonymIsOneReadersOwn(t *testing.T) {
	t.Parallel()
	tokens, subject := NewTokens(NewMasterKey()), uuid.New()
	p := tokens.Pseudonym("prefettura-a", subject)
	if !regexp.MustCompile(`^P-[0-9A-HJKMNP-TV-Z]{8}$`).MatchString(p) {
		t.Errorf("got %s", p)
	}
	if p != tokens.Pseudonym("prefettura-a", subject) {
		t.Error("not stable")
	}
	if p == tokens.Pseudonym("prefettura-b", subject) || p == tokens.Pseudonym("prefettura-a", uuid.New()) {
		t.Error("shared with another reader or subject")
	}
}

func TestFrameTellsPartsApart(t *testing.T) {
	t.Parallel()
	lists := [][]string{{}, {""}, {"", ""}, {"a", "bc"}, {"ab", "c"}, {"abc"}, {"a", "b", "c"}, {"a", "bc", ""}}
	for i, a := range lists {
		for _, b := range lists[i+1:] {
			if bytes.Equal(frame(a...), frame(b...)) {
				t.Errorf("%q and %q", a, b)
			}
		}
	}
}
