package processor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/mail"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
	"github.com/trailalerts/trailalerts/runtime/internal/lines"
	"github.com/trailalerts/trailalerts/runtime/internal/shadow"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

// config is what the environment says, where an empty variable is one that is
// not set. A setting that is secret may be in Secrets Manager instead: the
// variable with _SECRET_ARN behind its name then has the ARN.
type config struct {
	minSeverity  runtime.Level     // MIN_NOTIFICATION_SEVERITY, default medium
	cooldown     time.Duration     // NOTIFICATION_COOLDOWN_MINUTES, default 60
	correlations bool              // CORRELATION_ENABLED, default true: correlations and thresholds
	aliases      map[string]string // ACCOUNT_ALIASES: a JSON object of account ids and names
	logLevel     slog.Level        // AWS_LAMBDA_LOG_LEVEL, which Lambda sets from the function's logging configuration

	table       string // DYNAMODB_TABLE_NAME; "" remembers in this process alone
	shadowTable string // SHADOW_DYNAMODB_TABLE_NAME: what the alias shadow remembers in; "" is no shadow
	namespace   string // METRICS_NAMESPACE, default TrailAlerts

	from             string   // SOURCE_EMAIL
	to, cc, bcc      []string // EMAIL_RECIPIENT, EMAIL_CC, EMAIL_BCC: addresses, separated by commas
	configurationSet string   // SES_CONFIGURATION_SET
	topic            string   // SNS_TOPIC_ARN
	bus              string   // EVENT_BUS_NAME: name or ARN
	pagerDutyURL     string   // PAGERDUTY_EVENTS_URL, default that of the US service region
	databases        []string // MAXMIND_DB_PATHS: files, separated by commas

	webhook, webhookHeaders, webhookKey *secret.Setting // WEBHOOK_URL, WEBHOOK_HEADERS, WEBHOOK_SIGNING_KEY
	webhookNetworks                     []netip.Prefix  // WEBHOOK_ALLOWED_NETWORKS: in CIDR notation, separated by commas; webhooks may be in them beside public addresses
	slack, teams, pagerDuty             *secret.Setting // SLACK_WEBHOOK_URL, TEAMS_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY
	vpnapi                              *secret.Setting // VPNAPI_KEY
}

// maxCooldown is a year in minutes: more is a mistake.
const maxCooldown = 365 * 24 * 60

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// problems collects what is wrong with a configuration, so that a deployment is
// repaired in one go.
type problems []string

