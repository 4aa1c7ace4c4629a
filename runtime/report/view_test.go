package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

func TestSubject(t *testing.T) {
	long := strings.Repeat("Very long title ", 40)
	of := func(title string, level runtime.Level, types ...runtime.CorrelationType) alert.Alert {
		a := alert.Alert{Finding: alert.Finding{Rule: alert.Rule{Key: "the_key", Title: title}}, Severity: level}
		for _, c := range types {
			a.Completed = append(a.Completed, alert.Completed{Type: c})
		}
		return a
	}
	undecided := of("A title", 0)
	undecided.Rule.Level = runtime.Medium
	for _, test := range []struct {
		about string
		alert alert.Alert
		want  string
	}{
		{"A rule.", of("IAM User Created", runtime.High), "TrailAlerts - High - IAM User Created"},
		{"Informational is info.", of("A title", runtime.Informational), "TrailAlerts - Info - A title"},
		{"A match that nobody decided on has the level of its rule.", undecided, "TrailAlerts - Medium - A title"},
		{"A threshold.", of("A title", runtime.Critical, runtime.EventCount), "TrailAlerts - Critical - A title - threshold activity"},
		{"A correlation.", of("A title", runtime.Low, runtime.Temporal), "TrailAlerts - Low - A title - correlated activity"},
		{"Both, in this order, however many there are.", of("A title", runtime.Low, runtime.ValueCount, runtime.TemporalOrdered, runtime.ValueSum), "TrailAlerts - Low - A title - correlated activity - threshold activity"},
		{"A rule without a title goes by its key.", of(" \n", runtime.Low), "TrailAlerts - Low - the_key"},
		{"A line break is a space, and what cannot be seen is seen.", of("A\r\nBcc: x@example.com\u202e\x00", runtime.Low), `TrailAlerts - Low - A Bcc: x@example.com\u202e\x00`},
		{"A long title is cut before what follows it.", of(long, runtime.High, runtime.EventCount), "TrailAlerts - High - " + strings.Repeat("Very long title ", 9) + "Very long tit… - threshold activity"},
	} {
		got := Subject(&test.alert)
		if got != test.want {
			t.Errorf("%s\ngot  %q\nwant %q", test.about, got, test.want)
		}
		if n := len([]rune(got)); n > SubjectLimit {
			t.Errorf("%s\n%d characters", test.about, n)
		}
	}
}

// FuzzSubject holds that a subject is one visible line that is not too long.
func FuzzSubject(f *testing.F) {
	f.Add(attacks)
	f.Add(strings.Repeat("\u202e", 500))
	f.Fuzz(func(t *testing.T, title string) {
		a := alert.Alert{Finding: alert.Finding{Rule: alert.Rule{Title: title}}, Severity: runtime.High, Completed: []alert.Completed{{Type: runtime.Temporal}, {Type: runtime.EventCount}}}
		got := Subject(&a)
		checkVisible(t, got)
		if len([]rune(got)) > SubjectLimit || !strings.HasPrefix(got, "TrailAlerts - High - ") || !strings.HasSuffix(got, " - correlated activity - threshold activity") {
			t.Errorf("subject %q", got)
		}
	})
}

func TestReachedAndNeeded(t *testing.T) {
	for _, test := range []struct {
		about           string
		completed       alert.Completed
		reached, needed string
	}{
		{"A threshold.", alert.Completed{Type: runtime.EventCount, Count: 5, Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 5}}}, "5 events", "at least 5"},
		{"One event.", alert.Completed{Type: runtime.EventCount, Count: 1, Condition: []runtime.Comparison{{Operator: runtime.Less, Value: 2}}}, "1 event", "less than 2"},
		{"Several comparisons.", alert.Completed{Type: runtime.ValueCount, Count: 12, Condition: []runtime.Comparison{{Operator: runtime.Greater, Value: 10}, {Operator: runtime.LessOrEqual, Value: 20}, {Operator: runtime.NotEqual, Value: 13}}}, "12 different values", "more than 10 and at most 20 and other than 13"},
		{"A sum.", alert.Completed{Type: runtime.ValueSum, Count: 1234567, Condition: []runtime.Comparison{{Operator: runtime.Equal, Value: 1234567}}}, "a sum of 1,234,567", "exactly 1,234,567"},
		{"An average.", alert.Completed{Type: runtime.ValueAvg, Count: 2.5, Condition: []runtime.Comparison{{Operator: runtime.Greater, Value: -1e21}}}, "an average of 2.5", "more than -1e+21"},
		{"A correlation without a condition.", alert.Completed{Type: runtime.Temporal, Count: 2}, "2 of its rules matched", "all of its rules"},
		{"In order.", alert.Completed{Type: runtime.TemporalOrdered, Count: 3, Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 2}}}, "3 of its rules matched in order", "at least 2"},
	} {
		if got := string(reached(&test.completed)); got != test.reached {
			t.Errorf("%s reached: %q, want %q", test.about, got, test.reached)
		}
		if got := string(needed(&test.completed, &pageBounds)); got != test.needed {
			t.Errorf("%s needed: %q, want %q", test.about, got, test.needed)
		}
	}
}

