package scan

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
)

func tableOf(t *testing.T, width int, color bool, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	s := newStreams(strings.NewReader(""), &stdout, &stderr)
	s.width, s.color = width, color
	s.now = func() time.Time { return time.Time{} }
	run(context.Background(), Extras{}, testSet(), append([]string{"scan"}, args...), s)
	if strings.Contains(stderr.String(), "scanned") == false {
		t.Errorf("the scan failed: %s", stderr.String())
	}
	return stdout.String()
}

func TestTable(t *testing.T) {
	session := strings.Replace(event("e3", "CreateUser", 30), "arn:aws:iam::111122223333:user/alice", "arn:aws:sts::999988887777:assumed-role/deploy/run-17", 1)
	late := strings.Replace(event("e5", "DeleteTrail", 20), "T16:", "T17:", 1)
	files(t, map[string]string{"a.json": delivery(event("e1", "DeleteTrail", 0), event("e2", "DeleteTrail", 1), session, late)})
	want := `
SEVERITY  TIME (UTC)           RULE                  EVENT                   ACTOR                               SOURCE     ACCOUNT
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
CRITICAL  2025-03-09 16:00:00  Title of stop         cloudtrail:DeleteTrail  user/alice                          192.0.2.1  111122223333
                                                                                                                            us-east-1
MEDIUM    2025-03-09 16:30:00  Title of create_user  cloudtrail:CreateUser   role/deploy/run-17 of 999988887777  192.0.2.1  111122223333
                                                                                                                            us-east-1
CRITICAL  2025-03-09 17:20:00  Title of stop         cloudtrail:DeleteTrail  user/alice                          192.0.2.1  111122223333
                               +1 held back                                                                                 us-east-1
`
	if diff := cmp.Diff(want, "\n"+tableOf(t, 160, false, "a.json")); diff != "" {
		t.Errorf("160 columns (-want +got):\n%s", diff)
	}
	want = `
SEVERITY  TIME (UTC)  RULE AND EVENT         ACTOR AND SOURCE
───────────────────────────────────────────────────────────────────
CRITICAL  2025-03-09  Title of stop          user/alice
          16:00:00    cloudtrail:Delete      192.0.2.1
                      Trail                  111122223333 us-east-1

MEDIUM    2025-03-09  Title of create_user   role/deploy/run-17 of
          16:30:00    cloudtrail:CreateUser  999988887777
                                             192.0.2.1
                                             111122223333 us-east-1

CRITICAL  2025-03-09  Title of stop          user/alice
          17:20:00    +1 held back           192.0.2.1
                      cloudtrail:Delete      111122223333 us-east-1
                      Trail
`
	if diff := cmp.Diff(want, "\n"+tableOf(t, 67, false, "a.json")); diff != "" {
		t.Errorf("67 columns (-want +got):\n%s", diff)
	}
	plain, colored := tableOf(t, 160, false, "a.json"), tableOf(t, 160, true, "a.json")
	if strings.Contains(plain, "\x1b") {
		t.Errorf("colours without a terminal:\n%q", plain)
	}
	wantIn(t, colored, "\n\x1b[1;31mCRITICAL\x1b[0m  2025-", "\n\x1b[33mMEDIUM\x1b[0m    2025-")
	if diff := cmp.Diff(plain, strings.NewReplacer("\x1b[1;31m", "", "\x1b[33m", "", "\x1b[0m", "").Replace(colored)); diff != "" {
		t.Errorf("colours change more than colours (-plain +coloured):\n%s", diff)
	}
	if got := tableOf(t, 160, false, "--matches", "a.json"); strings.Count(got, "111122223333") != 4 {
		t.Errorf("four matches as a table:\n%s", got)
	}
}

// Whoever makes an API call chooses what stands in the record.
func TestHostileTextInTable(t *testing.T) {
	hostile := []string{
		`\u001b[2J\u001b[31mred`, `\u009b2J`, `a\nb\r\nc\td`, `\u202egnp.exe\u2066`, `\u200b\u200d\ufeff`, `\u2028\u2029`, `\u0000\u007f`,
		`Z` + strings.Repeat(`\u0301`, 200), `☺\ufe0f`, strings.Repeat("x", 100_000), strings.Repeat("界", 500), `\ud800`, "\xff\xfe", `\udb40\udc41`,
		strings.Repeat(" ", 300) + "end", `\u3000\u00a0`, `👩\u200d👩\u200d👧`,
	}
	var records []string
	for _, text := range hostile {
		records = append(records, `{"eventVersion":"1","eventID":"`+text+`","eventName":"StopLogging","eventSource":"`+text+`","eventTime":"`+text+`","awsRegion":"`+text+
			`","recipientAccountId":"`+text+`","sourceIPAddress":"`+text+`","userIdentity":{"arn":"`+text+`"}}`)
	}
	files(t, map[string]string{"a.json": delivery(records...)})
	for _, width := range []int{200, 160, 130, 129, 100, 80, 60, 40} {
		table := tableOf(t, width, false, "--alerts", "a.json")
		if rows := strings.Count(table, "CRITICAL"); rows != len(hostile) {
			t.Errorf("%d columns: %d rows for %d records", width, rows, len(hostile))
		}
		for line := range strings.Lines(table) {
			line = strings.TrimSuffix(line, "\n")
			if w := uniseg.StringWidth(line); w > width {
				t.Errorf("%d columns: a line of %d: %q", width, w, line)
			}
			for _, r := range line {
				if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
					t.Errorf("%d columns: %U in %q", width, r, line)
				}
			}
		}
		if lines := strings.Count(table, "\n"); lines > 2+2*len(hostile)*(maxLines+1) {
			t.Errorf("%d columns: %d lines", width, lines)
		}
	}
}

func TestCleanText(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain text, Zoë, 世界", "plain text, Zoë, 世界"},
		{"e\u0301", "e\u0301"},
		{"e\u0301\u0301\u0301", "e\u0301\u0301" + `\u0301`},
		{"\x1b[0m\n", `\x1b[0m\x0a`},
		{"\u0085\u202e\U000e0041", `\u0085\u202e\U000e0041`},
		{"a\xffb\ufffd", `a\xffb` + "\ufffd"},
	}
	for _, test := range tests {
		if got := cleanText(test.in); got != test.want {
			t.Errorf("cleanText(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  string
	}{
		{"short", 5, "short"},
		{"0123456789abcdef", 10, "012345…def"},
		{"世界世界世界", 7, "世界…界"},
		{"ab", 1, "…"},
	}
	for _, test := range tests {
		if got := shorten(test.in, test.width); got != test.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.in, test.width, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"fits in", 7, []string{"fits in"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"role/deploy/session", 12, []string{"role/deploy/", "session"}},
		{"AuthorizeSecurityGroupIngress", 25, []string{"AuthorizeSecurityGroup", "Ingress"}},
		{"x/0123456789", 8, []string{"x/012345", "6789"}},
		{"世界世界", 3, []string{"世", "界", "世", "界"}},
		{"世界", 1, []string{"世", "界"}},
		{"   ", 2, []string{""}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, wrap(test.in, test.width)); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", test.in, test.width, diff)
		}
	}
}
