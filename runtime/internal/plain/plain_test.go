package plain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for _, test := range []struct {
		sentence, text string
		most           int
		want           string
	}{
		{"A plain text stays.", "Root login", 20, "Root login"},
		{"Line breaks and tabs become one space.", "a\r\n\tb\n\nc", 20, "a b c"},
		{"White space around a text goes.", " \n a \n ", 20, "a"},
		{"Unicode line separators are line breaks.", "a\u2028b\u2029c\u0085d", 20, "a b c d"},
		{"Control characters are escaped.", "a\x00b\x1b[31mc\x7f", 40, `a\u0000b\u001b[31mc\u007f`},
		{"So are bidirectional and zero-width characters.", "a\u202eb\u2066c\u200b\ufeff", 40, `a\u202eb\u2066c\u200b\ufeff`},
		{"And characters of no meaning, of any size.", "\U000e0041\ue000", 40, `\U000e0041\ue000`},
		{"And bytes that are no UTF-8.", "a\xff\xfeb", 20, `a\xff\xfeb`},
		{"An escape is not cut in half.", "abc\u202edef", 8, "abc…"},
		{"One that just fits stays.", "ab\u202e", 8, `ab\u202e`},
		{"Other scripts stay.", "Ünïcødé 漢字 🚨", 20, "Ünïcødé 漢字 🚨"},
		{"A text that fits exactly stays.", "abcde", 5, "abcde"},
		{"A longer one is cut, with the ellipsis in the limit.", "abcdef", 5, "abcd…"},
		{"No space stands before the ellipsis.", "abc def", 5, "abc…"},
		{"Characters count, not bytes.", "漢字漢字漢字", 3, "漢字…"},
		{"White space at the end does not make a text too long.", "abcde  ", 5, "abcde"},
		{"No room gives nothing.", "abc", 0, ""},
		{"Room for one gives the ellipsis.", "abc", 1, "…"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			got := Line(test.text, test.most)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestASCII(t *testing.T) {
	for _, test := range []struct{ sentence, text, want string }{
		{"ASCII stays.", "TrailAlerts - High - Root login", "TrailAlerts - High - Root login"},
		{"Typographic signs have ASCII ones.", "a – b — “c” ‘d’…", `a - b - "c" 'd'...`},
		{"Other characters become question marks.", "Ünï 漢", "?n? ?"},
		{"Line breaks cannot stay.", "a\nBcc: b", "a Bcc: b"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			if got := ASCII(test.text, 100); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for _, long := range []string{strings.Repeat("a", 101), strings.Repeat("…", 50), strings.Repeat("漢", 300)} {
		if got := ASCII(long, 100); len(got) > 100 || !strings.HasSuffix(got, "...") {
			t.Errorf("a long text gives %d characters: %q", len(got), got)
		}
	}
	if exact := strings.Repeat("a", 100); ASCII(exact, 100) != exact {
		t.Error("a text of exactly 100 characters is cut")
	}
}

func TestKey(t *testing.T) {
	for _, test := range []struct {
		sentence, id string
		most         int
		want         string
	}{
		{"A usual id is its own key.", "root_login/111122223333/7a1f", 128, "root_login/111122223333/7a1f"},
		{"One that is too long is hashed.", "abc", 2, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	} {
		if got := Key(test.id, test.most); got != test.want {
			t.Errorf("%s Got %q, want %q", test.sentence, got, test.want)
		}
	}
	different := map[string]string{}
	for _, id := range []string{"a b", "a\tb", "a\u00a0b", "ä", "a\x00", "", "sha256:x", strings.Repeat("a", 200), Key("a b", 128)} {
		key := Key(id, 128)
		if len(key) > 128 || !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("the key of %q is %q", id, key)
		}
		if other, taken := different[key]; taken {
			t.Errorf("%q and %q share the key %q", id, other, key)
		}
		different[key] = id
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\u202e\nb", 3)
	f.Fuzz(func(t *testing.T, s string, most int) {
		if most < 0 || most > 1000 {
			return // limits are small
		}
		got := Line(s, most)
		if n := utf8.RuneCountInString(got); n > most || !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\t\x00\u202e\u2028") || got != strings.TrimSpace(got) {
			t.Errorf("Line(%q, %d) = %q of %d characters", s, most, got, n)
		}
		if again := Line(got, most); again != got {
			t.Errorf("Line of %q is %q: it is not stable", got, again)
		}
	})
}
