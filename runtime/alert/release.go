package alert

import "runtime/debug"

// module is the path of this module in build information.
const module = "github.com/trailalerts/trailalerts"

// ThisRelease returns what decides in this process: the version of trailalerts
// that is linked into it, the commit that its main module was built from, and
// the hash of its rules. What the build does not know is "".
func ThisRelease(rules string) Release {
	info, _ := debug.ReadBuildInfo()
	return releaseIn(info, rules)
}

func releaseIn(info *debug.BuildInfo, rules string) Release {
	r := Release{Rules: rules}
	if info == nil {
		return r
	}
	if info.Main.Path == module {
		r.Version = info.Main.Version
	}
	for _, dependency := range info.Deps { // rules that are kept elsewhere
		if dependency.Path == module {
			r.Version = dependency.Version
		}
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			r.Commit = setting.Value
		}
	}
	return r
}
