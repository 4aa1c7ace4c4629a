package reach

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/catalogue"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// TestCheck holds what is found in detections. A finding is written as line:code
// message | hint, without the date; lines count from the first of the detection.
func TestCheck(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		about, detection string
		want             []string
	}{
		{
			"an event of its source",
			"selection: {eventSource: iam.amazonaws.com, eventName: DeleteAccountAlias}\ncondition: selection",
			nil,
		},
		{
			"whatever the case",
			"selection: {eventSource: IAM.amazonaws.com, eventName: deleteaccountalias}\ncondition: selection",
			nil,
		},
		{
			"a recorded event proves the pair",
			"selection:\n  eventSource: s3.amazonaws.com\n  eventName: PutBucketLifecycle\ncondition: selection",
			[]string{"3:reach-seen a recorded event has s3.amazonaws.com and PutBucketLifecycle"},
		},
		{
			"an operation of another source",
			"selection:\n  eventSource: route53.amazonaws.com\n  eventName: DisableDomainTransferLock\ncondition: selection",
			[]string{"3:reach-wrong-source CloudTrail writes DisableDomainTransferLock with the eventSource \"route53domains.amazonaws.com\", not with \"route53.amazonaws.com\" | did you mean `eventSource: route53domains.amazonaws.com`?"},
		},
		{
			"the source may stand in another search",
			"source: {eventSource: route53.amazonaws.com}\nname: {eventName: DisableDomainTransferLock}\ncondition: all of them",
			[]string{"2:reach-wrong-source CloudTrail writes DisableDomainTransferLock with the eventSource \"route53domains.amazonaws.com\", not with \"route53.amazonaws.com\" | did you mean `eventSource: route53domains.amazonaws.com`?"},
		},
		{
			"an operation of several other sources",
			"selection: {eventSource: kms.amazonaws.com, eventName: DeleteAccountAlias}\ncondition: selection",
			[]string{"1:reach-wrong-source CloudTrail writes DeleteAccountAlias with the eventSource \"iam.amazonaws.com\" or \"supportapp.amazonaws.com\", not with \"kms.amazonaws.com\""},
		},
		{
			"a source whose operation is written by another name is asked for all the same",
			"selection:\n  eventSource: [lambda.amazonaws.com, iam.amazonaws.com]\n  eventName: [UpdateFunctionCode, DeleteAccountAlias]\ncondition: selection",
			[]string{"3:reach-unknown-event CloudTrail writes the call UpdateFunctionCode as \"UpdateFunctionCode20150331v2\" | did you mean \"UpdateFunctionCode20150331v2\"?"},
		},
		{
			"an ARN for a name, and a name for an ARN",
			"selection:\n  userIdentity.userName: arn:aws:iam::111122223333:user/bob\n  userIdentity.arn: bob\n  requestParameters.policyArn: bob\ncondition: selection",
			[]string{
				"2:reach-wrong-value userIdentity.userName is a name or number, and never an ARN | write the name alone, or look at a field that holds an ARN",
				"3:reach-wrong-value userIdentity.arn is a whole ARN, and never \"bob\" | write all of the ARN, or use `userIdentity.arn|endswith`",
			},
		},
		{
			"an action of IAM with its event",
			"selection:\n  eventSource: s3.amazonaws.com\n  eventName:\n    - PutBucketPolicy\n    - PutLifecycleConfiguration\ncondition: selection",
			[]string{
				"4:reach-seen a recorded event has s3.amazonaws.com and PutBucketPolicy",
				"5:reach-iam-action s3:PutLifecycleConfiguration is an action of IAM: CloudTrail writes \"PutBucketLifecycle\" | did you mean \"PutBucketLifecycle\"?",
			},
		},
		{
			"an action of IAM that allows what is no event",
			"selection: {eventSource: iam.amazonaws.com, eventName: PassRole}\ncondition: selection",
			[]string{"1:reach-iam-action iam:PassRole is an action of IAM, and no event: it is asked for by the calls that hand a role to a service, and only these are written"},
		},
		{
			"an action of IAM without a source",
			"selection: {eventName: ListAllMyBuckets}\ncondition: selection",
			[]string{"1:reach-iam-action s3:ListAllMyBuckets is an action of IAM: CloudTrail writes \"ListBuckets\" | did you mean \"ListBuckets\"?"},
		},
		{
			"an action of IAM with its prefix",
			"selection: {eventName: 'iam:DeleteAccountAlias'}\ncondition: selection",
			[]string{"1:reach-iam-action \"iam:DeleteAccountAlias\" is how IAM writes an action: CloudTrail writes eventName without \"iam:\" | did you mean \"DeleteAccountAlias\"?"},
		},
		{
			"a call that is written by another name",
			"selection: {eventSource: lambda.amazonaws.com, eventName: DeleteAlias}\ncondition: selection",
			[]string{"1:reach-unknown-event CloudTrail writes the call DeleteAlias as \"DeleteAlias20150331\" | did you mean \"DeleteAlias20150331\"?"},
		},
		{
			"both names of a call are no mistake",
			"selection: {eventSource: lambda.amazonaws.com, eventName: [DeleteAlias, DeleteAlias20150331]}\ncondition: selection",
			nil,
		},
		{
			"an event that does not exist",
			"selection: {eventSource: elasticache.amazonaws.com, eventName: RevokeCacheSecurityGroupEgress}\ncondition: selection",
			[]string{"1:reach-unknown-event \"elasticache.amazonaws.com\" has no event \"RevokeCacheSecurityGroupEgress\" | did you mean \"RevokeCacheSecurityGroupIngress\"?"},
		},
		{
			"a misspelt event without a source",
			"selection: {eventName: DeleteAcountAlias}\ncondition: selection",
			[]string{"1:reach-unknown-event CloudTrail writes no event \"DeleteAcountAlias\" | did you mean \"DeleteAccountAlias\"?"},
		},
		{
			"a source of which not all events are known",
			"selection: {eventSource: signin.amazonaws.com, eventName: SomethingElse}\ncondition: selection",
			nil,
		},
		{
			"a misspelt event of such a source",
			"selection: {eventSource: signin.amazonaws.com, eventName: ConsoleLogon}\ncondition: selection",
			[]string{"1:reach-unknown-event \"signin.amazonaws.com\" has no event \"ConsoleLogon\" | did you mean \"ConsoleLogin\"?"},
		},
		{
			"a name in such a source that is like another one, and no slip",
			"selection: {eventSource: cognito-idp.amazonaws.com, eventName: ForgotPassword_PUT}\ncondition: selection",
			nil,
		},
		{
			"or has another verb",
			"selection: {eventSource: chatbot.amazonaws.com, eventName: ShowSlackChannelConfiguration}\ncondition: selection",
			nil,
		},
		{
			"a name in such a source that several others have",
			"selection: {eventSource: quicksight.amazonaws.com, eventName: CreateUser}\ncondition: selection",
			nil,
		},
		{
			"a name in such a source that a single other one has",
			"selection: {eventSource: ssm.amazonaws.com, eventName: SendSSHPublicKey}\ncondition: selection",
			[]string{"1:reach-wrong-source CloudTrail writes SendSSHPublicKey with the eventSource \"ec2-instance-connect.amazonaws.com\", not with \"ssm.amazonaws.com\" | did you mean `eventSource: ec2-instance-connect.amazonaws.com`?"},
		},
		{
			"unless nothing is known of it but single events",
			"selection: {eventSource: sqlworkbench.amazonaws.com, eventName: CreateSavedQuery}\ncondition: selection",
			nil,
		},
		{
			"events that are no calls",
			"selection: {eventSource: kms.amazonaws.com, eventName: SomethingHappened, eventType: AwsServiceEvent}\ncondition: selection",
			nil,
		},
		{
			"events that are calls",
			"selection: {eventSource: kms.amazonaws.com, eventName: SomethingHappened, eventType: AwsApiCall}\ncondition: selection",
			[]string{"1:reach-unknown-event \"kms.amazonaws.com\" has no event \"SomethingHappened\""},
		},
		{
			"sources and names are a product",
			"selection:\n  eventSource: [sso.amazonaws.com, sso-directory.amazonaws.com]\n  eventName: [AssociateDirectory, EnableExternalIdPConfigurationForDirectory]\ncondition: selection",
			nil,
		},
		{
			"a source that none of the names is of",
			"selection:\n  eventSource:\n    - iam.amazonaws.com\n    - kms.amazonaws.com\n  eventName: [DeleteAccountAlias, UpdateAccountPasswordPolicy]\ncondition: selection",
			[]string{"4:reach-wrong-source none of the events that this asks for is one of kms.amazonaws.com | remove it"},
		},
		{
			"a source that does not exist, by the name of the service",
			"selection: {eventSource: cloudwatch.amazonaws.com, eventName: DeleteAlarms}\ncondition: selection",
			[]string{"1:reach-unknown-source CloudTrail writes no eventSource \"cloudwatch.amazonaws.com\" | did you mean \"monitoring.amazonaws.com\"?"},
		},
		{
			"a misspelt source",
			"selection: {eventSource: guarduty.amazonaws.com, eventName: DeleteMembers}\ncondition: selection",
			[]string{"1:reach-unknown-source CloudTrail writes no eventSource \"guarduty.amazonaws.com\" | did you mean \"guardduty.amazonaws.com\"?"},
		},
		{
			"what people call a service",
			"selection: {eventSource: elb.amazonaws.com, eventName: DeleteRule}\ncondition: selection",
			[]string{"1:reach-unknown-source CloudTrail writes no eventSource \"elb.amazonaws.com\" | did you mean \"elasticloadbalancing.amazonaws.com\"?"},
		},
		{
			"the address of a service",
			"selection: {eventSource: s3.eu-west-1.amazonaws.com}\ncondition: selection",
			[]string{"1:reach-unknown-source CloudTrail writes no eventSource \"s3.eu-west-1.amazonaws.com\" | did you mean \"s3.amazonaws.com\"?"},
		},
		{
			"a source that has nothing but the domain in common with others",
			"selection: {eventSource: xyz.amazonaws.com}\ncondition: selection",
			[]string{"1:reach-unknown-source CloudTrail writes no eventSource \"xyz.amazonaws.com\""},
		},
		{
			"another domain",
			"selection: {eventSource: [signin.amazon.com, taxconsole.amazon.com]}\ncondition: selection",
			nil,
		},
		{
			"another domain that only others have",
			"selection: {eventSource: glue.amazon.com}\ncondition: selection",
			[]string{"1:reach-unknown-source CloudTrail writes no eventSource \"glue.amazon.com\" | did you mean \"glue.amazonaws.com\"?"},
		},
		{
			"whatever the case of a source",
			"selection: {eventSource: KMS.AmazonAWS.com, eventName: TagResource}\ncondition: selection",
			nil,
		},
		{
			"of what looks like no source the plan warns",
			"selection: {eventSource: guardduty, eventName: DeleteMembers}\ncondition: selection",
			[]string{"1:value/event-source no eventSource of CloudTrail looks like \"guardduty\" | it is the service's name and .amazonaws.com"},
		},
		{
			"wildcards that hold on an event",
			"selection: {eventSource: lambda.amazonaws.com, eventName|startswith: DeleteAlias}\ncondition: selection",
			nil,
		},
		{
			"wildcards that hold on none",
			"selection: {eventSource: lambda.amazonaws.com, eventName: 'Delete*Alarm'}\ncondition: selection",
			[]string{"1:reach-unknown-event no event of \"lambda.amazonaws.com\" has such a name"},
		},
		{
			"an expression that holds on no event at all",
			"selection: {eventName|re: '^Obliterate'}\ncondition: selection",
			[]string{"1:reach-unknown-event no event that CloudTrail writes has such a name"},
		},
		{
			"names that contradict each other are another matter",
			"one: {eventName: RotateKey}\ntwo: {eventName|startswith: Delete}\ncondition: one and two",
			nil,
		},
		{
			"all sources but the right one",
			"one: {eventName: UpdateAccountPasswordPolicy}\ntwo: {eventSource: iam.amazonaws.com}\ncondition: one and not two",
			[]string{"1:reach-wrong-source CloudTrail writes UpdateAccountPasswordPolicy with the eventSource \"iam.amazonaws.com\", not with those that this asks for | did you mean `eventSource: iam.amazonaws.com`?"},
		},
		{
			"all sources but one, and a name that none has",
			"one: {eventName: ObliterateAccountAlias}\ntwo: {eventSource: iam.amazonaws.com}\ncondition: one and not two",
			[]string{"1:reach-unknown-event CloudTrail writes no event \"ObliterateAccountAlias\""},
		},
		{
			"the case of letters, where it counts",
			"selection: {eventSource: iam.amazonaws.com, eventName|cased: [DeleteAccountAlias, deleteaccountalias]}\ncondition: selection",
			[]string{"1:reach-unknown-event CloudTrail writes DeleteAccountAlias in other letters | did you mean \"DeleteAccountAlias\"?"},
		},
		{
			"a source by a part of its name",
			"selection: {eventSource|startswith: lambda., eventName: RotateKey}\ncondition: selection",
			[]string{"1:reach-wrong-source CloudTrail writes RotateKey with the eventSource \"kms.amazonaws.com\", not with \"lambda.amazonaws.com\" | did you mean `eventSource: kms.amazonaws.com`?"},
		},
		{
			"a part of no source",
			"selection: {eventSource|startswith: lamda., eventName: RotateKey}\ncondition: selection",
			[]string{"1:reach-unknown-source no eventSource that CloudTrail writes is like this"},
		},
		{
			"an event that does not exist is left out, which harms nobody",
			"selection: {eventSource: iam.amazonaws.com}\nfilter: {eventName: ObliterateUser}\ncondition: selection and not filter",
			[]string{"2:reach-unknown-event CloudTrail writes no event \"ObliterateUser\", so that nothing is left out"},
		},
		{
			"an event of another source is left out",
			"selection: {eventSource: iam.amazonaws.com}\nfilter: {eventName: RotateKey}\ncondition: selection and not filter",
			nil,
		},
		{
			"a name twice negated",
			"selection: {eventSource: iam.amazonaws.com}\nname: {eventName|neq: RotateKey}\ncondition: selection and not name",
			[]string{"2:reach-wrong-source CloudTrail writes RotateKey with the eventSource \"kms.amazonaws.com\", not with \"iam.amazonaws.com\" | did you mean `eventSource: kms.amazonaws.com`?"},
		},
		{
			"one branch of two",
			"one: {eventSource: iam.amazonaws.com, eventName: DeleteAccountAlias}\ntwo: {eventSource: iam.amazonaws.com, eventName: RotateKey}\ncondition: 1 of them",
			[]string{"2:reach-wrong-source CloudTrail writes RotateKey with the eventSource \"kms.amazonaws.com\", not with \"iam.amazonaws.com\" | did you mean `eventSource: kms.amazonaws.com`?"},
		},
		{
			"a list of maps",
			"selection:\n  - {eventSource: iam.amazonaws.com, eventName: DeleteAccountAlias}\n  - {eventSource: kms.amazonaws.com, eventName: UpdateAccountPasswordPolicy}\ncondition: selection",
			[]string{"3:reach-wrong-source CloudTrail writes UpdateAccountPasswordPolicy with the eventSource \"iam.amazonaws.com\", not with \"kms.amazonaws.com\" | did you mean `eventSource: iam.amazonaws.com`?"},
		},
		{
			"a field that no record has",
			"selection: {eventName: DeleteAccountAlias, status: success}\ncondition: selection",
			[]string{"1:reach-unknown-field CloudTrail records have no field \"status\""},
		},
		{
			"a field that stands elsewhere",
			"selection: {eventName: DeleteAccountAlias, userName: a}\ncondition: selection",
			[]string{"1:reach-unknown-field CloudTrail records have no field \"userName\" | did you mean \"userIdentity.userName\"?"},
		},
		{
			"a misspelt field of the caller, in a filter too",
			"selection: {eventName: DeleteAccountAlias}\nfilter: {userIdentity.sesionContext.sessionIssuer.userName: a}\ncondition: selection and not filter",
			[]string{"2:reach-unknown-field CloudTrail records have no field \"userIdentity.sesionContext\" | did you mean \"userIdentity.sessionContext\"?"},
		},
		{
			"of the case of a field the plan warns",
			"selection: {eventName: DeleteAccountAlias, useragent: a}\ncondition: selection",
			[]string{"1:value/field-case CloudTrail records have no field \"useragent\" | write userAgent: the case of values does not matter, that of fields does"},
		},
		{
			"a member that the request has not",
			"selection: {eventSource: iam.amazonaws.com, eventName: CreateAccountAlias, requestParameters.alias: a}\ncondition: selection",
			[]string{"1:reach-unknown-field the request of CreateAccountAlias has no \"alias\""},
		},
		{
			"a member spelled otherwise",
			"selection: {eventSource: rds.amazonaws.com, eventName: DeleteDBCluster, requestParameters.dbClusterIdentifier: a}\ncondition: selection",
			[]string{"1:reach-unknown-field the request of DeleteDBCluster has no \"dbClusterIdentifier\" | did you mean \"requestParameters.dBClusterIdentifier\"?"},
		},
		{
			"a member as the API spells it",
			"selection: {eventSource: kms.amazonaws.com, eventName: CancelKeyDeletion, requestParameters.KeyId: a}\ncondition: selection",
			[]string{"1:reach-unknown-field the request of CancelKeyDeletion has no \"KeyId\" | did you mean \"requestParameters.keyId\"?"},
		},
		{
			"a member that one of the events has",
			"selection: {eventSource: iam.amazonaws.com, eventName: [CreateAccountAlias, DeleteGroup], requestParameters.groupName: a}\ncondition: selection",
			nil,
		},
		{
			"a member that none of the events has",
			"selection: {eventSource: iam.amazonaws.com, eventName: [CreateAccountAlias, DeleteAccountAlias], requestParameters.groupName: a}\ncondition: selection",
			[]string{"1:reach-unknown-field the request of CreateAccountAlias and of 1 other event has no \"groupName\""},
		},
		{
			"the events may stand in another search",
			"name: {eventName: CreateAccountAlias}\nsource: {eventSource: iam.amazonaws.com}\nfilter: {requestParameters.groupName: a}\ncondition: name and source and not filter",
			[]string{"3:reach-unknown-field the request of CreateAccountAlias has no \"groupName\""},
		},
		{
			"deeper levels are not looked at",
			"selection: {eventSource: iam.amazonaws.com, eventName: CreateGroup, requestParameters.groupName.what.ever: a}\ncondition: selection",
			nil,
		},
		{
			"EC2 writes lists by names of its own",
			"selection: {eventSource: ec2.amazonaws.com, eventName: ModifyVpcTenancy, requestParameters.somethingSet.items: a}\ncondition: selection",
			nil,
		},
		{
			"but scalars by those of its API",
			"selection: {eventSource: ec2.amazonaws.com, eventName: ModifyVpcTenancy, requestParameters.vpcID: a}\ncondition: selection",
			[]string{"1:reach-unknown-field the request of ModifyVpcTenancy has no \"vpcID\" | did you mean \"requestParameters.vpcId\"?"},
		},
		{
			"bodies of S3",
			"selection: {eventSource: s3.amazonaws.com, eventName: PutBucketWebsite, requestParameters.websiteConfiguration.x: a}\ncondition: selection",
			[]string{"1:reach-unknown-field the request of PutBucketWebsite has no \"websiteConfiguration\" | did you mean \"requestParameters.WebsiteConfiguration\"?"},
		},
		{
			"a field to compare with that no record has",
			"selection: {eventName: DeleteAccountAlias, userIdentity.userName|fieldref: userIdentity.name}\ncondition: selection",
			[]string{"1:reach-unknown-field CloudTrail records have no field \"userIdentity.name\""},
		},
		{
			"an ARN is no name",
			"selection: {eventSource: iam.amazonaws.com, eventName: DeleteServiceSpecificCredential}\nfilter: {userIdentity.arn|fieldref: requestParameters.userName}\ncondition: selection and not filter",
			[]string{"2:reach-wrong-value userIdentity.arn and requestParameters.userName are never equal: one is an ARN, the other is none | did you mean `userIdentity.arn|fieldref|endswith`?"},
		},
		{
			"but may end with one",
			"selection: {eventSource: iam.amazonaws.com, eventName: DeleteServiceSpecificCredential}\nfilter: {userIdentity.arn|fieldref|endswith: requestParameters.userName}\ncondition: selection and not filter",
			nil,
		},
		{
			"a value that the answer to a call never has",
			"selection: {eventSource: ssm.amazonaws.com, eventName: SendCommand, responseElements.command.status: Success}\ncondition: selection",
			[]string{
				"1:reach-seen a recorded event has ssm.amazonaws.com and SendCommand",
				"1:reach-wrong-value responseElements.command.status is \"Delayed\", \"InProgress\" or \"Pending\", and never \"Success\"",
			},
		},
		{
			"a value of another call",
			"selection: {eventSource: ssm.amazonaws.com, eventName: CancelCommand, responseElements.command.status: Success}\ncondition: selection",
			nil,
		},
		{
			"a type of events that does not exist",
			"selection: {eventType: AwsConsoleSignOn}\ncondition: selection",
			[]string{"1:reach-wrong-value eventType is \"AwsApiCall\", \"AwsCloudTrailInsight\", \"AwsConsoleAction\" and 6 more, and never \"AwsConsoleSignOn\" | did you mean \"AwsConsoleSignIn\"?"},
		},
		{
			"keywords",
			"selection: [ObliterateUser]\ncondition: selection",
			nil,
		},
		{
			"searches that no condition uses",
			"selection: {eventName: DeleteAccountAlias}\nother: {eventName: ObliterateUser}\ncondition: selection",
			[]string{"2:condition/unused-search no condition uses the search \"other\" | use it, or delete it"},
		},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, findings(t, c, test.detection)); diff != "" {
				t.Errorf("%s\n(-want +got):\n%s", test.detection, diff)
			}
		})
	}
}

