package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// elements are those of views, with their attributes. What makes an element of
// these with these attributes is the templates.
var elements = map[string][]string{
	"a": {"class", "style", "href", "rel"}, "body": {"class", "style"}, "br": nil, "div": {"class", "style"}, "h1": {"class", "style"}, "h2": {"class", "style"}, "h3": {"class", "style"}, "head": nil,
	"html": {"lang", "dir"}, "li": nil, "meta": {"charset", "name", "content"}, "p": {"class", "style"}, "pre": {"class", "style"}, "span": {"class", "style"}, "style": nil,
	"table": {"class", "style", "role", "width", "cellpadding", "cellspacing", "border"}, "tbody": nil, "td": {"class", "style", "align"}, "th": {"class", "style", "scope"}, "title": nil, "tr": {"valign"}, "ul": {"class", "style"},
}

// pageElements are those that a page has besides.
var pageElements = map[string][]string{
	"a": {"class", "href", "rel"}, "b": nil, "button": {"type"}, "details": {"class"}, "div": {"class", "id", "aria-hidden"}, "fieldset": nil, "footer": nil, "form": {"class", "autocomplete"}, "h2": {"id"}, "h4": {"class"}, "h5": {"class"},
	"header": nil, "i": {"class", "style"}, "input": {"type", "id", "checked"}, "label": nil, "legend": nil, "li": {"class"}, "main": nil, "meta": {"charset", "name", "content", "http-equiv"}, "nav": {"aria-label"},
	"option": {"value", "selected"}, "rect": {"class", "x", "y", "width", "height"}, "section": {"class", "aria-labelledby"}, "select": {"id"}, "summary": {"class"},
	"svg": {"class", "viewbox", "preserveaspectratio", "role", "aria-label"}, "td": {"class"}, "th": {"class", "scope"}, "thead": nil,
}

// hosts are where links lead that do not come from the references of a rule.
var hosts = regexp.MustCompile(`^https://([a-z0-9-]+\.console\.(aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)/cloudtrailv2/home\?region=[a-z0-9-]+#/events/[0-9a-fA-F-]{36}|attack\.mitre\.org/(tactics|techniques|groups|software)/[A-Z0-9/]+/)$`)

// checkHTML reports what a value of an alert did to a document besides being
// text in it, and returns its text.
func checkHTML(t *testing.T, document []byte, references []string, allowed ...map[string][]string) string {
	t.Helper()
	attributes := map[string]map[string]bool{}
	for _, of := range allowed {
		for element, names := range of {
			if attributes[element] == nil {
				attributes[element] = map[string]bool{}
			}
			for _, name := range names {
				attributes[element][name] = true
			}
		}
	}
	styled := map[string]bool{}
	for _, s := range styles {
		for declaration := range strings.SplitSeq(s.light, ";") {
			styled[declaration] = true
		}
	}
	var text strings.Builder
	tokens := html.NewTokenizer(bytes.NewReader(document))
	raw := ""
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			if tokens.Err() != io.EOF {
				t.Fatal(tokens.Err())
			}
			return text.String()
		}
		token := tokens.Token()
		switch kind {
		case html.CommentToken:
			t.Errorf("a comment: %q", token.Data)
		case html.TextToken:
			if raw != "style" {
				checkVisible(t, strings.ReplaceAll(token.Data, "\n", ""))
			}
			if raw == "style" && (strings.Contains(token.Data, "ZgotmplZ") || strings.ContainsAny(token.Data, "<\\")) {
				t.Errorf("a style sheet: %q", token.Data)
			}
			text.WriteString(token.Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			raw = token.Data
			names, ok := attributes[token.Data]
			if !ok {
				t.Errorf("element %s", token)
			}
			for _, a := range token.Attr {
				checkVisible(t, a.Val)
				switch {
				case !names[a.Key]:
					t.Errorf("attribute %s of %s", a.Key, token)
				case a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !hosts.MatchString(a.Val) && !slices.Contains(references, a.Val):
					t.Errorf("a link to %q", a.Val)
				case a.Key == "style" && !strings.HasPrefix(a.Val, "width:"):
					for declaration := range strings.SplitSeq(a.Val, ";") {
						if !styled[declaration] {
							t.Errorf("the style %q", declaration)
						}
					}
				}
			}
		case html.EndTagToken:
			raw = ""
		}
	}
}

// webURLs are the references of an alert that may be links.
func webURLs(a *alert.Alert) []string {
	var all []string
	for _, text := range a.Rule.References {
		if url := webURL(text, 6000); url != "" {
			if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
				panic("a link to " + url)
			}
			all = append(all, url)
		}
	}
	return all
}

