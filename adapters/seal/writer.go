package seal

import (
	"context"
	"crypto/cipher"
	"time"

	"github.com/google/uuid"
)

// batchSize bounds how many requests share a transaction.
const batchSize = 512

// keyset is the keys of a subject, in the order of classes; nil where a class alone was forgotten.
type keyset [len(classes)]cipher.AEAD

// request is what the writer is asked: to make the keys of one subject, to forget some, or to take over those of another keyring. The
// writer sets keys and err and then closes done.
type request struct {
	create uuid.UUID
	forget []Tombstone
	take   *estate
	done   chan struct{}
	keys   keyset
	err    error
}

func (r *request) answer(err error) {
	if err != nil {
		r.err = err
	}
	close(r.done)
}

// submit hands a request to the writer and waits. When ctx ends first the writer may still carry it out.
func (k *Keyring) submit(ctx context.Context, r *request) error {
	select {
	case k.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-k.closing:
		return ErrClosed
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	case <-k.stopped:
	}
	select {
	case <-r.done: // the writer's last act
		return r.err
	default:
		return ErrClosed
	}
}

// write is the writer: one goroutine. It never waits for company: whatever has queued up while it was at work is its next
// transaction, and that is enough for one fsync to serve many.
func (k *Keyring) write() {
	defer close(k.stopped)
	expiry := time.NewTicker(cacheLife / 2)
	defer expiry.Stop()
	for {
		select {
		case r := <-k.requests:
			k.carryOut(k.gather(r))
		case <-expiry.C:
			k.cache.expire()
		case <-k.closing:
			for len(k.requests) > 0 {
				k.carryOut(k.gather(<-k.requests))
			}
			return
		}
	}
}

// gather takes what is waiting behind a request.
func (k *Keyring) gather(first *request) []*request {
	batch := []*request{first}
	for len(batch) < batchSize {
		select {
		case r := <-k.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// carryOut answers creations as soon as they are durable, and forgettings once all is clean.
func (k *Keyring) carryOut(batch []*request) {
	var creations, forgettings []*request
	var forget []Tombstone
	for _, r := range batch {
		switch {
		case r.take != nil:
			r.answer(k.storage.takeOver(*r.take))
		case r.forget != nil:
			forgettings, forget = append(forgettings, r), append(forget, r.forget...)
		default:
			creations = append(creations, r)
		}
	}
	if len(creations) > 0 {
		err := k.storage.makeKeys(creations)
		for _, r := range creations {
			r.answer(err)
		}
	}
	if len(forgettings) > 0 {
		err := k.storage.destroyKeys(forget)
		k.cache.clear() // before anybody hears of it, and whatever came of it
		for _, r := range forgettings {
			r.answer(err)
		}
	}
}
