package seal

import (
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
)

// onBoth measures a keyring on both kinds of ground.
func onBoth(b *testing.B, measure func(b *testing.B, k *Keyring)) {
	for name, fresh := range map[string]func(testing.TB) ground{"file": fileGround, "postgres": postgresGround} {
		b.Run(name, func(b *testing.B) { measure(b, fresh(b).ring(b)) })
	}
}

func BenchmarkSeal(b *testing.B) {
	onBoth(b, func(b *testing.B, k *Keyring) {
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
	})
}

func BenchmarkOpen(b *testing.B) {
	onBoth(b, func(b *testing.B, k *Keyring) {
		subject := uuid.New()
		box := mustSeal(b, k, subject, domain.ClassPersonal)
		b.Run("from memory", func(b *testing.B) {
			for b.Loop() {
				wantOpens(b, k, subject, box)
			}
		})
		b.Run("from storage", func(b *testing.B) {
			for b.Loop() {
				k.cache.clear()
				wantOpens(b, k, subject, box)
			}
		})
	})
}

func BenchmarkForget(b *testing.B) {
	onBoth(b, func(b *testing.B, k *Keyring) {
		batch := make([]*request, 1000)
		for i := range batch {
			batch[i] = &request{create: uuid.Must(uuid.NewV7())}
		}
		if err := k.storage.makeKeys(batch); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			subject := uuid.New()
			mustSeal(b, k, subject, domain.ClassPersonal)
			if err := k.Forget(b.Context(), subject); err != nil {
				b.Fatal(err)
			}
		}
	})
}
