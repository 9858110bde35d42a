# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What goes into the machine besides Debian: Tallyman's package, and a disk with the tests.

# find_package: build it, unless --deb named one; left in $package
find_package() {
	[ -z "$package" ] || { [ -f "$package" ] || die "no file $package"; return; }
	prepare_sources
	build_tree test --enable-werror
	quietly "$cache/tmp/actors.log" make -C "$build/test" actors || die "the actors do not build"
	temporary_package
}

# Until `make deb` is there: what `make install` installs, a unit and the hook's JSON.
temporary_package() {
	local tree=$cache/tmp/package
	remove_tree "$tree"
	quietly "$cache/tmp/install.log" make -C "$build/test" install DESTDIR="$tree" || die "make install failed"
	mkdir -p "$tree"/{DEBIAN,etc/tallyman,usr/share/containers/oci/hooks.d,usr/lib/systemd/system,usr/libexec/oci/hooks.d}
	for program in sbin/tallymand bin/tallyman libexec/oci/hooks.d/tallyman-hook; do
		[ -e "$tree/usr/$program" ] || install -D "$tree/usr/local/$program" "$tree/usr/$program"
	done
	rm -rf "$tree/usr/local"
	touch "$tree/etc/tallyman/tallyman.conf"
	cat >"$tree/usr/share/containers/oci/hooks.d/50-tallyman.json" <<-'END'
		{"version": "1.0.0", "hook": {"path": "/usr/libexec/oci/hooks.d/tallyman-hook"}, "when": {"always": true}, "stages": ["createRuntime"]}
	END
	cat >"$tree/usr/lib/systemd/system/tallymand.service" <<-'END'
		[Service]
		ExecStart=/usr/sbin/tallymand --foreground
		RuntimeDirectory=tallyman
		LogsDirectory=tallyman
		[Install]
		WantedBy=multi-user.target
	END
	cat >"$tree/DEBIAN/control" <<-'END'
		Package: tallyman
		Version: 0.0
		Architecture: amd64
		Maintainer: nobody <nobody@localhost>
		Description: not a real package
	END
	printf '#!/bin/sh\nsystemctl enable --now tallymand.service\n' >"$tree/DEBIAN/postinst"
	chmod 755 "$tree/DEBIAN/postinst"
	package=$cache/tmp/tallyman_0.0_amd64.deb
	quietly "$cache/tmp/dpkg-deb.log" dpkg-deb --root-owner-group --build "$tree" "$package" || die "no package"
}

# make_tests_disk IMAGE: the package, the tests, and a tree that looks like a build to them and holds
# what is installed
make_tests_disk() {
	local tree=$cache/tmp/tests
	remove_tree "$tree"
	mkdir -p "$tree"/{packages,guest,tests,installed/daemon,installed/hook,installed/cli,installed/tests/actors}
	cp "$package" "$tree/packages/"
	cp "$vm_dir/guest/start" "$tree/guest/"
	cp -r "$top/tests/system" "$tree/tests/"
	mkdir -p "$tree/tests/vm"
	cp -r "$vm_dir/suites" "$tree/tests/vm/"
	ln -s /usr/sbin/tallymand "$tree/installed/daemon/tallymand"
	ln -s /usr/libexec/oci/hooks.d/tallyman-hook "$tree/installed/hook/tallyman-hook"
	ln -s /usr/bin/tallyman "$tree/installed/cli/tallyman"
	find "$build/test/tests/actors" -type f -perm -100 -exec cp -t "$tree/installed/tests/actors" {} +
	disk_from "$tree" "$1" 256M tests
	remove_tree "$tree"
}

# make_installed: the root with the package installed by apt in the running machine; left in $installed_image
make_installed() {
	local directory=$cache/tmp/installing
	installed_image=$cache/installed-$(content_hash "$root_image" "$(basename "$kernel")" "$package" "$vm_dir/guest/start" \
		"$vm_dir/host").qcow2
	if [ -f "$installed_image" ]; then
		touch "$installed_image"
		return
	fi
	progress "installing $(basename "$package")"
	new_machine "$directory" "$root_image"
	boot_machine "$directory" "$kernel" install 300 || true
	if ! task_succeeded "$directory"; then
		tail -n 30 "$directory/output.log" "$directory/console.log" >&2
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
	make_tests_disk "$1/tests.ext4"
	truncate -s 512M "$1/results.tar"
}