func (p *problems) addf(format string, values ...any) {
	*p = append(*p, fmt.Sprintf(format, values...))
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Error makes problems an error.
func (p problems) Error() string { return "configuration: " + strings.Join(p, "; ") }

// configFrom reads the environment.
func configFrom(getenv func(string) string, secrets *secret.Source, wrong *problems) config {
	c := config{
		minSeverity: runtime.Medium, cooldown: time.Hour, correlations: true, logLevel: lines.Level(getenv("AWS_LAMBDA_LOG_LEVEL")),
		table: getenv("DYNAMODB_TABLE_NAME"), shadowTable: getenv("SHADOW_DYNAMODB_TABLE_NAME"), namespace: cmp.Or(getenv("METRICS_NAMESPACE"), "TrailAlerts"),
		from: getenv("SOURCE_EMAIL"), to: addresses(getenv, "EMAIL_RECIPIENT", wrong), cc: addresses(getenv, "EMAIL_CC", wrong), bcc: addresses(getenv, "EMAIL_BCC", wrong),
		configurationSet: getenv("SES_CONFIGURATION_SET"), topic: getenv("SNS_TOPIC_ARN"), bus: getenv("EVENT_BUS_NAME"),
		pagerDutyURL: getenv("PAGERDUTY_EVENTS_URL"), databases: list(getenv("MAXMIND_DB_PATHS")),
	}
	if s := getenv("MIN_NOTIFICATION_SEVERITY"); s != "" {
		level, err := alert.ParseSeverity(strings.ToLower(s))
		if err != nil {
			wrong.addf("MIN_NOTIFICATION_SEVERITY: %v", err)
		}
		c.minSeverity = level
	}
	if s := getenv("NOTIFICATION_COOLDOWN_MINUTES"); s != "" {
		minutes, err := strconv.ParseUint(s, 10, 32)
		if err != nil || minutes > maxCooldown {
			wrong.addf("NOTIFICATION_COOLDOWN_MINUTES: %q is no whole number from 0 to %d", s, maxCooldown)
		}
		c.cooldown = time.Duration(minutes) * time.Minute
	}
	if s := getenv("CORRELATION_ENABLED"); s != "" {
		enabled, err := strconv.ParseBool(strings.ToLower(s))
		if err != nil {
			wrong.addf("CORRELATION_ENABLED: %q is neither true nor false", s)
		}
		c.correlations = enabled
	}
	if s := getenv("ACCOUNT_ALIASES"); s != "" {
		if err := json.Unmarshal([]byte(s), &c.aliases); err != nil {
			wrong.addf(`ACCOUNT_ALIASES: %q is not a JSON object of ids and names, such as {"111122223333":"production"}`, clip(s))
		}
		for id := range c.aliases {
			if !accountID.MatchString(id) {
				wrong.addf("ACCOUNT_ALIASES: %q is no account id of twelve digits", id)
			}
		}
	}
	for _, namespace := range []string{c.namespace, shadow.Namespace(c.namespace)} {
		if err := emf.CheckNamespace(namespace); err != nil {
			wrong.addf("METRICS_NAMESPACE: %v", err)
			break
		}
	}
	if c.shadowTable != "" && c.shadowTable == c.table {
		wrong.addf("SHADOW_DYNAMODB_TABLE_NAME: %q is DYNAMODB_TABLE_NAME as well: what the shadow remembers would hold back alerts", c.table)
	}
	for _, text := range list(getenv("WEBHOOK_ALLOWED_NETWORKS")) {
		network, err := egress.ParseNetwork(text)
		if err != nil {
			wrong.addf("WEBHOOK_ALLOWED_NETWORKS: %v", err)
			continue
		}
		c.webhookNetworks = append(c.webhookNetworks, network)
	}
	for _, s := range []struct {
		name    string
		setting **secret.Setting
	}{
		{"WEBHOOK_URL", &c.webhook}, {"WEBHOOK_HEADERS", &c.webhookHeaders}, {"WEBHOOK_SIGNING_KEY", &c.webhookKey},
		{"SLACK_WEBHOOK_URL", &c.slack}, {"TEAMS_WEBHOOK_URL", &c.teams}, {"PAGERDUTY_ROUTING_KEY", &c.pagerDuty}, {"VPNAPI_KEY", &c.vpnapi},
	} {
		found, err := secrets.Lookup(s.name)
		if err != nil {
			wrong.addf("%v", err)
		}
		*s.setting = found
	}
	for _, s := range []struct {
		isSet     bool
		name      string
		needs     string
		otherName string
	}{
		{len(c.to)+len(c.cc)+len(c.bcc) > 0 || c.configurationSet != "", "EMAIL_RECIPIENT, EMAIL_CC, EMAIL_BCC or SES_CONFIGURATION_SET", c.from, "SOURCE_EMAIL"},
		{c.from != "", "SOURCE_EMAIL", getenv("EMAIL_RECIPIENT"), "EMAIL_RECIPIENT"},
		{c.pagerDutyURL != "", "PAGERDUTY_EVENTS_URL", settingName(c.pagerDuty), "PAGERDUTY_ROUTING_KEY"},
		{c.webhookHeaders != nil, "WEBHOOK_HEADERS", settingName(c.webhook), "WEBHOOK_URL"},
		{c.webhookKey != nil, "WEBHOOK_SIGNING_KEY", settingName(c.webhook), "WEBHOOK_URL"},
		{getenv("WEBHOOK_ALLOWED_NETWORKS") != "", "WEBHOOK_ALLOWED_NETWORKS", settingName(c.webhook), "WEBHOOK_URL"},
	} {
		if s.isSet && s.needs == "" {
			wrong.addf("%s is set, and %s is not", s.name, s.otherName)
		}
	}
	return c
}

func settingName(s *secret.Setting) string {
	if s == nil {
		return ""
	}
	return s.Name()
}

// addresses reads a list of mail addresses.
func addresses(getenv func(string) string, name string, wrong *problems) []string {
	text := getenv(name)
	if text == "" {
		return nil
	}
	parsed, err := mail.ParseAddressList(text)
	if err != nil { // its text is about the grammar
		wrong.addf("%s: %q is no list of mail addresses, separated by commas: %v", name, text, err)
	}
	var list []string
	for _, address := range parsed {
		list = append(list, address.String())
	}
	return list
}

// list splits a list at its commas.
func list(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
