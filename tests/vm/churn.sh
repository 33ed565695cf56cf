#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: churn.sh CYCLES [OPTIONS...]
# Modules come and go while eight readers look, at a mount with each of the options: with samples
# that are kept, and without.
mnt=/mnt/alloc
. /payload/check.sh

[ -x /payload/vm-churn ] || { echo "skipped: vm-churn was not built"; exit 0; }
mkdir -p $mnt
cycles=$1
shift
[ $# -gt 0 ] || set -- max_age=100 max_age=0
for options in "$@"; do
	echo "-- churn with $options"
	allocfs /proc/allocinfo $mnt -o $options || exit 1
	daemon=$(daemon_pid)
	timeout 800 /payload/vm-churn $mnt /payload/modules "$cycles" 8 "$daemon" || bad=1
	[ "$(daemon_pid)" = "$daemon" ] || { echo "FAIL the daemon died"; exit 1; }
	grep -e interface -e full-reads -e last-error $mnt/status
	umount $mnt
	sleep 0.5
done
exit $bad
