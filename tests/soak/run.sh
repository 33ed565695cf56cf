#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The soak on a build of its own: run.sh plain|address|thread|valgrind [SECONDS]. The variables of
# soak.py hold as well.
set -eu
cd "$(dirname "$0")/../.."
kind=$1
export ALLOCFS_SOAK_SECONDS="${2:-${ALLOCFS_SOAK_SECONDS:-20}}"
build=${BUILD:-build/soak-$kind}

set_up() {
	[ -d "$build" ] || meson setup "$build" "$@" >/dev/null
	ninja -C "$build" --quiet allocfs
}

case $kind in
plain) set_up ;;
address)
	set_up -Db_sanitize=address,undefined -Db_lundef=false -Dseccomp=off \
		-Dc_args=-fno-sanitize-recover=all
	;;
# Of gcc's ThreadSanitizer and clang's, the latter knows more of the C library.
thread) CC=clang set_up -Db_sanitize=thread -Db_lundef=false -Dseccomp=off ;;
valgrind)
	set_up -Dseccomp=off
	export ALLOCFS_SOAK_WRAPPER="valgrind --quiet --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite --show-leak-kinds=definite --vgdb=no --fair-sched=yes"
	;;
*)
	echo "$kind: none of plain, address, thread, valgrind" >&2
	exit 2
	;;
esac
case $build in
/*) ;;
*) build=$PWD/$build ;;
esac
export ALLOCFS="$build/allocfs" ALLOCFS_TEST_DATA="$PWD/tests/data"
export PYTHONPATH="$PWD/tests/mount" PYTHONDONTWRITEBYTECODE=1
exec python3 tests/soak/soak.py
