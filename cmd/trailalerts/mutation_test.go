package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// A node is a JSON value that can be changed and written.
type node struct {
	open    byte     // { or [, or 0 for what is neither
	text    string   // of a scalar, as the file writes it
	members []member // without keys in an array
}

type member struct {
	key   string // as the file writes it, between the quotes
	value *node
}

var mustEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func nodeOf(v *fastjson.Value) *node {
	switch v.Type() {
	case fastjson.TypeObject:
		n := &node{open: '{'}
		v.GetObject().Visit(func(key []byte, child *fastjson.Value) {
			// Visit has decoded the key. What must be escaped is, the rest stays.
			k := mustEscape.Replace(string(key))
			n.members = append(n.members, member{k, nodeOf(child)})
		})
		return n
	case fastjson.TypeArray:
		n := &node{open: '['}
		for _, child := range v.GetArray() {
			n.members = append(n.members, member{value: nodeOf(child)})
		}
		return n
	}
	return &node{text: string(v.MarshalTo(nil))}
}

func (n *node) clone() *node {
	c := *n
	c.members = slices.Clone(n.members)
	for i := range c.members {
		c.members[i].value = c.members[i].value.clone()
	}
	return &c
}

func scalar(text string) *node { return &node{text: text} }

func object(key string, value *node) *node {
	return &node{open: '{', members: []member{{key, value}}}
}

func array(values ...*node) *node {
	n := &node{open: '['}
	for _, value := range values {
		n.members = append(n.members, member{value: value})
	}
	return n
}

func compact() string { return "" }

// append writes n, with what space returns wherever there may be white space.
func (n *node) append(dst []byte, space func() string) []byte {
	if n.open == 0 {
		return append(dst, n.text...)
	}
	dst = append(append(dst, n.open), space()...)
	for i, m := range n.members {
		if i > 0 {
			dst = append(append(dst, ','), space()...)
		}
		if n.open == '{' {
			dst = append(append(append(append(dst, '"'), m.key...), '"'), space()...)
			dst = append(append(dst, ':'), space()...)
		}
		dst = append(m.value.append(dst, space), space()...)
	}
	return append(dst, n.open+2) // in ASCII a closing bracket comes two after its opening one
}

// A place is where a member of an object is.
type place struct {
	object *node
	index  int
}

func (p place) member() *member { return &p.object.members[p.index] }

// insert puts members before the member of an index.
func (p place) insert(index int, members ...member) {
	p.object.members = slices.Insert(p.object.members, index, members...)
}

// places returns all members within n at any depth.
func (n *node) places(to []place) []place {
	for i, m := range n.members {
		if n.open == '{' {
			to = append(to, place{n, i})
		}
		to = m.value.places(to)
	}
	return to
}

