package report

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// writePage returns a page as a document and as text.
func writePage(t *testing.T, s Scan) (document *html.Node, page string) {
	t.Helper()
	var out bytes.Buffer
	if err := WritePage(&out, s); err != nil {
		t.Fatal(err)
	}
	document, err := html.Parse(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return document, out.String()
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var text strings.Builder
	for child := range n.ChildNodes() {
		text.WriteString(textOf(child))
	}
	return text.String()
}

// TestPageIsAccessible holds what programs that read pages aloud go by.
func TestPageIsAccessible(t *testing.T) {
	document, _ := writePage(t, sampleScan(t))
	ids, level, count := map[string]bool{}, 0, map[string]int{}
	for n := range document.Descendants() {
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("two elements have the id %s", id)
			}
			ids[id] = true
		}
	}
	for n := range document.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			if next := int(n.Data[1] - '0'); next > level+1 {
				t.Errorf("the heading %q is %s below level %d", textOf(n), n.Data, level)
			} else {
				level = next
			}
			if strings.TrimSpace(textOf(n)) == "" {
				t.Errorf("a heading %s is empty", n.Data)
			}
		}
		if of := attribute(n, "aria-labelledby"); of != "" && !ids[of] {
			t.Errorf("nothing has the id %s", of)
		}
		if to := attribute(n, "href"); strings.HasPrefix(to, "#") && !ids[to[1:]] {
			t.Errorf("a link leads to %s, which is not there", to)
		}
		if (n.Data == "input" || n.Data == "select") && n.Parent.Data != "label" {
			t.Errorf("a %s has no label", n.Data)
		}
		if n.Data == "th" && attribute(n, "scope") == "" {
			t.Errorf("the header %q has no scope", textOf(n))
		}
	}
	for name, want := range map[string]int{"main": 1, "header": 1, "footer": 1, "nav": 1, "h1": 1, "svg": 1, "script": 0, "details": 6 + 2} {
		if count[name] != want {
			t.Errorf("the page has %d %s, want %d", count[name], name, want)
		}
	}
}

