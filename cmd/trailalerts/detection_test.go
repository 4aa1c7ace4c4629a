package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fastjson"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
	golden "github.com/trailalerts/trailalerts/testdata/golden/generated"
)

// The rules that both sides are asked about. Most of those of the golden project fix neither the source nor the
// name of an event, so that nearly every way to guard a rule is among them.
var sets = []struct {
	name string
	runtime.Ruleset
}{{"rules", generated.Set}, {"golden", golden.Set}}

// hostileFiles are what a fast reader is most likely to get wrong. Each is one of the seeds.
var hostileFiles = []string{
	// A key that is escaped, alone, before and behind a plain one.
	`{"Records":[{"eventSource":"cloudtrail.amazonaws.com","event\u004eame":"StopLogging","eventVersion":"1"}]}`,
	`{"Records":[{"event\u004eame":"StopLogging","eventName":"x","eventSource":"cloudtrail.amazonaws.com"}]}`,
	`{"Records":[{"eventName":"StopLogging","event\u004Eame":"x","eventSource":"cloudtrail.amazonaws.com"}]}`,
	`{"\u0052ecords":[{"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}]}`,
	// Equal keys, of which the first counts.
	`{"Records":[{"eventName":"x","eventName":"StopLogging","eventSource":"cloudtrail.amazonaws.com"}],"Records":[{"eventName":"StopLogging","eventVersion":"1"}]}`,
	`{"Records":[{"eventVersion":"1","userIdentity":{"type":"Root"},"userIdentity":{"type":"x"}},{"eventVersion":"1","userIdentity":{"type":"x"},"userIdentity":{"type":"Root"}}]}`,
	`{"Records":[{"eventVersion":"1","userIdentity":{"type":"Root","type":"x"}},{"eventVersion":"1","userIdentity":{"type":"x","type":"Root"}}]}`,
	// Keys within strings and within other objects, white space wherever it may be.
	`{"x":{"Records":[{"eventVersion":"1","userIdentity":{"type":"Root"}}]},"Records":[{"eventVersion":"1","a":"\"eventName\":\"StopLogging\",","b":{"eventName":"StopLogging","Records":[{}]},"eventName":"x"}]}`,
	" {\t\"Records\" :\r\n[ { \"eventVersion\" : \"1\" , \"userIdentity\" : { \"type\" : \"Root\" } } ] } ",
	// Keys that join segments of a path, beside the nested one and in its place.
	`{"Records":[{"eventVersion":"1","userIdentity.type":"Root"},{"eventVersion":"1","userIdentity":{"type":"x"},"userIdentity.type":"Root"},{"userIdentity.type":"Root","userIdentity":{"type":"x"},"eventVersion":"1"}]}`,
	// Other ways to write a text that a rule looks for.
	`{"Records":[{"eventVersion":"1","userIdentity":{"type":"\u0052oot"}},{"eventVersion":"1","userIdentity":{"t\u0079pe":"Root"}},{"eventVersion":"1","user\u0049dentity":{"type":"ROOT"}}]}`,
	`{"Records":[{"eventVersion":"1","requestParameters":{"ipPermissions":{"items":[{"ipRanges":{"items":[{"cidrIp":"0.0.0.0\/0"}]}}]}}}]}`,
	"{\"Records\":[{\"eventVersion\":\"1\",\"requestParameters\":{\"value\":\"x\u212aali\"}},{\"eventVersion\":\"1\",\"requestParameters\":{\"value\":\"logs/\u017f.?\"}},{\"eventVersion\":\"1\",\"userAgent\":\"\u212aali linux\"}]}",
	"{\"Records\":[{\"eventVersion\":\"1\",\"eventSource\":\"Z[@`{z-AZaz~\u212a\",\"eventName\":\"[\u017fTOPLOGGING\"},{\"eventSource\":\"CLOUDTRAIL.AMAZONAWS.COM\",\"eventName\":\"stoplogging\"}]}",
	// Arrays, null and numbers where texts are expected.
	`{"Records":[{"eventVersion":"1","userIdentity":[{"type":["x","Root"]}]},{"eventVersion":"1","userIdentity":null},{"eventVersion":"1","eventName":["StopLogging"],"eventSource":7},null,7,"x",[{"eventVersion":"1","userIdentity":{"type":"Root"}}]]}`,
	// Records that are no JSON, and one behind them.
	`{"Records":[{"eventVersion":"1","userIdentity":{"type":"Root"},},{"eventVersion":"1" "userIdentity":{"type":"Root"}},{"eventVersion":"1","userIdentity":{"type":"Root"}}]}`,
}

