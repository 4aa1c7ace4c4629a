package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// BuildCorrelations plans the correlation documents among those of a directory,
// sorted by key, and reports what is wrong to list. known are all documents of
// the directory that could be read, also those of files with an error, by which
// a correlation may refer to what is refused; documents are those of the other
// files. Correlations with an error are left out of the result.
func BuildCorrelations(documents, known []*sigma.Rule, list *diag.List) []*Correlation {
	b := &correlationBuilder{known: known, list: list, of: map[*sigma.Rule][]reference{}}
	var found []*sigma.Rule
	for _, document := range documents {
		if document.Correlation != nil {
			found = append(found, document)
			b.of[document] = b.references(document)
		}
	}
	var correlations []*Correlation
	for _, document := range found {
		before := list.Count(diag.Error)
		b.refuseCycle(document)
		if c := b.build(document); list.Count(diag.Error) == before && len(c.Rules) == len(document.Correlation.Rules) {
			correlations = append(correlations, c)
		}
	}
	slices.SortFunc(correlations, func(a, b *Correlation) int { return strings.Compare(a.Key, b.Key) })
	return correlations
}

type correlationBuilder struct {
	known []*sigma.Rule
	list  *diag.List
	of    map[*sigma.Rule][]reference // what a correlation refers to
}

// references resolves the rules of a correlation. Those that are not known are
// left out of the result.
func (b *correlationBuilder) references(document *sigma.Rule) []reference {
	var found []reference
	for _, name := range document.Correlation.Rules {
		rule := b.resolve(name, document.Correlation.Rules)
		if rule == nil {
			continue
		}
		if i := slices.IndexFunc(found, func(r reference) bool { return r.rule == rule }); i >= 0 {
			b.list.Errorf(name.Span, "correlation/rules", "remove one", "%q and %q are one rule", found[i].text.Value, name.Value)
			continue
		}
		found = append(found, reference{rule: rule, text: name})
	}
	return found
}

// resolve returns the one rule or correlation of an id or name, or nil after
// reporting why there is none.
func (b *correlationBuilder) resolve(name sigma.Text, all []sigma.Text) *sigma.Rule {
	var found []*sigma.Rule
	unread := ""
	for _, rule := range b.known {
		if rule.Is(name.Value) {
			found = append(found, rule)
		}
		if rule.Title.Value == "" {
			unread = rule.Path
		}
	}
	switch {
	case len(found) == 0:
		candidates := slices.DeleteFunc(namesOf(b.known), func(known string) bool {
			return slices.ContainsFunc(all, func(t sigma.Text) bool { return t.Value == known }) // stands there already
		})
		hint := cmp.Or(byAnotherName("a correlation", name.Value, b.known), sigma.DidYouMean(name.Value, candidates))
		switch {
		case hint != "":
		case unread != "":
			hint = "it may stand in " + unread + ", which could not be read"
		default:
			hint = writeIDOrName
		}
		b.list.Errorf(name.Span, "correlation/unknown-rule", hint, "no rule has the id or the name %q", name.Value)
	case len(found) > 1:
		b.list.Errorf(name.Span, "correlation/ambiguous-rule", "give each a name of its own, and write that", "%q is the id or the name of %s and of %s", name.Value, place(found[0]), place(found[1]))
	case found[0].Filter:
		b.list.Errorf(name.Span, "correlation/filter", "name the rules that it filters", "%q is a filter, which matches nothing itself", name.Value)
	default:
		return found[0]
	}
	return nil
}

// place says where a document stands.
func place(rule *sigma.Rule) string {
	if rule.Document < 2 {
		return rule.Path
	}
	return rule.Path + " (" + rule.Key + ")"
}

// refuseCycle reports a correlation that refers to itself, also through others.
func (b *correlationBuilder) refuseCycle(document *sigma.Rule) {
	for _, r := range b.of[document] {
		way := b.wayTo(document, r.rule, map[*sigma.Rule]bool{})
		if way == nil {
			continue
		}
		if len(way) == 1 {
			b.list.Errorf(r.text.Span, "correlation/cycle", "name the rule whose matches it relates", "the correlation refers to itself")
			return
		}
		var keys []string
		for _, rule := range way[:len(way)-1] {
			keys = append(keys, rule.Key)
		}
		b.list.Errorf(r.text.Span, "correlation/cycle", "break the circle", "the correlation refers to itself through %s", strings.Join(keys, ", "))
		return
	}
}

