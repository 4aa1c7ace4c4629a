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
	texts, records := recordsOf(t, random, 120)
	verdicts := map[Verdict]int{}
	relations := map[Relation]int{}
	for range 1500 {
		one, other := detections(random)
		verdict, relation := holdVerdicts(t, one, other, texts, records)
		verdicts[verdict]++
		relations[relation]++
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

// FuzzVerdicts goes on with that for as long as it is let. A seed makes two rules, and
// records around their texts.
func FuzzVerdicts(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 2))
		one, other := detections(random)
		texts, records := recordsOf(t, random, 60)
		holdVerdicts(t, one, other, texts, records)
	})
}

func recordsOf(t *testing.T, random *rand.Rand, n int) (texts [][]byte, records []*eval.Record) {
	for range n {
		text := provetest.Record(random)
		record, err := eval.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		texts, records = append(texts, text), append(records, record)
	}
	return texts, records
}

// detections returns two, which often have much in common.
func detections(random *rand.Rand) (one, other string) {
	one, other = provetest.Detection(random), provetest.Detection(random)
	if random.IntN(2) == 0 {
		other = strings.Replace(one, "\n  ", "\n  requestParameters.y: A\n  ", 1)
		if strings.Count(other, "requestParameters.y:") > 1 {
			other = one
		}
	}
	return one, other
}

// holdVerdicts holds what is said of two rules against records.
func holdVerdicts(t *testing.T, one, other string, texts [][]byte, records []*eval.Record) (Verdict, Relation) {
	t.Helper()
	p, q := provetest.Plan(t, one), provetest.Plan(t, other)
	answer, comparison := Rule(p), Compare(p, q)
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
	return answer.Verdict, comparison.Relation
}
