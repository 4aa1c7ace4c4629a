#!/usr/bin/env bash
# Writes what live and shadow alerted on into the summary of the workflow run. A
# difference is for people to judge, and no failure: it is mostly what a release is
# made for.
# usage: LIVE_TABLE=name SHADOW_TABLE=name SINCE=24h compare.sh TRAILALERTS
set -euo pipefail

code=0
text=$("$1" compare "dynamodb:$LIVE_TABLE" "dynamodb:$SHADOW_TABLE" --since "$SINCE") || code=$?

verdict="live and shadow alerted on the same"
if [[ $code -eq 1 ]]; then
  verdict="live and shadow alerted differently"
elif [[ $code -ne 0 ]]; then
  verdict="could not be compared"
fi

# Lines are indented, which makes them a block of code: the text holds values that
# anybody with an account can choose.
{
  echo "## The last $SINCE: $verdict"
  echo
  while IFS= read -r line; do
    printf '    %s\n' "$line"
  done <<< "$text"
} >> "${GITHUB_STEP_SUMMARY:-/dev/stdout}"
printf '%s\n' "$text"
if [[ $code -gt 1 ]]; then
  exit "$code"
fi
