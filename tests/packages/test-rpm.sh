#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The RPM packages: what is in them, that they can be built again byte for byte, and that containers
# start at every moment of install, upgrade, downgrade and erase.
. "$(dirname "$0")/lib.sh"
sources=${top_srcdir:-$packages_dir/../..}

# ---- building ----

# Two builds that differ in all that must not matter. The second is of an unpacked release, by hand.
export SOURCE_DATE_EPOCH=1790000000
make_rpm() {
	make -C "$top_builddir" rpm "RPM_OUTPUT=$1" "RPM_RELEASE=$2" RPMBUILD_FLAGS='--without check' >"$work/make-rpm.log" 2>&1
}
first=$work/first second=$work/elsewhere/with/a/longer/name next=$work/next
make_rpm "$first" 1 || bail "make rpm" "$(tail -n 40 "$work/make-rpm.log")"
pass "make rpm"
version=$("$top_builddir/cli/tallyman" version | sed -n 's/^client: //p')
arch=$(uname -m)
old=$first/tallyman-$version-1.$arch.rpm new=$next/tallyman-$version-2.$arch.rpm
ok "it leaves a package of the version of the programs" test -f "$old"
ok "and its sources" test -f "$first/tallyman-$version-1.src.rpm"
tarball=$(find "$top_builddir" -maxdepth 1 -name "tallyman-$version.tar.xz")
mkdir -p "$second/home"
(umask 077 && HOME=$second/home TZ=Pacific/Auckland LC_ALL=C.UTF-8 RPM_RELEASE=1 "$sources/packaging/rpm/build" \
	"$tarball" "$second" --without check >"$work/second.log" 2>&1) || bail "a second build" "$(cat "$work/second.log")"
