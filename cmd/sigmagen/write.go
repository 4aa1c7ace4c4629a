package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile writes a file of the user's, and makes its directory where that is
// missing. What stands there already is replaced whole or stays as it is, also when the
// disk is full. A link stays one: its target is written.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		// A terminal, a pipe or /dev/null takes what is written and cannot be replaced.
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write file: %w", err)
	}
	target, err := linkTarget(path)
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	// A new file would take the place of one that may not be written.
	if old, err := os.OpenFile(target, os.O_WRONLY, 0); err == nil {
		err = old.Close()
		if err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write file: %w", err)
	}
	if content == nil {
		content = []byte{} // nil would remove it
	}
	return apply(filepath.Dir(target), []change{{name: filepath.Base(target), content: content}})
}

// maxLinks is how many links may lead to a file, as on Linux.
const maxLinks = 40

// linkTarget returns the file that a path leads to through links. It need not exist.
func linkTarget(path string) (string, error) {
	for range maxLinks {
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // it is no link
		}
		if !filepath.IsAbs(link) {
			// ".." in a link counts from where its directory really lies.
			dir, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", err
			}
			link = filepath.Join(dir, link)
		}
		path = link
	}
	return "", fmt.Errorf("%s: more than %d links", path, maxLinks)
}

// apply writes and removes files of a directory. Every new file is first written
// beside its place, so that a full disk leaves the directory as it was; it has the
// mode of the one that it replaces.
func apply(dir string, changes []change) (err error) {
	if len(changes) == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	staging, err := os.MkdirTemp(dir, ".sigmagen-")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	for _, c := range changes {
		if c.content != nil {
			if err := stage(filepath.Join(staging, c.name), filepath.Join(dir, c.name), c.content); err != nil {
				return fmt.Errorf("write %s: %w", filepath.Join(dir, c.name), err)
			}
		}
	}
	for _, c := range changes {
		target := filepath.Join(dir, c.name)
		if c.content == nil {
			if err := os.Remove(target); err != nil {
				return fmt.Errorf("remove stale file: %w", err)
			}
			continue
		}
		if err := os.Rename(filepath.Join(staging, c.name), target); err != nil {
			return fmt.Errorf("write %s: %w", target, err)
		}
	}
	return nil
}

// stage writes a file that is to take the place of target, onto the disk: a rename may
// get there before what was written.
func stage(path, target string, content []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err := os.Stat(target); err == nil {
		if err := file.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
	}
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.Sync()
}
