#!/bin/bash
# Copy the GPU runtime of BUILD_TYPE into a backend's package.
#
# Usage: source package-gpu-libs.sh LIB_DIR
#        package_gpu_libs

set -e

TARGET_LIB_DIR="${1:-./lib}"
mkdir -p "$TARGET_LIB_DIR"

# Copies every file that matches the patterns in a folder, links included.
copy_libs_glob() {
	local folder="$1" pattern file
	shift
	[ -d "$folder" ] || return 0
	for pattern in "$@"; do
		for file in "$folder"/$pattern; do
			[ -e "$file" ] || continue
			cp -fP "$file" "$(readlink -f "$file")" "$TARGET_LIB_DIR/" 2>/dev/null || true
		done
	done
}

package_gpu_libs() {
	local folder
	case "${BUILD_TYPE:-}" in
		cublas|l4t)
			for folder in /usr/local/cuda/lib64 /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu; do
				copy_libs_glob "$folder" 'libcudart.so*' 'libcublas.so*' 'libcublasLt.so*' 'libcurand.so*'
			done
			;;
		hipblas)
			copy_libs_glob /opt/rocm/lib 'libamdhip64.so*' 'libhipblas.so*' 'librocblas.so*' 'libhsa-runtime64.so*'
			if [ -d /opt/rocm/lib/rocblas ]; then
				cp -a /opt/rocm/lib/rocblas "$TARGET_LIB_DIR/"
			fi
			;;
		sycl_f16|sycl_f32|intel)
			copy_libs_glob /opt/intel/oneapi/compiler/latest/lib 'libsycl.so*' 'libiomp5.so*' 'libur_*.so*'
			copy_libs_glob /opt/intel/oneapi/mkl/latest/lib 'libmkl_*.so*'
			;;
		vulkan)
			for folder in /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu; do
				copy_libs_glob "$folder" 'libvulkan.so*' 'libvulkan_*.so'
			done
			;;
	esac
}

export -f package_gpu_libs copy_libs_glob

if [[ "${BASH_SOURCE[0]}" == "${0}" ]]; then
	package_gpu_libs
fi
