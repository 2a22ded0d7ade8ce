// Package cause names the reasons of failures from the lines that containers
// logged.
//
// What is known stands in one table (rules.go): a pattern, the containers in
// whose logs it means something, the cause, the remedy and whether waiting can
// heal it. Only documented messages are in it. A failure that no rule knows is
// reported as unknown together with the last lines that are not known noise;
// the package never guesses.
//
// The package is pure. A Matcher is immutable and safe for concurrent use.
package cause

// Fatality says whether waiting can heal a cause.
type Fatality int

const (
	// Heals means that the stack retries and may well succeed.
	Heals Fatality = iota
	// Repeats means that it may heal once; the same cause a second time will not.
	Repeats
	// Fatal means that every retry meets the same cause.
	Fatal
)

// Unknown is the code of a finding that no rule explains.
const Unknown = "unknown"

// Finding is a cause together with its evidence.
type Finding struct {
	// Code names the cause for programs, as "checkpoint-not-found".
	Code string
	// Summary says in one line what happened, with the values of the case.
	Summary string
	// Cause explains why, and Remedy what to do about it.
	Cause, Remedy string
	// Evidence holds the log lines that show it, oldest first.
	Evidence []string
	// Fatality says whether waiting can heal it.
	Fatality Fatality
	// Rank orders findings of one failure: the lowest is closest to the root.
	Rank int
}

// Ranks, from the root of a failure to its echoes.
const (
	// RankRoot: the message names what is wrong.
	RankRoot = 10
	// RankSymptom: the message names what broke, which something else broke.
	RankSymptom = 20
	// RankUnknown: a container ended and no message explains it. That is still
	// closer to the root than the echo of it in another container.
	RankUnknown = 25
	// RankEcho: the message follows from another container's end.
	RankEcho = 30
)
