package sbom

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// program returns a Go program: the test itself.
func program(t *testing.T) []byte {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

type component struct {
	Ref     string `json:"bom-ref"`
	Type    string
	Name    string
	Version string
	Purl    string
	Hashes  []struct{ Content string }
}

// bill is what the tests read of a bill of materials.
type bill struct {
	BomFormat    string
	SerialNumber string
	Metadata     struct {
		Timestamp string
		Component component
	}
	Components   []component
	Dependencies []struct {
		Ref       string
		DependsOn []string
	}
}

func write(t *testing.T, name string, content []byte) (bill, string) {
	t.Helper()
	var text bytes.Buffer
	if err := Write(&text, name, content); err != nil {
		t.Fatal(err)
	}
	var b bill
	if err := json.Unmarshal(text.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	return b, text.String()
}

func zipped(t *testing.T, names []string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		// Stored as it is: a test is a large program, and compressing it takes long.
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(compressed)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWrite holds that a bill names every module that Go says is linked in, in
// each kind of file.
func TestWrite(t *testing.T) {
	content := program(t)
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"stdlib"}
	for _, m := range info.Deps {
		want = append(want, m.Path)
	}
	slices.Sort(want)
	for _, c := range []struct {
		name, file string
		content    []byte
		programs   []string
	}{
		{"A program alone.", "dist/bootstrap", content, []string{"bootstrap"}},
		{"A zip of a function.", "dist/analyzer.zip", zipped(t, []string{"bootstrap"}, content), []string{"bootstrap"}},
		{"An archive of a program and its licence.", "trailalerts.tar.gz", tarred(t, map[string][]byte{"LICENSE": []byte("Apache"), "sigmagen": content}), []string{"sigmagen"}},
		{"Two programs share their modules.", "both.zip", zipped(t, []string{"one", "two"}, content), []string{"one", "two"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, text := write(t, c.file, c.content)
			if b.BomFormat != "CycloneDX" || b.SerialNumber != "" || b.Metadata.Timestamp != "" {
				t.Errorf("format %q, serial number %q, time %q", b.BomFormat, b.SerialNumber, b.Metadata.Timestamp)
			}
			var modules, programs []string
			refs := map[string]bool{b.Metadata.Component.Ref: true}
			for _, component := range b.Components {
				refs[component.Ref] = true
				switch component.Type {
				case "application":
					programs = append(programs, component.Name)
				case "library":
					modules = append(modules, component.Name)
					if !strings.HasPrefix(component.Purl, "pkg:golang/"+component.Name+"@") {
						t.Errorf("%s is %s for scanners", component.Name, component.Purl)
					}
				}
			}
			slices.Sort(modules)
			if !slices.Equal(want, modules) || !slices.Equal(c.programs, programs) {
				t.Errorf("modules %q, want %q; programs %q, want %q", modules, want, programs, c.programs)
			}
			if len(b.Dependencies) != len(c.programs)+1 {
				t.Errorf("%d have dependencies, want the file and its programs", len(b.Dependencies))
			}
			for _, d := range b.Dependencies {
				for _, ref := range append(d.DependsOn, d.Ref) {
					if !refs[ref] {
						t.Errorf("%s is a dependency, but no component", ref)
					}
				}
			}
			if _, again := write(t, c.file, c.content); again != text {
				t.Error("two bills of one file differ")
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct {
		name, file string
		content    []byte
		want       string
	}{
		{"No program.", "README.md", []byte("# Read me"), "read README.md: there is no Go program in it"},
		{"An archive without a program.", "a.zip", zipped(t, []string{"README.md"}, []byte("# Read me")), "read a.zip: there is no Go program in it"},
		{"No zip.", "a.zip", []byte("PK"), "read a.zip: zip: not a valid zip file"},
		{"A gzip that ends too early.", "a.tar.gz", tarred(t, map[string][]byte{"a": []byte("b")})[:20], "read a.tar.gz: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Write(&bytes.Buffer{}, c.file, c.content)
			if err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestReplacedModules holds that a module which is replaced by a directory is
// named by its path, and never by the directory.
func TestReplacedModules(t *testing.T) {
	d := newDocument("bootstrap", nil)
	d.add(file{name: "bootstrap"}, &debug.BuildInfo{Deps: []*debug.Module{
		{Path: "example.com/fork", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/ours", Version: "v1.2.0", Sum: "h1:x"}},
		{Path: "example.com/here", Version: "v0.0.0", Replace: &debug.Module{Path: "/home/mara/here"}},
	}})
	for _, ref := range []string{"pkg:golang/example.com/ours@v1.2.0", "pkg:golang/example.com/here@v0.0.0"} {
		if _, ok := d.modules[ref]; !ok {
			t.Errorf("no %s", ref)
		}
	}
	if len(d.modules) != 3 { // and the standard library
		t.Errorf("%d modules", len(d.modules))
	}
}
