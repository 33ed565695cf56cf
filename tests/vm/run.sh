#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/vm/run.sh [DIRECTORY] BUILD
# Boots each kernel of DIRECTORY (or of $ALLOCFS_VM: bzImage*, modules/, and the script vmrun that
# starts them) and runs the tests of this directory in it against the live /proc/allocinfo. BUILD is
# where meson built allocfs and the test programs. What cannot be run is skipped, with 77 if all is.
#
# CYCLES            how often modules come and go, 20; 500 takes about six minutes a time
# INTERFACE_bzImage the interface that status has to name there, "ioctl mainline"
# THOROUGH          if not empty, everything on each kernel: it takes about three times as long
set -eu

skip() {
	echo "skipped: $*"
	exit 77
}

[ $# -lt 2 ] || { ALLOCFS_VM=$1 && shift; }
[ $# = 1 ] || { sed -n '3,5s/^# //p' "$0" && exit 2; }
[ -n "${ALLOCFS_VM-}" ] || skip "no kernels: name their directory, or set ALLOCFS_VM"
build=$(realpath "$1") vm=$(realpath -m "$ALLOCFS_VM")
here=$(realpath "$(dirname "$0")")
[ -x "$vm/vmrun" ] || skip "$vm/vmrun is missing"
ls "$vm"/bzImage* >/dev/null 2>&1 || skip "no bzImage in $vm"
. "$here/../packages.sh"
need_packages qemu-system-x86 busybox-static cpio fuse3 python3 || skip "packages are missing"

# What is expected of a kernel that can what its name says.
interface() {
	case $1 in
	bzImage) echo "${INTERFACE_bzImage:-ioctl mainline}" ;;
	*) echo text ;;
	esac
}

payload=$(mktemp -d)
trap 'rm -rf "$payload"' EXIT
mkdir "$payload/checks" "$payload/live"
for program in tests/vm/vm-churn tests/vm/vm-hold tests/vm/vm-line tests/abi/abi-selftest; do
	if [ -x "$build/$program" ]; then
		cp "$build/$program" "$payload/checks"
	else
		echo "not built, so left out: $program"
	fi
done
cp -r "$here/check.sh" "$here/inside.sh" "$here/churn.sh" "$here/growth.sh" "$vm/modules" \
	"$payload/checks"
cp -r "$here/live.sh" "$here/live.py" "$here/../mount" "$here/../data" "$vm/modules" "$payload/live"
/usr/bin/env python3 "$here/pack_python.py" "$payload/live/python" "$here/live.py" \
	"$here/../mount/test_attrs.py"

start_machine() { # kernel, payload, command
	"$vm/vmrun" -k "$1" -m 1000 -c 2 -t 900 -b "$build/allocfs" -b fusermount3 -b ls -b du \
		-b find -b grep -p "$payload/$2" -- "$3"
}

# The emulator now and then breaks a machine that is still booting: then once again.
died_booting() {
	head -n 1 "$payload/output" | grep -q '^vmrun: the machine ended'
}

passed=0 failed=0
boot() { # kernel, payload, command
	name="$(basename "$1"): $3" start=$(date +%s) status=0
	echo "-- $name"
	start_machine "$@" >"$payload/output" 2>&1 || status=$?
	if died_booting; then
		echo "-- $name: the machine died booting, once again"
		status=0
		start_machine "$@" >"$payload/output" 2>&1 || status=$?
	fi
	cat "$payload/output"
	if [ $status = 0 ]; then
		passed=$((passed + 1))
	else
		echo "-- $name: failed with $status"
		failed=$((failed + 1))
	fi
	echo "-- $(($(date +%s) - start)) seconds"
}

for kernel in "$vm"/bzImage*; do
	wanted=$(interface "$(basename "$kernel")")
	parts="checks growth churn live" ages="max_age=100 max_age=0"
	if [ -z "${THOROUGH-}" ] && [ "$wanted" = text ]; then
		parts="checks growth churn" ages=max_age=100
	fi
	for part in $parts; do
		case $part in
		checks) boot "$kernel" checks "sh /payload/inside.sh '$wanted'" ;;
		growth) boot "$kernel" checks "sh /payload/growth.sh" ;;
		churn) boot "$kernel" checks "sh /payload/churn.sh ${CYCLES:-20} $ages" ;;
		live) boot "$kernel" live "sh /payload/live.sh '$wanted'" ;;
		esac
	done
done
[ -z "${THOROUGH-}" ] || boot "$kernel" live "sh /payload/live.sh dump"
echo "boots: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
