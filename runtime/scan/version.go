package scan

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/runtime"
)

const module = "github.com/trailalerts/trailalerts"

func versionCommand(set runtime.Ruleset, s streams) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the release and the rules of this binary",
		Example: "  trailalerts version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			if _, err := fmt.Fprintf(s.out, "trailalerts %s (%s)\n%s, %s, hash %s\n", release(info), goruntime.Version(), count(len(set.Rules), "rule"), count(len(set.Correlations), "correlation"), orNone(set.Hash)); err != nil {
				return &environmentError{fmt.Errorf("write the version: %w", err)}
			}
			return nil
		},
	}
}

// version returns the release for --version.
func version() string {
	info, _ := debug.ReadBuildInfo()
	return release(info)
}

// release returns the version and the commit of trailalerts in a binary, which
// is its main module or, with rules kept elsewhere, a dependency of it.
func release(info *debug.BuildInfo) string {
	if info == nil {
		return "of unknown version"
	}
	if info.Main.Path != module {
		for _, dependency := range info.Deps {
			if dependency.Path == module {
				return dependency.Version
			}
		}
		return "of unknown version"
	}
	version := orNone(info.Main.Version)
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			version += ", commit " + setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			version += ", modified"
		}
	}
	return version
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