func TestAddressKind(t *testing.T) {
	for text, want := range map[string]string{
		"8.8.8.8":                       "a public address",
		"2600:1f18::1":                  "a public address",
		"10.0.0.1":                      "a private address: the call came from a VPC or a private network",
		"::ffff:192.168.1.1":            "a private address: the call came from a VPC or a private network",
		"fd00::1":                       "a private address: the call came from a VPC or a private network",
		"100.64.1.1":                    "a shared address behind the NAT of a provider (RFC 6598)",
		"127.0.0.1":                     "a loopback address",
		"169.254.169.254":               "a link-local address",
		"0.0.0.0":                       "an address that no caller can have",
		"203.0.113.9":                   "an address for documentation (RFC 5737)",
		"2001:db8::1":                   "an address for documentation (RFC 3849)",
		"cloudtrail.amazonaws.com":      "no address: this AWS service made the call",
		"AWS Internal":                  "no address: the call came from inside AWS",
		"cloudtrail.amazonaws.com.evil": "no address",
		"<b>":                           "no address",
	} {
		if got := string(addressKind(text)); got != want {
			t.Errorf("addressKind(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestIntro(t *testing.T) {
	for _, test := range []struct {
		about string
		event alert.Event
		raw   string
		want  string
	}{
		{"Everything is known.", alert.Event{Actor: "arn:aws:sts::111122223333:assumed-role/deploy/ci", Source: "iam.amazonaws.com", Name: "CreateUser", AccountID: "111122223333", Region: "us-east-1", SourceIP: "192.0.2.1", Time: "2026-11-20T09:12:44Z", ErrorCode: "AccessDenied"}, `{}`,
			"role/deploy/ci called iam:CreateUser in account 111122223333, us-east-1, from 192.0.2.1 at 2026-11-20 09:12:44 UTC. The call failed: AccessDenied."},
		{"Nothing is.", alert.Event{}, `{}`, "An actor without a name made a call without a name."},
		{"An actor of another account.", alert.Event{Actor: "arn:aws:iam::444455556666:user/eve", Name: "X", AccountID: "111122223333"}, `{}`, "user/eve of account 444455556666 called X in account 111122223333."},
		{"The root user.", alert.Event{Actor: "arn:aws:iam::111122223333:root", Name: "X", AccountID: "111122223333", Region: "us-east-1"}, `{}`, "The root user called X in account 111122223333, us-east-1."},
		{"The root user without an ARN.", alert.Event{Actor: "111122223333", Name: "X"}, `{"userIdentity":{"type":"Root"}}`, "The root user called X."},
		{"A time that is none is not told.", alert.Event{Actor: "eve", Name: "X", Region: "us-east-1", Time: "yesterday"}, `{}`, "eve called X in us-east-1."},
		{"A login fails in its own way.", alert.Event{Actor: "eve", Name: "X"}, `{"responseElements":{"ConsoleLogin":"Failure"}}`, "eve called X. The call failed: ConsoleLogin: Failure."},
	} {
		record, err := parseJSON([]byte(test.raw))
		if err != nil {
			t.Fatal(err)
		}
		got := intro(&alert.Alert{Finding: alert.Finding{Event: test.event}}, &record, &pageBounds)
		if diff := cmp.Diff([]shown{shown(test.want)}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.about, diff)
		}
	}
}

// TestSections holds that a section is there when there is something to say.
func TestSections(t *testing.T) {
	for name, want := range map[string]string{
		"simple":      "Alert summary, Why it matched, Event, CloudTrail information, IP information, What to do",
		"threshold":   "Alert summary, Why it matched, Event, CloudTrail information, Threshold activity, IP information, What to do",
		"correlation": "Alert summary, Why it matched, Event, CloudTrail information, Correlated activity, Threshold activity, IP information, What to do",
	} {
		a := samples(t)[name]
		v, _ := newView(&a, parseRecord(&a), pageBounds, 0)
		var got []string
		for _, s := range v.Sections {
			got = append(got, string(s.Title))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s has %s, want %s", name, strings.Join(got, ", "), want)
		}
	}
}

// TestRecord holds what is said of a record that is not there as it was.
func TestRecord(t *testing.T) {
	for _, test := range []struct {
		about   string
		raw     string
		trimmed bool
		want    string
	}{
		{"It is not there.", "", false, "The record is not part of this alert. The whole record is in s3://b/k, record 7."},
		{"It is no JSON.", "{", false, "The record cannot be read: unexpected EOF. The whole record is in s3://b/k, record 7."},
		{"It is no object.", "[1]", false, "The record is no JSON object. The whole record is in s3://b/k, record 7."},
		{"It was trimmed.", "{}", true, "The record was too large: parts of it were left out. The whole record is in s3://b/k, record 7."},
	} {
		a := alert.Alert{Finding: alert.Finding{Raw: json.RawMessage(test.raw), Trimmed: test.trimmed, Location: alert.Location{Bucket: "b", File: "k", Record: 7}}}
		text := strings.Join(strings.Fields(Text(&a)), " ")
		if !strings.Contains(text, test.want) {
			t.Errorf("%s\n%s\nwant %s", test.about, text, test.want)
		}
	}
}

// TestTokens holds that session tokens are in nothing that is sent.
func TestTokens(t *testing.T) {
	const token = "FwoGZXIvYXdzEXAMPLETOKEN"
	a := simple(t)
	a.Raw = json.RawMessage(`{"responseElements":{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionToken":"` + token + `"}},"additionalEventData":{"X-Amz-Security-Token":["` + token + `"]}}`)
	a.Searches[0].Fields = append(a.Searches[0].Fields, alert.Field{Path: "responseElements.credentials.sessionToken", Values: []string{token}})
	html, err := Mail(&a)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{string(html), Text(&a)} {
		if strings.Contains(out, token) || strings.Count(out, "left out: a session token") != 3 {
			t.Errorf("the token is shown, or not said to be left out, in\n%s", out)
		}
	}
}

// TestViewIsShown holds that a view has no texts that did not become shown,
// besides the names of styles and addresses of the web.
func TestViewIsShown(t *testing.T) {
	exempt := map[string]bool{"view.Class": true, "hyperlink.URL": true}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(typ.Elem())
		case reflect.Struct:
			if seen[typ] {
				return
			}
			seen[typ] = true
			for i := range typ.NumField() {
				field := typ.Field(i)
				if field.Type.Kind() == reflect.String && field.Type != reflect.TypeFor[shown]() && !exempt[typ.Name()+"."+field.Name] {
					t.Errorf("%s.%s is a %s", typ.Name(), field.Name, field.Type)
				}
				walk(field.Type)
			}
		}
	}
	walk(reflect.TypeFor[view]())
	if len(seen) < 6 {
		t.Errorf("a view has only %d kinds of parts", len(seen))
	}
}

