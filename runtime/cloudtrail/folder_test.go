package cloudtrail

import "testing"

func TestForeignFolder(t *testing.T) {
	for path, want := range map[string]string{
		"AWSLogs/111122223333/CloudTrail/eu-west-1/2025/03/09/x.json.gz":          "",
		"AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/x.json.gz":             "",
		"p/AWSLogs/o-1a2b3c/111122223333/CloudTrail-NetworkActivity/x.json.gz":    "",
		"AWSLogs/111122223333/CloudTrail-Aggregated/x.json.gz":                    "",
		"AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2025/03/09/x.json.gz":   "CloudTrail-Digest",
		"p/q/AWSLogs/o-1a2b3c/111122223333/CloudTrail-Digest/eu-west-1/x.json.gz": "CloudTrail-Digest",
		"AWSLogs/111122223333/Config/eu-west-1/2025/3/9/ConfigHistory/x.json.gz":  "Config",
		"AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2025/03/09/x.log.gz": "elasticloadbalancing",
		"s3/logs/AWSLogs/111122223333/GuardDuty/eu-west-1/2025/03/09/x.jsonl.gz":  "GuardDuty",
		"CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/x.json.gz":             "",
		"MyAWSLogs/111122223333/Config/x.json.gz":                                 "",
		"AWSLogs/1/Config/x.json.gz":                                              "",
		"AWSLogs/111122223333/x.json.gz":                                          "",
		"AWSLogs/999988887777/archive/AWSLogs/111122223333/CloudTrail/x.json.gz":  "",
		"AWSLogs/999988887777/CloudTrail/AWSLogs/111122223333/Config/x.json.gz":   "Config",
		"archive/Config/x.json.gz":                                                "",
		"":                                                                        "",
	} {
		if got := ForeignFolder(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
