#!/bin/bash
# Put the server among the tools of the llama.cpp checkout.

set -e

shopt -s nullglob
for patch in patches/*.patch; do
    patch -d llama.cpp/ -p1 < "$patch"
done

cp -r CMakeLists.txt grpc-server.cpp parent_watch.h llama.cpp/tools/grpc-server/

if ! grep -q "grpc-server" llama.cpp/tools/CMakeLists.txt; then
    echo "add_subdirectory(grpc-server)" >> llama.cpp/tools/CMakeLists.txt
fi
