# What the inputs of variables_channels.tf refuse. Each case differs in one point from a
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

run "a_signing_key_without_a_webhook" {
  command         = plan
  expect_failures = [var.webhook_signing_key_secret_arn]

  variables {
    webhook_signing_key_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf"
  }
}

run "slack_webhook_url_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.slack_webhook_url_secret_arn]

  variables {
    slack_webhook_url_secret_arn = "a-name"
  }
}

run "teams_webhook_url_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.teams_webhook_url_secret_arn]

  variables {
    teams_webhook_url_secret_arn = "a-name"
  }
}

run "pagerduty_routing_key_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.pagerduty_routing_key_secret_arn]

  variables {
    pagerduty_routing_key_secret_arn = "a-name"
  }
}

run "webhook_signing_key_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.webhook_signing_key_secret_arn]

  variables {
    webhook_url                    = "https://alerts.example.com"
    webhook_signing_key_secret_arn = "a-name"
  }
}

run "copies_without_ses" {
  command         = plan
  expect_failures = [var.email_cc]

  variables {
    email_cc = ["soc@example.com"]
  }
}

run "blind_copies_without_ses" {
  command         = plan
  expect_failures = [var.email_bcc]

  variables {
    email_bcc = ["soc@example.com"]
  }
}

run "a_configuration_set_without_ses" {
  command         = plan
  expect_failures = [var.ses_configuration_set]

  variables {
    ses_configuration_set = "alerts"
  }
}

run "a_network_that_is_none" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_url              = "https://alerts.example.com"
    webhook_allowed_networks = ["10.20.0.0"]
  }
}

run "a_network_with_bits_behind_it" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_url              = "https://alerts.example.com"
    webhook_allowed_networks = ["10.20.0.1/16"]
  }
}

run "all_networks" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_url              = "https://alerts.example.com"
    webhook_allowed_networks = ["0.0.0.0/0"]
  }
}

run "networks_without_a_webhook" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_allowed_networks = ["10.20.0.0/16"]
  }
}

run "a_copy_to_no_address" {
  command         = plan
  expect_failures = [var.email_cc]

  variables {
    source_email = "alerts@example.com"
    email_cc     = ["SOC <soc@example.com>"]
  }
}

run "a_blind_copy_to_no_address" {
  command         = plan
  expect_failures = [var.email_bcc]

  variables {
    source_email = "alerts@example.com"
    email_bcc    = ["soc"]
  }
}

run "pagerduty_without_a_key" {
  command         = plan
  expect_failures = [var.pagerduty_events_url]

  variables {
    pagerduty_events_url = "https://events.eu.pagerduty.com/v2/enqueue"
  }
}

run "a_bus_that_is_none" {
  command         = plan
  expect_failures = [var.event_bus_name]

  variables {
    event_bus_name = "arn:aws:sns:eu-west-1:111122223333:topic"
  }
}

run "an_alias_of_no_account" {
  command         = plan
  expect_failures = [var.account_aliases]

  variables {
    account_aliases = { production = "111122223333" }
  }
}

run "an_alias_for_the_secrets" {
  command         = plan
  expect_failures = [var.secrets_kms_key_arns]

  variables {
    secrets_kms_key_arns = ["alias/mine"]
  }
}
