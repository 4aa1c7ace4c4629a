package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const (
	freshFor  = 5 * time.Minute // how long a fetched value is used: a rotated one is in use after that time
	staleFor  = time.Hour       // for how much longer, when fetching it again fails
	fetchTime = 5 * time.Second // for fetching one
)

// Client is what is needed of Secrets Manager.
type Client interface {
	GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, options ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// A Source finds settings.
type Source struct {
	Getenv func(string) string // the environment, where an empty variable is one that is not set
	Client Client              // called only for settings that are named by an ARN, and never by Lookup
	Now    func() time.Time
}

// Lookup returns the setting of that name: what the environment variable NAME
// holds, or a setting that is fetched from the secret that NAME_SECRET_ARN names,
// at first use. It is nil when neither is set. The error says that both are, or
// that the ARN is none of a secret.
func (s *Source) Lookup(name string) (*Setting, error) {
	arnName := name + "_SECRET_ARN"
	text, id := strings.TrimSpace(s.Getenv(name)), strings.TrimSpace(s.Getenv(arnName))
	switch {
	case text != "" && id != "":
		return nil, fmt.Errorf("%s and %s are both set: keep one", name, arnName)
	case text != "":
		return Literal(name, text), nil
	case id == "":
		return nil, nil
	}
	parsed, err := arn.Parse(id)
	if err != nil || parsed.Service != "secretsmanager" || parsed.Region == "" || !strings.HasPrefix(parsed.Resource, "secret:") {
		return nil, fmt.Errorf("%s: %q is no ARN of a secret in Secrets Manager", arnName, id)
	}
	return &Setting{name: name, arn: id, region: parsed.Region, client: s.Client, now: s.Now}, nil
}

// A Setting is a part of the configuration that is secret. It may be used by
// several goroutines at once.
type Setting struct {
	name string

	arn    string // "" when value is what the environment held
	region string
	client Client
	now    func() time.Time

	mu      sync.Mutex
	value   Value
	expires time.Time
}

// Literal returns a setting whose value is at hand.
func Literal(name, text string) *Setting { return &Setting{name: name, value: NewValue(text)} }

// Name returns the name of the setting, such as "WEBHOOK_URL".
func (s *Setting) Name() string { return s.name }

// AtHand returns the value when no call is needed for it, so that a wrong one is
// found at the start.
func (s *Setting) AtHand() (Value, bool) { return s.value, s.arn == "" }

// Get returns the value. One of Secrets Manager is fetched when it was not
// fetched in the last minutes; when that fails the old one serves for an hour. White space around it is no part of it. The error
// names the setting and the ARN.
func (s *Setting) Get(ctx context.Context) (Value, error) {
	if s.arn == "" {
		return s.value, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Before(s.expires) {
		return s.value, nil
	}
	text, err := s.fetch(ctx)
	if err != nil && now.Before(s.expires.Add(staleFor)) && !s.expires.IsZero() {
		return s.value, nil // what worked a moment ago is better than no alert
	}
	if err != nil {
		return Value{}, fmt.Errorf("fetch %s from %s: %w", s.name, s.arn, err)
	}
	s.value, s.expires = NewValue(text), now.Add(freshFor)
	return s.value, nil
}

func (s *Setting) fetch(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	// The secret may lie in another region than the function.
	inRegion := func(o *secretsmanager.Options) { o.Region = s.region }
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(s.arn)}, inRegion)
	if err != nil {
		return "", err
	}
	if out.SecretString == nil {
		return "", errors.New("it holds no text")
	}
	text := strings.TrimSpace(*out.SecretString)
	if text == "" {
		return "", errors.New("it is empty")
	}
	return text, nil
}
