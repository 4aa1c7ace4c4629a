#!/usr/bin/env bash
# Moves the alias live of both functions.
# usage: ANALYZER_FUNCTION=name PROCESSOR_FUNCTION=name
#        live.sh promote RELEASE ANALYZER_VERSION PROCESSOR_VERSION
#        live.sh rollback [RELEASE]
#
# promote points live to the two versions, which shadow has to point to and which
# have to be of the release, and notes in both aliases what both were before.
# rollback goes back to that, or to the newest published versions of a release.
# Both can be run again when they broke off, and go on where they were.
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

# move FUNCTION VERSION DESCRIPTION. An answer that was lost is no move that was:
# the alias is asked.
move() {
  aws lambda update-alias --function-name "$1" --name live --function-version "$2" --description "$3" --output text --query AliasArn ||
    [[ $(alias_of "$1" live FunctionVersion) == "$2" && $(alias_of "$1" live Description) == "$3" ]]
}

# published FUNCTION: its versions, for people.
published() {
  aws lambda list-versions-by-function --function-name "$1" --output table --query "Versions[].[Version, Description, LastModified]" >&2
}

# read_live: what is live of both, and the note of the processor.
read_live() {
  analyzer_was=$(alias_of "$ANALYZER_FUNCTION" live FunctionVersion)
  processor_was=$(alias_of "$PROCESSOR_FUNCTION" live FunctionVersion)
  note=$(alias_of "$PROCESSOR_FUNCTION" live Description)
}

# move_both FIRST ITS_VERSION ITS_WAS SECOND ITS_VERSION ITS_WAS NOTE: when the
# second cannot be moved, the first goes back, so that no two releases are live at
# once.
move_both() {
  local first=$1 to=$2 was=$3 second=$4 its=$5 its_was=$6 new=$7
  local before
  if [[ $was == "$to" && $its_was == "$its" ]]; then
    echo "live is there already: $first version $to, $second version $its"
    return
  fi
  before=$(alias_of "$first" live Description)
  move "$first" "$to" "$new" || fail "live of $first could not be moved, and may have been: run this again"
  if ! move "$second" "$its" "$new"; then
    # What an earlier run moved and noted stays: it says where both came from.
    if [[ $was != "$to" ]]; then
      move "$first" "$was" "$before" || fail "live of $second could not be moved, nor that of $first back to version $was: run this again"
    fi
    fail "live of $second could not be moved; live of $first is at version $was, as before"
  fi
  echo "live: $first version $was -> $to, $second version $its_was -> $its"
}

case $command in
promote)
  analyzer=${3:-} processor=${4:-}
  [[ -n $release ]] || fail "promote which release?"
  [[ $analyzer =~ ^[0-9]+$ && $processor =~ ^[0-9]+$ ]] || fail "promote which versions of release $release? Name those of the analyzer and the processor that were compared"
  # What was compared is what is promoted: shadow may have moved on since, to
  # another release or to other settings of the same.
  for function in "$PROCESSOR_FUNCTION" "$ANALYZER_FUNCTION"; do
    if [[ $function == "$PROCESSOR_FUNCTION" ]]; then compared=$processor; else compared=$analyzer; fi
    behind=$(alias_of "$function" shadow FunctionVersion)
    [[ $behind == "$compared" ]] || fail "shadow of $function is version $behind now, and version $compared was compared"
    found=$(release_of "$function" "$behind")
    [[ $found == "$release" ]] || fail "shadow of $function is release $found (version $behind), not $release"
  done
  read_live
  this="release $release: analyzer $analyzer, processor $processor; "
  # A promotion that broke off after its first move has noted what was before it;
  # what is live now is half of it.
  if [[ $processor_was != "$processor" || $note != "$this"* ]]; then
    note="${this}before it: analyzer $analyzer_was, processor $processor_was"
  fi
  # The processor first, so that it understands what the new analyzer sends.
  move_both "$PROCESSOR_FUNCTION" "$processor" "$processor_was" "$ANALYZER_FUNCTION" "$analyzer" "$analyzer_was" "$note"
  ;;
rollback)
  read_live
  which="which version to go back to? Name one of the releases above"
  if [[ -n $release ]]; then
    for function in "$ANALYZER_FUNCTION" "$PROCESSOR_FUNCTION"; do
      target=$(aws lambda list-versions-by-function --function-name "$function" --output json \
        --query "Versions[?Description && ends_with(Description, ' $release')].Version | [-1]")
      target=${target//\"/}
      if [[ ! $target =~ ^[0-9]+$ ]]; then
        published "$function"
        fail "no version of $function is of release \"$release\"; $which"
      fi
      if [[ $function == "$PROCESSOR_FUNCTION" ]]; then processor=$target; else analyzer=$target; fi
    done
  else
    # A promotion writes the note of the processor first and a rollback writes it
    # last, so that it tells the way back from wherever one of them broke off. It
    # tells nothing about versions that somebody moved live to besides.
    pair='analyzer ([0-9]+), processor ([0-9]+)'
    if [[ ! $note =~ ^release\ [^\ ]+:\ $pair\;\ before\ it:\ $pair$ ]]; then
      published "$ANALYZER_FUNCTION"
      published "$PROCESSOR_FUNCTION"
      fail "live of $PROCESSOR_FUNCTION does not say what was before it; $which"
    fi
    analyzer=${BASH_REMATCH[3]} processor=${BASH_REMATCH[4]}
    if [[ $analyzer_was != "${BASH_REMATCH[1]}" && $analyzer_was != "$analyzer" ]]; then
      published "$ANALYZER_FUNCTION"
      fail "live of $ANALYZER_FUNCTION is version $analyzer_was, of which the last promotion ($note) knows nothing; $which"
    fi
    if [[ $processor_was != "${BASH_REMATCH[2]}" && $processor_was != "$processor" ]]; then
      published "$PROCESSOR_FUNCTION"
      fail "live of $PROCESSOR_FUNCTION is version $processor_was, of which the last promotion ($note) knows nothing; $which"
    fi
  fi
  # The analyzer first, so that the older processor is sent nothing newer.
  move_both "$ANALYZER_FUNCTION" "$analyzer" "$analyzer_was" "$PROCESSOR_FUNCTION" "$processor" "$processor_was" \
    "rolled back to analyzer $analyzer, processor $processor; from analyzer $analyzer_was, processor $processor_was"
  ;;
*)
  fail "usage: live.sh promote RELEASE ANALYZER_VERSION PROCESSOR_VERSION | rollback [RELEASE]"
  ;;
esac