// wayTo returns the documents on a way of references from one to another, both
// included, or nil.
func (b *correlationBuilder) wayTo(to, from *sigma.Rule, seen map[*sigma.Rule]bool) []*sigma.Rule {
	if from == to {
		return []*sigma.Rule{to}
	}
	if seen[from] {
		return nil
	}
	seen[from] = true
	for _, r := range b.of[from] {
		if way := b.wayTo(to, r.rule, seen); way != nil {
			return append([]*sigma.Rule{from}, way...)
		}
	}
	return nil
}

func (b *correlationBuilder) build(document *sigma.Rule) *Correlation {
	syntax := document.Correlation
	c := &Correlation{
		Syntax: document, Key: document.Key, Description: document.Description.Value, Level: ruleLevel(document),
		Source: document.Source, SourceHash: hash(document.Text),
		Type: syntax.Type.Value, Window: syntax.Timespan, Condition: syntax.Condition, Generate: syntax.Generate, references: b.of[document],
	}
	for _, r := range c.references {
		c.Rules = append(c.Rules, r.rule.Key)
	}
	for _, name := range syntax.GroupBy {
		c.GroupBy = append(c.GroupBy, b.group(document, name))
	}
	b.unusedAliases(syntax)
	for _, field := range syntax.Fields {
		checkField(field, "correlation/field", b.list)
		c.Fields = append(c.Fields, field.Value)
	}
	checkCondition(syntax, b.list)
	return c
}

func hash(text []byte) string {
	sum := sha256.Sum256(sigma.NormaliseLines(text))
	return hex.EncodeToString(sum[:])
}

// group resolves one entry of group-by: an alias, or a field that all matches
// have.
func (b *correlationBuilder) group(document *sigma.Rule, name sigma.Text) Group {
	g := Group{Name: name.Value}
	aliases := document.Correlation.Aliases
	i := slices.IndexFunc(aliases, func(a sigma.Alias) bool { return a.Name.Value == name.Value })
	if i < 0 {
		checkField(name, "correlation/group-by", b.list)
		b.refuseInnerAlias(document, name)
		for range b.of[document] {
			g.Fields = append(g.Fields, name.Value)
		}
		return g
	}
	for _, r := range b.of[document] {
		fields := aliases[i].Fields
		j := slices.IndexFunc(fields, func(f sigma.AliasField) bool { return r.rule.Is(f.Rule.Value) })
		if j < 0 {
			b.list.Errorf(aliases[i].Name.Span, "correlation/aliases", "add `"+r.text.Value+": ...`", "the alias %q has no field for the rule %q", name.Value, r.text.Value)
			continue
		}
		g.Fields = append(g.Fields, fields[j].Field.Value)
	}
	for j, f := range aliases[i].Fields {
		checkField(f.Field, "correlation/aliases", b.list)
		var names []string
		for _, rule := range document.Correlation.Rules {
			names = append(names, rule.Value)
		}
		related := func(r reference) bool { return r.rule.Is(f.Rule.Value) }
		if !slices.Contains(names, f.Rule.Value) && !slices.ContainsFunc(b.of[document], related) {
			hint := cmp.Or(sigma.DidYouMean(f.Rule.Value, names), "remove it, or add the rule to `rules`")
			b.list.Errorf(f.Rule.Span, "correlation/aliases", hint, "the correlation does not refer to a rule %q", f.Rule.Value)
		}
		for _, other := range aliases[i].Fields[:j] {
			if slices.ContainsFunc(b.of[document], func(r reference) bool { return r.rule.Is(f.Rule.Value) && r.rule.Is(other.Rule.Value) }) {
				b.list.Errorf(f.Rule.Span, "correlation/aliases", "remove one", "%q and %q are one rule", other.Rule.Value, f.Rule.Value)
			}
		}
	}
	return g
}