for package in "$first"/*.rpm; do
	ok "a build in another directory is the same: ${package##*/}" cmp "$package" "$second/${package##*/}"
done
ok "make rpm works again, for a higher version" make_rpm "$next" 2
ok "and makes it" test -f "$new"

# ---- what is in them ----

output=$(rpmlint -r "$sources/packaging/rpm/tallyman.rpmlintrc" "$first"/*.rpm 2>&1)
like "rpmlint has nothing to say that is not explained" "$output" ' 0 errors, 0 warnings'
mkdir "$work/unpacked"
(cd "$work/unpacked" && rpm2cpio "$old" | busybox cpio -idm) 2>"$work/cpio.log" || fail "it unpacks" "$(cat "$work/cpio.log")"
files=$(cd "$work/unpacked" && find . ! -type d -printf '/%P\n' | layout)
is "its files are those that make install installs, and the configuration" "$files" \
	"$(layout_expected /etc/tallyman/hook.conf /etc/tallyman/tallyman.conf)"
make -C "$top_builddir" deb "DEB_OUTPUT=$work/deb" DEB_BUILD_OPTIONS=nocheck >"$work/make-deb.log" 2>&1 ||
	fail "make deb" "$(tail -n 40 "$work/make-deb.log")"
# AppArmor: hosts with RPM packages have SELinux.
is "the Debian package has the same ones, but for AppArmor's" \
	"$(dpkg-deb --fsys-tarfile "$work"/deb/tallyman_*.deb | tar -t | sed -n 's|^\.\(/.*[^/]\)$|\1|p' | layout)" \
	"$(printf '%s\n' "$files" /etc/apparmor.d/tallymand /usr/lib/systemd/system/tallymand.service.d/apparmor.conf | sort)"
is "configuration is marked so" "$(rpm -qpc "$old" | xargs)" "/etc/tallyman/hook.conf /etc/tallyman/tallyman.conf"
is "nothing in it says where it was built" "$(cd "$work/unpacked" && grep -rlaF -e "$work" -e "$top_builddir" .)" ""
is "no file is newer than its sources" "$(find "$work/unpacked" ! -type d -newermt "@$SOURCE_DATE_EPOCH" -not -type l)" ""
is "the descriptor names the hook" "$(jq -r .hook.path "$work/unpacked$hooks_d/50-tallyman.json")" "$hook"

# ---- install, upgrade, downgrade, erase ----

own_host
# The host's packages are Debian's: a database of its own, and nothing to depend on in it.
rpm() {
	command rpm --dbpath "$work/rpmdb" "$@"
}
rpm --initdb

# Into an image, where nothing runs: here systemctl is the real one.
record rpm -i --nodeps "$old" || fail "it can be installed where nothing runs" "$(cat "$work/command.log")"
is "installed into an image it is enabled" "$(host_additions | grep ^/etc/systemd/ | xargs)" \
	"/etc/systemd/system/multi-user.target.wants/tallymand.service /etc/systemd/system/sockets.target.wants/tallymand.socket"
record rpm -e tallyman || fail "it can be erased where nothing runs" "$(cat "$work/command.log")"
is "and nothing is left of it" "$(host_additions | xargs)" ""

podman_of_host
systemd_of_ours
before=$(host_additions)

starts_begin install
ok "it can be installed" record rpm -i --nodeps "$old"
ok "no descriptor without its hook meanwhile" never_without_hook no
ok "hook, descriptor, socket, daemon: in that order" \
	in_order "$hook" "$hooks_d/50-tallyman.json" start_tallymand.socket start_tallymand.service
starts_end "no container failed to start meanwhile"
ok "the daemon runs" tallyman status
is "all is there, and as it was packed" "$(rpm -V --nodeps tallyman)" ""
podman run -d --name web "$image" sleep 1000 >/dev/null
ok "a container is known by its name" known web

echo '# changed by the administrator' >>/etc/tallyman/tallyman.conf
# change DESCRIPTION RPM-OPTION…: from one version to another one, while containers start and run
change() {
	local what=$1
	shift
	starts_begin "$what"
	ok "$what" record rpm -U --nodeps "$@"
	ok "$what: never without hook and descriptor" is_quiet
	ok "$what: the daemon is restarted, its socket is not" in_order daemon-reload try-restart_tallymand.service
	is "$what: nothing else is stopped or started" "$(grep -E 'call-.*(stop|start|enable|disable|preset)' "$timeline" |
		grep -vc try-restart_tallymand.service)" 0
	starts_end "$what: no container failed to start meanwhile"
	ok "$what: what ran is known by its name" known web
	podman exec web echo "after $what" >/dev/null
	ok "$what: what it does is recorded as its own" wait_for 10 has \
		'.process_exec.process | .argv[-1] == "after '"$what"'" and .container.name == "web"'
}
# Neither hook nor descriptor were away, not even for a moment: they were replaced by renaming.
is_quiet() {
	never_without_hook yes && ! grep -E 'DELETE.*(tallyman-hook|\.json)$' "$timeline"
}
change upgrade "$new"
is "the upgrade is installed" "$(rpm -q --qf '%{RELEASE}' tallyman)" 2
change downgrade --oldpackage "$old"
ok "the administrator's configuration was kept" grep -q 'changed by the administrator' /etc/tallyman/tallyman.conf

# From here on a start fails when the hook does not reach the daemon: until the hook is gone.
printf '[require]\nall = yes\n' >>/etc/tallyman/hook.conf
starts_begin erase
ok "it can be erased" record rpm -e tallyman
ok "no descriptor without its hook meanwhile" never_without_hook yes
ok "descriptor, daemon, hook: in that order" \
	in_order "$hooks_d/50-tallyman.json" stop_tallymand.socket_tallymand.service "$hook"
starts_end "no container failed to start meanwhile"
like "rpm had nothing to complain of" "$(grep -v 'RPM should not be used\|assuming you know' "$work/command.log")" '^(Saved|warning: .*saved as .*rpmsave)?$'
ok "the container that ran all the time can be stopped" podman stop -t 0 web
ok "and started without Tallyman" podman start web
ok "and removed" podman rm -f -t 0 web
# The user stays, as is the custom of RPM packages: the logs are his.
is "left are the logs, and the configuration that the administrator changed" \
	"$(comm -13 <(echo "$before") <(host_additions) | grep -v '^/var/log/tallyman/.*[.][0-9]$' | xargs)" \
	"/etc/tallyman/hook.conf.rpmsave /etc/tallyman/tallyman.conf.rpmsave /var/log/tallyman/audit.log /var/log/tallyman/events.json"
is "nothing is left in /run" "$(ls -d /run/tallyman 2>&1)" "ls: cannot access '/run/tallyman': No such file or directory"
finish
