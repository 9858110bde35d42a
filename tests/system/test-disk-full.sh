#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A full disk: events are counted as lost, with the reason, nothing else suffers, and the file goes on
# by itself when there is room again.
. "$(dirname "$0")/lib.sh"

mkdir -p "$log"
mount -t tmpfs -o size=64m tmpfs "$log" || bail "a tmpfs can be mounted"
cleanups+=(unmount_log)
unmount_log() {
	# a copy for whoever looks for the reason of a failure
	cp -r "$log" "$work/log-copy" 2>/dev/null
	umount -l "$log"
	cp -r "$work/log-copy/." "$log" 2>/dev/null
}

daemon_start audit_log.enabled=no json.queue_size=64K
make_rootfs
"$actors/nothing" before-the-disk-is-full
settle
head -c 64m /dev/zero >"$log/filler" 2>/dev/null
chroot "$work/rootfs" /actors/storm 500 >/dev/null
"$actors/nothing" while-the-disk-is-full
wait_for 10 failing
failing() {
	tallyman status -o json | jq -e '[.. | objects | .failing? // empty] | any'
}
ok "status says that the log cannot be written" failing
like "with the reason" "$(tallyman status -o json)" 'No space left on device'
ok "the control socket answers" tallyman containers
rm "$log/filler"
# the writer tries again about once a second, and until then lines are lost
goes_on() {
	"$actors/nothing" after-the-disk-was-full
	has '.process_exec.process.argv[1]? == "after-the-disk-was-full"'
}
ok "the file goes on by itself" wait_for 20 goes_on
wait_for 20 grep -qF '"event_loss"' "$events_json"
settle

snapshot
is "every line is whole" "$(jq -c . "$events_json" | wc -l)" "$(wc -l <"$events_json")"
is "the loss is a record, with the reason" "$(events '.event_loss // empty | [.stage, .reason]' | sort -u)" '["json","No space left on device"]'
is "it names exactly the numbers that are missing" "$(jq -n -c '
	[inputs] | (map(.sequence | tonumber)) as $there
	| ([range(1; ($there | max) + 1)] - $there) as $missing
	| [.[] | .event_loss // empty | [range(.first_sequence | tonumber; (.last_sequence | tonumber) + 1)][]] as $named
	| [($missing | length) > 0, $missing == ($named | unique)]' "$events_json")" '[true,true]'
is "and how many" "$(jq -n -c '[inputs] | (map(.sequence | tonumber)) as $there
	| ([.[] | .event_loss // empty | .lost | tonumber] | add) == (($there | max) - ($there | length))' "$events_json")" true
ok "the daemon lives" daemon_alive
finish
