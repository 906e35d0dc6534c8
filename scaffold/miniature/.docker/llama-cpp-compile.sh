#!/usr/bin/env bash
# Compile step of backend/Dockerfile.llama-cpp, in both of its builder stages.

set -euxo pipefail

export CCACHE_DIR=/root/.ccache
export CMAKE_ARGS="${CMAKE_ARGS:-} -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"

cd /LocalAI/backend/cpp/llama-cpp

if [ -z "${BUILD_TYPE:-}" ]; then
    # One server and a library for each generation of CPU.
    make llama-cpp-cpu-all
else
    # The GPU does the work: one portable CPU build is enough.
    make llama-cpp-fallback
fi
make llama-cpp-grpc

ccache -s || true
