#!/bin/bash
# Collect the server and every library that it needs in package/.

set -e

CURDIR=$(dirname "$(realpath "$0")")
REPO_ROOT="$CURDIR/../../.."

mkdir -p "$CURDIR/package/lib"
cp -avf "$CURDIR/grpc-server" "$CURDIR/run.sh" "$CURDIR/package/"

if [ "$(uname)" != "Darwin" ]; then
	ldd "$CURDIR/grpc-server" | awk '$3 ~ /^\// { print $3 }' | while read -r lib; do
		cp -fL "$lib" "$CURDIR/package/lib/"
	done
fi

# shellcheck source=/dev/null
source "$REPO_ROOT/scripts/build/package-system-libs.sh" "$CURDIR/package/lib" "$CURDIR/package/grpc-server"
