# A new trail of all regions, alerts by mail. Put the two zips and checksums.txt of
# a release into dist/ beside this file, then
#
#   terraform init
#   terraform apply -var email=security@example.com -var release=1.4.0
#
# and follow the link in the mail that SNS sends.

module "trailalerts" {
  source = "../.."

  aws_region      = var.region
  email_endpoint  = var.email
  release_version = var.release

  # A file that is not the one of the release is refused.
  analyzer_zip_sha256  = local.checksums["trailalerts-analyzer_${var.release}_linux_arm64.zip"]
  processor_zip_sha256 = local.checksums["trailalerts-processor_${var.release}_linux_arm64.zip"]
}

locals {
  # checksums.txt has a line "<sha256>  <file>" for each file of the release. Without
  # it the plan fails where a checksum is looked up.
  checksums_file = try(file("${path.root}/dist/checksums.txt"), "")
  checksums      = { for line in regexall("([0-9a-f]{64})  (\\S+)", local.checksums_file) : line[1] => line[0] }
}
