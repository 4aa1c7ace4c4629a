#!/usr/bin/env bash
# Writes what live and shadow alerted on, since shadow came to its version, into the
# summary of the workflow run. A difference is for people to judge, and no failure:
# it is mostly what a release is made for. No verdict is one, since the release has
# then not been tried; WITHOUT_VERDICT=true leaves that to people, too.
# usage: LIVE_TABLE=name SHADOW_TABLE=name DEPLOYED_AT=seconds
#        [WITHOUT_VERDICT=true] compare.sh TRAILALERTS
# DEPLOYED_AT is when shadow came to its version, in seconds since 1970.
set -euo pipefail

if [[ ! $DEPLOYED_AT =~ ^[0-9]+$ ]]; then
  echo "when did shadow come to its version? DEPLOYED_AT is \"$DEPLOYED_AT\"" >&2
  exit 2
fi
# What shadow alerted on before that is the work of another release.
since=$(($(date +%s) - DEPLOYED_AT))

code=0
text=$("$1" compare "dynamodb:$LIVE_TABLE" "dynamodb:$SHADOW_TABLE" --since "${since}s" --format markdown) || code=$?

case $code in
0) verdict="live and shadow alerted on the same" ;;
1) verdict="live and shadow alerted differently" ;;
3) verdict="no verdict" ;;
*) verdict="could not be compared" ;;
esac

{
  echo "## $((since / 3600)) h $((since % 3600 / 60)) min in the shadow of live: $verdict"
  echo
  if [[ $code -eq 3 ]]; then
    echo "This says nothing about the release: one side knows no finding of that time, the time is too short, or a table could not be read. The log of this job says which."
    if [[ ${WITHOUT_VERDICT:-} == true ]]; then
      echo "It was started with \`without_verdict\`, and can be promoted all the same."
    else
      echo "Run the failed jobs again when shadow has seen more, or start the workflow with \`without_verdict\`."
    fi
    echo
  fi
  # Markdown in which values that anybody with an account can choose are code.
  printf '%s\n' "$text"
} >> "${GITHUB_STEP_SUMMARY:-/dev/stdout}"
if [[ $code -eq 3 && ${WITHOUT_VERDICT:-} == true ]]; then
  exit 0
fi
if [[ $code -gt 1 ]]; then
  exit "$code"
fi
