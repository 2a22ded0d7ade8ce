package orchestrator

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

// schema is the part of jetstream.proto that the server and its clients use, as a
// descriptor: the hand-written encoding is compared with protobuf's own.
const schema = `
name: "jetstream.proto" package: "jetstream_proto" syntax: "proto3"
message_type {
  name: "DecodeRequest"
  field { name: "session_cache" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "priority" number: 3 type: TYPE_INT32 label: LABEL_OPTIONAL }
  field { name: "max_tokens" number: 4 type: TYPE_INT32 label: LABEL_OPTIONAL }
  field { name: "text_content" number: 5 type: TYPE_MESSAGE type_name: ".jetstream_proto.DecodeRequest.TextContent" label: LABEL_OPTIONAL oneof_index: 0 }
  field { name: "token_content" number: 6 type: TYPE_MESSAGE type_name: ".jetstream_proto.DecodeRequest.TokenContent" label: LABEL_OPTIONAL oneof_index: 0 }
  field { name: "metadata" number: 7 type: TYPE_MESSAGE type_name: ".jetstream_proto.DecodeRequest.Metadata" label: LABEL_OPTIONAL }
  nested_type { name: "TextContent" field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL } }
  nested_type { name: "TokenContent" field { name: "token_ids" number: 1 type: TYPE_INT32 label: LABEL_REPEATED } }
  nested_type { name: "Metadata" field { name: "start_time" number: 1 type: TYPE_FLOAT label: LABEL_OPTIONAL } }
  oneof_decl { name: "content" }
}
message_type {
  name: "DecodeResponse"
  field { name: "initial_content" number: 2 type: TYPE_MESSAGE type_name: ".jetstream_proto.DecodeResponse.InitialContent" label: LABEL_OPTIONAL oneof_index: 0 }
  field { name: "stream_content" number: 3 type: TYPE_MESSAGE type_name: ".jetstream_proto.DecodeResponse.StreamContent" label: LABEL_OPTIONAL oneof_index: 0 }
  nested_type { name: "InitialContent" }
  nested_type {
    name: "StreamContent"
    field { name: "samples" number: 1 type: TYPE_MESSAGE type_name: ".jetstream_proto.DecodeResponse.StreamContent.Sample" label: LABEL_REPEATED }
    nested_type {
      name: "Sample"
      field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "token_ids" number: 2 type: TYPE_INT32 label: LABEL_REPEATED }
    }
  }
  oneof_decl { name: "content" }
}
message_type { name: "HealthCheckResponse" field { name: "is_live" number: 1 type: TYPE_BOOL label: LABEL_OPTIONAL } }
`

// encode makes the bytes of a message from its text form, with protobuf's encoder.
func encode(t *testing.T, name protoreflect.Name, text string) []byte {
	t.Helper()
	file := new(descriptorpb.FileDescriptorProto)
	if err := prototext.Unmarshal([]byte(schema), file); err != nil {
		t.Fatal(err)
	}
	descriptor, err := protodesc.NewFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(descriptor.Messages().ByName(name))
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEncodingIsProtobufs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		kind  protoreflect.Name
		text  string
		ours  message
		empty message
	}{
		{"a prompt of text", "DecodeRequest", `max_tokens: 200 text_content { text: "Grüße 🚀" }`, &DecodeRequest{MaxTokens: 200, Content: TextContent, Text: "Grüße 🚀"}, new(DecodeRequest)},
		{"an empty prompt is still content", "DecodeRequest", `text_content {}`, &DecodeRequest{Content: TextContent}, new(DecodeRequest)},
		{"a prompt of ids", "DecodeRequest", `max_tokens: -1 token_content { token_ids: [1, 300, -7] }`, &DecodeRequest{MaxTokens: -1, Content: TokenContent, TokenIDs: []int32{1, 300, -7}}, new(DecodeRequest)},
		{"no content", "DecodeRequest", `max_tokens: 1`, &DecodeRequest{MaxTokens: 1}, new(DecodeRequest)},
		{"a token", "DecodeResponse", `stream_content { samples { text: " the" token_ids: [128009] } }`, &DecodeResponse{Text: " the", TokenIDs: []int32{128009}}, new(DecodeResponse)},
		{"the end", "DecodeResponse", `stream_content { samples {} }`, new(DecodeResponse), new(DecodeResponse)},
		{"alive", "HealthCheckResponse", `is_live: true`, &HealthCheckResponse{IsLive: true}, new(HealthCheckResponse)},
		{"not alive", "HealthCheckResponse", ``, new(HealthCheckResponse), new(HealthCheckResponse)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := encode(t, tt.kind, tt.text)
			if diff := cmp.Diff(string(want), string(tt.ours.marshal())); diff != "" {
				t.Errorf("bytes (-want +got)\n%s", diff)
			}
			if err := tt.empty.unmarshal(want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.ours, tt.empty); diff != "" {
				t.Errorf("read back (-want +got)\n%s", diff)
			}
		})
	}
}

