// Package tui is the dashboard: one Bubble Tea program that chooses or deploys
// a deployment and shows it live.
//
// The Model is the only tea.Model. Panes are plain structs in packages below;
// messages are routed in one place (update.go), rectangles are computed by one
// pure function (layout.go), and View is a total function of the model. Update
// does no IO: whatever asks the outside world is a command that captures what
// it needs, runs beside the program, and comes back as a message with an
// identity, so that late answers to old questions are dropped.
//
// What the program needs of the outside world is the Backend. State comes as
// snapshots, of which only the newest counts; log lines lie in a logtail.Book,
// which the program reads at most some thirty times a second, however fast they
// arrive. Neither can be blocked by a slow terminal.
//
// Nothing but the program writes to the terminal while it runs. Run restores
// the terminal however the program ends.
package tui
