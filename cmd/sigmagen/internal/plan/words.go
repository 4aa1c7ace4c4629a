package plan

import (
	"fmt"
	"strings"
)

// Words writes a condition, or a part of one, as a rule does.
func Words(e Expr) string {
	switch e := e.(type) {
	case And:
		return joined(e.Operands, "and")
	case Or:
		return joined(e.Operands, "or")
	case Not:
		return "not " + operand(e.Operand)
	case Ref:
		return e.Search.Name
	case Quantifier:
		if e.All {
			return "all of " + e.Pattern
		}
		return "1 of " + e.Pattern
	default:
		panic(fmt.Sprintf("plan: unknown node %T of a condition", e))
	}
}

func joined(operands []Expr, word string) string {
	var parts []string
	for _, o := range operands {
		parts = append(parts, operand(o))
	}
	return strings.Join(parts, " "+word+" ")
}

func operand(e Expr) string {
	switch e.(type) {
	case And, Or:
		return "(" + Words(e) + ")"
	}
	return Words(e)
}
