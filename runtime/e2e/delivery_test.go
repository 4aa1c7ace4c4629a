//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// Files arrive, and the function is told in every way that there is.
func everyWay(s *stage) {
	d := s.deploy(options{})
	d.notify(d.testEvent())

	// Without a queue: S3 itself, S3 and CloudTrail through SNS, EventBridge.
	d.notify(d.s3Notice(d.upload(d.mixed(3)...), d.upload(d.mixed(3)...)))
	d.notify(snsEvent(d.s3Notice(d.upload(d.mixed(3)...))))
	d.notify(snsEvent(d.delivered(d.upload(d.mixed(3)...))))
	d.notify(d.objectCreated(d.upload(d.mixed(3)...)))

	// With one: S3 and EventBridge straight to it, and S3 through a topic, as SNS
	// wraps it and raw. The topic and its subscriptions are real.
	notices := s.queue(d.name+"-notices", map[string]string{"VisibilityTimeout": "2"})
	d.connect(notices, d.analyzer, "analyzer", "live")
	wrapped, raw := s.topic(d.name+"-wrapped"), s.topic(d.name+"-raw")
	s.subscribe(wrapped, notices, false)
	s.subscribe(raw, notices, true)
	d.send(notices, d.s3Notice(d.upload(d.mixed(3)...)), d.objectCreated(d.upload(d.mixed(3)...)), d.testEvent())
	for _, topic := range []string{wrapped, raw} {
		for _, notice := range [][]byte{d.s3Notice(d.upload(d.mixed(3)...)), d.delivered(d.upload(d.mixed(3)...))} {
			_, err := s.cloud.topics.Publish(s.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String(string(notice)), Subject: aws.String("Amazon S3 Notification")})
			s.must(nil, err)
		}
	}
	d.settle(notices)
	d.empty("dead-letter queue", d.dead)
	d.empty("dead-letter queue of the analyzer", d.deadNotices)
}

