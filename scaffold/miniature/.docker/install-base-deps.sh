#!/usr/bin/env bash
# Everything that the C++ backends are compiled with: the toolchain, the GPU toolkit
# of BUILD_TYPE, and gRPC in /opt/grpc.

set -euxo pipefail

sh /usr/local/sbin/apt-mirror
apt-get update
apt-get install -y --no-install-recommends \
    build-essential ca-certificates ccache cmake curl git pkg-config

if [ "${SKIP_DRIVERS:-false}" = false ]; then
    case "${BUILD_TYPE:-}" in
        cublas|l4t)
            version="${CUDA_MAJOR_VERSION}-${CUDA_MINOR_VERSION}"
            apt-get install -y --no-install-recommends "cuda-nvcc-${version}" "libcublas-dev-${version}"
            ;;
        hipblas)
            apt-get install -y --no-install-recommends hipblas-dev rocblas-dev
            ;;
        vulkan)
            apt-get install -y --no-install-recommends libvulkan-dev glslc mesa-vulkan-drivers
            ;;
    esac
fi

git clone --depth 1 --branch "${GRPC_VERSION:-v1.65.0}" --recurse-submodules https://github.com/grpc/grpc /tmp/grpc
cmake -S /tmp/grpc -B /tmp/grpc/build -DgRPC_INSTALL=ON -DgRPC_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/opt/grpc
cmake --build /tmp/grpc/build -j "$(nproc)" --target install

rm -rf /tmp/grpc /var/lib/apt/lists/*
