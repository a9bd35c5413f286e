package apart_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/apart"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
)

var (
	one   = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	other = uuid.MustParse("018f0000-0000-7000-8000-000000000002")
	act   = domain.Act{By: domain.Actor{Role: domain.RoleUST}, At: time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)}
)

func given(t *testing.T, past ...apart.Event) spec.Past[apart.State, apart.Command, apart.Event] {
	return spec.Given(t, apart.Decider, past...)
}

func TestAPairIsToldApartOnceAndDoubtedAgain(t *testing.T) {
	t.Parallel()
	twins := apart.ToldApart{Reason: "siblings"}
	given(t).When(apart.TellApart{Act: act, Reason: "siblings"}).Then(twins)
	given(t, twins).When(apart.TellApart{Act: act, Reason: "namesakes"}).ThenNothing()
	given(t, twins).When(apart.DoubtAgain{Act: act}).Then(apart.DoubtedAgain{})
	given(t).When(apart.DoubtAgain{Act: act}).ThenNothing()
	given(t, twins, apart.DoubtedAgain{}).When(apart.TellApart{Act: act, Reason: "papers-differ"}).Then(apart.ToldApart{Reason: "papers-differ"})
	for _, why := range []apart.Reason{"", "because", "parted"} {
		given(t).When(apart.TellApart{Act: act, Reason: why}).ThenRefused(apart.ErrReason)
	}
}

func TestThePairIsTheSameInWhateverOrder(t *testing.T) {
	t.Parallel()
	if apart.Of(one, other) != apart.Of(other, one) || apart.Of(one, other).First != one {
		t.Errorf("%v and %v", apart.Of(one, other), apart.Of(other, one))
	}
	p := apart.Of(other, one)
	if got, ok := apart.ParseStream(p.Stream()); !ok || got != p {
		t.Errorf("%s is read as %v", p.Stream(), got)
	}
	for _, s := range []string{"", "apart-", "case-" + one.String(), apart.Category + one.String(), apart.Pair{First: other, Second: one}.Stream() + "x"} {
		if _, ok := apart.ParseStream(s); ok {
			t.Errorf("%s passes for a pair", s)
		}
	}
}

func TestGoldenEvents(t *testing.T) {
	t.Parallel()
	spec.Golden(t, event.NewCodec(sealtest.New(), apart.Events), "testdata", apart.ToldApart{Reason: "siblings"}, apart.DoubtedAgain{})
}
