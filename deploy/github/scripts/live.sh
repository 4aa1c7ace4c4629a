#!/usr/bin/env bash
# Moves the alias live of both functions.
# usage: ANALYZER_FUNCTION=name PROCESSOR_FUNCTION=name live.sh promote VERSION
#        ... live.sh rollback [VERSION]
#
# promote points live to what shadow points to, which has to be of release VERSION,
# and notes in the alias what it was before. rollback goes back to that, or to the
# newest published version of release VERSION.
set -euo pipefail

fail() {
  echo "$*" >&2
  exit 1
}

command=$1 release=${2:-}
if [[ -n $release && ! $release =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  fail "\"$release\" is no version such as 1.4.0 (without v)"
fi

# alias_of FUNCTION ALIAS ATTRIBUTE
alias_of() {
  aws lambda get-alias --function-name "$1" --name "$2" --query "$3" --output text
}

# release_of FUNCTION VERSION: Terraform puts it behind the description of every
# version.
release_of() {
  local description
  description=$(aws lambda get-function-configuration --function-name "$1" --qualifier "$2" --query Description --output text)
  echo "${description##* }"
}

# move FUNCTION VERSION DESCRIPTION
move() {
  aws lambda update-alias --function-name "$1" --name live --function-version "$2" --description "$3" --output text --query AliasArn
}

# move_both FIRST ITS_VERSION SECOND ITS_VERSION NOTE: when the second cannot be
# moved, the first goes back, so that no two releases are live at once.
move_both() {
  local first=$1 to=$2 second=$3 its=$4 note=$5
  local was its_was before
  was=$(alias_of "$first" live FunctionVersion)
  its_was=$(alias_of "$second" live FunctionVersion)
  before=$(alias_of "$first" live Description)
  if [[ $was == "$to" && $its_was == "$its" ]]; then
    echo "live is there already: $first version $to, $second version $its"
    return
  fi
  move "$first" "$to" "${note//WAS/$was}"
  if ! move "$second" "$its" "${note//WAS/$its_was}"; then
    move "$first" "$was" "$before"
    fail "live of $second could not be moved; live of $first is back at version $was"
  fi
  echo "live: $first version $was -> $to, $second version $its_was -> $its"
}

case $command in
promote)
  [[ -n $release ]] || fail "promote which release?"
  # What was compared is what is promoted: shadow may have moved on since.
  for function in "$PROCESSOR_FUNCTION" "$ANALYZER_FUNCTION"; do
    behind=$(alias_of "$function" shadow FunctionVersion)
    found=$(release_of "$function" "$behind")
    [[ $found == "$release" ]] || fail "shadow of $function is release $found (version $behind), not $release"
    if [[ $function == "$PROCESSOR_FUNCTION" ]]; then processor=$behind; else analyzer=$behind; fi
  done
  # The processor first, so that it understands what the new analyzer sends.
  move_both "$PROCESSOR_FUNCTION" "$processor" "$ANALYZER_FUNCTION" "$analyzer" "release $release; before it: version WAS"
  ;;
rollback)
  for function in "$ANALYZER_FUNCTION" "$PROCESSOR_FUNCTION"; do
    if [[ -n $release ]]; then
      target=$(aws lambda list-versions-by-function --function-name "$function" --output json \
        --query "Versions[?Description && ends_with(Description, ' $release')].Version | [-1]")
      target=${target//\"/}
    else
      description=$(alias_of "$function" live Description)
      target=""
      if [[ $description =~ before\ it:\ version\ ([0-9]+)$ ]]; then target=${BASH_REMATCH[1]}; fi
    fi
    if [[ ! $target =~ ^[0-9]+$ ]]; then
      aws lambda list-versions-by-function --function-name "$function" --output table --query "Versions[].[Version, Description, LastModified]" >&2
      fail "which version of $function to go back to? None is of release \"$release\", or live does not say what it was before: name one of the releases above"
    fi
    if [[ $function == "$PROCESSOR_FUNCTION" ]]; then processor=$target; else analyzer=$target; fi
  done
  # The analyzer first, so that the older processor is sent nothing newer.
  move_both "$ANALYZER_FUNCTION" "$analyzer" "$PROCESSOR_FUNCTION" "$processor" "rolled back from version WAS"
  ;;
*)
  fail "usage: live.sh promote VERSION | rollback [VERSION]"
  ;;
esac
