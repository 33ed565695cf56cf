#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The core of the mount tests on a live kernel, with busybox alone. Ends with 1 if a check failed.
mnt=/mnt/alloc
bad=0

check() { # name, command...
	name=$1
	shift
	if "$@" >/tmp/out 2>&1; then
		echo "ok   $name"
	else
		echo "FAIL $name"
		head -n 20 /tmp/out
		bad=1
	fi
}

# The lines of a listing without header and counters: what stays the same while counters move.
names() {
	grep func: "$@" | sed 's/^ *-*[0-9]* *[0-9]* //'
}

same_listing() {
	names /proc/allocinfo >/tmp/kernel
	names $mnt/allocinfo >/tmp/shown
	cmp /tmp/kernel /tmp/shown
}

# Each tag of the kernel's listing exactly once below a directory.
each_once() {
	names /proc/allocinfo | sort >/tmp/kernel
	find "$1" -type f -exec cat {} + | names | sort >/tmp/shown
	cmp /tmp/kernel /tmp/shown
}

file_filter() {
	for file in mm/slub.c mm/memory.c fs/inode.c kernel/fork.c; do
		grep " $file:" /proc/allocinfo | names >/tmp/kernel
		cat $mnt/by-file/$file/.allocinfo | names >/tmp/shown
		cmp /tmp/kernel /tmp/shown && [ -s /tmp/shown ] || return 1
	done
}

# Sites of the boot that nothing in this machine uses any more.
idle_counters() {
	for file in mm/mm_init.c mm/page_ext.c kernel/params.c; do
		grep " $file:" /proc/allocinfo >/tmp/kernel
		grep func: $mnt/by-file/$file/.allocinfo >/tmp/shown
		cmp /tmp/kernel /tmp/shown && [ -s /tmp/shown ] || return 1
	done
}

# Loads and unloads; the tree has to follow within the second that names are kept.
follows_modules() {
	insmod /payload/libcrc32c.ko
	insmod /payload/xfs.ko || return 1
	sleep 1.1
	there=$(ls $mnt/by-module/xfs | wc -l)
	listed=$(grep -c '\[xfs\]' /proc/allocinfo)
	[ "$there" = "$listed" ] && [ "$there" -gt 100 ] || return 1
	ls $mnt/by-module/xfs/by-file/fs/xfs/libxfs >/dev/null || return 1
	rmmod xfs
	sleep 1.1
	[ ! -e $mnt/by-module/xfs ]
}

# All tags of a module or none, and nothing that cannot be opened, while it comes and goes.
whole_modules() {
	(for cycle in 1 2 3 4 5 6 7 8; do
		insmod /payload/xfs.ko
		sleep 0.3
		rmmod xfs
		sleep 0.1
	done) &
	while kill -0 $! 2>/dev/null; do
		there=$(grep -c '\[xfs\]' $mnt/allocinfo)
		[ "$there" = 0 ] || [ "$there" = 130 ] || { echo "$there tags"; return 1; }
		seen="$seen $there"
	done
	wait
	echo "seen:$seen"
	grep error $mnt/status
	echo "$seen" | grep -q 130 && [ ! -e /sys/module/xfs ]
}

# A file in memory of 32 MiB shows as 32 MiB at the site of its pages, and goes again. What this
# script writes lies in the same kind of memory: some pages more or less.
known_amount() {
	site=$(ls $mnt/by-function/shmem_alloc_folio | head -n 1)
	before=$(awk '{print $1}' "$mnt/all/$site")
	dd if=/dev/zero of=/tmp/known bs=1M count=32 2>/dev/null
	sleep 0.2
	during=$(awk '{print $1}' "$mnt/all/$site")
	rm /tmp/known
	sleep 0.2
	after=$(awk '{print $1}' "$mnt/all/$site")
	echo "$site: $before $during $after"
	[ $((during - before)) -ge 33488896 ] && [ $((during - before)) -lt 34603008 ] &&
		[ $((after - before)) -lt 1048576 ]
}

status_is() {
	grep -qx "$1" $mnt/status
}

mkdir -p $mnt
check "mount" allocfs /proc/allocinfo $mnt
check "status: text" status_is "interface: text"
check "status: profiling" status_is "profiling: on"
check "allocinfo has the kernel's tags" same_listing
for view in all by-file by-module by-function; do
	check "each tag once in $view" each_once $mnt/$view
done
check "a file filter is grep" file_filter
check "counters of idle sites" idle_counters
check "modules come and go" follows_modules
check "modules are whole" whole_modules
check "a known amount" known_amount
check "a walk of all ends" find $mnt
check "status: no error" status_is "last-error: none"
cat $mnt/.summary
check "unmount" umount $mnt
sleep 0.5
check "the daemon is gone" sh -c '! pidof allocfs'
exit $bad
