package report

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

func TestConsoleURL(t *testing.T) {
	const id = "1b7a2c64-0f58-4a3e-9d1c-7e5f60a4b821"
	for _, test := range []struct{ about, region, id, record, want string }{
		{"The commercial partition.", "eu-north-1", id, `{}`, "https://eu-north-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-north-1#/events/" + id},
		{"GovCloud.", "us-gov-west-1", id, `{}`, "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudtrailv2/home?region=us-gov-west-1#/events/" + id},
		{"China.", "cn-northwest-1", id, `{}`, "https://cn-northwest-1.console.amazonaws.cn/cloudtrailv2/home?region=cn-northwest-1#/events/" + id},
		{"The European sovereign cloud.", "eusc-de-east-1", id, `{}`, "https://eusc-de-east-1.console.amazonaws-eusc.eu/cloudtrailv2/home?region=eusc-de-east-1#/events/" + id},
		{"A partition that is not on the Internet has no link.", "us-iso-east-1", id, `{}`, ""},
		{"Nor has another of them.", "us-isob-east-1", id, `{}`, ""},
		{"Canada is not China.", "ca-central-1", id, `{}`, "https://ca-central-1.console.aws.amazon.com/cloudtrailv2/home?region=ca-central-1#/events/" + id},
		{"A region cannot lead elsewhere.", "evil.example/?us-east-1", id, `{}`, ""},
		{"Nor can one that begins like one.", "us-east-1.evil.example", id, `{}`, ""},
		{"Nor can an event.", "us-east-1", "../../x?y#" + id, `{}`, ""},
		{"An event without an ID cannot be found.", "us-east-1", "", `{}`, ""},
		{"A management event can.", "us-east-1", id, `{"managementEvent":true,"eventCategory":"Management"}`, "https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/events/" + id},
		{"A data event cannot.", "us-east-1", id, `{"managementEvent":false,"eventCategory":"Data"}`, ""},
		{"Nor can the activity of a network.", "us-east-1", id, `{"eventCategory":"NetworkActivity"}`, ""},
	} {
		record, err := parseJSON([]byte(test.record))
		if err != nil {
			t.Fatal(err)
		}
		got, missing := consoleURL(&alert.Event{ID: test.id, Region: test.region}, &record)
		if got != test.want {
			t.Errorf("%s\nconsoleURL = %q, want %q", test.about, got, test.want)
		}
		if (got == "") != (missing != "") {
			t.Errorf("%s\nconsoleURL = %q, and why there is none: %q", test.about, got, missing)
		}
	}
}

func TestSQLText(t *testing.T) {
	for _, test := range []struct{ about, text, want string }{
		{"An ARN.", "arn:aws:iam::111122223333:user/mara", `'arn:aws:iam::111122223333:user/mara'`},
		{"A quote is doubled.", `o'brien' OR '1'='1`, `'o''brien'' OR ''1''=''1'`},
		{"A backslash is itself.", `a\'b`, `'a\''b'`},
		{"Other characters are escaped, and backslashes with them.", "é'\\\n\u202e🙂", `U&'\+0000E9''\\\+00000A\+00202E\+01F642'`},
	} {
		if got := sqlText(test.text); got != test.want {
			t.Errorf("%s\nsqlText(%q) = %s, want %s", test.about, test.text, got, test.want)
		}
	}
}

func TestInsightsText(t *testing.T) {
	for _, test := range []struct{ about, text, want string }{
		{"An ARN is compared.", "arn:aws:sts::111122223333:assumed-role/a+b/c.d@example.com", `f = "arn:aws:sts::111122223333:assumed-role/a+b/c.d@example.com"`},
		{"A quote becomes a point in an expression.", `a"b | limit 1`, `f like /^a.b . limit 1$/`},
		{"What means something there is quoted.", `o'b.c+d/e\f`, `f like /^o.b[.]c[+]d\/e.f$/`},
		{"What cannot be seen is a point.", "a\nb\u202e", `f like /^a.b.$/`},
	} {
		if got := insightsText(comparison{field: "f", value: test.text}); got != test.want {
			t.Errorf("%s\ninsightsText(%q) = %s, want %s", test.about, test.text, got, test.want)
		}
	}
}

