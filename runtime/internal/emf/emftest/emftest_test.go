package emftest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC)

const valid = `{"_aws":{"Timestamp":1741521600000,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[[],["Rule"]],"Metrics":[{"Name":"A","Unit":"Count"}]}]},"A":1,"Rule":"r"}`

func TestWhatCloudWatchTakes(t *testing.T) {
	got := Sums(t, "text\n"+`{"msg":"a line"}`+"\n"+valid+"\n"+valid+"\n", noon)
	if len(got) != 2 || got["N A"] != 2 || got["N A Rule=r"] != 2 {
		t.Errorf("got %v", got)
	}
}

func TestWhatCloudWatchDoesNotTake(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"a value that is text", `"A":1`, `"A":"1"`},
		{"a value that is null", `"A":1`, `"A":null`},
		{"no value", `"A":1,`, ``},
		{"no values", `"A":1`, `"A":[]`},
		{"more than 100 values", `"A":1`, `"A":[1` + strings.Repeat(",1", 100) + `]`},
		{"a dimension that is a number", `"Rule":"r"`, `"Rule":1`},
		{"a dimension without a value", `"Rule":"r"`, `"Rule":""`},
		{"a dimension that is missing", `,"Rule":"r"`, ``},
		{"a dimension that is not ASCII", `"Rule":"r"`, `"Rule":"ü"`},
		{"a unit that does not exist", `"Unit":"Count"`, `"Unit":"count"`},
		{"a metric that is defined twice", `{"Name":"A","Unit":"Count"}`, `{"Name":"A","Unit":"Count"},{"Name":"A","Unit":"Count"}`},
		{"no metric", `{"Name":"A","Unit":"Count"}`, ``},
		{"no dimension set", `[[],["Rule"]]`, `[]`},
		{"more than 30 dimensions", `["Rule"]`, `["Rule"` + strings.Repeat(`,"Rule"`, 30) + `]`},
		{"no namespace", `"Namespace":"N",`, ``},
		{"a member that the format does not have", `"Namespace":"N"`, `"Namespace":"N","x":1`},
		{"a time in seconds", `1741521600000`, `1741521600`},
		{"no time", `"Timestamp":1741521600000,`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(valid, c.old, c.new, 1)
			var root map[string]json.RawMessage
			if err := json.Unmarshal([]byte(text), &root); err != nil || text == valid {
				t.Fatalf("%s: %v", text, err)
			}
			if err := read(root, noon, map[string][]float64{}); err == nil {
				t.Errorf("%s is taken", text)
			}
		})
	}
}
