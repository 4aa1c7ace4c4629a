package diff

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	firstID  = "id: 11111111-1111-4111-8111-111111111111\n"
	secondID = "id: 22222222-2222-4222-8222-222222222222\n"
	simple   = "logsource: {product: aws}\ndetection: {a: {eventName: A}, condition: a}\n"
)

// TestItems holds what is said beside the meaning of rules.
func TestItems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence string
		old, new map[string]string
		want     string // the text, without its first line
		alerting bool
	}{
		{"Nothing.", map[string]string{"x.yml": rule("a: {eventName: A}\ncondition: a")}, map[string]string{"x.yml": rule("a: {eventName: A}\ncondition: a")}, "", false},
		{
			"Attributes.",
			map[string]string{"x.yml": firstID + "title: Old\nname: old\nauthor: Ana\ntags: [attack.impact, attack.t1485]\nlevel: low\nreferences: [https://example.com/a]\n" + simple},
			map[string]string{"x.yml": secondID + "title: New\nstatus: test\nauthor: Ana\ntags: [attack.t1485, attack.t1490]\nlevel: low\ndescription: It is new.\nfalsepositives: [Backups]\n" + strings.Replace(simple, "aws", "aws, service: cloudtrail", 1)}, `
equivalent  x (low): New
  title: Old → New
  id: 11111111-1111-4111-8111-111111111111 → 22222222-2222-4222-8222-222222222222
  name: no longer old
  status: test
  description: It is new.
  tags:
    − attack.impact
    + attack.t1490
  references:
    − https://example.com/a
  false positives:
    + Backups
  logsource: aws → aws/cloudtrail
  Its detection is as it was.
`, false,
		},
		{
			"The level, which changes what is alerted on.",
			map[string]string{"x.yml": "title: X\nlevel: low\n" + simple}, map[string]string{"x.yml": "title: X\nlevel: high\n" + simple}, `
equivalent  x (high): X
  level: low → high
  Its detection is as it was.
`, true,
		},
		{
			"Nothing that is compiled.",
			map[string]string{"x.yml": "title: X\nlevel: low\n" + simple}, map[string]string{"x.yml": "# mine\ntitle: X\nlevel: low\ndate: 2026-01-02\n" + simple}, `
equivalent  x (low): X
  Of its file only comments, layout, other documents or what is not compiled changed.
`, false,
		},
		{
			"A rule that has another name and the same id was renamed, and what refers to it follows.",
			map[string]string{"sigma_rules/x.yml": firstID + "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/x"]}}`, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`},
			map[string]string{"sigma_rules/y.yml": firstID + "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/x"]}}`, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`}, `
equivalent  x → y (low): X
  Its detection is as it was.

changed     threshold:x → threshold:y (high)
`, true,
		},
		{
			"A rule with another id is another rule; one is added, one removed.",
			map[string]string{"x.yml": firstID + "title: X\nlevel: low\n" + simple}, map[string]string{"y.yml": secondID + "title: Y\nlevel: low\n" + simple}, `
removed     x (low): X
  It matched records such as
    {"eventName":"A","eventVersion":"1.11"}

added       y (low): Y
  It matches records such as
    {"eventName":"A","eventVersion":"1.11"}
`, true,
		},
		{
			"A rule that is refused on a side is not just added or removed.",
			map[string]string{"bad.yml": "", "x.yml": "title: X\nlevel: low\n" + simple, "x2.yml": "title: X\nlevel: low\n" + simple}, map[string]string{"x.yml": "title: X\nlevel: low\n" + simple, "bad_x2.yml": ""}, `
refused in new, and left out of what follows:
  new/bad_x2.yml:1:1: bad

refused in old, and left out of what follows:
  old/bad.yml:1:1: bad

removed     x2 (low): X
  It matched records such as
    {"eventName":"A","eventVersion":"1.11"}
`, true,
		},
		{
			"Filters come, go and change.",
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "f.yml": filter("u: {userAgent: A}"), "g.yml": filter("u: {userAgent: B}"), "h.yml": "# H\n" + filter("u: {userAgent: D}")},
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "f.yml": filter("u: {userAgent: C}"), "i.yml": filter("u: {userAgent: B}"), "h.yml": filter("u: {userAgent: D}")}, `
different   x (low): X
  filters:
    − g
    + i
  the filter f changed
  @@ -1,8 +1,8 @@
   all of
     a: eventName is "A", whatever the case
     filter f: not
  -    u: userAgent is "A", whatever the case
  -  filter g: not
  -    u: userAgent is "B", whatever the case
  +    u: userAgent is "C", whatever the case
     filter h: not
       u: userAgent is "D", whatever the case
  +  filter i: not
  +    u: userAgent is "B", whatever the case
  It no longer matches records such as
    {"eventName":"A","eventVersion":"1.11","userAgent":"C"}
  It now matches records such as
    {"eventName":"A","eventVersion":"1.11","userAgent":"A"}
`, true,
		},
		{
			"Placeholders change what rules mean.",
			map[string]string{"sigma_rules/x.yml": rule("a: {eventName: A, userIdentity.userName|expand: '%admins%'}\ncondition: a"), "placeholders.yml": "admins: [ana, bo]\nold: [x]\n"},
			map[string]string{"sigma_rules/x.yml": rule("a: {eventName: A, userIdentity.userName|expand: '%admins%'}\ncondition: a"), "placeholders.yml": "admins: [bo]\nnew: [y]\n"}, `
narrower    x (low): A Rule
  @@ -1,3 +1,3 @@
   a: all of
     eventName is "A", whatever the case
  -  userIdentity.userName is "ana" or "bo", whatever the case   [|expand: %admins%]
  +  userIdentity.userName is "bo", whatever the case   [|expand: %admins%]
  It matches nothing new, and no longer records such as
    {"eventName":"A","eventVersion":"1.11","userIdentity":{"userName":"ana"}}

changed     placeholder admins
  values:
    − ana

added       placeholder new
  values:
    + y

removed     placeholder old
  values:
    − x
`, true,
		},
		{
			"A correlation, and a rule that it counts.",
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C\nlevel: high\ncorrelation: {type: temporal, rules: [x, y], group-by: [recipientAccountId], timespan: 90m}\n"},
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + strings.Replace(simple, "A}", "[A, B]}", 1), "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C2\nlevel: high\ncorrelation: {type: temporal_ordered, rules: [x, y], group-by: [userIdentity.arn], timespan: 2h, generate: true}\n"}, `
wider       x (low): X
  @@ -1,1 +1,1 @@
  -a: eventName is "A", whatever the case
  +a: eventName is "A" or "B", whatever the case
  It matches all that it did, and records such as
    {"eventName":"B","eventVersion":"1.11"}
  Its matches are counted by c.

changed     correlation c (high): C2
  type: temporal → temporal_ordered
  group by:
    − recipientAccountId
    + userIdentity.arn
  window: 1h30m → 2h
  alerts of its rules: silenced → kept
  title: C → C2
`, true,
		},
		{
			"The order of the rules of a correlation counts where it is of its kind.",
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C\nlevel: high\ncorrelation: {type: temporal_ordered, rules: [x, y], group-by: [recipientAccountId], timespan: 1h}\n", "d.yml": "title: D\nlevel: high\ncorrelation: {type: temporal, rules: [x, y], group-by: [recipientAccountId], timespan: 1h}\n"},
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C\nlevel: high\ncorrelation: {type: temporal_ordered, rules: [y, x], group-by: [recipientAccountId], timespan: 1h}\n", "d.yml": "title: D\nlevel: high\ncorrelation: {type: temporal, rules: [y, x], group-by: [recipientAccountId], timespan: 1h}\n"}, `
changed     correlation c (high): C
  order of rules: x, y → y, x

changed     correlation d (high): D
  Of its file only comments, layout, other documents or what is not compiled changed.
`, true,
		},
		{
			"Entries of postprocessing_rules; one that stays is not told, though its file changed.",
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}, {"type": "threshold", "sigmaRuleTitle": "Y", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`},
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 10, "windowMinutes": 5, "severity_adjustment": "critical", "cooldownMinutes": 60, "description": "Many."}, {"type": "threshold", "sigmaRuleTitle": "Y", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`}, `
changed     threshold:x (critical): Many.
  level: high → critical
  condition: gte 3 → gte 10
  cooldown: 1h
  description: Many.
`, true,
		},
		{
			"Exceptions.",
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "sigma_rules/z.yml": "title: Z\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/x"], "expires": "2027-06-30", "owner": "a"}, "Y": {"excludedAccounts": ["111122223333"]}}`},
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "sigma_rules/z.yml": "title: Z\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/y"], "excludedSourceIPs": ["198.51.100.64/26"], "expires": "2027-07-31", "owner": "b"}, "Z": {"excludedActorsRegex": [":user/z$"], "reason": "r"}}`}, `
changed     exception of x
  actors:
    − arn:aws:iam::111122223333:user/x
    + arn:aws:iam::111122223333:user/y
  source addresses:
    + 198.51.100.64/26
  expires: 2027-06-30 → 2027-07-31
  owner: a → b

removed     exception of y
  accounts:
    − 111122223333

added       exception of z
  expressions:
    + :user/z$
  reason: r
`, true,
		},
		{
			"The owner of an exception changes nothing that is alerted on.",
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedAccounts": ["111122223333"], "owner": "a"}}`},
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedAccounts": ["111122223333"], "owner": "b"}}`}, `
changed     exception of x
  owner: a → b
`, false,
		},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			report := Compare(planned(t, "old", c.old), planned(t, "new", c.new))
			_, got, _ := strings.Cut(report.Text(), "\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if report.Alerting() != c.alerting {
				t.Errorf("alerting is %t", report.Alerting())
			}
		})
	}
}

// filter returns the text of a filter that leaves out what a search holds on.
func filter(search string) string {
	return "title: F\nlogsource: {product: aws}\nfilter:\n  rules: [x]\n  " + search + "\n  condition: not u\n"
}