func TestSearches(t *testing.T) {
	for _, test := range []struct{ about, name, athena, insights string }{
		{"An actor with an ARN is found by it.", "threshold", `SELECT eventtime, eventsource, eventname, awsregion, sourceipaddress,
       errorcode, useridentity.arn AS actor, eventid
FROM cloudtrail_logs
WHERE eventtime BETWEEN '2026-11-20T13:07:31Z' AND '2026-11-20T15:07:31Z'
  AND (eventid = '7c0e5d3b-5b1d-4f0e-8b7e-2a91c4d60f13'
       OR useridentity.arn = 'arn:aws:sts::111122223333:assumed-role/data-engineer/jonas.berg@example.com')
ORDER BY eventtime
LIMIT 1000`, `# Time range: 2026-11-20 13:07:31 UTC to 2026-11-20 15:07:31 UTC
fields @timestamp, eventSource, eventName, awsRegion,
    sourceIPAddress, errorCode, userIdentity.arn, eventID
| filter eventID = "7c0e5d3b-5b1d-4f0e-8b7e-2a91c4d60f13"
    or userIdentity.arn = "arn:aws:sts::111122223333:assumed-role/data-engineer/jonas.berg@example.com"
| sort @timestamp asc
| limit 1000`},
		{"One without is found by name, account and address.", "root", `SELECT eventtime, eventsource, eventname, awsregion, sourceipaddress,
       errorcode, useridentity.arn AS actor, eventid
FROM cloudtrail_logs
WHERE eventtime BETWEEN '2026-11-22T17:03:27Z' AND '2026-11-22T19:03:27Z'
  AND (eventid = '5d41402a-bc4b-4a76-b971-9d911017c592'
       OR (useridentity.principalid = '111122223333'
           AND recipientaccountid = '111122223333'
           AND sourceipaddress = '192.0.2.44'))
ORDER BY eventtime
LIMIT 1000`, `# Time range: 2026-11-22 17:03:27 UTC to 2026-11-22 19:03:27 UTC
fields @timestamp, eventSource, eventName, awsRegion,
    sourceIPAddress, errorCode, userIdentity.arn, eventID
| filter eventID = "5d41402a-bc4b-4a76-b971-9d911017c592"
    or (userIdentity.principalId = "111122223333"
        and recipientAccountId = "111122223333"
        and sourceIPAddress = "192.0.2.44")
| sort @timestamp asc
| limit 1000`},
		{"The window of a correlation is within the time.", "correlation", `SELECT eventtime, eventsource, eventname, awsregion, sourceipaddress,
       errorcode, useridentity.arn AS actor, eventid
FROM cloudtrail_logs
WHERE eventtime BETWEEN '2026-11-21T01:31:09Z' AND '2026-11-21T03:31:09Z'
  AND (eventid = 'e1d2c3b4-a596-4877-8695-5a4b3c2d1e0f'
       OR useridentity.arn = 'arn:aws:sts::444455556666:assumed-role/support/remote')
ORDER BY eventtime
LIMIT 1000`, ""},
	} {
		a := samples(t)[test.name]
		record, err := parseJSON(a.Raw)
		if err != nil {
			t.Fatal(err)
		}
		s := newSearch(&a, &record)
		if diff := cmp.Diff(test.athena, string(s.athena())); diff != "" {
			t.Errorf("%s Athena (-want +got):\n%s", test.about, diff)
		}
		if test.insights == "" {
			continue
		}
		if diff := cmp.Diff(test.insights, string(s.insights())); diff != "" {
			t.Errorf("%s Logs Insights (-want +got):\n%s", test.about, diff)
		}
	}
}

