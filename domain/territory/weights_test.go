package territory_test

import (
	"testing"

	"approdo/domain"
	. "approdo/domain/territory"
)

func TestWeightsAreARegisterWithVersions(t *testing.T) {
	t.Parallel()
	p := given(t, founded)
	shipped := p.State().WeightsOn(today)
	if shipped.Version != "0" || (State{}).WeightsOn(today) != shipped || len(p.State().Weights()) != 1 {
		t.Errorf("shipped: %+v", shipped)
	}
	next := date(t, "2023-01-01")
	v := shipped
	v.From, v.Sibling = next, 8_000
	decided := v
	decided.Version = "1"
	p = p.When(SetWeights{ust, v}).Then(WeightsSet{decided})
	if s := p.State(); s.WeightsOn(next.AddDays(-1)) != shipped || s.WeightsOn(next) != decided || len(s.Weights()) != 2 {
		t.Errorf("%+v", s.Weights())
	}
	p.When(SetWeights{ust, v}).ThenNothing()
	v.From, v.Far = domain.Date{}, 20_000
	decided.Version, decided.From, decided.Far = "2", today, 20_000
	p.When(SetWeights{ust, v}).Then(WeightsSet{decided})

	// What is shipped is decided by saying the same: from then on it has a version of its own.
	same := shipped
	same.From = today
	kept := same
	kept.Version = "1"
	given(t, founded).When(SetWeights{ust, same}).Then(WeightsSet{kept})
}

func TestEveryWeightHasACodeAndARange(t *testing.T) {
	t.Parallel()
	good := given(t, founded).State().WeightsOn(today)
	seen := map[*int]bool{}
	w := good
	for _, code := range WeightCodes() {
		at := w.Of(code)
		if at == nil || seen[at] {
			t.Fatalf("%s is nobody's, or another's", code)
		}
		seen[at] = true
		least, most := code.Range()
		for _, wrong := range []int{least - 1, most + 1} {
			v := good
			*v.Of(code) = wrong
			given(t, founded).When(SetWeights{ust, v}).ThenRefused(ErrWeights.On(string(code)))
		}
	}
	if len(seen) != 14 || w.Of("luck") != nil {
		t.Errorf("%d codes", len(seen))
	}
	for _, act := range []domain.Act{prefettura, system} {
		given(t, founded).When(SetWeights{act, good}).ThenRefused(ErrNotUST)
	}
}
