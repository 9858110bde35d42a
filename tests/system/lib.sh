# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the system tests share. A test is a script that sources this, calls the functions below and
# ends with `finish`. It writes TAP; everything it starts has its own directories below $work and is
# stopped at its end, however that comes.
#
# Nothing here sleeps for a fixed time to let something happen: wait_for polls with a deadline, and
# `settle` waits until an exec made just now has come out of the daemon; as the log is in the kernel's
# order, everything before it is out as well.
set -u

if [ -z "${top_builddir-}" ]; then
	top_builddir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
	if [ ! -x "$top_builddir/daemon/tallymand" ] && [ -d "$top_builddir/build/test" ]; then
		top_builddir=$top_builddir/build/test
	fi
fi
tests_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tallymand=$top_builddir/daemon/tallymand
tallyman_hook=$top_builddir/hook/tallyman-hook
actors=$top_builddir/tests/actors
test_name=$(basename "$0" .sh)
test_logs=${test_logs:-$tests_dir/../tmp/system/${test_name#test-}}

# Short, because the path of a unix socket holds 107 bytes, and podman's have a container id in them.
work=$(mktemp -d /tmp/tallyman-test.XXXXXX)
chmod 755 "$work"
run=$work/run log=$work/log events_json=$work/log/events.json audit_log=$work/log/audit.log
cgroup2=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
image=localhost/busybox:test
daemon_pid=
tap_count=0 tap_failed=0
cleanups=()

# ---- TAP ----

pass() {
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s\n' "$tap_count" "$1"
}

# fail DESCRIPTION [EXPLANATION]
fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_count" "$1"
	[ $# -lt 2 ] || diag "$2"
}

diag() {
	printf '%s\n' "$1" | head -n 30 | cut -c1-2000 | sed 's/^/# /'
}

skip() {
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_count" "$1" "$2"
}

# ok DESCRIPTION COMMAND…
ok() {
	local description=$1 output
	shift
	if output=$("$@" 2>&1); then
		pass "$description"
	else
		fail "$description" "$* failed: $output"
	fi
}

# is DESCRIPTION WHAT-WE-GOT WHAT-IT-SHOULD-BE
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got:      $2"$'\n'"expected: $3"
	fi
}

# like DESCRIPTION TEXT EXTENDED-REGULAR-EXPRESSION
like() {
	if grep -qE -e "$3" <<<"$2"; then
		pass "$1"
	else
		fail "$1" "got:           $2"$'\n'"does not match: $3"
	fi
}

# Nothing that follows could work.
bail() {
	fail "$@"
	finish
}

finish() {
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}

# ---- waiting ----

# wait_for SECONDS COMMAND…: until the command succeeds; 1 when it never did. A slow machine says with
# $TEST_PATIENCE how many times as long everything may take.
wait_for() {
	local deadline=$((SECONDS + $1 * ${TEST_PATIENCE:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$deadline" ] || return 1
		sleep 0.05
	done
}

# settle [SECONDS]: everything the kernel saw until now is in the JSON log. The marker is of this call only:
# a number counted up here would be forgotten by each $(…), and the next one find the same marker, written long ago.
settle() {
	local marker=settled-$BASHPID-$EPOCHREALTIME-end
	"$actors/nothing" "$marker"
	if ! wait_for "${1:-10}" grep -qF "$marker" "$events_json"; then
		fail "the daemon wrote an exec within ${1:-10} s" "$(tail -n 5 "$work/daemon.log")"
		return 1
	fi
}

# ---- the daemon ----

tallyman() {
	"$top_builddir/cli/tallyman" --runtime-dir "$run" "$@"
}

# daemon_config [SECTION.KEY=VALUE…]: the file that daemon_start uses.
daemon_config() {
	local setting
	[[ " $* " == *" json.max_size="* ]] || set -- "$@" json.max_size=0
	[[ " $* " == *" audit_log.max_size="* ]] || set -- "$@" audit_log.max_size=0
	[[ " $* " == *" container.metadata_deadline="* ]] || [ "${TEST_PATIENCE:-1}" = 1 ] ||
		set -- "$@" container.metadata_deadline="$((TEST_PATIENCE * 200))ms"
	for setting in "$@"; do
		printf '[%s]\n%s = %s\n' "${setting%%.*}" "$(cut -d. -f2- <<<"${setting%%=*}")" "${setting#*=}"
	done >"$work/tallyman.conf"
	mkdir -p "$log" "$work/policies"
}

# By default without records to the kernel's audit, which is one for the whole machine.
daemon_flags=(--no-audit)
# A command that runs the daemon with other powers; a test may set it before it sources this.
[ -n "${daemon_wrapper-}" ] || daemon_wrapper=()
# daemon_spawn: start it, and do not wait for it to be ready.
daemon_spawn() {
	[ -f "$work/tallyman.conf" ] || daemon_config
	"${daemon_wrapper[@]}" "$tallymand" --config "$work/tallyman.conf" --runtime-dir "$run" --log-dir "$log" \
		--policy-dir "$work/policies" --foreground "${daemon_flags[@]}" >>"$work/daemon.log" 2>&1 &
	daemon_pid=$!
}

daemon_ready() {
	[ -S "$run/hook.sock" ] && tallyman status
}

# daemon_start [SECTION.KEY=VALUE…]
daemon_start() {
	[ $# = 0 ] || daemon_config "$@"
	daemon_spawn
	wait_for 20 daemon_ready || bail "tallymand starts" "$(tail -n 20 "$work/daemon.log")"
}

# daemon_stop [SIGNAL]: ends it; its wait status is left in $daemon_status.
daemon_stop() {
	[ -n "$daemon_pid" ] || return 0
	kill "-${1:-TERM}" "$daemon_pid" 2>/dev/null
	[ "${1:-TERM}" != STOP ] || return 0
	daemon_status=0
	wait "$daemon_pid" 2>/dev/null || daemon_status=$?
	daemon_pid=
}

daemon_alive() {
	[ -n "$daemon_pid" ] && kill -0 "$daemon_pid" 2>/dev/null
}

# ---- events ----

# events FILTER [JQ-OPTION…]: the results of a jq filter over the whole JSON log, compact, one a line.
# lib.jq is loaded.
events() {
	local filter=$1 files
	shift
	# rotated ones first, oldest first
	files=$(find "$log" -name 'events.json*' | sort -t. -k3 -rn)
	# shellcheck disable=SC2086 # a list of files
	jq -L "$tests_dir" -c "$@" 'include "lib"; '"$filter" $files
}

# sequences [FILE…]: the numbers of all lines, as one JSON array.
sequences() {
	jq -c '.sequence | tonumber' "${@:-$events_json}" | jq -s -c .
}

# without_gap DESCRIPTION FIRST ARRAY: FIRST (or "any") and all that follow
without_gap() {
	is "$1" "$(jq -c --arg first "$2" 'if $first != "any" and .[0] != ($first | tonumber) then "begins with \(.[0])"
		else [range(1; length) as $i | select(.[$i] != .[$i - 1] + 1) | [.[$i - 1], .[$i]]][0:5] end' <<<"$3")" "[]"
}

# snapshot: work on a copy of the log from here on, which does not grow any more
snapshot() {
	settle
	cp -r "$log" "$work/snapshot"
	log=$work/snapshot events_json=$work/snapshot/events.json audit_log=$work/snapshot/audit.log
}

# count FILTER [JQ-OPTION…]: how many events pass `select(FILTER)`.
count() {
	local filter=$1
	shift
	events "select($filter) | 1" "$@" | wc -l
}

# has FILTER: for wait_for
has() {
	[ "$(count "$@")" -gt 0 ]
}

# ---- containers ----

# A root file system of busybox and the actors: $work/rootfs, made once.
make_rootfs() {
	local root=$work/rootfs applet
	[ ! -d "$root" ] || return 0
	mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,run,var,actors}
	chmod 1777 "$root/tmp"
	cp /bin/busybox "$root/bin/busybox"
	for applet in sh true false sleep ls cat cp chmod id echo env mkdir kill sed seq date; do
		ln "$root/bin/busybox" "$root/bin/$applet"
	done
	printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\n' >"$root/etc/group"
	find -L "$actors" -type f -perm -100 -exec cp -t "$root/actors" {} +
}

# The words as a JSON array. (Without -- jq 1.6 takes words that begin with - for its options.)
json_array() {
	jq -n -c '$ARGS.positional' --args -- "$@"
}

hook_command() {
	json_array "$tallyman_hook" --socket "$run/hook.sock" --spool "$run/spool"
}

# A hooks.d directory with our hook at createRuntime.
make_hooks_dir() {
	mkdir -p "$work/hooks.d"
	jq -n --argjson hook "$(hook_command)" '{version: "1.0.0", hook: {path: $hook[0], args: $hook, timeout: 10},
		when: {always: true}, stages: ["createRuntime"]}' >"$work/hooks.d/50-tallyman.json"
}

# A podman of our own: storage, state and hooks below $work, nothing of the host's.
podman_setup() {
	local cgroup_manager=cgroupfs
	make_rootfs
	make_hooks_dir
	mkdir -p "$work/net"
	# With cgroup v2 only, podman 4.3's own manager gives a pod's cgroup a filter that denies every device.
	[ ! -d /run/systemd/system ] || cgroup_manager=systemd
	# The limits: without CAP_SYS_RESOURCE podman's own cannot be set.
	cat >"$work/containers.conf" <<-E
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
		netns = "none"
		[engine]
		runtime = "runc"
		cgroup_manager = "$cgroup_manager"
		events_logger = "file"
		hooks_dir = ["$work/hooks.d"]
		tmp_dir = "$work/libpod"
		[network]
		network_backend = "netavark"
		network_config_dir = "$work/net"
	E
	cat >"$work/storage.conf" <<-E
		[storage]
		driver = "overlay"
		graphroot = "$work/storage"
		runroot = "$work/storage-run"
	E
	cleanups+=(podman_cleanup)
	tar -C "$work/rootfs" -c . | podman import - "$image" >"$work/podman-import.log" 2>&1 ||
		bail "podman imports an image" "$(cat "$work/podman-import.log")"
}

podman() {
	CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf command podman "$@"
}

podman_cleanup() {
	podman pod rm -fa -t 0 >/dev/null 2>&1
	podman rm -fa -t 0 >/dev/null 2>&1
}

# What podman or a test has mounted below $work. (conmon starts a `podman container cleanup` that may
# come late and mount the storage once more.)
remove_work() {
	findmnt -rn -o TARGET | grep "^$work/" | sort -r | xargs -r umount -l
	rm -rf --one-file-system "$work"
}

# container_cgroup ID: its directory in the cgroup v2 hierarchy
container_cgroup() {
	find "$cgroup2" -type d -name "*$1*" ! -name '*conmon*' 2>/dev/null | head -n 1
}

# bundle DIRECTORY COMMAND…: a runc bundle that runs COMMAND in the shared root file system, with our
# hook. Edit its config.json with `bundle_edit`.
bundle() {
	local directory=$1
	shift
	make_rootfs
	mkdir -p "$directory"
	(cd "$directory" && runc spec) || return 1
	jq --arg rootfs "$work/rootfs" --argjson hook "$(hook_command)" --argjson command "$(json_array "$@")" '
		.process.args = $command | .process.terminal = false | .process.rlimits = []
		| .root = {path: $rootfs, readonly: false}
		| .hooks.createRuntime = [{path: $hook[0], args: $hook}]' \
		"$directory/config.json" >"$directory/config.new"
	mv "$directory/config.new" "$directory/config.json"
}

# bundle_edit DIRECTORY JQ-FILTER [JQ-OPTION…]
bundle_edit() {
	local directory=$1 filter=$2
	shift 2
	jq "$filter" "$@" "$directory/config.json" >"$directory/config.new" &&
		mv "$directory/config.new" "$directory/config.json"
}

# A container's id that there is not
new_id() {
	head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'
}

# crio_bundle ID COMMAND…: the same as CRI-O makes it, in $crio, in the pod of tests/system/data
crio_bundle() {
	local id=$1 data=$tests_dir/data sandbox
	shift
	crio=$work/crio/overlay-containers
	sandbox=$(jq -r '."io.kubernetes.cri-o.SandboxID"' "$data/crio-container-annotations.json")
	bundle "$crio/$id/userdata" "$@"
	bundle_edit "$crio/$id/userdata" '.annotations = ($annotations[0] | ."io.kubernetes.cri-o.ContainerID" = $id)
		| .linux.cgroupsPath = "/kubepods/burstable/pod11111111-2222-3333-4444-555555555555/crio-" + $id' \
		--slurpfile annotations "$data/crio-container-annotations.json" --arg id "$id"
	mkdir -p "$crio/$sandbox/userdata"
	jq '{ociVersion: "1.0.2-dev", annotations: .}' "$data/crio-sandbox-annotations.json" >"$crio/$sandbox/userdata/config.json"
}

runc() {
	command runc --root "$work/runc" "$@"
}

# ---- the end ----

cleanup() {
	local status=$? action
	trap - EXIT INT TERM
	# a stopped daemon would keep the containers waiting
	[ -z "$daemon_pid" ] || kill -CONT "$daemon_pid" 2>/dev/null
	for action in ${cleanups[@]+"${cleanups[@]}"}; do
		$action
	done
	if [ -d "$work/runc" ]; then
		command runc --root "$work/runc" list -q 2>/dev/null |
			xargs -r -n 1 runc --root "$work/runc" delete -f >/dev/null 2>&1
	fi
	if [ -n "$daemon_pid" ]; then
		kill "$daemon_pid" 2>/dev/null
		wait_for 10 not kill -0 "$daemon_pid" || kill -KILL "$daemon_pid"
		wait "$daemon_pid" 2>/dev/null
	fi
	# what a test left running in the background
	jobs -p | xargs -r kill 2>/dev/null
	if [ "$status" != 0 ]; then
		rm -rf "$test_logs"
		mkdir -p "$test_logs"
		find "$work/log" -type f -size +64M -exec truncate -s 64M {} + 2>/dev/null
		cp -r "$work/log" "$work"/*.log "$work"/*.conf "$work"/*.json "$work"/*.txt "$test_logs" 2>/dev/null
		diag "kept for you: $(cd "$test_logs" && pwd -P)"
	fi
	wait_for 10 remove_work || diag "cannot remove $work"
	exit "$status"
}

not() {
	! "$@"
}

trap cleanup EXIT
trap 'exit 130' INT TERM

[ "$(id -u)" = 0 ] || bail "system tests run as root" "this is user $(id -un)"
[ -x "$tallymand" ] || [ -n "${without_tallymand-}" ] || bail "tallymand is built" "$tallymand is missing"
[ -n "$cgroup2" ] || bail "a cgroup v2 hierarchy is mounted"
