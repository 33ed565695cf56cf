#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How much of src/ the tests run: lines and branches by file, and the lines that none of them ran.
# What a process does that ends without exit(), by a signal or as the helper, is not counted.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
need_packages $BUILD_PACKAGES $TEST_PACKAGES gcovr

build=${BUILD:-build/coverage}
[ -d "$build" ] || meson setup "$build" -Db_coverage=true -Doptimization=1 >/dev/null
ninja -C "$build" --quiet
# Daemons of other users write there, too, what they ran.
umask 0
find "$build" -name '*.gcda' -delete
chmod -R a+rwX "$build"
status=0
meson test -C "$build" --no-rebuild --suite unit --suite mount --suite stack || status=$?
gcovr --root . --filter src/ --object-directory "$build" --exclude-unreachable-branches \
	--exclude-throw-branches --gcov-ignore-parse-errors --print-summary \
	--txt "$build/lines.txt" --json "$build/coverage.json" >"$build/summary.txt"
gcovr --root . --add-tracefile "$build/coverage.json" --branches --txt "$build/branches.txt" \
	>/dev/null
cat "$build/lines.txt"
cat "$build/summary.txt"
exit $status
