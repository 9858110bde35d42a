#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon as a service of Type=notify with a socket unit and a watchdog: what it tells its manager,
# hooks that wait through a restart, and a disk that takes nothing, which is no reason to miss the
# watchdog.
. "$(dirname "$0")/lib.sh"

heard=$work/supervise.log
hook_command() { # with time to wait for a daemon that comes back
	json_array "$tallyman_hook" --socket "$run/hook.sock" --spool "$run/spool" --budget-ms 4500
}
daemon_spawn() {
	mkdir -p "$run"
	mkfifo "$work/commands"
	"$actors/supervise" "$run/hook.sock" 4 "$tallymand" --config "$work/tallyman.conf" --runtime-dir "$run" \
		--log-dir "$log" --policy-dir "$work/policies" "${daemon_flags[@]}" \
		<"$work/commands" >"$heard" 2>>"$work/daemon.log" &
	exec {commands}>"$work/commands"
	cleanups+=(supervise_end)
}
supervise_end() {
	exec {commands}>&-
	wait
}
# says COUNT LINE: so many such lines, or more
says() {
	[ "$(grep -cx -- "$2" "$heard")" -ge "$1" ]
}
service_pid() {
	sed -n 's/^started //p' "$heard" | tail -n 1
}
# as many pings as now and `more`: for wait_for
pings() {
	grep -cx WATCHDOG=1 "$heard"
}
pings_more() {
	local before
	before=$(pings)
	wait_for 30 says $((before + ${1:-2})) WATCHDOG=1
}

# ---- a disk that can be frozen: like one that hangs, writing to it never ends ----
truncate -s 64M "$work/disk"
mkfs.ext4 -q "$work/disk" 2>"$work/mkfs.log" && mkdir -p "$log" && mount -o loop "$work/disk" "$log" ||
	bail "a disk can be made" "$(cat "$work/mkfs.log")"
rmdir "$log/lost+found"
thaw() {
	fsfreeze -u "$log" 2>/dev/null
}
cleanups+=(thaw)

podman_setup
daemon_start json.queue_size=64K
wait_for 20 says 1 READY=1
ok "it says READY=1" says 1 READY=1
podman run -d --name web "$image" /bin/sleep 1000 >/dev/null
podman exec web /actors/nothing before-stop
settle
is "the inherited socket takes registrations" "$(events 'exec | select(nothing("before-stop")) | .process.container.name')" '"web"'
ok "it kicks the watchdog" pings_more 2

# ---- reload ----
kill -HUP "$(service_pid)"
wait_for 20 says 2 READY=1
is "SIGHUP is a reload, and it is ready again" "$(grep -xE 'RELOADING=1|READY=1' "$heard" | tr '\n' ' ')" "READY=1 RELOADING=1 READY=1 "

# ---- restart: a hook that came meanwhile waits in the socket's queue ----
kill "$(service_pid)"
wait_for 20 says 1 'ended 0'
ok "it says that it stops, and ends well" says 1 STOPPING=1
is "its socket stays" "$(stat -c %F "$run/hook.sock")" socket
(podman run -d --name meanwhile "$image" /bin/sh -c '/actors/nothing meanwhile; exec sleep 1000' >/dev/null 2>"$work/run.log"
	touch "$work/meanwhile-started") &
hook_waits() {
	pgrep -f "$tallyman_hook --socket $run/hook.sock"
}
wait_for 20 hook_waits
ok "the hook of a container started meanwhile waits" test ! -e "$work/meanwhile-started"
echo start >&$commands
wait_for 60 test -e "$work/meanwhile-started"
wait_for 20 daemon_ready
podman exec web /actors/nothing after-restart
settle
is "its first command has its name" "$(events 'exec | select(nothing("meanwhile")) | .process.container.name')" '"meanwhile"'
is "nothing was spooled" "$(find "$run/spool" -type f | wc -l) $(tallyman status -o json |
	jq -r '(.status // .).registration | "\(.spool_replayed) \(.spool_stale)"')" "0 0 0"
is "what ran before is known" "$(events 'exec | select(nothing("after-restart")) | .process.container.name')" '"web"'

# ---- killed: the same, from what it kept ----
kill -KILL "$(service_pid)"
wait_for 20 says 1 'ended 137'
echo start >&$commands
wait_for 20 says 3 'started .*'
wait_for 20 daemon_ready
podman exec web /actors/nothing after-kill
settle
is "after a kill too" "$(events 'exec | select(nothing("after-kill")) | .process.container.name')" '"web"'

# ---- a hung disk ----
fsfreeze -f "$log"
chroot "$work/rootfs" /actors/storm 2000 >/dev/null
ok "with a disk that hangs it kicks the watchdog" pings_more 3
ok "and answers" timeout 10 "$top_builddir/cli/tallyman" --runtime-dir "$run" status
thaw
settle
wait_for 20 has '.event_loss'
is "what was lost meanwhile is counted" "$(count '.event_loss.stage == "json"' | sed 's/[1-9][0-9]*/some/')" some
tallyman events --verify "$events_json" >"$work/verify.txt" 2>&1
like "each loss is accounted for" "$(cat "$work/verify.txt")" 'INCOMPLETE: ([0-9]+) lines are missing, \1 of them accounted for$'

# ---- stuck for good: no ping, which is what systemd acts upon ----
kill -STOP "$(service_pid)"
before=$(pings)
sleep 5
is "one that is stuck does not kick the watchdog" "$(($(pings) - before <= 1))" 1
kill -CONT "$(service_pid)"
ok "until it goes on" pings_more 1
finish
