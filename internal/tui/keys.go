package tui

import (
	"charm.land/bubbles/v2/key"
)

// KeyMap are the keys of the program itself. Those of a pane are the pane's
// own. Single letters act only while no input takes text.
type KeyMap struct {
	Help, Next, Previous, Number key.Binding
	Zoom                         key.Binding
	Logs, Events                 key.Binding
	YAML, Detail, Copy           key.Binding
	Act                          key.Binding
	Mouse, Redraw                key.Binding
	Quit, Interrupt, Suspend     key.Binding
}

// DefaultKeyMap returns the keys that people know from k9s and less.
func DefaultKeyMap() KeyMap {
	bind := func(help, desc string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
	}
	return KeyMap{
		Help:      bind("?", "help", "?"),
		Next:      bind("tab", "next pane", "tab"),
		Previous:  bind("shift+tab", "previous pane", "shift+tab"),
		Number:    bind("1-5", "go to a pane", "1", "2", "3", "4", "5"),
		Zoom:      bind("z ctrl+o", "only this pane, and back", "z", "ctrl+o"),
		Logs:      bind("l", "logs of the selected container", "l"),
		Events:    bind("e", "events and what is wrong", "e"),
		YAML:      bind("y", "YAML of the selected pod, or of the deployment", "y"),
		Detail:    bind("d", "details of the selected pod or container", "d"),
		Copy:      bind("c", "copy (OSC 52): a line, a name, or a remedy", "c"),
		Act:       bind("a", "actions: delete a group, restart, scale, down", "a"),
		Mouse:     bind("m", "mouse on or off; off, the terminal selects text", "m"),
		Redraw:    bind("ctrl+l", "draw the screen anew", "ctrl+l"),
		Quit:      bind("q", "leave; the deployment keeps running", "q"),
		Interrupt: bind("ctrl+c", "stop the answer; clear the prompt; leave", "ctrl+c"),
		Suspend:   bind("ctrl+z", "suspend to the shell", "ctrl+z"),
	}
}

// Bindings returns the keys in the order of help. Without permission to change
// anything the actions are left out.
func (k KeyMap) Bindings(readOnly bool) []key.Binding {
	all := []key.Binding{
		k.Help, k.Next, k.Previous, k.Number, k.Zoom, k.Logs, k.Events, k.YAML, k.Detail, k.Copy,
	}
	if !readOnly {
		all = append(all, k.Act)
	}
	return append(all, k.Mouse, k.Redraw, k.Quit, k.Interrupt, k.Suspend)
}
