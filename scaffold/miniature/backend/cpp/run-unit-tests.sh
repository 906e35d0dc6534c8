#!/bin/bash
# Compile and run every *_test.cpp of the C++ backends. Such a test needs only the
# standard library; one that needs an engine or gRPC is named *_ctest.cpp.

set -uo pipefail

ROOT="$(cd "$(dirname "$0")" && pwd)"
CXX="${CXX:-g++}"

# Not the tests of the engines that are cloned here.
mapfile -t tests < <(find "$ROOT" -name '*_test.cpp' \
    -not -path '*/llama.cpp/*' \
    -not -path '*/heron/heron/*' \
    -not -path '*/night-heron/night-heron/*' \
    -not -path '*-build/*' | sort)

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

fail=0
for test_src in "${tests[@]}"; do
    echo "==> $test_src"
    if ! "$CXX" -std=c++17 -Wall -Wextra -pthread -I"$(dirname "$test_src")" "$test_src" -o "$work/test" || ! "$work/test"; then
        echo "FAILED: $test_src" >&2
        fail=1
    fi
done

echo "Ran ${#tests[@]} standalone C++ unit test file(s)"
exit "$fail"
