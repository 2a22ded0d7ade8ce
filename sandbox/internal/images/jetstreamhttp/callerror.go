package jetstreamhttp

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/orchestrator"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

// callError is the AioRpcError that Python's gRPC raises for a failed call: its text
// is what the server returns as the detail of a 500.
func callError(err error, client *orchestrator.Client, frames []python.Frame) *python.Exception {
	s := status.Convert(err)
	code, details, peer := s.Code(), s.Message(), "ipv4:"+backend
	switch {
	case code != codes.Unavailable && code != codes.Canceled:
	case client != nil && client.Connected():
		code, details = codes.Unavailable, "Socket closed"
	default:
		code, peer = codes.Unavailable, ""
		details = "failed to connect to all addresses; last error: UNKNOWN: ipv4:" + backend + ": Failed to connect to remote host: connect: Connection refused (111)"
	}
	debug := fmt.Sprintf(`UNKNOWN:Error received from peer %s {grpc_message:"%s", grpc_status:%d, created_time:"%s"}`,
		peer, strings.ReplaceAll(details, "'", `\'`), code, time.Now().UTC().Format("2006-01-02T15:04:05.000000000+00:00"))
	return &python.Exception{
		Type:    "grpc.aio._call.AioRpcError",
		Message: fmt.Sprintf("<AioRpcError of RPC that terminated with:\n\tstatus = StatusCode.%s\n\tdetails = \"%s\"\n\tdebug_error_string = \"%s\"\n>", codeName(code), details, debug),
		Frames:  frames,
	}
}

// Where a call raises: one awaited, and one iterated over.
var (
	awaited  = []python.Frame{python.At(grpcCall, 327, "__await__", "raise _create_rpc_error(")}
	iterated = []python.Frame{
		python.At(grpcCall, 365, "_fetch_stream_responses", "await self._raise_for_status()"),
		python.At(grpcCall, 272, "_raise_for_status", "raise _create_rpc_error("),
	}
)

const grpcCall = "/usr/local/lib/python3.10/dist-packages/grpc/aio/_call.py"

// codeName is the name of a status code in Python, such as RESOURCE_EXHAUSTED.
func codeName(c codes.Code) string {
	if c == codes.Canceled {
		return "CANCELLED"
	}
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// exceptionGroup is what uvicorn logs of an exception in the midst of a stream: the
// framework runs the stream in a task group, and so wraps the exception in a group.
func exceptionGroup(e *python.Exception) string {
	const packages = "/usr/local/lib/python3.10/dist-packages/"
	outer := python.Exception{
		Type: "exceptiongroup.ExceptionGroup", Message: "unhandled errors in a TaskGroup (1 sub-exception)",
		Frames: []python.Frame{
			python.At(packages+"uvicorn/protocols/http/h11_impl.py", 403, "run_asgi", "result = await app(  # type: ignore[func-returns-value]"),
			python.At(packages+"fastapi/applications.py", 1054, "__call__", "await super().__call__(scope, receive, send)"),
			python.At(packages+"starlette/responses.py", 252, "__call__", "async with anyio.create_task_group() as task_group:"),
			python.At(packages+"anyio/_backends/_asyncio.py", 871, "__aexit__", "raise BaseExceptionGroup("),
		},
	}
	inner := e.Within(python.At(packages+"starlette/responses.py", 244, "stream_response", "async for chunk in self.body_iterator:"))
	head, rest, _ := strings.Cut(outer.Traceback(), "\n")
	return "ERROR:    Exception in ASGI application\n" +
		"  + Exception Group " + head + "\n" + indent("  | ", rest) +
		"  +-+---------------- 1 ----------------\n" +
		indent("    | ", inner.Traceback()) +
		"    +------------------------------------\n"
}

func indent(prefix, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(prefix + line)
	}
	return b.String()
}