// before are the lines before the detection of a rule.
const before = "title: Rule\nid: 0b7bb5cb-50a6-4d0c-9a8e-7a1b0a0a0a01\nname: rule\nlogsource: {product: aws}\nlevel: low\ndetection:\n"

func findings(t *testing.T, c *catalogue.Catalogue, detection string, others ...string) []string {
	t.Helper()
	text := before
	for line := range strings.Lines(detection) {
		text += "  " + line
	}
	var list diag.List
	var documents []*sigma.Rule
	for i, text := range append([]string{text}, others...) {
		name := []string{"rule.yml", "filter.yml"}[i]
		parsed, ok := sigma.Parse(sigma.File{Key: name, Path: name, Source: name, Text: []byte(text)}, &list)
		if !ok {
			t.Fatalf("%s: %+v", text, list.Sorted())
		}
		documents = append(documents, parsed...)
	}
	rules := plan.Build(documents, nil, &list)
	if len(rules) != 1 {
		t.Fatalf("%s: %+v", text, list.Sorted())
	}
	Check(rules, c, &list)
	var found []string
	for _, d := range list.Sorted() {
		message, dated := strings.CutSuffix(d.Message, " (catalogue of "+c.Date+")")
		if strings.HasPrefix(d.Code, "reach-") != (dated || d.Code == "reach-seen") {
			t.Errorf("the message has no date, or should have none: %s", d.Message)
		}
		if note := d.Code == "reach-seen" || strings.HasSuffix(message, "so that nothing is left out"); note != (d.Severity == diag.Note) {
			t.Errorf("%s is a %s", message, d.Severity)
		}
		line := d.Line
		if d.Path == "rule.yml" {
			line -= strings.Count(before, "\n")
		}
		text := string(rune('0'+line)) + ":" + d.Code + " " + message
		if d.Hint != "" {
			text += " | " + d.Hint
		}
		found = append(found, text)
	}
	return found
}

// TestFilters holds that what a filter document asks for is judged by the events
// of the rule that it narrows, and told at its own place.
func TestFilters(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	got := findings(t, c, "selection: {eventSource: iam.amazonaws.com, eventName: CreateAccountAlias}\ncondition: selection",
		"title: Filter\nlogsource: {product: aws}\nfilter:\n  rules: [rule]\n  admins: {requestParameters.groupName: a}\n  condition: not admins\n")
	want := []string{"5:reach-unknown-field the request of CreateAccountAlias has no \"groupName\""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWaivable holds that every code of this package can be waived.
func TestWaivable(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"reach-iam-action", "reach-unknown-event", "reach-unknown-field", "reach-unknown-source", "reach-wrong-source", "reach-wrong-value"} {
		if !slices.Contains(diag.Waivable, code) {
			t.Errorf("%s cannot be waived", code)
		}
	}
}
