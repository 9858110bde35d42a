#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The package in Debian roots of its own, with podman of that release: containers are started all the
# time while it is installed, upgraded, downgraded, removed and purged (in-root.sh says how). A root is
# made once and kept in build/roots by what it holds; each run unpacks it into memory.
. "$(dirname "$0")/../system/lib.sh"
packages_dir=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$packages_dir/../.." && pwd -P)
roots=${TALLYMAN_ROOTS_CACHE:-$top/build/roots}
. "$top/tests/vm/host/root.sh"

die() {
	bail "$1"
}

# a package of this tree ($TALLYMAN_DEB: that one), and one that is newer by its version alone
make_packages() {
	local package=${TALLYMAN_DEB-} control=$work/newer/DEBIAN/control
	if [ -z "$package" ] && ! DEB_BUILD_OPTIONS=nocheck make -C "$top_builddir" deb DEB_OUTPUT="$work/deb" >"$work/make.log" 2>&1; then
		bail 'make deb' "$(tail -n 30 "$work/make.log")"
	fi
	package=${package:-$(echo "$work"/deb/tallyman_*.deb)}
	older=$work/older.deb newer=$work/newer.deb
	cp "$package" "$older"
	dpkg-deb -R "$package" "$work/newer"
	sed -i 's/^Version: .*/&+newer/' "$control"
	dpkg-deb --root-owner-group -b "$work/newer" "$newer" >/dev/null
}

# What the package depends on, and what the tests use, as words with commas between
root_packages() {
	{
		dpkg-deb -f "$older" Pre-Depends Depends | sed 's/^[A-Za-z-]*: //' | tr ',' '\n' |
			sed -E 's/\|.*//; s/\(.*//; s/ //g; /^$/d'
		printf '%s\n' busybox-static conmon crun jq netavark podman runc systemd
	} | sort -u | paste -sd,
}

# make_root RELEASE: its name is left in $root_tar, empty if no mirror can be reached
make_tar() {
	local release=$1 packages
	packages=$(root_packages)
	root_tar=$roots/$release-$(printf '%s\n' "$release" "$packages" 1 | sha256sum | cut -c1-16).tar
	[ ! -f "$root_tar" ] || return 0
	mkdir -p "$roots"
	rm -f "$roots/$release"-*.tar
	apt_access >"$work/apt.conf"
	apt_sources "$release" >"$work/sources.list"
	if ! mmdebstrap --mode=root --format=tar --variant=minbase --aptopt="$work/apt.conf" --include="$packages" \
		"$release" "$root_tar.part" "$work/sources.list" >"$work/mmdebstrap.log" 2>&1; then
		rm -f "$root_tar.part"
		diag "$(tail -n 5 "$work/mmdebstrap.log")"
		root_tar=
		return 0
	fi
	mv "$root_tar.part" "$root_tar"
}

# In a mount namespace of its own: a root in memory, /sys/fs/cgroup as version 2 alone, for crun does not
# run on both at once. pivot_root, for a chroot may not make user namespaces.
enter() {
	local root=$work/root
	mount -t tmpfs -o mode=755 none "$root"
	tar -C "$root" --numeric-owner -xf "$1"
	mkdir -p "$root/mnt/old"
	mount --rbind /proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount -t cgroup2 none "$root/sys/fs/cgroup"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs -o mode=755 none "$root/run"
	mount -t tmpfs -o mode=1777 none "$root/tmp"
	mkdir "$root/run/lock" "$root/mnt/test"
	cp "$packages_dir/in-root.sh" "$packages_dir/service-manager" "$older" "$newer" "$root/mnt/test/"
	printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' \
		>"$root/etc/containers/storage.conf"
	rm -f "$root"/etc/cni/net.d/*
	cd "$root" || exit 1
	pivot_root . mnt/old
	cd / && umount -l /mnt/old && rmdir /mnt/old
	exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		/mnt/test/in-root.sh "$2" /mnt/test/older.deb /mnt/test/newer.deb
}
export -f enter
export work packages_dir older newer

# try RELEASE RUNTIME
try() {
	local release=$1 line ended=no
	make_tar "$release"
	if [ -z "$root_tar" ]; then
		skip "the package in a Debian $release" 'no Debian mirror can be reached'
		return
	fi
	mkdir -p "$work/root"
	unshare --mount --propagation private bash -c 'set -e; enter "$@"' - "$root_tar" "$2" >"$work/$release.log" 2>&1 </dev/null
	while IFS= read -r line; do
		case $line in
		'ok - '*) pass "$release: ${line#ok - }" ;;
		'not ok - '*) fail "$release: ${line#not ok - }" ;;
		'# came to its end') ended=yes ;;
		'# '*) printf '%s\n' "$line" ;;
		esac
	done <"$work/$release.log"
	[ "$ended" = yes ] || fail "$release: the test came to its end" "$(tail -n 20 "$work/$release.log")"
}

make_packages
try bookworm runc
try trixie crun
finish
