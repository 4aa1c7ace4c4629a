package newtest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// origin is the member that says of a record that nobody recorded it.
const origin = "x-origin"

// digest is where ids, times and addresses come from: the same event of the same rule
// has the same.
type digest [sha256.Size]byte

func digestOf(rule string, event *object) digest {
	return sha256.Sum256(append([]byte(rule+"\n"), event.json()...))
}

// number returns one from 0 to n-1; numbers of different places have nothing to do
// with each other.
func (d digest) number(place, n int) int {
	return int(binary.BigEndian.Uint16(d[2*place:])) % n
}

// id returns one of the form of eventID and requestID.
func (d digest) id(place int) string {
	b := sha256.Sum256(append([]byte{byte(place)}, d[:]...))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// complete adds what CloudTrail writes into every record, as far as keep allows: what
// the event has already stays.
func complete(event *object, d digest, keep func(*object) bool) *object {
	e := event.copied()
	add := func(path string, values ...any) {
		if _, known := e.at(path); known {
			return
		}
		for _, value := range values {
			if c := e.copied(); c.set(path, value, false) && keep(c) {
				e = c
				return
			}
		}
	}
	add(origin, "synthetic")
	if isWhole(event) {
		return e
	}
	for _, name := range containers {
		value, known := e.get(name)
		if _, isObject := value.(*object); known && !isObject && value != nil {
			if c := e.copied(); c.set(name, &object{members: []member{{"value", value}}}, false) && keep(c) {
				e = c
			}
		}
	}
	add("eventVersion", "1.11")
	known, found := e.get("userIdentity")
	if inner, isObject := known.(*object); isObject || !found {
		if !found {
			inner = &object{}
		}
		for _, whole := range identities(inner) {
			c := e.copied()
			if c.put("userIdentity", whole); keep(c) {
				e = c
				break
			}
		}
	}
	add("eventTime", fmt.Sprintf("2026-11-20T09:%02d:%02dZ", d.number(0, 60), d.number(1, 60)))
	add("eventSource", anySlice(sourcesFor(e.text("eventName")))...)
	add("eventName", anySlice(namesFor(e.text("eventSource")))...)
	source, name := e.text("eventSource"), e.text("eventName")
	add("awsRegion", regionOf(source), "eu-west-1", "us-west-2")
	host := e.text("userIdentity.invokedBy")
	if !strings.HasSuffix(host, ".amazonaws.com") {
		host = fmt.Sprintf("203.0.113.%d", 1+d.number(2, 254))
	}
	add("sourceIPAddress", host, "198.51.100.17", "192.0.2.8", "2001:db8::17")
	if !strings.HasSuffix(host, ".amazonaws.com") {
		host = usual("userAgent")[0].(string)
	}
	add("userAgent", append([]any{host}, usual("userAgent")...)...)
	if code := e.text("errorCode"); code != "" && code != "Success" {
		add("errorMessage", messageOf(code))
	}
	add("requestParameters", nil, &object{})
	add("responseElements", nil, &object{})
	add("requestID", d.id(0))
	add("eventID", d.id(1))
	add("readOnly", isReading(name), !isReading(name))
	kind := "AwsApiCall"
	if name == "ConsoleLogin" {
		kind = "AwsConsoleSignIn"
	}
	add("eventType", kind, "AwsServiceEvent")
	add("managementEvent", true, false)
	add("recipientAccountId", account, "444455556666")
	add("eventCategory", "Management")
	return e
}

// isWhole reports whether an event has what tells a record from an example that
// somebody made as short as can be.
func isWhole(event *object) bool {
	for _, name := range []string{"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "eventID"} {
		if _, known := event.get(name); !known {
			return false
		}
	}
	return true
}

func anySlice(texts []string) []any {
	var all []any
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

// regionOf returns where CloudTrail logs the calls of a service.
func regionOf(source string) string {
	switch source {
	case "iam.amazonaws.com", "organizations.amazonaws.com", "route53.amazonaws.com", "route53domains.amazonaws.com", "account.amazonaws.com", "cloudfront.amazonaws.com", "signin.amazonaws.com":
		return "us-east-1"
	}
	return "eu-central-1"
}

// isReading reports whether the name of a call is that of one that changes nothing.
func isReading(name string) bool {
	for _, verb := range []string{"Get", "List", "Describe", "BatchGet", "Lookup", "Search", "View"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// sourcesFor returns services that may have a call, namesFor calls that a service may
// have. They are for records of which that does not matter.
func sourcesFor(name string) []string {
	for _, known := range [][2]string{
		{"ConsoleLogin", "signin"}, {"SigninToken", "signin"}, {"Bucket", "s3"}, {"FlowLogs", "ec2"}, {"Trail", "cloudtrail"}, {"AccessKey", "iam"}, {"LoginProfile", "iam"},
		{"SAMLProvider", "iam"}, {"CallerIdentity", "sts"}, {"AssumeRole", "sts"}, {"DBInstance", "rds"}, {"DBCluster", "rds"}, {"Function", "lambda"}, {"SecretValue", "secretsmanager"},
	} {
		if strings.Contains(name, known[0]) {
			return []string{known[1] + ".amazonaws.com", "ec2.amazonaws.com", "s3.amazonaws.com"}
		}
	}
	return []string{"ec2.amazonaws.com", "s3.amazonaws.com", "sts.amazonaws.com"}
}

func namesFor(source string) []string {
	switch source {
	case "sts.amazonaws.com":
		return []string{"GetCallerIdentity", "AssumeRole"}
	case "s3.amazonaws.com":
		return []string{"GetBucketAcl", "ListBuckets"}
	case "iam.amazonaws.com":
		return []string{"GetUser", "ListUsers"}
	}
	return []string{"DescribeRegions", "ListTagsForResource", "GetCallerIdentity"}
}
