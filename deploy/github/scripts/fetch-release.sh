#!/usr/bin/env bash
# Downloads the zips of a release into a directory, and refuses them unless they
# are those of checksums.txt and were built by this repository's release workflow
# from the tag of that name.
# usage: GH_TOKEN=... GITHUB_REPOSITORY=owner/name fetch-release.sh VERSION DIR
set -euo pipefail

version=$1 directory=$2
if [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  echo "\"$version\" is no version such as 1.4.0 (without v)" >&2
  exit 3
fi

mkdir -p "$directory"
gh release download "v$version" --repo "$GITHUB_REPOSITORY" --dir "$directory" \
  --pattern "trailalerts-*_${version}_linux_arm64.zip" --pattern checksums.txt

cd "$directory"
for function in analyzer processor; do
  zip="trailalerts-${function}_${version}_linux_arm64.zip"
  sum=""
  while read -r listed name; do
    if [[ $name == "$zip" ]]; then sum=$listed; fi
  done < checksums.txt
  if [[ ! $sum =~ ^[0-9a-f]{64}$ ]]; then
    echo "checksums.txt of v$version has no SHA-256 of $zip" >&2
    exit 1
  fi
  echo "$sum  $zip" | sha256sum --check --strict -
  gh attestation verify "$zip" --repo "$GITHUB_REPOSITORY" --deny-self-hosted-runners \
    --signer-workflow "$GITHUB_REPOSITORY/.github/workflows/release.yml" --source-ref "refs/tags/v$version"
  echo "${function}_sha256=$sum" >> "${GITHUB_OUTPUT:-/dev/stdout}"
done
