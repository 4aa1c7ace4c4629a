package runtime

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// Fold maps s to a form that two strings share exactly when strings.EqualFold
// holds for them (simple Unicode case folding). sigmagen writes the keys of a
// dispatch switch with it.
func Fold(s string) string { return string(appendFold(nil, []byte(s))) }

// appendFold takes eight bytes at a time as long as they are ASCII. In the masks,
// each byte of ones stands for one byte of the text.
func appendFold(dst, s []byte) []byte {
	const (
		ones    = 0x0101010101010101
		highs   = 0x80 * ones
		fromA   = (0x80 - 'A') * ones     // to add: sets the high bit of a byte from A on
		behindZ = (0x80 - 'Z' - 1) * ones // and of one behind Z
	)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		if w&highs != 0 {
			break
		}
		capitals := (w + fromA) &^ (w + behindZ) & highs
		dst = binary.LittleEndian.AppendUint64(dst, w|capitals>>2)
	}
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			dst = append(dst, lowerASCII(c))
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		dst = utf8.AppendRune(dst, foldRune(r))
		i += size
	}
	return dst
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// foldRune returns the least rune that folds to the same as r, in lower case
// when that is an ASCII letter (the Kelvin sign folds to k).
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if least < utf8.RuneSelf {
		return rune(lowerASCII(byte(least)))
	}
	return least
}

// equalRune reports whether two runes are equal under simple case folding.
func equalRune(a, b rune) bool {
	if a == b {
		return true
	}
	if a < utf8.RuneSelf && b < utf8.RuneSelf {
		return lowerASCII(byte(a)) == lowerASCII(byte(b))
	}
	return foldRune(a) == foldRune(b)
}

// cutPrefixFold returns what follows prefix in s under case folding.
func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	for len(prefix) > 0 {
		if len(s) == 0 {
			return "", false
		}
		if a, b := s[0], prefix[0]; a < utf8.RuneSelf && b < utf8.RuneSelf {
			if a != b && lowerASCII(a) != lowerASCII(b) {
				return "", false
			}
			s, prefix = s[1:], prefix[1:]
			continue
		}
		a, sizeA := utf8.DecodeRuneInString(s)
		b, sizeB := utf8.DecodeRuneInString(prefix)
		if !equalRune(a, b) {
			return "", false
		}
		s, prefix = s[sizeA:], prefix[sizeB:]
	}
	return s, true
}

func hasPrefixFold(s, prefix string) bool {
	_, ok := cutPrefixFold(s, prefix)
	return ok
}

func hasSuffixFold(s, suffix string) bool {
	for len(suffix) > 0 {
		if len(s) == 0 {
			return false
		}
		a, sizeA := utf8.DecodeLastRuneInString(s)
		b, sizeB := utf8.DecodeLastRuneInString(suffix)
		if !equalRune(a, b) {
			return false
		}
		s, suffix = s[:len(s)-sizeA], suffix[:len(suffix)-sizeB]
	}
	return true
}

func containsFold(s, part string) bool {
	if part == "" {
		return true
	}
	for len(s) > 0 {
		if hasPrefixFold(s, part) {
			return true
		}
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return false
}
