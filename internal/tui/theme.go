package tui

// Theme is which colours are drawn. The zero Theme is ThemeAuto.
type Theme string

// The themes.
const (
	ThemeAuto  Theme = "auto"  // for the background that the terminal tells of
	ThemeDark  Theme = "dark"  // for a dark background
	ThemeLight Theme = "light" // for a light background
	ThemeNone  Theme = "none"  // without colours
)

// dark says whether to draw for a dark background, on a terminal that tells its
// own is.
func (t Theme) dark(told bool) bool {
	switch t {
	case ThemeDark:
		return true
	case ThemeLight:
		return false
	default:
		return told
	}
}
