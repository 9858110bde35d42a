#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where losses are forced, event_loss accounts for every missing event, to the number, and the process
# tree is right again afterwards.
. "$(dirname "$0")/lib.sh"
# shellcheck source=policy.sh
. "$tests_dir/policy.sh"

tracefs=$work/tracefs
mkdir "$tracefs"
mount -t tracefs tracefs "$tracefs" || bail "tracefs can be mounted"
cleanups+=(stop_counter)
stop_counter() {
	[ -z "${COUNTER_PID-}" ] || kill "$COUNTER_PID" 2>/dev/null
	umount "$tracefs" 2>/dev/null
}

daemon_start sensor.ring_size=64K
podman_setup

# A child of a program, both older than the policy that looks for descendants of the program
mkfifo "$work/commands"
cp "$(readlink -f /bin/bash)" "$work/ancestor"
"$work/ancestor" -c '/bin/sh "$0"; true' "$work/commands" >"$work/calls.txt" &
exec 4>"$work/commands"
policy_add followed "kprobes:
- call: sys_getpriority
  args: [{index: 1, type: int}]
  selectors:
  - matchArgs: [{index: 1, operator: Equal, values: [\"31337\"]}]
    matchBinaries: [{operator: In, values: [$work/ancestor], followChildren: true}]"
descendant_calls() { # a number: how often it has been told to
	echo "$actors/call getpriority 0 31337; true" >&4
	wait_for 10 eval "[ \$(wc -l <'$work/calls.txt') -ge $1 ]"
	settle
	count '.process_kprobe.policy_name == "followed"'
}
is "a child of a program, older than the policy that asks for it" "$(descendant_calls 1)" 1
podman run -d --name web "$image" /bin/sleep 1000 >/dev/null
coproc COUNTER { "$actors/count-execs" "$tracefs"; }
read -r answer <&"${COUNTER[0]}"
is "the kernel's own counter of execs works" "$answer" ready

execs_so_far() { # into $answer, without a process
	echo >&"${COUNTER[1]}"
	read -r answer <&"${COUNTER[0]}"
}

# The storm's NOTHING is /actors/nothing, which the host does not have: run it in the root file system.
host_storm() {
	chroot "$work/rootfs" /actors/storm "$@" >/dev/null
}

# Another process of the machine may run between a mark in the log and the reading of the counter, so
# that a round can be off by such a one: there are several, and one must be exact.
attempt() {
	local round=$1 begin end
	settle || return 1
	"$actors/nothing" "begin-$round"
	execs_so_far
	begin=$answer
	kill -STOP "$daemon_pid"
	podman exec -d web /bin/sleep "27182$round" >/dev/null
	/bin/sleep "31415$round" &
	host_storm 3000
	kill -CONT "$daemon_pid"
	# The ring is still full: an exec now could be lost too, after the counter was read. A second in
	# which nothing is started lets the daemon empty it.
	read -r -t 1 _ <&"${COUNTER[0]}"
	execs_so_far
	end=$answer
	"$actors/nothing" "end-$round"
	wait_for 20 grep -qF "end-$round" "$events_json"
	settle
	wait_for 20 loss_after "begin-$round"
	counted=$((end - begin))
	accounted=$(jq -n -L "$tests_dir" --arg first "begin-$round" --arg last "end-$round" 'include "lib";
		reduce inputs as $e ({state: "before", seen: 0, lost: 0};
			if $e.process_exec and ($e.process_exec.process | has_argument($first)) then .state = "inside"
			elif $e.process_exec and ($e.process_exec.process | has_argument($last)) then .state = "after"
			elif .state != "before" and $e.event_loss then .lost += ($e.event_loss.by_kind.process_exec // "0" | tonumber)
			elif .state == "inside" and $e.process_exec and ($e.process_exec.process.flags | test("procFS") | not)
			then .seen += 1 else . end) | "\(.seen) \(.lost)"' -r "$events_json")
	read -r seen lost <<<"$accounted"
	diag "round $round: the kernel counted $counted execs; the log has $seen and says that $lost were lost"
}

loss_after() {
	sed -n "/$1/,\$p" "$events_json" | grep -q '"event_loss"'
}

exact=no
for round in 1 2 3 4 5; do
	attempt "$round" || break
	[ "$lost" -gt 0 ] && [ $((seen + lost)) = "$counted" ] && exact=yes && break
done
is "events and event_loss together are the execs that the kernel counted" "$exact" yes

is "each loss says stage, reason and when" "$(events '.event_loss // empty | select(.stage == null or .reason == null
	or .since == null or .until == null)' | head -n 1)" ""
without_gap "the log's sequence has no gap" 1 "$(sequences)"

# ---- the tree afterwards ----
wait_for 20 has 'argument("27182'"$round"'")'
is "a process of the container whose exec was lost is found again" \
	"$(events 'exec | select(argument("27182'"$round"'")) | [.process.container.name, .process.binary]' | tail -n 1)" '["web","/bin/sleep"]'
is "one of the host too" "$(events 'exec | select(argument("31415'"$round"'")) | [.process.container, .process.binary]' | tail -n 1)" \
	'[null,"/bin/sleep"]'
tallyman tree >"$work/tree.txt" 2>&1
is "the tree shows the container's" "$(grep -cE "sleep (27182|31415)$round" "$work/tree.txt")" 1
is "and none of the storm's thousands" "$(grep -c 'nothing storm' "$work/tree.txt")" 0
is "and who descends from which program is known still" "$(descendant_calls 2)" 2
is "status counts the same losses" "$(tallyman status -o json | jq '(.ring.lost_ring_full // .status.ring.lost_ring_full | tonumber) > 0')" true

# ---- a process whose exit was lost ends all the same ----
/bin/sleep 3141 &
victim=$!
wait_for 10 has 'argument("3141")'
kill -STOP "$daemon_pid"
kill "$victim"
wait "$victim" 2>/dev/null
host_storm 3000
kill -CONT "$daemon_pid"
settle
wait_for 20 has '.process_exit.process.arguments == "3141"'
is "a process that ended unseen gets its exit" "$(count '.process_exit.process.arguments == "3141"')" 1
finish
