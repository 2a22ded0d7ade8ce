// Package world holds what the simulated containers meet but do not own: time,
// chance, object storage, the image registry's refusals, the memory of the
// accelerators, and the faults that a scenario has put into them.
//
// A container never asks which scenario runs. It asks the world for a checkpoint, a
// bandwidth or the memory of a chip, and fails as the real program does when the
// answer is bad. All methods are safe for concurrent use.
package world
