//go:build !race

package ruletest

// raceEnabled says that the race detector is on.
const raceEnabled = false
