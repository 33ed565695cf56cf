#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds allocfs and runs all tests. Extra arguments go to "meson setup"; BUILD names the directory.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
need_packages $BUILD_PACKAGES $TEST_PACKAGES

build=${BUILD:-build/tests}
[ -d "$build" ] || meson setup "$build" "$@"
ninja -C "$build"
meson test -C "$build" --list | grep -q unit- || {
	echo "the tests were not built: meson did not find cmocka and python3" >&2
	exit 1
}
status=0
meson test -C "$build" --no-rebuild --print-errorlogs || status=$?
# One line in the usual words, counted from meson's own record of the run.
python3 - "$build/meson-logs/testlog.json" <<'P'
import collections, json, sys
results = collections.Counter(json.loads(line)["result"] for line in open(sys.argv[1]))
passed, skipped = results.pop("OK", 0), results.pop("SKIP", 0)
print(f"{passed} passed, {sum(results.values())} failed, {skipped} skipped")
P
exit $status
