package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// How long a client may take: slow ones are closed, and a stopping server waits for answers under way.
const (
	headerTimeout = 5 * time.Second
	bodyTimeout   = 30 * time.Second
	answerTimeout = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 10 * time.Second
	headerBytes   = 32 << 10
)

// newServer bounds what a client may send and how long it may take. Nothing is answered by the server itself that the handler could.
func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: answerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes, DisableGeneralOptionsHandler: true,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
}

// listenAndServe answers on a listener until ctx ends, and then lets the answers under way finish. Over TLS where there is a
// configuration for it, and then HTTP/2 too.
func listenAndServe(ctx context.Context, l net.Listener, handler http.Handler, secure *tls.Config, log *slog.Logger) error {
	srv := newServer(handler, log)
	srv.TLSConfig = secure
	answer := srv.Serve
	if secure != nil {
		answer = func(l net.Listener) error { return srv.ServeTLS(l, "", "") }
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- srv.Shutdown(grace)
	}()
	if err := answer(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
