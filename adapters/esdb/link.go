package esdb

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"approdo/domain/event"
)

// largest is the largest message taken: a record of the largest size the server keeps, and what is around it.
const largest = 17 << 20

// link is a connection to the node that leads, for as long as it does.
type link struct {
	streams.StreamsClient
	conn  *grpc.ClientConn
	calls sync.WaitGroup // in progress; the connection closes after them. Subscriptions do not count: closing ends them
}

// links gives everybody the same link, and makes a new one when it is no good any more.
type links struct {
	address address
	dialing chan struct{} // holds one while somebody connects

	mu         sync.Mutex
	shut       bool
	current    *link
	leader     string // where the last one that was asked said the leader is; "": ask the seeds
	retirement sync.WaitGroup
	errs       []error // of closing connections
}

func newLinks(a address) *links { return &links{address: a, dialing: make(chan struct{}, 1)} }

// join gives the link there is, or a new one. The caller leaves it with calls.Done.
func (ls *links) join(ctx context.Context) (*link, error) {
	if l, err := ls.joinCurrent(); l != nil || err != nil {
		return l, err
	}
	select {
	case ls.dialing <- struct{}{}:
		defer func() { <-ls.dialing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l, err := ls.joinCurrent(); l != nil || err != nil {
		return l, err
	}
	l, err := ls.connect(ctx)
	if err != nil {
		return nil, err
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.shut {
		return nil, errors.Join(event.ErrClosed, l.conn.Close())
	}
	l.calls.Add(1)
	ls.current = l
	return l, nil
}

func (ls *links) joinCurrent() (*link, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.shut {
		return nil, event.ErrClosed
	}
	if ls.current != nil {
		ls.current.calls.Add(1)
	}
	return ls.current, nil
}

// blame retires a link on which a call ended, unless the call was answered.
func (ls *links) blame(l *link, err error) {
	var other *elsewhere
	switch {
	case errors.As(err, &other):
		ls.retire(l, other.leader)
	case errors.Is(err, errOutage):
		ls.retire(l, "")
	}
}

// retire makes sure that nobody joins a link any more. The next one goes to the leader named, or is found by asking. Calls in progress
// go on: another caller's append is not cut because this one's met a fault.
func (ls *links) retire(l *link, leader string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.current == l {
		ls.leave(leader)
	}
}

func (ls *links) leave(leader string) {
	l := ls.current
	ls.current, ls.leader = nil, leader
	ls.retirement.Go(func() {
		l.calls.Wait()
		if err := l.conn.Close(); err != nil {
			ls.mu.Lock()
			defer ls.mu.Unlock()
			ls.errs = append(ls.errs, err)
		}
	})
}

// close lets nobody join any more, and waits for the calls on every link there was.
func (ls *links) close() error {
	ls.mu.Lock()
	ls.shut = true
	if ls.current != nil {
		ls.leave("")
	}
	ls.mu.Unlock()
	ls.retirement.Wait()
	return errors.Join(ls.errs...)
}

// connect finds the leader.
func (ls *links) connect(ctx context.Context) (*link, error) {
	ls.mu.Lock()
	addr := ls.leader
	ls.leader = "" // asked once: if it is not there any more, the seeds know
	ls.mu.Unlock()
	if seeds := ls.address.seeds(); addr == "" && len(seeds) > 0 {
		var err error
		if addr, err = ls.discover(ctx, seeds); err != nil {
			return nil, err
		}
	}
	if addr == "" {
		addr = ls.address.Address
	}
	conn, err := ls.dial(addr)
	if err != nil {
		return nil, err
	}
	return &link{StreamsClient: streams.NewStreamsClient(conn), conn: conn}, nil
}

// discover asks the seeds, in any order, who leads.
func (ls *links) discover(ctx context.Context, seeds []string) (string, error) {
	rand.Shuffle(len(seeds), func(i, j int) { seeds[i], seeds[j] = seeds[j], seeds[i] })
	var errs []error
	for _, seed := range seeds {
		leader, err := ls.ask(ctx, seed)
		if err == nil {
			return leader, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	return "", fmt.Errorf("%w: no seed knows a leader: %w", errOutage, errors.Join(errs...))
}

func (ls *links) ask(ctx context.Context, seed string) (leader string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(ls.address.GossipTimeout)*time.Second)
	defer cancel()
	conn, err := ls.dial(seed)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	info, err := gossip.NewGossipClient(conn).Read(ctx, &shared.Empty{})
	if err != nil {
		return "", err
	}
	for _, m := range info.GetMembers() {
		if m.GetState() == gossip.MemberInfo_Leader && m.GetIsAlive() {
			return net.JoinHostPort(m.GetHttpEndPoint().GetAddress(), strconv.FormatUint(uint64(m.GetHttpEndPoint().GetPort()), 10)), nil
		}
	}
	return "", errors.New("esdb: the cluster has no leader")
}

func (ls *links) dial(addr string) (*grpc.ClientConn, error) {
	a := ls.address
	transport := insecure.NewCredentials()
	if !a.DisableTLS {
		config := &tls.Config{InsecureSkipVerify: a.SkipCertificateVerification, RootCAs: a.RootCAs}
		if a.UserCertFile != "" {
			cert, err := tls.LoadX509KeyPair(a.UserCertFile, a.UserKeyFile)
			if err != nil {
				return nil, fmt.Errorf("esdb: certificate of the user: %w", err)
			}
			config.Certificates = []tls.Certificate{cert}
		}
		transport = credentials.NewTLS(config)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: firstPause, Multiplier: 2, Jitter: 0.2, MaxDelay: longestPause},
			MinConnectTimeout: time.Duration(a.GossipTimeout) * time.Second,
		}),
	}
	if a.KeepAliveInterval >= 0 {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: a.KeepAliveInterval, Timeout: a.KeepAliveTimeout, PermitWithoutStream: true}))
	}
	if a.Username != "" {
		options = append(options, grpc.WithPerRPCCredentials(basic("Basic "+base64.StdEncoding.EncodeToString([]byte(a.Username+":"+a.Password)))))
	}
	conn, err := grpc.NewClient(addr, options...)
	if err != nil {
		return nil, fmt.Errorf("esdb: connect to %s: %w", addr, err)
	}
	return conn, nil
}

// basic is an authorization header. gRPC refuses to send it in the clear.
type basic string

func (b basic) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(b)}, nil
}

func (basic) RequireTransportSecurity() bool { return true }

// The pauses between tries.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = 2 * time.Second
)

// pause waits before the next try, longer after every one and never as long as the others who wait, or until ctx ends.
func pause(ctx context.Context, tries int) {
	longest := min(longestPause, firstPause<<min(tries, 10))
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
