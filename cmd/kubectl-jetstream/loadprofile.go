package main

import (
	"fmt"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// loadProfile returns a profile by its name or directory. It also looks for
// the profile's chat template, which package deploy knows only the name of, so
// that whoever writes a profile learns of a mistake in it before the model
// serves.
func loadProfile(nameOrDir string) (*deploy.Profile, error) {
	p, err := deploy.LoadProfile(nameOrDir)
	if err != nil {
		return nil, err
	}
	if _, err := chat.TemplateNamed(p.ChatTemplate); err != nil {
		return nil, fmt.Errorf("reading profile %s: profile.yaml: chatTemplate: %w", p.Name, err)
	}
	return p, nil
}
