package sealtest_test

import (
	"encoding/hex"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event/sealtest"
)

func TestSealerKeepsTheContract(t *testing.T) {
	t.Parallel()
	sealtest.Contract(t, func(*testing.T) sealtest.Forgetter { return sealtest.New() })
}

// The bytes are fixed for ever: golden files of other packages rest on them.
func TestSealerGivesTheSameBytesInEveryRun(t *testing.T) {
	t.Parallel()
	subject := uuid.MustParse("01920000-0000-7000-8000-000000000001")
	box, err := sealtest.New().Seal(t.Context(), subject, domain.ClassPersonal, "case-1@0/case.requested/minor", []byte("Zirka"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "8fc9bf623904512f2ce594b73871d3e1fe461001659542b201f4760625c4533e0b"
	if got := hex.EncodeToString(box); got != want {
		t.Errorf("got %s", got)
	}
}