// TestSearchWithout holds what a search does without what it is for.
func TestSearchWithout(t *testing.T) {
	empty := &node{}
	far := strings.Repeat("x", maxQueryValue+1)
	for _, test := range []struct {
		about string
		alert alert.Alert
		where string
	}{
		{"Nothing is searched for without anything to go by.", alert.Alert{}, ""},
		{"Nor when it is too long.", alert.Alert{Finding: alert.Finding{Event: alert.Event{ID: far, Actor: "arn:" + far}}}, ""},
		{"Without a time there is no condition on it.", alert.Alert{Finding: alert.Finding{Event: alert.Event{ID: "x", Time: "yesterday"}}}, "(eventid = 'x')"},
		{"Without an ID the event is known by what it is.", alert.Alert{Finding: alert.Finding{Event: alert.Event{Name: "StopLogging", Source: "cloudtrail.amazonaws.com", Actor: "arn:aws:iam::111122223333:root"}}},
			"((eventsource = 'cloudtrail.amazonaws.com'\n           AND eventname = 'StopLogging')\n       OR useridentity.arn = 'arn:aws:iam::111122223333:root')"},
	} {
		got := string(newSearch(&test.alert, empty).athena())
		_, got, _ = strings.Cut(got, "WHERE ")
		got, _, _ = strings.Cut(got, "\nORDER BY")
		if got != test.where {
			t.Errorf("%s\ngot  %s\nwant %s", test.about, got, test.where)
		}
	}
}

var sqlLiteral = regexp.MustCompile(`(U&)?'((?:[^']|'')*)'`)

