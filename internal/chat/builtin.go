package chat

import (
	"fmt"
	"slices"
	"strings"
)

// TemplateNames returns the names of the built-in templates.
func TemplateNames() []string { return []string{"plain", "llama-3", "llama-2", "raw"} }

// BuiltIn returns the built-in template with the name.
func BuiltIn(name string) (Template, bool) {
	switch name {
	case "plain":
		return Template{Name: name, stops: []string{"\nUser:"}, write: writePlain}, true
	case "llama-3":
		return Template{
			Name:  name,
			stops: []string{"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|start_header_id|>"},
			write: writeLlama3,
		}, true
	case "llama-2":
		return Template{Name: name, stops: []string{"[INST]", "</s>", "<<SYS>>"}, write: writeLlama2}, true
	case "raw":
		return Template{Name: name}, true
	}
	return Template{}, false
}

// TemplateNamed returns the built-in template with the name, or an error that
// says which ones there are.
func TemplateNamed(name string) (Template, error) {
	if t, ok := BuiltIn(name); ok {
		return t, nil
	}
	names := TemplateNames()
	last := len(names) - 1
	return Template{}, fmt.Errorf("there is no chat template %q; there are %s and %s", name, strings.Join(names[:last], ", "), names[last])
}

// writePlain is a conversation as a person would write it down.
func writePlain(b *strings.Builder, c conversation) error {
	if c.System != "" {
		write(b, c.System, "\n\n")
	}
	for _, t := range c.Turns {
		write(b, "User: ", t.User, "\nAssistant: ", t.Answer, "\n")
	}
	write(b, "User: ", c.User, "\nAssistant:")
	return nil
}

// writeLlama3 is the layout that Llama 3 was tuned on, as far as it can be
// written as text.
func writeLlama3(b *strings.Builder, c conversation) error {
	message := func(role, text string) {
		write(b, "<|start_header_id|>", role, "<|end_header_id|>\n\n", text, "<|eot_id|>")
	}
	if c.System != "" {
		message("system", c.System)
	}
	for _, t := range c.Turns {
		message("user", t.User)
		message("assistant", t.Answer)
	}
	message("user", c.User)
	write(b, "<|start_header_id|>assistant<|end_header_id|>\n\n")
	return nil
}

// writeLlama2 is the layout that Llama 2 Chat was tuned on. Between turns it
// has an end and a beginning of text there, which are tokens without a
// spelling.
func writeLlama2(b *strings.Builder, c conversation) error {
	turns := append(slices.Clone(c.Turns), exchange{User: c.User})
	for i, t := range turns {
		write(b, "[INST] ")
		if i == 0 && c.System != "" {
			write(b, "<<SYS>>\n", c.System, "\n<</SYS>>\n\n")
		}
		write(b, t.User, " [/INST]")
		if i < len(turns)-1 {
			write(b, " ", t.Answer, " ")
		}
	}
	return nil
}

func write(b *strings.Builder, parts ...string) {
	for _, part := range parts {
		b.WriteString(part)
	}
}