// The files of testdata/cloudtrail lead to the same alerts as on a laptop:
// thresholds, correlations and exceptions take part. Without a cooldown the order
// of arrival decides nothing.
func demo(s *stage) {
	root := filepath.Join("..", "..", "testdata", "cloudtrail")
	scan := exec.Command("go", "run", "../../cmd/trailalerts", "scan", "--cooldown", "0", "--format", "jsonl", root)
	var problems bytes.Buffer
	scan.Stderr = &problems
	out, err := scan.Output()
	if err != nil {
		s.Fatalf("scan: %v\n%s", err, &problems)
	}
	var want []string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var line struct {
			Rule    string `json:"rule"`
			EventID string `json:"event_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			s.Fatalf("scan wrote %s: %v", lines.Text(), err)
		}
		want = append(want, line.Rule+" "+line.EventID)
	}

	d := s.deploy(options{env: []string{"NOTIFICATION_COOLDOWN_MINUTES=0"}})
	files, err := filepath.Glob(filepath.Join(root, "AWSLogs", "*", "*", "*", "*", "*", "*", "*.json.gz"))
	if err != nil || len(files) < 3 {
		s.Fatalf("%d demo files, %v", len(files), err)
	}
	for _, name := range append(files, filepath.Join(root, "late-records.jsonl")) {
		content, err := os.ReadFile(name)
		if err != nil {
			s.Fatal(err)
		}
		key, err := filepath.Rel(root, name)
		if err != nil {
			s.Fatal(err)
		}
		key = filepath.ToSlash(key)
		_, err = d.bucketClient.PutObject(s.Context(), &s3.PutObjectInput{Bucket: &d.bucket, Key: &key, Body: bytes.NewReader(content)})
		s.must(nil, err)
		d.notify(d.s3Notice(key))
		d.settle()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var got []string
	for _, p := range d.posts {
		got = append(got, p.body.Rule.Key+" "+p.body.Event.EventID)
		d.owed[p.alert] = true // that it arrived at the other channels, too
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 10 {
		s.Errorf("%d alerts of scan, and those of the webhook (-want +got):\n%s", len(want), diff)
	}
}

// The same objects are announced again and again, out of order.
func duplicateNotices(s *stage) {
	d := s.deploy(options{})
	one, two := d.upload(d.mixed(5)...), d.upload(d.mixed(5)...)
	for _, keys := range [][]string{{one}, {two, one}, {one, one}, {two}} {
		d.notify(d.s3Notice(keys...))
	}
	d.settle()
	d.notify(d.s3Notice(one, two)) // hours later
}

// Messages come twice and in any order.
func duplicateMessages(s *stage) {
	var d *deployment
	var copies sync.Map
	random := rand.New(rand.NewPCG(1, 2))
	d = s.deploy(options{disturb: func(batch []types.Message) []types.Message {
		for _, m := range batch {
			if _, known := copies.LoadOrStore(*m.Body, true); !known {
				d.send(d.findings, []byte(*m.Body), []byte(*m.Body))
			}
		}
		random.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		return batch
	}})
	d.notify(d.s3Notice(d.upload(d.mixed(15)...)))
	d.settle()
	n := 0
	copies.Range(func(any, any) bool { n++; return true })
	if n != 10 {
		s.Errorf("%d findings came twice, want 10", n)
	}
}

// Messages that cannot be processed end in the dead-letter queue as they are: of
// the processor what is no finding, and one of a newer release; of the analyzer
// what is no notice, and a notice of an object that is not there. The others of
// their batch go through.
func poison(s *stage) {
	d := s.deploy(options{visibility: 1, receives: 3})
	dead := s.queue(d.name+"-dead-queued-notices", nil)
	notices := s.queue(d.name+"-notices", dead.redrive(d.options))
	noNotice, missing := "this is no notice", string(d.s3Notice("not/there.json.gz"))
	noFinding, newer := "this is no finding", `{"schema":99,"rule":{"key":"of tomorrow","level":"high"},"event":{"id":"e"}}`
	d.send(notices, []byte(noNotice), d.s3Notice(d.upload(d.mixed(6)...)), []byte(missing), d.s3Notice(d.upload(d.mixed(6)...)))
	d.send(d.findings, []byte(noFinding))
	d.connect(notices, d.analyzer, "analyzer", "live") // which finds all four in one batch
	d.settle(notices)
	d.send(d.findings, []byte(newer))
	d.notify(d.s3Notice(d.upload(d.mixed(6)...)))
	d.settle()
	for _, q := range []struct {
		name string
		queue
		want []string
	}{{"findings", d.dead, []string{noFinding, newer}}, {"notices", dead, []string{noNotice, missing}}} {
		got := d.drain(q.queue)
		slices.Sort(got)
		slices.Sort(q.want)
		if diff := cmp.Diff(q.want, got); diff != "" {
			s.Errorf("the dead-letter queue of %s (-want +got):\n%s", q.name, diff)
		}
	}
}

// A file ends in the middle: what can be read of it is alerted, and the object is
// reported until somebody takes the notice out of the dead-letter queue.
func truncated(s *stage) {
	d := s.deploy(options{})
	readable := d.mixed(9)
	var noise []record // compresses badly enough that the end of the file is not in its first half
	for range 400 {
		noise = append(noise, d.bucketsListed())
	}
	whole := compress(file(append(slices.Clone(readable), noise...)...))
	key := d.uploadFile(whole[:len(whole)*3/4], readable...)
	d.notify(d.s3Notice(key))
	d.settle()
	dead := d.drain(d.deadNotices)
	if len(dead) != 1 || !strings.Contains(dead[0], formEncoded(key)) {
		s.Errorf("the dead-letter queue of the analyzer holds %q, want the notice", dead)
	}
	said := false
	for line := range strings.Lines(d.analyzer.Log()) {
		var l struct {
			Msg, Bucket, Key string
			Failed           bool
		}
		said = said || json.Unmarshal([]byte(line), &l) == nil && l.Msg == "object" && l.Bucket == d.bucket && l.Key == key && l.Failed
	}
	if !said {
		s.Errorf("the log does not say that %s failed:\n%s", key, d.logs())
	}
}

// Records come within seconds through EventBridge, and minutes later in a file.
func bothPaths(s *stage) {
	d := s.deploy(options{})
	records := d.mixed(6)
	for _, r := range records[:4] {
		d.notify(viaCloudTrail(r))
	}
	for _, r := range records[:4] {
		if r.rule != "" {
			d.promise(r)
		}
	}
	d.settle()
	d.notify(d.s3Notice(d.upload(records...)))
	d.notify(viaCloudTrail(records[4])) // and one that comes late
	d.settle()
	d.empty("dead-letter queue of the analyzer", d.deadNotices)
}

// Two processors share the queue and the table, and get everything three times.
func twoProcessors(s *stage) {
	d := s.deploy(options{processors: 2})
	notice := d.s3Notice(d.upload(d.mixed(30)...))
	for range 3 {
		d.notify(notice)
	}
	d.settle()
	for i, p := range d.processors {
		if p.Started() == 0 {
			s.Errorf("processor %d had nothing to do", i)
		}
	}
}

// The alias shadow sees what live sees, decides the same, and delivers nothing.
func shadow(s *stage) {
	d := s.deploy(options{shadow: true})
	key := d.upload(d.mixed(6)...)
	d.connect(d.shadowFindings, d.processors[0], "processor", "shadow")
	d.notifyAlias(d.s3Notice(key), "shadow")
	d.settle()
	if live := d.items(d.table); len(live) > 0 {
		s.Errorf("the shadow wrote %d items into the table of live", len(live))
	}
	if n := d.journal.sent(); n > 0 {
		s.Errorf("the shadow asked a channel %d times", n)
	}
	d.notifyAlias(d.s3Notice(key), "live")
	d.settle()
	decided := func(table string) []string {
		var findings []string
		for key, state := range d.items(table) {
			if strings.HasPrefix(key[0], "finding|") {
				findings = append(findings, fmt.Sprintf("%s: %s", key[0], state.Outcome))
			}
		}
		slices.Sort(findings)
		return findings
	}
	live, shadow := decided(d.table), decided(d.shadowTable)
	if diff := cmp.Diff(live, shadow); diff != "" || len(live) != 4 {
		s.Errorf("%d decisions of live, and those of the shadow (-live +shadow):\n%s", len(live), diff)
	}
	for alert := range d.owes() {
		if got := d.items(d.shadowTable)[[2]string{"delivery|" + alert, "shadow"}]; got.Status != "sent" {
			s.Errorf("the shadow says of %s: %q, want sent", alert, got.Status)
		}
	}
}
