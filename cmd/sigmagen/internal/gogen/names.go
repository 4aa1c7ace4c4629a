package gogen

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"
	"unicode"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// names hands out the identifiers of the package, each once.
type names struct{ taken map[string]bool }

// newNames reserves what generated code uses itself: the names of the package,
// of its imports, and of variables that would hide a rule.
func newNames() *names {
	n := &names{taken: map[string]bool{}}
	for _, name := range []string{
		"Set", "Match", "rules", "exceptions", "correlations", "init", "main",
		"matchEqualsLinearScan", // its test would be called as that of the dispatch is
		"runtime", "ruletest", "testing", "netip", "regexp", "time",
		"dst", "e", "source", "name", "ok", "t", "f",
	} {
		n.taken[name] = true
	}
	for _, name := range types.Universe.Names() {
		n.taken[name] = true
	}
	return n
}

// take returns name, or name with the least number behind it for which all of
// variants are free, and reserves these.
func (n *names) take(name string, variants func(string) []string) string {
	for i := 1; ; i++ {
		candidate := name
		if i > 1 {
			candidate = fmt.Sprintf("%s%d", name, i)
		}
		free := !token.IsKeyword(candidate)
		for _, v := range variants(candidate) {
			free = free && !n.taken[v]
		}
		if !free {
			continue
		}
		for _, v := range variants(candidate) {
			n.taken[v] = true
		}
		return candidate
	}
}

// name hands out the identifiers of a rule.
func (g *generator) name(p *plan.Rule) *rule {
	variable := g.names.take(camel(p.Syntax.Key), func(s string) []string { return []string{s, "match" + exported(s)} })
	r := &rule{plan: p, variable: variable, match: "match" + exported(variable), searches: map[string]string{}}
	for _, search := range p.Searches {
		r.searches[search.Name] = g.names.take(variable+"_"+camel(search.Name), func(s string) []string { return []string{s} })
	}
	return r
}

// nameFilter hands out the identifiers of a filter, once.
func (g *generator) nameFilter(p *plan.Filter) {
	key := p.Syntax.Key
	if g.filters[key] != nil {
		return
	}
	one := func(s string) []string { return []string{s} }
	f := &filter{plan: p, match: g.names.take("filter"+exported(camel(key)), one), searches: map[string]string{}}
	for _, search := range p.Searches {
		f.searches[search.Name] = g.names.take(f.match+"_"+camel(search.Name), one)
	}
	g.filters[key] = f
}

// camel makes a Go identifier that is not exported out of a file's stem or a
// search's name: words at anything but letters and digits, joined in camel case.
func camel(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	var b strings.Builder
	for i, word := range words {
		if i == 0 {
			b.WriteString(strings.ToLower(word[:1]) + word[1:])
		} else {
			b.WriteString(exported(word))
		}
	}
	name := b.String()
	if name == "" || unicode.IsDigit(rune(name[0])) {
		name = "rule" + name
	}
	return name
}

func exported(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
