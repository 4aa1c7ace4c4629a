package analyzer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// message is a finding as SQS takes it.
type message struct {
	id   string // Finding.ID, to name it in errors
	body string
}

// maxText is how much of a text is kept of a finding that is too large without
// its record.
const maxText = 1024

// newMessage writes a finding as a message of at most maxBytes. A finding is
// never dropped for what its record holds: the record is left out when it does
// not fit or is not valid JSON to the letter, and if that is not enough, the
// texts of a hostile or odd record are cut. The message is a copy; the record
// may change afterwards.
func newMessage(f alert.Finding) (message, error) {
	size := len(f.Raw)
	if !json.Valid(f.Raw) { // the parser of the rules is more lenient than this
		f.Raw = trimmed(size, "not valid JSON")
	}
	body, err := encode(f)
	if err == nil && len(body) > maxBytes {
		f.Raw = trimmed(size, "too large")
		body, err = encode(f)
	}
	if err == nil && len(body) > maxBytes {
		f = shortened(f)
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

// trimmed stands in the place of a record of n bytes that was left out.
func trimmed(n int, reason string) json.RawMessage {
	return fmt.Appendf(nil, `{"trimmed":true,"bytes":%d,"reason":%q}`, n, reason)
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

// shortened returns a finding with its texts cut to maxText. No field that AWS
// writes is that long. An event ID becomes its hash, so that findings stay
// apart, and the same finding keeps its identity.
func shortened(f alert.Finding) alert.Finding {
	if len(f.Event.ID) > maxText {
		sum := sha256.Sum256([]byte(f.Event.ID))
		f.Event.ID = hex.EncodeToString(sum[:])
	}
	e := &f.Event
	for _, text := range []*string{
		&e.Time, &e.Source, &e.Name, &e.AccountID, &e.Region, &e.Actor, &e.IssuerARN, &e.ActorName, &e.SourceIP, &e.UserAgent, &e.ErrorCode,
		&f.Rule.Description,
	} {
		if len(*text) > maxText {
			*text = strings.ToValidUTF8((*text)[:maxText], "") + "…"
		}
	}
	f.Rule.References, f.Rule.FalsePositives = nil, nil
	return f
}
