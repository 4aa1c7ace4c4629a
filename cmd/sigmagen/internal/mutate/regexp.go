package mutate

import (
	"regexp"
	"strings"
)

// The kinds of parts of a regular expression.
type kind uint8

const (
	literal  kind = iota + 1 // characters that stand for themselves
	set                      // one character of several: a class, an escape, the dot
	anchor                   // a place between characters
	group                    // parentheses
	flagging                 // flags for what follows
)

// part is a piece of a regular expression, as it is written: an offset is one in its
// text. The parser of the standard library keeps no offsets, and of a|b makes [ab].
type part struct {
	kind       kind
	start, end int
	repeat     int      // offset of ?, *, + or {, end if there is none
	branches   []branch // of a group
	flags      [2]int   // the offsets of the flags of flagging, and of a group
}

// branch is one of the alternatives of a group, or of the whole expression: parts that
// stand one after the other.
type branch struct {
	start, end int // without the flags at its beginning
	parts      []part
}

// expressionReader reads an expression that compiles.
type expressionReader struct {
	text string
	at   int
}

// branchesOf returns the alternatives of an expression that compiles.
func branchesOf(text string) []branch {
	r := expressionReader{text: text}
	return r.alternatives()
}

// alternatives reads up to the end, or the parenthesis that closes a group.
func (r *expressionReader) alternatives() []branch {
	b := branch{start: r.at}
	var all []branch
	for {
		if r.at == len(r.text) || r.text[r.at] == ')' {
			b.end = r.at
			return append(all, b)
		}
		if r.text[r.at] == '|' {
			b.end = r.at
			all = append(all, b)
			r.at++
			b = branch{start: r.at}
			continue
		}
		next := r.part()
		r.repeated(&next)
		if next.kind == flagging && len(b.parts) == 0 {
			b.start = r.at
		}
		b.parts = b.add(r.text, next)
	}
}

// add appends a part. A literal that is not repeated becomes one with the literal
// before it.
func (b *branch) add(text string, next part) []part {
	last := len(b.parts) - 1
	if next.kind == literal && next.repeat == next.end && last >= 0 && b.parts[last].kind == literal && b.parts[last].repeat == b.parts[last].end {
		b.parts[last].end, b.parts[last].repeat = next.end, next.end
		return b.parts
	}
	return append(b.parts, next)
}

// part reads a part without its repetition.
func (r *expressionReader) part() part {
	p := part{start: r.at}
	switch r.text[r.at] {
	case '(':
		r.group(&p)
	case '[':
		p.kind = set
		r.class()
	case '.':
		p.kind = set
		r.at++
	case '^', '$':
		p.kind = anchor
		r.at++
	case '\\':
		p.kind = r.escape()
	default:
		p.kind = literal
		for r.at++; r.at < len(r.text) && r.text[r.at]&0xc0 == 0x80; r.at++ { // the rest of a character
		}
	}
	p.end, p.repeat = r.at, r.at
	return p
}

// group reads what a parenthesis opens.
func (r *expressionReader) group(p *part) {
	p.kind = group
	inner := r.text[r.at+1:]
	switch m := groupStart.FindStringSubmatchIndex(inner); {
	case m == nil:
		r.at++
	case m[2] >= 0: // flags
		p.flags = [2]int{r.at + 1 + m[2], r.at + 1 + m[3]}
		r.at += 1 + m[1]
		if r.text[r.at-1] == ')' {
			p.kind = flagging
			return
		}
	default:
		r.at += 1 + m[1]
	}
	p.branches = r.alternatives()
	r.at++
}

// groupStart is what may follow a parenthesis that opens: flags, or the name of a
// group.
var groupStart = regexp.MustCompile(`^\?(?:([a-zA-Z-]*)[:)]|P?<[^>]*>)`)

// class reads what a bracket opens. A bracket that stands first does not close it.
func (r *expressionReader) class() {
	r.at++
	if r.at < len(r.text) && r.text[r.at] == '^' {
		r.at++
	}
	for first := true; first || r.text[r.at] != ']'; first = false {
		if name, found := strings.CutPrefix(r.text[r.at:], "[:"); found {
			if before, _, closed := strings.Cut(name, ":]"); closed {
				r.at += len("[:") + len(before) + len(":]")
				continue
			}
		}
		if r.character() != set && len(r.text) > r.at+1 && r.text[r.at] == '-' && r.text[r.at+1] != ']' {
			r.at++ // from one to another, which may be a bracket
			r.character()
		}
	}
	r.at++
}

// character reads a character of a class, or an escape that stands for several.
func (r *expressionReader) character() kind {
	if r.text[r.at] == '\\' {
		return r.escape()
	}
	r.at++
	return literal
}

// escape reads what a backslash begins.
func (r *expressionReader) escape() kind {
	rest := r.text[r.at:]
	if quoted, found := strings.CutPrefix(rest, `\Q`); found {
		before, _, closed := strings.Cut(quoted, `\E`)
		r.at += len(`\Q`) + len(before)
		if closed {
			r.at += len(`\E`)
		}
		return literal
	}
	m := escapeSequence.FindStringSubmatchIndex(rest)
	r.at += m[1]
	switch {
	case m[2] >= 0:
		return set
	case m[4] >= 0:
		return anchor
	}
	return literal
}

var escapeSequence = regexp.MustCompile(`^\\(?:([pP](?:\{[^}]*\}|.)|[dDsSwWC])|([AbBz])|x\{[^}]*\}|x[0-9a-fA-F]{2}|[0-7]{1,3}|(?s:.))`)

// repeated reads how often a part is to stand there.
func (r *expressionReader) repeated(p *part) {
	if p.kind == flagging {
		return
	}
	if m := repetition.FindString(r.text[r.at:]); m != "" {
		r.at += len(m)
		p.end = r.at
	}
}

var repetition = regexp.MustCompile(`^(?:[?*+]|\{[0-9]+(?:,[0-9]*)?\})\??`)