// FuzzQueries holds that no value can leave the place that a query has for it,
// and that a literal means the value.
func FuzzQueries(f *testing.F) {
	f.Add("o'brien")
	f.Add(attacks)
	f.Add("é\\+0000E9'")
	f.Add(`x" or 1=1 | display @message #`)
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) || value == "" || len(value) > maxQueryValue-4 {
			return // no text that JSON can hold, or none that is searched for
		}
		a := alert.Alert{Finding: alert.Finding{Event: alert.Event{ID: value, Actor: "arn:" + value, Time: "2026-11-20T14:07:31Z"}}}
		s := newSearch(&a, &node{})
		athena := string(s.athena())
		skeleton := sqlLiteral.ReplaceAllString(athena, "?")
		if want := "WHERE eventtime BETWEEN ? AND ?\n  AND (eventid = ?\n       OR useridentity.arn = ?)\nORDER BY eventtime\nLIMIT 1000"; !strings.HasSuffix(skeleton, want) || strings.ContainsAny(skeleton, `';\`) {
			t.Errorf("the value is not within its literal:\n%s", athena)
		}
		if got := readLiteral(t, sqlLiteral.FindAllStringSubmatch(athena, -1)[2]); got != value {
			t.Errorf("the literal means %q, want %q", got, value)
		}
		insights := string(s.insights())
		if lines := strings.Split(insights, "\n"); len(lines) != 7 || lines[5] != "| sort @timestamp asc" {
			t.Errorf("the value is not within its line:\n%s", insights)
		} else {
			form := regexp.MustCompile(`^(\| filter eventID|    or userIdentity[.]arn) (= "[^"\\|]*"|like /\^(\\/|\[[.+]\]|[^/\\|"])*\$/)$`)
			for _, line := range lines[3:5] {
				if !form.MatchString(line) {
					t.Errorf("the value is not within its text: %s", line)
				}
			}
		}
		for _, query := range []string{athena, insights} {
			if strings.ContainsFunc(strings.ReplaceAll(query, "\n", ""), unseen) {
				t.Errorf("the query is not visible ASCII: %q", query)
			}
		}
	})
}

// readLiteral returns the text that a literal of SQL means.
func readLiteral(t *testing.T, match []string) string {
	text := strings.ReplaceAll(match[2], "''", "'")
	if match[1] == "" {
		return text
	}
	return regexp.MustCompile(`\\(\\|\+[0-9A-F]{6})`).ReplaceAllStringFunc(text, func(escape string) string {
		if escape == `\\` {
			return `\`
		}
		code, err := strconv.ParseUint(escape[2:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		return string(rune(code))
	})
}

func TestException(t *testing.T) {
	withWindow := correlation(t)
	service := trimmed(t)
	starred := simple(t)
	starred.Event.Actor = "arn:aws:iam::111122223333:user/*"
	starred.Event.SourceIP = "fe80::1%eth0"
	for _, test := range []struct {
		about string
		alert alert.Alert
		entry string
		says  string
	}{
		{"A user is excepted by ARN.", simple(t), `{"IAM Administrator Policy Attached": {"excludedActors": ["arn:aws:iam::111122223333:user/mara.lind"]}}`, "Add this entry"},
		{"Of a session it is the role that is.", threshold(t), `{"S3 Bucket Policy Opened to Another Account": {"excludedActors": ["arn:aws:iam::111122223333:role/data-engineer"]}}`, "everyone who acts in the role"},
		{"Who has no ARN is excepted by address.", root(t), `{"Console Login of the Root User": {"excludedSourceIPs": ["192.0.2.44"]}}`, "everyone who calls from the address"},
		{"The hit of a correlation is excepted by its own title.", withWindow, `{"Logging Stopped, Then Access Keys Created": {"excludedActors": ["arn:aws:iam::444455556666:role/support"]}}`, "for the correlation"},
		{"A service has neither.", service, "", "Narrow the rule instead"},
		{"What the compiler would refuse is not offered.", starred, "", "Narrow the rule instead"},
	} {
		p := exception(&test.alert, &pageBounds)
		if !strings.Contains(joined(p.Prose), test.says) {
			t.Errorf("%s\nit says %q, want %q", test.about, joined(p.Prose), test.says)
		}
		if test.entry == "" {
			if len(p.Blocks) > 0 {
				t.Errorf("%s\ngot %s", test.about, p.Blocks[0].Text)
			}
			continue
		}
		var got, want any
		if err := json.Unmarshal([]byte("{"+string(p.Blocks[0].Text)+"}"), &got); err != nil {
			t.Errorf("%s\n%v in %s", test.about, err, p.Blocks[0].Text)
		}
		if err := json.Unmarshal([]byte(test.entry), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.about, diff)
		}
	}
}

func joined(texts []shown) string {
	var all strings.Builder
	for _, text := range texts {
		all.WriteString(string(text) + "\n")
	}
	return all.String()
}

// FuzzExceptionEntry holds that an entry is visible ASCII, and JSON for what it
// is to say.
func FuzzExceptionEntry(f *testing.F) {
	f.Add("A title", "arn:aws:iam::111122223333:user/mara")
	f.Add(attacks, "\u202e🙂\u2028\"\\")
	f.Fuzz(func(t *testing.T, title, value string) {
		if !utf8.ValidString(title) || !utf8.ValidString(value) {
			return // no texts that JSON can hold
		}
		entry := string(exceptionEntry(title, "excludedActors", value))
		if strings.ContainsFunc(strings.ReplaceAll(entry, "\n", ""), unseen) {
			t.Errorf("not visible ASCII: %q", entry)
		}
		var got map[string]map[string][]string
		if err := json.Unmarshal([]byte("{"+entry+"}"), &got); err != nil {
			t.Fatalf("%v in %s", err, entry)
		}
		if diff := cmp.Diff(map[string]map[string][]string{title: {"excludedActors": {value}}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestWebURL(t *testing.T) {
	for _, test := range []struct{ about, text, want string }{
		{"An address of the web is a link.", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"},
		{"So is one without TLS, and with a port.", "http://example.com:8080/", "http://example.com:8080/"},
		{"A script is none.", "javascript:alert(1)", ""},
		{"However it is written.", " JaVaScRiPt://example.com/%0aalert(1)", ""},
		{"Nor is data.", "data:text/html,<script>alert(1)</script>", ""},
		{"Nor is an address without a scheme.", "//evil.example/", ""},
		{"Nor a name without one.", "example.com", ""},
		{"Nor one that hides its host behind a user.", "https://aws.amazon.com@evil.example/", ""},
		{"Nor one with letters that look like others.", "https://\u0430ws.example/", ""},
		{"Nor one with line breaks.", "https://example.com/\r\nx", ""},
		{"Quotes are escaped.", `https://example.com/"onx="`, "https://example.com/%22onx=%22"},
		{"What cannot be seen is escaped.", "https://example.com/\u202ex", "https://example.com/%E2%80%AEx"},
		{"A very long one is none.", "https://example.com/" + strings.Repeat("x", 6000), ""},
	} {
		if got := webURL(test.text, 6000); got != test.want {
			t.Errorf("%s\nwebURL(%q) = %q, want %q", test.about, test.text, got, test.want)
		}
	}
}
