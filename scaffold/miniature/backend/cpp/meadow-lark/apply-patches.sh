#!/bin/bash
# Apply the patches that let the server of llama-cpp compile against this fork.

set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: $0 <llama.cpp-src-dir> <patches-dir>" >&2
    exit 2
fi

patches="$(realpath "$2")"
cd "$1"

shopt -s nullglob
for patch in "$patches"/*.patch; do
    git apply --verbose "$patch"
done
