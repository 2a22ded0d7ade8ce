package orchestrator

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// The messages below are those of jetstream.proto, package jetstream_proto, with the
// fields that the server reads or writes. Unknown fields are skipped, among them
// session_cache and priority, which older clients send.

// DecodeRequest asks for the continuation of a prompt.
type DecodeRequest struct {
	MaxTokens int32
	// Content tells which of Text and TokenIDs is set.
	Content  Content
	Text     string
	TokenIDs []int32
}

// Content is the case of DecodeRequest's oneof.
type Content int

// The cases.
const (
	NoContent Content = iota
	TextContent
	TokenContent
)

// DecodeResponse is a stream_content with one sample.
type DecodeResponse struct {
	Text     string
	TokenIDs []int32
}

// HealthCheckRequest has no fields.
type HealthCheckRequest struct{}

// HealthCheckResponse tells whether the driver's threads live.
type HealthCheckResponse struct{ IsLive bool }

// The field numbers of jetstream.proto.
const (
	fieldMaxTokens     = 4
	fieldTextContent   = 5
	fieldTokenContent  = 6
	fieldText          = 1
	fieldTokenIDs      = 1
	fieldStreamContent = 3
	fieldSamples       = 1
	fieldSampleText    = 1
	fieldSampleIDs     = 2
	fieldIsLive        = 1
)

func (m *DecodeRequest) marshal() []byte {
	var b []byte
	if m.MaxTokens != 0 {
		b = protowire.AppendTag(b, fieldMaxTokens, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(int64(m.MaxTokens)))
	}
	switch m.Content {
	case TextContent:
		b = appendBytes(b, fieldTextContent, appendString(nil, fieldText, m.Text))
	case TokenContent:
		b = appendBytes(b, fieldTokenContent, appendPacked(nil, fieldTokenIDs, m.TokenIDs))
	case NoContent:
	}
	return b
}

func (m *DecodeRequest) unmarshal(b []byte) error {
	*m = DecodeRequest{}
	return eachField(b, func(f field) (err error) {
		switch {
		case f.is(fieldMaxTokens, protowire.VarintType):
			m.MaxTokens = int32(f.varint)
		case f.is(fieldTextContent, protowire.BytesType):
			m.Content, m.Text, m.TokenIDs = TextContent, "", nil
			return eachField(f.bytes, func(f field) error {
				if f.is(fieldText, protowire.BytesType) {
					m.Text = string(f.bytes)
				}
				return nil
			})
		case f.is(fieldTokenContent, protowire.BytesType):
			m.Content, m.Text, m.TokenIDs = TokenContent, "", nil
			return eachField(f.bytes, func(f field) error {
				if f.number == fieldTokenIDs {
					m.TokenIDs, err = f.appendInts(m.TokenIDs)
				}
				return err
			})
		}
		return nil
	})
}

func (m *DecodeResponse) marshal() []byte {
	var sample []byte
	sample = appendString(sample, fieldSampleText, m.Text)
	sample = appendPacked(sample, fieldSampleIDs, m.TokenIDs)
	return appendBytes(nil, fieldStreamContent, appendBytes(nil, fieldSamples, sample))
}

func (m *DecodeResponse) unmarshal(b []byte) error {
	*m = DecodeResponse{}
	return eachField(b, func(f field) error {
		if !f.is(fieldStreamContent, protowire.BytesType) {
			return nil
		}
		return eachField(f.bytes, func(f field) error {
			if !f.is(fieldSamples, protowire.BytesType) {
				return nil
			}
			return eachField(f.bytes, func(f field) (err error) {
				switch {
				case f.is(fieldSampleText, protowire.BytesType):
					m.Text = string(f.bytes)
				case f.number == fieldSampleIDs:
					m.TokenIDs, err = f.appendInts(m.TokenIDs)
				}
				return err
			})
		})
	})
}

func (*HealthCheckRequest) marshal() []byte { return nil }

func (*HealthCheckRequest) unmarshal(b []byte) error {
	return eachField(b, func(field) error { return nil })
}

func (m *HealthCheckResponse) marshal() []byte {
	if !m.IsLive {
		return nil
	}
	return protowire.AppendVarint(protowire.AppendTag(nil, fieldIsLive, protowire.VarintType), 1)
}

func (m *HealthCheckResponse) unmarshal(b []byte) error {
	*m = HealthCheckResponse{}
	return eachField(b, func(f field) error {
		if f.is(fieldIsLive, protowire.VarintType) {
			m.IsLive = f.varint != 0
		}
		return nil
	})
}

// field is one field of a message; which of varint and bytes is set depends on kind.
type field struct {
	number protowire.Number
	kind   protowire.Type
	varint uint64
	bytes  []byte
}

func (f field) is(n protowire.Number, t protowire.Type) bool { return f.number == n && f.kind == t }

// appendInts reads a repeated int32, packed or not.
func (f field) appendInts(ids []int32) ([]int32, error) {
	switch f.kind { //nolint:exhaustive // other types are not this field's and are skipped
	case protowire.VarintType:
		return append(ids, int32(f.varint)), nil
	case protowire.BytesType:
		for b := f.bytes; len(b) > 0; {
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return nil, fmt.Errorf("reading field %d: %w", f.number, protowire.ParseError(n))
			}
			ids, b = append(ids, int32(v)), b[n:]
		}
	}
	return ids, nil
}

func eachField(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("reading a field's tag: %w", protowire.ParseError(n))
		}
		b = b[n:]
		f := field{number: number, kind: kind}
		switch kind {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("reading field %d: %w", number, protowire.ParseError(n))
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func appendString(b []byte, n protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func appendBytes(b []byte, n protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
}

func appendPacked(b []byte, n protowire.Number, ids []int32) []byte {
	if len(ids) == 0 {
		return b
	}
	var packed []byte
	for _, id := range ids {
		packed = protowire.AppendVarint(packed, uint64(int64(id)))
	}
	return appendBytes(b, n, packed)
}
