#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: growth.sh
# Known amounts, held and given back: since/ has to name the sites and the bytes. Output of commands
# goes to files, because a pipe of the shell's own would be counted too.
mnt=/mnt/alloc
. /payload/check.sh

# The bytes, calls and tags that a directory of differences shows, into the variables of these names.
measure() { # path in the mount
	cat "$mnt/$1/.total" >/tmp/total || return 1
	read -r bytes calls tags rest </tmp/total
	cat /tmp/total
}

# A pipe is two allocations of fs/pipe.c: its struct, and an array of 16 buffers. The kernel counts
# whole slab objects, so each is a size of kmalloc's: the same for every pipe.
pipes() {
	mkdir $mnt/snapshots/pipes || return 1
	/payload/vm-hold 500 >/tmp/holding &
	holder=$!
	until grep -q holding /tmp/holding; do sleep 0.1; done
	sleep 0.3
	cat $mnt/since/pipes/by-file/fs/pipe.c/min-calls/500/.allocinfo >/tmp/sites
	cat /tmp/sites
	grep func:alloc_pipe_info /tmp/sites >/tmp/own
	while read -r bytes calls site; do
		[ "$calls" = 500 ] && [ $((bytes % 500)) = 0 ] || return 1
		each=$((bytes / 500))
		echo "$each bytes each: $site"
		case $each in 192 | 256 | 512 | 1024) ;; *) return 1 ;; esac
	done </tmp/own
	[ "$(wc -l </tmp/own)" = 2 ] || return 1
	# The largest growth of the tree by calls is among what pipes are made of.
	cat $mnt/since/pipes/top-calls/10/.allocinfo >/tmp/top
	grep -q func:alloc_pipe_info /tmp/top || return 1
	kill $holder
	wait $holder 2>/dev/null
	sleep 0.3
	measure since/pipes/by-function/alloc_pipe_info || return 1
	[ "$bytes" = 0 ] && [ "$calls" = 0 ] && rmdir $mnt/snapshots/pipes
}

# Whether two amounts differ by less than the few pages that this script writes to files of its own.
near() {
	[ $(($1 - $2)) -le 262144 ] && [ $(($2 - $1)) -le 262144 ]
}

# 48 MiB in a file in memory are as many pages at one site.
file() {
	mkdir $mnt/snapshots/file || return 1
	dd if=/dev/zero of=/tmp/known bs=1M count=48 2>/dev/null
	sleep 0.3
	measure since/file/by-function/shmem_alloc_folio || return 1
	near "$bytes" 50331648 || return 1
	[ $((bytes / 4096)) = "$calls" ] || return 1
	cat $mnt/since/file/min-size/40M/.allocinfo >/tmp/sites
	cat /tmp/sites
	[ "$(grep -c func: /tmp/sites)" = 1 ] || return 1
	grep -q shmem_alloc_folio /tmp/sites || return 1
	rm /tmp/known
	sleep 0.3
	measure since/file/by-function/shmem_alloc_folio || return 1
	near "$bytes" 0 && rmdir $mnt/snapshots/file
}

# A module that came is new; one that went is negative.
modules() {
	mkdir $mnt/snapshots/without || return 1
	insmod /payload/modules/libcrc32c.ko && insmod /payload/modules/xfs.ko || return 1
	sleep 1.1
	ls $mnt/since/without/by-module >/tmp/list
	cat /tmp/list
	mkdir $mnt/snapshots/with
	cat $mnt/since/without..with/by-module/xfs/.total
	rmmod xfs
	rmmod libcrc32c
	sleep 1.1
	[ ! -e $mnt/by-module/xfs ] || return 1
	cat $mnt/since/with/by-module/xfs/.total 2>/dev/null
	# Nothing of a module that is gone is held: what it held then is missing now.
	cat $mnt/snapshots/with/by-module/xfs/.total >/tmp/then
	read -r bytes calls tags rest </tmp/then
	cat $mnt/since/with/by-module/xfs/.total >/tmp/gone
	read -r lost lost_calls rest </tmp/gone
	[ $((bytes + lost)) = 0 ] && [ $((calls + lost_calls)) = 0 ]
}

loop() { # rounds
	round=0
	while [ $round -lt "$1" ]; do
		cat $mnt/since/mount/.summary >/dev/null || return 1
		sleep 0.1
		round=$((round + 1))
	done
}

# A loop that a person would leave running. WATCH_ROUNDS=600 is a minute.
watched() {
	daemon=$(daemon_pid)
	loop 50 || return 1
	before=$(grep VmRSS /proc/"$daemon"/status) files=$(ls /proc/"$daemon"/fd | wc -l)
	loop "${WATCH_ROUNDS:-100}" || return 1
	after=$(grep VmRSS /proc/"$daemon"/status)
	echo "$before $after"
	set -- $before $after
	[ $(($5 - $2)) -le 512 ] && [ "$(ls /proc/"$daemon"/fd | wc -l)" = "$files" ]
}

mkdir -p $mnt
check "mount" allocfs /proc/allocinfo $mnt
check "it begins with a snapshot" test -d $mnt/since/mount/by-file
check "pipes" pipes
check "a file in memory" file
check "modules" modules
check "a loop of .summary" watched
cat $mnt/since/mount/.summary
check "unmount" umount $mnt
exit $bad
