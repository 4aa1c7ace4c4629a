package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadme holds the README of the module against the module.
func TestReadme(t *testing.T) {
	var stderr bytes.Buffer
	if code := run([]string{"--check"}, "..", &stderr); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

const readme = "# Module\n\n<!-- inputs: begin, generated -->\nstale\n<!-- inputs: end -->\n\nText between.\n\n<!-- outputs: begin, generated -->\n<!-- outputs: end -->\n\nThe end.\n"

// module writes a module with one input in each file of groups.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	all := map[string]string{
		"README.md":              readme,
		"variables.tf":           "variable \"region\" {\n  description = \"Where.\"\n  type = string\n}\nvariable \"key\" {\n  description = \"A | <B>,\\n  and more.\"\n  type = map(string)\n  default = {}\n  sensitive = true\n}\n",
		"variables_releases.tf":  "variable \"versions\" {\n  description = \"Which.\"\n  type = object({\n    a = optional(string)\n    b   = list(number)\n  })\n  default = null\n}\n",
		"variables_events.tf":    "variable \"events\" {\n  description = \"Events.\"\n  type = list(string)\n  default = [\"a\"]\n}\n",
		"variables_channels.tf":  "variable \"channel\" {\n  description = \"Channel.\"\n  type = bool\n  default = true\n}\n",
		"variables_operation.tf": "variable \"size\" {\n  description = \"Size.\"\n  type = number\n  default = 60\n}\n",
		"outputs.tf":             "output \"second\" {\n  description = \"Comes first.\"\n  value = 1\n}\noutput \"first\" {\n  description = \"Comes second.\"\n  value = 1\n}\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

const rendered = "# Module\n\n<!-- inputs: begin, generated -->\n" + `
### Those of the TrailAlerts module

| input | type | default | |
|---|---|---|---|
| ` + "`region` | `string` | required | Where. |" + `
| ` + "`key` | `map(string)` | `{}` | A \\| \\<B>, and more. Sensitive. |" + `

### Releases

| input | type | default | |
|---|---|---|---|
| ` + "`versions` | `object({ a = optional(string), b = list(number) })` | `null` | Which. |" + `

### Files and events

| input | type | default | |
|---|---|---|---|
| ` + "`events` | `list(string)` | `[\"a\"]` | Events. |" + `

### Channels

| input | type | default | |
|---|---|---|---|
| ` + "`channel` | `bool` | `true` | Channel. |" + `

### Operation

| input | type | default | |
|---|---|---|---|
| ` + "`size` | `number` | `60` | Size. |" + `

<!-- inputs: end -->

Text between.

<!-- outputs: begin, generated -->

| output | |
|---|---|
| ` + "`second` | Comes first. |" + `
| ` + "`first` | Comes second. |" + `

<!-- outputs: end -->

The end.
`

func TestRun(t *testing.T) {
	directory := module(t, nil)
	read := func() string {
		text, err := os.ReadFile(filepath.Join(directory, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var stderr bytes.Buffer
	if code := run([]string{"--check"}, directory, &stderr); code != 1 || !strings.Contains(stderr.String(), "are not those of the module") {
		t.Errorf("a stale README: exit code %d, %q", code, stderr.String())
	}
	if diff := cmp.Diff(readme, read()); diff != "" {
		t.Errorf("--check wrote the README (-want +got):\n%s", diff)
	}
	if code := run(nil, directory, &stderr); code != 0 {
		t.Errorf("writing: exit code %d, %s", code, stderr.String())
	}
	if diff := cmp.Diff(rendered, read()); diff != "" {
		t.Errorf("README (-want +got):\n%s", diff)
	}
	if code := run([]string{"--check"}, directory, &stderr); code != 0 {
		t.Errorf("a fresh README: exit code %d", code)
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		want  string
	}{
		{"a README without a place for inputs", map[string]string{"README.md": "# Module\n"}, nil, `there is no line "<!-- inputs: begin, generated -->"`},
		{"a place without an end", map[string]string{"README.md": "<!-- inputs: begin, generated -->\n"}, nil, `there is no line "<!-- inputs: end -->" behind`},
		{"an input in a file of no group", map[string]string{"variables_more.tf": "variable \"more\" {}\n"}, nil, "variables_more.tf declares inputs, and is in no group"},
		{"a group without an input", map[string]string{"variables_events.tf": "\n"}, nil, "variables_events.tf declares no input"},
		{"a module that is none", map[string]string{"variables.tf": "variable {\n"}, nil, "read the module: "},
		{"an argument", nil, []string{"README.md"}, "usage: tables [--check]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stderr bytes.Buffer
			if code := run(test.args, module(t, test.files), &stderr); code != 3 || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("exit code %d, want 3; %q does not contain %q", code, stderr.String(), test.want)
			}
		})
	}
}
