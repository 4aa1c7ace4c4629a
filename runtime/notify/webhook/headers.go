package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/secret"
)

// reserved are the headers that a configuration must not set, in their canonical
// form: those of the connection, and our own.
var reserved = map[string]bool{
	"Host": true, "Content-Length": true, "Connection": true, "Transfer-Encoding": true, "Te": true, "Trailer": true, "Upgrade": true, "Expect": true,
	idempotencyHeader: true, signatureHeader: true,
}

// parseHeaders reads a JSON object of header names and values. The error shows
// nothing of them but the name of a reserved header: people put values where
// names belong.
func parseHeaders(text secret.Value) (map[string]string, error) {
	var members map[string]string
	if json.Unmarshal([]byte(text.Reveal()), &members) != nil || members == nil {
		return nil, errors.New(`it is no JSON object of texts, such as {"Authorization": "Bearer ..."}`)
	}
	headers := map[string]string{}
	for name, value := range members {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case name == "" || strings.ContainsFunc(name, notToken):
			return nil, errors.New("it has a name that no header can have")
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return nil, errors.New("it has a value with a line break or another control character")
		case reserved[canonical]:
			return nil, fmt.Errorf("the header %s is not for the configuration to set", canonical)
		}
		if _, twice := headers[canonical]; twice {
			return nil, errors.New("it has a header twice")
		}
		headers[canonical] = value
	}
	return headers, nil
}

// notToken reports whether a character cannot be in the name of a header (RFC
// 9110, section 5.6.2).
func notToken(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
