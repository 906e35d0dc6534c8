#!/bin/bash
# Collect the servers and the libraries that they need in package/.

set -e

CURDIR=$(dirname "$(realpath "$0")")
REPO_ROOT="$CURDIR/../../.."

mkdir -p "$CURDIR/package/lib"
cp -avrf "$CURDIR"/meadow-lark-* "$CURDIR/run.sh" "$CURDIR/package/"

# ggml looks for its CPU libraries in the folder of the running executable, which is
# that of lib/ld.so.
if [ -d "$CURDIR/ggml-shared-libs" ]; then
	cp -avf "$CURDIR"/ggml-shared-libs/*.so* "$CURDIR/package/lib/"
fi

# shellcheck source=/dev/null
source "$REPO_ROOT/scripts/build/package-system-libs.sh" "$CURDIR/package/lib" ""

# shellcheck source=/dev/null
source "$REPO_ROOT/scripts/build/package-gpu-libs.sh" "$CURDIR/package/lib"
package_gpu_libs
