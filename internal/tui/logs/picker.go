package logs

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/key"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
)

// picker is the list from which a log is chosen.
type picker struct {
	choices []logtail.Stream
	at      int
}

func (p *Pane) openPicker() {
	choices := p.choices()
	p.picker = &picker{choices, slices.Index(choices, p.stream)}
}

func (p *Pane) pickerKey(k tea.KeyPressMsg) bool {
	last := len(p.picker.choices) - 1
	move := func(d int) { p.picker.at = min(max(p.picker.at+d, 0), last) }
	m := p.keys
	switch {
	case k.String() == "enter":
		p.Show(p.picker.choices[p.picker.at])
	case k.String() == "esc", key.Matches(k, m.Pick):
		p.picker = nil
	case key.Matches(k, m.Up):
		move(-1)
	case key.Matches(k, m.Down):
		move(1)
	case key.Matches(k, m.PageUp, m.HalfUp):
		move(-max(p.h-1, 1))
	case key.Matches(k, m.PageDown, m.HalfDown):
		move(max(p.h-1, 1))
	case key.Matches(k, m.Start):
		move(-last)
	case key.Matches(k, m.End):
		move(last)
	default:
		return false
	}
	return true
}

// pickerView is the list with the row of the choice on the screen.
func (p *Pane) pickerView() string {
	out := p.out[:0]
	top := min(max(p.picker.at-p.h/2, 0), max(len(p.picker.choices)-p.h, 0))
	for i := top; i < len(p.picker.choices) && i < top+p.h; i++ {
		if i > top {
			out = append(out, '\n')
		}
		name := p.name(p.picker.choices[i])
		if p.picker.choices[i] == p.stream {
			name += " (shown)"
		}
		cursor, paint := " ", p.paints.text
		if i == p.picker.at {
			cursor, paint = p.styles.Glyphs.Cursor, p.paints.selected
		}
		out = paint.append(out, p.clip(cursor+name))
	}
	p.out = out
	return string(out)
}
