// Package picture draws the screens of a terminal as SVG, one by one or in motion.
//
// A picture is made of cells, not of bytes: each stands where it stands on the
// terminal whatever font there is, and lines meet. Equal screens make equal pictures.
package picture

import (
	uv "github.com/charmbracelet/ultraviolet"
)

// Screen is the cells of a terminal at one time.
type Screen struct {
	width, height int
	cells         uv.ScreenBuffer
}

// Emulator is a terminal that a picture is taken of.
type Emulator interface {
	Width() int
	Height() int
	Draw(to uv.Screen, area uv.Rectangle)
	CursorPosition() uv.Position
	CursorHidden() bool
}

// Take returns what a terminal shows, with its cursor as a block.
func Take(e Emulator) Screen {
	s := Screen{width: e.Width(), height: e.Height(), cells: uv.NewScreenBuffer(e.Width(), e.Height())}
	e.Draw(s.cells, s.cells.Bounds())
	if !e.CursorHidden() {
		at := e.CursorPosition()
		if c := s.cells.CellAt(at.X, at.Y); c != nil {
			c = c.Clone()
			c.Style.Attrs ^= uv.AttrReverse
			s.cells.SetCell(at.X, at.Y, c)
		}
	}
	return s
}