// texts visits every text of an alert. set, where it is not nil, returns what is
// to stand in its place.
func texts(a *alert.Alert, visit func(path, text string) string) {
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString(visit(path, v.String()))
		case reflect.Pointer:
			if !v.IsNil() {
				walk(path, v.Elem())
			}
		case reflect.Slice:
			if v.Type() == reflect.TypeFor[json.RawMessage]() {
				v.SetBytes([]byte(visit(path, string(v.Bytes()))))
				return
			}
			for i := range v.Len() {
				walk(path, v.Index(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				for i := range v.MapIndex(key).Len() {
					walk(path, v.MapIndex(key).Index(i))
				}
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				walk(strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), v.Field(i))
			}
		}
	}
	walk("", reflect.ValueOf(a).Elem())
}

// full is an alert in which every text that an alert can have is.
func full(t testing.TB) alert.Alert {
	a := correlation(t)
	b := simple(t)
	a.Searches = b.Searches
	a.Address = &alert.Address{IP: "192.0.2.1", Country: "x", Region: "x", City: "x", Network: "x", ASN: "x", Operator: "x", Sources: []string{"x"}}
	a.AccountAlias = "x"
	a.Rule.FalsePositives = []string{"x"}
	a.Event.ErrorCode = "x"
	a.Captured = map[string][]string{"x": {"x"}}
	return a
}

// TestEveryText puts an attack in every text of an alert, one at a time, and
// holds that it is shown as what it is, and nothing else: neither as markup, nor
// left out without a word.
func TestEveryText(t *testing.T) {
	const (
		attack = "<b>" + "\u202e" + "https://evil.example\"'"
		seen   = `<b>\u202ehttps[:]//evil.example"'`
		record = `{"userIdentity": {"<b>\u202e": "https://evil.example\"'"}}`
	)
	var places []string
	sample := full(t)
	texts(&sample, func(path, text string) string {
		places = append(places, path)
		return text
	})
	slices.Sort(places)
	places = slices.Compact(places)
	var hidden []string
	for _, place := range places {
		a := full(t)
		texts(&a, func(path, text string) string {
			switch {
			case path != place:
				return text
			case path == "Finding.Raw":
				return record
			default:
				return attack
			}
		})
		document, err := Mail(&a)
		if err != nil {
			t.Fatal(err)
		}
		inHTML := strings.Join(strings.Fields(checkHTML(t, document, webURLs(&a), elements)), " ")
		plain := Text(&a)
		checkVisible(t, strings.ReplaceAll(plain, "\n", ""))
		inPlain := strings.ReplaceAll(strings.ReplaceAll(plain, "\n", ""), " ", "")
		isShown := strings.Contains(inHTML, seen)
		if place == "Finding.Raw" {
			isShown = strings.Contains(inHTML, `<b>\u202e`) && strings.Contains(inHTML, `https[:]//evil.example"'`)
		} else if strings.Contains(inPlain, seen) != isShown {
			t.Errorf("%s is not shown alike in the mail and the text", place)
		}
		if !isShown {
			hidden = append(hidden, place)
		}
		if t.Failed() {
			t.Fatalf("with an attack in %s", place)
		}
	}
	// These are shown when others are missing, or are for programs.
	want := []string{
		"Address.IP",
		"Completed.Key",
		"Completed.Related.Location.Bucket",
		"Completed.Related.Location.File",
		"Completed.Related.Rule",
		"Finding.Captured",
		"Finding.Event.ActorName",
		"Finding.Event.Digest",
		"Finding.Rule.Author",
		"Finding.Rule.Name",
	}
	if diff := cmp.Diff(want, hidden); diff != "" {
		t.Errorf("what is not shown (-want +got):\n%s", diff)
	}
}

