#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/vm/run.sh DIRECTORY ALLOCFS
# Boots each kernel of DIRECTORY (bzImage*, modules/, and the script vmrun that starts them) and
# runs tests/vm/inside.sh in it against the live /proc/allocinfo.
set -eu
vm=$1 allocfs=$(realpath "$2")
here=$(realpath "$(dirname "$0")")
. "$here/../packages.sh"
need_packages qemu-system-x86 busybox-static cpio fuse3

payload=$(mktemp -d)
trap 'rm -rf "$payload"' EXIT
cp "$here/inside.sh" "$vm/modules/libcrc32c.ko" "$vm/modules/xfs.ko" "$payload"
passed=0 failed=0
for kernel in "$vm"/bzImage*; do
	echo "-- $(basename "$kernel")"
	if "$vm/vmrun" -k "$kernel" -m 1000 -c 2 -t 180 -b "$allocfs" -b fusermount3 \
		-p "$payload" -- sh /payload/inside.sh; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "kernels: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
