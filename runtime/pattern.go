package runtime

import "unicode/utf8"

// like reports whether pattern covers the whole of s. In a
// pattern * stands for any text, also none, ? for exactly one character (a
// Unicode code point), and a backslash makes the *, ? or backslash behind it
// literal (Sigma specification 2.1.0, sections String Wildcard and Escaping).
//
// A * matches as little as it can and, when what follows fails, one character
// more: only the last * seen has to be reconsidered, so the time is at most
// len(s) times len(pattern).
func like(s, pattern string, cased bool) bool {
	var retryText, retryPattern string
	retry := false
	for {
		if len(pattern) > 0 && pattern[0] == '*' {
			pattern = pattern[1:]
			if len(pattern) == 0 {
				return true
			}
			retryText, retryPattern, retry = s, pattern, true
			continue
		}
		if len(pattern) == 0 && len(s) == 0 {
			return true
		}
		if len(pattern) > 0 && len(s) > 0 {
			r, size := utf8.DecodeRuneInString(s)
			if rest, ok := matchOne(r, pattern, cased); ok {
				s, pattern = s[size:], rest
				continue
			}
		}
		if !retry || len(retryText) == 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(retryText)
		retryText = retryText[size:]
		s, pattern = retryText, retryPattern
	}
}

// matchOne matches one character against the head of a pattern that is not
// empty and does not begin with *. It returns the pattern behind that head.
func matchOne(r rune, pattern string, cased bool) (rest string, ok bool) {
	if pattern[0] == '?' {
		return pattern[1:], true
	}
	if pattern[0] == '\\' && len(pattern) > 1 {
		switch pattern[1] {
		case '*', '?', '\\':
			pattern = pattern[1:]
		}
	}
	p, size := utf8.DecodeRuneInString(pattern)
	return pattern[size:], r == p || !cased && equalRune(r, p)
}
