//go:build race

package alert_test

// raceEnabled: the race detector makes SQLite, which is translated from C, slow.
const raceEnabled = true
