#!/bin/bash
# Build the Python backend BACKEND on macOS and pack it as an OCI image.

set -ex

export PORTABLE_PYTHON=true
export BUILD_TYPE=mps
export USE_PIP=true

mkdir -p backend-images
make -C "backend/python/${BACKEND}"

cp -rf backend/python/common "backend/python/${BACKEND}/"

./local-ai util create-oci-image \
        "backend/python/${BACKEND}/." \
        --output "./backend-images/${BACKEND}.tar" \
        --image-name "${IMAGE_NAME:-localai/${BACKEND}-darwin}" \
        --platform "${PLATFORMARCH:-darwin/arm64}"

make -C "backend/python/${BACKEND}" clean
