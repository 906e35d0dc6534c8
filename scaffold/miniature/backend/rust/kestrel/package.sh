#!/bin/bash
# Collect the server and the runtime that it needs in package/.

set -e

CURDIR=$(dirname "$(realpath "$0")")

mkdir -p "$CURDIR/package/lib"
cp -avf "$CURDIR/target/release/kestrel-grpc" "$CURDIR/run.sh" "$CURDIR/package/"

# shellcheck source=/dev/null
source "$CURDIR/../../../scripts/build/package-system-libs.sh" "$CURDIR/package/lib" ""
