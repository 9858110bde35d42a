#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package: built twice, from a checkout by root and from a release by somebody else elsewhere,
# and then looked at. What it does on a host: test-deb-install.sh, tests/vm.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
packages_dir=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$packages_dir/../.." && pwd -P)
export DEB_BUILD_OPTIONS=nocheck
unset MAKEFLAGS MAKELEVEL

# As after `git clone`: nothing is configured.
from_checkout() {
	local checkout=$work/checkout
	mkdir "$checkout"
	tar -C "${top_srcdir:-$top}" --exclude=./build --exclude=./.git --exclude=./tests/tmp -cf - . | tar -C "$checkout" -xf -
	(
		cd "$checkout" || exit
		git init -q . && git add . && git clean -qfdx &&
			git -c user.name=test -c user.email=test@localhost commit -q -m test
		env -u SOURCE_DATE_EPOCH make deb
	) >"$work/checkout.log" 2>&1
	ok 'make deb makes a package of a checkout' test -f "$checkout"/build/deb/tallyman_*_*.deb
	like 'it says where' "$(tail -n 5 "$work/checkout.log")" '^built /.*/build/deb/tallyman_[^ ]*\.deb$'
	is 'the checkout is as clean as before' "$(git -C "$checkout" status --porcelain)" ''
	is 'nothing of the build is left' "$(cd "$checkout" && ls -d build/deb/work tallyman-[0-9]* 2>/dev/null)" ''
	ls "$checkout"/build/deb/tallyman_*.deb >/dev/null 2>&1 || bail 'a package' "$(tail -n 30 "$work/checkout.log")"
}

# Another directory, user, umask, time zone and language; in a directory beside the sources.
from_release() {
	local release=$work/a/release/of/tallyman
	mkdir -p "$release"
	make -C "$work/checkout" dist >"$work/dist.log" 2>&1
	cp "$work"/checkout/tallyman-*.tar.xz "$work/release.tar.xz"
	is 'a release has all that a checkout has, but what is for git and the like' \
		"$(comm -13 <(tar -tf "$work/release.tar.xz" | cut -d/ -f2- | sort) <(git -C "$work/checkout" ls-files | sort) |
			grep -v '^\.')" ''
	chmod 644 "$work/release.tar.xz"
	chown nobody "$release"
	(
		cd "$release" || exit
		setpriv --reuid=nobody --regid=nogroup --clear-groups env -i PATH="$PATH" HOME=/nonexistent TZ=Asia/Tokyo LANG=C.UTF-8 \
			DEB_BUILD_OPTIONS=nocheck bash -c 'umask 077 && tar -xf "$1" --strip-components 1 && mkdir beside && cd beside &&
				../configure -q && make deb' - "$work/release.tar.xz"
	) >"$work/release.log" 2>&1 || diag "$(tail -n 20 "$work/release.log")"
	for kind in tallyman tallyman-dbgsym; do
		is "$kind: two builds are the same" "$(cd "$release/beside/build/deb" && sha256sum "$kind"_*.deb)" \
			"$(cd "$work/checkout/build/deb" && sha256sum "$kind"_*.deb)"
	done
}

# Modes, owners and names; documentation and policies, of which there will be more, not one by one.
contents() {
	dpkg-deb -c "$package" | awk '{ print $1, $2, $6 $7 $8 }' |
		sed -E -e 's| \./lib/| ./usr/lib/|' -e '/ \.\/(usr\/)?(lib\/|)?$/d' |
		grep -v -e '/usr/share/doc/tallyman/.*\.md' -e '/usr/share/man/man./.' -e '/policies/.' | sort -k3 -u
}

# in_order FILE TEXT…: each of them is in the script, below the one before
in_order() {
	local file=$1 text line last=0
	shift
	for text in "$@"; do
		line=$(grep -nF -e "$text" "$file" | tail -n 1 | cut -d: -f1)
		if [ "${line:-0}" -le "$last" ]; then
			echo "not there, or not below what comes before: $text"
			return 1
		fi
		last=$line
	done
}

