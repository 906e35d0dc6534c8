#!/bin/bash
# Collect the binary, the library and the runtime that they need in package/.

set -e

CURDIR=$(dirname "$(realpath "$0")")
REPO_ROOT="$CURDIR/../../.."

mkdir -p "$CURDIR/package/lib"
cp -avf "$CURDIR/lark" "$CURDIR/run.sh" "$CURDIR/package/"

case "$(uname)" in
	Darwin) LIBRARY=liblark.dylib ;;
	*) LIBRARY=liblark.so ;;
esac
if [ ! -f "$CURDIR/$LIBRARY" ]; then
	echo "ERROR: no $LIBRARY in $CURDIR, run make first" >&2
	exit 1
fi
cp -avf "$CURDIR/$LIBRARY" "$CURDIR/package/lib/"

# shellcheck source=/dev/null
source "$REPO_ROOT/scripts/build/package-system-libs.sh" "$CURDIR/package/lib" ""
