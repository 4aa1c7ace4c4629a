// Package scaffold holds the files of a repository of rules as it begins.
package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"

	"github.com/trailalerts/trailalerts/deploy/github"
)

// The files are here as they are written, but for their endings: .txt keeps Go
// files from being a part of this module, .tmpl marks templates of a Repository.
//
//go:embed all:files
var files embed.FS

// ownRules is the package of rules that the mains import as they stand here; in a
// repository of rules they import its own.
const ownRules = "github.com/trailalerts/trailalerts/generated"

// A Repository is a repository of rules.
type Repository struct {
	Module string // the path of its Go module
	Ref    string // the revision of the Terraform module, as git knows it
}

// Name is the last element of the module's path.
func (r Repository) Name() string { return path.Base(r.Module) }

// A File is a file of the repository. Name is slash-separated.
type File struct {
	Name    string
	Content []byte
}

// Files returns what a repository begins with, but for what depends on the version
// of trailalerts or follows from the rules: go.mod, go.sum, generated/.
func (r Repository) Files() ([]File, error) {
	var all []File
	for _, tree := range []struct {
		fs.FS
		place func(name string) string
	}{
		{files, func(name string) string { return strings.TrimPrefix(name, "files/") }},
		{github.Files, workflowPlace},
	} {
		err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			f, err := r.render(File{tree.place(name), text})
			all = append(all, f)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read scaffold: %w", err)
		}
	}
	return all, nil
}

// workflowPlace says where a file of deploy/github lies in a repository of rules.
func workflowPlace(name string) string {
	switch name {
	case "goreleaser.yaml":
		return ".goreleaser.yaml"
	case "README.md":
		return ".github/WORKFLOWS.md" // a README.md there would be shown in place of the repository's
	default:
		return ".github/" + name
	}
}

func (r Repository) render(f File) (File, error) {
	if name, is := strings.CutSuffix(f.Name, ".txt"); is {
		return File{name, bytes.ReplaceAll(f.Content, []byte(ownRules), []byte(r.Module+"/generated"))}, nil
	}
	name, is := strings.CutSuffix(f.Name, ".tmpl")
	if !is {
		return f, nil
	}
	t, err := template.New(f.Name).Option("missingkey=error").Parse(string(f.Content))
	if err != nil {
		return File{}, fmt.Errorf("read template: %w", err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, r); err != nil {
		return File{}, fmt.Errorf("fill template: %w", err)
	}
	return File{name, text.Bytes()}, nil
}
