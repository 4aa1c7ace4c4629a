#!/usr/bin/env bash
# Writes a file as the one comment of a pull request that begins as the file does.
# usage: GH_TOKEN=... GITHUB_REPOSITORY=owner/name PULL_REQUEST=number comment.sh FILE
set -euo pipefail

file=$1
# It comes from a job that runs what the pull request brings, so that anything may
# be in it. More than a comment holds is no report.
text=$(< "$file")
if ((${#text} > 65536)); then
  echo "$file has ${#text} characters, and a comment holds 65536" >&2
  exit 3
fi
# The first line of a report is an HTML comment, which nobody sees.
IFS= read -r marker < "$file"
if [[ $marker != "<!-- sigmagen diff -->" ]]; then
  echo "$file is no report of sigmagen: its first line is not the marker" >&2
  exit 3
fi

# Only what this workflow wrote is rewritten: anybody can begin a comment so.
mine='.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("<!-- sigmagen diff -->"))) | .id'
comments=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --jq "$mine")
comment=${comments%%$'\n'*}

if [[ -n $comment ]]; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$comment" --field "body=@$file"
else
  gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --field "body=@$file"
fi
