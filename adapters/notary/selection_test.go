package notary_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"approdo/adapters/notary"
	"approdo/domain/event"
	"approdo/domain/ledger"
	kept "approdo/projections/ledger"
)

func TestWhatWasFoundIsHandedOverWithItsProofs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var out bytes.Buffer
	h.grow(2)
	if err := h.Selection(t.Context(), []event.Position{1}, &out); !errors.Is(err, notary.ErrNotSignedYet) || out.Len() > 0 {
		t.Fatalf("before anything was signed: %v, %q", err, out.String())
	}
	h.grow(4300) // more than two levels of tiles
	h.ok(h.Tick(t.Context()))
	h.grow(20)
	all := h.records()
	random := rand.New(rand.NewPCG(1, 2))
	for _, wanted := range []int{1, 2, 60, 900, len(all)} {
		picks := random.Perm(len(all))[:wanted]
		if wanted == 1 {
			picks = []int{0}
		}
		var positions []event.Position
		var signed []int
		for _, i := range picks {
			if positions = append(positions, all[i].Position); i < 4302 {
				signed = append(signed, i)
			}
		}
		out.Reset()
		h.ok(h.Selection(t.Context(), positions, &out))
		got, err := ledger.VerifySelection(bytes.NewReader(out.Bytes()), h.VerifierKey())
		if err != nil || got.Size != 4302 || got.Records != int64(len(signed)) {
			t.Fatalf("%d records: %+v, %v", wanted, got, err)
		}
		slices.Sort(signed)
		slices.Reverse(signed)
		lines := strings.Split(out.String(), "\n")[1:]
		for i, n := range signed {
			if leaf := string(ledger.Leaf(all[n])); !strings.Contains(lines[i], leaf[1:len(leaf)-1]) {
				t.Fatalf("line %d is not record %d: %s", i, n, lines[i])
			}
		}
	}
	out.Reset()
	if err := h.Selection(t.Context(), []event.Position{all[4310].Position}, &out); !errors.Is(err, notary.ErrNotSignedYet) || out.Len() > 0 {
		t.Errorf("what is too young: %v, %q", err, out.String())
	}
	if err := h.Selection(t.Context(), []event.Position{all[len(all)-1].Position + 9}, &out); !errors.Is(err, kept.ErrNoRecord) || out.Len() > 0 {
		t.Errorf("no record: %v, %q", err, out.String())
	}
	all[4000].Type = "case.other"
	h.journal.become(h.journalOf(all))
	if err := h.Selection(t.Context(), []event.Position{all[4000].Position, all[3].Position}, &out); !errors.Is(err, ledger.ErrProofFails) || out.Len() > 0 {
		t.Errorf("a record that was altered: %v, %q", err, out.String())
	}
}
