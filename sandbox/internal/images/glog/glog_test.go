package glog

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(31*24*time.Hour + 4*time.Hour + 51*time.Minute + 41967764*time.Microsecond)
		var b strings.Builder
		New(&b, 1).Infof("proxy_server.cc", 125, "IFRT proxy server started with status %s", "OK")
		New(&b, 37624).Errorf("rpc_helper.cc", 56, "cancelled")
		const want = "I0201 04:51:41.967764       1 proxy_server.cc:125] IFRT proxy server started with status OK\n" +
			"E0201 04:51:41.967764   37624 rpc_helper.cc:56] cancelled\n"
		if b.String() != want {
			t.Errorf("got\n%swant\n%s", b.String(), want)
		}
	})
}
