// Command go-sigma-rule-engine tries Sigma rules on CloudTrail delivery files with
// go-sigma-rule-engine.
package main

import (
	"errors"
	"strings"

	"peers/delivery"

	"github.com/markuskont/go-sigma-rule-engine"
)

// event is a decoded record.
type event map[string]any

// Keywords says that no field is free text.
func (event) Keywords() ([]string, bool) { return nil, false }

// Select returns the member of that name, or the one that a dotted path leads to.
func (e event) Select(path string) (any, bool) {
	object := map[string]any(e)
	for {
		if value, found := object[path]; found {
			return value, true
		}
		name, rest, dotted := strings.Cut(path, ".")
		inner, ok := object[name].(map[string]any)
		if !dotted || !ok {
			return nil, false
		}
		object, path = inner, rest
	}
}

type rule struct{ *sigma.Tree }

func (r rule) Matches(e event) (bool, error) {
	_, matches := r.Eval(e)
	return matches, nil
}

func main() {
	delivery.Drive(func(path string) (delivery.Rule[event], error) {
		const skip, keepWhiteSpace = false, false
		handles, err := sigma.NewRuleList([]string{path}, skip, keepWhiteSpace)
		if err != nil {
			return nil, err
		}
		if handles[0].Multipart {
			return nil, errors.New("taken for several documents, which the engine leaves out")
		}
		tree, err := sigma.NewTree(handles[0])
		return rule{tree}, err
	}, func(record map[string]any) event { return record })
}
