[#- What compiles a C++ server: gRPC, and what the accelerator's build needs. -#]
[% set mirror = 'apt-mirror.sh' in docker_scripts %]
[% if 'l4t' in variants and 'install-base-deps.sh' in docker_scripts %]
# JetPack is Ubuntu 22.04, whose gRPC is too old for the optional fields of backend.proto. The
# script that makes LocalAI's builder images compiles a newer one there.
RUN --mount=type=bind,source=.docker/install-base-deps.sh,target=/usr/local/sbin/install-base-deps \
    --mount=type=bind,source=.docker/apt-mirror.sh,target=/usr/local/sbin/apt-mirror \
    . /etc/os-release && \
    if [ "${VERSION_ID}" = "22.04" ]; then \
        UBUNTU_VERSION=2204 GRPC_VERSION=v1.65.0 GRPC_MAKEFLAGS="-j4 -Otarget" \
            bash /usr/local/sbin/install-base-deps && \
        cp -a /opt/grpc/. /usr/local/; \
    else \
        sh /usr/local/sbin/apt-mirror && \
        apt-get update && \
        apt-get install -y --no-install-recommends \
            build-essential ca-certificates ccache cmake curl git pkg-config \
            libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc && \
        rm -rf /var/lib/apt/lists/*; \
    fi
[% else %]
RUN [% if mirror %]--mount=type=bind,source=.docker/apt-mirror.sh,target=/usr/local/sbin/apt-mirror \
    sh /usr/local/sbin/apt-mirror && \
    [%+ endif %]apt-get update && \
    apt-get install -y --no-install-recommends \
        build-essential ca-certificates ccache cmake curl git pkg-config[% if kind == 'llama-fork' %] libcurl4-openssl-dev libssl-dev[% endif %] \
        libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc && \
    rm -rf /var/lib/apt/lists/*
[% if 'l4t' in variants %]

# JetPack is Ubuntu 22.04, whose gRPC is too old for the optional fields of backend.proto.
RUN . /etc/os-release && \
    if [ "${VERSION_ID}" = "22.04" ]; then \
        git clone --recurse-submodules --shallow-submodules --depth 1 --branch v1.65.0 \
            https://github.com/grpc/grpc /tmp/grpc && \
        cmake -S /tmp/grpc -B /tmp/grpc/build -DCMAKE_BUILD_TYPE=Release \
            -DgRPC_INSTALL=ON -DgRPC_BUILD_TESTS=OFF && \
        cmake --build /tmp/grpc/build --parallel 4 && \
        cmake --install /tmp/grpc/build && \
        rm -rf /tmp/grpc; \
    fi
[% endif %]
[% endif %]

# What the accelerator's build needs beyond its base image. The drivers that package.sh ships with
# the backend (Mesa's for Vulkan, Intel's for SYCL) are installed to be copied from here.
RUN set -e; \
    if [ "${SKIP_DRIVERS}" = "true" ]; then exit 0; fi; \
    . /etc/os-release; \
    case "${BUILD_TYPE}" in \
    cublas) \
        if command -v nvcc >/dev/null; then exit 0; fi; \
        case "${TARGETARCH}" in arm64) arch=sbsa ;; *) arch=x86_64 ;; esac; \
        release="ubuntu${VERSION_ID%.*}${VERSION_ID#*.}"; \
        curl -fsSL -o /tmp/cuda-keyring.deb \
            "https://developer.download.nvidia.com/compute/cuda/repos/${release}/${arch}/cuda-keyring_1.1-1_all.deb"; \
        dpkg -i /tmp/cuda-keyring.deb; \
        cuda="${CUDA_MAJOR_VERSION}-${CUDA_MINOR_VERSION}"; \
        set -- "cuda-nvcc-${cuda}" "cuda-cudart-dev-${cuda}" "libcublas-dev-${cuda}" \
            "libcufft-dev-${cuda}" "libcurand-dev-${cuda}" ;; \
    hipblas) set -- hipblas-dev hipblaslt-dev rocblas-dev ;; \
    vulkan) set -- glslc libvulkan-dev spirv-headers mesa-vulkan-drivers libdrm2 ;; \
    sycl*) \
        curl -fsSL -o /usr/share/keyrings/intel-graphics.asc \
            https://repositories.intel.com/gpu/intel-graphics.key; \
        echo "deb [arch=amd64 signed-by=/usr/share/keyrings/intel-graphics.asc] https://repositories.intel.com/gpu/ubuntu ${VERSION_CODENAME} unified" \
            >/etc/apt/sources.list.d/intel-graphics.list; \
        set -- intel-opencl-icd libze-intel-gpu1 ;; \
    *) exit 0 ;; \
    esac; \
    apt-get update; \
    apt-get install -y --no-install-recommends "$@"; \
    rm -rf /var/lib/apt/lists/*; \
    ldconfig
