//go:build race

package main

// raceEnabled: the race detector makes everything slow, and allocate.
const raceEnabled = true
