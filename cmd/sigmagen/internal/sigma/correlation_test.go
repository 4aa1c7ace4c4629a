package sigma

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

func TestParseCorrelation(t *testing.T) {
	t.Parallel()
	const text = `title: Keys of New Users
level: high
generate: true
correlation:
  type: value_count
  rules: [user_created, 'key_created']
  group-by: who
  timespan: 36h
  aliases:
    who: {user_created: requestParameters.userName}
  condition:
    gte: 2
    field: [awsRegion, userAgent]
    lt: 1e3
`
	var list diag.List
	documents, ok := Parse(File{Key: "keys", Path: "keys.yml", Source: "keys.yml", Text: []byte(text)}, &list)
	if !ok || len(list.Sorted()) > 0 {
		t.Fatalf("%+v", list.Sorted())
	}
	at := func(line, column, length int) diag.Span {
		return diag.Span{Position: diag.Position{Path: "keys.yml", Line: line, Column: column}, Length: length}
	}
	want := &Correlation{
		Type:    Text{"value_count", at(5, 9, 11)},
		Rules:   []Text{{"user_created", at(6, 11, 12)}, {"key_created", at(6, 25, 13)}},
		GroupBy: []Text{{"who", at(7, 13, 3)}},
		Aliases: []Alias{{
			Name:   Text{"who", at(10, 5, 3)},
			Fields: []AliasField{{Rule: Text{"user_created", at(10, 11, 12)}, Field: Text{"requestParameters.userName", at(10, 25, 26)}}},
		}},
		Timespan:      36 * time.Hour,
		Condition:     []Comparison{{"gte", 2, at(12, 10, 1)}, {"lt", 1000, at(14, 9, 3)}},
		Fields:        []Text{{"awsRegion", at(13, 13, 9)}, {"userAgent", at(13, 24, 9)}},
		ConditionSpan: at(11, 3, 9),
		Generate:      true,
	}
	if diff := cmp.Diff(want, documents[0].Correlation, cmp.AllowUnexported(Correlation{})); diff != "" {
		t.Errorf("correlation (-want +got):\n%s", diff)
	}
	if documents[0].IsDetection() {
		t.Error("a correlation is taken for a rule that records are matched against")
	}
}

func TestTimespanHint(t *testing.T) {
	t.Parallel()
	tests := []struct{ about, timespan, want string }{
		{"weeks are so many days", "2w", "write 14d"},
		{"an M may be meant for minutes", "10M", "write 10m for minutes; months have no fixed length"},
		{"units are lower case", "5H", "write 5h"},
		{"a number may be of seconds or minutes", "300", "add the unit: 300s are seconds, 300m minutes"},
		{"years are no unit", "1y", "the units are s, m, h and d"},
		{"two units are one too many", "1h30m", "write one number and one unit, such as 90m"},
		{"the number may be too long for a number", "99999999999999999999w", "write 30d or less"},
	}
	for _, test := range tests {
		if got := timespanHint(test.timespan); got != test.want {
			t.Errorf("%s: the hint for %q is %q, want %q", test.about, test.timespan, got, test.want)
		}
	}
}
