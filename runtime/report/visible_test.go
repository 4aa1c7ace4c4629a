package report

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for _, test := range []struct{ about, text, want string }{
		{"Text stays as it is.", "arn:aws:iam::111122223333:user/mara.lind", "arn:aws:iam::111122223333:user/mara.lind"},
		{"So does text in other scripts.", "Jürgen 東京 שלום नमस्ते 🙂", "Jürgen 東京 שלום नमस्ते 🙂"},
		{"Markup is left to the templates.", `<b>&"'`, `<b>&"'`},
		{"A line break does not start a line.", "a\r\nBcc: b\tc", `a\r\nBcc: b\tc`},
		{"An escape sequence does nothing to a terminal.", "\x1b[31m\x00\x7f", `\x1b[31m\x00\x7f`},
		{"A C1 control is one of them.", "\u009b31m", `\u009b31m`},
		{"Writing does not change its direction.", "\u202egpj.exe\u2066\u2069\u200f", `\u202egpj.exe\u2066\u2069\u200f`},
		{"Characters without width are seen.", "ad\u200bmin\ufeff\u00ad\u2060", `ad\u200bmin\ufeff\u00ad\u2060`},
		{"So are those that only look empty.", "\u3164\u115f\u2800\u00a0\u034f", `\u3164\u115f\u2800\u00a0\u034f`},
		{"Tags and variations are seen.", "\U000e0041\ufe0f\U000e0100", `\U000e0041\ufe0f\U000e0100`},
		{"Lines and paragraphs have separators of their own.", "\u2028\u2029\u0085", `\u2028\u2029\u0085`},
		{"Marks do not pile up.", "e\u0301\u0302\u0303\u0304", "e\u0301\u0302" + `\u0303\u0304`},
		{"Bytes that are no UTF-8 are seen.", "a\xffb\xc3", `a\xffb\xc3`},
		{"A replacement character is one.", "\ufffd", "\ufffd"},
	} {
		if got := visible(test.text); string(got) != test.want {
			t.Errorf("%s\nvisible(%q) = %q, want %q", test.about, test.text, got, test.want)
		}
	}
}

func TestFolded(t *testing.T) {
	if got, want := folded(" First line.\r\n\tSecond\u202e line.\n"), `First line. Second\u202e line.`; string(got) != want {
		t.Errorf("folded = %q, want %q", got, want)
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		about, text string
		most        int
		want        string
	}{
		{"A short text stays.", "short", 5, "short"},
		{"Characters count, not bytes.", "東京東京", 4, "東京東京"},
		{"A long one keeps its ends.", "abcdefghijklmnop", 8, "abcdef … [8 characters left out] … op"},
		{"It is cut between characters.", strings.Repeat("é", 2000), 4, "ééé … [1,996 characters left out] … é"},
	} {
		if got := cut(test.text, test.most); got != test.want {
			t.Errorf("%s\ncut(%q, %d) = %q, want %q", test.about, test.text, test.most, got, test.want)
		}
	}
}

func TestUnlink(t *testing.T) {
	for _, test := range []struct{ about, text, want string }{
		{"No program makes a link of it.", "see https://evil.example/ or HTTP://evil.example", "see https[:]//evil.example/ or HTTP[:]//evil.example"},
		{"A scheme may be any.", "ms-word:ofe|u|file://evil.example", "ms-word:ofe|u|file[:]//evil.example"},
		{"A host may do without one.", "WWW.evil.example www.evil.example", "WWW[.]evil.example www[.]evil.example"},
		{"Where a record was read stays.", "s3://bucket/key", "s3://bucket/key"},
		{"So does an ARN.", "arn:aws:s3:::bucket//x", "arn:aws:s3:::bucket//x"},
	} {
		if got := unlink(test.text); got != test.want {
			t.Errorf("%s\nunlink(%q) = %q, want %q", test.about, test.text, got, test.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

// FuzzVisible holds that what was made visible is, on one line, and stays so.
func FuzzVisible(f *testing.F) {
	f.Add(attacks)
	f.Add("e\u0301\u0302\u0303\xff\U000e0001")
	f.Fuzz(func(t *testing.T, text string) {
		got := string(visible(text))
		checkVisible(t, got)
		if again := string(visible(got)); again != got {
			t.Errorf("visible twice: %q, once: %q", again, got)
		}
	})
}

// checkVisible reports what in a text is not fit to be shown.
func checkVisible(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for _, r := range text {
		if !isVisible(r) {
			t.Errorf("%U is shown in %q", r, text)
			return
		}
	}
}
