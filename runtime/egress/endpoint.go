package egress

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/trailalerts/trailalerts/runtime/secret"
)

// An Endpoint is the URL of a receiver that is a secret: who knows it may write
// to the channel.
type Endpoint struct {
	setting  *secret.Setting
	networks []netip.Prefix
}

// NewEndpoint returns the endpoint that a setting holds. Its host is public or in
// one of the networks, which the Client must allow as well. The error says that
// there is no setting, or that its value, when it is at hand, is no URL to send
// to.
func NewEndpoint(s *secret.Setting, networks ...netip.Prefix) (Endpoint, error) {
	if s == nil {
		return Endpoint{}, errors.New("it has no URL")
	}
	if value, atHand := s.AtHand(); atHand {
		if _, err := ParseURL(value.Reveal(), networks...); err != nil {
			return Endpoint{}, fmt.Errorf("%s: %w", s.Name(), err)
		}
	}
	return Endpoint{s, networks}, nil
}

// URL returns the URL, which is fetched when it has to be.
func (e Endpoint) URL(ctx context.Context) (*url.URL, error) {
	value, err := e.setting.Get(ctx)
	if err != nil {
		return nil, err
	}
	u, err := ParseURL(value.Reveal(), e.networks...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.setting.Name(), err)
	}
	return u, nil
}
