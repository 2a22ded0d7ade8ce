package uvicorn

import (
	"net/http"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
)

// Route is one path operation of an App.
type Route struct {
	Method, Path string
	Handler      http.HandlerFunc
}

// App is a FastAPI application: its routes, and the framework's answers to all else.
type App []Route

// ServeHTTP dispatches as FastAPI does: an unknown path is 404, or a redirect where
// only a slash at the end is wrong; a known path with another method is 405.
func (a App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowed := ""
	for _, route := range a {
		if route.Path != r.URL.Path {
			continue
		}
		if route.Method == r.Method {
			route.Handler(w, r)
			return
		}
		allowed = route.Method
	}
	if allowed != "" {
		w.Header().Set("Allow", allowed)
		Detail(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	if other := otherSlash(r.URL.Path); r.URL.Path != "/" && a.has(other) {
		target := *r.URL
		target.Path, target.Scheme, target.Host = other, "http", r.Host
		w.Header().Set("Location", target.String())
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	Detail(w, http.StatusNotFound, "Not Found")
}

func (a App) has(path string) bool {
	for _, route := range a {
		if route.Path == path {
			return true
		}
	}
	return false
}

func otherSlash(path string) string {
	if trimmed, ok := strings.CutSuffix(path, "/"); ok {
		return trimmed
	}
	return path + "/"
}

// Detail answers as an HTTPException does: {"detail": …} in compact form.
func Detail(w http.ResponseWriter, status int, detail any) {
	JSON(w, status, pyjson.Compact(pyjson.Object{{Name: "detail", Value: detail}}))
}

// JSON answers with a body that is JSON already.
func JSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // a client that is gone is not the server's error
}
