package cloudtrail

import (
	"regexp"
	"strings"
)

// underAccount finds the folder below that of an account: CloudTrail writes to [prefix/]AWSLogs/[o-org/]account/folder/
// region/year/month/day/, and other services that log into the same bucket to folders of their own.
var underAccount = regexp.MustCompile(`(?:^|/)AWSLogs/(?:o-[a-z0-9]+/)?[0-9]{12}/([^/]+)/`)

// ForeignFolder returns the folder that tells from its path that a file holds no records: CloudTrail-Digest, or that
// of another service, as Config. It is "" for a file that may hold some: one in CloudTrail, CloudTrail-Insight,
// CloudTrail-NetworkActivity and the like, and one in no folder of this layout. Where the layout is in a path twice,
// as in a copy of a bucket below a prefix like it, the last counts.
func ForeignFolder(path string) string {
	start := strings.LastIndex(path, "AWSLogs/")
	if start > 0 {
		start-- // the slash before it
	}
	found := underAccount.FindStringSubmatch(path[max(0, start):])
	if found == nil || strings.HasPrefix(found[1], "CloudTrail") && found[1] != "CloudTrail-Digest" {
		return ""
	}
	return found[1]
}
