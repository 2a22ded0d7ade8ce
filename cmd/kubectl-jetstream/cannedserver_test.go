package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// canned answers like an API server that knows a few requests by heart. A
// script starts it with `apiserver FILE`; each line of the file is
//
//	METHOD PATH STATUS REASON-OR-FILE
//
// where a file of the script is the body, and any other word the reason of a
// Kubernetes Status. A path of * matches every request, and one that ends in
// * those that begin with it. What no line matches is not found. The
// kubeconfig of the server is written to config.yaml.
type canned struct {
	lines [][]string
	files map[string][]byte
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for _, f := range c.lines {
		prefix, isPrefix := strings.CutSuffix(f[1], "*")
		if f[0] != "*" && f[0] != r.Method || r.URL.Path != f[1] && (!isPrefix || !strings.HasPrefix(r.URL.Path, prefix)) {
			continue
		}
		code, err := strconv.Atoi(f[2])
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		body, ok := c.files[f[3]]
		if !ok {
			body = statusBody(code, f[3], strings.Join(f[4:], " "))
		}
		w.WriteHeader(code)
		_, _ = w.Write(body)
		return
	}
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(statusBody(http.StatusNotFound, "NotFound", "the server could not find the requested resource"))
}

func statusBody(code int, reason, message string) []byte {
	return fmt.Appendf(nil, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":%q,"reason":%q,"code":%d}`, message, reason, code)
}

func startCannedServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: apiserver FILE")
	}
	c := &canned{files: map[string][]byte{}}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			ts.Fatalf("%s: too few words in %q", args[0], line)
		}
		c.lines = append(c.lines, fields)
		if body, err := os.ReadFile(ts.MkAbs(fields[3])); err == nil {
			c.files[fields[3]] = body
		}
	}
	server := httptest.NewServer(c)
	ts.Defer(server.Close)
	config := strings.ReplaceAll(kubeconfig, "https://203.0.113.1", server.URL)
	if err := os.WriteFile(ts.MkAbs("config.yaml"), []byte(config), 0o600); err != nil {
		ts.Fatalf("%v", err)
	}
	ts.Setenv("KUBECONFIG", ts.MkAbs("config.yaml"))
}
