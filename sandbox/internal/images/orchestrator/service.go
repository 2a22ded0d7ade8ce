// Package orchestrator is JetStream's gRPC service jetstream_proto.Orchestrator, the
// server's half and the client's: Decode, which streams the continuation of a prompt,
// and HealthCheck. As the real server it has no reflection and no health service of
// gRPC's own.
//
// The messages are encoded by hand, since there are four of them with seven fields.
package orchestrator

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// The service's names on the wire.
const (
	serviceName       = "jetstream_proto.Orchestrator"
	methodDecode      = "/" + serviceName + "/Decode"
	methodHealthCheck = "/" + serviceName + "/HealthCheck"
)

// Service is what a server implements.
type Service interface {
	// Decode calls send for each message of the answer, in order, and returns when
	// the answer is complete. It ends early when ctx does or send fails.
	Decode(ctx context.Context, request *DecodeRequest, send func(*DecodeResponse) error) error
	// HealthCheck tells whether the driver lives.
	HealthCheck(ctx context.Context) (live bool, err error)
}

// NewServer returns a gRPC server, without options as the real one, that serves s.
func NewServer(s Service) *grpc.Server {
	server := grpc.NewServer(grpc.ForceServerCodecV2(codec{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: serviceName,
		HandlerType: (*Service)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "HealthCheck", Handler: handleHealthCheck}},
		Streams:     []grpc.StreamDesc{{StreamName: "Decode", Handler: handleDecode, ServerStreams: true}},
	}, s)
	return server
}

//nolint:revive // the order of the parameters is gRPC's
func handleHealthCheck(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	if err := decode(new(HealthCheckRequest)); err != nil {
		return nil, err
	}
	live, err := srv.(Service).HealthCheck(ctx)
	if err != nil {
		return nil, err
	}
	return &HealthCheckResponse{IsLive: live}, nil
}

func handleDecode(srv any, stream grpc.ServerStream) error {
	request := new(DecodeRequest)
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	if request.Content == NoContent {
		// getattr(request, None), as the real server words it.
		return status.Error(codes.Unknown, "Unexpected <class 'TypeError'>: getattr(): attribute name must be string")
	}
	return srv.(Service).Decode(stream.Context(), request, func(r *DecodeResponse) error { return stream.SendMsg(r) })
}

// message is what the codec can encode.
type message interface {
	marshal() []byte
	unmarshal(b []byte) error
}

// codec encodes this package's messages in protobuf's wire format.
type codec struct{}

// Name makes the content type application/grpc+proto.
func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(message)
	if !ok {
		return nil, fmt.Errorf("encoding %T: not a message of the orchestrator", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(m.marshal())}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(message)
	if !ok {
		return fmt.Errorf("decoding %T: not a message of the orchestrator", v)
	}
	return m.unmarshal(data.Materialize())
}
