package projections

import "hash/maphash"

// sieve remembers the keys of rows that an engine was given, in a megabyte at most: a Bloom filter. It never forgets one, and takes
// about three in a hundred others for known once there are a million.
type sieve[K comparable] struct {
	seed maphash.Seed
	bits []uint64 // none as long as no key was added
}

const (
	sieveBits   = 1 << 23
	sieveProbes = 3
)

func newSieve[K comparable]() *sieve[K] { return &sieve[K]{seed: maphash.MakeSeed()} }

func (s *sieve[K]) add(key K) {
	if s.bits == nil {
		s.bits = make([]uint64, sieveBits/64)
	}
	for bit := range s.probes(key) {
		s.bits[bit/64] |= 1 << (bit % 64)
	}
}

// has is false only for keys that were never added.
func (s *sieve[K]) has(key K) bool {
	if s.bits == nil {
		return false
	}
	for bit := range s.probes(key) {
		if s.bits[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}

// probes are the bits of a key, made of the two halves of one hash.
func (s *sieve[K]) probes(key K) func(func(uint64) bool) {
	return func(yield func(uint64) bool) {
		h := maphash.Comparable(s.seed, key)
		step := h>>32 | 1
		for range sieveProbes {
			if !yield(h % sieveBits) {
				return
			}
			h += step
		}
	}
}
