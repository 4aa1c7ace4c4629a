package runtime

import (
	"net/netip"
	"regexp"
	"time"
)

// Ruleset is everything that sigmagen compiled from one rules directory.
type Ruleset struct {
	// Rules holds every rule, sorted by Key.
	Rules []*Rule

	// Match appends to dst the rules that e satisfies. It is an index over
	// Rules (by eventSource and eventName), never a filter: the result holds
	// the same rules as MatchAll, in no particular order, unless e cannot be read:
	// see Event.Err.
	Match func(dst []*Rule, e *Event) []*Rule

	// Exceptions holds what exceptions.json lists, sorted by Rule.
	Exceptions []Exception

	// Correlations holds the correlation documents and what
	// postprocessing_rules lists, sorted by Key. None refers to itself, also
	// not through others.
	Correlations []Correlation

	// Hash is the SHA-256, in hexadecimal, over the names and contents of
	// the generated files: two binaries with one Hash detect the same.
	Hash string
}

// A Rule is one Sigma rule, compiled.
type Rule struct {
	// Key names the rule uniquely in its Ruleset: the stem of its file.
	Key string

	// ID and Name are the Sigma attributes of that name; either may be empty.
	ID   string
	Name string

	Title          string
	Description    string
	Status         string
	Author         string
	Level          Level
	Tags           []string
	References     []string
	FalsePositives []string

	// Source is the slash-separated path of the rule's file, relative to the
	// rules directory, and SourceHash the SHA-256, in hexadecimal, of its text
	// with line ends normalised to LF.
	Source     string
	SourceHash string

	// Condition is the condition as the rule writes it; several are joined by
	// "or".
	Condition string

	// Match reports whether a record satisfies the condition. What it says of one
	// that cannot be read is worth nothing: see Event.Err.
	Match func(*Event) bool

	// Searches lists the search identifiers of the rule in the order of the
	// file; they say why a record matched.
	Searches []Search

	// Capture lists the paths that correlations read from a match, sorted.
	Capture []string
}

// A Search is one search identifier of a rule's detection.
type Search struct {
	// Name is the identifier as the rule writes it, such as "selection".
	Name string

	// Match reports whether a record satisfies this search, as Rule.Match does.
	Match func(*Event) bool

	// Fields lists the fields that the search reads, in the order of the file.
	Fields []string
}

// An Exception is the entry of exceptions.json for one rule. A finding of that
// rule is not alerted when any of the lists covers it.
type Exception struct {
	// Rule is the Key of the rule.
	Rule string

	// Actors holds ARNs. An entry covers a record whose userIdentity.arn, or
	// whose userIdentity.sessionContext.sessionIssuer.arn, equals it.
	Actors []string

	// SourceIPs covers the records whose sourceIPAddress lies in a prefix. A
	// single address is a prefix of full length.
	SourceIPs []netip.Prefix

	// ActorRegexps are searched in both ARNs and in the bare name of the user
	// or role.
	ActorRegexps []*regexp.Regexp

	// Accounts covers the records of these accounts.
	Accounts []string

	// Expires ends the exception: events from that time on are not covered.
	// The zero time: it does not end.
	Expires time.Time

	// Reason and Owner say why there is an exception and who answers for it.
	Reason string
	Owner  string
}

// MatchAll appends to dst the rules that e satisfies, trying one after the
// other: the linear scan that every Ruleset.Match must agree with.
func MatchAll(dst []*Rule, rules []*Rule, e *Event) []*Rule {
	if !e.Valid() {
		return dst
	}
	for _, r := range rules {
		if r.Match(e) {
			dst = append(dst, r)
		}
	}
	return dst
}
