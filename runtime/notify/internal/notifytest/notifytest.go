// Package notifytest holds the alerts that the tests of all channels send.
package notifytest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Now is when the messages of tests are made.
var Now = time.Date(2025, 3, 9, 16, 45, 0, 123_000_000, time.UTC)

// record is what CloudTrail would log for Alert.
const record = `{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:alice","arn":"arn:aws:sts::111122223333:assumed-role/admin/alice","accountId":"111122223333"},
"eventTime":"2025-03-09T16:39:48Z","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15",
"requestParameters":{"name":"arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"},"eventID":"3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f","recipientAccountId":"111122223333"}`

// Alert is an ordinary alert: one rule, one record, enriched.
func Alert() *alert.Alert {
	no, yes := false, true
	return &alert.Alert{
		Finding: alert.Finding{
			Schema: alert.Schema,
			Rule: alert.Rule{
				Key: "cloudtrail_logging_stopped", ID: "4db60cc0-36fb-42b7-9b58-a5b53019fb74", Title: "CloudTrail Logging Stopped",
				Description: "Someone stopped a trail from logging.", Author: "TrailAlerts", Condition: "selection", Level: runtime.Medium,
				Tags: []string{"attack.defense_evasion", "attack.t1562.008"}, References: []string{"https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html"},
				FalsePositives: []string{"Maintenance of the trail"}, Source: "rules/sigma_rules/cloudtrail_logging_stopped.yml", SourceHash: strings.Repeat("ab", 32),
			},
			Searches: []alert.Search{{Name: "selection", Fields: []alert.Field{
				{Path: "eventSource", Values: []string{"cloudtrail.amazonaws.com"}}, {Path: "eventName", Values: []string{"StopLogging"}},
			}}},
			Event: alert.Event{
				ID: "3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f", Time: "2025-03-09T16:39:48Z", Source: "cloudtrail.amazonaws.com", Name: "StopLogging", AccountID: "111122223333", Region: "eu-west-1",
				Actor: "arn:aws:sts::111122223333:assumed-role/admin/alice", IssuerARN: "arn:aws:iam::111122223333:role/admin", ActorName: "admin", SourceIP: "198.51.100.7", UserAgent: "aws-cli/2.15",
			},
			Location: alert.Location{Bucket: "trail-logs", File: "AWSLogs/111122223333/CloudTrail/eu-west-1/2025/03/09/file.json.gz", Record: 12},
			Raw:      json.RawMessage(record),
		},
		Severity:   runtime.High,
		Suppressed: 3,
		Why:        []string{"No exception covers it.", "It is at least medium."},
		Address: &alert.Address{
			IP: "198.51.100.7", Country: "Germany", Region: "Hesse", City: "Frankfurt", Network: "198.51.100.0/24", ASN: "AS64500", Operator: "Example Net",
			VPN: &yes, Proxy: &no, Tor: &no, Relay: &no, Sources: []string{"vpnapi.io"},
		},
		Release:      alert.Release{Version: "v1.2.3", Commit: "0123456789abcdef", Rules: strings.Repeat("cd", 32)},
		AccountAlias: "production",
	}
}

// Correlated is Alert with a threshold that it reaches and a correlation that it
// completes.
func Correlated() *alert.Alert {
	a := Alert()
	at := time.Date(2025, 3, 9, 16, 39, 48, 0, time.UTC)
	related := func(rule, title string, minutes int) alert.Related {
		return alert.Related{
			Rule: rule, Title: title, Time: at.Add(-time.Duration(minutes) * time.Minute), EventID: "e-" + rule, EventName: "CreateUser", AccountID: "111122223333", Region: "us-east-1",
			Actor: a.Event.Actor, SourceIP: "198.51.100.7", Location: alert.Location{Bucket: "trail-logs", File: "earlier.json.gz", Record: minutes},
		}
	}
	a.Severity = runtime.Critical
	a.Completed = []alert.Completed{
		{
			Key: "threshold:cloudtrail_logging_stopped", Type: runtime.EventCount, Description: "Several trails in a row.", Severity: runtime.High,
			Group: []alert.GroupValue{{Name: runtime.GroupAccount, Value: "111122223333"}, {Name: runtime.GroupActor, Value: a.Event.Actor}},
			Start: at.Add(-15 * time.Minute), End: at, Count: 5, Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 5}},
			Related: []alert.Related{related("cloudtrail_logging_stopped", "CloudTrail Logging Stopped", 3)}, Omitted: 3,
		},
		{
			Key: "correlation:cloudtrail_logging_stopped:iam_user_created", Type: runtime.Temporal, Description: "A user is made where nobody looks.", Severity: runtime.Critical,
			Group: []alert.GroupValue{{Name: runtime.GroupActor, Value: a.Event.Actor}}, Start: at.Add(-time.Hour), End: at, Count: 2,
			Related: []alert.Related{related("iam_user_created", "IAM User Created", 20)},
		},
	}
	return a
}

