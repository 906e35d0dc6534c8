#!/bin/bash
# The binary is static: it and run.sh are the whole package.

set -e

CURDIR=$(dirname "$(realpath "$0")")

mkdir -p "$CURDIR/package"
cp -avf "$CURDIR/nest-store" "$CURDIR/run.sh" "$CURDIR/package/"
