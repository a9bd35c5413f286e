package projections

import (
	"testing"

	"pgregory.net/rapid"
)

func TestASieveForgetsNoKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSieve[pair]()
		keys := rapid.SliceOfN(rapid.Map(rapid.String(), func(k string) pair { return pair{k, len(k)} }), 0, 200).Draw(t, "keys")
		for _, k := range keys {
			s.add(k)
		}
		for _, k := range keys {
			if !s.has(k) {
				t.Fatalf("%v was forgotten", k)
			}
		}
	})
}

func TestASieveTakesFewForKnown(t *testing.T) {
	t.Parallel()
	s := newSieve[int]()
	if s.has(1) {
		t.Error("an empty sieve knows a key")
	}
	const n = 1_000_000
	for k := range n {
		s.add(k)
	}
	known := 0
	for k := range n {
		if s.has(n + k) {
			known++
		}
	}
	if known > n/25 {
		t.Errorf("%d of %d keys that were never added are taken for known", known, n)
	}
}
