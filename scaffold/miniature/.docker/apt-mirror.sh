#!/bin/sh
# Point apt at APT_MIRROR and APT_PORTS_MIRROR; does nothing when both are empty.

set -e

for f in /etc/apt/sources.list.d/ubuntu.sources /etc/apt/sources.list; do
    [ -f "$f" ] || continue
    if [ -n "${APT_MIRROR}" ]; then
        sed -i -E "s,https?://(archive|security)\.ubuntu\.com,${APT_MIRROR},g" "$f"
    fi
    if [ -n "${APT_PORTS_MIRROR}" ]; then
        sed -i -E "s,https?://ports\.ubuntu\.com,${APT_PORTS_MIRROR},g" "$f"
    fi
done
