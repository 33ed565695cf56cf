#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The units of systemd in docs/: units.sh ALLOCFS DIRECTORY. systemd has nothing to say against them,
# and finds the service little exposed.
set -eu
allocfs=$(realpath "$1") units=$2
# Of 100; its own services have between 20 and 97.
most_exposed=40

command -v systemd-analyze >/dev/null || {
	echo "skipped: systemd-analyze is not installed"
	exit 77
}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
status=0
for unit in "$units"/*.mount "$units"/*.service; do
	# Neither program nor manual are installed where this runs.
	sed -e "s,/usr/bin/allocfs,$allocfs," -e /^Documentation=/d "$unit" >"$work/${unit##*/}"
	said=$(systemd-analyze verify "$work/${unit##*/}" 2>&1) || status=1
	# Of other units on the machine it may complain as well.
	if echo "$said" | grep -F "${unit##*/}"; then
		status=1
	fi
done
systemd-analyze security --offline=true --threshold=$most_exposed --no-pager \
	"$work/allocfs.service" >"$work/exposure" || status=1
tail -n 1 "$work/exposure"
exit $status
