//go:build !unix

package main

import "io"

// divertStderr leaves standard error where it is: a program that was given it
// before the dashboard began keeps it here.
func divertStderr(io.Writer) (*diversion, error) { return undiverted(), nil }
