package chat

import (
	"fmt"
	"strings"
	"text/template/parse"
)

// layout is a parsed text/template, which it executes itself. Linking package
// text/template would cost half of the program's size again: it calls methods by
// names that are known at run time only, so the linker would have to keep every
// method of every type. A chat template needs none, and no functions either: text,
// fields of the dot and of $, strings, if, with, range, define and template.
type layout struct {
	trees map[string]*parse.Tree
	main  string
}

// maxTemplateDepth bounds templates that contain each other.
const maxTemplateDepth = 50

func parseLayout(name, text string) (layout, error) {
	trees, err := parse.Parse(name, text, "{{", "}}")
	if err != nil {
		return layout{}, err
	}
	return layout{trees: trees, main: name}, nil
}

func (l layout) execute(b *strings.Builder, dot any) error { return l.executeBlock(b, l.main, dot) }

func (l layout) has(block string) bool { return l.trees[block] != nil }

func (l layout) executeBlock(b *strings.Builder, block string, dot any) error {
	return l.within(b, block, dot, 0)
}

func (l layout) within(b *strings.Builder, block string, dot any, depth int) error {
	tree := l.trees[block]
	switch {
	case tree == nil:
		return fmt.Errorf("no block %q is defined", block)
	case depth > maxTemplateDepth:
		return fmt.Errorf("block %q exceeds the template depth of %d", block, maxTemplateDepth)
	}
	e := execution{layout: l, tree: tree, out: b, root: dot, depth: depth}
	return e.list(tree.Root, dot)
}

// execution is one use of a block; root is what the block was given, its $.
type execution struct {
	layout
	tree  *parse.Tree
	out   *strings.Builder
	root  any
	depth int
}

func (e execution) list(nodes *parse.ListNode, dot any) error {
	if nodes == nil {
		return nil
	}
	for _, node := range nodes.Nodes {
		if err := e.node(node, dot); err != nil {
			return err
		}
	}
	return nil
}

func (e execution) node(node parse.Node, dot any) error {
	switch n := node.(type) {
	case *parse.TextNode:
		e.out.Write(n.Text)
		return nil
	case *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		value, err := e.value(n.Pipe, dot)
		if err != nil {
			return err
		}
		text, ok := value.(string)
		if !ok {
			return e.refuse(n, "is no text")
		}
		e.out.WriteString(text)
		return nil
	case *parse.IfNode:
		return e.branch(&n.BranchNode, dot, func(any) error { return e.list(n.List, dot) })
	case *parse.WithNode:
		return e.branch(&n.BranchNode, dot, func(value any) error { return e.list(n.List, value) })
	case *parse.RangeNode:
		return e.branch(&n.BranchNode, dot, func(value any) error {
			turns, ok := value.([]exchange)
			if !ok {
				return e.refuse(n.Pipe, "is no list; .Turns is one")
			}
			for _, turn := range turns {
				if err := e.list(n.List, turn); err != nil {
					return err
				}
			}
			return nil
		})
	case *parse.TemplateNode:
		var given any
		if n.Pipe != nil {
			value, err := e.value(n.Pipe, dot)
			if err != nil {
				return err
			}
			given = value
		}
		return e.within(e.out, n.Name, given, e.depth+1)
	}
	return e.refuse(node, "is not known to chat templates")
}

// branch does what stands under a condition that holds, else the else.
func (e execution) branch(n *parse.BranchNode, dot any, holds func(value any) error) error {
	value, err := e.value(n.Pipe, dot)
	if err != nil {
		return err
	}
	switch v := value.(type) {
	case nil:
		return e.list(n.ElseList, dot)
	case string:
		if v == "" {
			return e.list(n.ElseList, dot)
		}
	case []exchange:
		if len(v) == 0 {
			return e.list(n.ElseList, dot)
		}
	}
	return holds(value)
}

// value is what a pipeline of one operand stands for.
func (e execution) value(pipe *parse.PipeNode, dot any) (any, error) {
	if len(pipe.Decl) > 0 || len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 1 {
		return nil, e.refuse(pipe, "is more than one value; chat templates have no functions and no variables")
	}
	switch n := pipe.Cmds[0].Args[0].(type) {
	case *parse.DotNode:
		return dot, nil
	case *parse.StringNode:
		return n.Text, nil
	case *parse.FieldNode:
		return e.fields(n, dot, n.Ident)
	case *parse.VariableNode:
		// The parser refuses variables that are not declared, so this one is $.
		return e.fields(n, e.root, n.Ident[1:])
	}
	return nil, e.refuse(pipe, "is not known to chat templates")
}

func (e execution) fields(at parse.Node, of any, names []string) (any, error) {
	for _, name := range names {
		value, ok := field(of, name)
		if !ok {
			return nil, e.refuse(at, "does not exist here; there are .System, .Turns and .User, and .User and .Answer of a turn")
		}
		of = value
	}
	return of, nil
}

func field(of any, name string) (any, bool) {
	switch v := of.(type) {
	case conversation:
		switch name {
		case "System":
			return v.System, true
		case "Turns":
			return v.Turns, true
		case "User":
			return v.User, true
		}
	case exchange:
		switch name {
		case "User":
			return v.User, true
		case "Answer":
			return v.Answer, true
		}
	}
	return nil, false
}

// refuse says where in the template something cannot be.
func (e execution) refuse(node parse.Node, why string) error {
	place, what := e.tree.ErrorContext(node)
	return fmt.Errorf("%s: %s %s", place, what, why)
}
