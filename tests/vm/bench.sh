#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/vm/bench.sh DIRECTORY BUILD [CPUS [ROUNDS]]
# Boots the kernel with the ioctls of DIRECTORY (see run.sh) and prints what its parts, queries and
# walks cost: by the text, by the ioctls, through allocfs, through FUSE alone. The processors are
# emulated: only ratios count.
set -eu
vm=$1 build=$(realpath "$2") cpus=${3:-16} rounds=${4:-50}
payload=$(mktemp -d)
trap 'rm -rf "$payload"' EXIT
cp "$(dirname "$0")/check.sh" "$payload"
cat >"$payload/bench.sh" <<'S'
. /payload/check.sh
mkdir -p /mnt/alloc /mnt/hello /mnt/twin
sleep 5 # until the boot has settled
# The shorter the pauses, the less the caches of the emulator forget of those who are asked.
bench-phases /proc/allocinfo "$1"
allocfs /proc/allocinfo /mnt/alloc -o max_age=30 && bench-hello /mnt/hello && bench-twin /mnt/alloc /mnt/twin ||
	exit 1
bench-queries /proc/allocinfo /mnt/alloc "$(daemon_pid)" /mnt/hello/hello "$1" 35
umount /mnt/alloc && allocfs /proc/allocinfo /mnt/alloc || exit 1
bench-tree /mnt/alloc "$(daemon_pid)" /mnt/twin "$(pidof bench-twin)" \
	/mnt/hello "$(pidof bench-hello)" "$(($1 / 3 + 1))"
S
"$vm/vmrun" -k "$vm/bzImage" -m 1000 -c "$cpus" -t 1200 -b "$build/allocfs" -b fusermount3 \
	-b "$build/tests/bench/bench-phases" -b "$build/tests/bench/bench-queries" \
	-b "$build/tests/bench/bench-tree" -b "$build/tests/bench/bench-hello" \
	-b "$build/tests/bench/bench-twin" -p "$payload" -- "sh /payload/bench.sh $rounds"
