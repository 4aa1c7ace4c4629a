package explain

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

func someDetection(random *rand.Rand) string {
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	var b strings.Builder
	for _, name := range []string{"a", "b", "c", "d"} {
		fmt.Fprintf(&b, "%s:\n  %s: %s\n", name, pick("eventName", "x", "y"), pick("A", "B", "[A, C]", "'A*'", "null", "7"))
		if random.IntN(2) == 0 {
			fmt.Fprintf(&b, "  %s: %s\n", pick("z|contains", "z|contains|all", "z|neq"), pick("[A, B]", "[B, C]"))
		}
	}
	return b.String() + "condition: " + pick(
		"a and b and c and d", "a and not b and (c or not d)", "1 of them and not (b and c)", "not (a or b) and 1 of them", "a and b or b and c or not a and d", "all of them or not d",
	)
}

func someRecord(random *rand.Rand) []byte {
	var members []string
	for _, key := range []string{"eventName", "x", "y", "z"} {
		if value := []string{"", `"A"`, `"B"`, `"AB"`, `"C"`, "7", "null", `["A","C"]`}[random.IntN(8)]; value != "" {
			members = append(members, fmt.Sprintf("%q:%s", key, value))
		}
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

// TestNearestMissIsNearest holds, by trying all sets of changes, that the nearest miss
// makes the rule match, is no contradiction, and that no smaller set does both; and
// with that, that the tree says what eval does.
func TestNearestMissIsNearest(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 4))
	sizes := map[int]int{}
	for range 400 {
		r, problems := plannedOr(t, someDetection(random))
		if len(problems) > 0 {
			continue // it cannot match by its names alone
		}
		record := someRecord(random)
		e := Event(r, record)
		if e.Match {
			continue
		}
		l := collect(r, eval.Explain(r, record))
		tree := Tree(r)
		best := -1
		for set := range 1 << len(l.all) {
			size := 0
			changed := *l
			changed.held = append([]bool{}, l.held...)
			for i := range l.all {
				if set&(1<<i) != 0 {
					size++
					changed.held[i] = !l.held[i]
				}
			}
			if (best < 0 || size < best) && changed.hold(tree) && possible(r, &changed) {
				best = size
			}
		}
		if !e.Miss.Exhaustive {
			t.Fatalf("a rule of %d predicates has more ways than are looked at", len(l.all))
		}
		if got := len(e.Miss.Changes); got != max(best, 0) {
			t.Fatalf("%s\non %s: %d changes, and %d would do\n%s", tree.Text(), record, got, best, e.Miss.Text())
		}
		sizes[max(best, 0)]++
	}
	t.Log(sizes)
	if sizes[1] < 50 || sizes[2] < 20 || sizes[3] < 2 {
		t.Errorf("too few misses of a size: %v", sizes)
	}
}

// possible reports whether some way to match that needs what changed, and of the rest
// no more than holds, is no contradiction.
func possible(r *plan.Rule, l *leaves) bool {
	w := wayfinder{leaves: l}
	for _, one := range w.ways(Tree(r), true) {
		if w.distance(one) > 0 {
			break // the nearest come first
		}
		if prove.Rule(one.rule(r, l)).Verdict != prove.Impossible {
			return true
		}
	}
	return false
}
