#!/bin/bash
set -e

CURDIR=$(dirname "$(realpath "$0")")

if [ "$(uname)" = "Darwin" ]; then
	export DYLD_LIBRARY_PATH="$CURDIR/lib${DYLD_LIBRARY_PATH:+:$DYLD_LIBRARY_PATH}"
	export WREN_LIBRARY="$CURDIR/lib/libwren.dylib"
else
	export LD_LIBRARY_PATH="$CURDIR/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
	export WREN_LIBRARY="$CURDIR/lib/libwren.so"
fi

if [ -f "$CURDIR/lib/ld.so" ]; then
	exec "$CURDIR/lib/ld.so" "$CURDIR/wren-cpp" "$@"
fi

exec "$CURDIR/wren-cpp" "$@"
