// Package uvicorn simulates the web server and the framework of the Python servers:
// uvicorn's start and stop, its access log, and FastAPI's answers to requests that no
// handler wants.
package uvicorn

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Server runs an App. Its banner goes to Stderr and its access log to Stdout, as
// uvicorn's logging configuration has it.
type Server struct {
	App            App
	Stdout, Stderr io.Writer
	// PID is the process id in the banner.
	PID int
	// PodIP is the address of the server itself: a client there came by localhost.
	PodIP netip.Addr
	// Port is the port in the banner.
	Port uint16
}

// headerTimeout bounds how long a connection may take over its request headers.
const headerTimeout = time.Minute

// Serve prints the banner and serves on l until ctx or term ends, and closes l. On
// term it lets requests under way end, as uvicorn does; on ctx it cuts them off.
// Serve returns when no handler runs any more.
func (s *Server) Serve(ctx context.Context, l net.Listener, term <-chan struct{}) {
	// Requests live on while the connections are closed: a handler that saw the end
	// first could still answer.
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	// net/http reports a connection as closed when its goroutine ends.
	var connections sync.WaitGroup
	server := &http.Server{
		Handler:           s.logged(),
		ReadHeaderTimeout: headerTimeout,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				connections.Add(1)
			case http.StateClosed, http.StateHijacked:
				connections.Done()
			default:
			}
		},
		// What net/http would say of broken clients, uvicorn does not.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.banner()
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	select {
	case <-ctx.Done():
	case <-term:
		s.sayf("Shutting down")
		_ = server.Shutdown(ctx)
		s.sayf("Waiting for application shutdown.")
		s.sayf("Application shutdown complete.")
		s.sayf("Finished server process [%d]", s.PID)
	}
	_ = server.Close()
	_ = l.Close()
	cancel()
	serving.Wait()
	connections.Wait()
}

func (s *Server) banner() {
	s.sayf("Started server process [%d]", s.PID)
	s.sayf("Waiting for application startup.")
	s.sayf("Application startup complete.")
	s.sayf("Uvicorn running on http://0.0.0.0:%d (Press CTRL+C to quit)", s.Port)
}

func (s *Server) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Stderr, "INFO:     "+format+"\n", args...) // a container's log never fails
}

// logged wraps the app with the access log. uvicorn logs when the response starts,
// not when it ends.
func (s *Server) logged() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "uvicorn")
		s.App.ServeHTTP(&responseWriter{ResponseWriter: w, onStart: func(status int) {
			_, _ = fmt.Fprintf(s.Stdout, "INFO:     %s - \"%s %s HTTP/%d.%d\" %d %s\n",
				s.client(r), r.Method, r.URL.RequestURI(), r.ProtoMajor, r.ProtoMinor, status, http.StatusText(status))
		}}, r)
	})
}

// client is the address of a request's client as the server sees it.
func (s *Server) client(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || at.Addr() != s.PodIP {
		return r.RemoteAddr
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
}

// responseWriter tells when a response starts.
type responseWriter struct {
	http.ResponseWriter
	onStart func(status int)
	started bool
}

func (w *responseWriter) WriteHeader(status int) {
	if !w.started {
		w.started = true
		w.onStart(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(p []byte) (int, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
