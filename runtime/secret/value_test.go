package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestValueStaysHidden prints, logs and marshals a Value in every way that code
// meets by accident.
func TestValueStaysHidden(t *testing.T) {
	const text = "xoxb-hunter2"
	v := NewValue(text)
	hidden := struct{ inner Value }{v}
	exported := struct{ Inner Value }{v}
	setting := Literal("NAME", text)

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %[1]v", "%10.3s"} {
		for name, value := range map[string]any{
			"the value": v, "a pointer to it": &v, "an unexported field": hidden, "a pointer to a struct": &hidden,
			"an exported field": exported, "a slice": []Value{v}, "a map": map[string]Value{"k": v}, "the setting": setting,
			"an error": errors.New(fmt.Sprint(v)),
		} {
			if got := fmt.Sprintf(verb, value); reveals(got, text) {
				t.Errorf("%s of %s shows the secret: %s", verb, name, got)
			}
		}
	}

	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("line", "value", v, "pointer", &v, "struct", hidden, "exported", exported, "setting", setting, "any", slog.AnyValue(v))
	}
	if reveals(log.String(), text) {
		t.Errorf("a log shows the secret: %s", &log)
	}
	if !strings.Contains(log.String(), `"value":"[secret]"`) {
		t.Errorf("a log does not say that there is a secret: %s", &log)
	}

	for name, value := range map[string]any{"the value": v, "a field": exported, "a key": map[string]any{"k": v}, "the setting": setting} {
		got, err := json.Marshal(value)
		if err != nil || reveals(string(got), text) {
			t.Errorf("JSON of %s shows the secret: %s, %v", name, got, err)
		}
	}
	if got := v.Reveal(); got != text {
		t.Errorf("Reveal returns %q, want %q", got, text)
	}
	if got := (Value{}).Reveal(); got != "" {
		t.Errorf("Reveal of the zero Value returns %q", got)
	}
}

// reveals reports whether a printed text holds the secret as text or in
// hexadecimal.
func reveals(printed, text string) bool {
	printed = strings.ToLower(printed)
	return strings.Contains(printed, text) || strings.Contains(printed, fmt.Sprintf("%x", text)) || strings.Contains(printed, "hunter")
}
