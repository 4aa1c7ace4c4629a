package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Names inside a structured rules directory.
const (
	rulesFolder          = "sigma_rules"
	postprocessingFolder = "postprocessing_rules"
	testsSuffix          = "_tests.json"
)

// A File is the file of one rule.
type File struct {
	Key    string // the stem of its name, behind the prefix of its directory, if any
	Path   string // as diagnostics name it
	Source string // slash path relative to the rules directory
	Text   []byte
}

// A Directory is a rules directory: structured (with sigma_rules/ inside), or
// any directory that holds rule files, at any depth.
type Directory struct {
	FS         fs.FS
	Name       string // as given by the user; diagnostics prefix it to paths
	Prefix     string // put before every key, with an underscore, when not empty
	Structured bool
	Files      []File            // sorted by Source
	Tests      map[string]string // key of a rule -> Source of its tests
	refused    []string          // Sources, without their ending, of files that cannot name a rule
}

// Open lists a rules directory. What cannot be a rule's name is reported to
// list; an error is one of reading.
func Open(fsys fs.FS, name, prefix string, list *diag.List) (*Directory, error) {
	dir := &Directory{FS: fsys, Name: name, Prefix: prefix, Tests: map[string]string{}}
	start := "."
	if info, err := fs.Stat(fsys, rulesFolder); err == nil && info.IsDir() {
		dir.Structured = true
		start = rulesFolder
	}
	var tests []string
	err := fs.WalkDir(fsys, ".", func(source string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(source)
		if entry.IsDir() {
			if source != "." && strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
			return nil
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			if info, err := fs.Stat(fsys, source); err == nil && info.IsDir() {
				dir.ignored(source, "links to directories are not followed", list)
				return nil
			}
		}
		if start != "." && !strings.HasPrefix(source, start+"/") {
			dir.outside(source, list)
			return nil
		}
		switch ext := path.Ext(base); {
		case strings.EqualFold(ext, ".yml") || strings.EqualFold(ext, ".yaml"):
			text, err := fs.ReadFile(fsys, source)
			if err != nil {
				return err
			}
			dir.add(source, strings.TrimSuffix(base, ext), text, list)
		case strings.HasSuffix(base, testsSuffix):
			tests = append(tests, source)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rules directory %s: %w", name, err)
	}
	if len(dir.Files) == 0 && !list.HasErrors() {
		return nil, fmt.Errorf("rules directory %s holds no rules (*.yml)", name)
	}
	slices.SortFunc(dir.Files, func(a, b File) int { return strings.Compare(a.Source, b.Source) })
	dir.matchTests(tests, list)
	return dir, nil
}

// Reads reports whether what lies in a folder of a rules directory is read, whether or
// not the folder is there.
func Reads(fsys fs.FS, folder string) bool {
	for part := range strings.SplitSeq(folder, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	if info, err := fs.Stat(fsys, rulesFolder); err != nil || !info.IsDir() {
		return true // it is not structured
	}
	return strings.HasPrefix(folder, rulesFolder+"/") || folder == postprocessingFolder
}

// configuration lists what a structured directory may hold beside its rules.
var configuration = regexp.MustCompile(`^(exceptions?\.json|placeholders\.yml|postprocessing_rules/[^/]+\.json)$`)

// outside warns of a file beside sigma_rules/ that looks as if it were meant to
// be read. In postprocessing_rules/ that is any but a text for readers.
func (dir *Directory) outside(source string, list *diag.List) {
	ext := strings.ToLower(path.Ext(source))
	meant := ext == ".yml" || ext == ".yaml" || ext == ".json"
	if strings.HasPrefix(source, postprocessingFolder+"/") && ext != ".md" && !strings.HasPrefix(path.Base(source), ".") {
		meant = true
	}
	switch {
	case !meant || configuration.MatchString(source):
	case strings.HasPrefix(source, postprocessingFolder+"/"):
		dir.ignored(source, postprocessingFolder+"/ holds *.json, and no folders", list)
	default:
		dir.ignored(source, "rules are read from "+rulesFolder+"/, and this is no configuration file by its name", list)
	}
}

func (dir *Directory) ignored(source, why string, list *diag.List) {
	list.Warnf(diag.Span{Position: diag.Position{Path: dir.Path(source), Line: 1, Column: 1}}, "name/ignored", "move or rename it", "this is not read: %s", why)
}

// stemShape is what a rule's file may be called, without its ending: the name
// becomes a key, part of Go identifiers and of file names.
// A dot is not allowed, since Go takes what stands between the last underscore
// and the first dot of a file's name for an operating system.
var stemShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,149}$`)

// ValidStem reports whether a rule's file may be called so, without its ending.
func ValidStem(name string) bool { return stemShape.MatchString(name) }

func (dir *Directory) add(source, stem string, text []byte, list *diag.List) {
	display := dir.Path(source)
	if !ValidStem(stem) {
		list.Errorf(diag.Span{Position: diag.Position{Path: display, Line: 1, Column: 1}}, "name/characters", "rename it: at most 150 letters, digits, _ and -, beginning with a letter or digit", "the file name %q cannot name a rule", stem)
		dir.refused = append(dir.refused, strings.TrimSuffix(source, path.Ext(source)))
		return
	}
	key := stem
	if dir.Prefix != "" {
		key = dir.Prefix + "_" + stem
	}
	dir.Files = append(dir.Files, File{Key: key, Path: display, Source: source, Text: text})
}

// documentNumber is the number of a further document, in the name of its tests.
var documentNumber = regexp.MustCompile(`^([2-9]|[1-9][0-9]+)$`)

// FileOf returns the path of the file that holds the document of a key.
func (dir *Directory) FileOf(key string) string {
	name, _, _ := strings.Cut(key, "#")
	for _, file := range dir.Files {
		if file.Key == name {
			return file.Path
		}
	}
	return ""
}

// Path returns a file of the directory as diagnostics name it.
func (dir *Directory) Path(source string) string { return path.Join(dir.Name, source) }

// matchTests finds the rule of every *_tests.json: the file of the same stem
// beside it. Those of a further document are called <stem>#2_tests.json.
func (dir *Directory) matchTests(tests []string, list *diag.List) {
	byStem := map[string]File{}
	for _, file := range dir.Files {
		byStem[strings.TrimSuffix(file.Source, path.Ext(file.Source))] = file
	}
	for _, source := range tests {
		name, number, _ := strings.Cut(strings.TrimSuffix(source, testsSuffix), "#")
		file, ok := byStem[name]
		if strings.Contains(source, "#") && !documentNumber.MatchString(number) {
			ok = false
		}
		if !ok {
			if dir.Structured && !slices.Contains(dir.refused, strings.TrimSuffix(source, testsSuffix)) {
				list.Errorf(diag.Span{Position: diag.Position{Path: dir.Path(source), Line: 1, Column: 1}}, "tests/no-rule", "rename it with its rule, or delete it", "no rule of that name stands beside these tests")
			}
			continue
		}
		key := file.Key
		if number != "" {
			key += "#" + number
		}
		dir.Tests[key] = source
	}
}

// Keys reports keys that two files share, also when only the case of letters
// differs: file systems and readers confuse them.
func Keys(dirs []*Directory, list *diag.List) {
	first := map[string]File{}
	for _, dir := range dirs {
		for _, file := range dir.Files {
			folded := strings.ToLower(file.Key)
			other, taken := first[folded]
			if !taken {
				first[folded] = file
				continue
			}
			hint := "rename one of them"
			if len(dirs) > 1 {
				hint = "rename one of them, or give --prefix to put the directory's name before each"
			}
			message := "two rules are called %q: this one and that of %s"
			if other.Key != file.Key {
				message = "the name %q differs in case alone from that of %s"
			}
			list.Errorf(diag.Span{Position: diag.Position{Path: file.Path, Line: 1, Column: 1}}, "name/duplicate", hint, message, file.Key, other.Path)
		}
	}
}

// Unique reports ids and names that two rules share. A shared name is an error,
// since correlations refer by it; a shared id is one when ids decides so.
func Unique(rules []*Rule, ids diag.Severity, list *diag.List) {
	byID, byName := map[string]*Rule{}, map[string]*Rule{}
	for _, rule := range rules {
		if id := strings.ToLower(rule.ID.Value); id != "" {
			if other := byID[id]; other != nil {
				list.Add(diag.Diagnostic{
					Position: rule.ID.Span.Position, Length: rule.ID.Span.Length, Severity: ids, Code: "metadata/duplicate-id",
					Message: fmt.Sprintf("the id %s is that of %s, too", rule.ID.Value, other.Path), Hint: "make a new one with `uuidgen`",
				})
			} else {
				byID[id] = rule
			}
		}
		if name := rule.Name.Value; name != "" {
			if other := byName[name]; other != nil {
				list.Errorf(rule.Name.Span, "metadata/duplicate-name", "names are unique: rename one", "the name %q is that of %s, too", name, other.Path)
			} else {
				byName[name] = rule
			}
		}
	}
}

// ReadFile returns the text of a file of the directory, or nil when there is
// none of that name.
func (dir *Directory) ReadFile(source string) ([]byte, error) {
	text, err := fs.ReadFile(dir.FS, source)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir.Path(source), err)
	}
	return text, nil
}

// NormaliseLines returns text with LF line ends and without a byte order mark:
// what a rule's hash is taken of, so that a checkout on Windows has the same.
func NormaliseLines(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}

// Postprocessing lists the files of postprocessing_rules, sorted. Hidden ones are
// left out: editors leave them.
func (dir *Directory) Postprocessing() ([]string, error) {
	entries, err := fs.ReadDir(dir.FS, postprocessingFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir.Path(postprocessingFolder), err)
	}
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); !entry.IsDir() && strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".") {
			names = append(names, postprocessingFolder+"/"+name)
		}
	}
	return names, nil
}
