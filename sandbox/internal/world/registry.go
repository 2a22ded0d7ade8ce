package world

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/distribution/reference"
)

// The registry's refusals, to be told apart with errors.Is; the text is the one the
// container runtime reports.
var (
	// ErrImageNotFound is a repository or tag that does not exist.
	ErrImageNotFound = errors.New("image not found")
	// ErrImageDenied is a repository that the caller may not read.
	ErrImageDenied = errors.New("image denied")
)

// refusal keeps the runtime's wording apart from the kind of the error, since the
// wording is shown to users as it is.
type refusal struct {
	text string
	kind error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }

// PullNotFound is what containerd reports for an image that its registry does not
// have, as the kubelet receives it.
func PullNotFound(image string) error {
	name := canonical(image)
	return &refusal{
		text: fmt.Sprintf("rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve reference %q: %s: not found", name, name, name),
		kind: ErrImageNotFound,
	}
}

// PullDenied is what containerd reports when the registry does not let the node's
// service account read the repository, as the kubelet receives it. Artifact Registry
// answers so for a project that is not on the image's allow list.
func PullDenied(image string) error {
	name, host, path := canonical(image), "", ""
	if named, err := reference.ParseNormalizedNamed(image); err == nil {
		host, path = reference.Domain(named), reference.Path(named)
	}
	token := fmt.Sprintf("https://%s/v2/token?scope=%s&service=%s", host, url.QueryEscape("repository:"+path+":pull"), host)
	return &refusal{
		text: fmt.Sprintf("rpc error: code = Unknown desc = failed to pull and unpack image %q: failed to resolve reference %q: failed to authorize: failed to fetch oauth token: unexpected status from GET request to %s: 403 Forbidden", name, name, token),
		kind: ErrImageDenied,
	}
}

// canonical is the image's full name with registry and tag, as the runtime resolves
// it; an image that does not parse is returned as it is.
func canonical(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	return reference.TagNameOnly(named).String()
}
