//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/trailalerts/trailalerts/runtime/internal/lambdatest"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
)

// options are what scenarios change of a deployment.
type options struct {
	visibility int                 // seconds of the queue of findings; 0 is 2
	receives   int                 // maxReceiveCount of that queue; 0 is 100
	timeout    time.Duration       // of the processor; 0 is 30 s
	env        []string            // more of the processor's environment
	effect     func(*entry) effect // what happens to calls; nil is nothing
	processors int                 // how many run at once; 0 is one
	shadow     bool                // there is a queue and a table for the alias shadow

	// disturb changes the batches that the processors get; nil leaves them.
	disturb func([]sqstypes.Message) []sqstypes.Message
}

// A deployment is one installation of TrailAlerts: both functions, the queue
// between them, and all that they send to.
type deployment struct {
	*stage
	name    string
	journal journal
	options options

	bucket            string
	bucketClient      *s3.Client // through the gate
	findings          queue
	dead, deadNotices queue // of the findings, and of events that the analyzer could not be made to do
	table             string
	mailbox           string
	inbox             queue // what arrives at the topic
	shadowFindings    queue // where there is a shadow
	shadowTable       string

	analyzer   *lambdatest.Function
	processors []*lambdatest.Function
	polling    context.Context
	mappings   sync.WaitGroup
	disconnect func() // ends the calls of functions by queues

	mu     sync.Mutex
	number int             // of records and files
	owed   map[string]bool // the IDs of the alerts that must arrive
	posts  []post
}

// A post is a request to the webhook that was taken.
type post struct {
	alert string
	body  struct {
		AlertID string `json:"alert_id"`
		Rule    struct {
			Key string `json:"key"`
		} `json:"rule"`
		Event struct {
			EventID string `json:"eventID"`
		} `json:"event"`
	}
}

