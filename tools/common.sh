# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What tools/try and tools/test share: packages, a copy of the sources, builds of that copy.
#
# Nothing is built in the tree itself. A tree that was configured by an ordinary user stays as it is,
# and root leaves no file that the user's next `make` would stumble over: everything is below build/
# and belongs, afterwards, to whoever owns the tree.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$top/build
# shellcheck disable=SC2034 # for the scripts that read this file
source_copy=$build/source

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Run a command with its output in $1; show the end of it when it fails.
quietly() {
	local log=$1
	shift
	if ! "$@" >"$log" 2>&1 </dev/null; then
		printf -- '---- %s\n' "$*" >&2
		tail -n 40 "$log" >&2
		printf -- '---- all of it: %s\n' "$log" >&2
		return 1
	fi
}

need_root() {
	[ "$(id -u)" = 0 ] || die "must run as root: sudo $0 $*"
}

# What root made in somebody's tree is theirs.
give_back() {
	local owner
	owner=$(stat -c %u:%g "$top")
	[ "$owner" = 0:0 ] || chown -hR "$owner" "$@" 2>/dev/null || true
}

# Lists of Debian packages; tests/vm/run adds its own.
package_lists=("$top/tools/packages")

missing_packages() {
	local package
	sed 's/#.*//' "${package_lists[@]}" | while read -r package; do
		[ -n "$package" ] || continue
		dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -qx installed || printf '%s ' "$package"
	done
}

install_packages() {
	local missing log=$build/packages.log
	if ! command -v apt-get >/dev/null; then
		say "no apt-get here: taking it that what ${package_lists[*]##*/} lists is installed"
		return
	fi
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	say "installing: $missing"
	export DEBIAN_FRONTEND=noninteractive
	quietly "$log" apt-get -q update || die "apt-get update failed"
	# shellcheck disable=SC2086 # a list of words
	quietly "$log" apt-get -q install -y --no-install-recommends $missing || die "apt-get install failed"
}

list_sources() {
	if [ -e "$top/.git" ] && command -v git >/dev/null; then
		# root may read a tree that is somebody else's
		git -c safe.directory="$top" -C "$top" ls-files -z --cached --others --exclude-standard
	else
		# an unpacked release, perhaps built in: leave out what a build makes
		(cd "$top" && find . -name .git -prune -o -path ./build -prune -o -path ./tests/tmp -prune \
			-o -name .deps -prune -o -type f ! -name '*.o' ! -name '*.a' ! -name config.status \
			! -name config.h ! -name Makefile ! -name '*.skel.h' ! -name '*.log' ! -name '*.trs' \
			-printf '%P\0')
	fi
}

# Bring build/source up to date; a file that did not change keeps its time, so that make does little.
copy_sources() {
	local file list=$build/source.list
	mkdir -p "$source_copy"
	list_sources | sort -z >"$list.new"
	while IFS= read -r -d '' file; do
		[ -f "$top/$file" ] || continue
		cmp -s "$top/$file" "$source_copy/$file" && continue
		mkdir -p "$source_copy/$(dirname "$file")"
		cp "$top/$file" "$source_copy/$file"
	done <"$list.new"
	if [ -f "$list" ]; then
		comm -z -23 "$list" "$list.new" | (cd "$source_copy" && xargs -0 -r rm -f)
	fi
	mv "$list.new" "$list"
}

make_configure() {
	local stamp
	stamp=$(cd "$source_copy" && find . -name '*.ac' -o -name '*.am' -o -name '*.inc' -o -name '*.m4' |
		grep -v -e aclocal.m4 | sort | xargs sha256sum)
	if [ ! -x "$source_copy/configure" ] || [ "$stamp" != "$(cat "$build/configure.stamp" 2>/dev/null)" ]; then
		quietly "$build/autogen.log" "$source_copy/autogen.sh" || die "autogen.sh failed"
		rm -f "$build"/*/config.status
		printf '%s\n' "$stamp" >"$build/configure.stamp"
	fi
}

# build_tree NAME [CONFIGURE-OPTION…]: build/NAME, configured so and built.
build_tree() {
	local tree=$build/$1
	shift
	mkdir -p "$tree"
	if [ ! -f "$tree/config.status" ] || [ "$*" != "$(cat "$tree/configure.options" 2>/dev/null)" ]; then
		(cd "$tree" && quietly "$tree/configure.log" "$source_copy/configure" -q "$@") ||
			die "configure failed"
		printf '%s\n' "$*" >"$tree/configure.options"
	fi
	quietly "$tree/make.log" make -C "$tree" -j"$(nproc)" || die "the build failed"
}

prepare_sources() {
	mkdir -p "$build"
	install_packages
	copy_sources
	make_configure
}
