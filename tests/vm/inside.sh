#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: inside.sh INTERFACE
# The core of the mount tests on a live kernel, with the shell alone. INTERFACE is what status has
# to name. Ends with 1 if a check failed.
interface=$1
mnt=/mnt/alloc
. /payload/check.sh

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

is_gone() {
	[ -z "$(daemon_pid)" ]
}

# However much is looked at: one read of the whole for each tenth of a second, at most.
reads_seldom() {
	before=$(sed -n 's/^full-reads: //p' $mnt/status) start=$(date +%s)
	du -s $mnt/by-file $mnt/all >/dev/null
	after=$(sed -n 's/^full-reads: //p' $mnt/status) end=$(date +%s)
	echo "$((after - before)) reads in $((end - start)) to $((end - start + 1)) seconds"
	[ $((after - before)) -le $((10 * (end - start + 1) + 1)) ]
}

# Sites of the boot that nothing in this machine uses any more.
idle_counters() {
	for file in mm/mm_init.c mm/page_ext.c kernel/params.c; do
		grep " $file:" /proc/allocinfo >/tmp/kernel
		grep func: $mnt/by-file/$file/.allocinfo >/tmp/shown
		cmp /tmp/kernel /tmp/shown && [ -s /tmp/shown ] || return 1
	done
}

# Of an idle site text, ioctl and mount say the same.
idle_line() { # file:line, the kernel's text of it
	bytes_and_calls='{print $1, $2}'
	awk "$bytes_and_calls" "$2" >/tmp/text
	/payload/vm-line /proc/allocinfo ${1%:*} ${1#*:} >/tmp/ioctl || return 1
	awk "$bytes_and_calls" $mnt/by-file/$1 >/tmp/mount
	cmp /tmp/text /tmp/ioctl && cmp /tmp/text /tmp/mount && [ -s /tmp/text ] || return 1
	/payload/vm-line $mnt/allocinfo ${1%:*} ${1#*:} >/tmp/served
	case $? in
	0) cmp /tmp/text /tmp/served ;;
	4) echo "the mount has no ioctls" ;;
	*) return 1 ;;
	esac
}

idle_lines() {
	for file in mm/mm_init.c mm/page_ext.c kernel/params.c; do
		for line in $(sed -n "s,.* $file:\\([0-9]*\\) .*,\\1,p" /proc/allocinfo | sort -u); do
			grep " $file:$line " /proc/allocinfo >/tmp/kernel
			idle_line $file:$line /tmp/kernel || { echo $file:$line; return 1; }
		done
	done
}

# A program that knows the ioctls and checks what they answer; 4: there are none.
selftest() { # file
	/payload/abi-selftest --live "$1"
	case $? in
	0) return 0 ;;
	4) echo "no ioctls: $1" ;;
	*) return 1 ;;
	esac
}

# Loads and unloads; the tree has to follow within the second that names are kept.
follows_modules() {
	insmod /payload/modules/libcrc32c.ko
	insmod /payload/modules/xfs.ko || return 1
	sleep 1.1
	there=$(ls $mnt/by-module/xfs | wc -l)
	listed=$(grep -c '\[xfs\]' /proc/allocinfo)
	[ "$there" = "$listed" ] && [ "$there" -gt 100 ] || return 1
	ls $mnt/by-module/xfs/by-file/fs/xfs/libxfs >/dev/null || return 1
	rmmod xfs
	sleep 1.1
	[ ! -e $mnt/by-module/xfs ]
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
check "status: $interface" status_is "interface: $interface"
check "status: profiling" status_is "profiling: on"
check "allocinfo has the kernel's tags" same_listing
for view in all by-file by-module by-function; do
	check "each tag once in $view" each_once $mnt/$view
done
check "a file filter is grep" file_filter
check "counters of idle sites" idle_counters
check "modules come and go" follows_modules
if ! [ -x /payload/vm-line ]; then
	echo "skip the ioctls' counters: vm-line was not built"
elif grep -q 'version: 1' /proc/allocinfo; then
	echo "skip the ioctls' counters: this kernel has no ioctls"
else
	check "text, ioctl and mount agree" idle_lines
fi
if [ -x /payload/abi-selftest ]; then
	check "the kernel's ioctls" selftest /proc/allocinfo
	# For kernels that have none of their own.
	[ "$interface" != text ] || check "the mount's ioctls" selftest $mnt/allocinfo
else
	echo "skip the ioctls' self-test: abi-selftest was not built"
fi
check "a known amount" known_amount
check "a walk of all ends" find $mnt
check "a walk reads seldom" reads_seldom
check "status: no error" status_is "last-error: none"
cat $mnt/.summary
check "unmount" umount $mnt
sleep 0.5
check "the daemon is gone" is_gone
exit $bad
