#!/usr/bin/env bash
# Compile step of backend/Dockerfile.meadow-lark, in both of its builder stages.

set -euxo pipefail

export CCACHE_DIR=/root/.ccache
export CMAKE_ARGS="${CMAKE_ARGS:-} -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"

cd /LocalAI/backend/cpp/meadow-lark

if [ -z "${BUILD_TYPE:-}" ]; then
    # One server and a library for each generation of CPU.
    make meadow-lark-cpu-all
else
    # The GPU does the work: one portable CPU build is enough.
    make meadow-lark-fallback
fi
make meadow-lark-grpc

ccache -s || true
