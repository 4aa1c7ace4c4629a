package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Marker is the first line of a report in Markdown: whoever posts it finds by it the
// comment that it replaces.
const Marker = "<!-- sigmagen diff -->"

// MaxBytes bounds a report in Markdown. GitHub takes comments of 65,536 characters.
const MaxBytes = 60_000

// Bounds of the parts of a report, in bytes. The difference of the generated code has
// what the others leave.
const (
	maxRefused = 2_500 // of each side
	maxRules   = 9_000
	maxDetails = 16_000
	maxItems   = 3_500 // of each table of what is no rule
	maxMatches = 6_000 // of each list
	maxWitness = 1_500
	maxWords   = 2_500
)

// Markdown renders a report for a comment under a pull request, in at most MaxBytes
// bytes. Titles, values and records are texts of strangers: none of them can be more
// than text in it.
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString(Marker + "\n## What this change of rules means\n\n")
	fmt.Fprintf(&b, "%s → %s: %s.\n\n", code(r.Old), code(r.New), r.summary())
	for _, one := range r.refusals() {
		fmt.Fprintf(&b, "**%s %s%s:**\n\n%s\n", strings.ToUpper(one.head[:1])+one.head[1:], code(one.side), one.then, fence("", cut(one.text, maxRefused)))
	}
	for i, note := range r.Notes {
		if i == maxTexts {
			fmt.Fprintf(&b, "… and %d more\n\n", len(r.Notes)-i)
			break
		}
		fmt.Fprintf(&b, "Note: %s\n\n", code(note))
	}
	r.writeRules(&b)
	r.writeDetails(&b)
	for _, t := range []struct {
		name, what string
		items      []Item
	}{{"Correlations and thresholds", "correlation", r.Correlations}, {"Exceptions", "rule", r.Exceptions}, {"Placeholders", "placeholder", r.Placeholders}} {
		if len(t.items) > 0 {
			fmt.Fprintf(&b, "### %s\n\n", t.name)
			writeItems(&b, t.what, t.items)
		}
	}
	r.writeMatches(&b)
	r.writeGenerated(&b)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (r *Report) writeRules(b *strings.Builder) {
	if len(r.Rules) == 0 {
		return
	}
	head := []string{"", "rule", "title", "level", "changed besides"}
	tried := r.Logs != nil && r.Logs.Records > 0
	if tried {
		head = append(head, "recorded events")
	}
	var rows [][]string
	for _, rule := range r.Rules {
		key := code(rule.Key)
		if rule.OldKey != "" {
			key = code(rule.OldKey) + " → " + key
		}
		var level string
		var besides []string
		for _, e := range rule.Edits {
			if e.What == "level" {
				level = e.markdown()
			} else {
				besides = append(besides, e.What)
			}
		}
		if _, changed, ok := strings.Cut(level, ": "); ok {
			level = changed
		} else {
			level = rule.Level
		}
		row := []string{rule.word(), key, code(rule.Title), level, code(strings.Join(besides, ", "))}
		if tried {
			row = append(row, rule.Matches.String())
		}
		rows = append(rows, row)
	}
	writeTable(b, head, rows, maxRules)
}

// word renders what became of a rule: in bold where it matches something else, or
// nothing.
func (r Rule) word() string {
	switch {
	case r.Impossible != "":
		return "**" + string(r.Change) + ", can never match**"
	case len(r.ImpossibleParts) > 0:
		return "**" + string(r.Change) + ", parts can never match**"
	case r.Change == Equivalent:
		return string(r.Change)
	}
	return "**" + string(r.Change) + "**"
}

// never says of a rule that no record can match it.
func (r Rule) never() string {
	if r.Change == Added || r.Change == Equivalent {
		return "It can never match"
	}
	return "It can no longer match anything"
}

// partNever is said of a search or a branch that no record can satisfy.
const partNever = "A part of it can never match"

// undecided says what is not known of a rule whose change is unknown. What is known of
// it, but for records, comes first.
func (r Rule) undecided() string {
	switch {
	case r.Lost == some:
		return "Whether it now matches others that it did not match before"
	case r.Gained == some:
		return "Whether it no longer matches some that it did"
	case r.Lost == none:
		return "It matches all that it did. Whether it matches more"
	case r.Gained == none:
		return "It matches nothing new. Whether it still matches all that it did"
	}
	return "What the change means"
}

// String writes how many records the versions of a rule match.
func (m *Matches) String() string {
	text := fmt.Sprintf("%d → %d", m.Old, m.New)
	if len(m.Gone)+len(m.Gained) > 0 {
		text += fmt.Sprintf(" (+%d −%d)", len(m.Gained), len(m.Gone))
	}
	return text
}

