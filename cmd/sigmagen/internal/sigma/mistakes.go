package sigma

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// checkCharacters reports the first character that YAML text cannot hold, or
// that YAML versions read differently.
func (d *document) checkCharacters() bool {
	for i := 0; i < len(d.text); {
		r, size := utf8.DecodeRune(d.text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			d.list.Errorf(place(d.path, d.text, i), "structure/encoding", "save the file as UTF-8", "the file is not UTF-8 text: byte %#02x", d.text[i])
			return false
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f:
			d.list.Errorf(place(d.path, d.text, i), "structure/character", "remove it, or write an escape in double quotes", "the file holds the control character %U", r)
			return false
		case r == 0x85 || r == 0x2028 || r == 0x2029:
			d.list.Errorf(place(d.path, d.text, i), "structure/character", "remove it, or write an escape in double quotes", "the file holds %U, which some versions of YAML take for the end of a line", r)
			return false
		}
		i += size
	}
	return true
}

// mistakes are what people get wrong in YAML. Each names by its group "at" the
// place in the line.
var mistakes = []struct {
	line *regexp.Regexp
	hint string
}{
	{regexp.MustCompile(`^ *(?P<at>\t)`), "indent with spaces: YAML does not allow tabs there"},
	{regexp.MustCompile(`^[^#'"]*(?P<at>\x{a0})`), "replace the no-break space (U+00A0) by a space"},
	{regexp.MustCompile(`^[^#'"]*(?:: |- )(?P<at>[*][^ ]*)`), "quote a value that begins with *: '*...'"},
	{regexp.MustCompile(`^[^#'"]*(?:: |- )(?P<at>[&@%` + "`" + `][^ ]*)`), "quote a value that begins with &, @, % or `"},
	{regexp.MustCompile(`^\s*[^\s#'"\[{&*!|>:-][^#'":]*?: +[^\s#'"\[{&*!|>][^#'"]*?(?P<at>: )`), "quote a value that holds a colon and a space"},
	{regexp.MustCompile(`^\s*(?:- )?[^\s#'"]+: +(?P<at>'(?:[^']|'')*|"(?:[^"\\]|\\.)*)$`), "close the quote"},
}

// likelyMistake returns the place of the first line that looks like a common
// mistake, and the way out, in the document that holds the reported line; 0 is
// for any. It is asked only for a file that is not YAML, whose reported place is
// often that of a consequence.
func (d *document) likelyMistake(reported int) (span diag.Span, hint string, ok bool) {
	lines := bytes.Split(d.text, []byte("\n"))
	first := 0
	for number, line := range lines {
		if bytes.HasPrefix(line, []byte("---")) && number < reported {
			first = number
		}
	}
	for number, line := range lines {
		if number < first {
			continue
		}
		if reported > 0 && number > reported && bytes.HasPrefix(line, []byte("---")) {
			break
		}
		text := strings.TrimSuffix(strings.TrimPrefix(string(line), "\ufeff"), "\r")
		for _, mistake := range mistakes {
			m := mistake.line.FindStringSubmatchIndex(text)
			if m == nil {
				continue
			}
			span := d.at(number+1, utf8.RuneCountInString(text[:m[2]])+1)
			span.Length = max(utf8.RuneCountInString(strings.TrimRight(text[m[2]:m[3]], " ")), 1)
			return span, mistake.hint, true
		}
	}
	return diag.Span{}, "", false
}
