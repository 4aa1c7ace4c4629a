package catalogue

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const apiModels = `{"service":"Route 53 Domains","event_source":"route53domains.amazonaws.com","arn_namespace":null,"operations":{"RegisterDomain":{"read_only":false,"input":["DomainName","IdnLangCode"]},"ListDomains":{"input":[]}}}
{"service":"Bedrock","event_source":null,"arn_namespace":null,"api_version":"x","operations":{}}
`

// TestParseAPIModels reads models, plain and compressed, and what was made of them.
func TestParseAPIModels(t *testing.T) {
	t.Parallel()
	want := "date 2025-04\norigin somewhere\nservice Bedrock | - | -\nservice Route 53 Domains | route53domains.amazonaws.com | -\nListDomains\nRegisterDomain DomainName IdnLangCode\n"
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write([]byte(apiModels)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for about, text := range map[string]string{"plain": apiModels, "compressed": compressed.String()} {
		models, err := ParseAPIModels(strings.NewReader(text), "2025-04", "somewhere")
		if err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		if diff := cmp.Diff(want, string(models.Text())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", about, diff)
		}
		again, err := parseModels(models.Text())
		if err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		if diff := cmp.Diff(models.Text(), again.Text()); diff != "" {
			t.Errorf("%s, read again (-first +second):\n%s", about, diff)
		}
	}
}

// TestAPIModelsAreRefused lists models that no catalogue can be made of.
func TestAPIModelsAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ about, text, date, origin, want string }{
		{"nothing", "", "2025-04", "x", "there is no service"},
		{"a date that is none", apiModels, "April", "x", "month such as 2025-04"},
		{"no origin", apiModels, "2025-04", "", "need an origin"},
		{"no JSON", "service: S3\n", "2025-04", "x", "service 1: "},
		{"a service without a name", `{"operations":{}}`, "2025-04", "x", `"" is no name of a service`},
		{"a service twice", `{"service":"A"}{"service":"A"}`, "2025-04", "x", "the service A stands there twice"},
		{"a source with a space", `{"service":"A","event_source":"a b"}`, "2025-04", "x", `"a b" is no eventSource`},
		{"a namespace that is none", `{"service":"A","arn_namespace":"A!"}`, "2025-04", "x", `"A!" is no namespace`},
		{"an operation with a line break", `{"service":"A","operations":{"B\nC":{}}}`, "2025-04", "x", `"B\nC" is no name of an operation`},
		{"a member with a space", `{"service":"A","operations":{"B":{"input":["c d"]}}}`, "2025-04", "x", `"c d" is no name of a member`},
	} {
		_, err := ParseAPIModels(strings.NewReader(test.text), test.date, test.origin)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.about, err, test.want)
		}
	}
}

// factsWith returns the facts with some files replaced.
func factsWith(replaced map[string]string) Facts {
	return func(name string) ([]byte, error) {
		if text, is := replaced[name]; is {
			return []byte(text), nil
		}
		return os.ReadFile("facts/" + name)
	}
}

