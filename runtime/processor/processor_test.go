package processor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
)

func getenv(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestConfiguration(t *testing.T) {
	for _, c := range []struct {
		name     string
		env      map[string]string
		severity runtime.Level
		cooldown time.Duration
		err      string
	}{
		{name: "there are defaults", severity: runtime.Medium, cooldown: time.Hour},
		{name: "an empty variable is one that is not set", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "", "NOTIFICATION_COOLDOWN_MINUTES": "", "SNS_TOPIC_ARN": ""}, severity: runtime.Medium, cooldown: time.Hour},
		{name: "both can be set", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "critical", "NOTIFICATION_COOLDOWN_MINUTES": "5"}, severity: runtime.Critical, cooldown: 5 * time.Minute},
		{name: "there may be no cooldown, and correlation may be off", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "0", "CORRELATION_ENABLED": "false"}, severity: runtime.Medium},
		{name: "all problems are listed together", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "urgent", "NOTIFICATION_COOLDOWN_MINUTES": "1h", "SOURCE_EMAIL": "a@example.com", "CORRELATION_ENABLED": "true"},
			err: `configuration: MIN_NOTIFICATION_SEVERITY: unknown severity "urgent": use info, low, medium, high or critical; ` +
				`NOTIFICATION_COOLDOWN_MINUTES: "1h" is no whole number from 0 to 525600; ` +
				`SOURCE_EMAIL is set, but this release has no mail: it writes alerts to its log; ` +
				`CORRELATION_ENABLED is set, but this release has no correlation: it writes alerts to its log`},
		{name: "the case of a severity does not count, and informational is info", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "Informational"}, severity: runtime.Informational, cooldown: time.Hour},
		{name: "a negative cooldown is refused", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "-1"}, err: `configuration: NOTIFICATION_COOLDOWN_MINUTES: "-1" is no whole number from 0 to 525600`},
		{name: "so is one of more than a year", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "525601"}, err: `configuration: NOTIFICATION_COOLDOWN_MINUTES: "525601" is no whole number from 0 to 525600`},
		{name: "a secret is not repeated", env: map[string]string{"WEBHOOK_URL": "https://secret"}, err: `configuration: WEBHOOK_URL is set, but this release has no webhooks: it writes alerts to its log`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := configFrom(getenv(c.env))
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(c.err, text); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if got.minSeverity != c.severity || got.cooldown != c.cooldown {
				t.Errorf("severity %v, cooldown %v; want %v and %v", got.minSeverity, got.cooldown, c.severity, c.cooldown)
			}
		})
	}
}
