package state

import (
	"context"
	"errors"
	"testing"

	"zombiezen.com/go/sqlite"

	"approdo/domain"
)

func TestWhatAFailureIsToTheCaller(t *testing.T) {
	t.Parallel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	for name, tc := range map[string]struct {
		ctx  context.Context
		err  error
		want error
	}{
		"disk full":     {t.Context(), sqlite.ResultFull.ToError(), domain.KindUnavailable},
		"disk failing":  {t.Context(), sqlite.ResultIOErrFsync.ToError(), domain.KindUnavailable},
		"a refusal":     {t.Context(), ErrNoDraft, ErrNoDraft},
		"caller left":   {gone, sqlite.ResultInterrupt.ToError(), context.Canceled},
		"fault of ours": {t.Context(), sqlite.ResultConstraintUnique.ToError(), sqlite.ResultConstraintUnique.ToError()},
	} {
		if got := failed(tc.ctx, tc.err); !errors.Is(got, tc.want) && sqlite.ErrCode(got) != sqlite.ErrCode(tc.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if err := failed(gone, nil); err != nil {
		t.Errorf("no failure: %v", err)
	}
}
