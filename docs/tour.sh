#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds allocfs, mounts the running kernel's allocations (or a saved listing) and shows it around.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
need_packages $BUILD_PACKAGES

build=$PWD/build/tour
mkdir -p build
mnt=${1:-$PWD/build/mnt}
echo "== building"
if [ ! -d "$build" ]; then
	meson setup "$build" >"$build.log" 2>&1 || {
		cat "$build.log"
		exit 1
	}
fi
ninja -C "$build" --quiet allocfs

if [ -r /proc/allocinfo ]; then
	source=/proc/allocinfo
	echo "== this kernel accounts its allocations: mounting $source"
else
	source=$PWD/tests/data/allocinfo-a.txt
	echo "== no readable /proc/allocinfo here (it takes root, and CONFIG_MEM_ALLOC_PROFILING):"
	echo "   mounting a saved listing of a small machine instead"
fi
if [ ! -c /dev/fuse ]; then
	echo "there is no /dev/fuse here, so nothing can be mounted (in a container, pass it in)" >&2
	exit 1
fi
mkdir -p "$mnt"
if grep -q " $mnt fuse.allocfs " /proc/self/mounts; then
	fusermount3 -u "$mnt"
fi
"$build/allocfs" "$source" "$mnt"
cd "$mnt"

bold= plain=
if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

# Shows a command as it would be typed, and runs it.
show() {
	printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
	sh -c "$*"
}

echo
echo "Every directory is a set of allocation sites, every file one site. You are in $mnt"
show 'ls -x -w 72'
show 'cat .summary'
show 'du -h --max-depth=2 by-file | sort -rh | head -8'
show 'ls -lhS sized/live | head -6'
show 'cat by-file/mm/slub.c/* | sort -rg | head -3'
echo
echo "A path is a query; filters compose. Who in mm/ holds a megabyte or more?"
show 'ls by-file/mm/min-size/1M'
show 'cat by-file/mm/min-size/1M/.total'

echo
echo "Go on:    cat $mnt/README"
echo "          cd $mnt; ls top/20; cat by-module/*/.total; grep -rh kmemdup all | sort -g"
echo "Unmount:  fusermount3 -u $mnt"