// deploy creates a deployment and lets the queue of findings call the processors.
// It must be called by the goroutine of the test.
func (s *stage) deploy(o options) *deployment {
	s.Helper()
	if o.effect == nil {
		o.effect = func(*entry) effect { return untouched }
	}
	if o.visibility == 0 {
		o.visibility = 2
	}
	if o.receives == 0 {
		o.receives = 100
	}
	d := &deployment{stage: s, name: s.cloud.unique("e2e"), options: o, owed: map[string]bool{}}
	d.bucket, d.mailbox = d.name+"-logs", d.name+"@example.com"
	s.must(s.cloud.buckets.CreateBucket(s.Context(), &s3.CreateBucketInput{
		Bucket: &d.bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))
	d.dead, d.deadNotices = s.queue(d.name+"-dead", nil), s.queue(d.name+"-dead-notices", nil)
	d.findings = s.queue(d.name+"-findings", d.dead.redrive(o))
	topic := s.topic(d.name + "-alerts")
	d.inbox = s.queue(d.name+"-inbox", nil)
	s.subscribe(topic, d.inbox, false)
	d.table = dynamotest.CreateTable(s, s.cloud.dynalite)
	var analyzerShadow, processorShadow []string
	if o.shadow {
		d.shadowFindings, d.shadowTable = s.queue(d.name+"-shadow-findings", d.dead.redrive(o)), dynamotest.CreateTable(s, s.cloud.dynalite)
		analyzerShadow, processorShadow = []string{"SHADOW_SQS_QUEUE_URL=" + d.shadowFindings.url}, []string{"SHADOW_DYNAMODB_TABLE_NAME=" + d.shadowTable}
	}
	secret := "arn:aws:secretsmanager:" + region + ":" + account + ":secret:" + d.name + "-AbCdEf"

	gates := map[string]string{}
	for service, backend := range map[string]http.Handler{
		"s3": &encodings{next: forward(s.cloud.fauxqs)}, "sqs": forward(s.cloud.fauxqs), "sns": forward(s.cloud.fauxqs),
		"ses": forward(s.cloud.ses), "dynamodb": forward(s.cloud.dynalite), "secretsmanager": s.cloud.secrets, "webhook": http.HandlerFunc(d.post),
	} {
		g := &gate{service: service, backend: backend, journal: &d.journal, effect: o.effect, kill: func() { d.kill(function(service)) }}
		start := httptest.NewServer
		if service == "webhook" {
			start = httptest.NewTLSServer
		}
		server := start(g)
		s.Cleanup(server.Close)
		gates[service] = server.URL
	}
	d.bucketClient = newS3(gates["s3"])
	s.cloud.secrets.put(secret, gates["webhook"]+"/"+d.name)

	common := []string{"AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "SSL_CERT_FILE=" + s.cloud.authority}
	d.analyzer = lambdatest.New(s, lambdatest.Config{
		Program: s.cloud.programs["analyzer"], ARN: functionARN("analyzer", "live"),
		Env: slices.Concat(common, analyzerShadow, []string{"AWS_ENDPOINT_URL_S3=" + gates["s3"], "AWS_ENDPOINT_URL_SQS=" + gates["sqs"], "SQS_QUEUE_URL=" + d.findings.url}),
	})
	processor := lambdatest.Config{
		Program: s.cloud.programs["processor"], ARN: functionARN("processor", "live"), Timeout: o.timeout,
		Env: slices.Concat(common, processorShadow, []string{
			"AWS_ENDPOINT_URL_DYNAMODB=" + gates["dynamodb"], "AWS_ENDPOINT_URL_SESV2=" + gates["ses"], "AWS_ENDPOINT_URL_SNS=" + gates["sns"],
			"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + gates["secretsmanager"],
			"DYNAMODB_TABLE_NAME=" + d.table, "SOURCE_EMAIL=alerts@example.com", "EMAIL_RECIPIENT=" + d.mailbox, "SNS_TOPIC_ARN=" + topic,
			"WEBHOOK_URL_SECRET_ARN=" + secret, "WEBHOOK_ALLOWED_NETWORKS=127.0.0.0/8",
		}, o.env),
	}
	polling, stop := context.WithCancel(context.Background())
	d.polling, d.disconnect = polling, func() { stop(); d.mappings.Wait() }
	for range max(1, o.processors) {
		f := lambdatest.New(s, processor)
		d.processors = append(d.processors, f)
		d.connect(d.findings, f, "processor", "live")
	}
	s.Cleanup(d.disconnect)
	s.deployments = append(s.deployments, d)
	return d
}

// functionARN is the ARN of an alias of a function.
func functionARN(name, alias string) string {
	return "arn:aws:lambda:" + region + ":" + account + ":function:" + name + ":" + alias
}

// connect lets a queue call the alias of a function.
func (d *deployment) connect(q queue, f *lambdatest.Function, name, alias string) {
	m := mapping{
		client: d.cloud.queues, queue: q, function: f, arn: functionARN(name, alias),
		interrupted: d.journal.interrupted, problem: func(err error) { d.Errorf("%s: %v", d.name, err) },
	}
	if q == d.findings {
		m.disturb = d.options.disturb
	}
	d.mappings.Go(func() { m.run(d.polling) })
}

// kill ends the processes of a function.
func (d *deployment) kill(function string) {
	if function == "analyzer" {
		d.analyzer.Kill()
		return
	}
	for _, p := range d.processors {
		p.Kill()
	}
}

// post takes a request to the webhook.
func (d *deployment) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	p := post{alert: r.Header.Get("Idempotency-Key")}
	if err == nil {
		err = json.Unmarshal(body, &p.body)
	}
	switch {
	case err != nil, r.URL.Path != "/"+d.name, r.Method != http.MethodPost, r.Header.Get("Content-Type") != "application/json", p.alert == "", p.alert != p.body.AlertID:
		d.Errorf("%s: the webhook got %s %s, key %q: %v", d.name, r.Method, r.URL.Path, p.alert, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.posts = append(d.posts, p)
}

// upload puts a delivery file of the records into the bucket, as CloudTrail does,
// and returns its key. The alerts of the records are owed from then on.
func (d *deployment) upload(records ...record) (key string) {
	return d.uploadFile(compress(file(records...)), records...)
}

// uploadFile puts a file with that content into the bucket.
func (d *deployment) uploadFile(content []byte, records ...record) (key string) {
	d.mu.Lock()
	d.number++
	key = fmt.Sprintf("trail logs+1/AWSLogs/111122223333/CloudTrail/%s/2026/11/20/111122223333_CloudTrail_%s_20261120T1000Z_%016d.json.gz", region, region, d.number)
	for _, r := range records {
		if r.rule != "" {
			d.owed[r.alert()] = true
		}
	}
	d.mu.Unlock()
	if _, err := d.bucketClient.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &d.bucket, Key: &key, Body: bytes.NewReader(content), ContentType: aws.String("application/json"), ContentEncoding: aws.String("gzip"),
	}); err != nil {
		d.Errorf("%s: upload: %v", d.name, err)
	}
	return key
}

// asynchronousAttempts is how often Lambda invokes a function for one event that
// nobody waits for. It waits for minutes between them, which changes nothing here.
const asynchronousAttempts = 3

// notify invokes the analyzer as S3, SNS and EventBridge do: again when it fails,
// and then the event goes to the dead-letter queue of the function.
func (d *deployment) notify(event []byte) { d.notifyAlias(event, "live") }

func (d *deployment) notifyAlias(event []byte, alias string) {
	for range asynchronousAttempts {
		result := d.analyzer.Invoke(lambdatest.Invocation{Event: event, ARN: functionARN("analyzer", alias)})
		if result.Outcome == lambdatest.Succeeded {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	if _, err := d.cloud.queues.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &d.deadNotices.url, MessageBody: aws.String(string(event))}); err != nil {
		d.Errorf("%s: %v", d.name, err)
	}
}

// settle waits until the queue of findings, and others before it, are empty.
func (d *deployment) settle(before ...queue) {
	const most = 150 * time.Second
	for end := time.Now().Add(most); ; time.Sleep(200 * time.Millisecond) {
		left := 0
		for _, q := range append(before, d.findings) {
			left += d.length(q)
		}
		if d.options.shadow {
			left += d.length(d.shadowFindings)
		}
		if left == 0 && !d.journal.busy() {
			return
		}
		if time.Now().After(end) {
			d.Errorf("%s: %d findings are still in the queue after %s", d.name, left, most)
			return
		}
	}
}

// items returns the items of a table by partition and sort key.
func (d *deployment) items(table string) map[[2]string]state {
	all := map[[2]string]state{}
	pages := dynamodb.NewScanPaginator(d.cloud.tables, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			d.Errorf("%s: %v", d.name, err)
			return all
		}
		for _, attributes := range page.Items {
			partition, sort, expires, body := text(attributes["pk"]), text(attributes["sk"]), text(attributes["ttl"]), text(attributes["body"])
			var s state
			var ttl int64
			if _, err := fmt.Sscan(expires, &ttl); err != nil || ttl < time.Now().Unix() {
				d.Errorf("%s: the item %s %s ends at %q", d.name, partition, sort, expires)
			}
			if err := json.Unmarshal([]byte(body), &s); err != nil {
				d.Errorf("%s: the item %s %s: %v", d.name, partition, sort, err)
			}
			all[[2]string{partition, sort}] = s
		}
	}
	return all
}

// logs returns the end of what the functions wrote.
func (d *deployment) logs() string {
	tail := func(log string) string {
		lines := strings.Split(strings.TrimSpace(log), "\n")
		lines = lines[max(0, len(lines)-20):]
		for i, line := range lines {
			lines[i] = line[:min(len(line), 700)]
		}
		return strings.Join(lines, "\n")
	}
	text := "analyzer:\n" + tail(d.analyzer.Log())
	for _, p := range d.processors {
		text += "\nprocessor:\n" + tail(p.Log())
	}
	return text
}

// promise says which alerts are owed beside those of uploaded records.
func (d *deployment) promise(records ...record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range records {
		d.owed[r.alert()] = true
	}
}

// owes returns a copy of what is owed.
func (d *deployment) owes() map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.owed)
}

// must ends the test when a call failed whose answer does not matter.
func (s *stage) must(_ any, err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
