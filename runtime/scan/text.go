package scan

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// maxMarks is how many combining marks may follow a letter; scripts need two.
const maxMarks = 2

// cleanText makes text from a record, a rule or a file name fit for a terminal:
// control and format characters (escape sequences, changes of the direction of
// writing, invisible characters), invalid UTF-8 and stacks of combining marks
// are written as escapes.
func cleanText(text string) string {
	var b strings.Builder
	marks := 0
	for i, r := range text {
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		size := utf8.RuneLen(r)
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unicode.IsPrint(r) && marks <= maxMarks && !unicode.Is(unicode.Variation_Selector, r):
			b.WriteString(text[i : i+size])
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// endsOf leaves out the middle of a huge value, which is not worth measuring on
// its way to a cell.
func endsOf(text string) string {
	const end = 1 << 10
	if len(text) <= 2*end {
		return text
	}
	return strings.ToValidUTF8(text[:end], "") + strings.ToValidUTF8(text[len(text)-end:], "")
}

// shorten cuts clean text to a width on screen. It keeps both ends, since the
// names in an ARN or a path differ there.
func shorten(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	clusters := clustersOf(text)
	head, tail := 0, len(clusters)
	used := 1 // of the ellipsis
	for head < tail {
		next := clusters[head]
		fromTail := head*2 > (len(clusters)-tail)*4 // two thirds to the head
		if fromTail {
			next = clusters[tail-1]
		}
		w := uniseg.StringWidth(next)
		if used+w > width {
			break
		}
		used += w
		if fromTail {
			tail--
		} else {
			head++
		}
	}
	return strings.Join(clusters[:head], "") + "…" + strings.Join(clusters[tail:], "")
}

// clustersOf splits text into what a reader sees as characters.
func clustersOf(text string) []string {
	var clusters []string
	for state := -1; text != ""; {
		var cluster string
		cluster, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		clusters = append(clusters, cluster)
	}
	return clusters
}

// wrap breaks clean text into lines of at most width columns: at a space, else
// behind punctuation as in ARNs or before a capital, else anywhere.
func wrap(text string, width int) []string {
	var lines []string
	for uniseg.StringWidth(text) > width {
		used, hard, soft, space := 0, 0, 0, 0 // bytes up to the last chance of each kind
		previous := ""
		for _, cluster := range clustersOf(text) {
			w := uniseg.StringWidth(cluster)
			if cluster == " " {
				space = hard // the space itself is dropped
			}
			if isUpper(cluster) && !isUpper(previous) {
				soft = hard // between the words of an API call
			}
			previous = cluster
			if used+w > width && hard > 0 {
				break
			}
			used += w
			hard += len(cluster)
			if strings.Contains("/:-_.@", cluster) {
				soft = hard
			}
		}
		cut := hard
		switch {
		case space > 0:
			cut = space
		case soft > hard/2: // a nearly empty line would be worse than a hard break
			cut = soft
		}
		lines = append(lines, strings.TrimRight(text[:cut], " "))
		text = strings.TrimLeft(text[cut:], " ")
	}
	if text != "" || len(lines) == 0 {
		lines = append(lines, text)
	}
	return lines
}

func isUpper(cluster string) bool {
	return len(cluster) == 1 && 'A' <= cluster[0] && cluster[0] <= 'Z'
}

// shortActor names who acted: user/alice, role/deploy/session. The account
// stands with it where it is another than that of the event.
func shortActor(e *alert.Event) string {
	parts := strings.SplitN(e.Actor, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return e.Actor
	}
	name := parts[5]
	if session, ok := strings.CutPrefix(name, "assumed-role/"); ok {
		name = "role/" + session
	}
	if account := parts[4]; account != "" && account != e.AccountID {
		name += " of " + account
	}
	return name
}

// shortEvent names the API call as IAM policies do: iam:CreateUser.
func shortEvent(e *alert.Event) string {
	service := strings.TrimSuffix(e.Source, ".amazonaws.com")
	if service == "" {
		return e.Name
	}
	return service + ":" + e.Name
}
