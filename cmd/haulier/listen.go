package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/web"
)

// listen answers the API on the socket, and the figures, pages and API where the configuration says.
func (a *app) listen(ctx context.Context, cfg *config.Config, d *control.Daemon, m *meter, pool *sftp.Pool) (stop func() error, err error) {
	socket := inData(cfg, socketFile)
	// The lock of the data folder is ours: what lies here was left by a process that died.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listen on %s: %w", socket, err)
	}
	at := servers{d, pool, &turns{}}
	options := apiOptions(at)
	var servers []*server
	var ready []func() // to be served once all have their addresses
	var taken []net.Listener
	add := func(listener net.Listener, handler http.Handler) {
		taken = append(taken, listener)
		ready = append(ready, func() { servers = append(servers, serveOn(listener, handler, d.Logger)) })
	}
	giveUp := func(err error) error {
		for _, listener := range taken {
			err = errors.Join(err, listener.Close())
		}
		return err
	}
	if cfg.Metrics.Listen != "" { // before the socket: who is answered there finds all that is served
		figures, err := net.Listen("tcp", cfg.Metrics.Listen)
		if err != nil {
			return nil, fmt.Errorf("serve metrics on %s: %w", cfg.Metrics.Listen, err)
		}
		add(figures, web.Metrics(m))
	}
	n, err := listenWidely(ctx, cfg.Web, d.Store, append(web.Routes(options), pageRoutes(at)...), d.Logger, a.tcp)
	if err != nil {
		return nil, giveUp(err)
	}
	if n != nil {
		n.renew(d)
		add(n.listener, n.handler)
	}
	listener, err := listenPrivately(socket)
	if err != nil {
		return nil, giveUp(fmt.Errorf("listen on %s: %w", socket, err))
	}
	add(listener, web.Handler(options))
	for _, serve := range ready {
		serve()
	}
	return func() error {
		var err error
		for _, server := range servers {
			err = errors.Join(err, server.stop())
		}
		return errors.Join(err, os.Remove(socket))
	}, nil
}

// keep hands a listener over to whoever will serve on its address: nobody takes it meanwhile.
func (a *app) keep(listener net.Listener) {
	a.kept = listener
	a.onClose(func() error {
		if a.kept == nil {
			return nil
		}
		return a.kept.Close()
	})
}

// tcp listens on an address.
func (a *app) tcp(network, address string) (net.Listener, error) {
	if l := a.kept; l != nil && l.Addr().String() == address {
		a.kept = nil
		return l, nil
	}
	return net.Listen(network, address)
}

// listenPrivately makes a socket that only this user may speak to.
func listenPrivately(socket string) (net.Listener, error) {
	short, done, err := socketPath(socket)
	if err != nil {
		return nil, err
	}
	defer done()
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	listener, err := net.Listen("unix", short)
	if err != nil {
		return nil, err
	}
	// The short name may end with this call: the socket is removed by its real one.
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	return listener, nil
}

// server answers requests on one listener.
type server struct {
	http *http.Server
	cut  context.CancelFunc // ends the requests at work

	mu      sync.Mutex
	stopped bool
	busy    sync.WaitGroup // requests at work, and the loop that accepts them
}

func serveOn(listener net.Listener, handler http.Handler, log *slog.Logger) *server {
	base, cut := context.WithCancel(context.Background())
	s := &server{cut: cut}
	s.http = &http.Server{
		Handler: s.counted(handler), BaseContext: func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	s.busy.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("nothing is answered any more", "address", listener.Addr().String(), "error", err)
		}
	})
	return s
}

// stop takes no more requests, ends those at work, and waits for them: they use the store, which is closed next.
func (s *server) stop() error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.cut()
	err := s.http.Close()
	s.busy.Wait()
	return err
}

func (s *server) counted(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			http.Error(w, "haulier is stopping", http.StatusServiceUnavailable)
			return
		}
		defer s.busy.Done()
		handler.ServeHTTP(w, r)
	})
}

func (s *server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.busy.Add(1)
	}
	return !s.stopped
}
