// Package probe runs the probes of containers: when to ask, how to ask, and what a
// row of answers means.
//
// Run keeps the kubelet's timing: the first question when the initial delay is over,
// then one every period, counted from the start of the container; a verdict changes
// after as many equal answers as its threshold asks for.
package probe
