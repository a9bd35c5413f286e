// Package esdbtest is an EventStoreDB in the process of a test: a gRPC server on loopback that speaks what the client's stubs speak
// and keeps the rules of the real one, so far as a journal meets them: expected revisions, idempotency by event id (strong at an exact
// revision, weak at any), $all in the order of the log with sparse positions and records of the server in between, filtered reads and
// subscriptions with search window and checkpoints, missing and deleted streams, followers that lag and send writers to their leader,
// gossip, TLS and users. The rules were read in the source of EventStoreDB 23.10 and 24.10 and KurrentDB 25. It keeps nothing on disk and is
// no proof that the real server does the same.
package esdbtest

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Options of a server. The zero value is a server as it is installed with insecure defaults.
type Options struct {
	// MaxAppendSize bounds an append in bytes: payloads, metadata and twice the types. 0 is the server's default, 1 MiB.
	MaxAppendSize int
	TLS           bool
	// Users, with their passwords. Where there are any, nobody else reads or writes.
	Users map[string]string
}

// Server is one node.
type Server struct {
	tb      testing.TB
	log     *Log
	options Options
	addr    string
	cluster *Cluster // nil for a single node
	ca      *authority
	faults  faults

	mu       sync.Mutex
	grpc     *grpc.Server // nil while it is stopped
	listener *listener
	dropped  chan struct{} // closed, and replaced, to end the subscriptions
	headers  []metadata.MD // of the calls to Streams, the last hundred
	sent     int           // records sent to readers
	known    int           // records this node has seen, in a cluster
}

// Start runs a node on a log until the test ends.
func Start(tb testing.TB, log *Log, o Options) *Server {
	tb.Helper()
	s := newServer(tb, log, o)
	s.start("127.0.0.1:0")
	return s
}

func newServer(tb testing.TB, log *Log, o Options) *Server {
	tb.Helper()
	if o.MaxAppendSize == 0 {
		o.MaxAppendSize = 1 << 20
	}
	s := &Server{tb: tb, log: log, options: o, dropped: make(chan struct{})}
	if o.TLS {
		s.ca = newAuthority(tb)
	}
	tb.Cleanup(s.Stop)
	return s
}

// start listens. After a stop the port may be held for a moment by what the last connections left behind.
func (s *Server) start(addr string) {
	s.tb.Helper()
	var l net.Listener
	var err error
	for range 100 {
		if l, err = net.Listen("tcp", addr); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		s.tb.Fatal(err)
	}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(17 << 20),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.ChainStreamInterceptor(s.admitStream),
	}
	if s.ca != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{s.ca.server}})))
	}
	g := grpc.NewServer(options...)
	streams.RegisterStreamsServer(g, streamsService{server: s})
	gossip.RegisterGossipServer(g, gossipService{server: s})
	serverfeatures.RegisterServerFeaturesServer(g, featuresService{})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.addr == "" {
		s.addr = l.Addr().String()
	}
	s.grpc, s.listener = g, &listener{Listener: l, open: map[string]net.Conn{}}
	go func(l net.Listener) {
		if err := g.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			s.tb.Logf("esdbtest: %v", err)
		}
	}(s.listener)
}

// Stop ends the node as a crash would: calls in progress are cut. Its log stays.
func (s *Server) Stop() {
	s.mu.Lock()
	g, l := s.grpc, s.listener
	s.grpc = nil
	s.mu.Unlock()
	if g == nil {
		return
	}
	g.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.errs...); err != nil {
		s.tb.Errorf("esdbtest: %v", err)
	}
}

// Restart stops the node and runs it again on its log, at its address. What it only remembered is gone.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Stop()
	s.log.forget()
	s.start(s.addr)
}

// URL is how a client connects to this node, as its first user where there are any.
func (s *Server) URL() string {
	u := url.URL{Scheme: "esdb", Host: s.addr, RawQuery: "tls=false"}
	if s.ca != nil {
		u.RawQuery = url.Values{"tlsCAFile": {s.ca.file}}.Encode()
	}
	for name, password := range s.options.Users {
		u.User = url.UserPassword(name, password)
		break
	}
	return u.String()
}

// Addr is host and port.
func (s *Server) Addr() string { return s.addr }

// Headers gives what came with the last calls, the newest last.
func (s *Server) Headers() []metadata.MD {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]metadata.MD(nil), s.headers...)
}

// Sent is how many records went to readers and subscribers.
func (s *Server) Sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

func (s *Server) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grpc != nil
}

// admitStream looks at who calls Streams. Everybody else's calls here are unary, and open to all as on the real server.
func (s *Server) admitStream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	md, _ := metadata.FromIncomingContext(ss.Context())
	s.mu.Lock()
	s.headers = append(s.headers, md)
	if n := len(s.headers); n > 100 {
		s.headers = s.headers[n-100:]
	}
	s.mu.Unlock()
	if err := s.admit(ss.Context(), md); err != nil {
		return err
	}
	if s.strikes(NotReady) {
		return notReady()
	}
	if s.strikes(Stall) {
		<-ss.Context().Done()
		return ss.Context().Err()
	}
	return handle(srv, ss)
}

func (s *Server) admit(ctx context.Context, md metadata.MD) error {
	if len(s.options.Users) == 0 {
		return nil
	}
	given := md.Get("authorization")
	if len(given) == 0 {
		return exception(ctx, codes.PermissionDenied, "Access Denied", "exception", "access-denied")
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(given[0], "Basic "))
	name, password, _ := strings.Cut(string(plain), ":")
	if want, known := s.options.Users[name]; err != nil || !known || want != password {
		return status.Error(codes.Unauthenticated, "Unauthenticated")
	}
	return nil
}

// lead reports whether a call may be answered here: by the leader, or by anybody if the caller does not mind.
func (s *Server) lead(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	if v := md.Get("requires-leader"); s.cluster == nil || len(v) == 0 || v[0] != "true" {
		return nil
	}
	leader := s.cluster.Leader()
	switch leader {
	case s:
		return nil
	case nil:
		return status.Error(codes.Unknown, "No leader info available in response")
	}
	host, port, err := net.SplitHostPort(leader.addr)
	if err != nil {
		return err
	}
	return exception(ctx, codes.NotFound, "Leader info available",
		"exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port)
}

// listener knows its connections, to break them.
type listener struct {
	net.Listener

	mu   sync.Mutex
	open map[string]net.Conn // by the other's address
	errs []error             // of closing them; told when the server stops
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c.RemoteAddr().String()] = c
	return c, nil
}

// cut breaks the connection from an address, or all.
func (l *listener) cut(addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for from, c := range l.open {
		if addr == "" || from == addr {
			delete(l.open, from)
			if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				l.errs = append(l.errs, err)
			}
		}
	}
}

type featuresService struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods answers as a server of 24.10 does, in short.
func (featuresService) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: "24.10.0", Methods: []*serverfeatures.SupportedMethod{
		{ServiceName: "event_store.client.streams.streams", MethodName: "read"},
		{ServiceName: "event_store.client.streams.streams", MethodName: "append"},
	}}, nil
}
