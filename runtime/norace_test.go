//go:build !race

package runtime

// raceEnabled says that the race detector is on.
const raceEnabled = false
