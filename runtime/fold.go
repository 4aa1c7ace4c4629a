package runtime

import (
	"unicode"
	"unicode/utf8"
)

// Fold maps s to a form that two strings share exactly when strings.EqualFold
// holds for them (simple Unicode case folding). sigmagen writes the keys of a
// dispatch switch with it.
func Fold(s string) string { return string(appendFold(nil, []byte(s))) }

func appendFold(dst, s []byte) []byte {
	for i := 0; i < len(s); {
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
