#!/bin/bash
# Build heron on macOS and pack it as an OCI image. It is C++, so golang-darwin.sh
# does not fit; package.sh lays the package out as on Linux.

set -ex

mkdir -p backend-images
make -C backend/cpp/heron grpc-server package

# What Homebrew provided at build time is not on the user's Mac.
otool -L backend/cpp/heron/package/grpc-server | awk 'NR > 1 { print $1 }' | while read -r lib; do
        case "$lib" in
                /opt/homebrew/*|/usr/local/*) cp -fL "$lib" backend/cpp/heron/package/lib/ ;;
        esac
done

./local-ai util create-oci-image \
        backend/cpp/heron/package/. \
        --output ./backend-images/heron.tar \
        --image-name "${IMAGE_NAME:-localai/heron-darwin}" \
        --platform "${PLATFORMARCH:-darwin/arm64}"

make -C backend/cpp/heron clean
