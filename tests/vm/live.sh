#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: live.sh INTERFACE | live.sh dump
# The tests in python: of the live tree, with modules in it; or those of tests/mount that a kernel
# could matter to. Left out are those that only take long here.
export PYTHONHOME=/payload/python PYTHONDONTWRITEBYTECODE=1 ALLOCFS=allocfs
export ALLOCFS_MOUNT_TESTS=/payload/mount ALLOCFS_TEST_DATA=/payload/data
python=$PYTHONHOME/bin/python3
bad=0

run() {
	echo "-- $*"
	$python "$@" 2>&1 || bad=1
}

echo daemon:x:1: >>/etc/group # a group to name, for the tests of owners
if [ "$1" = dump ]; then
	run /payload/mount/test_attrs.py Owners Attributes.test_tags Attributes.test_directories \
		Attributes.test_size_in_every_view Attributes.test_size_of_reports \
		Attributes.test_statfs_of_a_dump Attributes.test_type_in_readdir \
		Attributes.test_du_of_the_total Attributes.test_ls_by_size Attributes.test_find_by_size
	run /payload/mount/test_errors.py
	run /payload/mount/test_tree.py Tree.test_root_in_order Tree.test_by_file \
		Tree.test_walk_ends Tree.test_raw_records Tree.test_position
	exit $bad
fi
for module in libcrc32c xfs loop; do
	insmod /payload/modules/$module.ko || exit 1
done
run /payload/live.py "$1"
exit $bad