// FuzzMail holds that no value of an alert can make an element or an attribute,
// wherever it stands, nor a mail or a text that is too long.
func FuzzMail(f *testing.F) {
	f.Add(attacks, uint8(0))
	f.Add("</pre></td></table><a href=https://evil.example>", uint8(1))
	f.Add("x", uint8(200))
	f.Add(`{"a":["<b>",{"\u0000":"\u202e"}]}`, uint8(3))
	f.Add("\" style=\"background:url(https://evil.example)", uint8(60))
	f.Fuzz(func(t *testing.T, text string, times uint8) {
		a := full(t)
		value := strings.Repeat(text, int(times)+1)
		if len(value) > 200_000 {
			return // longer than any record
		}
		texts(&a, func(path, old string) string {
			if path != "Raw" {
				return value
			}
			if json.Valid([]byte(text)) {
				return text
			}
			raw, err := json.Marshal(map[string]any{"userIdentity": map[string]any{value: value}, "requestParameters": value, value: []string{value}, "errorMessage": value})
			if err != nil {
				t.Fatal(err)
			}
			return string(raw)
		})
		document, err := Mail(&a)
		if err != nil {
			t.Fatal(err)
		}
		checkHTML(t, document, webURLs(&a), elements)
		plain := Text(&a)
		checkVisible(t, strings.ReplaceAll(plain, "\n", ""))
		checkVisible(t, Subject(&a))
		if len(document) > MailLimit || len(plain) > TextLimit {
			t.Errorf("%d bytes of HTML, %d of text", len(document), len(plain))
		}
		var page bytes.Buffer
		s := Scan{Paths: []string{value}, Problems: []string{value}, Skipped: []string{value}, Alerts: []alert.Alert{a}}
		if err := WritePage(&page, s); err != nil {
			t.Fatal(err)
		}
		checkHTML(t, page.Bytes(), webURLs(&a), elements, pageElements)
	})
}

// TestMailLimit holds that an alert that is too large everywhere makes a mail and
// a text that arrive, and that they say that something was left out. It consists
// of the characters that grow most: in HTML, by being escaped, and in bytes.
func TestMailLimit(t *testing.T) {
	for _, unit := range []string{"\"", "\U000e0001", "東"} {
		long := strings.Repeat(unit, 1100)
		many := slices.Repeat([]string{long}, 40)
		a := full(t)
		a.Event.ID = ""
		texts(&a, func(path, _ string) string {
			return long
		})
		a.Raw = nil
		a.Rule.References, a.Rule.Tags, a.Rule.FalsePositives, a.Why, a.Address.Sources = many, many, many, many, many
		a.Searches = nil
		for range 40 {
			search := alert.Search{Name: long}
			for range 20 {
				search.Fields = append(search.Fields, alert.Field{Path: long, Values: many[:4]})
			}
			a.Searches = append(a.Searches, search)
		}
		c := a.Completed[0]
		c.Related = slices.Repeat([]alert.Related{{Rule: "y", Title: long, EventID: long, EventName: long, AccountID: long, Region: long, Actor: long, SourceIP: long}}, 8)
		c.Group = slices.Repeat(c.Group, 30)
		threshold := c
		threshold.Type = runtime.EventCount
		threshold.Condition = slices.Repeat([]runtime.Comparison{{Operator: "gte", Value: 1e300}}, 3)
		a.Completed = append(slices.Repeat([]alert.Completed{c}, 12), slices.Repeat([]alert.Completed{threshold}, 12)...)
		record := map[string]any{}
		for _, member := range []string{"userIdentity", "requestParameters", "responseElements", "resources", "additionalEventData", "serviceEventDetails", "another"} {
			fields := map[string]any{}
			for i := range 30 {
				fields[fmt.Sprintf("%d%s", i, strings.ToValidUTF8(strings.Repeat(unit, 100), "\ufffd"))] = []any{long, map[string]string{"document": "{" + strings.Repeat(`"x":[{}],`, 100) + `"x":1}`}}
			}
			record[member] = fields
		}
		raw, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		a.Raw = raw
		document, err := Mail(&a)
		if err != nil {
			t.Errorf("%q: %v", unit, err)
			continue
		}
		plain := Text(&a)
		t.Logf("%q: %d bytes of HTML, %d of text", unit, len(document), len(plain))
		if len(document) > MailLimit || len(plain) > TextLimit {
			t.Errorf("%q: %d bytes of HTML, %d of text", unit, len(document), len(plain))
		}
		for _, mark := range []string{"characters left out", "more searches", "more values", "earlier matches", "more fields", "more of them"} {
			if !strings.Contains(string(document), mark) || !strings.Contains(plain, mark) && !strings.HasSuffix(plain, "the rest was left out\n") {
				t.Errorf("%q: nothing says %q", unit, mark)
			}
		}
		if !utf8.ValidString(plain) || !strings.Contains(string(document), "What to do") {
			t.Errorf("%q: the mail or the text is cut", unit)
		}
	}
}

// TestDeterminism holds that the same alert is shown in the same words.
func TestDeterminism(t *testing.T) {
	var first []byte
	for range 5 {
		var out bytes.Buffer
		for _, name := range []string{"hostile", "correlation"} {
			a := samples(t)[name]
			document, err := Mail(&a)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(document)
			out.WriteString(Text(&a))
		}
		if err := WritePage(&out, sampleScan(t)); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out.Bytes()
		} else if !bytes.Equal(first, out.Bytes()) {
			t.Fatal("it is shown in other words")
		}
	}
}
