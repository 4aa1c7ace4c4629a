package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

// TestContract holds the inputs and outputs that configurations for the
// TrailAlerts module use: name, type, default ("" is a required input). A change
// here breaks those configurations.
func TestContract(t *testing.T) {
	inputs := map[string][2]string{
		"aws_region":                           {"string", ""},
		"email_endpoint":                       {"string", ""},
		"cloudtrail_log_filter_prefix":         {"string", `null`},
		"cloudwatch_logs_retention_days":       {"number", `30`},
		"correlation_enabled":                  {"bool", `false`},
		"create_cloudtrail":                    {"bool", `true`},
		"enable_sns":                           {"bool", `true`},
		"environment":                          {"string", `"dev"`},
		"existing_cloudtrail_bucket_name":      {"string", `""`},
		"existing_cloudtrail_logs_kms_key_arn": {"string", `""`},
		"include_global_service_events":        {"bool", `true`},
		"is_multi_region_trail":                {"bool", `true`},
		"min_notification_severity":            {"string", `"medium"`},
		"notification_cooldown_minutes":        {"number", `60`},
		"project":                              {"string", `"TrailAlerts"`},
		"ses_identities":                       {"list(string)", `[]`},
		"sns_kms_master_key_id":                {"string", `null`},
		"source_email":                         {"string", `""`},
		"sqs_kms_master_key_id":                {"string", `null`},
		"vpnapi_key":                           {"string", `""`},
		"vpnapi_key_secret_arn":                {"string", `""`},
		"webhook_headers":                      {"map(string)", `{}`},
		"webhook_headers_secret_arn":           {"string", `""`},
		"webhook_url":                          {"string", `""`},
		"webhook_url_secret_arn":               {"string", `""`},
	}
	module, diagnostics := tfconfig.LoadModule("..")
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics.Err())
	}
	got := map[string][2]string{}
	for name := range inputs {
		v := module.Variables[name]
		if v == nil {
			continue
		}
		standard := ""
		if !v.Required {
			text, err := json.Marshal(v.Default)
			if err != nil {
				t.Fatal(err)
			}
			standard = string(text)
		}
		got[name] = [2]string{v.Type, standard}
	}
	if diff := cmp.Diff(inputs, got); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
	for _, name := range []string{"trailalerts_cloudtrail_analyzer_log_group_arn", "trailalerts_event_processor_log_group_arn"} {
		if module.Outputs[name] == nil {
			t.Errorf("there is no output %s", name)
		}
	}
}

// TestRequired holds that only three inputs have to be given: those of the
// TrailAlerts module, and the release.
func TestRequired(t *testing.T) {
	module, diagnostics := tfconfig.LoadModule("..")
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics.Err())
	}
	got := map[string]bool{}
	for _, v := range module.Variables {
		if v.Required {
			got[v.Name] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"aws_region": true, "email_endpoint": true, "release_version": true}, got); diff != "" {
		t.Errorf("required inputs (-want +got):\n%s", diff)
	}
}

// TestSensitive holds that no plan prints what may be a secret, and that secrets
// have an input for an ARN.
func TestSensitive(t *testing.T) {
	module, diagnostics := tfconfig.LoadModule("..")
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics.Err())
	}
	for _, name := range []string{"vpnapi_key", "webhook_url", "webhook_headers"} {
		if v := module.Variables[name]; v == nil || !v.Sensitive {
			t.Errorf("%s is not sensitive", name)
		}
		if module.Variables[name+"_secret_arn"] == nil {
			t.Errorf("there is no input %s_secret_arn", name)
		}
	}
}

// TestOnlyAWS holds that a user installs one provider.
func TestOnlyAWS(t *testing.T) {
	module, diagnostics := tfconfig.LoadModule("..")
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics.Err())
	}
	got := map[string]string{}
	for name, requirement := range module.RequiredProviders {
		got[name] = requirement.Source
	}
	if diff := cmp.Diff(map[string]string{"aws": "hashicorp/aws"}, got); diff != "" {
		t.Errorf("providers (-want +got):\n%s", diff)
	}
}
