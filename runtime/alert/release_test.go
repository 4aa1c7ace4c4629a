package alert

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRelease(t *testing.T) {
	commit := []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "0123abc"}}
	tests := []struct {
		name string
		info *debug.BuildInfo
		want Release
	}{
		{"a release is the main module", &debug.BuildInfo{Main: debug.Module{Path: module, Version: "v1.2.3"}, Settings: commit}, Release{Version: "v1.2.3", Commit: "0123abc", Rules: "hash"}},
		{"with rules kept elsewhere it is a dependency, and the commit is that of the rules",
			&debug.BuildInfo{Main: debug.Module{Path: "example.org/rules", Version: "(devel)"}, Deps: []*debug.Module{{Path: "example.org/x", Version: "v9"}, {Path: module, Version: "v1.2.3"}}, Settings: commit},
			Release{Version: "v1.2.3", Commit: "0123abc", Rules: "hash"}},
		{"a build without information says nothing", nil, Release{Rules: "hash"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, releaseIn(test.info, "hash")); diff != "" {
				t.Errorf("release (-want +got):\n%s", diff)
			}
		})
	}
}
