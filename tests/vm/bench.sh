#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/vm/bench.sh DIRECTORY BUILD [CPUS [ROUNDS]]
# Boots the kernel with the ioctls of DIRECTORY (see run.sh) and prints what queries cost in it: by
# the text, by the ioctls and through allocfs. The processors are emulated: only ratios count.
set -eu
vm=$1 build=$(realpath "$2") cpus=${3:-16} rounds=${4:-50}
payload=$(mktemp -d)
trap 'rm -rf "$payload"' EXIT
cat >"$payload/bench.sh" <<'S'
mkdir -p /mnt/alloc /mnt/hello
allocfs /proc/allocinfo /mnt/alloc && bench-hello /mnt/hello || exit 1
sleep 5 # until the boot has settled
bench-queries /proc/allocinfo /mnt/alloc "$(pidof allocfs)" /mnt/hello/hello "$1"
S
"$vm/vmrun" -k "$vm/bzImage" -m 1000 -c "$cpus" -t 900 -b "$build/allocfs" -b fusermount3 \
	-b "$build/tests/bench/bench-queries" -b "$build/tests/bench/bench-hello" \
	-p "$payload" -- "sh /payload/bench.sh $rounds"
