# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of packages share. Such a test runs in a mount namespace of its own, in which /usr, /etc,
# /var and /run are copies that can be written: a package is installed where it belongs, its scripts run
# as they are, podman finds the hook by itself, and nothing of it is on this machine afterwards. Only
# systemctl is ours, since there is no systemd: it does what the calls mean, and notes them.
set -u
if [ -z "${TALLYMAN_OWN_HOST-}" ]; then
	TALLYMAN_OWN_HOST=1 exec unshare --mount --propagation private "$0" "$@"
fi
# shellcheck source=tests/system/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

packages_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
hook=/usr/libexec/oci/hooks.d/tallyman-hook
hooks_d=/usr/share/containers/oci/hooks.d
host_copies=(usr etc var run)
notes=$work/notes      # a file for each call of systemctl
timeline=$work/timeline.log # those, and the coming and going of hook and descriptors, in their order

# ---- a host of our own ----

own_host() {
	local directory
	for directory in "${host_copies[@]}"; do
		mkdir -p "$work/host/$directory" "$work/host-work/$directory"
		mount -t overlay overlay -o "lowerdir=/$directory,upperdir=$work/host/$directory,workdir=$work/host-work/$directory" \
			"/$directory" || bail "a copy of /$directory to write to"
	done
	cleanups+=(host_away)
	# as in the building of an image
	rm -rf /run/systemd/system /run/tallyman /var/log/tallyman
	mkdir -p "$notes"
	run=/run/tallyman log=/var/log/tallyman events_json=/var/log/tallyman/events.json
}

# From here on the host looks as if systemd ran it.
systemd_of_ours() {
	cleanups=(daemon_of_unit_stop "${cleanups[@]}")
	mkdir -p "$work/state" /run/systemd/system
	install -m 755 "$packages_dir/systemctl" /usr/bin/systemctl
	export TALLYMAN_TEST_DIR=$work
}

host_away() {
	local directory
	cp -r /var/log/tallyman "$work/log" 2>/dev/null
	for directory in "${host_copies[@]}"; do
		umount -l "/$directory"
	done
}

daemon_of_unit_stop() {
	[ ! -x /usr/bin/systemctl ] || TALLYMAN_TEST_DIR=$work /usr/bin/systemctl stop tallymand.service
}

# What is on the host now and was not before own_host: names below /, one a line. Neither directories nor
# what is there to run it, nor that there is a user more.
host_additions() {
	(cd "$work/host" && find . ! -type d ! -type c -printf '/%P\n') | grep -v -E \
		-e '^/usr/bin/systemctl$' -e '^/run/' -e '^/etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-?)$' | sort
}

# ---- what is in a package ----

# From names of files, those that the packages of all kinds share; where they differ by custom, as one.
layout() {
	sed -E -e 's|^/lib/|/usr/lib/|' -e 's|^(/usr/share/man/.*)\.gz$|\1|' \
		-e 's|^/usr/share/tallyman/hooks.d/|/usr/share/containers/oci/hooks.d/|' |
		grep -v -E '^/usr/(share/(doc|licenses|lintian)|lib/\.build-id)/' | sort
}

# layout_expected FILE…: what `make install` installs, and what is in the package besides.
layout_expected() {
	make -C "$top_builddir" install prefix=/usr DESTDIR="$work/reference" >"$work/reference.log" 2>&1
	{
		(cd "$work/reference" && find . ! -type d -printf '/%P\n')
		printf '%s\n' "$@"
	} | layout
}

# ---- who comes and goes ----

# record COMMAND…: run it, and write to $timeline what happened meanwhile.
record() {
	local watcher status=0
	mkdir -p "$hooks_d" "${hook%/*}"
	rm -f "$notes"/*
	: >"$timeline"
	inotifywait -q -m -e create,moved_to,moved_from,delete --format '%e %w%f' "$hooks_d" "${hook%/*}" "$notes" \
		>"$timeline" 2>"$work/watcher.log" &
	watcher=$!
	wait_for 10 watching || bail "inotifywait watches" "$(cat "$work/watcher.log")"
	"$@" >"$work/command.log" 2>&1 || status=$?
	: >"$notes/end"
	wait_for 10 grep -q "$notes/end" "$timeline"
	kill "$watcher"
	wait "$watcher" 2>/dev/null
	return "$status"
}

watching() {
	: >"$notes/begin.$RANDOM"
	[ -s "$timeline" ]
}

# order WORD…: the lines of the timeline that each end so come in this order, and all come.
in_order() {
	local word line last=0
	for word in "$@"; do
		line=$(grep -n -e "$word\$" "$timeline" | tail -n 1 | cut -d: -f1)
		if [ "${line:-0}" -le "$last" ]; then
			printf 'not in order: %s\n' "$word"
			cat "$timeline"
			return 1
		fi
		last=$line
	done
}

# At no moment of the recorded is there a descriptor without its hook. BEFORE: yes when both were there.
never_without_hook() {
	awk -v hook="$hook" -v before="$1" '
		BEGIN { present = before == "yes"; if (present) json["50"] = json["51"] = 1 }
		{ arrives = $1 ~ /CREATE|MOVED_TO/ }
		$2 == hook { present = arrives }
		$2 ~ /50-tallyman\.json$/ { if (arrives) json["50"] = 1; else delete json["50"] }
		$2 ~ /51-tallyman-poststop\.json$/ { if (arrives) json["51"] = 1; else delete json["51"] }
		!present && length(json) { print "a descriptor, and no hook: line " NR; bad = 1 }
		END { exit bad }' "$timeline" || {
		cat "$timeline"
		return 1
	}
}

# ---- containers all the time ----

# Like podman_setup; the hook is found where podman looks for hooks. Before systemd_of_ours, which podman
# would take for a systemd that makes cgroups.
podman_of_host() {
	podman_setup
	sed -i '/hooks_dir/d' "$work/containers.conf"
	podman unshare true 2>/dev/null
}

# Containers one after another, in two rows, until starts_end.
starts_begin() {
	local row
	: >"$work/starts.log"
	rm -f "$work/starts.end"
	starts=()
	for row in a b; do
		(
			trap - EXIT
			number=0
			until [ -e "$work/starts.end" ]; do
				number=$((number + 1))
				if output=$(podman run --rm --name "$1-$row-$number" "$image" /bin/true 2>&1); then
					echo "started $1-$row-$number"
				else
					echo "FAILED $1-$row-$number: $output"
				fi >>"$work/starts.log"
			done
		) &
		starts+=($!)
	done
	wait_for 30 grep -q ^started "$work/starts.log" || bail "containers start before the package is touched" "$(cat "$work/starts.log")"
}

# more_starts THAN: more containers have started than so many
more_starts() {
	[ "$(wc -l <"$work/starts.log")" -gt "$1" ]
}

# starts_end DESCRIPTION: none failed
starts_end() {
	wait_for 30 more_starts $(($(wc -l <"$work/starts.log") + 1))
	: >"$work/starts.end"
	wait "${starts[@]}"
	diag "$(grep -c started "$work/starts.log") containers started meanwhile"
	is "$1" "$(grep -A 5 FAILED "$work/starts.log")" ""
}

# known NAME: the daemon knows this container
known() {
	tallyman containers -o json | jq -e --arg name "$1" 'any(.. | objects; .name? == $name)'
}
