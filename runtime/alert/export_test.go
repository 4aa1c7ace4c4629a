package alert

import (
	"context"
	"time"
)

// WithoutPauses makes a Pipeline repeat what fails at once: tests have a clock of
// their own.
func (p *Pipeline) WithoutPauses() *Pipeline {
	p.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return p
}
