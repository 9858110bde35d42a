# shellcheck shell=bash disable=SC2154,SC2034 # variables of tests/vm/run
# SPDX-License-Identifier: Apache-2.0
# Disk images, and the cache they are kept in. A machine has four disks: its root (a copy-on-write
# layer on the cached one), its kernel's modules, the tests, and one for the results.

# content_hash FILE-OR-WORD…
content_hash() {
	local item
	for item in "$@"; do
		if [ -f "$item" ]; then
			sha256sum <"$item"
		elif [ -d "$item" ]; then
			(cd "$item" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
		else
			printf '%s\n' "$item"
		fi
	done | sha256sum | cut -c1-12
}

# disk_from TREE IMAGE SIZE [LABEL]: an ext4 file system with the files of TREE
disk_from() {
	local tree=$1 image=$2 size=$3 label=${4:-root}
	rm -f "$image.new"
	quietly "$cache/tmp/mke2fs.log" mke2fs -q -t ext4 -L "$label" -E root_owner=0:0 -d "$tree" "$image.new" "$size" ||
		die "cannot make $image"
	mv "$image.new" "$image"
}

# overlay BASE IMAGE: a disk that begins as BASE, and takes what is written
overlay() {
	local format=raw
	[[ $1 != *.qcow2 ]] || format=qcow2
	rm -f "$2"
	quietly "$cache/tmp/qemu-img.log" qemu-img create -q -f qcow2 -b "$1" -F "$format" "$2" || die "cannot make $2"
}

remove_tree() {
	rm -rf --one-file-system "$1"
}

# keep_newest COUNT PATTERN: of the files in the cache that match, remove all but those used last. (Whatever
# is used is touched.)
keep_newest() {
	find "$cache" -maxdepth 1 -mindepth 1 -name "$2" -printf '%T@ %p\n' | sort -rn | tail -n "+$(($1 + 1))" |
		cut -d' ' -f2- | xargs -r rm -rf
}

# What changed scripts, packages and Debian itself left behind
expire_cache() {
	keep_newest 2 'root-bookworm-*'
	keep_newest 2 'root-trixie-*'
	keep_newest 6 'kernel-*'
	keep_newest 4 'package-*'
	keep_newest 6 'installed-*'
}
