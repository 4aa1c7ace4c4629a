package prove

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove/provetest"
)

// No record contradicts a verdict, and most questions get one.
func TestVerdictsAreSound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 1))
	texts, records := make([][]byte, 120), make([]*eval.Record, 120)
	for i := range records {
		texts[i] = provetest.Record(random)
		var err error
		if records[i], err = eval.Read(texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	verdicts := map[Verdict]int{}
	relations := map[Relation]int{}
	for range 1500 {
		one, other := provetest.Detection(random), provetest.Detection(random)
		if random.IntN(2) == 0 { // two that have much in common
			other = strings.Replace(one, "\n  ", "\n  requestParameters.y: A\n  ", 1)
			if strings.Count(other, "requestParameters.y:") > 1 {
				other = one
			}
		}
		p, q := provetest.Plan(t, one), provetest.Plan(t, other)
		answer, comparison := Rule(p), Compare(p, q)
		verdicts[answer.Verdict]++
		relations[comparison.Relation]++
		if answer.Verdict == Impossible && (answer.Reason == "" || len(answer.Blame) == 0) {
			t.Fatalf("%s\nis impossible without a reason", one)
		}
		for i, record := range records {
			matchP, matchQ := record.Match(p), record.Match(q)
			wrong := answer.Verdict == Impossible && matchP
			switch comparison.Relation {
			case Equivalent:
				wrong = wrong || matchP != matchQ
			case Narrower:
				wrong = wrong || matchQ && !matchP
			case Wider:
				wrong = wrong || matchP && !matchQ
			}
			if wrong {
				t.Fatalf("%s\n\nagainst\n\n%s\n\n%d (%s), %s: the record %s matches %t and %t", one, other, answer.Verdict, answer.Reason, comparison.Relation, texts[i], matchP, matchQ)
			}
		}
	}
	t.Log(verdicts, relations)
	if verdicts[Unknown] > 75 || verdicts[Impossible] < 100 || verdicts[Possible] < 500 {
		t.Errorf("verdicts: %v", verdicts)
	}
	for _, r := range []Relation{Equivalent, Narrower, Wider, Different} {
		if relations[r] < 20 {
			t.Errorf("relations: %v", relations)
		}
	}
	if relations[Undecided] > 150 {
		t.Errorf("relations: %v", relations)
	}
}
