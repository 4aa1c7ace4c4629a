//go:build !race

package alert_test

// raceEnabled says that the race detector is on.
const raceEnabled = false
