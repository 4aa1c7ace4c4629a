package prove

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// Form returns what a rule and its filters ask for as a text, whatever the order in
// which they do. Rules of one form match the same records; others may, too.
func Form(r *plan.Rule) string { return form(ruleFormula(r, false)) }

func form(f formula) string {
	switch f := f.(type) {
	case all:
		return joined(f, " and ")
	case one:
		return joined(f, " or ")
	case literal:
		text := fmt.Sprintf("%q %d %t %q", f.Field, f.Op, f.Cased, f.Part)
		for _, v := range f.Values {
			text += fmt.Sprintf(" %q %s", v.Text, v.Prefix)
		}
		if f.negated {
			return "not " + text
		}
		return text
	default:
		panic("prove: unknown formula")
	}
}

func joined(parts []formula, word string) string {
	var texts []string
	for _, p := range parts {
		texts = append(texts, form(p))
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	if len(texts) == 1 {
		return texts[0]
	}
	return "(" + strings.Join(texts, word) + ")"
}
