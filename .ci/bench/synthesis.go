package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// calls lists what rules ask about.
//
//go:embed calls.txt
var calls string

// A call is one that CloudTrail logs.
type call struct {
	source, name string
	weight       int // how many published rules ask about it
}

// parseCalls reads the lines of calls.txt.
func parseCalls(text string) ([]call, error) {
	var all []call
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		for _, word := range words[1:] {
			name, times, weighted := strings.Cut(word, "*")
			one := call{words[0] + ".amazonaws.com", name, 1}
			if weighted {
				weight, err := strconv.Atoi(times)
				if err != nil {
					return nil, fmt.Errorf("read %q of %s: %w", word, words[0], err)
				}
				one.weight = weight
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// A synthesisedRule is a Sigma rule that stands for one that somebody might write.
type synthesisedRule struct {
	key     string
	yaml    string
	tests   string // of the rule, as sigmagen wants them
	indexed bool   // by the names of calls
}

// namesOfRules is how many published rules name one call, two, and so on.
var namesOfRules = []int{98, 32, 14, 15, 8, 3, 5, 2, 0, 1}

// unindexedPercent is how many rules in a hundred ask about no call: some of the
// fields of such a rule have to be looked at on every record.
const unindexedPercent = 3

// synthesise returns n rules, always the same ones. Their calls are distributed as
// those of published rules are, their other conditions hold on few records.
func synthesise(n int) ([]synthesisedRule, error) {
	all, err := parseCalls(calls)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(uint64(n), 6))
	unindexed := (n*unindexedPercent + 50) / 100
	var rules []synthesisedRule
	for i := range n {
		s := synthesiser{random: random, fields: map[string]string{}}
		if i < unindexed {
			s.search("selection", s.rare()...)
		} else {
			s.searchCalls(all)
			s.search("narrow", s.narrow())
		}
		if random.IntN(10) < 3 {
			s.filter()
		}
		rule, err := s.rule(fmt.Sprintf("synthesised_%04d", i), i >= unindexed)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// synthesiser makes one rule.
type synthesiser struct {
	random    *rand.Rand
	detection strings.Builder
	condition []string
	fields    map[string]string // of a record that matches, by their paths
}

// A predicate asks for one value of a field.
type predicate struct{ field, modifier, value string }

// satisfies returns a value that it holds on.
func (p predicate) satisfies() string {
	switch p.modifier {
	case "contains":
		return "an " + p.value + " in between"
	case "startswith":
		return p.value + "-and-more"
	case "endswith":
		return "arn:aws:iam::111122223333" + p.value
	default:
		return p.value
	}
}

// search adds a search of predicates that all have to hold.
func (s *synthesiser) search(name string, predicates ...predicate) {
	fmt.Fprintf(&s.detection, "  %s:\n", name)
	for _, p := range predicates {
		field := p.field
		if p.modifier != "" {
			field += "|" + p.modifier
		}
		fmt.Fprintf(&s.detection, "    %s: '%s'\n", field, p.value)
		s.fields[p.field] = p.satisfies()
	}
	s.condition = append(s.condition, name)
}

// searchCalls adds a search for calls of one service.
func (s *synthesiser) searchCalls(all []call) {
	first := s.pick(all)
	names := 1 + s.weighted(namesOfRules)
	asked := []string{first.name}
	rest := slices.DeleteFunc(slices.Clone(all), func(c call) bool { return c.source != first.source || c.name == first.name })
	for len(asked) < names && len(rest) > 0 {
		next := s.pick(rest)
		asked = append(asked, next.name)
		rest = slices.DeleteFunc(rest, func(c call) bool { return c == next })
	}
	fmt.Fprintf(&s.detection, "  selection:\n    eventSource: %s\n    eventName:\n", first.source)
	for _, name := range asked {
		fmt.Fprintf(&s.detection, "      - %s\n", name)
	}
	if s.random.IntN(4) == 0 {
		s.detection.WriteString("    errorCode: null\n")
	}
	s.fields["eventSource"], s.fields["eventName"] = first.source, first.name
	s.condition = append(s.condition, "selection")
}

// narrow returns a predicate such as rules have beside the names of calls.
func (s *synthesiser) narrow() predicate {
	number := fmt.Sprintf("%02d", s.random.IntN(100))
	return oneOf(s.random, []predicate{
		{"userIdentity.type", "", oneOf(s.random, []string{"Root", "FederatedUser", "SAMLUser", "WebIdentityUser"})},
		{"userIdentity.arn", "endswith", ":user/break-glass-" + number},
		{"userIdentity.sessionContext.attributes.mfaAuthenticated", "", "unknown-" + number},
		{"requestParameters." + oneOf(s.random, []string{"roleName", "userName", "policyArn", "bucketName", "instanceId", "functionName", "name"}), "contains", "vault-" + number},
		{"requestParameters." + oneOf(s.random, []string{"roleName", "userName", "bucketName", "name"}), "startswith", "prod-" + number},
		{"requestParameters.policyDocument", "contains", "arn:aws:iam::4444555566" + number},
		{"responseElements.status", "", "shared-" + number},
		{"userAgent", "contains", oneOf(s.random, tools)},
		{"sourceIPAddress", "cidr", "203.0.113." + strconv.Itoa(s.random.IntN(256)) + "/32"},
	})
}

// tools are programs that have no business in most accounts.
var tools = []string{"pacu", "trufflehog", "scoutsuite", "prowler", "cloudfox", "cloudsploit", "weirdaal", "enumerate-iam", "aws-nuke", "peirates", "gitleaks", "sqlmap", "kali", "parrot", "rclone", "s5cmd", "cyberduck", "winscp", "nuclei", "cloudmapper"}

// rare returns predicates such as rules have that ask about no call.
func (s *synthesiser) rare() []predicate {
	number := fmt.Sprintf("%02d", s.random.IntN(100))
	return oneOf(s.random, [][]predicate{
		{{"userIdentity.type", "", "Root"}, {"eventType", "", oneOf(s.random, []string{"AwsApiCall", "AwsConsoleSignIn", "AwsConsoleAction"})}},
		{{"userIdentity.type", "", "Root"}, {"awsRegion", "", oneOf(s.random, []string{"us-east-1", "eu-west-1", "ap-south-1"})}},
		{{"userAgent", "contains", oneOf(s.random, tools)}},
		{{"userAgent", "contains", oneOf(s.random, tools)}},
		{{"userIdentity.arn", "endswith", ":user/break-glass-" + number}},
	})
}

// filter takes records of a role out again.
func (s *synthesiser) filter() {
	fmt.Fprintf(&s.detection, "  filter_role:\n    userIdentity.sessionContext.sessionIssuer.userName|startswith: 'deploy-%02d'\n", s.random.IntN(100))
	s.condition = append(s.condition, "not filter_role")
}

// rule returns what was made. It has a record that it matches and one that it does
// not for its tests.
func (s *synthesiser) rule(key string, indexed bool) (synthesisedRule, error) {
	var b strings.Builder
	level := oneOf(s.random, []string{"low", "medium", "high", "critical"})
	id := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", s.random.Uint32(), s.random.IntN(1<<16), s.random.IntN(1<<12), s.random.IntN(1<<12), s.random.Int64N(1<<48))
	fmt.Fprintf(&b, "title: Rule %s of a Large Set\nid: %s\nstatus: test\ndescription: Stands for a rule that somebody might write.\nlogsource:\n  product: aws\n  service: cloudtrail\n", key, id)
	fmt.Fprintf(&b, "detection:\n%s  condition: %s\nfalsepositives:\n  - Unlikely\nlevel: %s\n", s.detection.String(), strings.Join(s.condition, " and "), level)
	other := map[string]string{"eventSource": "health.amazonaws.com", "eventName": "DescribeEvents"}
	tests, err := json.MarshalIndent(map[string]any{"should_match": []any{record(s.fields)}, "should_not_match": []any{record(other)}}, "", "  ")
	if err != nil {
		return synthesisedRule{}, fmt.Errorf("write tests of %s: %w", key, err)
	}
	return synthesisedRule{key: key, yaml: b.String(), tests: string(tests) + "\n", indexed: indexed}, nil
}

// record returns an event with values at paths.
func record(values map[string]string) map[string]any {
	event := map[string]any{"eventVersion": "1.11", "eventTime": "2026-11-20T10:00:00Z", "eventSource": "sts.amazonaws.com", "eventName": "GetSessionToken"}
	for path, value := range values {
		at := event
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			inner, ok := at[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[name] = inner
			}
			at = inner
		}
		at[names[len(names)-1]] = strings.TrimSuffix(value, "/32")
	}
	return event
}

// pick returns a call, those that more rules ask about more often.
func (s *synthesiser) pick(from []call) call {
	var weights []int
	for _, c := range from {
		weights = append(weights, c.weight)
	}
	return from[s.weighted(weights)]
}

// weighted returns an index of weights, those of greater weight more often.
func (s *synthesiser) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	at := s.random.IntN(total)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	panic("the weights changed while they were added")
}

func oneOf[T any](random *rand.Rand, choices []T) T { return choices[random.IntN(len(choices))] }

// writeRules writes rules and their tests into a directory, which it makes.
func writeRules(dir string, rules []synthesisedRule) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, r := range rules {
		if err := os.WriteFile(filepath.Join(dir, r.key+".yml"), []byte(r.yaml), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, r.key+"_tests.json"), []byte(r.tests), 0o644); err != nil {
			return err
		}
	}
	return nil
}
