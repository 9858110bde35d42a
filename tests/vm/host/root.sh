# shellcheck shell=bash disable=SC2154,SC2034 # variables of tests/vm/run
# SPDX-License-Identifier: Apache-2.0
# The disk that a machine boots from: a Debian release with what tests/vm/guest/packages names, made
# from the mirrors that this machine's apt uses. It holds neither a kernel nor anything of Tallyman,
# so that it is made once in a long time.

# mirror LABEL: the address from which this machine's apt takes Debian or Debian-Security
mirror() {
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk -v label="$1" '$1 == label { sub("/$", "", $2); print $2; exit }'
}

# apt_sources RELEASE…: lines of a sources.list; "bookworm-security" and such come from the security mirror
apt_sources() {
	local debian security release address
	debian=$(mirror Debian)
	[ -n "$debian" ] || die "this machine's apt knows no Debian mirror"
	security=$(mirror Debian-Security)
	security=${security:-${debian%/debian}/debian-security}
	for release in "$@"; do
		address=$debian
		[[ $release != *-security ]] || address=$security
		printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$address" "$release"
	done
}

# How this machine's apt gets at its mirrors: proxies, certificates, time limits.
apt_access() {
	apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|Max-|Queue-)' || true
}

# The packages of a release, as words with commas between
guest_packages() {
	sed 's/#.*//' "$vm_dir/guest/packages" |
		awk -v release="$1" 'NF == 1 || $2 == release { printf "%s%s", comma, $1; comma = "," }'
}

# make_root RELEASE: its name is left in $root_image; 1 if no mirror could be reached
make_root() {
	local release=$1 tree=$cache/tmp/root-$1
	root_image=$cache/root-$release-$(content_hash "$vm_dir/guest/packages" "$vm_dir/guest/configure" \
		"$vm_dir/guest/tallyman-vm.service").ext4
	if [ -f "$root_image" ]; then
		touch "$root_image"
		return
	fi
	update_apt_of "$release" || return 1
	progress "making a Debian $release"
	remove_tree "$tree"
	# another root of that name is another file system, and not what those were layers on
	rm -f "$cache/installed-$(basename "$root_image" .ext4)"-*
	apt_access >"$cache/tmp/apt.conf"
	apt_sources "$release" "$release-updates" "$release-security" >"$cache/tmp/sources.list"
	quietly "$cache/tmp/root-$release.log" mmdebstrap --mode=root --variant=minbase --aptopt="$cache/tmp/apt.conf" \
		--include="$(guest_packages "$release")" --customize-hook="copy-in $vm_dir/guest/tallyman-vm.service /etc/systemd/system" \
		--customize-hook="$vm_dir/guest/configure \"\$1\"" \
		"$release" "$tree" "$cache/tmp/sources.list" || die "cannot make a Debian $release"
	disk_from "$tree" "$root_image" 4G
	remove_tree "$tree"
}
