package catalogue

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFactsAreWrittenByUpdate holds the files of facts that update writes against
// what it would make of what they say: the same bytes, so that nobody edits them.
func TestFactsAreWrittenByUpdate(t *testing.T) {
	t.Parallel()
	models, err := readModels(factsWith(nil))
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := os.ReadFile("facts/" + ModelsFile)
	if err != nil {
		t.Fatal(err)
	}
	inflated, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(inflated)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, models.Text()) {
		t.Errorf("%s is not what update writes", ModelsFile)
	}
	if models.Date == "" || models.Origin == "" {
		t.Errorf("%s says neither when nor where it is from: %q, %q", ModelsFile, models.Date, models.Origin)
	}
	seenText, err := os.ReadFile("facts/" + SeenFile)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := ParseSeen(seenText)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(seenText), string(seen.Text())); diff != "" {
		t.Errorf("%s is not what update writes (-file +update):\n%s", SeenFile, diff)
	}
}

// TestFactsAreSmall bounds what the catalogue adds to sigmagen.
func TestFactsAreSmall(t *testing.T) {
	t.Parallel()
	var size int64
	err := fs.WalkDir(embedded, ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		size += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > 400<<10 {
		t.Errorf("the facts have %d bytes", size)
	}
}

// TestServicesAreNeeded holds that each line about a service says what the models
// do not.
func TestServicesAreNeeded(t *testing.T) {
	t.Parallel()
	c := load(t)
	lines, err := readLines(factsWith(nil), "sources.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		name, sources, found := l.cut("=")
		if l.words[0] == "called" {
			if c.Source(name[1]) == nil {
				t.Errorf("%v", l.errorf("there is no %s", name[1]))
			}
			continue
		}
		if !found {
			continue
		}
		service := c.service(strings.Join(name[1:], " "))
		slices.Sort(sources)
		if slices.Equal(sources, service.likely()) {
			t.Errorf("%v: the models say so themselves", l.errorf("service %s", service.Name))
		}
	}
}

// TestWhatIsSeenIsKnown holds the rest of the catalogue against recorded events: a
// request has no member that the models and the exceptions do not have, but for
// those that are not documented.
func TestWhatIsSeenIsKnown(t *testing.T) {
	t.Parallel()
	known := map[string]string{ // consoles and agents send these
		"apigateway.amazonaws.com GetResource":                 "template",
		"lambda.amazonaws.com UpdateFunctionCode20150331v2":    "fullyQualifiedArn",
		"monitoring.amazonaws.com DescribeAlarms":              "excludeManagedAlarms",
		"ssm.amazonaws.com SendCommand":                        "interactive",
		"s3.amazonaws.com GetStorageLensDashboardDataInternal": "",
	}
	c, err := Read(factsWith(map[string]string{SeenFile: ""}))
	if err != nil {
		t.Fatal(err)
	}
	seen, err := readSeen(factsWith(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.Pairs) < 100 {
		t.Fatalf("only %d pairs were seen", len(seen.Pairs))
	}
	for pair, members := range seen.Pairs {
		name, eventName, _ := strings.Cut(pair, " ")
		source := c.Source(name)
		if source == nil {
			t.Errorf("there is no source of %s", pair)
			continue
		}
		event := source.Event(eventName)
		if event == nil || len(event.Instead) > 0 {
			if _, odd := known[pair]; !odd {
				t.Errorf("CloudTrail would not write %s", pair)
			}
			continue
		}
		for _, member := range members {
			if !source.Loose && known[pair] != member && !c.Member(event, member) {
				t.Errorf("the request of %s has no %s", pair, member)
			}
		}
	}
}

// TestCatalogue looks up what is known.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	c := load(t)
	event := func(source, name string) string {
		s := c.Source(source)
		if s == nil {
			return "no source"
		}
		e := s.Event(name)
		switch {
		case e == nil:
			return "no event"
		case len(e.Instead) > 0:
			return strings.Join(e.Instead, " ")
		}
		return "event"
	}
	for _, test := range []struct{ about, source, name, want string }{
		{"an operation is an event", "iam.amazonaws.com", "CreateUser", "event"},
		{"the case of letters does not count", "IAM.amazonaws.com", "createuser", "event"},
		{"an operation of another service is none", "route53.amazonaws.com", "DisableDomainTransferLock", "no event"},
		{"of a service with a source of its own", "route53domains.amazonaws.com", "DisableDomainTransferLock", "event"},
		{"CloudTrail writes sub-resources of buckets otherwise than the API", "s3.amazonaws.com", "PutBucketLifecycleConfiguration", "PutBucketLifecycle"},
		{"by the name that it writes", "s3.amazonaws.com", "PutBucketLifecycle", "event"},
		{"one operation may be two events", "s3.amazonaws.com", "PutPublicAccessBlock", "PutAccountPublicAccessBlock PutBucketPublicAccessBlock"},
		{"operations of S3 Control have the source of S3", "s3.amazonaws.com", "ListAccessPoints", "event"},
		{"Lambda puts a date behind names", "lambda.amazonaws.com", "UpdateFunctionCode", "UpdateFunctionCode20150331v2"},
		{"and a dated name is an event", "lambda.amazonaws.com", "UpdateFunctionCode20150331v2", "event"},
		{"a newer call of Lambda has none", "lambda.amazonaws.com", "CreateFunctionUrlConfig", "event"},
		{"a date that no list has is believed", "cloudfront.amazonaws.com", "UpdateDistribution2020_05_31", "event"},
		{"but not behind what is no operation", "cloudfront.amazonaws.com", "UpdateDistrbution2020_05_31", "no event"},
		{"the sign-in has no API", "signin.amazonaws.com", "ConsoleLogin", "event"},
		{"the console of IAM Identity Center has calls of its own", "sso.amazonaws.com", "AssociateDirectory", "event"},
		{"those of its directory have another source", "sso-directory.amazonaws.com", "EnableExternalIdPConfigurationForDirectory", "event"},
		{"services write events that nobody called", "kms.amazonaws.com", "RotateKey", "event"},
		{"the source that a model names may not be the one that is written", "configservice.amazonaws.com", "StopConfigurationRecorder", "no source"},
		{"but that of the namespace", "config.amazonaws.com", "StopConfigurationRecorder", "event"},
		{"a service of which the model names no source", "bedrock.amazonaws.com", "DeleteGuardrail", "event"},
		{"a service of which the model names another domain", "inspector2.amazonaws.com", "Disable", "event"},
		{"the model may name a source that nobody writes", "wafregional.amazonaws.com", "DeleteWebACL", "no source"},
		{"where the namespace is right", "waf-regional.amazonaws.com", "DeleteWebACL", "event"},
		{"or neither is", "mq.amazonaws.com", "CreateBroker", "no source"},
		{"as of Amazon MQ", "amazonmq.amazonaws.com", "CreateBroker", "event"},
		{"directory buckets have a source of their own", "s3express.amazonaws.com", "DeleteBucket", "event"},
		{"what an agent calls", "ec2messages.amazonaws.com", "GetMessages", "event"},
		{"SCIM has a source of its own", "identitystore-scim.amazonaws.com", "PatchUser", "event"},
		{"a call that the models leave out", "rolesanywhere.amazonaws.com", "CreateSession", "event"},
		{"a call that a service makes", "lakeformation.amazonaws.com", "GetDataAccess", "event"},
		{"what visitors of pages do", "cognito-idp.amazonaws.com", "ForgotPassword_GET", "event"},
		{"a service without an API", "sqlworkbench.amazonaws.com", "CreateConnection", "event"},
		{"the end of a call that takes long", "organizations.amazonaws.com", "CloseAccountResult", "event"},
		{"a call of this year", "sts.amazonaws.com", "GetWebIdentityToken", "event"},
		{"an API that was retired", "qldb.amazonaws.com", "CreateLedger", "event"},
	} {
		if got := event(test.source, test.name); got != test.want {
			t.Errorf("%s: %s %s is %q, want %q", test.about, test.source, test.name, got, test.want)
		}
	}
	for label, want := range map[string]string{"cloudwatch": "monitoring.amazonaws.com", "configservice": "config.amazonaws.com", "route53domains": "route53domains.amazonaws.com", "elb": "elasticloadbalancing.amazonaws.com", "step-functions": "states.amazonaws.com", "systemsmanager": "ssm.amazonaws.com"} {
		if got := c.ServiceOf(label); !slices.Equal(got, []string{want}) {
			t.Errorf("the service %s has the sources %q, want %s", label, got, want)
		}
	}
	for _, test := range []struct {
		about, path, unknown string
	}{
		{"a field of the record", "eventName", ""},
		{"a field of the caller", "userIdentity.sessionContext.sessionIssuer.userName", ""},
		{"whatever is below what differs from event to event", "responseElements.user.arn", ""},
		{"an object of it", "userIdentity.sessionContext", ""},
		{"a field that no record has", "status", "status"},
		{"names are exact", "useridentity.arn", "useridentity"},
		{"below a scalar there is nothing", "eventName.first", "eventName.first"},
		{"of an endpoint of a VPC", "vpcEndpointAccountId", ""},
		{"of a user of IAM Identity Center", "userIdentity.onBehalfOf.identityStoreArn", ""},
		{"of a call that a function made", "userIdentity.inScopeOf.credentialsIssuedTo", ""},
		{"of a federated identity", "userIdentity.sessionContext.webIdFederationData.federatedProvider", ""},
		{"of an Insights event", "insightDetails.insightContext.statistics.insight.average", ""},
		{"of an aggregated event", "timeWindow.windowStart", ""},
		{"of an event of CloudTrail Lake", "eventData.userIdentity.type", ""},
		{"what aggregated events alone have is a mistake elsewhere", "accountId", "accountId"},
		{"the part that is wrong is named", "userIdentity.sessionIssuer.userName", "userIdentity.sessionIssuer"},
	} {
		if unknown, ok := c.Field(test.path); unknown != test.unknown || ok != (test.unknown == "") {
			t.Errorf("%s: %s has %q, want %q", test.about, test.path, unknown, test.unknown)
		}
	}
	for _, test := range []struct {
		about, source, name, member string
		want                        bool
	}{
		{"lower camel case", "iam.amazonaws.com", "CreateUser", "userName", true},
		{"only the first letter is made small", "rds.amazonaws.com", "ModifyDBInstance", "dBInstanceIdentifier", true},
		{"and no other", "rds.amazonaws.com", "ModifyDBInstance", "dbInstanceIdentifier", false},
		{"not as the model spells it, where recordings have lower camel case", "iam.amazonaws.com", "CreateUser", "UserName", false},
		{"of whatever event", "kms.amazonaws.com", "ScheduleKeyDeletion", "KeyId", false},
		{"recordings of another source have it so", "account.amazonaws.com", "EnableRegion", "RegionName", true},
		{"as the model spells it", "securityhub.amazonaws.com", "BatchUpdateFindings", "Workflow", true},
		{"a member of another operation", "iam.amazonaws.com", "CreateUser", "groupName", false},
		{"the request as a whole", "ec2.amazonaws.com", "ModifyInstanceMetadataOptions", "ModifyInstanceMetadataOptionsRequest", true},
		{"but that of another operation", "iam.amazonaws.com", "CreateUser", "DeleteUserRequest", false},
		{"S3 spells bodies as XML does", "s3.amazonaws.com", "PutBucketLifecycle", "LifecycleConfiguration", true},
		{"and not as others", "s3.amazonaws.com", "PutBucketLifecycle", "lifecycleConfiguration", false},
		{"headers of S3", "s3.amazonaws.com", "PutObject", "x-amz-server-side-encryption", true},
		{"a dated name has the members of its operation", "lambda.amazonaws.com", "UpdateFunctionConfiguration20150331v2", "layers", true},
		{"what CloudTrail takes out of an assertion", "sts.amazonaws.com", "AssumeRoleWithSAML", "sAMLAssertionID", true},
		{"a name in the path of a request", "eks.amazonaws.com", "CreateAccessEntry", "name", true},
		{"a name of HTTP", "amazonmq.amazonaws.com", "DeleteBroker", "broker-id", true},
		{"and not just any", "amazonmq.amazonaws.com", "DeleteBroker", "broker-name", false},
		{"nobody knows what a console reads, whatever others of the source have", "eks.amazonaws.com", "AccessKubernetesApi", "uri", true},
		{"nobody knows what a call of a console has", "sso.amazonaws.com", "AssociateDirectory", "whatever", true},
		{"what was recorded is true", "ssm.amazonaws.com", "SendCommand", "interactive", true},
	} {
		if got := c.Member(c.Source(test.source).Event(test.name), test.member); got != test.want {
			t.Errorf("%s: %s of %s %s is %v, want %v", test.about, test.member, test.source, test.name, got, test.want)
		}
	}
}
