package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// The parts of an SPDX 2.3 document that say what an executable is made of.
type (
	spdxDocument struct {
		Version       string             `json:"spdxVersion"`
		DataLicense   string             `json:"dataLicense"`
		ID            string             `json:"SPDXID"`
		Name          string             `json:"name"`
		Namespace     string             `json:"documentNamespace"`
		Creation      spdxCreation       `json:"creationInfo"`
		Packages      []spdxPackage      `json:"packages"`
		Relationships []spdxRelationship `json:"relationships"`
	}
	spdxCreation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	spdxPackage struct {
		ID            string          `json:"SPDXID"`
		Name          string          `json:"name"`
		Version       string          `json:"versionInfo"`
		File          string          `json:"packageFileName,omitempty"`
		Download      string          `json:"downloadLocation"`
		FilesAnalyzed bool            `json:"filesAnalyzed"`
		Concluded     string          `json:"licenseConcluded"`
		Declared      string          `json:"licenseDeclared"`
		Copyright     string          `json:"copyrightText"`
		Checksums     []spdxChecksum  `json:"checksums,omitempty"`
		References    []spdxReference `json:"externalRefs"`
		Purpose       string          `json:"primaryPackagePurpose"`
	}
	spdxChecksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	spdxReference struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	spdxRelationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

// notSaid is SPDX's word for what nobody looked into.
const notSaid = "NOASSERTION"

func billPath(archive string) string { return archive + ".spdx.json" }

// billOfMaterials lists what the linker put into an executable, as an SPDX
// document: the modules and the Go release that it recorded there. The
// licenses of modules are not looked into.
func billOfMaterials(executable, version string, b build, at time.Time) ([]byte, error) {
	info, err := buildinfo.ReadFile(executable)
	if err != nil {
		return nil, fmt.Errorf("reading what %s is made of: %w", filepath.Base(executable), err)
	}
	file := filepath.Base(b.archive)
	plugin := spdxPackage{
		ID: "SPDXRef-plugin", Name: info.Main.Path, Version: version, File: file,
		Download: archiveURL(version, b.platform), Concluded: "Apache-2.0", Declared: "Apache-2.0", Copyright: notSaid,
		Checksums:  []spdxChecksum{{Algorithm: "SHA256", Value: b.digest}},
		References: []spdxReference{golang(info.Main.Path, version)},
		Purpose:    "APPLICATION",
	}
	release := strings.TrimPrefix(info.GoVersion, "go")
	packages := []spdxPackage{plugin, {
		ID: "SPDXRef-go", Name: "stdlib", Version: release,
		Download: notSaid, Concluded: notSaid, Declared: "BSD-3-Clause", Copyright: notSaid,
		References: []spdxReference{golang("stdlib", release)},
		Purpose:    "LIBRARY",
	}}
	for i, module := range info.Deps {
		packages = append(packages, library(fmt.Sprintf("SPDXRef-module-%d", i+1), module))
	}
	relationships := []spdxRelationship{{Element: "SPDXRef-DOCUMENT", Type: "DESCRIBES", Related: plugin.ID}}
	for _, p := range packages[1:] {
		relationships = append(relationships, spdxRelationship{Element: plugin.ID, Type: "CONTAINS", Related: p.ID})
	}
	bill, err := json.MarshalIndent(spdxDocument{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: "SPDXRef-DOCUMENT",
		Name: file,
		// Names the document; it need not be an address. The digest makes it one of a kind.
		Namespace:     archiveURL(version, b.platform) + ".spdx.json/" + b.digest,
		Creation:      spdxCreation{Created: at.Format(time.RFC3339), Creators: []string{"Tool: kubectl-jetstream-release"}},
		Packages:      packages,
		Relationships: relationships,
	}, "", "  ")
	return append(bill, '\n'), err
}

func library(id string, module *debug.Module) spdxPackage {
	if module.Replace != nil {
		module = module.Replace
	}
	return spdxPackage{
		ID: id, Name: module.Path, Version: module.Version,
		Download: notSaid, Concluded: notSaid, Declared: notSaid, Copyright: notSaid,
		References: []spdxReference{golang(module.Path, module.Version)},
		Purpose:    "LIBRARY",
	}
}

// golang refers to a module by its package URL, in which a vulnerability
// database knows it.
func golang(path, version string) spdxReference {
	return spdxReference{
		Category: "PACKAGE-MANAGER", Type: "purl",
		Locator: "pkg:golang/" + strings.ToLower(path) + "@" + strings.ReplaceAll(version, "+", "%2B"),
	}
}
