package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// samples are alerts of invented records, one of each kind that looks different.
// The goldens show them.
func samples(t testing.TB) map[string]alert.Alert {
	return map[string]alert.Alert{
		"simple":      simple(t),
		"threshold":   threshold(t),
		"correlation": correlation(t),
		"hostile":     hostile(t),
		"root":        root(t),
		"trimmed":     trimmed(t),
	}
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// raw returns a record on one line, as CloudTrail delivers it.
func raw(t testing.TB, text string) json.RawMessage {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Fatalf("this is no JSON: %s", text)
	}
	return json.RawMessage(strings.Join(strings.Fields(text), " "))
}

func is(b bool) *bool { return &b }

var release = alert.Release{Version: "v1.4.0", Commit: "8f3c1d0a5b7e9f2c4d6a8b0c1e3f5a7b9c0d2e4f", Rules: "5b1e0c6f7a2d94e83b6c1f0a9d8e7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d"}

func simple(t testing.TB) alert.Alert {
	return alert.Alert{
		Finding: alert.Finding{
			Schema: 1,
			Rule: alert.Rule{
				Key: "iam_admin_policy_attached", ID: "2f6c8a54-9c1d-4f7e-8b27-1de0a8b1c3f5", Title: "IAM Administrator Policy Attached",
				Description:    "A policy of AWS that gives every permission was attached to a user, a group or a role. Attackers do so to keep the access that they have won.",
				Condition:      "selection and not 1 of filter_*",
				Level:          runtime.High,
				Tags:           []string{"attack.persistence", "attack.privilege_escalation", "attack.t1098.003"},
				References:     []string{"https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html", "https://attack.mitre.org/techniques/T1098/003/"},
				FalsePositives: []string{"An administrator who sets up an account", "A pipeline that is not yet named in the filter"},
				Source:         "sigma_rules/iam_admin_policy_attached.yml", SourceHash: "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2",
			},
			Searches: []alert.Search{{Name: "selection", Fields: []alert.Field{
				{Path: "eventSource", Values: []string{"iam.amazonaws.com"}},
				{Path: "eventName", Values: []string{"AttachUserPolicy"}},
				{Path: "requestParameters.policyArn", Values: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}},
				{Path: "errorCode", Values: nil},
			}}},
			Event: alert.Event{
				ID: "1b7a2c64-0f58-4a3e-9d1c-7e5f60a4b821", Time: "2026-11-20T09:12:44Z", Source: "iam.amazonaws.com", Name: "AttachUserPolicy", AccountID: "111122223333", Region: "us-east-1",
				Actor: "arn:aws:iam::111122223333:user/mara.lind", ActorName: "mara.lind", SourceIP: "203.0.113.24", UserAgent: "aws-cli/2.19.4 md/awscrt#0.22.0 ua/2.0 os/linux#6.1.0",
			},
			Location: alert.Location{Bucket: "example-cloudtrail-logs", File: "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/111122223333_CloudTrail_us-east-1_20261120T0915Z_x1Yz.json.gz", Record: 14},
			Raw: raw(t, `{
				"eventVersion": "1.11",
				"userIdentity": {"type": "IAMUser", "principalId": "AIDASGAVQYWMAREXAMPLE", "arn": "arn:aws:iam::111122223333:user/mara.lind", "accountId": "111122223333", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "mara.lind"},
				"eventTime": "2026-11-20T09:12:44Z", "eventSource": "iam.amazonaws.com", "eventName": "AttachUserPolicy", "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.24",
				"userAgent": "aws-cli/2.19.4 md/awscrt#0.22.0 ua/2.0 os/linux#6.1.0",
				"requestParameters": {"userName": "svc-invoice", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
				"responseElements": null, "requestID": "0b734477-57d1-4b86-af82-2d05c3deabdf", "eventID": "1b7a2c64-0f58-4a3e-9d1c-7e5f60a4b821", "readOnly": false, "eventType": "AwsApiCall",
				"managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management",
				"tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "iam.amazonaws.com"}
			}`),
		},
		Severity:     runtime.High,
		Why:          []string{"severity high is the level of the rule"},
		Address:      &alert.Address{IP: "203.0.113.24", Country: "Norway", City: "Bergen", Network: "203.0.113.0/24", ASN: "AS64500", Operator: "Example Hosting", VPN: is(true), Proxy: is(false), Tor: is(false), Sources: []string{"vpnapi.io"}},
		Release:      release,
		AccountAlias: "example-production",
	}
}

