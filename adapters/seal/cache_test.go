package seal

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

func someID() cacheID { return cacheID{uuid.New(), domain.ClassPersonal} }

func TestCacheForgetsWithinAMinute(t *testing.T) {
	t.Parallel()
	aead := newAEAD(make([]byte, keyBytes))
	for _, age := range []time.Duration{0, 10 * time.Second, 29 * time.Second, 31 * time.Second, 59 * time.Second, 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			c := newCache()
			time.Sleep(age) // the older the young half is, the shorter an entry lives
			id := someID()
			_, epoch := c.get(id)
			c.put(id, aead, epoch)
			if k, _ := c.get(id); k == nil {
				t.Error("not kept at all")
			}
			for waited := time.Second; waited <= cacheLife; waited += time.Second {
				time.Sleep(time.Second)
				k, _ := c.get(id)
				if waited < cacheLife/2 && k == nil {
					t.Errorf("begun %v before: dropped after %v", age, waited)
				}
				if waited >= cacheLife && k != nil {
					t.Errorf("begun %v before: still there after %v", age, waited)
				}
			}
		})
	}
}

func TestCacheDropsKeysNobodyAsksFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache()
		c.put(someID(), newAEAD(make([]byte, keyBytes)), 0)
		time.Sleep(cacheLife)
		c.expire()
		if len(c.young)+len(c.old) != 0 {
			t.Error("a key outlived its time in memory")
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c, aead := newCache(), newAEAD(make([]byte, keyBytes))
	for range 3 * cacheHalf {
		c.put(someID(), aead, 0)
		if n := len(c.young) + len(c.old); n > 2*cacheHalf {
			t.Fatalf("%d keys in memory", n)
		}
	}
}

// A reader that found a key just before it was forgotten must not put it back.
func TestCacheKeepsNothingThatWasReadBeforeAClearing(t *testing.T) {
	t.Parallel()
	c, id := newCache(), someID()
	_, epoch := c.get(id)
	c.clear()
	c.put(id, newAEAD(make([]byte, keyBytes)), epoch)
	if k, _ := c.get(id); k != nil {
		t.Error("the key came back")
	}
}
