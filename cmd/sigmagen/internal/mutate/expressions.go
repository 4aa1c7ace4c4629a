package mutate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// maxEdits is how many mutants an expression of a rule has at most.
const maxEdits = 60

// expressions mutates the regular expressions of an item.
func (m *maker) expressions(p place) {
	item := p.of(m.rule)
	var sources []string
	for _, group := range item.Groups {
		for _, predicate := range group {
			for _, v := range predicate.Values {
				if predicate.Op == plan.Regexp && !slices.Contains(sources, v.Source) {
					sources = append(sources, v.Source)
				}
			}
		}
	}
	// A value with placeholders became several expressions, which share a source.
	made := map[string]int{}
	for i, group := range item.Groups {
		for j, predicate := range group {
			for k, v := range predicate.Values {
				if predicate.Op != plan.Regexp {
					continue
				}
				name := "the expression of " + m.name(p)
				if len(sources) > 1 {
					name = fmt.Sprintf("expression %d of %s", slices.Index(sources, v.Source)+1, m.name(p))
				}
				for _, e := range editsOf(v.Text) {
					text := e.of(v.Text)
					if made[v.Source] == maxEdits {
						break
					}
					if e.subject == ofCase && isSpelt(item.Field) || e.subject == ofAnchor && isClosed(item.Field) || !compiles(text) {
						continue
					}
					made[v.Source]++
					changed := m.copied()
					p.of(changed).Groups[i][j].Values[k].Text = text
					m.add(changed, m.spanWithin(p.syntax(m.rule), v, e), "%s", e.says(v.Text, name))
				}
			}
		}
	}
}

// spanWithin returns where the part of an expression stands that an edit is about, and
// where the rule does not have the expression as it is, all of it.
func (m *maker) spanWithin(item sigma.Item, v plan.Value, e edit) diag.Span {
	span := spanOf(item, v.Source)
	lines := strings.Split(string(m.rule.Syntax.Text), "\n")
	if span.Line < 1 || span.Line > len(lines) {
		return span
	}
	line := []rune(lines[span.Line-1])
	from := min(max(span.Column-1, 0), len(line))
	before, _, found := strings.Cut(string(line[from:min(from+span.Length, len(line))]), v.Source)
	flags := len(v.Text) - len(v.Source) // that the modifiers have become
	if !found || !strings.HasSuffix(v.Text, v.Source) || e.about[0] < flags || e.about[0] == e.about[1] {
		return span
	}
	span.Column += len([]rune(before + v.Text[flags:e.about[0]]))
	span.Length = len([]rune(v.Text[e.about[0]:e.about[1]]))
	return span
}

// An edit is a change of an expression in one place.
type edit struct {
	subject    subject
	start, end int
	with       string
	about      [2]int // the part that it is about
	format     string // takes what says gives it
}

func (e edit) of(text string) string { return text[:e.start] + e.with + text[e.end:] }

// says says what becomes of an expression with a name.
func (e edit) says(text, name string) string {
	switch e.format {
	case caseCounts, caseDoesNot:
		return fmt.Sprintf(e.format, name)
	case partBecomes:
		return fmt.Sprintf(e.format, named(text, e.about), shortened(e.with), name)
	}
	return fmt.Sprintf(e.format, named(text, e.about), name)
}

// subject is what an edit is about. Where an expression has too many, those that come
// first here are made.
type subject uint8

const (
	ofBranch subject = iota
	ofAnchor
	ofCase
	ofOption
	ofBounds
	ofSpelling
)

// The words of what is changed in an expression.
const (
	partDropped  = "%s is dropped from %s"
	partBecomes  = "%s becomes %s in %s"
	partMisspelt = "%s is misspelt in %s"
	caseCounts   = "the case of letters counts in %s"
	caseDoesNot  = "the case of letters does not count in %s"
)

// editsOf returns the changes of an expression that compiles: first the alternatives
// that are dropped, then anchors, the case of letters, what may be there or not, the
// bounds of repetitions, and what is spelt.
func editsOf(text string) []edit {
	e := expressionEdits{text: text}
	e.branches(branchesOf(text))
	if !e.ignoresCase {
		e.add(edit{with: "(?i)", about: [2]int{0, len(text)}, subject: ofCase, format: caseDoesNot})
	}
	slices.SortStableFunc(e.all, func(a, b edit) int { return int(a.subject) - int(b.subject) })
	return e.all
}

// compiles reports whether an expression could stand in a rule.
func compiles(expression string) bool {
	_, err := regexp.Compile(expression)
	return expression != "" && err == nil
}

// expressionEdits collects the changes of an expression.
type expressionEdits struct {
	text        string
	ignoresCase bool
	all         []edit
}

func (e *expressionEdits) add(c edit) { e.all = append(e.all, c) }

