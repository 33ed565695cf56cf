# SPDX-License-Identifier: GPL-2.0-or-later
# For the scripts that run in the machine: a line for each check, and in $bad whether one failed.
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

# The pid of the mount's daemon; its helper has another name. Busybox has no pgrep here.
daemon_pid() {
	for comm in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		[ "$name" = allocfs ] || continue
		comm=${comm%/comm}
		echo "${comm#/proc/}"
	done
}
