package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// api stands in for an API server: it answers lists and watches with objects that never
// change, in JSON or in protobuf as asked, and follows logs. It allows no tunnel, so
// leaders are not asked for their health.
type api struct {
	objects objects
	codecs  serializer.CodecFactory
	server  *httptest.Server
	// line is written over and over to every log that is followed; nil means that logs
	// are silent.
	line func(n int) string
	// rate is how many lines a second there are of each.
	rate int

	mu     sync.Mutex
	listed time.Time // when the first list was answered
	lines  int
}

// served are the versions in which typed objects are encoded.
var served = schema.GroupVersions{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion}

// flush is how often a log that is followed brings lines.
const flush = 50 * time.Millisecond

func startAPI(o objects) *api {
	a := &api{objects: o, codecs: scheme.Codecs}
	a.server = httptest.NewUnstartedServer(a)
	a.server.EnableHTTP2 = true
	a.server.StartTLS()
	return a
}

// close ends it, and the requests that last.
func (a *api) close() {
	a.server.CloseClientConnections()
	a.server.Close()
}

// kubeconfig writes a kubeconfig for it into a folder.
func (a *api) kubeconfig(dir string) (string, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["standin"] = &clientcmdapi.Cluster{Server: a.server.URL, InsecureSkipTLSVerify: true}
	config.AuthInfos["standin"] = &clientcmdapi.AuthInfo{Token: "none"}
	config.Contexts["standin"] = &clientcmdapi.Context{Cluster: "standin", AuthInfo: "standin", Namespace: namespace}
	config.CurrentContext = "standin"
	path := filepath.Join(dir, "kubeconfig")
	return path, clientcmd.WriteToFile(*config, path)
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	kind := parts[len(parts)-1]
	list, known := a.objects[kind]
	query := r.URL.Query()
	switch {
	case kind == "log":
		a.log(w, r)
	case kind == "portforward":
		refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden)
	case !known:
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound)
	case query.Get("watch") == "true" || query.Get("watch") == "1":
		a.watch(w, r, list, query.Get("sendInitialEvents") == "true")
	default:
		if limit, err := strconv.Atoi(query.Get("limit")); err == nil && limit < len(list) {
			list = list[:limit]
		}
		a.list(w, r, list)
	}
}

func refuse(w http.ResponseWriter, code int32, reason metav1.StatusReason) {
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	w.WriteHeader(int(code))
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the stand-in does not do this","reason":%q,"code":%d}`, reason, code)
}

// negotiate returns how to encode for a client.
func (a *api) negotiate(r *http.Request, kind runtime.Object) runtime.SerializerInfo {
	media := runtime.ContentTypeJSON
	_, dynamic := kind.(runtime.Unstructured)
	if strings.Contains(r.Header.Get("Accept"), runtime.ContentTypeProtobuf) && !dynamic {
		media = runtime.ContentTypeProtobuf
	}
	info, _ := runtime.SerializerInfoForMediaType(a.codecs.SupportedMediaTypes(), media)
	return info
}

// encoded is an object as it goes over the wire.
func (a *api) encoded(info runtime.SerializerInfo, object runtime.Object) ([]byte, error) {
	if _, dynamic := object.(runtime.Unstructured); dynamic {
		return runtime.Encode(info.Serializer, object)
	}
	return runtime.Encode(a.codecs.EncoderForVersion(info.Serializer, served), object)
}

// list answers with objects of one kind.
func (a *api) list(w http.ResponseWriter, r *http.Request, list []runtime.Object) {
	info := a.negotiate(r, list[0])
	into, err := newList(list)
	if err == nil {
		var body []byte
		if body, err = a.encoded(info, into); err == nil {
			w.Header().Set("Content-Type", info.MediaType)
			_, _ = w.Write(body)
			a.answered()
			return
		}
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func (a *api) answered() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listed.IsZero() {
		a.listed = time.Now()
	}
}

// firstList is when the first list was answered.
func (a *api) firstList() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.listed
}

// watch streams the objects, if that is asked for, and then nothing until the client
// leaves.
func (a *api) watch(w http.ResponseWriter, r *http.Request, list []runtime.Object, initial bool) {
	info := a.negotiate(r, list[0])
	w.Header().Set("Content-Type", info.MediaType+";stream=watch")
	frames := info.StreamSerializer.NewFrameWriter(w)
	send := func(kind string, object runtime.Object) error {
		raw, err := a.encoded(info, object)
		if err != nil {
			return err
		}
		event := &metav1.WatchEvent{Type: kind, Object: runtime.RawExtension{Raw: raw}}
		return info.StreamSerializer.Encode(event, frames)
	}
	if initial {
		for _, object := range list {
			if send("ADDED", object) != nil {
				return
			}
		}
		if send("BOOKMARK", bookmark(list[0])) != nil {
			return
		}
		a.answered()
	}
	if http.NewResponseController(w).Flush() != nil {
		return
	}
	<-r.Context().Done()
}

// bookmark says that a watch has told all there was in the beginning.
func bookmark(like runtime.Object) runtime.Object {
	mark := like.DeepCopyObject()
	of := mark.(metav1.Object) // all that is served is one
	of.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	return mark
}

// log follows the log of a container.
func (a *api) log(w http.ResponseWriter, r *http.Request) {
	flusher := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusOK)
	_ = flusher.Flush()
	if r.URL.Query().Get("follow") != "true" {
		return
	}
	if a.line == nil {
		<-r.Context().Done()
		return
	}
	a.write(r.Context(), w, flusher.Flush)
}

// write writes lines at the rate, with the time of each in front.
func (a *api) write(ctx context.Context, w io.Writer, flushed func() error) {
	tick := time.NewTicker(flush)
	defer tick.Stop()
	var chunk []byte
	begun, n := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			due := int(now.Sub(begun).Seconds() * float64(a.rate))
			fresh := due - n
			chunk = chunk[:0]
			for ; n < due; n++ {
				chunk = now.UTC().Add(time.Duration(n%1000)*time.Nanosecond).AppendFormat(chunk, time.RFC3339Nano)
				chunk = append(chunk, ' ')
				chunk = append(append(chunk, a.line(n)...), '\n')
			}
			if _, err := w.Write(chunk); err != nil || flushed() != nil {
				return
			}
			a.mu.Lock()
			a.lines += fresh
			a.mu.Unlock()
		}
	}
}

// written is how many lines went to all logs so far.
func (a *api) written() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lines
}

// newList makes a list of objects of one kind.
func newList(list []runtime.Object) (runtime.Object, error) {
	if first, ok := list[0].(*unstructured.Unstructured); ok {
		into := &unstructured.UnstructuredList{}
		into.SetGroupVersionKind(first.GroupVersionKind().GroupVersion().WithKind(first.GetKind() + "List"))
		into.SetResourceVersion("1")
		for _, object := range list {
			into.Items = append(into.Items, *object.(*unstructured.Unstructured)) // all are of the kind of the first
		}
		return into, nil
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(list[0])
	if err != nil {
		return nil, err
	}
	into, err := scheme.Scheme.New(kinds[0].GroupVersion().WithKind(kinds[0].Kind + "List"))
	if err != nil {
		return nil, err
	}
	into.(metav1.ListInterface).SetResourceVersion("1") // all lists are one
	return into, meta.SetList(into, list)
}
