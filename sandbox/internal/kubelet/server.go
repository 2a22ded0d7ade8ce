package kubelet

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podlogs"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

const (
	// streamIdle is how long a stream without traffic is kept, as the kubelet does.
	streamIdle = 4 * time.Hour
	// streamCreation is how long a client may take to open its streams.
	streamCreation = 30 * time.Second
)

// apiServer serves the kubelet APIs of all nodes. One server stands for them: the
// address that was dialled tells which node is meant.
type apiServer struct {
	k        *Kubelet
	listener *simnet.Listener
}

func newAPIServer(k *Kubelet) *apiServer {
	return &apiServer{k: k, listener: k.cfg.Network.NewListener()}
}

func (s *apiServer) start(all *crew) error {
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: time.Minute,
		// Streams are hijacked connections, which HTTP/2 does not have.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		TLSConfig:    &tls.Config{Certificates: []tls.Certificate{s.k.cfg.ServingCert}, MinVersion: tls.VersionTLS12},
		BaseContext:  func(net.Listener) context.Context { return all.ctx },
		ErrorLog:     slog.NewLogLogger(s.k.cfg.Logger.Handler(), slog.LevelDebug),
	}
	all.run(func(context.Context) {
		err := server.ServeTLS(s.listener, "", "")
		if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.k.cfg.Logger.Error("serving the kubelet APIs", "error", err)
		}
	})
	all.run(func(ctx context.Context) {
		<-ctx.Done()
		_ = s.listener.Close()
		_ = server.Close() // nothing is left to report to
	})
	return nil
}

func (s *apiServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	mux.HandleFunc("GET /pods", s.pods)
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", s.logs)
	for _, method := range []string{"GET", "POST"} {
		mux.HandleFunc(method+" /portForward/{namespace}/{pod}", s.portForward)
		mux.HandleFunc(method+" /portForward/{namespace}/{pod}/{uid}", s.portForward)
		mux.HandleFunc(method+" /exec/{namespace}/{pod}/{container}", s.exec)
		mux.HandleFunc(method+" /exec/{namespace}/{pod}/{uid}/{container}", s.exec)
		mux.HandleFunc(method+" /attach/{namespace}/{pod}/{container}", s.attach)
		mux.HandleFunc(method+" /attach/{namespace}/{pod}/{uid}/{container}", s.attach)
	}
	return mux
}

// nodeOf returns the node whose address the request was sent to.
func (s *apiServer) nodeOf(r *http.Request) (*node, bool) {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return nil, false
	}
	ip, _ := netip.AddrFromSlice(local.IP)
	ip = ip.Unmap()
	s.k.mu.Lock()
	defer s.k.mu.Unlock()
	for _, n := range s.k.nodes {
		if n.spec.IP == ip {
			return n, true
		}
	}
	return nil, false
}

// workerFor finds the pod that a request names, on the node it was sent to, and
// answers with 404 if there is none.
func (s *apiServer) workerFor(rw http.ResponseWriter, r *http.Request) (*worker, *node, bool) {
	n, ok := s.nodeOf(r)
	if !ok {
		http.Error(rw, "no such node", http.StatusNotFound)
		return nil, nil, false
	}
	w, ok := s.k.workerOf(r.PathValue("namespace"), r.PathValue("pod"))
	if uid := r.PathValue("uid"); ok && (w.node != n || uid != "" && uid != string(w.uid)) {
		ok = false
	}
	if !ok {
		http.Error(rw, fmt.Sprintf("pod %q does not exist", r.PathValue("pod")), http.StatusNotFound)
	}
	return w, n, ok
}