// TestPageOrder holds the order of alerts, and that they stay as they were given.
func TestPageOrder(t *testing.T) {
	s := sampleScan(t)
	before := slices.Clone(s.Alerts)
	document, _ := writePage(t, s)
	if diff := cmp.Diff(before, s.Alerts); diff != "" {
		t.Errorf("the alerts were changed (-before +after):\n%s", diff)
	}
	var got []string
	for n := range document.Descendants() {
		if n.Data == "h3" && n.Parent.Data == "summary" {
			title := textOf(n)
			got = append(got, title[:min(len(title), 20)])
		}
	}
	want := []string{"Logging Stopped, The", "Console Login of the", "IAM Administrator Po", `Console Login"><scri`, "S3 Bucket Policy Ope", "Lambda Function Code"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// many returns a number of alerts of several rules, accounts and severities.
func many(n int) []alert.Alert {
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		alerts[i] = alert.Alert{Severity: runtime.Level(1 + i%5)}
		a := &alerts[i]
		a.Rule = alert.Rule{Key: fmt.Sprintf("rule_%d", i%250), Title: fmt.Sprintf("Rule %d", i%250)}
		a.Event = alert.Event{ID: fmt.Sprint(i), AccountID: fmt.Sprintf("%012d", i%3), Name: "CreateUser", Time: time.Date(2026, 11, 1, 0, i, 0, 0, time.UTC).Format(time.RFC3339)}
	}
	return alerts
}

func TestPageLimits(t *testing.T) {
	for _, test := range []struct {
		about                   string
		alerts, details, listed int
		note                    string
	}{
		{"Few alerts all open.", 50, 50, 50, ""},
		{"Of very many only the most severe do, some are only counted, and the page says both.", ListLimit + 20, DetailLimit, ListLimit,
			"The 1,000 most severe alerts open to everything about them; the others are listed without. The list ends after 10,000 of 10,020 alerts; the counts above are of all. Scan with"},
	} {
		var out bytes.Buffer
		if err := WritePage(&out, Scan{Alerts: many(test.alerts)}); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		if got := strings.Count(page, `<details class="alert`); got != test.details {
			t.Errorf("%s\n%d open, want %d", test.about, got, test.details)
		}
		if got := strings.Count(page, `class="alert s-`); got != test.listed {
			t.Errorf("%s\n%d are listed, want %d", test.about, got, test.listed)
		}
		if !strings.Contains(page, test.note) || test.note == "" && strings.Contains(page, "most severe") {
			t.Errorf("%s\nthe page does not say %q", test.about, test.note)
		}
		if test.alerts > 250 && !strings.Contains(page, "… and 50 more rules") {
			t.Errorf("%s\nthe page does not say that there are more rules", test.about)
		}
	}
}

// TestFilters holds that every alert has the classes that its filters choose by.
func TestFilters(t *testing.T) {
	document, page := writePage(t, Scan{Alerts: many(60)})
	options := map[string]string{}
	for n := range document.Descendants() {
		if n.Data == "option" && attribute(n, "value") != "all" {
			class := attribute(n, "value")
			options[class] = textOf(n)
			if want := fmt.Sprintf(" [value=%s]:checked)+.list>:not(.%s){display:none}", class, class); !strings.Contains(page, want) {
				t.Errorf("nothing hides what %s does not choose", class)
			}
		}
	}
	chosen := map[string]int{}
	for n := range document.Descendants() {
		classes := strings.Fields(attribute(n, "class"))
		if n.Data != "details" || !slices.Contains(classes, "alert") {
			continue
		}
		for _, class := range classes[1:] {
			chosen[class]++
		}
	}
	for class, label := range options {
		if want := fmt.Sprintf("(%d)", chosen[class]); !strings.HasSuffix(label, want) {
			t.Errorf("%s chooses %s alerts, but is called %q", class, want, label)
		}
	}
	for _, severity := range []string{"critical", "high", "medium", "low", "info"} {
		if chosen["s-"+severity] != 12 || !strings.Contains(page, ".filters:has(#show-"+severity+":not(:checked))+.list>.s-"+severity+"{display:none}") {
			t.Errorf("%s cannot be hidden", severity)
		}
	}
}

func TestPageWithoutAlerts(t *testing.T) {
	document, page := writePage(t, Scan{Records: 12, Excepted: 1, HeldBack: 2})
	text := textOf(document)
	for _, want := range []string{"0 alerts from 12 records. Of the other matches, 1 was excepted, 2 were held back by the cooldown.", "No alerts."} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, without := range []string{"Timeline", "ATT&CK", "<form", "Not everything could be read", "Skipped"} {
		if strings.Contains(page[strings.Index(page, "</style>"):], without) {
			t.Errorf("the page has %q", without)
		}
	}
}

// TestPageLines holds that what was not read is told, and not without end.
func TestPageLines(t *testing.T) {
	var problems []string
	for i := range lineLimit + 5 {
		problems = append(problems, fmt.Sprintf("file-%d.json: <b>unexpected EOF\u202e", i))
	}
	_, page := writePage(t, Scan{Problems: problems, Skipped: []string{"notes.txt"}})
	for _, want := range []string{"Not everything could be read", `file-0.json: &lt;b&gt;unexpected EOF\u202e`, fmt.Sprintf("file-%d.json", lineLimit-1), "… and 5 more lines", "Skipped: 1", "notes.txt"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, fmt.Sprintf("file-%d.json", lineLimit)) {
		t.Error("the page has more lines than its limit")
	}
}

// failing is a writer that is full after some bytes.
type failing struct{ left int }

var errFull = errors.New("the disk is full")

func (w *failing) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWritePageFails(t *testing.T) {
	s := Scan{Alerts: many(60)}
	for _, left := range []int{0, 100_000} {
		if err := WritePage(&failing{left}, s); !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes: %v", left, err)
		}
	}
}

