#!/bin/bash
set -e

CURDIR=$(dirname "$(realpath "$0")")

export LD_LIBRARY_PATH="$CURDIR/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

if [ -f "$CURDIR/lib/ld.so" ]; then
	exec "$CURDIR/lib/ld.so" "$CURDIR/kestrel-grpc" "$@"
fi

exec "$CURDIR/kestrel-grpc" "$@"
