package prove

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// A document is what encoding/json takes for one.
func TestDocument(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	pieces := []string{"{", "}", "[", "]", ",", ":", `"a"`, `"`, `\\`, `\"`, `\u00e9`, `\x`, "0", "-1", "2.5", "1e3", "1E-", "01", "true", "fals", "null", " ", "\n", "\x01", "é", `{"a":[`, `]}`, `{"a":{"b":`}
	valid := 0
	for range 100_000 {
		var b strings.Builder
		for range 1 + random.IntN(7) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		text := b.String()
		d, state := newDocument(), 0
		for _, r := range text {
			if state = d.follow(state, 0, r); d.lost(state) {
				break
			}
		}
		want := json.Valid([]byte(text))
		if want {
			valid++
		}
		if got := !d.lost(state) && d.ends(state); got != want {
			t.Errorf("%q is a document: %t, want %t", text, got, want)
		}
	}
	if valid < 1_000 {
		t.Errorf("only %d documents", valid)
	}
	d, state := newDocument(), 0
	for range maxDepth + 1 {
		state = d.follow(state, 0, '[')
	}
	if !d.lost(state) {
		t.Errorf("%d lists in each other are read", maxDepth+1)
	}
}
