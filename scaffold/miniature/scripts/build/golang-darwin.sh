#!/bin/bash
# Build the Go backend BACKEND on macOS and pack its package/ as an OCI image.

set -eux

export BUILD_TYPE="${BUILD_TYPE:-metal}"

BACKEND_DIR="backend/go/${BACKEND}"

mkdir -p backend-images
make -C "${BACKEND_DIR}" build

# What run.sh starts: the last exec of something in its folder that is no loader.
RUN_BINARY=$(grep -E '^[[:space:]]*exec[[:space:]]' "${BACKEND_DIR}/run.sh" \
        | grep -oE '"?\$CURDIR"?/[A-Za-z0-9._-]+' | grep -v 'ld\.so' | tail -1 | sed -E 's|"?\$CURDIR"?/||' || true)
RUN_BINARY="${RUN_BINARY:-${BACKEND}}"

if [ ! -x "${BACKEND_DIR}/package/${RUN_BINARY}" ]; then
        echo "ERROR: the build left no package/${RUN_BINARY}" >&2
        exit 1
fi

./local-ai util create-oci-image \
        "${BACKEND_DIR}/package/." \
        --output "./backend-images/${BACKEND}.tar" \
        --image-name "${IMAGE_NAME:-localai/${BACKEND}-darwin}" \
        --platform "${PLATFORMARCH:-darwin/arm64}"

make -C "${BACKEND_DIR}" clean