// writeDetails writes a section for each rule of which there is more to say.
func (r *Report) writeDetails(b *strings.Builder) {
	end := b.Len() + maxDetails
	left := 0
	for _, rule := range r.Rules {
		section := rule.details()
		switch {
		case section == "":
		case b.Len()+len(section) > end:
			left++
		default:
			b.WriteString(section)
		}
	}
	if left > 0 {
		fmt.Fprintf(b, "… and %d more\n\n", left)
	}
}

func (r Rule) details() string {
	var b strings.Builder
	if r.Impossible != "" {
		fmt.Fprintf(&b, "**%s:** %s.\n\n", r.never(), code(r.Impossible))
	}
	for i, part := range r.ImpossibleParts {
		if i == maxTexts {
			fmt.Fprintf(&b, "… and %d more\n\n", len(r.ImpossibleParts)-i)
			break
		}
		fmt.Fprintf(&b, "**%s:** %s.\n\n", partNever, code(part))
	}
	for _, w := range r.witnesses() {
		fmt.Fprintf(&b, "%s\n\n%s\n", w.says, fence("json", cut(indented(w.record), maxWitness)))
	}
	if r.Change == Unknown {
		fmt.Fprintf(&b, "%s was not decided: %s.\n\n", r.undecided(), code(r.Reason))
	}
	if r.Matches != nil && r.Matches.Contradiction {
		b.WriteString("**" + contradiction + "**\n\n")
	}
	if len(r.Correlations) > 0 {
		fmt.Fprintf(&b, "Its matches are counted by %s.\n\n", code(strings.Join(r.Correlations, ", ")))
	}
	if said := r.equivalence(); said != "" {
		b.WriteString(said + "\n\n")
	}
	var besides []string
	for _, e := range r.Edits {
		besides = append(besides, "- "+e.markdown()+"\n")
	}
	if len(besides) > 0 {
		b.WriteString(strings.Join(besides, "") + "\n")
	}
	if r.Words != "" {
		fmt.Fprintf(&b, "<details><summary>The condition in words</summary>\n\n%s\n</details>\n\n", fence("diff", cut(r.Words, maxWords)))
	}
	if b.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("### %s: %s\n\n%s", code(r.Key), strings.Trim(r.word(), "*"), b.String())
}

// onlyLayout is said of what has another text and no difference that is compiled.
const onlyLayout = "Of its file only comments, layout, other documents or what is not compiled changed."

// silent reports whether there is nothing to say about what changed of a correlation.
func (i Item) silent() bool { return i.Change == Changed && i.Edits == nil && i.OldKey == "" }

// equivalence says in how far an equivalent rule is the one that it was, "" of others.
func (r Rule) equivalence() string {
	switch {
	case r.Change != Equivalent:
		return ""
	case r.Impossible != "" && r.Words != "":
		return "It could never match before, either."
	case r.Words != "":
		return "It matches the same records as before, in other words."
	case r.Edits == nil && r.OldKey == "":
		return onlyLayout
	default:
		return "Its detection is as it was."
	}
}

// contradiction is said where recorded logs show what was proven to be impossible.
const contradiction = "The recorded logs contradict this: a record is matched by one version alone that should not be. Either it is not as CloudTrail writes records, or this is a bug of sigmagen; please report it."

type witness struct {
	says   string
	record json.RawMessage
}

// witnesses returns the records that show how a rule changed, each with what it shows.
func (r Rule) witnesses() []witness {
	lost, gained := "It no longer matches records such as", "It now matches records such as"
	switch {
	case r.Change == Added:
		gained = "It matches records such as"
	case r.Change == Removed || r.Impossible != "":
		lost = "It matched records such as"
	case r.Change == Narrower:
		lost = "It matches nothing new, and no longer records such as"
	case r.Change == Wider:
		gained = "It matches all that it did, and records such as"
	}
	var all []witness
	if r.OnlyOld != nil {
		all = append(all, witness{lost, r.OnlyOld})
	}
	if r.OnlyNew != nil {
		all = append(all, witness{gained, r.OnlyNew})
	}
	return all
}

func indented(record json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, record, "", "  "); err != nil {
		panic("diff: indent a record: " + err.Error())
	}
	return b.String()
}

// maxTexts is how many elements of a list are shown.
const maxTexts = 10