const sessionARN = "arn:aws:sts::111122223333:assumed-role/data-engineer/jonas.berg@example.com"

func threshold(t testing.TB) alert.Alert {
	related := func(second, id, file string, record int) alert.Related {
		return alert.Related{
			Rule: "s3_bucket_policy_changed", Title: "S3 Bucket Policy Opened to Another Account", Time: at(t, "2026-11-20T14:0"+second+"Z"), EventID: id, EventName: "PutBucketPolicy",
			AccountID: "111122223333", Region: "eu-central-1", Actor: sessionARN, SourceIP: "2001:db8:42::17", Location: alert.Location{File: file, Record: record},
		}
	}
	return alert.Alert{
		Finding: alert.Finding{
			Schema: 1,
			Rule: alert.Rule{
				Key: "s3_bucket_policy_changed", Title: "S3 Bucket Policy Opened to Another Account", Level: runtime.Medium, Condition: "selection",
				Description:    "A bucket policy gives rights to a principal of another account.",
				Tags:           []string{"attack.exfiltration", "attack.collection", "attack.t1537", "attack.t1530", "detection.threat-hunting"},
				FalsePositives: []string{"Sharing of data with a partner that was agreed on"},
				Source:         "sigma_rules/s3_bucket_policy_changed.yml", SourceHash: "9b74c9897bac770ffc029102a200c5de0a1b2c3d4e5f60718293a4b5c6d7e8f9",
			},
			Searches: []alert.Search{{Name: "selection", Fields: []alert.Field{
				{Path: "eventName", Values: []string{"PutBucketPolicy"}},
				{Path: "requestParameters.bucketPolicy.Statement.Principal.AWS", Values: []string{"arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:role/reader"}},
			}}},
			Event: alert.Event{
				ID: "7c0e5d3b-5b1d-4f0e-8b7e-2a91c4d60f13", Time: "2026-11-20T14:07:31Z", Source: "s3.amazonaws.com", Name: "PutBucketPolicy", AccountID: "111122223333", Region: "eu-central-1",
				Actor: sessionARN, IssuerARN: "arn:aws:iam::111122223333:role/data-engineer", ActorName: "data-engineer", SourceIP: "2001:db8:42::17", UserAgent: "[Boto3/1.35.60 md/Botocore#1.35.60 ua/2.0 os/macos#24.1.0]",
			},
			Location: alert.Location{Bucket: "example-cloudtrail-logs", File: "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/c.json.gz", Record: 3},
			Raw: raw(t, `{
				"eventVersion": "1.11",
				"userIdentity": {"type": "AssumedRole", "principalId": "AROAEXAMPLEROLEID:jonas.berg@example.com", "arn": "arn:aws:sts::111122223333:assumed-role/data-engineer/jonas.berg@example.com", "accountId": "111122223333", "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
					"sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLEROLEID", "arn": "arn:aws:iam::111122223333:role/data-engineer", "accountId": "111122223333", "userName": "data-engineer"}, "attributes": {"creationDate": "2026-11-20T13:50:02Z", "mfaAuthenticated": "false"}}},
				"eventTime": "2026-11-20T14:07:31Z", "eventSource": "s3.amazonaws.com", "eventName": "PutBucketPolicy", "awsRegion": "eu-central-1", "sourceIPAddress": "2001:db8:42::17",
				"userAgent": "[Boto3/1.35.60 md/Botocore#1.35.60 ua/2.0 os/macos#24.1.0]",
				"requestParameters": {"bucketName": "example-claims-archive", "Host": "example-claims-archive.s3.eu-central-1.amazonaws.com", "policy": "",
					"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:role/reader"]}, "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::example-claims-archive", "arn:aws:s3:::example-claims-archive/*"]}]}},
				"responseElements": null,
				"additionalEventData": {"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 412, "AuthenticationMethod": "AuthHeader", "bytesTransferredOut": 0},
				"requestID": "K7VQ1S0X3Z5M2N4B", "eventID": "7c0e5d3b-5b1d-4f0e-8b7e-2a91c4d60f13", "readOnly": false,
				"resources": [{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-claims-archive", "accountId": "111122223333"}],
				"eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management"
			}`),
		},
		Severity: runtime.High,
		Completed: []alert.Completed{{
			Key: "threshold:s3_bucket_policy_changed", Type: runtime.EventCount, Description: "Many buckets are opened by one actor: somebody copies everything.", Severity: runtime.High,
			Group: []alert.GroupValue{{Name: "account", Value: "111122223333"}, {Name: "actor", Value: sessionARN}},
			Start: at(t, "2026-11-20T13:57:31Z"), End: at(t, "2026-11-20T14:07:31Z"), Count: 5, Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 5}},
			Related: []alert.Related{
				related("1:12", "0a1c7b52-6d3e-4f80-91a2-b3c4d5e6f701", "a.json.gz", 0), related("2:40", "0a1c7b52-6d3e-4f80-91a2-b3c4d5e6f702", "a.json.gz", 7), related("4:05", "0a1c7b52-6d3e-4f80-91a2-b3c4d5e6f703", "b.json.gz", 2),
				related("5:59", "0a1c7b52-6d3e-4f80-91a2-b3c4d5e6f704", "b.json.gz", 5), related("7:31", "7c0e5d3b-5b1d-4f0e-8b7e-2a91c4d60f13", "", 0),
			},
		}},
		Suppressed: 3,
		Why:        []string{"completes threshold:s3_bucket_policy_changed: 5 events within 10m, needed: gte 5", "severity high is that of threshold:s3_bucket_policy_changed", "3 like it were held back since 2026-11-20T12:40:00Z"},
		Release:    release,
	}
}

