#!/usr/bin/env bash
set -euo pipefail

# Inside the folder in an image, beside it in a checkout.
common="$(dirname "$0")/common"
[ -d "$common" ] || common="$(dirname "$0")/../common"
source "$common/libbackend.sh"

runProtogen
