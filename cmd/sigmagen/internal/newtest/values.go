package newtest

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// propose returns values for a field that is to satisfy all of hold and none of fail:
// such as CloudTrail writes, and near the values of the rule.
func propose(field string, hold, fail []plan.Predicate) []any {
	if slices.ContainsFunc(hold, func(p plan.Predicate) bool { return p.Part != "" }) {
		return nil
	}
	all := slices.Clone(usual(field))
	for _, p := range hold {
		all = append(all, satisfying(field, p)...)
	}
	for _, p := range fail {
		all = append(all, nearMisses(field, p)...)
	}
	return all
}

// usual returns what CloudTrail often writes into a field. It is nil where that is
// not known.
func usual(field string) []any {
	texts := map[string][]any{
		"errorCode": {"AccessDenied"},
		"userIdentity.arn": {"arn:aws:iam::" + account + ":user/mary.major", "arn:aws:sts::" + account + ":assumed-role/analytics-developer/session",
			"arn:aws:sts::" + account + ":assumed-role/aws:ec2-instance/i-0abcdef1234567890", "arn:aws:iam::" + account + ":root"},
		"errorMessage":          {"User is not authorized to perform this operation"},
		"sourceIPAddress":       {"203.0.113.24", "198.51.100.17"},
		"userAgent":             {"aws-cli/2.31.3 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 lang/python#3.13.7", "Boto3/1.40.55 md/Botocore#1.40.55 os/linux#6.8.0 lang/python#3.13.7", "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"},
		"userIdentity.userName": {"mary.major", "john.stiles"},
		"userIdentity.sessionContext.sessionIssuer.userName": {"analytics-developer", "orders"},
		"userIdentity.accessKeyId":                           {userKey, sessionKey},
		"userIdentity.invokedBy":                             {"cloudformation.amazonaws.com", "autoscaling.amazonaws.com"},
	}[field]
	if texts == nil {
		texts = words[field]
	}
	if texts != nil {
		return texts
	}
	switch last := field[strings.LastIndexByte(field, '.')+1:]; {
	case strings.EqualFold(last, "userName"):
		return []any{"mary.major", "john.stiles"}
	case strings.EqualFold(last, "accountId"), strings.EqualFold(last, "userId"):
		return []any{"444455556666"}
	case strings.HasSuffix(strings.ToLower(last), "arn"):
		return []any{"arn:aws:iam::111122223333:role/orders"}
	}
	return nil
}

// words are all that CloudTrail writes into a field, or the best known of them.
var words = map[string][]any{
	"additionalEventData.MFAUsed":                             {"Yes", "No"},
	"eventType":                                               {"AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn"},
	"responseElements.ConsoleLogin":                           {"Success", "Failure"},
	"userIdentity.type":                                       {"IAMUser", "AssumedRole", "Root", "AWSService"},
	"userIdentity.sessionContext.sessionIssuer.type":          {"Role", "User"},
	"userIdentity.sessionContext.attributes.mfaAuthenticated": {"true", "false"},
}

// something is written into a field of which only is asked that it is there.
func something(field string) []any {
	if all := usual(field); all != nil {
		return slices.Clone(all[:1])
	}
	return []any{"example"}
}

// satisfying returns values on which a predicate holds.
func satisfying(field string, p plan.Predicate) []any {
	var all []any
	for _, v := range p.Values {
		text := v.Text
		switch p.Op {
		case plan.Equal:
			all = append(all, typed(text))
		case plan.Prefix:
			all = append(all, text+tail(text))
		case plan.Suffix:
			all = append(all, head(text)+text)
		case plan.Contains:
			if strings.HasPrefix(strings.ToLower(text), ":assumed-role/") {
				all = append(all, "arn:aws:sts::"+account+text+tail(text)+"/session")
			}
			all = append(all, head(text)+text+tail(text))
		case plan.Like:
			all = append(all, filled(text, "1"), filled(text, "a"))
		case plan.Number:
			all = append(all, plus(text, 0))
		case plan.Less, plan.Greater, plan.LessOrEqual, plan.GreaterOrEqual:
			all = append(all, plus(text, 0), plus(text, 1), plus(text, -1))
		case plan.InPrefix:
			all = append(all, inside(v.Prefix)...)
		}
	}
	if p.Op == plan.Exists {
		all = append(all, something(field)...)
	}
	return slices.DeleteFunc(all, func(v any) bool { return v == nil })
}

