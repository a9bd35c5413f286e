package esdbtest

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Cluster is some nodes with one log, of which one leads. The others send whoever requires the leader to it, take the writes of
// whoever does not, and lag behind.
type Cluster struct {
	Nodes []*Server

	mu     sync.Mutex
	leader int // -1 while there is none
	behind int
}

// StartCluster runs so many nodes until the test ends. The first one leads.
func StartCluster(tb testing.TB, log *Log, nodes int, o Options) *Cluster {
	tb.Helper()
	c := &Cluster{}
	for range nodes {
		s := newServer(tb, log, o)
		s.cluster = c
		c.Nodes = append(c.Nodes, s)
		s.start("127.0.0.1:0")
	}
	return c
}

// URL is how a client connects to whichever node leads, by gossip with all of them.
func (c *Cluster) URL() string {
	seeds := make([]string, len(c.Nodes))
	for i, s := range c.Nodes {
		seeds[i] = s.addr
	}
	return "esdb+discover://" + strings.Join(seeds, ",") + "?tls=false"
}

// Elect makes a node the leader. The one before answers from now on that it is not.
func (c *Cluster) Elect(node int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = node
}

// Depose leaves the cluster without a leader, as it is during an election.
func (c *Cluster) Depose() { c.Elect(-1) }

// Lag makes followers blind for the last so many records.
func (c *Cluster) Lag(records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind = records
}

func (c *Cluster) lag() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.behind
}

// Leader is the node that leads, nil where there is none.
func (c *Cluster) Leader() *Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leader < 0 {
		return nil
	}
	return c.Nodes[c.leader]
}

type gossipService struct {
	gossip.UnimplementedGossipServer
	server *Server
}

// Read tells who is there.
func (g gossipService) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	c := g.server.cluster
	if c == nil {
		return nil, status.Error(codes.Unimplemented, "a single node does not gossip here")
	}
	leader := c.Leader()
	info := &gossip.ClusterInfo{}
	for _, s := range c.Nodes {
		host, text, err := net.SplitHostPort(s.addr)
		if err != nil {
			return nil, err
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, err
		}
		state := gossip.MemberInfo_Follower
		switch leader {
		case s:
			state = gossip.MemberInfo_Leader
		case nil:
			state = gossip.MemberInfo_Unknown
		}
		info.Members = append(info.Members, &gossip.MemberInfo{
			State: state, IsAlive: s.running(), HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)}})
	}
	return info, nil
}
