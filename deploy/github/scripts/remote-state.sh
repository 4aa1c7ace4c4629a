#!/usr/bin/env bash
# Refuses a Terraform directory whose state stays on this machine: that of a
# workflow run is thrown away, and everything would be created again in the next.
# usage, in the directory, after terraform init: remote-state.sh
set -euo pipefail

# terraform init notes the backend there, if there is any.
backend=""
noted=${TF_DATA_DIR:-.terraform}/terraform.tfstate
if [[ -f $noted ]]; then
  backend=$(jq --raw-output '.backend.type // ""' "$noted")
fi
if [[ -z $backend || $backend == local ]]; then
  echo "deploy/ keeps its state on the machine that applies it, and this one is thrown away: give it a backend, such as the one that is commented out in deploy/main.tf" >&2
  exit 1
fi
echo "state: backend $backend"
