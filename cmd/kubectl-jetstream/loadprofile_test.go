package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

func TestEveryBuiltInProfileHasAChatTemplateThatThereIs(t *testing.T) {
	t.Parallel()
	profiles, err := deploy.Catalog()
	if err != nil || len(profiles) == 0 {
		t.Fatalf("%d profiles, error %v", len(profiles), err)
	}
	for _, p := range profiles {
		if _, err := loadProfile(p.Name); err != nil {
			t.Error(err)
		}
	}
}

func TestAProfileWithAnUnknownChatTemplateIsRefused(t *testing.T) {
	t.Parallel()
	const source = "../../manifests/profiles/llama-3.1-405b-v6e-4x4"
	dir := t.TempDir()
	for _, name := range []string{"profile.yaml", "workload.yaml"} {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		content = []byte(strings.Replace(string(content), "chatTemplate: plain", "chatTemplate: llama3", 1))
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := loadProfile(dir)
	const want = `chatTemplate: there is no chat template "llama3"; there are plain, llama-3, llama-2 and raw`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %s", err, want)
	}
}
