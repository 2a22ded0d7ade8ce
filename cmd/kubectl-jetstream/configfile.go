package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// layer holds what one place configures: a variable each, the file, or the file's
// part for one context.
type layer map[string]entry

// entry is a configured value with where it stands.
type entry struct {
	text string
	from origin
}

// origin is a line of the file, or a variable; the zero origin is this program.
type origin struct {
	file     string
	line     int
	variable string
}

func (o origin) String() string {
	switch {
	case o.variable != "":
		return o.variable
	case o.file != "":
		return o.file + ":" + strconv.Itoa(o.line)
	default:
		return "built-in"
	}
}

// contextsKey holds what differs for the contexts of the kubeconfig.
const contextsKey = "contexts"

// maxConfigFile bounds the file, in bytes.
const maxConfigFile = 1 << 20

// configFile is a parsed file: what it says for every context, and for some.
type configFile struct {
	everywhere layer
	contexts   map[string]layer
}

// fileParser reads one file. It goes on after a mistake, so that all of them are
// told together; what is wrong is not configured.
type fileParser struct {
	path     string
	settings []setting
	wrong    []error
}

// parseConfigFile reads the text of a file. Each error names file and line.
func parseConfigFile(path string, text []byte, settings []setting) (configFile, []error) {
	p := &fileParser{path: path, settings: settings}
	out := configFile{everywhere: layer{}, contexts: map[string]layer{}}
	if len(text) > maxConfigFile {
		return out, []error{fmt.Errorf("%s is larger than %d bytes, which no configuration is", path, maxConfigFile)}
	}
	root := p.document(text)
	if root == nil {
		return out, p.wrong
	}
	var contexts *yaml.Node
	out.everywhere = p.layer(root, nil, func(value *yaml.Node) { contexts = value })
	if contexts != nil {
		p.each(contexts, "a context of the kubeconfig", func(name, value *yaml.Node) {
			out.contexts[name.Value] = p.layer(value, out.everywhere, nil)
		})
	}
	return out, p.wrong
}

// document is the mapping that the file consists of; nil if it is empty or wrong.
func (p *fileParser) document(text []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		p.syntax(err)
		return nil
	}
	if err := decoder.Decode(&more); err == nil {
		p.wrongf(&more, "a second document begins; there is one in a configuration")
	} else if !errors.Is(err, io.EOF) {
		p.syntax(err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil
	}
	return doc.Content[0]
}

// syntax tells of a text that is no YAML; the library names the line within its
// message.
func (p *fileParser) syntax(err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if line, what, ok := strings.Cut(rest, ": "); ok {
			p.wrong = append(p.wrong, fmt.Errorf("%s:%s: %s", p.path, line, what))
			return
		}
	}
	p.wrong = append(p.wrong, fmt.Errorf("%s: %s", p.path, message))
}

func (p *fileParser) wrongf(at *yaml.Node, format string, args ...any) {
	p.wrong = append(p.wrong, fmt.Errorf("%s:%d: %s", p.path, at.Line, fmt.Sprintf(format, args...)))
}

// each visits the entries of a mapping, each key once.
func (p *fileParser) each(node *yaml.Node, key string, visit func(key, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		p.wrongf(node, "this is not a list of %s: value", key)
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		switch first := seen[name.Value]; {
		case name.Kind != yaml.ScalarNode:
			p.wrongf(name, "this is not %s", key)
		case first > 0:
			p.wrongf(name, "%q stands on line %d already", name.Value, first)
		default:
			seen[name.Value] = name.Line
			visit(name, value)
		}
	}
}

// layer reads settings. below are those that hold where this layer says nothing;
// inner takes what differs for contexts, which a context itself does not have.
func (p *fileParser) layer(node *yaml.Node, below layer, inner func(*yaml.Node)) layer {
	out := layer{}
	p.each(node, "a setting", func(name, value *yaml.Node) {
		if name.Value == contextsKey && inner != nil {
			inner(value)
			return
		}
		s := settingNamed(p.settings, name.Value)
		if s == nil {
			p.unknown(name, inner != nil)
			return
		}
		text, err := textOf(value, s)
		if err != nil {
			p.wrongf(value, "%s %v", s.name, err)
			return
		}
		out[s.name] = entry{text: text, from: origin{file: p.path, line: name.Line}}
	})
	p.wrong = append(p.wrong, checkLayer(out, below, p.settings)...)
	return out
}

// unknown tells of a key that does not exist, with the one that was meant.
func (p *fileParser) unknown(key *yaml.Node, outermost bool) {
	var names []string
	for i := range p.settings {
		names = append(names, p.settings[i].name)
	}
	if outermost {
		names = append(names, contextsKey)
	}
	hint := ""
	if near := nearest(key.Value, names); near != "" {
		hint = "; did you mean " + near + "?"
	}
	p.wrongf(key, "unknown setting %q%s", key.Value, hint)
}

// textOf is the text of a value: of one word, or of several where the setting is a
// list, as its flag takes them.
func textOf(value *yaml.Node, s *setting) (string, error) {
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag == "!!null":
		return "", errors.New(`has no value; write "" if there shall be none`)
	case value.Kind == yaml.ScalarNode:
		return value.Value, nil
	case value.Kind == yaml.SequenceNode && slices.Contains(listKinds, s.kind):
		parts := make([]string, len(value.Content))
		for i, part := range value.Content {
			if part.Kind != yaml.ScalarNode {
				return "", errors.New("has a part that is not a single value")
			}
			parts[i] = part.Value
		}
		return strings.Join(parts, ","), nil
	default:
		return "", fmt.Errorf("is not a single value; write it as on the command line")
	}
}

// listKinds are the kinds of settings that are lists.
var listKinds = []string{string(deploy.TypeLabels), string(deploy.TypeTolerations), string(deploy.TypeImages)}

// settingNamed is the setting of a name, or nil.
func settingNamed(settings []setting, name string) *setting {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return &settings[i]
}

// checkLayer checks the values of a layer and takes away those that are wrong. A
// parameter for a profile of the person's own, which may take other values than
// the built-in ones, is checked when it is used.
func checkLayer(l, below layer, settings []setting) []error {
	profile, ok := l[settingProfile]
	if !ok {
		profile = below[settingProfile]
	}
	own := filepath.IsAbs(profile.text)
	var wrong []error
	for i := range settings {
		s := &settings[i]
		e, ok := l[s.name]
		if !ok || e.text == "" && s.value || own && s.value && s.name != settingProfile {
			continue
		}
		if err := s.check(e.text); err != nil {
			wrong = append(wrong, wrongValue(s, e, err))
			delete(l, s.name)
		}
	}
	return wrong
}

// wrongValue says where a wrong value stands and what is wrong with it.
func wrongValue(s *setting, e entry, err error) error {
	what := fmt.Sprintf("%s: %s %q ", e.from, s.name, e.text)
	var invalid *deploy.ValidationError
	if !errors.As(err, &invalid) {
		return errors.New(what + err.Error())
	}
	first := invalid.Problems[0]
	what += "is wrong: " + first.Message
	if first.Remedy != "" {
		what += "; " + first.Remedy
	}
	return errors.New(what)
}
