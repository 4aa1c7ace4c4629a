package sigma

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

var (
	levels       = []string{"informational", "low", "medium", "high", "critical"}
	statuses     = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
	relatedTypes = []string{"derived", "obsolete", "merged", "renamed", "similar"}

	uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	tagShape  = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9._-]+$`)
	dateShape = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// maxTitle is the longest title that the Sigma specification allows, in
// characters.
const maxTitle = 256

// metadata reads and checks everything of a rule but its detection.
func (d *document) metadata(root *yaml.Node, rule *Rule) {
	d.knownKeys(root)
	rule.Title = d.text1(root, "title")
	_, title := get(root, "title")
	switch {
	case title == nil:
		d.list.Errorf(d.at(root.Line, root.Column), "metadata/title", "add `title: ...`", "%s needs a title", d.is)
	case title.Kind == yaml.ScalarNode && title.Tag != "!!null" && strings.TrimSpace(title.Value) == "":
		d.list.Errorf(d.span(title), "metadata/title", "say in a few words what the rule detects", "the title is empty")
	case utf8.RuneCountInString(rule.Title.Value) > maxTitle:
		d.list.Errorf(rule.Title.Span, "metadata/title", "", "the title is longer than %d characters", maxTitle)
	}
	rule.ID = d.text1(root, "id")
	if rule.ID.Value != "" && !uuidShape.MatchString(rule.ID.Value) {
		d.list.Warnf(rule.ID.Span, "metadata/id", "make one with `uuidgen`", "the id %q is not a UUID", rule.ID.Value)
	}
	rule.Name = d.text1(root, "name")
	rule.Description = d.text1(root, "description")
	rule.Author = d.text1(root, "author")
	d.text1(root, "license")
	rule.Status = d.oneOf(root, "status", statuses)
	rule.Level = d.oneOf(root, "level", levels)
	if key, _ := get(root, "level"); key == nil && !rule.Filter {
		what := "rule"
		if rule.Correlation != nil {
			what = "correlation"
		}
		d.list.Warnf(d.at(root.Line, root.Column), "metadata/level", "add `level: medium` or another", "the %s has no level; it is taken as medium", what)
	}
	rule.Tags = d.texts(root, "tags")
	for _, tag := range rule.Tags {
		if !tagShape.MatchString(tag.Value) {
			d.list.Errorf(tag.Span, "metadata/tag", "write it as namespace.value, for example attack.t1098", "the tag %q is not of the form namespace.value in lower case", tag.Value)
		}
	}
	rule.References = d.texts(root, "references")
	rule.FalsePositives = d.texts(root, "falsepositives")
	d.texts(root, "fields")
	d.texts(root, "scope")
	d.date(root, "date")
	d.date(root, "modified")
	d.related(root)
	d.extension(root, rule)
	if rule.Correlation == nil {
		d.logsource(root, rule)
	} else if key, _ := get(root, "logsource"); key != nil && !has(root, "detection") && !has(root, "filter") {
		d.list.Warnf(d.span(key), "correlation/logsource", "leave it out", "a correlation has no logsource: those of its rules say which records it is about")
	}
	if t := d.text1(root, "taxonomy"); t.Value != "" && t.Value != "sigma" {
		d.list.Errorf(t.Span, "metadata/taxonomy", "use the field names of CloudTrail and leave taxonomy out", "the taxonomy %q is not known", t.Value)
	}
}

// ruleKeys are the top-level attributes that the Sigma specification gives rules,
// filters and correlations. Others are allowed.
var ruleKeys = []string{
	"title", "id", "name", "related", "taxonomy", "status", "description", "license", "author", "references", "date", "modified",
	"logsource", "detection", "filter", "correlation", "generate", "fields", "falsepositives", "level", "tags", "scope",
}

// knownKeys warns of a top-level key that looks like a misspelt attribute.
func (d *document) knownKeys(root *yaml.Node) {
	entries(root, func(key, _ *yaml.Node) {
		if slices.Contains(ruleKeys, key.Value) {
			return
		}
		if closest := Closest(key.Value, ruleKeys, 0.75); closest != "" {
			if present, _ := get(root, closest); present == nil {
				d.list.Warnf(d.span(key), "metadata/unknown-key", "did you mean \""+closest+"\"?", "%q is no attribute of a Sigma rule", key.Value)
			}
		}
	})
}

// text1 returns the text of a top-level key that takes one.
func (d *document) text1(root *yaml.Node, name string) Text {
	_, node := get(root, name)
	if node == nil {
		return Text{}
	}
	if node.Kind != yaml.ScalarNode || d.scalar(node).Kind == Null {
		d.list.Errorf(d.span(node), "metadata/"+name, "", "%s takes text, this is %s", name, describe(node))
		return Text{}
	}
	return Text{Value: node.Value, Span: d.span(node)}
}

// texts returns the items of a top-level key that takes a list of texts.
func (d *document) texts(root *yaml.Node, name string) []Text {
	_, node := get(root, name)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		d.list.Errorf(d.span(node), "metadata/"+name, "write each item on a line of its own, after a dash", "%s takes a list, this is %s", name, describe(node))
		return nil
	}
	var texts []Text
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || d.scalar(item).Kind == Null {
			d.list.Errorf(d.span(item), "metadata/"+name, "", "%s is a list of texts, this item is %s", name, describe(item))
			continue
		}
		texts = append(texts, Text{Value: item.Value, Span: d.span(item)})
	}
	return texts
}

func (d *document) oneOf(root *yaml.Node, name string, allowed []string) Text {
	t := d.text1(root, name)
	if t.Value != "" && !slices.Contains(allowed, t.Value) {
		hint := DidYouMean(t.Value, allowed)
		if hint == "" {
			hint = "use one of: " + strings.Join(allowed, ", ")
		}
		d.list.Errorf(t.Span, "metadata/"+name, hint, "unknown %s %q", name, t.Value)
	}
	return t
}

func (d *document) date(root *yaml.Node, name string) {
	t := d.text1(root, name)
	if t.Value == "" {
		return
	}
	dashed := strings.ReplaceAll(t.Value, "/", "-")
	_, err := time.Parse(time.DateOnly, dashed)
	switch {
	case err != nil && dateShape.MatchString(dashed):
		d.list.Errorf(t.Span, "metadata/"+name, "", "%q is not a day of the calendar", t.Value)
	case err != nil:
		d.list.Errorf(t.Span, "metadata/"+name, "write YYYY-MM-DD", "%q is not a date", t.Value)
	case dashed != t.Value:
		d.list.Warnf(t.Span, "metadata/"+name, "write "+dashed, "dates with slashes are of Sigma 1")
	}
}

func (d *document) related(root *yaml.Node) {
	_, node := get(root, "related")
	if node == nil {
		return
	}
	if node.Kind != yaml.SequenceNode {
		d.list.Errorf(d.span(node), "metadata/related", "", "related takes a list of maps, this is %s", describe(node))
		return
	}
	for _, item := range node.Content {
		if item.Kind != yaml.MappingNode {
			d.list.Errorf(d.span(item), "metadata/related", "write id and type", "an item of related is a map, this is %s", describe(item))
			continue
		}
		d.oneOf(item, "type", relatedTypes)
		id := d.text1(item, "id")
		for _, name := range []string{"id", "type"} {
			if key, _ := get(item, name); key == nil {
				d.list.Warnf(d.span(item), "metadata/related", "add `"+name+": ...`", "an item of related has no %s", name)
			}
		}
		if id.Value != "" && !uuidShape.MatchString(id.Value) {
			d.list.Warnf(id.Span, "metadata/related", "write the id of a rule", "the id %q is not a UUID", id.Value)
		}
	}
}

// logsource checks that the rule is about AWS: what is compiled here only ever
// sees CloudTrail records.
func (d *document) logsource(root *yaml.Node, rule *Rule) {
	key, node := get(root, "logsource")
	if key == nil {
		d.list.Errorf(d.at(root.Line, root.Column), d.code("metadata/logsource"), "add `logsource: {product: aws, service: cloudtrail}`", "%s needs a logsource", d.is)
		return
	}
	if node.Kind != yaml.MappingNode {
		d.list.Errorf(d.span(node), d.code("metadata/logsource"), "write `product: aws` and `service: cloudtrail` below it", "logsource is a map, this is %s", describe(node))
		return
	}
	before := d.list.Count(diag.Error)
	product, category, service := d.text1(node, "product"), d.text1(node, "category"), d.text1(node, "service")
	rule.Logsource = Logsource{Category: category.Value, Product: product.Value, Service: service.Value}
	switch {
	case product.Value == "aws" || product.Value == "" && service.Value == "cloudtrail":
	case strings.EqualFold(product.Value, "aws"):
		d.list.Errorf(product.Span, d.code("metadata/logsource"), "write `product: aws`", "the product is written in lower case")
	case product.Value != "":
		d.list.Errorf(product.Span, d.code("metadata/logsource"), "only rules of `product: aws` see CloudTrail records", "the logsource is not AWS: product %q", product.Value)
	case category.Value != "" || service.Value != "":
		d.list.Errorf(d.span(key), d.code("metadata/logsource"), "add `product: aws`", "the logsource does not name the product aws")
	case d.list.Count(diag.Error) == before:
		d.list.Errorf(d.span(key), d.code("metadata/logsource"), "add `product: aws` and `service: cloudtrail`", "the logsource is empty")
	}
}

// DidYouMean returns a hint that names the candidate closest to a misspelt
// word, or "".
func DidYouMean(word string, candidates []string) string {
	best := Closest(word, candidates, 0.5)
	if best == "" {
		return ""
	}
	return "did you mean \"" + best + "\"?"
}

// Closest returns the candidate most like a word, or "" if all are less like it than
// least, which is of 0 to 1. The case of letters does not count.
func Closest(word string, candidates []string, least float64) (best string) {
	word = strings.ToLower(word)
	similarity := 0.0
	for _, candidate := range candidates {
		// Of ASCII the difference in length is the least that there is to change.
		short, long := min(len(word), len(candidate)), max(len(word), len(candidate))
		if most := float64(short) / float64(max(long, 1)); (most < least || most <= similarity) && ascii(word) && ascii(candidate) {
			continue
		}
		if s := levenshtein.Similarity(word, strings.ToLower(candidate), nil); s >= least && s > similarity {
			best, similarity = candidate, s
		}
	}
	return best
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}
