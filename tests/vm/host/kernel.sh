# shellcheck shell=bash disable=SC2154,SC2034 # variables of tests/vm/run
# SPDX-License-Identifier: Apache-2.0
# Kernels: fetched from the Debian release that has them, without touching the packages of this
# machine, and unpacked into a file system of modules and a small initrd of our own. The root does not
# know which kernel boots it.

# Which releases have a kernel, in the order they are asked
kernel_releases() {
	case $1 in
	5.10) echo bullseye-security bullseye ;;
	6.1) echo bookworm-security bookworm ;;
	6.12) echo trixie-security trixie bookworm-backports ;;
	7.2) echo sid ;;
	*) die "no kernel $1: 5.10, 6.1, 6.12 or 7.2" ;;
	esac
}

# own_kernel RELEASE: the kernel that a Debian release comes with
own_kernel() {
	case $1 in
	bookworm) echo 6.1 ;;
	trixie) echo 6.12 ;;
	*) die "no machine $1: bookworm or trixie" ;;
	esac
}

# apt_of RELEASE PROGRAM ARGUMENT…: apt-get or apt-cache that knows that release only
apt_of() {
	local directory=$cache/tmp/apt-$1 program=$2
	shift 2
	APT_CONFIG=$directory/apt.conf "$program" -q "$@"
}

# Package lists are read anew once a day.
update_apt_of() {
	local directory=$cache/tmp/apt-$1
	[ -z "$(find "$directory/updated" -mtime -1 2>/dev/null)" ] || return 0
	mkdir -p "$directory"/{lists,archives}/partial
	apt_sources "$1" >"$directory/sources.list"
	cat >"$directory/apt.conf" <<-END
		Dir::Etc::sourcelist "$directory/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::State::Lists "$directory/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$directory";
		APT::Update::Error-Mode "any";
		APT::Sandbox::User "root";
	END
	quietly "$directory/update.log" apt_of "$1" apt-get update && touch "$directory/updated"
}

# newest_kernel RELEASE VERSION: the part of the packages' names after linux-image-
newest_kernel() {
	apt_of "$1" apt-cache search --names-only "^linux-image-${2//./\\.}\\.[0-9].*-cloud-amd64\$" |
		sed 's/^linux-image-//; s/ .*//' | sort -V | tail -n 1
}

# fetch_kernel RELEASE NAME TREE: unpack its packages there. In newer releases linux-image-NAME is empty,
# and depends on the packages that have the files.
fetch_kernel() {
	local release=$1 name=$2 tree=$3 package packages=("linux-image-$2")
	for package in "linux-binary-$name" "linux-modules-$name" "linux-base-$name"; do
		! apt_of "$release" apt-cache show "$package" >/dev/null 2>&1 || packages+=("$package")
	done
	mkdir -p "$tree/packages"
	(cd "$tree/packages" && quietly "$cache/tmp/fetch.log" apt_of "$release" apt-get download "${packages[@]}") || return 1
	for package in "$tree/packages"/*.deb; do
		dpkg-deb -x "$package" "$tree"
	done
	# one place for all, whether or not the release has merged /usr
	if [ -d "$tree/lib/modules" ]; then
		mkdir -p "$tree/usr/lib"
		mv "$tree/lib/modules" "$tree/usr/lib/modules"
	fi
	mkdir -p "$tree/lib"
	ln -s ../usr/lib/modules "$tree/lib/modules"
}

# make_initrd VERSION MODULES IMAGE: busybox and the modules that are needed to find the disks
make_initrd() {
	local version=$1 modules=$2 image=$3 tree=$cache/tmp/initrd module file
	remove_tree "$tree"
	mkdir -p "$tree"/{bin,dev,proc,sys,root,modules}
	cp /bin/busybox "$tree/bin/"
	cp "$vm_dir/guest/init" "$tree/init"
	for module in virtio_pci virtio_blk ext4; do
		# what it depends on comes first; "builtin" needs nothing
		modprobe -d "$modules" -S "$version" --show-depends "$module" || die "Linux $version has no module $module"
	done | sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' | while read -r file; do
		module=$(basename "$file")
		case $file in
		*.xz) xz -dc "$file" >"$tree/modules/${module%.xz}" ;;
		*.zst) zstd -qdc "$file" >"$tree/modules/${module%.zst}" ;;
		*) cp "$file" "$tree/modules/" ;;
		esac
		module=${module%.xz}
		echo "${module%.zst}" >>"$tree/modules/order"
	done
	touch "$tree/modules/order"
	(cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$image"
	remove_tree "$tree"
}

# make_kernel VERSION: its directory, with vmlinuz, initrd, modules.ext4 and release, is left in $kernel.
# 1 if no release could be reached.
make_kernel() {
	local version=$1 release name='' tree=$cache/tmp/kernel-$1
	for release in $(kernel_releases "$version"); do
		update_apt_of "$release" || continue
		name=$(newest_kernel "$release" "$version")
		[ -z "$name" ] || break
	done
	[ -n "$name" ] || return 1
	kernel=$cache/kernel-$name-$(content_hash "$vm_dir/guest/init")
	if [ -f "$kernel/release" ]; then
		touch "$kernel"
		return
	fi
	progress "fetching Linux $name from Debian $release"
	remove_tree "$tree"
	fetch_kernel "$release" "$name" "$tree" || return 1
	mkdir -p "$kernel"
	cp "$(find "$tree/boot" "$tree/usr/lib/modules" -name 'vmlinuz*' -type f 2>/dev/null | head -n 1)" "$kernel/vmlinuz" ||
		die "no kernel image in the packages of Linux $name"
	depmod -b "$tree" "$name" || die "depmod failed"
	make_initrd "$name" "$tree" "$kernel/initrd"
	disk_from "$tree/usr/lib/modules" "$kernel/modules.ext4" 400M modules
	echo "$name" >"$kernel/release"
	remove_tree "$tree"
}