// nearMisses returns values on which a predicate hardly fails, or holds although it
// hardly does: what a wider one would match, and what a narrower one would not.
func nearMisses(field string, p plan.Predicate) []any {
	if words[field] != nil {
		return slices.Clone(words[field])
	}
	var all []any
	for _, v := range p.Values {
		text := v.Text
		switch p.Op {
		case plan.Equal:
			switch strings.ToLower(text) {
			case "true":
				all = append(all, false)
			case "false":
				all = append(all, true)
			case "":
				all = append(all, "example")
			default:
				all = append(all, text+longer(field, text), another(field)+text)
			}
		case plan.Prefix:
			all = append(all, another(field)+text+tail(text), text)
		case plan.Suffix:
			all = append(all, head(text)+text+longer(field, text), text)
		case plan.Contains:
			if before, ok := strings.CutSuffix(text, "-"); ok && before != "" {
				all = append(all, before)
			}
		case plan.Like:
			all = append(all, another(field)+filled(text, "1"), filled(text, "1")+longer(field, text), emptied(text), filled(text, "1"))
		case plan.Number:
			all = append(all, plus(text, 1))
		case plan.InPrefix:
			all = append(all, outside(v.Prefix)...)
		}
	}
	if p.Op == plan.IsNull || p.Op == plan.Absent {
		all = append(all, something(field)...)
	}
	return slices.DeleteFunc(all, func(v any) bool { return v == nil })
}

// otherCases returns values on which a predicate holds because the case of letters
// does not count, or fails because it does.
func otherCases(p plan.Predicate) []any {
	var all []any
	for _, edit := range []func(string) string{turned, strings.ToUpper, strings.ToLower} {
		other := p
		other.Values = slices.Clone(p.Values)
		for i := range other.Values {
			other.Values[i].Text = edit(other.Values[i].Text)
		}
		for _, value := range usual(p.Field) {
			if text, ok := value.(string); ok && eval.Holds(p, text) {
				all = append(all, edit(text))
			}
		}
		all = append(all, satisfying(p.Field, other)...)
	}
	return all
}

// turned returns a text with the case of one letter turned: the first one, or that
// behind the last slash or colon. Of words in capitals it turns all letters.
func turned(text string) string {
	start := strings.LastIndexAny(strings.TrimRight(text, ":/"), ":/") + 1
	i := strings.IndexFunc(text[start:], unicode.IsLetter)
	if i < 0 {
		return text
	}
	start += i
	r, size := utf8.DecodeRuneInString(text[start:])
	next, _ := utf8.DecodeRuneInString(text[start+size:])
	switch {
	case unicode.IsUpper(r) && unicode.IsUpper(next):
		return text[:start] + strings.ToLower(text[start:])
	case unicode.IsUpper(r):
		return text[:start] + string(unicode.ToLower(r)) + text[start+size:]
	default:
		return text[:start] + string(unicode.ToUpper(r)) + text[start+size:]
	}
}

// typed returns a text of a rule as CloudTrail would write it.
func typed(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	}
	return text
}

// longer returns what makes a text a longer one of its kind.
func longer(field, text string) string {
	last := rune(0)
	for _, r := range text {
		last = r
	}
	switch {
	case strings.HasSuffix(text, ".amazonaws.com"):
		return ".cn"
	case field == "eventName":
		return "V2"
	case field == "errorCode":
		return "Exception"
	case unicode.IsDigit(last):
		return "0"
	case unicode.IsLetter(last):
		return "-copy"
	}
	return "copy"
}

