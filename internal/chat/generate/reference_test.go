package generate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// reference decodes an answer with encoding/json alone. The decoder has to
// agree with it.
func reference(body []byte) outcome {
	d := json.NewDecoder(bytes.NewReader(body))
	var got outcome
	for {
		begin := bytes.TrimLeft(body[d.InputOffset():], " \n\t\r")
		if len(begin) > 0 && begin[0] != '{' {
			got.Err = "format"
			return got
		}
		var o object
		err := d.Decode(&o)
		var syntax *json.SyntaxError
		var wrongType *json.UnmarshalTypeError
		switch {
		case errors.Is(err, io.EOF):
			return got
		case errors.As(err, &syntax), errors.As(err, &wrongType):
			got.Err = "format"
			return got
		case err != nil:
			got.Err = "truncated"
			return got
		}
		text, framing, err := o.text()
		if errors.Is(err, errNoText) {
			got.Err = "format"
			return got
		}
		if err != nil {
			got.Err = kind(err)
			return got
		}
		got.Text += text
		got.Framing = framing
	}
}
