package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"approdo/domain"
)

func TestARefusalStandsBesideItsFieldAndAbove(t *testing.T) {
	t.Parallel()
	f := passwordForm()
	several := domain.Errors{domain.Invalid("password-not-repeated").On("repeat"), domain.Refused("form-malformed"), domain.Invalid("x").On("elsewhere")}
	if !f.refuse(several) || !f.Refused() {
		t.Fatal("not refused")
	}
	if got := f.Faulty(); len(got) != 1 || got[0].Name != "repeat" || got[0].DescribedBy() != "f-repeat-error" {
		t.Errorf("%v", got)
	}
	if got := f.Faults(); len(got) != 2 {
		t.Errorf("%v", got)
	}
	if f.Status() != http.StatusConflict {
		t.Error(f.Status())
	}
	for _, err := range []error{fmt.Errorf("disk gone"), domain.NotFound("case-not-found"), domain.Forbidden("not-allowed")} {
		if passwordForm().refuse(err) {
			t.Errorf("a form took %v", err)
		}
	}
}

func TestAFormKeepsWhatWasTypedAndItsKeyButNoPassword(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	const key = "019a3c1e-8f5d-7a10-9b1c-3f1f0a6f2d11"
	w := do(s.handler(), http.MethodPost, "/accedi", "username=comune.rozzano&password=wrongwrong&_key="+key)
	body := w.Body.String()
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="comune.rozzano"`) || !strings.Contains(body, key) {
		t.Errorf("%d: the form was not kept", w.Code)
	}
	if strings.Contains(body, "wrongwrong") {
		t.Error("the password came back")
	}
	if !strings.Contains(body, `role="alert"`) {
		t.Error("nothing says what is wrong")
	}
}

func TestAFormTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	w := do(s.handler(), http.MethodPost, "/accedi", "username="+strings.Repeat("a", largestForm))
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "troppo grande") {
		t.Errorf("%d", w.Code)
	}
}
