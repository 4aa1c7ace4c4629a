package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// readRevision returns a directory as it is in a revision of the repository around the
// working directory, from which its path counts. It is read as git stores it: no filter,
// no attribute changes it, and the checkout is left alone. tree is nil when the revision
// has none of that name, or nothing in it. submodules are the folders, where rules are
// read, of which git holds a commit of another repository alone.
func readRevision(ctx context.Context, revision, dir string) (tree fs.FS, submodules []string, err error) {
	if _, err := git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{tree}"); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, nil, err
		}
		if _, err := git(ctx, nil, "rev-parse", "--git-dir"); err != nil {
			return nil, nil, fmt.Errorf("%s is no directory, and there is no git repository here in which it could be a revision: %w", revision, err)
		}
		return nil, nil, fmt.Errorf("%s is neither a directory nor a revision of the git repository here", revision)
	}
	inside, err := inRepository(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	name := revision + "^{tree}"
	if inside != "." {
		name = revision + ":" + inside
	}
	object, err := git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
	if err != nil {
		return nil, nil, nil //nolint:nilerr // the revision is there, so that this is not in it
	}
	id := strings.TrimSpace(string(object))
	switch kind, err := git(ctx, nil, "cat-file", "-t", id); {
	case err != nil || strings.TrimSpace(string(kind)) == "commit": // of another repository
		return nil, nil, fmt.Errorf("%s is a submodule in %s, which git does not hold here: check both revisions out and compare directories", dir, revision)
	case strings.TrimSpace(string(kind)) == "blob":
		return nil, nil, fmt.Errorf("%s is a file in %s; name the directory that holds it", dir, revision)
	}
	files, submodules, err := listTree(ctx, id)
	if err != nil || len(files) == 0 {
		return nil, submodules, err
	}
	return files, submodules, readBlobs(ctx, files)
}

// revisionNamed returns what else a name stands for that is a directory's, written so
// that it is no directory: a reference in full or a commit. It is "" where there is no
// such revision, or no git repository.
func revisionNamed(ctx context.Context, name string) string {
	if _, err := git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{tree}"); err != nil {
		return ""
	}
	object, err := git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
	if err != nil {
		return ""
	}
	full, err := git(ctx, nil, "rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", name)
	if full := strings.TrimSpace(string(full)); err == nil && full != "" {
		return full
	}
	return strings.TrimSpace(string(object)) + "^{}" // no directory is called so
}

// inRepository returns the path of a directory in the repository, with slashes.
func inRepository(ctx context.Context, dir string) (string, error) {
	if filepath.IsAbs(dir) {
		here, err := filepath.Abs(".")
		if err != nil {
			return "", fmt.Errorf("find directory: %w", err)
		}
		if dir, err = filepath.Rel(here, dir); err != nil {
			return "", fmt.Errorf("find directory: %w", err)
		}
	}
	prefix, err := git(ctx, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return "", err
	}
	inside := path.Join(strings.TrimSuffix(string(prefix), "\n"), filepath.ToSlash(dir))
	if inside == ".." || strings.HasPrefix(inside, "../") {
		return "", fmt.Errorf("%s lies outside of the repository: compare directories instead", dir)
	}
	return path.Clean(inside), nil
}

// listTree returns the files of a tree, in whose place their objects stand. A submodule
// is as a directory that is not there; those that lie where rules are read are returned.
func listTree(ctx context.Context, tree string) (files fstest.MapFS, submodules []string, err error) {
	text, err := git(ctx, nil, "ls-tree", "-r", "-z", "--full-tree", tree)
	if err != nil {
		return nil, nil, err
	}
	files = fstest.MapFS{}
	for entry := range strings.SplitSeq(string(text), "\x00") {
		if entry == "" {
			continue
		}
		about, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(about) // mode, type, object
		if len(fields) != 3 {
			return nil, nil, fmt.Errorf("git ls-tree: cannot read %q", entry)
		}
		mode := fs.FileMode(0o644)
		switch fields[0] {
		case "120000":
			mode |= fs.ModeSymlink
		case "160000":
			submodules = append(submodules, name)
			continue
		}
		files[name] = &fstest.MapFile{Mode: mode, Data: []byte(fields[2])}
	}
	return files, slices.DeleteFunc(submodules, func(name string) bool { return !sigma.Reads(files, name) }), nil
}

// readBlobs puts the contents of files in the place of their objects.
func readBlobs(ctx context.Context, files fstest.MapFS) error {
	var wanted bytes.Buffer
	var order []*fstest.MapFile
	for _, file := range files {
		fmt.Fprintf(&wanted, "%s\n", file.Data)
		order = append(order, file)
	}
	text, err := git(ctx, &wanted, "cat-file", "--batch")
	if err != nil {
		return err
	}
	blobs := bufio.NewReader(bytes.NewReader(text))
	for _, file := range order {
		var object, kind string
		var size int
		if _, err := fmt.Fscanf(blobs, "%s %s %d\n", &object, &kind, &size); err != nil || kind != "blob" || object != string(file.Data) {
			return fmt.Errorf("git cat-file: no contents of the object %s", file.Data)
		}
		file.Data = make([]byte, size)
		if _, err := io.ReadFull(blobs, file.Data); err != nil {
			return fmt.Errorf("git cat-file: %w", err)
		}
		if _, err := blobs.ReadByte(); err != nil { // the end of the line
			return fmt.Errorf("git cat-file: %w", err)
		}
	}
	return nil
}

// git runs git and returns what it prints.
func git(ctx context.Context, stdin io.Reader, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "git", arguments...)
	var stderr bytes.Buffer
	command.Stdin, command.Stderr = stdin, &stderr
	text, err := command.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("git is not installed: compare directories instead: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w\n%s", arguments[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return text, nil
}
