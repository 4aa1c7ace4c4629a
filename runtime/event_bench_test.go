package runtime

import (
	"fmt"
	"testing"

	"github.com/trailalerts/trailalerts/runtime/internal/object"
)

// usualRecord has the layout and the size of most.
const usualRecord = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:session-1","arn":"arn:aws:sts::111122223333:assumed-role/deploy/session-1",` +
	`"accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/deploy",` +
	`"accountId":"111122223333","userName":"deploy"},"attributes":{"creationDate":"2026-11-20T08:55:12Z","mfaAuthenticated":"false"}}},"eventTime":"2026-11-20T11:00:10Z",` +
	`"eventSource":"iam.amazonaws.com","eventName":"GetRolePolicy","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 botocore/2.4.5",` +
	`"requestParameters":{"roleName":"deploy","policyName":"inline"},"responseElements":null,"requestID":"b928d013-ca15-4321-8728-abfbc9bd37e3","eventID":"9ec85943-7685-48ad-a640-9223a3c82a1d",` +
	`"readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management",` +
	`"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"iam.amazonaws.com"}}`

// headOf returns what the reader of a delivery file notes of a record: the first n members.
func headOf(b *testing.B, raw []byte, n int) object.Head {
	b.Helper()
	head := object.Head{NoDots: true}
	for end := 0; n > 0; n-- {
		m, ok, _ := object.Next(raw, end)
		if !ok {
			b.Fatalf("no member behind byte %d", end)
		}
		head.Members = append(head.Members, m)
		end = int(m.To)
	}
	return head
}

// BenchmarkKeys finds the keys of a record, as noted by the reader and alone.
func BenchmarkKeys(b *testing.B) {
	raw := []byte(usualRecord)
	for _, c := range []struct {
		name string
		head object.Head
	}{{"noted", headOf(b, raw, 8)}, {"alone", object.Head{}}} {
		b.Run(c.name, func(b *testing.B) {
			e := new(Event)
			b.ReportAllocs()
			for b.Loop() {
				e.ResetHead(raw, c.head)
				if _, name, ok := e.Keys(); !ok || name != "getrolepolicy" {
					b.Fatal(name, ok)
				}
			}
		})
	}
}

// BenchmarkMentions looks for texts that a record does not have, as nearly all do not.
func BenchmarkMentions(b *testing.B) {
	raw := []byte(usualRecord)
	head := headOf(b, raw, 8)
	var thirty []string
	for i := range 30 {
		thirty = append(thirty, []string{"s3browser", "kali", "pentest-framework"}[i%3]+fmt.Sprint("-", i))
	}
	for _, field := range []string{"userAgent", "userIdentity.type"} {
		for _, texts := range [][]string{{"Root"}, thirty} {
			b.Run(fmt.Sprintf("%s/%d", field, len(texts)), func(b *testing.B) {
				set := NewTexts(texts...)
				e := new(Event)
				b.ReportAllocs()
				for b.Loop() {
					e.ResetHead(raw, head)
					if e.Mentions(field, set) {
						b.Fatal("it does")
					}
				}
			})
		}
	}
}