// TestText holds that lines fit a terminal, but for what is to be copied.
func TestText(t *testing.T) {
	for name, a := range samples(t) {
		for line := range strings.SplitSeq(Text(&a), "\n") {
			checkVisible(t, line)
			copied := strings.HasPrefix(line, "    ") || strings.HasPrefix(strings.TrimLeft(line, " -"), "http")
			if len([]rune(line)) > columns && !copied {
				t.Errorf("%s: %d columns in %q", name, len([]rune(line)), line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s: spaces at the end of %q", name, line)
			}
		}
	}
}

func TestBreakLine(t *testing.T) {
	for _, test := range []struct {
		about, text, head, rest string
		room                    int
	}{
		{"What fits stays.", "abc def", "abc def", "", 7},
		{"A line ends at a space.", "abc def ghi", "abc def", "ghi", 9},
		{"A long word is broken.", "abcdefghij", "abcde", "fghij", 5},
		{"Wide characters count twice.", "東京東京", "東京", "東京", 5},
		{"Too little room takes one character.", "東京", "東", "京", 1},
	} {
		head, rest := breakLine(test.text, test.room)
		if head != test.head || rest != test.rest {
			t.Errorf("%s\nbreakLine(%q, %d) = %q, %q, want %q, %q", test.about, test.text, test.room, head, rest, test.head, test.rest)
		}
	}
}

func TestCutBytes(t *testing.T) {
	for _, test := range []struct {
		about, text string
		most        int
		want        string
	}{
		{"What fits stays.", "abc", 3, "abc"},
		{"A text is cut between characters, and says so.", strings.Repeat("é", 50), 34, "ééé\n… the rest was left out\n"},
	} {
		if got := cutBytes(test.text, test.most); got != test.want || len(got) > test.most {
			t.Errorf("%s\ncutBytes = %q, want %q", test.about, got, test.want)
		}
	}
}
