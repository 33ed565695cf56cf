# SPDX-License-Identifier: GPL-2.0-or-later
# To be sourced: what the scripts need of Debian, and installing what is missing of it.

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libfuse3-dev libglib2.0-dev libjson-c-dev \
	libcap-ng-dev libseccomp-dev fuse3"
TEST_PACKAGES="libcmocka-dev python3 dash bash zsh busybox-static rsync attr mount procps mandoc \
	jq ncdu"

# Installs those of the packages named that are not there yet, and says so.
need_packages() {
	missing=
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	echo "== installing with apt-get:$missing"
	as_root=
	[ "$(id -u)" = 0 ] || as_root=sudo
	$as_root apt-get update -qq &&
		DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq \
			--no-install-recommends $missing >/dev/null
}