// Fragments of text that end what they stand in, fold to something else, or lie beside what does.
var fragments = []string{
	"@", "[", "`", "{", "^", "}", "]", "|", "Z", "z", "A", "/", ".", ",", ":", "_", " ", "\t", "\x7f", "\x00", "\n",
	`\"`, `\\`, `\/`, `\n`, `\b`, `\q`, `\u`, `\u212a`, `\u0000`, `\ud83d`, `\ud83d\ude00`, `"`, `\`,
	"\u212a", "\u017f", "é", "\u0130", "ß", "\xff", "\xc3", "\xe2\x84", "\xed\xa0\x80", "😀",
}

// decoys are members that look like what is looked for, in a place where they are not, or are.
var decoys = []member{
	{"Records", array(object("eventName", scalar(`"StopLogging"`)), object("eventVersion", scalar(`"1"`)))},
	{"eventName", scalar(`"StopLogging"`)},
	{"eventSource", scalar(`"cloudtrail.amazonaws.com"`)},
	{`event\u004eame`, scalar(`"StopLogging"`)},
	{`eventSourc\u0065`, scalar(`"iam.amazonaws.com"`)},
	{`eventName\u0000`, scalar(`"StopLogging"`)},
	{"EventName", scalar(`"StopLogging"`)},
	{"userIdentity", object("type", scalar(`"Root"`))},
	{"userIdentity.type", scalar(`"Root"`)},
	{"userIdentity.", object("type", scalar(`"Root"`))},
	{"userIdentity", object("sessionContext.sessionIssuer.userName", scalar(`"admin"`))},
	{"requestParameters.value", scalar(`"AKIA-KALI-0.0.0.0/0"`)},
	{"userIdentity.arn", scalar(`"\\Root"`)},
	{`a.b\"`, scalar("1")},
	{`a\".b`, array(scalar(`"\n.."`))},
	{"type", scalar(`"Root"`)},
	{"value", scalar(`"ROOT"`)},
	{"x", scalar(`"\"eventName\":\"StopLogging\",\"userIdentity\":{\"type\":\"Root\"}"`)},
	{"x", scalar(`"]},{\"eventVersion\":\"1\",\"eventName\":\"StopLogging\"}]}"`)},
	{"x", scalar(`"\",\"eventName\":\"StopLogging\",\"eventSource\":\"cloudtrail.amazonaws.com\",\"y\":\""`)},
	{`x\"`, scalar(`"}"`)},
	{`x\\`, scalar(`"\\"`)},
	{`x\":{`, scalar(`"{"`)},
	{`x\":`, scalar(`","`)},
	{"userIdentity", scalar(`"Root"`)},
	{"requestParameters", array(scalar(`"AKIA-KALI"`))},
	{"[{", scalar(`"{[\\\\\\\""`)},
	{"", object("", scalar(`""`))},
}

var scalars = []string{"null", "0", "-1.5e3", "111122223333", "true", "false", `""`, `"Root"`, `"x"`, "1e400", "nan", "-Inf", "tru"}

// change changes one thing about a record.
func (v *variety) change(record *node, c *choices) {
	places := record.places(nil)
	named := slices.DeleteFunc(slices.Clone(places), func(p place) bool { return !v.fields[p.member().key] })
	if len(named) > 0 && c.of(4) > 0 {
		places = named
	}
	if len(places) == 0 {
		return
	}
	p := places[c.of(len(places))]
	m := p.member()
	text := &m.value.text
	if c.of(4) == 0 || m.value.open != 0 {
		text = &m.key
	}
	switch c.of(23) {
	case 0, 1:
		*text = escapeOne(*text, c)
	case 2:
		*text = escapeAll(*text, c)
	case 3:
		*text = strings.ReplaceAll(*text, "/", `\/`)
	case 4:
		*text = foldOtherwise(*text, c)
	case 5:
		*text = beyondASCII(*text, c)
	case 6, 7:
		at := min(len(*text), []int{1, c.of(len(*text) + 1)}[c.of(2)]) // 1: behind the quote of a value
		*text = (*text)[:at] + fragments[c.of(len(fragments))] + (*text)[at:]
	case 8:
		at := c.of(len(*text) + 1)
		*text = (*text)[:at] + (*text)[min(len(*text), at+1+c.of(3)):]
	case 9, 10:
		v.duplicate(p, c)
	case 11:
		moved := *m
		p.object.members = slices.Delete(p.object.members, p.index, p.index+1)
		p.insert([]int{0, len(p.object.members), c.of(len(p.object.members) + 1)}[c.of(3)], moved)
	case 12:
		slices.Reverse(p.object.members)
	case 13, 14:
		objects := slices.DeleteFunc(record.places(nil), func(p place) bool { return p.member().value.open != '{' || len(p.member().value.members) == 0 })
		if len(objects) > 0 {
			join(objects[c.of(len(objects))], c)
		}
	case 15, 16:
		decoy := decoys[c.of(len(decoys))]
		decoy.value = decoy.value.clone()
		p.insert([]int{0, len(p.object.members), c.of(len(p.object.members) + 1)}[c.of(3)], decoy)
	case 17:
		old := m.value
		m.value = []*node{array(old), array(scalar("null"), old), array(old, v.value(m.key, c)), array(array(old)), array(object("x", old), old), object("x", old), object(m.key, old)}[c.of(7)]
	case 18:
		m.value = scalar(scalars[c.of(len(scalars))])
	case 19:
		m.value = v.value(m.key, c)
	case 20:
		p.object.members = slices.Delete(p.object.members, p.index, p.index+1)
	case 21, 22:
		crowd(p, c)
	}
}