// Evil is what attackers write into the fields that they choose: markup of every
// channel, line breaks, control and bidirectional characters.
const Evil = "<!channel> <@U0> <https://evil.example|your bank> & <at>all</at> [click](https://evil.example) ![i](https://evil.example/i.png) {{DATE(2017-02-14T06:08:39Z, SHORT)}} " +
	"<script>alert(1)</script>\r\nBcc: everyone@evil.example\r\n\r\n.\r\n*bold* _it_ ~st~ `code` ```x``` | # - \u202egnp.exe\u2066 \x00\x07\x1b[31m\u2028\u200b\xff\xfe 漢字 🚨 "

// Hostile is Correlated with Evil in every text that comes from outside, and
// 100 KB of it in the user agent.
func Hostile() *alert.Alert {
	a := Correlated()
	a.Rule.Title, a.Rule.Description, a.Rule.Author, a.AccountAlias = Evil, strings.Repeat(Evil, 20), Evil, Evil
	a.Rule.References = []string{"https://docs.example.com/a b?x=<y>&z", "javascript:alert(1)", "http://evil.example/", Evil}
	a.Rule.Tags, a.Rule.FalsePositives, a.Rule.Source = []string{Evil}, []string{Evil}, Evil
	long := strings.Repeat(Evil, 100_000/len(Evil)+1)
	a.Event.ID = "evil\r\nid: <!here> \u202e漢 " + strings.Repeat("x", 400)
	for _, text := range []*string{&a.Event.Source, &a.Event.Name, &a.Event.AccountID, &a.Event.Region, &a.Event.Actor, &a.Event.IssuerARN, &a.Event.ActorName, &a.Event.SourceIP, &a.Event.ErrorCode, &a.Event.Time} {
		*text = Evil
	}
	a.Event.UserAgent, a.Completed[0].Related[0].Actor, a.Completed[1].Group[0].Value = long, long, long
	for i := range a.Searches {
		a.Searches[i].Name = Evil
		for range 40 {
			a.Searches[i].Fields = append(a.Searches[i].Fields, alert.Field{Path: Evil, Values: []string{Evil, Evil}})
		}
	}
	for i := range a.Completed {
		c := &a.Completed[i]
		c.Key, c.Title, c.Description = Evil, Evil, Evil
		c.Group = append(c.Group, alert.GroupValue{Name: Evil, Value: Evil})
		one := c.Related[0]
		one.Title, one.EventName, one.Actor, one.SourceIP, one.EventID = Evil, Evil, Evil, Evil, Evil
		for n := range 30 {
			one.Location.Record = n
			c.Related = append(c.Related, one)
		}
	}
	for range 10 {
		a.Why = append(a.Why, Evil)
	}
	*a.Address = alert.Address{IP: Evil, Country: Evil, Region: Evil, City: Evil, Network: Evil, ASN: Evil, Operator: Evil, Sources: []string{Evil}}
	members := map[string]any{}
	if err := json.Unmarshal(a.Raw, &members); err != nil {
		panic(err) // the record above is JSON
	}
	members["userAgent"], members["requestParameters"] = long, map[string]any{"policyDocument": strings.Repeat("<&>\u2028\"\\", 8_000), "name": Evil}
	raw, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	a.Raw = raw
	return a
}
