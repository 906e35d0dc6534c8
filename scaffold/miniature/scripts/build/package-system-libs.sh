#!/bin/bash
# Copy the C and C++ runtime and the dynamic loader into a backend's package, so
# that it runs through its own lib/ld.so whatever the host ships.
#
# Usage: source package-system-libs.sh LIB_DIR [BINARY]
#   LIB_DIR  absolute path of the package's lib folder, created if absent
#   BINARY   on macOS: packaged binary that gets @loader_path/lib as an rpath

set -e

package_system_libs() {
	local dest="${1:?missing lib folder}" binary="${2:-}"
	local loader triplet name file dep

	mkdir -p "$dest"

	if [ "$(uname)" = "Darwin" ]; then
		if [ -n "$binary" ]; then
			install_name_tool -add_rpath @loader_path/lib "$binary" 2>/dev/null || true
		fi
		return 0
	fi

	if [ -f /lib64/ld-linux-x86-64.so.2 ]; then
		loader=/lib64/ld-linux-x86-64.so.2
		triplet=x86_64-linux-gnu
	elif [ -f /lib/ld-linux-aarch64.so.1 ]; then
		loader=/lib/ld-linux-aarch64.so.1
		triplet=aarch64-linux-gnu
	else
		echo "package-system-libs: unknown architecture" >&2
		return 1
	fi

	cp -fL "$loader" "$dest/ld.so"
	for name in libc.so.6 libgcc_s.so.1 libstdc++.so.6 libm.so.6 libgomp.so.1 libdl.so.2 librt.so.1 libpthread.so.0; do
		cp -fL "/lib/$triplet/$name" "$dest/$name"
	done

	# What the packaged binaries and libraries need beyond that.
	for file in "$dest"/../* "$dest"/*.so*; do
		[ -f "$file" ] || continue
		# ldd says "name => path (address)", and a path can have spaces
		while IFS= read -r dep; do
			name="$(basename "$dep")"
			[ -e "$dest/$name" ] || cp -fL "$dep" "$dest/$name"
		done < <(LD_LIBRARY_PATH="$dest" ldd "$file" 2>/dev/null | sed -n 's/.* => \(\/.*\) (0x.*/\1/p')
	done
}

package_system_libs "$@"
