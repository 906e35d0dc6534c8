#!/bin/bash
set -e

CURDIR=$(dirname "$(realpath "$0")")

BINARY=llama-cpp-fallback
if [ -e "$CURDIR/llama-cpp-cpu-all" ]; then
	BINARY=llama-cpp-cpu-all
fi
if [ -n "${LLAMACPP_GRPC_SERVERS:-}" ] && [ -e "$CURDIR/llama-cpp-grpc" ]; then
	BINARY=llama-cpp-grpc
fi

if [ "$(uname)" = "Darwin" ]; then
	export DYLD_LIBRARY_PATH="$CURDIR/lib${DYLD_LIBRARY_PATH:+:$DYLD_LIBRARY_PATH}"
else
	export LD_LIBRARY_PATH="$CURDIR/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
	if [ -d "$CURDIR/lib/rocblas/library" ]; then
		export ROCBLAS_TENSILE_LIBPATH="$CURDIR/lib/rocblas/library"
	fi
fi

if [ -f "$CURDIR/lib/ld.so" ]; then
	exec "$CURDIR/lib/ld.so" "$CURDIR/$BINARY" "$@"
fi

exec "$CURDIR/$BINARY" "$@"
