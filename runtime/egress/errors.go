package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
)

const (
	firstWait  = time.Second / 4
	maxWait    = 15 * time.Second // a receiver that asks for more is left to the next delivery
	maxMessage = 300              // characters of what a receiver answered that an error repeats
	hidden     = "[secret]"

	// What is shorter is no secret, and may be a word of the answer.
	leastPart   = 6 // of a URL
	leastSecret = 4
)

// A StatusError is the answer of a receiver that did not accept a request.
type StatusError struct {
	Status  int
	Message string // what the receiver said, as one short line without secrets

	retryAfter time.Duration // how long the receiver asked to wait; 0 when it did not
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("answered %d %s", e.Status, http.StatusText(e.Status))
	text = strings.TrimRight(text, " ")
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.retryAfter > 0 {
		text += fmt.Sprintf(" (to be tried again after %s)", e.retryAfter)
	}
	return text
}

// Is makes an answer that leaves open whether the request was taken one of unknown
// outcome: an error of the receiver itself, which may lie behind the taking.
func (e *StatusError) Is(target error) bool {
	tooBusy := e.Status == http.StatusServiceUnavailable && e.retryAfter > 0
	return target == alert.ErrUnknownOutcome && (e.Status >= 500 && !tooBusy || e.Status == http.StatusRequestTimeout)
}

// afterUnknown is the error of an attempt after another of unknown outcome.
type afterUnknown struct{ error }

func (e *afterUnknown) Unwrap() error        { return e.error }
func (e *afterUnknown) Is(target error) bool { return target == alert.ErrUnknownOutcome }

// noAnswer is a request that was not answered.
type noAnswer struct {
	err  error
	sent bool // some of the request may have reached the receiver
}

// Is makes an error without an answer one of unknown outcome, unless the request
// never left.
func (e *noAnswer) Is(target error) bool { return e.sent && target == alert.ErrUnknownOutcome }

func (e *noAnswer) Error() string { return e.err.Error() }
func (e *noAnswer) Unwrap() error { return e.err }

// statusError describes an answer that is no acceptance. A redirect is not
// followed: it would carry the alert, and what authorises it, to another host.
func (c *Client) statusError(r Request, response *http.Response, body []byte) *StatusError {
	e := &StatusError{Status: response.StatusCode, retryAfter: c.retryAfter(response.Header.Get("Retry-After"))}
	if location := response.Header.Get("Location"); location != "" && response.StatusCode/100 == 3 {
		e.Message = "a redirect, which is not followed"
		if to, err := r.URL.Parse(location); err == nil && to.Host != "" {
			e.Message = plain.Line(fmt.Sprintf("a redirect to %s, which is not followed", to.Host), maxMessage)
		}
		return e
	}
	e.Message = message(r, body)
	return e
}

// message is what is shown of an answer. It is cut only after the secrets are
// gone: half a secret is not recognised.
func message(r Request, body []byte) string {
	return plain.Line(redacted(r, string(body)), maxMessage)
}

// retryAfter reads the header of that name: seconds, or a time.
func (c *Client) retryAfter(header string) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(c.now()).Round(time.Second))
	}
	return 0
}

// again decides whether a request that failed is worth another attempt, and after
// which time.
func (c *Client) again(err error, repeatable bool, attempt int) (wait time.Duration, again bool) {
	if attempt >= attempts {
		return 0, false
	}
	wait = c.jitter(firstWait << (attempt - 1))
	var status *StatusError
	if errors.As(err, &status) {
		switch {
		case status.Status == http.StatusTooManyRequests, status.Status == http.StatusServiceUnavailable && status.retryAfter > 0:
			// The receiver says that it did not take it.
		case status.Status >= 500, status.Status == http.StatusRequestTimeout, status.Status == http.StatusTooEarly:
			if !repeatable {
				return 0, false
			}
		default:
			return 0, false
		}
		wait = max(wait, status.retryAfter)
		return wait, wait <= maxWait
	}
	var refused *refusal
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &refused) || errors.As(err, &certificate) {
		return 0, false
	}
	var unanswered *noAnswer
	return wait, errors.As(err, &unanswered) && (repeatable || !unanswered.sent)
}

// redact takes the secrets out of an error, and keeps what callers ask of it.
func redact(r Request, err error) error {
	text := plain.Line(redacted(r, err.Error()), maxMessage)
	if text == err.Error() {
		return err
	}
	return &redactedError{text, err}
}

type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

// redacted returns a text without the secrets of a request, as they are and as a
// URL writes them.
func redacted(r Request, text string) string {
	secrets := slices.Clone(r.Secrets)
	for _, s := range r.Secrets {
		secrets = append(secrets, url.QueryEscape(s), url.PathEscape(s))
	}
	parts := strings.FieldsFunc(r.URL.EscapedPath(), func(c rune) bool { return c == '/' })
	for _, values := range r.URL.Query() {
		parts = append(parts, values...)
	}
	for _, part := range append(parts, r.URL.RawQuery) {
		if len(part) >= leastPart {
			secrets = append(secrets, part)
			if plainPart, err := url.PathUnescape(part); err == nil {
				secrets = append(secrets, plainPart)
			}
		}
	}
	// The longest first, so that no part of one is left over.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, s := range secrets {
		if len(s) >= leastSecret {
			text = strings.ReplaceAll(text, s, hidden)
		}
	}
	return text
}

// sleep waits, at most as long as ctx lasts.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
