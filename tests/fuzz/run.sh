#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzes: run.sh [SECONDS [TARGET...]]. Builds the targets with clang, AddressSanitizer and
# UndefinedBehaviorSanitizer, runs each for so many seconds, two at a time, on a copy of its corpus,
# and says how often each was run. What is found lies in BUILD/found then. KEEP=1 adds to the corpus
# what reaches new code.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- text query server session
build=${BUILD:-build/fuzz}

[ -d "$build" ] || CC=clang meson setup "$build" -Dfuzz=true -Dseccomp=off \
	-Db_sanitize=address,undefined -Db_lundef=false \
	-Dc_args=-fno-sanitize-recover=all >"$build.log" 2>&1 || {
	cat "$build.log" >&2
	exit 1
}
for target; do
	echo "tests/fuzz/fuzz-$target"
done | xargs ninja -C "$build" --quiet
mkdir -p "$build/found"

# What is longer tells no more and takes its time.
most() {
	case $1 in
	text) echo 4096 ;;
	query) echo 2048 ;;
	*) echo 1024 ;;
	esac
}

start() {
	mkdir -p "$build/corpus/$1"
	"$build/tests/fuzz/fuzz-$1" -max_total_time="$seconds" -max_len="$(most "$1")" -timeout=20 \
		-rss_limit_mb=3000 -artifact_prefix="$build/found/$1-" \
		"$build/corpus/$1" "tests/fuzz/corpus/$1" >"$build/$1.log" 2>&1 &
}

status=0
finish() {
	if wait "$2" && tail -n 1 "$build/$1.log" | grep -q '^Done'; then
		echo "fuzz-$1: $(tail -n 1 "$build/$1.log"), nothing found"
	else
		echo "fuzz-$1: FAILED"
		tail -n 60 "$build/$1.log"
		status=1
	fi
}

while [ $# -gt 0 ]; do
	first=$1 second=${2:-}
	shift
	start "$first"
	first_pid=$!
	if [ "$second" ]; then
		shift
		start "$second"
		second_pid=$!
	fi
	finish "$first" $first_pid
	[ -z "$second" ] || finish "$second" $second_pid
	for target in $first $second; do
		[ -z "${KEEP:-}" ] || "$build/tests/fuzz/fuzz-$target" -merge=1 \
			"tests/fuzz/corpus/$target" "$build/corpus/$target" >/dev/null 2>&1
	done
done
exit $status
