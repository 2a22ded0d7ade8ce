package styles

// Glyphs are the symbols of the screens. Each stands beside a word that says
// the same, and each is one cell wide.
type Glyphs struct {
	Done, Active, Pending, Failed, Stalled string
	Expanded, Collapsed                    string
	HostPending, HostRunning, HostReady    string
	Horizontal, Vertical                   string // lines between panes
	Cross, TeeDown, TeeUp                  string // where they meet
	Ellipsis                               string
	Approx                                 string // in front of an estimated time
	Dot                                    string // between the parts of a line
	Cursor                                 string // marks the selected row
	Bullet                                 string // in front of an item of a list
	Wrapped                                string // in front of what goes on from the row above
}

func glyphs(ascii bool) Glyphs {
	if ascii {
		return Glyphs{
			Done: "+", Active: "*", Pending: ".", Failed: "x", Stalled: "!",
			Expanded: "v", Collapsed: ">",
			HostPending: ".", HostRunning: "o", HostReady: "#",
			Horizontal: "-", Vertical: "|", Cross: "+", TeeDown: "+", TeeUp: "+",
			Ellipsis: "~", Approx: "~", Dot: "-", Cursor: ">",
			Bullet: "-", Wrapped: "\\",
		}
	}
	return Glyphs{
		Done: "✓", Active: "●", Pending: "·", Failed: "✗", Stalled: "!",
		Expanded: "▾", Collapsed: "▸",
		HostPending: "·", HostRunning: "○", HostReady: "●",
		Horizontal: "─", Vertical: "│", Cross: "┼", TeeDown: "┬", TeeUp: "┴",
		Ellipsis: "…", Approx: "≈", Dot: "·", Cursor: "▌",
		Bullet: "•", Wrapped: "↳",
	}
}
