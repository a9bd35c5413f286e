package seal

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
)

func BenchmarkSeal(b *testing.B) {
	k := openAt(b, filepath.Join(b.TempDir(), "keys.db"), NewMasterKey())
	b.Run("known", func(b *testing.B) {
		subject := uuid.New()
		for b.Loop() {
			mustSeal(b, k, subject, domain.ClassPersonal)
		}
	})
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			mustSeal(b, k, uuid.Must(uuid.NewV7()), domain.ClassPersonal)
		}
	})
	b.Run("first by 32", func(b *testing.B) {
		b.SetParallelism(16) // on two processors
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				mustSeal(b, k, uuid.Must(uuid.NewV7()), domain.ClassPersonal)
			}
		})
	})
}

func BenchmarkOpen(b *testing.B) {
	k := openAt(b, filepath.Join(b.TempDir(), "keys.db"), NewMasterKey())
	subject := uuid.New()
	box := mustSeal(b, k, subject, domain.ClassPersonal)
	b.Run("from memory", func(b *testing.B) {
		for b.Loop() {
			wantOpens(b, k, subject, box)
		}
	})
	b.Run("from the file", func(b *testing.B) {
		for b.Loop() {
			k.cache.clear()
			wantOpens(b, k, subject, box)
		}
	})
}

func BenchmarkForget(b *testing.B) {
	k := openAt(b, filepath.Join(b.TempDir(), "keys.db"), NewMasterKey())
	for range 1000 {
		mustSeal(b, k, uuid.Must(uuid.NewV7()), domain.ClassPersonal)
	}
	for b.Loop() {
		if err := k.Forget(b.Context(), uuid.New()); err != nil {
			b.Fatal(err)
		}
	}
}
