package jetstreamhttp

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
)

// TestParseRequestAsFastAPI compares with what FastAPI 0.115.6 and pydantic 2.10.3
// answered to the same bodies, for a model with the server's fields: a refusal, or
// the fields as read. Bodies are kept as Latin-1, so that each character is a byte.
func TestParseRequestAsFastAPI(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/bodies.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ContentType  *string
		Body, Answer string
		Status       int
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		contentType := ""
		if c.ContentType != nil {
			contentType = *c.ContentType
		}
		t.Run(contentType+" "+c.Body, func(t *testing.T) {
			t.Parallel()
			var body []byte
			for _, r := range c.Body {
				body = append(body, byte(r))
			}
			request, refused := parseRequest(contentType, body)
			got := "Internal Server Error"
			status := 200
			switch {
			case refused == failed:
				status = refused.status
			case refused != nil:
				status = refused.status
				got = pyjson.Compact(pyjson.Object{{Name: "detail", Value: refused.detail}})
			default:
				got = asRead(t, c.Answer, request)
			}
			if diff := cmp.Diff(c.Answer, got); diff != "" || status != c.Status {
				t.Errorf("status %d, want %d; answer (-want +got)\n%s", status, c.Status, diff)
			}
		})
	}
}

// asRead puts what was read in place of the fields of FastAPI's answer, which lists
// them all.
func asRead(t *testing.T, answer string, r generateRequest) string {
	t.Helper()
	v, err := pyjson.Decode(answer)
	if err != nil {
		t.Fatal(err)
	}
	fields, ok := v.(pyjson.Object)
	if !ok {
		return "accepted"
	}
	for i, f := range fields {
		// null is read as the zero value of the message to JetStream.
		switch {
		case f.Name == "prompt" && (f.Value != nil || r.Prompt != ""):
			fields[i].Value = r.Prompt
		case f.Name == "max_tokens" && (f.Value != nil || r.MaxTokens != "0"):
			fields[i].Value = r.MaxTokens
		case f.Name == "stream" && (f.Value != nil || r.Stream):
			fields[i].Value = r.Stream
		}
	}
	return pyjson.Compact(fields)
}

func FuzzParseRequest(f *testing.F) {
	f.Add("application/json", []byte(`{"prompt":"hi","max_tokens":"5","stream":1}`))
	f.Add("text/plain", []byte("\xff"))
	f.Add("", []byte(`{"max_tokens":1e400}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		request, refused := parseRequest(contentType, body)
		if refused != nil {
			if refused.status < 400 {
				t.Fatalf("refused with status %d", refused.status)
			}
			if refused != failed && !json.Valid([]byte(pyjson.Compact(refused.detail))) {
				t.Fatalf("detail is no JSON: %s", pyjson.Compact(refused.detail))
			}
			return
		}
		if !integerPattern.MatchString(string(request.MaxTokens)) {
			t.Fatalf("max_tokens was read as %q", request.MaxTokens)
		}
	})
}