func (s *apiServer) pods(rw http.ResponseWriter, r *http.Request) {
	n, ok := s.nodeOf(r)
	if !ok {
		http.Error(rw, "no such node", http.StatusNotFound)
		return
	}
	list := corev1.PodList{}
	list.Kind, list.APIVersion = "PodList", "v1"
	for _, w := range s.k.workersOn(n) {
		w.mu.Lock()
		pod := w.pod.DeepCopy()
		pod.Status = *w.status.DeepCopy()
		w.mu.Unlock()
		list.Items = append(list.Items, *pod)
	}
	rw.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(rw).Encode(list); err != nil {
		s.k.cfg.Logger.Debug("answering /pods", "error", err)
	}
}

// logs serves the log of a container. A restart of the kubelet ends it cleanly.
func (s *apiServer) logs(rw http.ResponseWriter, r *http.Request) {
	w, n, ok := s.workerFor(rw, r)
	if !ok {
		return
	}
	selection, previous, err := podlogs.ParseQuery(r.URL.Query(), time.Now())
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	name := r.PathValue("container")
	source, err := w.logOf(name, previous)
	switch {
	case errors.Is(err, errNoContainer):
		http.Error(rw, fmt.Sprintf("container %q not found in pod %q", name, w.name), http.StatusNotFound)
		return
	case err != nil:
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	run, _ := n.kubeletRun()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(run, cancel)()

	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(rw).Flush
	if err := flush(); err != nil {
		return
	}
	if source.gone != "" {
		_, _ = fmt.Fprintf(rw, "unable to retrieve container logs for %s", source.gone)
		return
	}
	err = source.log.Read(ctx, selection, flushWriter{rw, flush})
	if err != nil && ctx.Err() == nil {
		s.k.cfg.Logger.Debug("reading a container's log", "namespace", w.namespace, "pod", w.name, "container", name, "error", err)
	}
}

// flushWriter sends every write at once.
type flushWriter struct {
	http.ResponseWriter
	flush func() error
}

func (w flushWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	if err == nil {
		err = w.flush()
	}
	return n, err
}

func (s *apiServer) portForward(rw http.ResponseWriter, r *http.Request) {
	w, n, ok := s.workerFor(rw, r)
	if !ok {
		return
	}
	w.mu.Lock()
	running := w.net != nil
	w.mu.Unlock()
	if !running {
		http.Error(rw, fmt.Sprintf("sandbox of pod %q is not running", w.name), http.StatusInternalServerError)
		return
	}
	options, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	_, epoch := n.kubeletRun()
	forwarder := &forwarder{worker: w, epoch: epoch}
	portforward.ServePortForward(rw, r, forwarder, w.sandboxID, "", options, streamIdle, streamCreation, portforward.SupportedProtocols)
}

func (s *apiServer) exec(rw http.ResponseWriter, r *http.Request) {
	s.remote(rw, r, func(rw http.ResponseWriter, r *http.Request, p *process, options *remotecommand.Options) {
		remotecommand.ServeExec(rw, r, &commandRunner{p}, r.PathValue("pod"), r.PathValue("uid"), r.PathValue("container"),
			r.URL.Query()["command"], options, streamIdle, streamCreation, remotecommand.SupportedStreamingProtocols)
	})
}

func (s *apiServer) attach(rw http.ResponseWriter, r *http.Request) {
	s.remote(rw, r, func(rw http.ResponseWriter, r *http.Request, p *process, options *remotecommand.Options) {
		remotecommand.ServeAttach(rw, r, &attacher{p}, r.PathValue("pod"), r.PathValue("uid"), r.PathValue("container"),
			options, streamIdle, streamCreation, remotecommand.SupportedStreamingProtocols)
	})
}

// remote finds the running process that an exec or attach is meant for.
func (s *apiServer) remote(rw http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request, *process, *remotecommand.Options)) {
	w, n, ok := s.workerFor(rw, r)
	if !ok {
		return
	}
	p, ok := w.runningProcess(r.PathValue("container"))
	if !ok {
		http.Error(rw, fmt.Sprintf("container not found (%q)", r.PathValue("container")), http.StatusInternalServerError)
		return
	}
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	run, _ := n.kubeletRun()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(run, cancel)()
	serve(rw, r.WithContext(ctx), p, options)
}