looked_at() {
	local control=$work/control name
	package=$(echo "$work"/checkout/build/deb/tallyman_*.deb)
	dpkg-deb -e "$package" "$control"
	dpkg-deb -x "$package" "$work/content"
	contents >"$work/contents.txt"
	is 'contents, their modes and owners' "$(diff "$packages_dir/deb-contents" "$work/contents.txt")" ''
	is 'configuration files' "$(sort "$control/conffiles")" "/etc/apparmor.d/tallymand
/etc/tallyman/hook.conf
/etc/tallyman/tallyman.conf"
	for name in tallymand.8 tallyman.1 tallyman-hook.8 tallyman.conf.5 tallyman-hook.conf.5 tallyman-events.7 tallyman-audit.7; do
		ok "man page $name" gzip -t "$work/content/usr/share/man/man${name##*.}/$name.gz"
	done
	is 'the version is that of configure.ac' "$(dpkg-deb -f "$package" Version)" \
		"$(sed -n 's/^AC_INIT(\[tallyman\], \[\([^]]*\)\].*/\1/p' "$work/checkout/configure.ac")-1"
	like 'what the hook is linked to is there before the hook' "$(dpkg-deb -f "$package" Pre-Depends)" 'libyajl2'
	ok 'user, directories, profile, daemon, then descriptors' in_order "$control/postinst" systemd-sysusers systemd-tmpfiles \
		apparmor_parser "deb-systemd-invoke \$_dh_action 'tallymand.service'" "	enable_hooks"
	ok 'no descriptors, starts end, then no daemon' in_order "$control/prerm" '	disable_hooks' '|| wait_for_starts' \
		"deb-systemd-invoke stop 'tallymand.socket'" "deb-systemd-invoke stop 'tallymand.service'"
	is 'the socket is not restarted' "$(grep -c "restart.*tallymand.socket" "$control/postinst")" 0
	ok 'the AppArmor profile' apparmor_parser --skip-kernel-load --skip-cache "$work/content/etc/apparmor.d/tallymand"
	is 'its name' "$(apparmor_parser --names "$work/content/etc/apparmor.d/tallymand" 2>/dev/null)" tallymand
	is 'the service is put into it' "$(grep -rh AppArmorProfile "$work"/content/{usr/,}lib/systemd/system 2>/dev/null)" 'AppArmorProfile=-tallymand'
	is 'capabilities of service and profile are the same' \
		"$(sed -n 's/^ *capability \(.*\),$/\1/p' "$work/content/etc/apparmor.d/tallymand" | sort | paste -sd' ')" \
		"$(sed -n 's/^AmbientCapabilities=//p' "$work"/content/{usr/,}lib/systemd/system/tallymand.service 2>/dev/null |
			tr 'A-Z ' 'a-z\n' | sed 's/^cap_//' | sort | paste -sd' ')"
	is 'lintian has nothing to say' "$(lintian --fail-on error,warning "$work"/checkout/build/deb/*.changes 2>&1 | grep '^[EW]:')" ''
	is 'each override is explained' "$(awk '!/^#/ && !explained { print } { explained = /^#/ }' "$top/packaging/deb/tallyman.lintian-overrides")" ''
	is 'no name of a build directory' "$(grep -rlF -e "$work" "$work/content" "$control")" ''
}

# Whoever lacks one of these cannot build the package, though tools/test could here.
build_depends() {
	local wanted
	wanted=$(sed -n '/^# building/,/^# [^b]/p' "$top/tools/packages" | grep -v -e '^#' -e '^$' -e '^gcc$' -e '^libc6-dev$' -e '^make$' -e '^xz-utils$')
	is 'Build-Depends has what tools/packages needs for building' \
		"$(for name in $wanted; do grep -qx -e " $name," "$top/packaging/deb/control" || echo "$name"; done)" ''
}

build_depends
from_checkout
from_release
looked_at
finish