func TestMatrix(t *testing.T) {
	tagged := func(tags ...string) *alert.Alert {
		return &alert.Alert{Finding: alert.Finding{Rule: alert.Rule{Tags: tags}}}
	}
	got := newMatrix([]*alert.Alert{
		tagged("attack.impact", "attack.t1485"),
		tagged("attack.defense_evasion", "attack.impact", "attack.t1562.008", "attack.t1485", "attack.T1485"),
		tagged("attack.persistence", "attack.t9999"),
		tagged("attack.t1078.004"),
		tagged("attack.t9998.001"),
		tagged("attack.initial-access"),
		tagged("attack.stealth", "attack.t1562.008"),
		tagged("cve.2026-1", "attack.g0016", "attack.nonsense"),
		tagged(),
	})
	var flat []string
	for _, c := range got {
		flat = append(flat, fmt.Sprintf("%s %d %s", c.Name, c.Count, c.URL))
		for _, cell := range c.Cells {
			flat = append(flat, fmt.Sprintf("  %s %q %d %d %s", cell.ID, cell.Name, cell.Count, cell.Heat, cell.URL))
		}
	}
	want := []string{
		"Initial Access 2 https://attack.mitre.org/tactics/TA0001/",
		`  T1078.004 "Valid Accounts: Cloud Accounts" 1 2 https://attack.mitre.org/techniques/T1078/004/`,
		"Persistence 2 https://attack.mitre.org/tactics/TA0003/",
		`  T1078.004 "Valid Accounts: Cloud Accounts" 1 2 https://attack.mitre.org/techniques/T1078/004/`,
		`  T9999 "" 1 2 https://attack.mitre.org/techniques/T9999/`,
		"Privilege Escalation 1 https://attack.mitre.org/tactics/TA0004/",
		`  T1078.004 "Valid Accounts: Cloud Accounts" 1 2 https://attack.mitre.org/techniques/T1078/004/`,
		"Defense Evasion 2 https://attack.mitre.org/tactics/TA0005/",
		`  T1078.004 "Valid Accounts: Cloud Accounts" 1 2 https://attack.mitre.org/techniques/T1078/004/`,
		`  T1562.008 "Impair Defenses: Disable or Modify Cloud Logs" 1 2 https://attack.mitre.org/techniques/T1562/008/`,
		"Stealth 1 https://attack.mitre.org/tactics/TA0005/",
		`  T1562.008 "Impair Defenses: Disable or Modify Cloud Logs" 1 2 https://attack.mitre.org/techniques/T1562/008/`,
		"Impact 2 https://attack.mitre.org/tactics/TA0040/",
		`  T1485 "Data Destruction" 2 4 https://attack.mitre.org/techniques/T1485/`,
		"No tactic named 1 ",
		`  T9998.001 "" 1 2 https://attack.mitre.org/techniques/T9998/001/`,
	}
	if diff := cmp.Diff(want, flat); diff != "" {
		t.Errorf("matrix (-want +got):\n%s", diff)
	}
}

// TestTechniques holds the table together: forms, tactics that there are, and a
// technique for each sub-technique.
func TestTechniques(t *testing.T) {
	for id, facts := range techniques {
		parent, _, sub := strings.Cut(id, ".")
		if !techniqueForm.MatchString(strings.ToLower(id)) || facts.name == "" {
			t.Errorf("%s is no technique", id)
		}
		if _, known := techniques[parent]; !known {
			t.Errorf("%s is part of %s, which is not there", id, parent)
		}
		if sub == (len(facts.tactics) > 0) {
			t.Errorf("%s has the tactics %v", id, facts.tactics)
		}
		for _, slug := range facts.tactics {
			if !slices.ContainsFunc(tactics, func(t tactic) bool { return t.slug == slug }) {
				t.Errorf("%s serves %s, which is no tactic", id, slug)
			}
		}
	}
}