// markdown renders an edit as a piece of a line.
func (e Edit) markdown() string {
	text := code(e.What)
	if strings.IndexFunc(e.What, func(r rune) bool { return r != ' ' && (r < 'a' || r > 'z') }) < 0 {
		text = e.What // a word of ours
	}
	switch {
	case e.Old == nil && e.New == nil:
		return text
	case !e.List && e.Old == nil:
		return text + ": " + code(e.New[0])
	case !e.List && e.New == nil:
		return text + ": no longer " + code(e.Old[0])
	case !e.List:
		return text + ": " + code(e.Old[0]) + " → " + code(e.New[0])
	}
	var parts []string
	for _, side := range []struct {
		sign  string
		texts []string
	}{{"−", e.Old}, {"+", e.New}} {
		for i, t := range side.texts {
			if i == maxTexts {
				parts = append(parts, fmt.Sprintf("%s %d more", side.sign, len(side.texts)-i))
				break
			}
			parts = append(parts, side.sign+" "+code(t))
		}
	}
	return text + ": " + strings.Join(parts, ", ")
}

func writeItems(b *strings.Builder, what string, items []Item) {
	var rows [][]string
	for _, item := range items {
		key := code(item.Key)
		if item.OldKey != "" {
			key = code(item.OldKey) + " → " + key
		}
		var all []string
		for _, e := range item.Edits {
			all = append(all, e.markdown())
		}
		if item.silent() {
			all = append(all, onlyLayout)
		}
		rows = append(rows, []string{string(item.Change), key, strings.Join(all, "; ")})
	}
	writeTable(b, []string{"", what, "what"}, rows, maxItems)
}

func (r *Report) writeMatches(b *strings.Builder) {
	if len(r.Rules) == 0 {
		return
	}
	b.WriteString("### Recorded events\n\n")
	if r.Logs == nil {
		b.WriteString("There are no recorded logs to try the rules on: `--logs PATH` names some.\n\n")
		return
	}
	if r.Logs.Unread {
		b.WriteString("**Some of the recorded logs could not be read:** the output of sigmagen says which. What is said is about the rest.\n\n")
	}
	if r.Logs.Records == 0 {
		fmt.Fprintf(b, "**No records were read** in %s: nothing is known from recorded logs.\n\n", code(r.Logs.Path))
		return
	}
	var gained, gone []Match
	for _, rule := range r.Rules {
		gained, gone = append(gained, rule.Matches.Gained...), append(gone, rule.Matches.Gone...)
	}
	if len(gained)+len(gone) == 0 {
		fmt.Fprintf(b, "Of %s in %s the same match as before.\n\n", plural(r.Logs.Records, "record"), code(r.Logs.Path))
		return
	}
	fmt.Fprintf(b, "Of %s in %s %s no longer, %s now.\n\n", plural(r.Logs.Records, "record"), code(r.Logs.Path), matches(len(gone)), matches(len(gained)))
	for _, list := range []struct {
		name    string
		matches []Match
	}{{"No longer", gone}, {"Now", gained}} {
		if len(list.matches) == 0 {
			continue
		}
		var rows [][]string
		for _, m := range list.matches {
			rows = append(rows, []string{code(m.Rule), code(m.place()), code(m.EventID), code(m.EventTime), code(m.event()), code(m.Actor), code(m.Account)})
		}
		fmt.Fprintf(b, "<details><summary>%s: %d</summary>\n\n", list.name, len(list.matches))
		writeTable(b, []string{"rule", "record", "event id", "time", "event", "actor", "account"}, rows, maxMatches)
		b.WriteString("</details>\n\n")
	}
}

func matches(n int) string {
	if n == 1 {
		return "1 matches"
	}
	return fmt.Sprintf("%d match", n)
}

// place is where a record is: its file and its index there, as explain takes it.
func (m Match) place() string { return fmt.Sprintf("%s#%d", m.File, m.Record) }

func (m Match) event() string {
	service, _, _ := strings.Cut(m.Source, ".")
	return service + ":" + m.Name
}

// writeGenerated writes how the generated code changes, as far as there is room for it.
func (r *Report) writeGenerated(b *strings.Builder) {
	if r.Generated == nil {
		return
	}
	fmt.Fprintf(b, "<details><summary>Generated code: %s</summary>\n\n", r.Generated)
	const end = "\n</details>\n"
	// Characters that are replaced grow, and so do the fences around many quotes.
	for room := MaxBytes - b.Len() - len(end); ; room /= 2 {
		if block := fence("diff", cut(r.Generated.Text, room)); b.Len()+len(block)+len(end) <= MaxBytes {
			b.WriteString(block + end)
			return
		}
	}
}

// String writes the size of the difference.
func (g *Generated) String() string {
	files := "1 file"
	if g.Files > 1 {
		files = fmt.Sprintf("%d files", g.Files)
	}
	return fmt.Sprintf("%s, +%d −%d lines", files, g.Added, g.Removed)
}
