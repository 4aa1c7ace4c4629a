package runtime

import "fmt"

// Level is the severity that a Sigma rule states in its level attribute
// (Sigma specification 2.1.0, section Level). Levels are ordered.
type Level uint8

// The levels of the Sigma specification, least severe first. The zero Level is
// none of them.
const (
	Informational Level = iota + 1
	Low
	Medium
	High
	Critical
)

var levelNames = [...]string{"", "informational", "low", "medium", "high", "critical"}

// String returns the name that the Sigma specification gives the level, and ""
// for the zero Level.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// ParseLevel returns the level of that name, as the Sigma specification writes
// it (lower case).
func ParseLevel(name string) (Level, error) {
	for l := Informational; l <= Critical; l++ {
		if levelNames[l] == name {
			return l, nil
		}
	}
	return 0, fmt.Errorf("unknown level %q: use informational, low, medium, high or critical", name)
}

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) {
	if l < Informational || l > Critical {
		return nil, fmt.Errorf("level %d has no name", uint8(l))
	}
	return []byte(levelNames[l]), nil
}

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(text []byte) error {
	parsed, err := ParseLevel(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}
