package picture

// A dark terminal: its own two colours, and the sixteen that a person may choose. The
// dashboard names them by number.
const (
	background = "#16191d"
	foreground = "#d6d9de"
)

var palette = [16]string{
	"#16191d", "#e06c75", "#8cc379", "#e0b86a", "#5c9fe6", "#c084d6", "#56b6c2", "#b8bec8",
	"#6b7280", "#ff7b86", "#a5dc8f", "#f5cf84", "#7db8f7", "#d9a3ec", "#73d3de", "#ffffff",
}
