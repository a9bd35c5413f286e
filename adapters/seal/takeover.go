package seal

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"

	"approdo/domain"
)

// dataKey is the key of a subject for a class, in the open.
type dataKey struct {
	subject uuid.UUID
	class   domain.Class
	raw     []byte
}

// estate is what a keyring leaves to another one.
type estate struct {
	keys      []dataKey
	forgotten []Tombstone
}

// TakeOver adds the keys and tombstones of another keyring, under this one's wrapping, and tells how many keys the other has. It may be
// repeated. A subject that has another key here is ErrIntegrity, and so is one of which one of the two has keys and the other a tombstone.
// Nobody may make or forget keys meanwhile, in either of them.
func (k *Keyring) TakeOver(ctx context.Context, from *Keyring) (n int, err error) {
	var e estate
	if e.keys, err = from.storage.dataKeys(ctx); err != nil {
		return 0, err
	}
	if e.forgotten, err = from.storage.forgotten(ctx); err != nil {
		return 0, err
	}
	return k.inherit(ctx, e)
}

func (k *Keyring) inherit(ctx context.Context, e estate) (n int, err error) {
	if err := k.submit(ctx, &request{take: &e, done: make(chan struct{})}); err != nil {
		return 0, err
	}
	k.cache.clear()
	return len(e.keys), k.compare(ctx, e)
}

// compare wants every key and tombstone of an estate here.
func (k *Keyring) compare(ctx context.Context, e estate) error {
	mine, err := k.storage.dataKeys(ctx)
	if err != nil {
		return err
	}
	gone, err := k.storage.forgotten(ctx)
	if err != nil {
		return err
	}
	type place struct {
		subject uuid.UUID
		class   domain.Class
	}
	raw, keyed, dead := map[place][]byte{}, coverage{}, covered(gone)
	for _, d := range mine {
		raw[place{d.subject, d.class}] = d.raw
		keyed.add(Tombstone{Subject: d.subject, Class: d.class})
		keyed.add(Tombstone{Subject: d.subject})
	}
	for _, d := range e.keys {
		if !bytes.Equal(raw[place{d.subject, d.class}], d.raw) {
			return fmt.Errorf("%w: subject %s has no %s key, or another one, where it was taken over", ErrIntegrity, d.subject, d.class)
		}
	}
	for _, t := range e.forgotten {
		if !dead.has(t) || keyed[cacheID{t.Subject, t.Class}] {
			return fmt.Errorf("%w: subject %s was forgotten and has keys where it was taken over", ErrIntegrity, t.Subject)
		}
	}
	return nil
}