// TestFactsAreRefused lists lines that are wrong, each with its place.
func TestFactsAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ about, file, text, want string }{
		{"a service that no model has", "sources.txt", "# x\nservice S4 = s4.amazonaws.com", "sources.txt:2: this is no known service"},
		{"a service twice", "sources.txt", "service S3 = a.b\nservice S3 = a.b", "sources.txt:2: the service stands there twice"},
		{"a source that is none", "sources.txt", "open s3", `sources.txt:1: "s3" is no eventSource`},
		{"another word", "sources.txt", "closed s3.amazonaws.com", "sources.txt:1: a line begins with"},
		{"events of a source that is not there", "events.txt", "[nowhere.amazonaws.com]\nA", "events.txt:1: the heading is no known source"},
		{"an event before a heading", "events.txt", "A", "events.txt:1: this stands before the first heading"},
		{"an event that is an operation", "events.txt", "[s3.amazonaws.com]\nPutObject", "events.txt:2: PutObject is known already"},
		{"another name for what is no operation", "events.txt", "[s3.amazonaws.com]\nPutThing -> PutOther", "events.txt:2: s3.amazonaws.com has no operation PutThing"},
		{"two arrows", "events.txt", "[s3.amazonaws.com]\nPutObject -> A -> B", "events.txt:2: before -> stands an operation"},
		{"an action that is an event", "actions.txt", "[s3 s3.amazonaws.com]\nPutObject -> CopyObject", "actions.txt:2: PutObject is an event"},
		{"an action of what is no event", "actions.txt", "[s3 s3.amazonaws.com]\nPutThings -> PutThing", "actions.txt:2: PutThing is no event"},
		{"an action with nothing behind it", "actions.txt", "[s3 s3.amazonaws.com]\nPutThings", "actions.txt:2: behind an action stand"},
		{"a heading of fields that is none", "fields.txt", "[fields]\na", "fields.txt:1: the heading is none of"},
		{"values without a field", "fields.txt", "[values]\n= a", "fields.txt:2: this is no field"},
		{"a pair that is none", SeenFile, "s3.amazonaws.com\n", `seen.txt: line 1: "s3.amazonaws.com" is no source`},
		{"models that are not compressed", ModelsFile, "date 2025-04", "read models.txt.gz: "},
	} {
		_, err := Read(factsWith(map[string]string{test.file: test.text}))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.about, err, test.want)
		}
	}
}

// TestAdd holds which recorded events prove something.
func TestAdd(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, test := range []struct {
		about, record, pair string
		members             []string
		err                 string
	}{
		{
			"a call with its request",
			`{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser","requestParameters":{"userName":"a","path":"/"}}`,
			"iam.amazonaws.com CreateUser", []string{"path", "userName"}, "",
		},
		{
			"a request whose keys are chosen by people",
			`{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser","requestParameters":{"a b":1,"c.d":1,"e\nf":1}}`,
			"iam.amazonaws.com CreateUser", nil, "",
		},
		{"an event that nobody knew", `{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"SomethingNew"}`, "iam.amazonaws.com SomethingNew", nil, ""},
		{"a source that nobody knew", `{"eventVersion":"1.08","eventSource":"new.amazonaws.com","eventName":"CreateUser"}`, "new.amazonaws.com CreateUser", nil, ""},
		{"a record that was made up", `{"x-origin":"synthetic","eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser"}`, "", nil, "it says that it is made up"},
		{"a test that only changes the source", `{"eventVersion":"1.08","eventSource":"route53.amazonaws.com","eventName":"DisableDomainTransferLock"}`, "route53.amazonaws.com DisableDomainTransferLock", nil, "another service"},
		{"a test that has the name of the call", `{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"PutBucketLifecycleConfiguration"}`, "s3.amazonaws.com PutBucketLifecycleConfiguration", nil, "another name"},
		{"no version", `{"eventSource":"iam.amazonaws.com","eventName":"CreateUser"}`, "", nil, "no eventVersion"},
		{"a name that is none", `{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"Create User"}`, "", nil, "no eventVersion"},
		{"a source that is none", `{"eventVersion":"1.08","eventSource":"...","eventName":"CreateUser"}`, "", nil, "no eventVersion"},
		{"no JSON", `{`, "", nil, "unexpected end"},
	} {
		seen := Seen{Pairs: map[string][]string{}}
		pair, err := seen.Add(c, []byte(test.record))
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, want %q", test.about, err, test.err)
		}
		want := map[string][]string{}
		if test.err == "" {
			want[test.pair] = test.members
		}
		if pair != test.pair {
			t.Errorf("%s: the pair is %q, want %q", test.about, pair, test.pair)
		}
		if diff := cmp.Diff(want, seen.Pairs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.about, diff)
		}
	}
}
