package tunnel

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// spdyUpgrade is the SPDY library's transport, which keeps the network connection to
// itself otherwise. It sends one request.
type spdyUpgrade struct {
	*spdy.SpdyRoundTripper
	conn net.Conn // after the request
}

func (u *spdyUpgrade) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(httpstream.HeaderConnection, httpstream.HeaderUpgrade)
	req.Header.Set(httpstream.HeaderUpgrade, spdy.HeaderSpdy31)
	conn, err := u.Dial(req)
	if err != nil {
		return nil, err
	}
	// A server that does not answer is left when the request is given up.
	stop := context.AfterFunc(req.Context(), func() { _ = conn.Close() })
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, req)
	if !stop() && err == nil {
		err = req.Context().Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	u.conn = &buffered{conn, reader}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		// The connection ends with the answer.
		resp.Body = &lastBody{resp.Body, conn}
	}
	return resp, nil
}

// buffered is a connection of which some has been read ahead.
type buffered struct {
	net.Conn
	reader *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.reader.Read(p) }

// lastBody closes its connection too.
type lastBody struct {
	io.ReadCloser
	conn net.Conn
}

func (b *lastBody) Close() error {
	_ = b.ReadCloser.Close()
	return b.conn.Close()
}
