#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: run.sh BUILD DUMP [ROUNDS]
# Mounts a saved listing, and allocfs on allocfs, which has the ioctls, and prints what their parts,
# queries and walks cost beside the text, the ioctls and FUSE alone. Only ratios within one run mean
# something. On a real kernel: tests/vm/bench.sh.
set -eu
build=$1 dump=$2 rounds=${3:-30}
bench=$build/tests/bench
base=$(mktemp -d)
cd "$base"
mkdir dump stack hello twin

end() {
	for mount in twin hello stack dump; do
		fusermount3 -u "$base/$mount" 2>/dev/null || :
	done
	wait
	rmdir "$base"/* "$base"
}
trap end EXIT

serve() { # variable for the pid, command...
	variable=$1
	shift
	"$@" -f &
	eval "$variable=$!"
	for mount; do :; done
	until mountpoint -q "$mount"; do sleep 0.05; done
}

serve dump_pid "$build/allocfs" "$dump" dump
serve stack_pid "$build/allocfs" dump/allocinfo stack
serve hello_pid "$bench/bench-hello" hello
serve twin_pid "$bench/bench-twin" dump twin
echo "== parts of an answer, without FUSE"
"$bench/bench-phases" "$dump" "$rounds"
"$bench/bench-phases" dump/allocinfo "$rounds"
echo "== queries of allocfs on allocfs, by the text and the ioctls of the lower one"
"$bench/bench-queries" dump/allocinfo stack "$stack_pid" hello/hello "$rounds"
echo "== walks, and single files, of a saved listing"
"$bench/bench-tree" dump "$dump_pid" twin "$twin_pid" hello "$hello_pid" "$rounds"