// refuseInnerAlias refuses a field that is an alias in a correlation that this
// one refers to: what it stands for there is known to that one alone, and no
// record has a field of that name.
func (b *correlationBuilder) refuseInnerAlias(document *sigma.Rule, name sigma.Text) {
	for _, r := range b.of[document] {
		inner := r.rule.Correlation
		if inner != nil && slices.ContainsFunc(inner.Aliases, func(a sigma.Alias) bool { return a.Name.Value == name.Value }) {
			b.list.Errorf(name.Span, "correlation/group-by", "write the name of a field, or an alias of this correlation", "%q is an alias of the correlation %q, and unknown here", name.Value, r.text.Value)
		}
	}
}

// unusedAliases refuses aliases that group-by does not have: its author takes
// for granted that they group.
func (b *correlationBuilder) unusedAliases(syntax *sigma.Correlation) {
	for _, alias := range syntax.Aliases {
		if !slices.ContainsFunc(syntax.GroupBy, func(name sigma.Text) bool { return name.Value == alias.Name.Value }) {
			b.list.Errorf(alias.Name.Span, "correlation/aliases", "add it to `group-by`, or remove it", "nothing uses the alias %q", alias.Name.Value)
		}
	}
}

// checkField refuses what cannot name a field of a record.
func checkField(name sigma.Text, code string, list *diag.List) {
	switch {
	case strings.Contains(name.Value, "|"):
		list.Errorf(name.Span, code, "write the name of the field alone", "%q has a modifier, and only searches have those", name.Value)
	case !sigma.IsField(name.Value):
		list.Errorf(name.Span, code, "", "%q is not the name of a field: keys joined by dots, without white space around them", name.Value)
	default:
		warnFieldCase(name, list)
	}
}

// RefuseOverRefused refuses the correlations over rules and correlations that are
// refused: they would fire on less than they say. It returns those that are left.
func RefuseOverRefused(correlations []*Correlation, list *diag.List) []*Correlation {
	code := func(c *Correlation) string {
		if c.Annotates {
			return "postprocessing/refused"
		}
		return "correlation/refused"
	}
	for {
		refused := list.Refused()
		var left []*Correlation
		for _, c := range correlations {
			good := c.Syntax == nil || !refused[c.Syntax.Path]
			for _, r := range c.references {
				if !refused[r.rule.Path] {
					continue
				}
				good = false
				if c.Syntax == nil || c.Syntax.Path != r.rule.Path {
					list.Errorf(r.text.Span, code(c), "mend "+place(r.rule), "the rule %q is refused", r.text.Value)
				}
			}
			if good {
				left = append(left, c)
			}
		}
		if len(list.Refused()) == len(refused) { // none was refused for another
			return left
		}
	}
}

// SetCapture gives every rule the fields that correlations read of its matches:
// also those that read its matches through the correlations between.
func (p *Plan) SetCapture() {
	read := map[string]map[string]bool{} // by key of a rule or correlation
	of := map[string][]string{}
	for _, c := range p.Correlations {
		of[c.Key] = c.Rules
	}
	var add func(key, field string)
	add = func(key, field string) {
		if read[key] == nil {
			read[key] = map[string]bool{}
		}
		if read[key][field] {
			return
		}
		read[key][field] = true
		for _, inner := range of[key] {
			add(inner, field)
		}
	}
	for _, c := range p.Correlations {
		for i, key := range c.Rules {
			for _, g := range c.GroupBy {
				if len(g.Fields) > 0 {
					add(key, g.Fields[i])
				}
			}
			for _, field := range c.Fields {
				add(key, field)
			}
		}
	}
	for _, rule := range p.Rules {
		rule.Capture = nil
		for field := range read[rule.Syntax.Key] {
			rule.Capture = append(rule.Capture, field)
		}
		slices.Sort(rule.Capture)
	}
}

// Needed returns the keys of the rules and correlations that are wanted, and of
// all that the latter refer to.
func (p *Plan) Needed(wanted func(*sigma.Rule) bool) map[string]bool {
	needed := map[string]bool{}
	of := map[string][]string{}
	var add func(key string)
	add = func(key string) {
		if needed[key] {
			return
		}
		needed[key] = true
		for _, inner := range of[key] {
			add(inner)
		}
	}
	for _, c := range p.Correlations {
		of[c.Key] = c.Rules
	}
	for _, rule := range p.Rules {
		if wanted(rule.Syntax) {
			add(rule.Syntax.Key)
		}
	}
	for _, c := range p.Correlations {
		if c.Syntax != nil && wanted(c.Syntax) {
			add(c.Key)
		}
	}
	return needed
}
