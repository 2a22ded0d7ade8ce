package orchestrator

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// maxMessage is above gRPC's own 4 MiB, which the real client keeps to. No token of a real
// model comes near either; the sandbox can be told to send one that does, to see what its
// readers do.
const maxMessage = 64 << 20

// Client is one channel to a server. It connects at the first call.
type Client struct {
	conn      *grpc.ClientConn
	connected atomic.Bool
}

// NewClient returns a client of the server at "host:port". Whoever made it closes it.
func NewClient(address string, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Client, error) {
	c := new(Client)
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{}), grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := dial(ctx, "tcp", address)
			if err == nil {
				c.connected.Store(true)
			}
			return conn, err
		}),
	)
	if err != nil {
		return nil, err
	}
	c.conn = conn
	return c, nil
}

// Close closes the channel and ends the calls under way.
func (c *Client) Close() { _ = c.conn.Close() } // it fails only when closed before

// Connected reports whether a connection has ever been made, which tells a server
// that is not there from one that went away.
func (c *Client) Connected() bool { return c.connected.Load() }

// HealthCheck asks whether the server's driver lives.
func (c *Client) HealthCheck(ctx context.Context) (live bool, err error) {
	response := new(HealthCheckResponse)
	if err := c.conn.Invoke(ctx, methodHealthCheck, new(HealthCheckRequest), response); err != nil {
		return false, err
	}
	return response.IsLive, nil
}

// Decode calls receive for each message of the answer and returns nil when it is
// complete. An error of receive ends the call and is returned.
func (c *Client) Decode(ctx context.Context, request *DecodeRequest, receive func(*DecodeResponse) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, methodDecode)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		response := new(DecodeResponse)
		if err := stream.RecvMsg(response); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := receive(response); err != nil {
			return err
		}
	}
}
