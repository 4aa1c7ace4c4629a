# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

resource "aws_s3_bucket" "trailalerts_rules_bucket" {
  bucket = "trailalerts-rules-111122223333"
}

resource "aws_s3_object" "sigma_rules_folder" {
  bucket = aws_s3_bucket.trailalerts_rules_bucket.id
  key    = "sigma_rules/"
}

resource "aws_s3_object" "postprocessing_rules_folder" {
  bucket = aws_s3_bucket.trailalerts_rules_bucket.id
  key    = "postprocessing_rules/"
}
