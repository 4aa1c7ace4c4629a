package report

import (
	"cmp"
	"slices"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A column is a tactic of ATT&CK that alerts serve, with its techniques.
type column struct {
	Name  shown
	URL   string
	Count int // alerts
	Cells []cell
}

// A cell is a technique that alerts show, within a tactic.
type cell struct {
	ID    shown
	Name  shown
	URL   string
	Count int
	Heat  int // 1 to 4, by Count against the highest of the matrix
}

// newMatrix counts alerts by tactic and technique. A tag says one or the other,
// not which technique serves which tactic: a technique stands in those of the
// rule's tactics that ATT&CK lists it under, and where that is not known in all
// of them.
func newMatrix(alerts []*alert.Alert) []column {
	type key struct {
		slug string
		tech technique
	}
	tacticCount := map[string]int{}
	cellCount := map[key]int{}
	for _, a := range alerts {
		named, used := attackTags(a.Rule.Tags)
		shownIn := map[string]bool{}
		for _, slug := range named {
			shownIn[slug] = true
		}
		for _, tech := range used {
			for _, slug := range columnsOf(tech, named) {
				shownIn[slug] = true
				cellCount[key{slug, tech}]++
			}
		}
		for slug := range shownIn {
			tacticCount[slug]++
		}
	}
	most := 1
	for _, n := range cellCount {
		most = max(most, n)
	}
	var matrix []column
	for _, t := range append(slices.Clone(tactics), tactic{name: "No tactic named"}) {
		if tacticCount[t.slug] == 0 {
			continue
		}
		c := column{Name: t.name, Count: tacticCount[t.slug]}
		if t.id != "" {
			c.URL = "https://attack.mitre.org/tactics/" + t.id + "/"
		}
		for k, n := range cellCount {
			if k.slug == t.slug {
				c.Cells = append(c.Cells, cell{shown(k.tech.id), k.tech.name(), k.tech.url(), n, 1 + 3*n/most})
			}
		}
		slices.SortFunc(c.Cells, func(a, b cell) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.ID, b.ID)) })
		matrix = append(matrix, c)
	}
	return matrix
}

// attackTags returns the slugs of the tactics and the techniques of a rule, each
// once.
func attackTags(tags []string) (named []string, used []technique) {
	for _, tag := range tags {
		tech, tac, ok := parseTag(tag)
		switch {
		case !ok:
		case tac.slug != "" && !slices.Contains(named, tac.slug):
			named = append(named, tac.slug)
		case tac.slug == "" && !slices.Contains(used, tech):
			used = append(used, tech)
		}
	}
	return named, used
}

// columnsOf returns the tactics that a technique of a rule stands under; "" is
// the column for those of which nobody knows it.
func columnsOf(tech technique, named []string) []string {
	served := tech.tactics()
	both := slices.DeleteFunc(slices.Clone(named), func(slug string) bool { return !slices.Contains(served, slug) })
	switch {
	case len(both) > 0:
		return both
	case len(named) > 0:
		return named
	case len(served) > 0:
		return served
	default:
		return []string{""}
	}
}