// tail returns what may follow the beginning of a name, head what may stand before its
// end.
func tail(text string) string {
	if strings.HasSuffix(text, "-") || strings.HasSuffix(text, "/") || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "_") || strings.HasSuffix(text, ":") {
		return "orders"
	}
	return ""
}

func head(text string) string {
	text = strings.ToLower(text)
	switch {
	case strings.HasPrefix(text, ":policy/"):
		return "arn:aws:iam::aws"
	case strings.HasPrefix(text, ":role/"), strings.HasPrefix(text, ":user/"), strings.HasPrefix(text, ":saml-provider/"), strings.HasPrefix(text, ":oidc-provider/"):
		return "arn:aws:iam::" + account
	case strings.HasPrefix(text, "-"), strings.HasPrefix(text, "."), strings.HasPrefix(text, "@"):
		return "orders"
	}
	return ""
}

// another returns what makes a text that begins like one of the rule another one.
func another(field string) string {
	if field == "eventName" {
		return "Batch"
	}
	return "not-"
}

// filled makes a text of a pattern: each ? becomes question, and a * at the end of a
// name the rest of one. A pattern of nothing but wildcards becomes a word.
func filled(pattern, question string) string {
	if strings.Trim(pattern, "*?") == "" {
		word := strings.Repeat("a", strings.Count(pattern, "?"))
		if strings.Contains(pattern, "*") {
			word = "example" + word
		}
		return word
	}
	var b strings.Builder
	for _, part := range parts(pattern) {
		switch part {
		case "?":
			b.WriteString(question)
		case "*":
			if b.Len() > 0 {
				b.WriteString(tail(b.String()))
			} else {
				b.WriteString("*")
			}
		default:
			b.WriteString(strings.TrimPrefix(part, "\\"))
		}
	}
	text, found := strings.CutPrefix(b.String(), "*")
	if found {
		return head(text) + text
	}
	return text
}

// emptied makes the shortest text of a pattern, but for that each ? is nothing.
func emptied(pattern string) string {
	var b strings.Builder
	for _, part := range parts(pattern) {
		if part != "?" && part != "*" {
			b.WriteString(strings.TrimPrefix(part, "\\"))
		}
	}
	return b.String()
}

// parts splits a pattern into wildcards and characters, those that are escaped with
// their backslash.
func parts(pattern string) []string { return patternPart.FindAllString(pattern, -1) }

var patternPart = regexp.MustCompile(`(?s)\\.|.`)

// plus adds to a number. It is nil when that is none of a common size.
func plus(text string, n int64) any {
	number, ok := new(big.Rat).SetString(text)
	if !ok || len(text) > 40 || strings.ContainsAny(text, "eE/_xXpP") {
		return nil
	}
	number.Add(number, big.NewRat(n, 1))
	if number.IsInt() {
		return json.Number(number.Num().String())
	}
	digits, _ := number.FloatPrec()
	return json.Number(number.FloatString(digits))
}

// inside returns addresses of a network: two at its beginning, one of its other half.
func inside(network netip.Prefix) []any {
	first := network.Masked().Addr()
	all := []any{first.Next().String(), first.String()}
	if bit := network.Bits(); bit < first.BitLen() {
		all = append(all, flipped(first, bit).Next().String())
	}
	return all
}

// outside returns addresses beside a network.
func outside(network netip.Prefix) []any {
	if network.Bits() == 0 {
		return nil
	}
	return []any{flipped(network.Masked().Addr(), network.Bits()-1).Next().String()}
}

// flipped returns an address with a bit, counted from 0, turned.
func flipped(a netip.Addr, bit int) netip.Addr {
	bytes := a.AsSlice()
	bytes[bit/8] ^= 0x80 >> (bit % 8)
	b, _ := netip.AddrFromSlice(bytes) // of the length of an address
	return b
}
