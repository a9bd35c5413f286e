package names_test

import (
	"testing"

	"approdo/domain/names"
)

func BenchmarkFold(b *testing.B) {
	for b.Loop() {
		names.Fold("Shcherbukha-Testovenko")
	}
}

func BenchmarkKeys(b *testing.B) {
	for b.Loop() {
		names.Keys("Shcherbukha-Testovenko", "Yuliia")
	}
}

func BenchmarkCompare(b *testing.B) {
	one, other := p("Shcherbukha, Yuliia, 2015-11-02, F"), p("Szczerbucha, Giulia, 2015-02-11, F")
	for b.Loop() {
		names.Compare(one, other)
	}
}