// FuzzDetection holds detection as it is done, by the reader of delivery files, the places of members that it
// notes, the index of the rules and what they are guarded by, against fastjson alone and one rule after the other.
// text is a delivery file, of which choices makes another.
func FuzzDetection(f *testing.F) {
	for _, file := range hostileFiles {
		f.Add([]byte(file), []byte(nil))
	}
	variety := newVariety(f)
	random := rand.New(rand.NewPCG(6, 0))
	for i, record := range variety.records {
		// Choices reach for the other records. With more seeds fuzzing would begin late, as all are run first.
		file := slices.Concat([]byte(`{"Records":[`), record, []byte(`]}`))
		switch i % 12 {
		case 0:
			f.Add(file, []byte(nil))
		case 6:
			f.Add(file, randomChoices(random))
		}
	}
	f.Fuzz(func(t *testing.T, text, choices []byte) {
		file, format := variety.mutate(text, choices)
		compareDetection(t, file, format)
	})
}

// TestDetection does the same to some thousand mutations, always the same ones.
func TestDetection(t *testing.T) {
	mutations := 4000
	if raceEnabled {
		mutations = 400 // it makes everything slow, and there is one goroutine to look at
	}
	variety := newVariety(t)
	random := rand.New(rand.NewPCG(6, 1))
	seen := tally{held: map[string]bool{}}
	for range mutations {
		record := variety.records[random.IntN(len(variety.records))]
		file, format := variety.mutate(slices.Concat([]byte(`{"Records":[`), record, []byte(`]}`)), randomChoices(random))
		seen.add(compareDetection(t, file, format))
		if t.Failed() {
			return
		}
	}
	// What was compared must be worth comparing.
	t.Logf("%d mutations: %d documents, %d records, %d times none parsed, %d texts mentioned, %d rules held", mutations, seen.documents, seen.records, seen.idle, seen.mentioned, len(seen.held))
	if seen.documents < mutations/2 || seen.records < mutations || seen.idle < mutations/10 || seen.mentioned < mutations || len(seen.held) < 150 {
		t.Error("too little of what is to be compared occurred")
	}
}

func randomChoices(random *rand.Rand) []byte {
	choices := make([]byte, 4+random.IntN(28))
	for i := range choices {
		choices[i] = byte(random.Uint32())
	}
	return choices
}

// tally counts what the comparison of files had to do with.
type tally struct {
	documents int // files that fastjson reads as a whole
	records   int
	idle      int             // times that a dispatch did without parsing a record
	mentioned int             // texts that a record was asked for and has
	held      map[string]bool // rules
}

func (t *tally) add(o tally) {
	t.documents += o.documents
	t.records += o.records
	t.idle += o.idle
	t.mentioned += o.mentioned
	maps.Copy(t.held, o.held)
}