func TestOldFieldsAreSkipped(t *testing.T) {
	t.Parallel()
	var got DecodeRequest
	if err := got.unmarshal(encode(t, "DecodeRequest", `session_cache: "s" priority: 3 max_tokens: 9 text_content { text: "x" } metadata { start_time: 1.5 }`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(DecodeRequest{MaxTokens: 9, Content: TextContent, Text: "x"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add((&DecodeRequest{MaxTokens: 5, Content: TextContent, Text: "x"}).marshal())
	f.Add((&DecodeRequest{Content: TokenContent, TokenIDs: []int32{1, 2}}).marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		var first DecodeRequest
		if first.unmarshal(data) == nil {
			var second DecodeRequest
			if err := second.unmarshal(first.marshal()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, second); diff != "" {
				t.Fatalf("changes when written again (-first +second)\n%s", diff)
			}
		}
		_ = new(DecodeResponse).unmarshal(data)
		_ = new(HealthCheckResponse).unmarshal(data)
	})
}

// fakeService counts to the request's max_tokens.
type fakeService struct{ ended chan error }

func (s *fakeService) HealthCheck(context.Context) (live bool, err error) { return true, nil }

func (s *fakeService) Decode(ctx context.Context, r *DecodeRequest, send func(*DecodeResponse) error) error {
	for i := range r.MaxTokens {
		if err := send(&DecodeResponse{Text: r.Text, TokenIDs: []int32{i}}); err != nil {
			s.ended <- err
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			s.ended <- ctx.Err()
			return ctx.Err()
		}
	}
	return nil
}

// serve runs a server on a simulated network and returns a client of it.
func serve(t *testing.T, s Service) *Client {
	t.Helper()
	network, ip := simnet.New(), netip.MustParseAddr("10.244.0.1")
	network.Attach(ip)
	l, err := network.Listen(netip.AddrPortFrom(ip, 9000))
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(s)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	client, err := NewClient("10.244.0.1:9000", func(ctx context.Context, _, address string) (net.Conn, error) {
		return network.Dial(ctx, ip, address)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		server.Stop()
		<-done
	})
	return client
}

func TestClientAndServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := serve(t, &fakeService{ended: make(chan error, 1)})
		if live, err := client.HealthCheck(t.Context()); !live || err != nil {
			t.Errorf("HealthCheck = %v, %v", live, err)
		}
		var got []int32
		err := client.Decode(t.Context(), &DecodeRequest{MaxTokens: 3, Content: TextContent, Text: "x"}, func(m *DecodeResponse) error {
			got = append(got, m.TokenIDs...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int32{0, 1, 2}, got); diff != "" {
			t.Errorf("ids (-want +got)\n%s", diff)
		}
	})
}

func TestAReceiverThatFailsEndsTheCallOnTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{ended: make(chan error, 1)}
		client := serve(t, service)
		enough := errors.New("enough")
		if err := client.Decode(t.Context(), &DecodeRequest{MaxTokens: 100, Content: TextContent}, func(*DecodeResponse) error { return enough }); !errors.Is(err, enough) {
			t.Errorf("error %v", err)
		}
		if err := <-service.ended; err == nil {
			t.Error("the server's half was not told")
		}
	})
}

func TestNoReflectionAndNoHealthService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := serve(t, &fakeService{ended: make(chan error, 1)})
		err := client.conn.Invoke(t.Context(), "/grpc.health.v1.Health/Check", new(HealthCheckRequest), new(HealthCheckResponse))
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("error %v, want Unimplemented", err)
		}
	})
}
