// Package secret holds the values that must not be shown: URLs that are keys,
// tokens, signing keys. They come from an environment variable, or from AWS
// Secrets Manager at first use.
package secret

import "log/slog"

// shown stands for a Value wherever one is printed.
const shown = "[secret]"

// A Value is a text that nothing shows by accident: printed with any verb,
// logged, or written as JSON or text, it is "[secret]". Only Reveal returns it.
type Value struct {
	// A pointer, since fmt reads the unexported fields of others without asking
	// their methods: of a pointer inside a struct it prints the address.
	text *string
}

// NewValue returns the Value that hides a text.
func NewValue(text string) Value { return Value{&text} }

// Reveal returns the text itself. What it is written to must be the one that the
// secret is for.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// String returns "[secret]".
func (v Value) String() string { return shown }

// GoString returns "[secret]".
func (v Value) GoString() string { return shown }

// LogValue returns "[secret]".
func (v Value) LogValue() slog.Value { return slog.StringValue(shown) }

// MarshalText writes "[secret]", also as JSON.
func (v Value) MarshalText() ([]byte, error) { return []byte(shown), nil }

// MarshalJSON writes "[secret]".
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + shown + `"`), nil }
