package report

import (
	"regexp"
	"slices"
	"strings"
)

// A tactic is a column of the matrix of MITRE ATT&CK for enterprises.
type tactic struct {
	slug string // as tags write it, with "-"
	name shown
	id   string
}

// tactics are in the order of the matrix. ATT&CK 19 renamed Defense Evasion to
// Stealth and took Defense Impairment out of it; rules use either.
var tactics = []tactic{
	{"reconnaissance", "Reconnaissance", "TA0043"},
	{"resource-development", "Resource Development", "TA0042"},
	{"initial-access", "Initial Access", "TA0001"},
	{"execution", "Execution", "TA0002"},
	{"persistence", "Persistence", "TA0003"},
	{"privilege-escalation", "Privilege Escalation", "TA0004"},
	{"defense-evasion", "Defense Evasion", "TA0005"},
	{"stealth", "Stealth", "TA0005"},
	{"defense-impairment", "Defense Impairment", "TA0112"},
	{"credential-access", "Credential Access", "TA0006"},
	{"discovery", "Discovery", "TA0007"},
	{"lateral-movement", "Lateral Movement", "TA0008"},
	{"collection", "Collection", "TA0009"},
	{"command-and-control", "Command and Control", "TA0011"},
	{"exfiltration", "Exfiltration", "TA0010"},
	{"impact", "Impact", "TA0040"},
}

var (
	techniqueForm = regexp.MustCompile(`^t[0-9]{4}(\.[0-9]{3})?$`)
	groupForm     = regexp.MustCompile(`^g[0-9]{4}$`)
	softwareForm  = regexp.MustCompile(`^s[0-9]{4}$`)
)

// A technique is a technique of ATT&CK, or a sub-technique.
type technique struct{ id string } // "T1098.003"

// name returns its name, with that of the technique that it is part of, and ""
// when it is not one of those that concern clouds.
func (t technique) name() shown {
	name := techniques[t.id].name
	if parent, _, sub := strings.Cut(t.id, "."); sub && name != "" {
		return techniques[parent].name + ": " + name
	}
	return name
}

// tactics returns the slugs of the tactics that it serves, as far as they are
// known.
func (t technique) tactics() []string {
	parent, _, _ := strings.Cut(t.id, ".")
	return techniques[parent].tactics
}

func (t technique) url() string {
	return "https://attack.mitre.org/techniques/" + strings.ReplaceAll(t.id, ".", "/") + "/"
}

// parseTag reads a tag of a rule: a technique or a tactic, or neither.
func parseTag(tag string) (tech technique, tac tactic, ok bool) {
	name, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(tag)), "attack.")
	if !ok {
		return technique{}, tactic{}, false
	}
	if techniqueForm.MatchString(name) {
		return technique{strings.ToUpper(name)}, tactic{}, true
	}
	slug := strings.ReplaceAll(name, "_", "-")
	i := slices.IndexFunc(tactics, func(t tactic) bool { return t.slug == slug })
	if i < 0 {
		return technique{}, tactic{}, false
	}
	return technique{}, tactics[i], true
}

// attackLinks returns the links of the tags of a rule: tactics in their order,
// then techniques; other tags are texts. over is how many are not shown.
func attackLinks(tags []string, b *bounds) (links []hyperlink, over int) {
	var tacticLinks, techniqueLinks, others []hyperlink
	for _, tag := range tags {
		tech, tac, ok := parseTag(tag)
		name := strings.ToLower(strings.TrimPrefix(tag, "attack."))
		switch {
		case ok && tac.id != "":
			tacticLinks = append(tacticLinks, hyperlink{shown(tac.id) + " " + tac.name, "https://attack.mitre.org/tactics/" + tac.id + "/"})
		case ok:
			text := shown(tech.id)
			if known := tech.name(); known != "" {
				text += " " + known
			}
			techniqueLinks = append(techniqueLinks, hyperlink{text, tech.url()})
		case groupForm.MatchString(name):
			others = append(others, hyperlink{"Group " + visible(strings.ToUpper(name)), "https://attack.mitre.org/groups/" + strings.ToUpper(name) + "/"})
		case softwareForm.MatchString(name):
			others = append(others, hyperlink{"Software " + visible(strings.ToUpper(name)), "https://attack.mitre.org/software/" + strings.ToUpper(name) + "/"})
		default:
			others = append(others, hyperlink{Text: b.text(tag)})
		}
	}
	order := func(l hyperlink) int {
		return slices.IndexFunc(tactics, func(t tactic) bool { return l.Text == shown(t.id)+" "+t.name })
	}
	slices.SortStableFunc(tacticLinks, func(x, y hyperlink) int { return order(x) - order(y) })
	links = slices.Concat(tacticLinks, techniqueLinks, others)
	most := min(len(links), b.items)
	return links[:most], len(links) - most
}
