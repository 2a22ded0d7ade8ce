package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/spdxlib"
)

// readBill reads a bill of materials by the SPDX project's own library.
func readBill(t *testing.T, path string) *v2_3.Document {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var document v2_3.Document
	if err := json.ReadInto(bytes.NewReader(content), &document); err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(&document); err != nil {
		t.Fatal(err)
	}
	return &document
}

// checkBill fails unless the bill beside an archive names the archive by its
// digest, and the modules given.
func checkBill(t *testing.T, b build, modules ...string) {
	t.Helper()
	document := readBill(t, billPath(b.archive))
	if document.SPDXVersion != "SPDX-2.3" || strings.Contains(document.DocumentNamespace, "#") {
		t.Errorf("version %q, namespace %q", document.SPDXVersion, document.DocumentNamespace)
	}
	var names []string
	for _, p := range document.Packages {
		names = append(names, p.PackageName)
		if len(p.PackageExternalReferences) != 1 || !strings.HasPrefix(p.PackageExternalReferences[0].Locator, "pkg:golang/") {
			t.Errorf("%s has no package URL", p.PackageName)
		}
	}
	for _, module := range append(modules, "stdlib") {
		if !slices.Contains(names, module) {
			t.Errorf("%s is not among %v", module, names)
		}
	}
	described := document.Packages[0]
	if len(described.PackageChecksums) != 1 || described.PackageChecksums[0].Value != b.digest {
		t.Errorf("checksums %v, want %s", described.PackageChecksums, b.digest)
	}
}