func correlation(t testing.TB) alert.Alert {
	location := alert.Location{File: "logs/2026/11/21/incident.json.gz", Record: 208}
	a := alert.Alert{
		Finding: alert.Finding{
			Schema: 1,
			Rule: alert.Rule{
				Key: "logging_stopped_then_keys_created", Title: "Logging Stopped, Then Access Keys Created", Level: runtime.Critical,
				Description: "Somebody stops the trail and then makes themselves a way back in. Each alone happens in maintenance; one after the other within half an hour it does not.",
				Tags:        []string{"attack.defense-evasion", "attack.t1562.008", "attack.persistence", "attack.t1098.001"},
				References:  []string{"https://attack.mitre.org/techniques/T1562/008/"},
				Source:      "correlations/logging_stopped_then_keys_created.yml", SourceHash: "0cc175b9c0f1b6a831c399e269772661f0e1d2c3b4a5968778695a4b3c2d1e0f",
			},
			Searches: []alert.Search{},
			Event: alert.Event{
				ID: "e1d2c3b4-a596-4877-8695-5a4b3c2d1e0f", Time: "2026-11-21T02:31:09Z", Source: "iam.amazonaws.com", Name: "CreateAccessKey", AccountID: "111122223333", Region: "us-east-1",
				Actor: "arn:aws:sts::444455556666:assumed-role/support/remote", IssuerARN: "arn:aws:iam::444455556666:role/support", ActorName: "support", SourceIP: "198.51.100.7", UserAgent: "python-requests/2.32.3",
			},
			Location: location,
			Raw: raw(t, `{
				"eventVersion": "1.11",
				"userIdentity": {"type": "AWSAccount", "principalId": "AROAEXAMPLE:remote", "arn": "arn:aws:sts::444455556666:assumed-role/support/remote", "accountId": "444455556666"},
				"eventTime": "2026-11-21T02:31:09Z", "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey", "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7", "userAgent": "python-requests/2.32.3",
				"requestParameters": {"userName": "backup-service"},
				"responseElements": {"accessKey": {"userName": "backup-service", "accessKeyId": "AKIAI44QH8DHBEXAMPLE", "status": "Active", "createDate": "Nov 21, 2026, 2:31:09 AM"}},
				"requestID": "6f1d0a52-7c3e-4b8f-9a10-2b3c4d5e6f70", "eventID": "e1d2c3b4-a596-4877-8695-5a4b3c2d1e0f", "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management"
			}`),
			Window: &alert.Window{Group: []alert.GroupValue{{Name: "recipientAccountId", Value: "111122223333"}, {Name: "sourceIPAddress", Value: "198.51.100.7"}}, Start: at(t, "2026-11-21T02:01:09Z"), End: at(t, "2026-11-21T02:31:09Z")},
		},
		Severity: runtime.Critical,
		Why:      []string{"completes correlation logging_stopped_then_keys_created: 2 of its rules in order within 30m, needed: all 2", "severity critical is the level of the rule"},
		Release:  release,
	}
	a.Completed = []alert.Completed{{
		Key: a.Rule.Key, Type: runtime.TemporalOrdered, Title: a.Rule.Title, Description: a.Rule.Description, Severity: runtime.Critical, Group: a.Window.Group, Start: a.Window.Start, End: a.Window.End, Count: 2,
		Related: []alert.Related{
			{Rule: "cloudtrail_logging_stopped", Title: "CloudTrail Logging Stopped", Time: at(t, "2026-11-21T02:14:50Z"), EventID: "b1946ac9-2492-4d23-87c6-235b4d2611aa", EventName: "StopLogging", AccountID: "111122223333", Region: "us-east-1", Actor: a.Event.Actor, SourceIP: "198.51.100.7", Location: alert.Location{File: "logs/2026/11/21/incident.json.gz", Record: 97}},
			{Rule: "iam_access_key_created_for_other", Title: "Access Key Created for Another User", Time: at(t, "2026-11-21T02:31:09Z"), EventID: a.Event.ID, EventName: "CreateAccessKey", AccountID: "111122223333", Region: "us-east-1", Actor: a.Event.Actor, SourceIP: "198.51.100.7", Location: location},
		},
	}, {
		Key: "threshold:logging_stopped_then_keys_created", Type: runtime.ValueCount, Title: "Many Users at Once", Description: "More than one user got a key.", Severity: runtime.High, Start: a.Window.Start, End: a.Window.End, Count: 1250, Condition: []runtime.Comparison{{Operator: runtime.Greater, Value: 1000}, {Operator: runtime.NotEqual, Value: 1001.5}},
		Related: []alert.Related{}, Omitted: 1250,
	}}
	return a
}

