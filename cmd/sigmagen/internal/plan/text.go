package plan

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// maxAlternatives bounds what one value may expand to.
const maxAlternatives = 1000

// alternative is one form of a value on its way through the chain of modifiers:
// a pattern, or the bytes that an encoding made of one.
type alternative struct {
	pattern pattern
	bytes   []byte
	encoded bool
}

// text compiles a value that is compared as text, with the string modifiers. A
// value without part modifier must cover the field (Sigma specification 2.1.0,
// section Detection Item Value), one without a field is searched for in every
// value (section Keywords).
func (b *itemBuilder) text(v sigma.Scalar) []Predicate {
	if v.Value == "" && (b.part != "" || len(b.steps) > 0 || b.item.Field.Value == "") {
		b.list.Errorf(v.Span, "modifier/value", "remove it, or test a field with `exists: true`", "an empty value matches everything here")
		return nil
	}
	if b.part == "contains" {
		b.warnFieldPath(v)
	}
	alternatives, ok := b.alternatives(v)
	if !ok {
		return nil
	}
	var item Item
	for _, alternative := range alternatives {
		p, ok := b.compareText(v, alternative)
		if !ok {
			return nil
		}
		item.add([]Predicate{p})
	}
	return item.Groups[0]
}

// alternatives applies placeholders, windash and encodings, in this order of the
// chain.
func (b *itemBuilder) alternatives(v sigma.Scalar) ([]alternative, bool) {
	patterns := []pattern{parsePattern(v.Value)}
	if b.expand {
		var ok bool
		if patterns, ok = b.placeholders.inPattern(v, b.list); !ok {
			return nil, false
		}
	}
	var current []alternative
	for _, p := range patterns {
		current = append(current, alternative{pattern: p})
	}
	for _, step := range b.steps {
		if v.Kind != sigma.String {
			b.list.Errorf(v.Span, "modifier/value", "put the value in quotes", "the modifier %q takes text", step)
			return nil, false
		}
		var next []alternative
		for _, a := range current {
			made, problem, hint := apply(step, a)
			if problem != "" {
				b.list.Errorf(v.Span, "modifier/value", hint, "%s", problem)
				return nil, false
			}
			next = append(next, made...)
		}
		if len(next) > maxAlternatives {
			b.list.Errorf(v.Span, "modifier/value", "split the value", "the modifier %q makes more than %d alternatives of it", step, maxAlternatives)
			return nil, false
		}
		current = next
	}
	return current, true
}

// apply applies one modifier. problem says why it does not apply.
func apply(step string, a alternative) (made []alternative, problem, hint string) {
	if step == "windash" {
		for _, p := range dashVariants(a.pattern) {
			made = append(made, alternative{pattern: p})
		}
		return made, "", ""
	}
	if !a.encoded {
		if !a.pattern.literal() {
			return nil, fmt.Sprintf("a wildcard cannot be encoded by %q", step), `write \* or \? for the characters themselves`
		}
		a = alternative{bytes: []byte(a.pattern.text()), encoded: true}
	}
	encode := func(bytes []byte) alternative { return alternative{bytes: bytes, encoded: true} }
	switch step {
	case "wide", "utf16le":
		return []alternative{encode(toUTF16(a.bytes, binary.LittleEndian))}, "", ""
	case "utf16be":
		return []alternative{encode(toUTF16(a.bytes, binary.BigEndian))}, "", ""
	case "utf16":
		return []alternative{encode(append([]byte{0xff, 0xfe}, toUTF16(a.bytes, binary.LittleEndian)...))}, "", ""
	case "base64":
		return []alternative{encode([]byte(base64.StdEncoding.EncodeToString(a.bytes)))}, "", ""
	case "base64offset":
		for shift := range 3 {
			middle := base64Middle(a.bytes, shift)
			if len(middle) == 0 {
				return nil, "the value is too short for \"base64offset\": it leaves no character of its own", "use at least three bytes"
			}
			made = append(made, encode(middle))
		}
		return made, "", ""
	default:
		panic("plan: modifier " + step + " has no meaning")
	}
}

// toUTF16 encodes UTF-8 text as UTF-16, without a byte order mark.
func toUTF16(text []byte, order binary.AppendByteOrder) []byte {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		encoded = order.AppendUint16(encoded, unit)
	}
	return encoded
}

// base64Middle returns the characters of a base64 text that are the same
// whatever surrounds value in the bytes behind it, where value begins shift
// bytes behind a multiple of three.
func base64Middle(value []byte, shift int) []byte {
	encoded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), value...))
	first := [3]int{0, 2, 3}[shift]              // characters that hold bits of what is before
	cut := [3]int{0, 3, 2}[(len(value)+shift)%3] // padding, and the character that holds bits of what is behind
	return []byte(encoded[first:max(first, len(encoded)-cut)])
}

// compareText makes the predicate of one alternative.
func (b *itemBuilder) compareText(v sigma.Scalar, a alternative) (Predicate, bool) {
	if a.encoded {
		if !utf8.Valid(a.bytes) {
			b.list.Errorf(v.Span, "modifier/value", "add base64 or base64offset behind it", "the value becomes bytes that are no text: no field can hold them")
			return Predicate{}, false
		}
		a.pattern = nil
		for _, r := range string(a.bytes) {
			a.pattern = append(a.pattern, token{literal: r})
		}
	}
	p := Predicate{Field: b.item.Field.Value, Cased: b.cased}
	part := b.part
	if part == "" && b.item.Field.Value == "" {
		part = "contains"
	}
	value := Value{Source: v.Value}
	if len(b.steps) > 0 || b.expand {
		var names []string
		for _, m := range b.item.Modifiers {
			names = append(names, m.Value)
		}
		value.Made = strings.Join(names, "|")
	}
	if a.pattern.literal() {
		p.Op = map[string]Op{"": Equal, "contains": Contains, "startswith": Prefix, "endswith": Suffix}[part]
		value.Text = a.pattern.text()
	} else {
		// The asterisks are added behind the reading of escapes, so that a
		// backslash at the end of a value stays one.
		if part == "contains" || part == "endswith" {
			a.pattern = slices.Concat(pattern{{wildcard: '*'}}, a.pattern)
		}
		if part == "contains" || part == "startswith" {
			a.pattern = slices.Concat(a.pattern, pattern{{wildcard: '*'}})
		}
		p.Op, value.Text = Like, a.pattern.String()
	}
	p.Values = []Value{value}
	return p, true
}

// dashVariants returns the pattern with every dash that introduces a flag
// replaced by each character that Windows programs take for one, in all
// permutations (windash). Such a dash stands before a word and behind none.
func dashVariants(p pattern) []pattern {
	variants := []pattern{nil}
	for i, t := range p {
		choices := []rune{t.literal}
		if isFlagDash(p, i) {
			choices = []rune{'-', '/', '–', '—', '―'}
		}
		var next []pattern
		for _, v := range variants {
			for _, r := range choices {
				grown := append(slices.Clone(v), t)
				if t.wildcard == 0 {
					grown[len(grown)-1].literal = r
				}
				next = append(next, grown)
			}
			if len(next) > maxAlternatives {
				return next
			}
		}
		variants = next
	}
	return variants
}

func isFlagDash(p pattern, i int) bool {
	if p[i].wildcard != 0 || !strings.ContainsRune("-/", p[i].literal) {
		return false
	}
	return (i == 0 || !p[i-1].isWord()) && i+1 < len(p) && p[i+1].isWord()
}

func (t token) isWord() bool {
	return t.wildcard == 0 && (t.literal == '_' || unicode.IsLetter(t.literal) || unicode.IsDigit(t.literal))
}
