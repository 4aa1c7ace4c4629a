# What the inputs of variables_releases.tf refuse. Each case differs in one point from a
# configuration that defaults.tftest.hcl applies.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "a_version_with_a_v" {
  command         = plan
  expect_failures = [var.release_version]

  variables {
    release_version = "v1.4.0"
  }
}

run "a_version_that_is_a_path" {
  command         = plan
  expect_failures = [var.release_version]

  variables {
    release_version = "../1.4.0"
  }
}

run "a_checksum_that_is_none" {
  command         = plan
  expect_failures = [var.analyzer_zip_sha256]

  variables {
    analyzer_zip_sha256 = "JrLbGx2762s1+Igfwjv5cltBE4qXbSrqEwRHh99kkqw="
  }
}

run "a_checksum_that_is_none_either" {
  command         = plan
  expect_failures = [var.processor_zip_sha256]

  variables {
    processor_zip_sha256 = "abc"
  }
}

run "a_live_version_that_is_none" {
  command         = plan
  expect_failures = [var.live_versions]

  variables {
    live_versions = { analyzer = "$LATEST" }
  }
}

run "a_live_version_that_a_workflow_decides_on" {
  command         = plan
  expect_failures = [var.live_versions]

  variables {
    live_versions         = { analyzer = "7" }
    live_alias_managed_by = "workflow"
  }
}

run "an_owner_that_is_none" {
  command         = plan
  expect_failures = [var.live_alias_managed_by]

  variables {
    live_alias_managed_by = "me"
  }
}

run "a_shadow_version_that_is_none" {
  command         = plan
  expect_failures = [var.shadow_versions]

  variables {
    shadow_enabled  = true
    shadow_versions = { analyzer = "live" }
  }
}

run "a_shadow_version_without_shadow" {
  command         = plan
  expect_failures = [var.shadow_versions]

  variables {
    shadow_versions = { analyzer = "7" }
  }
}

run "a_kept_secret_that_is_none" {
  command         = plan
  expect_failures = [var.kept_for_other_versions]

  variables {
    kept_for_other_versions = { secret_arns = ["webhook"] }
  }
}

run "all_secrets_kept" {
  command         = plan
  expect_failures = [var.kept_for_other_versions]

  variables {
    kept_for_other_versions = { secret_arns = ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:*"] }
  }
}

run "an_alias_kept_for_the_secrets" {
  command         = plan
  expect_failures = [var.kept_for_other_versions]

  variables {
    kept_for_other_versions = { secrets_kms_key_arns = ["alias/mine"] }
  }
}

run "a_kept_sender_with_a_name" {
  command         = plan
  expect_failures = [var.kept_for_other_versions]

  variables {
    kept_for_other_versions = { ses_identities = ["TrailAlerts <alerts@example.com>"] }
  }
}

run "all_configuration_sets_kept" {
  command         = plan
  expect_failures = [var.kept_for_other_versions]

  variables {
    kept_for_other_versions = { ses_configuration_sets = ["*"] }
  }
}

run "a_kept_bus_without_an_arn" {
  command         = plan
  expect_failures = [var.kept_for_other_versions]

  variables {
    kept_for_other_versions = { event_bus_arns = ["security"] }
  }
}

run "a_kept_timeout_that_lambda_does_not_know" {
  command         = plan
  expect_failures = [var.kept_for_other_versions]

  variables {
    kept_for_other_versions = { processor_timeout = 901 }
  }
}