// compareDetection fails the test where a file is read, or its records are matched, in another way than plainly.
func compareDetection(t *testing.T, file []byte, format cloudtrail.Format) (seen tally) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("the file, in format %d: %q", format, file)
		}
	}()
	reader := cloudtrail.NewReader(bytes.NewReader(file), format, cloudtrail.Limits{})
	whole := detection{event: new(runtime.Event)}
	whole.run(reader, func(record cloudtrail.Record) {
		compareHead(t, record)
		compareFields(t, whole.event, record, &seen)
	})

	// The same in pieces of some bytes, by a reader and an event that have read the file before.
	pieces := detection{event: whole.event}
	reader.Reset(&pieceReader{file, []int{1 + len(file)%11, 1 + len(file)%67}[len(file)/67%2] + len(file)/4096*61}, format)
	pieces.run(reader, func(record cloudtrail.Record) { compareHead(t, record) })
	if !maps.Equal(whole.raws, pieces.raws) || whole.end.Error() != pieces.end.Error() {
		t.Errorf("read in pieces: %d records and %v, as a whole: %d and %v", len(pieces.raws), pieces.end, len(whole.raws), whole.end)
	}
	if !maps.Equal(whole.rules, pieces.rules) {
		t.Errorf("read in pieces the records match %v, as a whole %v", pieces.rules, whole.rules)
	}

	// Where fastjson reads the document, it says what its records are. A file with one record that is broken is
	// broken for it, so there each record is its own document.
	texts := whole.raws
	if records, ok := plainRecords(file); ok && format == cloudtrail.Document {
		seen.documents++
		texts = records
		if !json.Valid(file) && (errors.Is(whole.end, cloudtrail.ErrSyntax) || errors.Is(whole.end, io.ErrUnexpectedEOF)) {
			// What fastjson takes for JSON is more than is: the reader may stop, but not invent.
			maps.DeleteFunc(texts, func(i int, _ string) bool { _, read := whole.raws[i]; return !read })
		} else if whole.end != io.EOF && !errors.Is(whole.end, cloudtrail.ErrDuplicate) && !errors.Is(whole.end, cloudtrail.ErrNotRecords) {
			t.Errorf("reading ends with: %v", whole.end)
		}
	}
	want := map[int]string{}
	seen.held, seen.idle = map[string]bool{}, whole.idle
	for i, text := range texts {
		want[i] = plainRules(text)
		seen.records++
		for name := range strings.FieldsSeq(want[i]) {
			seen.held[name] = true
		}
	}
	if !maps.Equal(want, whole.rules) {
		for i := range whole.rules {
			if _, is := want[i]; !is {
				t.Errorf("there is no record %d", i)
			}
		}
		for i, rules := range want {
			if got, read := whole.rules[i]; !read {
				t.Errorf("record %d is not read: %q", i, texts[i])
			} else if got != rules {
				t.Errorf("record %d matches, and does not plainly: %q; does not, and plainly does: %q; it is %q", i, without(got, rules), without(rules, got), texts[i])
			}
		}
	}
	return seen
}

// pieceReader returns at most n bytes a call.
type pieceReader struct {
	rest []byte
	n    int
}

func (r *pieceReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.n)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// detection is what came of a file that was read and whose records were matched as the programs do.
type detection struct {
	event *runtime.Event
	raws  map[int]string // of each record, by its index, as the file has it
	rules map[int]string // the rules that match it
	end   error
	idle  int // times that a dispatch did without parsing a record
}

func (d *detection) run(reader *cloudtrail.Reader, visit func(cloudtrail.Record)) {
	d.raws, d.rules = map[int]string{}, map[int]string{}
	for {
		record, err := reader.Next()
		if errors.As(err, new(*cloudtrail.RecordError)) {
			continue
		}
		if err != nil {
			d.end = err
			return
		}
		var all []string
		for _, set := range sets {
			d.event.ResetHead(record.Raw, record.Head)
			matched := set.Match(nil, d.event)
			if len(matched) == 0 && !d.event.Parsed() {
				d.idle++
			} else if d.event.Err() == nil { // else nothing holds, whatever the text looked like
				all = append(all, names(set.name, matched)...)
			}
		}
		d.raws[record.Index], d.rules[record.Index] = string(record.Raw), joined(all)
		visit(record)
	}
}

