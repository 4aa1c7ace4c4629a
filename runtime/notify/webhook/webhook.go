// Package webhook sends alerts as HTTPS POST requests with the JSON of package
// payload, to any receiver.
//
// A receiver that takes an alert answers with a status from 200 to 299. Alerts
// may come twice, when it was not known whether one had arrived; both then have
// the same alert_id in the body and the same Idempotency-Key header. The header
// is the alert_id itself, or "sha256:" and its hash where it has characters that
// no header takes.
//
// With a signing key each request has the header
//
//	X-TrailAlerts-Signature: t=1741538700,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
//
// where t is when it was made, in seconds since 1970, and v1 is the HMAC-SHA256,
// in hexadecimal and under the signing key, of the text of t, a full stop, and
// the body. A receiver computes it over the bytes that it got, compares in
// constant time, and refuses a t that is more than some minutes off.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/payload"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

const (
	channel = "webhook"
	maxBody = 1 << 20
	maxKey  = 255 // bytes of an Idempotency-Key

	idempotencyHeader = "Idempotency-Key"
	signatureHeader   = "X-Trailalerts-Signature"
)

// Config says where alerts go.
type Config struct {
	URL        *secret.Setting  // https, with a host that is public or in Networks
	Networks   []netip.Prefix   // beside public addresses, as egress.Allowed has them
	Headers    *secret.Setting  // a JSON object of names and values that each request has; nil is none
	SigningKey *secret.Setting  // nil sends requests without a signature
	Now        func() time.Time // nil is time.Now
}

// Notifier is the webhook channel.
type Notifier struct {
	client   *egress.Client
	endpoint egress.Endpoint
	headers  *secret.Setting
	key      *secret.Setting
	now      func() time.Time
}

var _ alert.Notifier = (*Notifier)(nil)

// New returns the channel. The error lists everything that is wrong.
func New(client *egress.Client, c Config) (*Notifier, error) {
	n := &Notifier{client: client.Allowing(c.Networks...), headers: c.Headers, key: c.SigningKey, now: c.Now}
	if n.now == nil {
		n.now = time.Now
	}
	var err error
	var problems []string
	if n.endpoint, err = egress.NewEndpoint(c.URL, c.Networks...); err != nil {
		problems = append(problems, err.Error())
	}
	if c.Headers != nil {
		if value, atHand := c.Headers.AtHand(); atHand {
			if _, err := parseHeaders(value); err != nil {
				problems = append(problems, fmt.Sprintf("%s: %v", c.Headers.Name(), err))
			}
		}
	}
	if len(problems) > 0 {
		return nil, errors.New(channel + ": " + strings.Join(problems, "; "))
	}
	return n, nil
}

// Channel returns "webhook".
func (n *Notifier) Channel() string { return channel }

// Notify sends an alert. It returns nil when the receiver answered with a status
// from 200 to 299.
func (n *Notifier) Notify(ctx context.Context, a *alert.Alert) error {
	if err := n.send(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", channel, err)
	}
	return nil
}

func (n *Notifier) send(ctx context.Context, a *alert.Alert) error {
	to, err := n.endpoint.URL(ctx)
	if err != nil {
		return err
	}
	now := n.now()
	body, err := payload.JSON(a, now, maxBody)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	var secrets []string
	if n.headers != nil {
		value, err := n.headers.Get(ctx)
		if err != nil {
			return err
		}
		configured, err := parseHeaders(value)
		if err != nil {
			return fmt.Errorf("%s: %w", n.headers.Name(), err)
		}
		for name, value := range configured {
			header.Set(name, value)
			secrets = append(secrets, value)
		}
	}
	header.Set(idempotencyHeader, plain.Key(a.ID(), maxKey))
	if n.key != nil {
		key, err := n.key.Get(ctx)
		if err != nil {
			return err
		}
		header.Set(signatureHeader, sign(key, now, body))
		secrets = append(secrets, key.Reveal())
	}
	_, err = n.client.Send(ctx, egress.Request{Method: http.MethodPost, URL: to, Header: header, Body: body, Repeatable: true, Secrets: secrets})
	return err
}

// sign returns the value of the signature header.
func sign(key secret.Value, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
