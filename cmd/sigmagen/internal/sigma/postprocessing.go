package sigma

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// A Postprocessing is one entry of a file in postprocessing_rules: a threshold,
// which counts the matches of one rule, or a correlation of two rules.
type Postprocessing struct {
	// Path and Source are the file, as diagnostics name it and relative to the
	// rules directory; Text is its content. Span is the place of the entry.
	Path, Source string
	Text         []byte
	Span         diag.Span

	Threshold bool
	Rule      Text // a title, an id or a key
	LookFor   Text // of a correlation: the other rule

	Count       int // of a threshold
	CountSpan   diag.Span
	Window      time.Duration
	Severity    Text // informational to critical; without a place, the default
	Cooldown    *time.Duration
	Description Text
	GroupBy     []Text // "account", "actor" and fields; nil when the entry does not say
}

// The keys of entries. Only groupBy is ours; the others, and what they are when
// an entry does not have them, are the format of TrailAlerts.
var (
	sharedKeys      = []string{"type", "sigmaRuleTitle", "windowMinutes", "severity_adjustment", "description", "groupBy"}
	thresholdKeys   = append([]string{"thresholdCount", "cooldownMinutes"}, sharedKeys...)
	correlationOnly = append([]string{"lookFor"}, sharedKeys...)
)

const (
	defaultCount             = 10
	defaultThresholdWindow   = 5 * time.Minute
	defaultCorrelationWindow = 60 * time.Minute

	mostCount   = 1_000_000
	mostMinutes = int(MaxTimespan / time.Minute)
)

// severities are the names of severities in configuration, and the levels that
// they are.
var severities = map[string]string{
	"critical": "critical", "high": "high", "medium": "medium", "low": "low", "info": "informational", "informational": "informational",
}

// ParsePostprocessing reads a file of postprocessing_rules: one entry, or a list
// of them. Those with an error are left out, and counted.
func ParsePostprocessing(path, source string, text []byte, list *diag.List) (entries []Postprocessing, refused int) {
	f := &jsonFile{path: path, text: text, list: list}
	root := f.parse("postprocessing/json")
	if root == nil {
		return nil, 0
	}
	items := []jsonValue{*root}
	if root.kind == '[' {
		items = root.items
		if len(items) == 0 {
			list.Warnf(f.span(*root), "postprocessing/empty", "add an entry, or delete the file", "the file has no entry")
		}
	}
	for _, item := range items {
		if item.kind != '{' {
			list.Errorf(f.span(item), "postprocessing/format", "write {\"type\": \"threshold\", \"sigmaRuleTitle\": ...}", "an entry is an object, this is %s", item.describe())
			refused++
			continue
		}
		before := list.Count(diag.Error)
		entry := f.postprocessing(item)
		entry.Path, entry.Source, entry.Text = path, source, text
		if list.Count(diag.Error) > before {
			refused++
			continue
		}
		entries = append(entries, entry)
	}
	return entries, refused
}

func (f *jsonFile) postprocessing(item jsonValue) Postprocessing {
	p := Postprocessing{Span: f.span(item), Count: defaultCount}
	kind, found := item.get("type")
	switch {
	case !found:
		f.list.Errorf(p.Span, "postprocessing/type", `add "type": "threshold" or "type": "correlation"`, "the entry has no type")
		return p
	case kind.value.kind != '"':
		f.list.Errorf(f.span(kind.value), "postprocessing/type", "write \"threshold\" or \"correlation\"", "the type of an entry is text, this is %s", kind.value.describe())
		return p
	case kind.value.text == "threshold":
		p.Threshold, p.Window, p.Severity.Value = true, defaultThresholdWindow, "medium"
	case kind.value.text == "correlation":
		p.Window, p.Severity.Value = defaultCorrelationWindow, "high"
	default:
		f.list.Errorf(f.span(kind.value), "postprocessing/type", cmp.Or(DidYouMean(kind.value.text, []string{"threshold", "correlation"}), "write \"threshold\" or \"correlation\""), "unknown type %q", kind.value.text)
		return p
	}
	seen := map[string]bool{}
	for _, m := range item.members {
		key := m.key.text
		if seen[key] {
			f.list.Errorf(f.span(m.key), "postprocessing/key", "remove one", "key %q stands here twice", key)
			continue
		}
		seen[key] = true
		f.postprocessingMember(m, &p)
	}
	for _, key := range []string{"sigmaRuleTitle", "lookFor"} {
		if !seen[key] && !(p.Threshold && key == "lookFor") {
			f.list.Errorf(p.Span, "postprocessing/missing", "add \""+key+"\": \"title of a rule\"", "the entry has no %q", key)
		}
	}
	return p
}