// drop adds that a part is dropped, become that it becomes something else.
func (e *expressionEdits) drop(s subject, start, end int) {
	e.add(edit{start: start, end: end, about: [2]int{start, end}, subject: s, format: partDropped})
}

func (e *expressionEdits) become(s subject, p part, with string) {
	e.add(edit{
		start: p.start, end: p.end, with: with, about: [2]int{p.start, p.end}, subject: s,
		format: partBecomes,
	})
}

// named names a part of an expression: by what it is, and where that stands there
// several times, by which of them it is.
func named(text string, at [2]int) string {
	part := text[at[0]:at[1]]
	if part == "" {
		return "an empty alternative"
	}
	n, all := 1, 0
	for i := range text {
		if strings.HasPrefix(text[i:], part) {
			all++
			if i < at[0] {
				n++
			}
		}
	}
	if all < 2 {
		return shortened(part)
	}
	return "the " + ordinal(n) + " " + shortened(part)
}

func ordinal(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return fmt.Sprint(n, "st")
	case n%10 == 2 && n%100 != 12:
		return fmt.Sprint(n, "nd")
	case n%10 == 3 && n%100 != 13:
		return fmt.Sprint(n, "rd")
	}
	return fmt.Sprint(n, "th")
}

// shortened puts a part of an expression into backquotes, and leaves out the middle of
// a long one.
func shortened(part string) string {
	const most = 50
	if runes := []rune(part); len(runes) > most {
		part = string(runes[:most/2]) + "…" + string(runes[len(runes)-most/2:])
	}
	return "`" + part + "`"
}

// branches changes alternatives: each is dropped, and its parts are changed.
func (e *expressionEdits) branches(all []branch) {
	for i, b := range all {
		if len(all) > 1 {
			dropped := edit{start: b.start, end: b.end + 1, about: [2]int{b.start, b.end}, subject: ofBranch, format: partDropped}
			if i > 0 { // with the bar before it, not that behind
				dropped.start, dropped.end = all[i-1].end, b.end
			}
			e.add(dropped)
		}
		for _, p := range b.parts {
			// An alternative that is one part is dropped already.
			e.part(p, len(all) > 1 && p.start == b.start && p.end == b.end)
		}
	}
}

// part changes a part. alone says that it is all of an alternative.
func (e *expressionEdits) part(p part, alone bool) {
	e.flags(p)
	switch {
	case p.repeat < p.end:
		e.repetition(p)
	case alone:
	case p.kind == anchor:
		e.drop(ofAnchor, p.start, p.end)
	case p.kind == literal:
		e.add(edit{start: p.end, end: p.end, with: misspelling, about: [2]int{p.start, p.end}, subject: ofSpelling, format: partMisspelt})
	case p.kind == set, p.kind == group:
		e.drop(ofOption, p.start, p.end)
	}
	e.branches(p.branches)
}

// flags drops the i from flags that set it.
func (e *expressionEdits) flags(p part) {
	flags := e.text[p.flags[0]:p.flags[1]]
	set, _, _ := strings.Cut(flags, "-")
	i := strings.IndexByte(set, 'i')
	if i < 0 {
		return
	}
	e.ignoresCase = true
	counts := edit{start: p.flags[0] + i, end: p.flags[0] + i + 1, about: [2]int{p.start, p.end}, subject: ofCase, format: caseCounts}
	if flags == "i" && p.kind == flagging { // nothing is left
		counts.start, counts.end = p.start, p.end
	}
	e.add(counts)
}

// repetition changes how often a part may stand there.
func (e *expressionEdits) repetition(p part) {
	one, times := e.text[p.start:p.repeat], e.text[p.repeat:p.end]
	lazy := ""
	if len(times) > 1 && strings.HasSuffix(times, "?") {
		times, lazy = times[:len(times)-1], "?"
	}
	switch times {
	case "?":
		e.drop(ofOption, p.start, p.end)
		e.become(ofOption, p, one)
		return
	case "*":
		e.drop(ofOption, p.start, p.end)
		e.become(ofOption, p, one+"+"+lazy)
		return
	case "+":
		e.become(ofOption, p, one) // whether it may be absent, few events can tell
		return
	}
	low, high, isRange := strings.Cut(strings.Trim(times, "{}"), ",")
	least, most := number(low), number(high)
	bounds := func(low, high string) {
		if isRange {
			low += ","
		}
		e.become(ofBounds, p, one+"{"+low+high+"}"+lazy)
	}
	for _, step := range []int{-1, 1} {
		if least+step >= 0 && (high == "" || least+step <= most) {
			bounds(strconv.Itoa(least+step), high)
		}
		if high != "" && most+step >= least {
			bounds(low, strconv.Itoa(most+step))
		}
	}
}

// number reads a bound of a repetition; no bound is 0.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
