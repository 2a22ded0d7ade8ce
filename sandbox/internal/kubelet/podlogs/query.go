package podlogs

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ParseQuery reads the query of a kubelet's /containerLogs request, which carries the
// fields of a PodLogOptions. Unknown keys are ignored and of a repeated key the first
// value counts, as in the API machinery. sinceSeconds counts back from now.
func ParseQuery(query url.Values, now time.Time) (sel Selection, previous bool, err error) {
	sel.Follow, sel.Timestamps = isSet(query, "follow"), isSet(query, "timestamps")
	previous = isSet(query, "previous")
	tail := query
	if query.Get("tail") != "" {
		tail = url.Values{}
		if query.Get("tail") != "all" {
			tail.Set("tailLines", query.Get("tail"))
		}
	}
	if sel.Tail, err = parseCount(tail, "tailLines", 0); err != nil {
		return Selection{}, false, err
	}
	if sel.LimitBytes, err = parseCount(query, "limitBytes", 1); err != nil {
		return Selection{}, false, err
	}
	since, err := parseCount(query, "sinceSeconds", 1)
	if err != nil {
		return Selection{}, false, err
	}
	if since != nil {
		sel.Since = now.Add(-secondsDuration(*since))
	}
	if text := query.Get("sinceTime"); text != "" {
		if since != nil {
			return Selection{}, false, fmt.Errorf("query: at most one of sinceTime and sinceSeconds may be given")
		}
		if sel.Since, err = time.Parse(time.RFC3339, text); err != nil {
			return Selection{}, false, fmt.Errorf("query: sinceTime %q is not an RFC 3339 time", text)
		}
	}
	switch sel.Stream = query.Get("stream"); sel.Stream {
	case "", "All", "Stdout", "Stderr":
	default:
		return Selection{}, false, fmt.Errorf("query: stream %q is not one of All, Stdout, Stderr", sel.Stream)
	}
	return sel, previous, nil
}

// isSet follows the API machinery: a key that is absent, "0" or "false" in any case
// is false, anything else is true, the key alone included.
func isSet(query url.Values, key string) bool {
	values := query[key]
	return len(values) > 0 && values[0] != "0" && !strings.EqualFold(values[0], "false")
}

func parseCount(query url.Values, key string, least int64) (*int64, error) {
	text := query.Get(key)
	if text == "" {
		return nil, nil // absence is a value here
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("query: %s %q is not a whole number", key, text)
	}
	if n < least {
		return nil, fmt.Errorf("query: %s %d must not be less than %d", key, n, least)
	}
	return &n, nil
}

// secondsDuration is a number of seconds, held to what a Duration can carry.
func secondsDuration(seconds int64) time.Duration {
	const most = int64(1<<63-1) / int64(time.Second)
	return time.Duration(min(seconds, most)) * time.Second
}