// postprocessingMember reads one key of an entry whose type is known.
func (f *jsonFile) postprocessingMember(m jsonMember, p *Postprocessing) {
	known := correlationOnly
	if p.Threshold {
		known = thresholdKeys
	}
	key, span := m.key.text, f.span(m.value)
	if !slices.Contains(known, key) {
		f.list.Errorf(f.span(m.key), "postprocessing/key", p.strayKey(key, known), "unknown key %q", key)
		return
	}
	switch key {
	case "type":
	case "sigmaRuleTitle":
		p.Rule = f.oneText(m, "postprocessing/format")
	case "lookFor":
		if m.value.kind == '[' {
			f.list.Errorf(span, "postprocessing/format", "write an entry for each of them", "\"lookFor\" is one rule, this is a list")
			return
		}
		p.LookFor = f.oneText(m, "postprocessing/format")
	case "description":
		p.Description = f.oneText(m, "postprocessing/format")
	case "thresholdCount":
		p.CountSpan = span
		p.Count, _ = f.whole(m, 1, mostCount, fmt.Sprintf("write how many matches, 1 to %d", mostCount))
	case "windowMinutes":
		minutes, _ := f.whole(m, 1, mostMinutes, minutesHint(1))
		p.Window = time.Duration(minutes) * time.Minute
	case "cooldownMinutes":
		if minutes, ok := f.whole(m, 0, mostMinutes, minutesHint(0)); ok {
			cooldown := time.Duration(minutes) * time.Minute
			p.Cooldown = &cooldown
		}
	case "severity_adjustment":
		p.Severity = f.severity(m)
	case "groupBy":
		p.GroupBy = f.texts(m, "postprocessing/format")
		if m.value.kind == '[' && len(m.value.items) == 0 {
			p.GroupBy = []Text{} // all matches are one group
		}
	}
}

// strayKey returns a hint for an unknown key.
func (p *Postprocessing) strayKey(key string, known []string) string {
	switch {
	case strings.EqualFold(key, "adjustSeverity") || strings.EqualFold(key, "severityAdjustment") || key == "severity":
		return "write \"severity_adjustment\""
	case slices.Contains(thresholdKeys, key):
		return "only a threshold has it"
	case slices.Contains(correlationOnly, key):
		return "only a correlation has it"
	default:
		return cmp.Or(DidYouMean(key, known), "the keys are: "+strings.Join(slices.Sorted(slices.Values(known)), ", "))
	}
}

// minutesHint says which numbers of minutes there may be.
func minutesHint(least int) string {
	return fmt.Sprintf("write the minutes, %d to %d (%d days)", least, mostMinutes, MaxTimespan/(24*time.Hour))
}

// whole reads a whole number in a range, which hint names.
func (f *jsonFile) whole(m jsonMember, least, most int, hint string) (int, bool) {
	span := f.span(m.value)
	if m.value.kind != '0' {
		f.list.Errorf(span, "postprocessing/number", "write a whole number, without quotes", "%q takes a number, this is %s", m.key.text, m.value.describe())
		return 0, false
	}
	n, err := strconv.ParseFloat(m.value.text, 64)
	switch {
	case err != nil || n > float64(most):
		f.list.Errorf(span, "postprocessing/number", hint, "%q is at most %d", m.key.text, most)
	case n != float64(int(n)):
		f.list.Errorf(span, "postprocessing/number", "write a whole number", "%q is a whole number, this is %s", m.key.text, m.value.text)
	case n < float64(least):
		f.list.Errorf(span, "postprocessing/number", hint, "%q is at least %d, this is %s", m.key.text, least, m.value.text)
	default:
		return int(n), true
	}
	return 0, false
}

func (f *jsonFile) severity(m jsonMember) Text {
	t := f.oneText(m, "postprocessing/format")
	if t.Value == "" {
		return t
	}
	level, known := severities[strings.ToLower(t.Value)]
	if !known {
		names := slices.Sorted(maps.Keys(severities))
		f.list.Errorf(t.Span, "postprocessing/severity", cmp.Or(DidYouMean(t.Value, names), "use critical, high, medium, low or info"), "unknown severity %q", t.Value)
	}
	t.Value = level
	return t
}
