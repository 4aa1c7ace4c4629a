//go:build race

package ruletest

// raceEnabled: under the race detector a sync.Pool drops what it holds at random,
// so that regular expressions allocate.
const raceEnabled = true