// attacks are texts that have done harm in reports of others.
const attacks = `"><script>alert(1)</script><img src=x onerror=alert(1)>'--` + "\u202egnp.exe\u2066\u200b\r\nBcc: victim@example.com\x1b[31m\x00 {{.}} ${x} https://evil.example/verify www.evil.example"

func hostile(t testing.TB) alert.Alert {
	a := simple(t)
	long := strings.Repeat("Mozilla/5.0 (X11; Linux x86_64) ", 3200) // 100 KB
	a.Rule.Title = "Console Login" + attacks
	a.Rule.Description = "First line.\nSecond line. " + attacks
	a.Rule.References = []string{"javascript:alert(document.domain)", "data:text/html,<script>alert(1)</script>", "https://aws.amazon.com@evil.example/", "https://example.com/\"onmouseover=\"alert(1)", "JavaScript&colon;alert(1)", "//evil.example", "https://xn--80ak6aa92e.example/", "https://\u0430ws.example/"}
	a.Rule.Tags = []string{"attack.t1078.004", "attack.t1078\"><b>", "attack.initial-access", "attack.g0016", attacks}
	a.Rule.FalsePositives = []string{attacks}
	a.Searches = []alert.Search{{Name: attacks, Fields: []alert.Field{{Path: attacks, Values: []string{attacks, ""}}, {Path: ""}}}}
	a.Event.Actor = "arn:aws:iam::111122223333:user/o'brien\u202e" + attacks
	a.Event.UserAgent = attacks + long
	a.Event.ErrorCode = "AccessDenied<b>"
	a.Event.Region = "us-east-1.evil.example/?"
	a.Event.SourceIP = attacks
	a.AccountAlias = attacks
	a.Address = &alert.Address{IP: attacks, Country: attacks, Operator: attacks, Sources: []string{attacks}}
	a.Why = []string{attacks}
	a.Location = alert.Location{Bucket: attacks, File: attacks}
	record := map[string]any{
		"userIdentity":      map[string]any{"type": "IAMUser", "arn": a.Event.Actor, attacks: attacks},
		"requestParameters": map[string]any{"policyDocument": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"<script>` + "\u202e" + `"}]}`, "list": []string{attacks, attacks}, "userData": long},
		"responseElements":  map[string]any{"credentials": map[string]any{"accessKeyId": "ASIAIOSFODNN7EXAMPLE", "sessionToken": "FwoGZXIvYXdzEXAMPLE"}},
		"errorCode":         "AccessDenied<b>", "errorMessage": attacks, "userAgent": a.Event.UserAgent,
		attacks: []any{map[string]any{attacks: attacks}},
	}
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	a.Raw = text
	return a
}

func root(t testing.TB) alert.Alert {
	return alert.Alert{
		Finding: alert.Finding{
			Schema: 1,
			Rule: alert.Rule{
				Key: "console_root_login", Title: "Console Login of the Root User", Description: "The root user signed in to the console, or tried to.", Level: runtime.Critical, Condition: "selection",
				Tags: []string{"attack.initial-access", "attack.privilege-escalation", "attack.t1078.004"}, Source: "sigma_rules/console_root_login.yml", SourceHash: "e4d909c290d0fb1ca068ffaddf22cbd0aa11bb22cc33dd44ee55ff6600112233",
			},
			Searches: []alert.Search{{Name: "selection", Fields: []alert.Field{{Path: "eventName", Values: []string{"ConsoleLogin"}}, {Path: "userIdentity.type", Values: []string{"Root"}}}}},
			Event: alert.Event{
				ID: "5d41402a-bc4b-4a76-b971-9d911017c592", Time: "2026-11-22T18:03:27Z", Source: "signin.amazonaws.com", Name: "ConsoleLogin", AccountID: "111122223333", Region: "us-east-1",
				Actor: "111122223333", SourceIP: "192.0.2.44", UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36", ErrorCode: "",
			},
			Location: alert.Location{File: "delivery.json", Record: 0},
			Raw: raw(t, `{"eventVersion": "1.08", "userIdentity": {"type": "Root", "principalId": "111122223333", "accountId": "111122223333", "accessKeyId": ""}, "eventTime": "2026-11-22T18:03:27Z",
				"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.44", "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36",
				"errorMessage": "Failed authentication", "requestParameters": null, "responseElements": {"ConsoleLogin": "Failure"}, "additionalEventData": {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "No"},
				"eventID": "5d41402a-bc4b-4a76-b971-9d911017c592", "readOnly": false, "eventType": "AwsConsoleSignIn", "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management"}`),
		},
		Severity: runtime.Critical,
		Why:      []string{"severity critical is the level of the rule"},
		Release:  release,
	}
}

func trimmed(t testing.TB) alert.Alert {
	return alert.Alert{
		Finding: alert.Finding{
			Schema: 1,
			Rule:   alert.Rule{Key: "lambda_code_updated", Title: "Lambda Function Code Changed by Hand", Level: runtime.Low, Source: "sigma_rules/lambda_code_updated.yml"},
			Event: alert.Event{
				Digest: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", Time: "yesterday", Source: "lambda.amazonaws.com", Name: "UpdateFunctionCode20150331v2", Region: "us-gov-west-1", Actor: "cloudformation.amazonaws.com", SourceIP: "cloudformation.amazonaws.com",
			},
			Location: alert.Location{Bucket: "example-cloudtrail-logs", File: "AWSLogs/o-exampleorgid/111122223333/x.json.gz", Record: 1},
			Raw:      raw(t, `{"userIdentity": {"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}, "eventTime": "yesterday", "requestParameters": "trimmed: 412034 bytes", "eventSource": "lambda.amazonaws.com"}`),
			Trimmed:  true,
		},
		Severity: runtime.Low,
		Release:  alert.Release{Version: "v1.4.0"},
	}
}

// sampleScan is a scan that found the samples.
func sampleScan(t testing.TB) Scan {
	all := samples(t)
	s := Scan{
		Release: release, Finished: at(t, "2026-11-23T08:15:00Z"), Paths: []string{"AWSLogs/", "incident/2026-11-21"}, Files: 1312, Records: 2184067, Matches: 19,
		Duplicates: 2, Excepted: 4, BelowSeverity: 6, HeldBack: 1, MinSeverity: runtime.Low,
		Problems: []string{"AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/broken.json.gz: unexpected EOF"}, Skipped: []string{"notes.txt: not a file of CloudTrail", "<b>" + attacks},
	}
	for _, name := range []string{"simple", "threshold", "correlation", "hostile", "root", "trimmed"} {
		s.Alerts = append(s.Alerts, all[name])
	}
	return s
}
