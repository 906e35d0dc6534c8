#!/bin/bash
# Switch the TTS task off in a copy of grpc-server.cpp, for forks without the code
# behind it.

set -euo pipefail

if [ $# -ne 1 ] || [ ! -f "$1" ]; then
    echo "usage: $0 <grpc-server.cpp>" >&2
    exit 2
fi

if ! grep -q '^#define LOCALAI_LLAMA_CPP_NO_TTS_TASK' "$1"; then
    { echo '#define LOCALAI_LLAMA_CPP_NO_TTS_TASK 1'; cat "$1"; } > "$1.tmp"
    mv "$1.tmp" "$1"
fi
