package analyzer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// message is a finding as SQS takes it.
type message struct {
	id   string // Finding.ID, to name it in errors
	body string
}

// newMessage writes a finding as a message of at most maxBytes. A finding is
// never dropped for what its record holds: the record is trimmed when it does
// not fit, and if that is not enough, what the finding repeats of it and of the
// rule for people is left out. What decisions read stays. The message is a copy;
// the record may change afterwards.
func newMessage(f alert.Finding) (message, error) {
	f.Trim(maxBytes)
	body, err := encode(f)
	for _, shorten := range []func(*alert.Finding, int){
		func(f *alert.Finding, tooMany int) { f.Trim(max(0, len(f.Raw)-tooMany)) },
		func(f *alert.Finding, _ int) { f.Trim(0) },
		func(f *alert.Finding, _ int) { withoutTexts(f) },
	} {
		if err != nil || len(body) <= maxBytes {
			break
		}
		shorten(&f, len(body)-maxBytes)
		body, err = encode(f)
	}
	if err == nil && len(body) > maxBytes {
		err = fmt.Errorf("%d bytes without the record, the queue takes %d", len(body), maxBytes)
	}
	if err != nil {
		return message{}, fmt.Errorf("finding of rule %s on record %d: %w", f.Rule.Key, f.Location.Record, err)
	}
	return message{id: clip(f.ID()), body: string(body)}, nil
}

// withoutTexts leaves out what a finding holds for people alone.
func withoutTexts(f *alert.Finding) {
	f.Rule.Description, f.Rule.Condition, f.Rule.References, f.Rule.FalsePositives = "", "", nil, nil
	f.Searches = slices.Clone(f.Searches)
	for i := range f.Searches {
		f.Searches[i].Fields = []alert.Field{}
	}
}

// encode writes a finding as JSON that SQS takes: it refuses the code points
// U+FFFE and U+FFFF and what is not UTF-8, all of which a record may hold. An
// attacker who can set a user agent must not be able to keep a finding from
// being sent.
func encode(f alert.Finding) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // < takes one byte, not six
	if err := encoder.Encode(f); err != nil {
		return nil, err
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	// Such characters can only stand inside a JSON string, where an escape means the same.
	text = bytes.ReplaceAll(text, []byte("\uFFFE"), []byte(`\ufffe`))
	text = bytes.ReplaceAll(text, []byte("\uFFFF"), []byte(`\uffff`))
	return text, nil
}
