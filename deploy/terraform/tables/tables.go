package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

// groups are the files that declare inputs, in the order of the README, each with
// what its inputs are about.
var groups = []struct{ file, title string }{
	{"variables.tf", "Those of the TrailAlerts module"},
	{"variables_releases.tf", "Releases"},
	{"variables_events.tf", "Files and events"},
	{"variables_channels.tf", "Channels"},
	{"variables_operation.tf", "Operation"},
}

// render returns the README with its tables replaced. The error names what cannot
// be placed: a marker that is missing, an input of a file that is in no group.
func render(readme string, module *tfconfig.Module) (string, error) {
	inputs, err := inputTables(module)
	if err != nil {
		return "", err
	}
	readme, err = replace(readme, "inputs", inputs)
	if err != nil {
		return "", err
	}
	return replace(readme, "outputs", outputTable(module))
}

// replace puts text between the two markers of a name.
func replace(readme, name, text string) (string, error) {
	begin, end := "<!-- "+name+": begin, generated -->\n", "<!-- "+name+": end -->\n"
	head, rest, ok := strings.Cut(readme, begin)
	if !ok {
		return "", fmt.Errorf("there is no line %q", strings.TrimSpace(begin))
	}
	_, tail, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("there is no line %q behind %q", strings.TrimSpace(end), strings.TrimSpace(begin))
	}
	return head + begin + text + end + tail, nil
}

func inputTables(module *tfconfig.Module) (string, error) {
	byFile := map[string][]*tfconfig.Variable{}
	for _, v := range module.Variables {
		file := filepath.Base(v.Pos.Filename)
		byFile[file] = append(byFile[file], v)
	}
	var b strings.Builder
	for _, group := range groups {
		variables := byFile[group.file]
		delete(byFile, group.file)
		if len(variables) == 0 {
			return "", fmt.Errorf("%s declares no input", group.file)
		}
		slices.SortFunc(variables, func(a, b *tfconfig.Variable) int { return cmp.Compare(a.Pos.Line, b.Pos.Line) })
		fmt.Fprintf(&b, "\n### %s\n\n| input | type | default | |\n|---|---|---|---|\n", group.title)
		for _, v := range variables {
			standard, err := defaultText(v)
			if err != nil {
				return "", err
			}
			sensitive := ""
			if v.Sensitive {
				sensitive = " Sensitive."
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s%s |\n", v.Name, oneLine(v.Type), standard, cell(v.Description), sensitive)
		}
	}
	for file := range byFile {
		return "", fmt.Errorf("%s declares inputs, and is in no group of tables.go", file)
	}
	b.WriteString("\n")
	return b.String(), nil
}

func outputTable(module *tfconfig.Module) string {
	outputs := make([]*tfconfig.Output, 0, len(module.Outputs))
	for _, o := range module.Outputs {
		outputs = append(outputs, o)
	}
	slices.SortFunc(outputs, func(a, b *tfconfig.Output) int { return cmp.Compare(a.Pos.Line, b.Pos.Line) })
	var b strings.Builder
	b.WriteString("\n| output | |\n|---|---|\n")
	for _, o := range outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", o.Name, cell(o.Description))
	}
	b.WriteString("\n")
	return b.String()
}

// defaultText is the default of an input as a cell.
func defaultText(v *tfconfig.Variable) (string, error) {
	if v.Required {
		return "required", nil
	}
	text, err := json.Marshal(v.Default)
	if err != nil {
		return "", fmt.Errorf("default of %s: %w", v.Name, err)
	}
	return "`" + string(text) + "`", nil
}

// oneLine writes a type that was declared over several lines in one.
func oneLine(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		switch before := b.String(); {
		case before == "" || line == "":
		case strings.HasSuffix(before, "{") || strings.HasPrefix(line, "}"):
			b.WriteString(" ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// cell escapes what would end a cell of a table, or begin HTML or a link.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`).Replace(strings.Join(strings.Fields(text), " "))
}
