#!/bin/bash
set -e

CURDIR=$(dirname "$(realpath "$0")")

if [ "$(uname)" = "Darwin" ]; then
	export DYLD_LIBRARY_PATH="$CURDIR/lib${DYLD_LIBRARY_PATH:+:$DYLD_LIBRARY_PATH}"
	export LARK_LIBRARY="$CURDIR/lib/liblark.dylib"
else
	export LD_LIBRARY_PATH="$CURDIR/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
	export LARK_LIBRARY="$CURDIR/lib/liblark.so"
fi

if [ -f "$CURDIR/lib/ld.so" ]; then
	exec "$CURDIR/lib/ld.so" "$CURDIR/lark" "$@"
fi

exec "$CURDIR/lark" "$@"