// duplicate gives an object a key twice, before or behind the other, mostly with another value.
func (v *variety) duplicate(p place, c *choices) {
	m := *p.member()
	other := member{m.key, m.value.clone()}
	switch c.of(5) {
	case 0, 1:
		other.value = v.value(m.key, c)
	case 2:
		other.value = scalar(scalars[c.of(len(scalars))])
	case 3:
		other.key = escapeOne(m.key, c)
		other.value = v.value(m.key, c)
	}
	p.insert([]int{0, p.index, p.index + 1, len(p.object.members)}[c.of(4)], other)
}

// join writes {"a":{"b":…}} as {"a.b":…}, beside the other or in its place, and perhaps one level more.
func join(p place, c *choices) {
	m := *p.member()
	inner := m.value.members[c.of(len(m.value.members))]
	joined := member{m.key + "." + inner.key, inner.value.clone()}
	if inner.value.open == '{' && len(inner.value.members) > 0 && c.of(2) == 0 {
		inner = inner.value.members[c.of(len(inner.value.members))]
		joined = member{joined.key + "." + inner.key, inner.value.clone()}
	}
	switch c.of(3) {
	case 0:
		*p.member() = joined
	case 1:
		p.insert(p.index, joined)
	case 2:
		p.insert(len(p.object.members), joined)
	}
	switch c.of(4) { // which of the two a rule holds on
	case 0, 1:
		*inner.value = *scalar(`"x"`)
	case 2:
		*joined.value = *scalar(`"x"`)
	}
}

// crowd puts so much before a member that it lies behind what is noted of a record, or behind what is read at once.
func crowd(p place, c *choices) {
	if c.of(16) > 0 {
		value := []string{"1", `"1"`}[c.of(2)]
		var crowd []member
		for i := range []int{40, c.of(40)}[c.of(2)] {
			crowd = append(crowd, member{fmt.Sprint("x", i), scalar(value)})
		}
		p.insert(0, crowd...)
		return
	}
	piece := []string{"x", `\"`, `\\`, "{[", "\u212a", " \\t"}[c.of(6)]
	p.insert(0, member{"x", scalar(`"` + strings.Repeat(piece, (64<<10+c.of(300))/len(piece)) + `"`)})
}

// escapeOne writes a character as \uXXXX.
func escapeOne(text string, c *choices) string {
	inner, quoted := strings.CutPrefix(text, `"`)
	if inner = strings.TrimSuffix(inner, `"`); inner == "" {
		return text
	}
	at := c.of(len(inner))
	for at > 0 && !utf8.RuneStart(inner[at]) {
		at--
	}
	r, size := utf8.DecodeRuneInString(inner[at:])
	inner = inner[:at] + escaped(r, c) + inner[at+size:]
	if quoted {
		return `"` + inner + `"`
	}
	return inner
}

// escapeAll writes every character so.
func escapeAll(text string, c *choices) string {
	inner, quoted := strings.CutPrefix(text, `"`)
	inner = strings.TrimSuffix(inner, `"`)
	var b strings.Builder
	for _, r := range inner {
		b.WriteString(escaped(r, c))
	}
	if quoted {
		return `"` + b.String() + `"`
	}
	return b.String()
}

func escaped(r rune, c *choices) string {
	format := []string{`\u%04x`, `\u%04X`}[c.of(2)]
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Sprintf(format+format, high, low)
	}
	return fmt.Sprintf(format, r)
}

// foldOtherwise changes the case of letters.
func foldOtherwise(text string, c *choices) string {
	switch c.of(3) {
	case 0:
		return strings.ToUpper(text)
	case 1:
		return strings.ToLower(text)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, text)
}

// beyondASCII writes k and s as the letters beyond ASCII that fold to them, all or the first.
func beyondASCII(text string, c *choices) string {
	n := []int{-1, 1}[c.of(2)]
	for _, pair := range []string{"k\u212a", "K\u212a", "s\u017f", "S\u017f"} {
		text = strings.Replace(text, pair[:1], pair[1:], n)
	}
	return text
}
