package shell

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
)

// prompt asks for a line on a terminal.
const prompt = "$ "

// sh runs a script given with -c, or the lines of its input. It knows words, quotes,
// $NAME, comments, exit, and the separators ; && || and newline.
func (s *Shell) sh(ctx context.Context, args []string, streams Streams) int {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if strings.HasSuffix(args[0], "c") && len(args) > 1 {
			code, _ := s.script(ctx, args[1], streams)
			return code
		}
		args = args[1:]
	}
	if len(args) > 0 {
		return complain(streams, exitNotFound, "sh: 0: cannot open %s: No such file", args[0])
	}
	code := 0
	input := bufio.NewScanner(untilDone{ctx, streams.In})
	_, interactive := streams.In.(*lines)
	for {
		if interactive {
			if _, err := io.WriteString(streams.Err, prompt); err != nil {
				return exitFailure
			}
		}
		if !input.Scan() {
			return code
		}
		var exited bool
		if code, exited = s.script(ctx, input.Text(), streams); exited {
			return code
		}
	}
}

// script runs one script and tells whether it asked to exit.
func (s *Shell) script(ctx context.Context, text string, streams Streams) (code int, exited bool) {
	commands, err := parse(text, s.Process.Env)
	if err != nil {
		return complain(streams, exitUsage, "sh: 1: %s", err), false
	}
	for _, c := range commands {
		if c.after == "&&" && code != 0 || c.after == "||" && code == 0 {
			continue
		}
		if c.words[0] == "exit" {
			if len(c.words) > 1 {
				code, _ = strconv.Atoi(c.words[1])
			}
			return code & 0xff, true
		}
		if code, err = s.Run(ctx, c.words, streams); err != nil {
			code = complain(streams, exitNotFound, "sh: 1: %s: not found", c.words[0])
		}
		if ctx.Err() != nil {
			return exitKilled, true
		}
	}
	return code, false
}

// command is one simple command and the separator before it.
type command struct {
	after string
	words []string
}

var (
	errQuote       = errors.New("syntax error: unterminated quoted string")
	errUnsupported = errors.New("the simulated shell knows no pipes, redirections or background jobs")
)

// parse splits a script into simple commands.
func parse(text string, env map[string]string) ([]command, error) {
	var commands []command
	current := command{after: ";"}
	var word strings.Builder
	inWord := false
	endWord := func() {
		if inWord {
			current.words = append(current.words, word.String())
		}
		word.Reset()
		inWord = false
	}
	endCommand := func(separator string) {
		endWord()
		if len(current.words) > 0 {
			commands = append(commands, current)
		}
		current = command{after: separator}
	}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			endWord()
			i++
		case c == '\n' || c == ';':
			endCommand(";")
			i++
		case strings.HasPrefix(text[i:], "&&") || strings.HasPrefix(text[i:], "||"):
			endCommand(text[i : i+2])
			i += 2
		case strings.ContainsRune("|&<>`()", rune(c)):
			return nil, errUnsupported
		case c == '#' && !inWord:
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				end = len(text) - i
			}
			i += end
		case c == '\\' && i+1 < len(text):
			word.WriteByte(text[i+1])
			inWord = true
			i += 2
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return nil, errQuote
			}
			word.WriteString(text[i+1 : i+1+end])
			inWord = true
			i += end + 2
		case c == '"':
			used, err := doubleQuoted(text[i+1:], env, &word)
			if err != nil {
				return nil, err
			}
			inWord = true
			i += used + 1
		case c == '$':
			value, used := variable(text[i:], env)
			word.WriteString(value)
			inWord = inWord || value != ""
			i += used
		default:
			word.WriteByte(c)
			inWord = true
			i++
		}
	}
	endCommand(";")
	return commands, nil
}

// doubleQuoted reads to the closing quote and returns how much that was.
func doubleQuoted(text string, env map[string]string, to *strings.Builder) (used int, err error) {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\' && i+1 < len(text) && strings.ContainsRune("\"\\$`", rune(text[i+1])):
			to.WriteByte(text[i+1])
			i += 2
		case c == '`':
			return 0, errUnsupported
		case c == '$':
			value, n := variable(text[i:], env)
			to.WriteString(value)
			i += n
		default:
			to.WriteByte(c)
			i++
		}
	}
	return 0, errQuote
}

// variable reads $NAME or ${NAME} at the start of text; a $ before anything else is
// itself.
func variable(text string, env map[string]string) (value string, used int) {
	if name, ok := strings.CutPrefix(text, "${"); ok {
		if name, _, closed := strings.Cut(name, "}"); closed {
			return env[name], len(name) + 3
		}
		return "$", 1
	}
	end := 1
	for end < len(text) && (text[end] == '_' || isLetter(text[end]) || end > 1 && isDigit(text[end])) {
		end++
	}
	if end == 1 {
		return "$", 1
	}
	return env[text[1:end]], end
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
