// Package github holds the workflows and scripts that a repository of rules copies,
// as files: sigmagen init writes them.
package github

import "embed"

// Files holds workflows/, scripts/, goreleaser.yaml and README.md.
//
//go:embed workflows scripts goreleaser.yaml README.md
var Files embed.FS