func TestTimeline(t *testing.T) {
	of := func(times ...string) timeline {
		var alerts []*alert.Alert
		for i, text := range times {
			alerts = append(alerts, &alert.Alert{Finding: alert.Finding{Event: alert.Event{Time: text}}, Severity: runtime.Level(1 + i%5)})
		}
		return newTimeline(alerts)
	}
	for _, test := range []struct {
		about    string
		times    []string
		bars     int
		step     shown
		from, to shown
		untimed  int
	}{
		{"One alert is one bar.", []string{"2026-11-20T09:12:44Z"}, 1, "1 minute", "2026-11-20 09:12:00 UTC", "2026-11-20 09:13:00 UTC", 0},
		{"An hour is drawn in steps of five minutes.", []string{"2026-11-20T09:02:00Z", "2026-11-20T10:04:59Z"}, 13, "5 minutes", "2026-11-20 09:00:00 UTC", "2026-11-20 10:05:00 UTC", 0},
		{"A month in days.", []string{"2026-11-30T23:59:59Z", "2026-11-01T00:00:00Z"}, 30, "1 day", "2026-11-01 00:00:00 UTC", "2026-12-01 00:00:00 UTC", 0},
		{"Zones are those of the same clock.", []string{"2026-11-20T09:12:44+02:00", "2026-11-20T07:12:44Z"}, 1, "1 minute", "2026-11-20 07:12:00 UTC", "2026-11-20 07:13:00 UTC", 0},
		{"All of history makes bars, not memory.", []string{"1970-01-02T00:00:00Z", "9000-12-31T23:59:59Z", "yesterday", ""}, 58, "44,530 days", "1970-01-01 00:00:00 UTC", "9041-04-21 00:00:00 UTC", 2},
		{"Nothing has no bars.", []string{"yesterday"}, 0, "", "", "", 1},
	} {
		got := of(test.times...)
		if len(got.Bars) != test.bars || got.Untimed != test.untimed {
			t.Errorf("%s\n%d bars, %d without a time", test.about, len(got.Bars), got.Untimed)
		}
		if got.Step != test.step || got.From != test.from || got.To != test.to {
			t.Errorf("%s\nfrom %s to %s by %s", test.about, got.From, got.To, got.Step)
		}
		total := 0
		for _, b := range got.Bars {
			total += b.Count
			pieces := 0
			for _, p := range b.Pieces {
				pieces += p.Count
				if p.Y < 0 || p.Y > 100 || p.Height <= 0 || p.Height > 100 {
					t.Errorf("%s\na piece from %v, %v high", test.about, p.Y, p.Height)
				}
			}
			if pieces != b.Count {
				t.Errorf("%s\na bar of %d has pieces of %d", test.about, b.Count, pieces)
			}
		}
		if want := len(test.times) - test.untimed; total != want {
			t.Errorf("%s\nthe bars have %d alerts, want %d", test.about, total, want)
		}
	}
}

var colour = regexp.MustCompile(`(?:^|;)(color|background):(#[0-9a-f]{6})`)

// TestContrast holds that texts can be read, light and dark: 4.5:1 at least
// (WCAG 2.2, 1.4.3).
func TestContrast(t *testing.T) {
	colours := func(class string, dark bool) map[string]string {
		found := map[string]string{}
		s := known(class)
		sources := []string{s.light}
		if dark {
			sources = append(sources, s.dark)
		}
		for _, source := range sources {
			for _, match := range colour.FindAllStringSubmatch(source, -1) {
				found[match[1]] = match[2]
			}
		}
		return found
	}
	checked := 0
	for _, s := range styles {
		for _, dark := range []bool{false, true} {
			own := colours(s.class, dark)
			front, behind := own["color"], own["background"]
			switch s.class {
			case "hide":
				continue // it is not to be seen
			case "critical", "high", "medium", "low", "info", "unrated":
				front = colours("pill", dark)["color"]
			}
			if behind == "" {
				behind = colours("card", dark)["background"]
			}
			if front == "" || s.class == "pill" {
				continue
			}
			checked++
			if got := contrast(t, front, behind); got < 4.5 {
				t.Errorf("%s, dark %v: %s on %s has a contrast of %.1f:1", s.class, dark, front, behind, got)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d colours were checked", checked)
	}
}

// contrast is the contrast ratio of WCAG 2.2.
func contrast(t *testing.T, front, behind string) float64 {
	light := func(hex string) float64 {
		var r, g, b int
		if _, err := fmt.Sscanf(hex, "#%02x%02x%02x", &r, &g, &b); err != nil {
			t.Fatalf("%s: %v", hex, err)
		}
		linear := func(c int) float64 {
			v := float64(c) / 255
			if v <= 0.04045 {
				return v / 12.92
			}
			return math.Pow((v+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
	}
	a, b := light(front), light(behind)
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}
