# shellcheck shell=bash disable=SC2154,SC2034 # variables of tests/vm/run
# SPDX-License-Identifier: Apache-2.0
# What goes into the machine besides Debian: Tallyman's package, and a disk with the tests.

bench_programs=(tests/bench/bench tests/bench/loop tests/bench/tiny) # for the suite of that name

# find_package: what --deb named, or built from this tree if it changed since; left in $package. The actors
# are built too.
find_package() {
	local directory programs=(actors tests/bpf/verify-programs tests/bpf/verify-policies tests/bpf/test-arguments)
	prepare_sources
	build_tree test --enable-werror
	[[ " ${suites[*]} " != *' bench '* ]] || programs+=("${bench_programs[@]}")
	quietly "$cache/tmp/actors.log" make -C "$build/test" "${programs[@]}" || die "the actors do not build"
	if [ -n "$package" ]; then
		[ -f "$package" ] || die "no file $package"
		return
	fi
	directory=$cache/package-$(cd "$source_copy" && package_sources | xargs -0 sha256sum | sha256sum | cut -c1-12)
	if ! compgen -G "$directory/tallyman_*.deb" >/dev/null; then
		progress "building the package"
		quietly "$cache/tmp/deb.log" make -C "$build/test" deb DEB_BUILD_OPTIONS=nocheck DEB_OUTPUT="$directory" ||
			die "make deb failed"
	fi
	touch "$directory"
	package=$(echo "$directory"/tallyman_*.deb)
}

# What the package is made from: not the tests
package_sources() {
	grep -zvE '^(tests|tools|\.ci)/' "$build/source.list"
}

# The same package as a higher version, for suites that upgrade: what differs is not the point there.
make_upgrade() {
	local tree=$1.tree version
	version=$(dpkg-deb -f "$package" Version)+upgrade
	remove_tree "$tree"
	quietly "$cache/tmp/upgrade.log" dpkg-deb -R "$package" "$tree" || die "cannot unpack $package"
	sed -i "s/^Version: .*/Version: $version/" "$tree/DEBIAN/control"
	quietly "$cache/tmp/upgrade.log" dpkg-deb --root-owner-group --build "$tree" "$1/tallyman_${version}_amd64.deb" ||
		die "cannot repack $package"
	remove_tree "$tree"
}

# make_tests_disk DIRECTORY: tests.ext4 there, with the package, the tests, and a tree that looks like a build
# to them and holds what is installed
make_tests_disk() {
	local tree=$1/tests
	remove_tree "$tree"
	mkdir -p "$tree"/{packages,upgrade,guest,tests} "$tree"/installed/{daemon,hook,cli,tests/actors,tests/bpf,tests/bench}
	cp "$package" "$tree/packages/"
	make_upgrade "$tree/upgrade"
	cp "$vm_dir/guest/start" "$vm_dir/guest/install" "$tree/guest/"
	cp -r "$top/tests/system" "$tree/tests/"
	mkdir -p "$tree"/tests/{vm,bench}
	cp -r "$vm_dir/suites" "$tree/tests/vm/"
	ln -s /usr/sbin/tallymand "$tree/installed/daemon/tallymand"
	ln -s /usr/libexec/oci/hooks.d/tallyman-hook "$tree/installed/hook/tallyman-hook"
	ln -s /usr/bin/tallyman "$tree/installed/cli/tallyman"
	find "$build/test/tests/actors" -type f -perm -100 -exec cp -t "$tree/installed/tests/actors" {} +
	cp "$build/test/tests/bpf/"{verify-programs,verify-policies,test-arguments} "$tree/installed/tests/bpf/"
	cp -r "$top/tests/bench/policies" "$tree/tests/bench/"
	(cd "$build/test" && cp -t "$tree/installed/tests/bench" "${bench_programs[@]}" 2>/dev/null)
	disk_from "$tree" "$1/tests.ext4" 256M tests
	remove_tree "$tree"
}

# make_installed KERNEL: the root with the package installed by apt in the running machine; left in
# $installed_image. The kernel is the release's own, and whatever kernel boots it later.
make_installed() {
	local directory=$cache/tmp/installing
	installed_image=$cache/installed-$(basename "$root_image" .ext4)-$(content_hash "$package" "$vm_dir/guest/install").qcow2
	if [ -f "$installed_image" ]; then
		touch "$installed_image"
		return
	fi
	progress "installing $(basename "$package")"
	boot_new_machine "$directory" "$root_image" "$1" install 600 || true
	if ! task_succeeded "$directory"; then
		tail -n 30 "$directory/output.log" >&2
		tail -n 30 "$directory/console.log" >&2
		die "the package does not install"
	fi
	mv "$directory/root.qcow2" "$installed_image"
	rm -rf "$directory"
}

# new_machine DIRECTORY BASE: its disks
new_machine() {
	rm -rf "$1"
	mkdir -p "$1"
	overlay "$2" "$1/root.qcow2"
	make_tests_disk "$1"
	truncate -s 512M "$1/results.tar"
}
