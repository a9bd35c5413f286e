package esdb_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"approdo/adapters/esdb/esdbtest"
	"approdo/domain/event"
	"approdo/domain/event/storetest"
)

// nodes of a cluster in these tests.
const nodes = 3

// runOnCluster runs the contract on a cluster whose followers lag and whose leader changes all the time.
func runOnCluster(t *testing.T) {
	logs := map[event.Store]*esdbtest.Log{}
	start := func(t *testing.T, log *esdbtest.Log) event.Store {
		c := esdbtest.StartCluster(t, log, nodes, roomy)
		c.Lag(3)
		s := open(t, c.URL())
		logs[s] = log
		unrest(t, c)
		return s
	}
	storetest.Run(t, storetest.Engine{
		Imports: true,
		Open:    func(t *testing.T) event.Store { return start(t, esdbtest.NewLog()) },
		Reopen: func(t *testing.T, old event.Store) event.Store {
			shut(t, old)
			return start(t, logs[old])
		},
	})
}

// unrest elects another leader now and then until the test ends, sometimes after a while without any, and breaks connections. It grows
// calmer as the test lasts, so that a slow machine gets on too.
func unrest(t *testing.T, c *esdbtest.Cluster) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
	})
	go func() {
		defer close(done)
		for tenure := 50 * time.Millisecond; ctx.Err() == nil; tenure = min(tenure*5/4, 2*time.Second) {
			wait(ctx, tenure+rand.N(tenure))
			if rand.N(3) == 0 {
				c.Depose()
				wait(ctx, 10*time.Millisecond)
			}
			c.Elect(rand.N(nodes))
			if rand.N(3) == 0 {
				c.Nodes[rand.N(nodes)].CutConnections()
			}
		}
	}()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
