// Package sbom describes which modules programs were built from, as a CycloneDX
// document. All of it is read from the programs themselves, so that the same file
// gives the same document: it has no serial number and no time.
package sbom

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// maxProgram bounds what is read of one file in an archive, in bytes.
const maxProgram = 1 << 30

// Write writes the bill of materials of a file, by its name and content: a Go
// program, or a .zip, .tar.gz or .tgz that holds some. A file without any is an
// error.
func Write(w io.Writer, name string, content []byte) error {
	files, err := unpack(name, content)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	document := newDocument(path.Base(name), content)
	for _, file := range files {
		info, err := buildinfo.Read(bytes.NewReader(file.content))
		if err != nil {
			continue // a licence, or any other file that is no Go program
		}
		document.add(file, info)
	}
	if len(document.programs) == 0 {
		return fmt.Errorf("read %s: there is no Go program in it", name)
	}
	encoder := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true)
	if err := encoder.EncodeVersion(document.bom(), cyclonedx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write bill of materials of %s: %w", name, err)
	}
	return nil
}

// file is a file of an archive, or the only one.
type file struct {
	name    string
	content []byte
}

func unpack(name string, content []byte) ([]file, error) {
	switch {
	case strings.HasSuffix(name, ".zip"):
		return unzip(content)
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		return untar(content)
	default:
		return []file{{path.Base(name), content}}, nil
	}
}

func unzip(content []byte) ([]file, error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	var files []file
	for _, entry := range archive.File {
		r, err := entry.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name, err)
		}
		text, err := readBounded(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name, err)
		}
		files = append(files, file{entry.Name, text})
	}
	return files, nil
}

func untar(content []byte) ([]file, error) {
	inflated, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(inflated)
	var files []file
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := readBounded(archive)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
		files = append(files, file{header.Name, text})
	}
}

func readBounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxProgram+1))
	if err == nil && len(text) > maxProgram {
		err = fmt.Errorf("larger than %d bytes", maxProgram)
	}
	return text, err
}

// document is a bill of materials in the making.
type document struct {
	root     cyclonedx.Component
	programs []cyclonedx.Component
	modules  map[string]cyclonedx.Component // by reference
	uses     map[string][]string            // references that a program depends on
}

func newDocument(name string, content []byte) *document {
	return &document{
		root: cyclonedx.Component{
			BOMRef: "file:" + name, Type: cyclonedx.ComponentTypeFile, Name: name, Hashes: hashes(content),
		},
		modules: map[string]cyclonedx.Component{},
		uses:    map[string][]string{},
	}
}

// add adds a program and what is linked into it.
func (d *document) add(f file, info *debug.BuildInfo) {
	program := cyclonedx.Component{
		BOMRef: "program:" + f.name, Type: cyclonedx.ComponentTypeApplication, Name: f.name,
		Version: info.Main.Version, Description: info.Path, PackageURL: packageURL(info.Main.Path, info.Main.Version),
		Hashes: hashes(f.content), Properties: settings(info),
	}
	d.programs = append(d.programs, program)
	version, _, _ := strings.Cut(strings.TrimPrefix(info.GoVersion, "go"), " ")
	d.use(program.BOMRef, cyclonedx.Component{
		Type: cyclonedx.ComponentTypeLibrary, Name: "stdlib", Version: version,
		Description: "the standard library of Go", PackageURL: packageURL("stdlib", version),
	})
	for _, m := range info.Deps {
		if m.Replace != nil && m.Replace.Version != "" {
			m = m.Replace // not a directory, whose path is nobody's business
		}
		component := cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: packageURL(m.Path, m.Version)}
		if m.Sum != "" {
			component.Properties = &[]cyclonedx.Property{{Name: "go:sum", Value: m.Sum}}
		}
		d.use(program.BOMRef, component)
	}
}

func (d *document) use(program string, c cyclonedx.Component) {
	c.BOMRef = c.PackageURL
	d.modules[c.BOMRef] = c
	d.uses[program] = append(d.uses[program], c.BOMRef)
}

// settings are how the program was built, as far as they change what it does or
// say where its sources are.
func settings(info *debug.BuildInfo) *[]cyclonedx.Property {
	properties := []cyclonedx.Property{{Name: "go:version", Value: info.GoVersion}}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS", "GOARCH", "CGO_ENABLED", "-tags", "vcs.revision", "vcs.modified":
			properties = append(properties, cyclonedx.Property{Name: "go:" + strings.TrimPrefix(s.Key, "-"), Value: s.Value})
		}
	}
	return &properties
}

func (d *document) bom() *cyclonedx.BOM {
	components := slices.Clone(d.programs)
	dependencies := []cyclonedx.Dependency{{Ref: d.root.BOMRef, Dependencies: references(d.programs)}}
	for _, p := range d.programs {
		uses := slices.Sorted(slices.Values(d.uses[p.BOMRef]))
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: p.BOMRef, Dependencies: &uses})
	}
	for _, m := range d.modules {
		components = append(components, m)
	}
	// The programs stay in front, in the order of the archive.
	slices.SortFunc(components[len(d.programs):], func(a, b cyclonedx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Component: &d.root}
	bom.Components = &components
	bom.Dependencies = &dependencies
	return bom
}

func references(components []cyclonedx.Component) *[]string {
	var refs []string
	for _, c := range components {
		refs = append(refs, c.BOMRef)
	}
	return &refs
}

func hashes(content []byte) *[]cyclonedx.Hash {
	sum := sha256.Sum256(content)
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
}

// packageURL names a module as scanners for vulnerabilities look it up.
func packageURL(module, version string) string {
	url := "pkg:golang/" + module
	if version == "" || version == "(devel)" {
		return url
	}
	return url + "@" + strings.ReplaceAll(version, "+", "%2B")
}
