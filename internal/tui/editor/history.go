package editor

// history are the texts before this one.
type history struct {
	texts []string
	place int    // of the text that is shown; len(texts) is the draft
	draft string // what was being written
}

// maxHistory bounds the texts that are kept.
const maxHistory = 200

// Remember adds a text to the history.
func (e *Editor) Remember(text string) {
	if n := len(e.texts); text != "" && (n == 0 || e.texts[n-1] != text) {
		e.texts = append(e.texts, text)
	}
	e.texts = e.texts[max(len(e.texts)-maxHistory, 0):]
	e.leaveHistory()
}

func (e *Editor) leaveHistory() { e.place, e.draft = len(e.texts), "" }

// up moves to the row above. Above the first one is the text before.
func (e *Editor) up() {
	if e.moveRow(-1) || e.place == 0 {
		return
	}
	if e.place == len(e.texts) {
		e.draft = e.Value()
	}
	e.recall(e.place - 1)
}

// down moves to the row below. Below the last one is the text after.
func (e *Editor) down() {
	if !e.moveRow(1) && e.place < len(e.texts) {
		e.recall(e.place + 1)
	}
}

func (e *Editor) recall(place int) {
	draft := e.draft
	text := draft
	if place < len(e.texts) {
		text = e.texts[place]
	}
	e.set(text)
	if place < len(e.texts) {
		e.place, e.draft = place, draft
	}
}