// compareHead holds what the reader notes of a record on its way against what fastjson says.
func compareHead(t *testing.T, record cloudtrail.Record) {
	t.Helper()
	plain := plainRecord{raw: string(record.Raw)}
	if !plain.parse() {
		return
	}
	members, head := plain.members(), record.Head
	if len(head.Members) > len(members) {
		t.Errorf("%d members are noted, there are %d", len(head.Members), len(members))
		return
	}
	for i, m := range head.Members {
		key, value := string(m.Key(record.Raw)), string(m.Value(record.Raw))
		if parsed, err := fastjson.Parse(value); err != nil || !strings.Contains(key, `\`) && key != members[i].key || string(parsed.MarshalTo(nil)) != members[i].text {
			t.Errorf("member %d is noted as %q: %q, plainly it is %q: %q", i, key, value, members[i].key, members[i].text)
		}
	}
	// A dot that is escaped is none here: where \u occurs nobody relies on the text.
	if head.NoDots && !strings.Contains(plain.raw, `\u`) && slices.ContainsFunc(members[len(head.Members):], func(m plainMember) bool { return strings.Contains(m.key, ".") }) {
		t.Errorf("a key behind the %d members that are noted has a dot: %q", len(head.Members), plain.raw)
	}
}

// compareFields holds what an event says of a record by its text against what fastjson says, and against what the event
// says when it has parsed it.
func compareFields(t *testing.T, event *runtime.Event, record cloudtrail.Record, seen *tally) {
	t.Helper()
	plain := plainRecord{raw: string(record.Raw)}
	if !plain.parse() {
		return
	}
	event.ResetHead(record.Raw, record.Head)
	if source, name, ok := event.Keys(); !ok && plain.hasKeys() {
		t.Errorf("both keys are texts or absent, but there are no keys: %q", plain.raw)
	} else if wantSource, wantName := plain.key("eventSource"), plain.key("eventName"); ok && (source != wantSource || name != wantName) {
		t.Errorf("the keys are %q and %q, plainly %q and %q", source, name, wantSource, wantName)
	}
	parsed := runtime.NewEvent([]byte(plain.raw))
	if err := parsed.Err(); err != nil { // which parses it
		t.Errorf("fastjson reads the record, and the event does not: %v", err)
	}
	for _, q := range plain.questions() {
		event.ResetHead(record.Raw, record.Head)
		if plainly := q.field(parsed).ContainsFold(q.texts...); plainly && q.named {
			seen.mentioned++
			if !event.Mentions(q.path, runtime.NewTexts(q.texts...)) {
				t.Errorf("%q does not mention one of %q, but contains it", q.path, q.texts)
			}
		}
		if before, after := q.field(event).ContainsFold(q.texts...), q.field(parsed).ContainsFold(q.texts...); before != after {
			t.Errorf("%q contains one of %q: %t before it is parsed, %t after", q.path, q.texts, before, after)
		}
		event.ResetHead(record.Raw, record.Head)
		if before, after := q.field(event).EqualFold(q.texts...), q.field(parsed).EqualFold(q.texts...); before != after {
			t.Errorf("%q is one of %q: %t before it is parsed, %t after", q.path, q.texts, before, after)
		}
	}
}

var withinASCII = strings.NewReplacer("\u212a", "k", "\u017f", "s")

// questions are what a rule might ask of a record: for its texts or parts of them, at the paths that lead there, and at
// others. Which ones depends on the record alone.
func (p *plainRecord) questions() []question {
	hash := fnv.New64a()
	hash.Write([]byte(p.raw))
	random := rand.New(rand.NewPCG(hash.Sum64(), 0))
	leaves := p.leaves()
	same := map[string]int{}
	for _, leaf := range leaves {
		same[strings.Join(leaf.path, ".")]++
	}
	// Those that a path reaches among others are where it is easy to be wrong.
	among := slices.DeleteFunc(slices.Clone(leaves), func(l leaf) bool { return same[strings.Join(l.path, ".")] < 2 })
	var all []question
	for range 6 {
		if len(leaves) == 0 {
			break
		}
		leaf := leaves[random.IntN(len(leaves))]
		if len(among) > 0 && random.IntN(2) == 0 {
			leaf = among[random.IntN(len(among))]
		}
		path := leaf.path
		switch random.IntN(6) {
		case 0:
			path = nil // any field
		case 1:
			path = path[:len(path)-1] // what it lies in
		}
		if len(path) > 0 && slices.Contains(strings.Split(strings.Join(path, "."), "."), "") {
			continue // no rule has such a field, the compiler refuses it
		}
		q := question{path: strings.Join(path, "."), named: !strings.ContainsFunc(strings.Join(path, ""), notInFields)}
		// The two letters beyond ASCII that fold to one within are asked for as that.
		text := runtime.Mentionable(withinASCII.Replace(leaf.text))
		if text == "" {
			q.texts, q.named = []string{leaf.text}, false
			all = append(all, q)
			continue
		}
		if random.IntN(2) == 0 {
			from := random.IntN(len(text) - 3)
			text = text[from : from+4+random.IntN(len(text)-from-3)]
		}
		switch random.IntN(4) {
		case 0:
			text = strings.ToUpper(text)
		case 1:
			text = strings.ToLower(text)
		}
		q.texts = []string{text}
		if random.IntN(2) == 0 {
			q.texts = append(q.texts, "~~~~~~~~~~~~"[:4+random.IntN(9)])
		}
		all = append(all, q)
	}
	return all
}

func names(set string, rules []*runtime.Rule) []string {
	var names []string
	for _, rule := range rules {
		names = append(names, set+"/"+rule.Key)
	}
	return names
}

// without returns the names in one list that are not in the other.
func without(list, other string) []string {
	names := strings.Fields(other)
	return slices.DeleteFunc(strings.Fields(list), func(name string) bool { return slices.Contains(names, name) })
}

func joined(names []string) string {
	slices.Sort(names)
	return strings.Join(names, " ")
}
