package seal

import (
	"crypto/cipher"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

const (
	// cacheLife is the longest a key is used from memory: the time another process may still open what this one forgot.
	cacheLife = 60 * time.Second
	// cacheHalf bounds each half of the cache; a key takes about a kilobyte.
	cacheHalf = 4096
)

type cacheID struct {
	subject uuid.UUID
	class   domain.Class
}

// cache holds unwrapped keys in two halves. New ones go into the young half; every half life, or when it is full, the young half
// becomes the old one and the old one is dropped. So a key lives between one and two half lives, and no entry needs a time.
type cache struct {
	mu         sync.Mutex
	young, old map[cacheID]cipher.AEAD
	since      time.Time // when the young half was begun
	epoch      uint64    // counts clearings
}

func newCache() *cache {
	return &cache{young: map[cacheID]cipher.AEAD{}, since: time.Now()}
}

// age MUST be called with the lock held.
func (c *cache) age() {
	switch now := time.Now(); {
	case now.Sub(c.since) >= cacheLife:
		c.young, c.old, c.since = map[cacheID]cipher.AEAD{}, nil, now
	case now.Sub(c.since) >= cacheLife/2, len(c.young) >= cacheHalf:
		c.young, c.old, c.since = map[cacheID]cipher.AEAD{}, c.young, now
	}
}

// expire drops what is too old even when nobody asks.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.age()
}

// get also gives the epoch, which put wants back.
func (c *cache) get(id cacheID) (cipher.AEAD, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.age()
	if k, ok := c.young[id]; ok {
		return k, c.epoch
	}
	return c.old[id], c.epoch
}

// put keeps a key that was read since the epoch began. One read before a clearing may have been forgotten by it, and is not kept.
func (c *cache) put(id cacheID, k cipher.AEAD, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.age()
	if epoch == c.epoch {
		c.young[id] = k
	}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.young, c.old, c.since = map[cacheID]cipher.AEAD{}, nil, time.Now()
}
