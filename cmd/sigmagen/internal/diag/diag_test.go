package diag

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSorted(t *testing.T) {
	t.Parallel()
	var list List
	at := func(path string, line, column int) Span {
		return Span{Position: Position{path, line, column}, Length: 1}
	}
	list.Errorf(at("b", 1, 1), "x", "", "4")
	list.Warnf(at("a", 10, 1), "x", "", "3")
	list.Errorf(at("a", 2, 9), "y", "", "2")
	list.Errorf(at("a", 2, 9), "x", "", "1")
	list.Errorf(at("a", 2, 1), "z", "", "0")
	list.Errorf(at("a", 2, 1), "z", "", "0")
	var got []string
	for _, d := range list.Sorted() {
		got = append(got, d.Message)
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, got); diff != "" {
		t.Errorf("by path, line, column and code, each once (-want +got):\n%s", diff)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	var list List
	if list.HasErrors() || len(list.Refused()) > 0 {
		t.Error("an empty list has errors")
	}
	list.Warnf(Span{Position: Position{Path: "warned"}}, "x", "", "m")
	if list.HasErrors() || len(list.Refused()) > 0 {
		t.Error("a warning refuses")
	}
	list.Errorf(Span{Position: Position{Path: "wrong"}}, "x", "", "%d %%", 5)
	if diff := cmp.Diff(map[string]bool{"wrong": true}, list.Refused()); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if got := list.Sorted()[1].Message; got != "5 %" {
		t.Errorf("message = %q", got)
	}
	if list.Count(Warning) != 1 || list.Count(Error) != 1 {
		t.Error("wrong counts")
	}
}
