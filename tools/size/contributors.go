package main

import (
	"cmp"
	"debug/elf"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// part is what one package, or the linker, adds to an executable file.
type part struct {
	name string
	size uint64
}

// contributors are the parts of an ELF executable with symbols, largest first.
// Memory that takes no room in the file is not counted. What the linker lays
// out for the whole program, without a symbol for each package, stands in
// brackets.
func contributors(path string) ([]part, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the symbols: %w", err)
	}
	defer func() { _ = file.Close() }()
	symbols, err := file.Symbols()
	if err != nil {
		return nil, fmt.Errorf("reading the symbols of %s: %w", path, err)
	}
	sizes := map[string]uint64{}
	named := map[elf.SectionIndex]uint64{}
	for _, symbol := range symbols {
		if int(symbol.Section) >= len(file.Sections) || !inFile(file.Sections[symbol.Section]) || spansOthers(symbol.Name) {
			continue
		}
		sizes[owner(symbol.Name)] += symbol.Size
		named[symbol.Section] += symbol.Size
	}
	for i, section := range file.Sections {
		if rest := section.Size - min(section.Size, named[elf.SectionIndex(i)]); inFile(section) && rest > 0 {
			sizes["["+section.Name+" without symbols]"] += rest
		}
	}
	parts := make([]part, 0, len(sizes))
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		parts = append(parts, part{name: name, size: sizes[name]})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.size, a.size) })
	return parts, nil
}

// inFile says that a section is loaded from the file; debug sections are not
// in a release, and zeroed memory is in no file.
func inFile(s *elf.Section) bool {
	return s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS
}

// spansOthers names symbols that mark a range of other symbols, which would
// count twice.
func spansOthers(symbol string) bool {
	switch symbol {
	case "type:*", "go:string.*", "go:func.*", "runtime.types", "runtime.etypes", "runtime.text", "runtime.etext":
		return true
	}
	return false
}

// owner is the package that a symbol belongs to.
func owner(symbol string) string {
	for _, generated := range []struct{ prefix, name string }{
		{"type:", "[types]"},
		{"go:string.", "[strings]"},
		{"go:itab.", "[interface tables]"},
		{"go:", "[go: symbols]"},
		{"gclocals", "[stack maps]"},
	} {
		if strings.HasPrefix(symbol, generated.prefix) {
			return generated.name
		}
	}
	// Type arguments hold paths of other packages.
	name, _, _ := strings.Cut(symbol, "[")
	slash := strings.LastIndex(name, "/") + 1
	dot := strings.Index(name[slash:], ".")
	if dot < 0 {
		return "[other symbols]"
	}
	return strings.ReplaceAll(name[:slash+dot], "%2e", ".")
}
