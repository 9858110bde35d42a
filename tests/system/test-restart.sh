#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A daemon that is killed and started again knows the running containers, and every process by the
# exec_id it had before.
. "$(dirname "$0")/lib.sh"

daemon_start
podman_setup
# a named pipe tells the container's shell what to do, so that nothing has to sleep
mkfifo "$work/commands"
podman run -d --name web --label app=shop -v "$work/commands:/commands" "$image" /bin/sh -c \
	'while read -r word; do /actors/nothing "$word"; done <>/commands' >/dev/null
exec 9<>"$work/commands"
echo before >&9
wait_for 10 has 'nothing("before")' || fail "the first exec is seen"
settle
shell_before=$(events 'exec | select(.process.container.name == "web" and .process.binary == "/bin/sh") | .process.exec_id')
like "the container's shell has an exec_id" "$shell_before" '^"[A-Za-z0-9+/=]+"$'
stream_before=$(tail -n 1 "$events_json" | jq -r .stream)

daemon_stop KILL
last_sequence=$(tail -n 1 "$events_json" | jq -r .sequence)
echo while-down >&9
wait_for 5 test -n "$(podman ps -q)"
daemon_start
echo after >&9
wait_for 10 has 'nothing("after")'
settle

is "the next exec is attributed" "$(events 'exec | select(nothing("after")) | [.process.container.name, .process.container.labels.app]')" '["web","shop"]'
is "its parent has the exec_id of before" "$(events 'exec | select(nothing("after")) | .process.parent_exec_id')" "$shell_before"
is "and is written as that" "$(events 'exec | select(nothing("after")) | [.parent.exec_id, .parent.binary]')" "[$shell_before,\"/bin/sh\"]"
is "the shell was found again, by the task iterator" "$(events 'exec | select(.process.container.name == "web" and .process.binary == "/bin/sh"
	and (.process.flags | test("procFS"))) | .process.exec_id')" "$shell_before"
is "with its container" "$(events 'exec | select(.process.exec_id == '"$shell_before"' and (.process.flags | test("procFS"))) | .process.container.name')" '"web"'
is "daemon_start says that the last stop was not clean, and where the log ended" \
	"$(events '.daemon_start // empty | [.last_stop_clean, .last_sequence]' | tail -n 1)" "[false,\"$last_sequence\"]"
like "and since when nothing was observed" "$(events '.daemon_start // empty | [.unobserved_since, .unobserved_until]' | tail -n 1)" \
	'^\["20[^"]+Z","20[^"]+Z"\]$'
is "the stream is another" "$(tail -n 1 "$events_json" | jq --arg before "$stream_before" '.stream != $before')" true
jq -c --arg before "$stream_before" 'select(.stream != $before)' "$events_json" >"$work/second-stream.json"
without_gap "its sequence begins at 1 and has no gap" 1 "$(sequences "$work/second-stream.json")"

# ---- a container that ended while nobody looked ----
podman run -d --name short --label app=gone "$image" /bin/sleep 1000 >/dev/null
wait_for 10 has '.container_start.container.name == "short"'
daemon_stop TERM
is "SIGTERM ends with 0" "$daemon_status" 0
podman rm -f -t 0 short >/dev/null
daemon_start
settle
is "a clean stop is known as one" "$(events '.daemon_start // empty | .last_stop_clean' | tail -n 1)" true
is "a container that went meanwhile is said to have stopped" "$(count '.container_stop.container.name == "short"')" 1
is "and is not in the list" "$(tallyman containers -o json | jq -s -c '[.. | objects | .name? | select(. == "short")]')" '[]'
is "one that runs is" "$(tallyman containers -o json | jq -s -c '[.. | objects | .name? | select(. == "web")] | unique')" '["web"]'

# ---- exits after a restart still belong to the same process ----
podman rm -f -t 0 web >/dev/null
wait_for 10 has '.container_stop.container.name == "web"'
settle
is "the shell's exit has the exec_id it always had" \
	"$(events 'exit | select(.process.exec_id == '"$shell_before"') | [.process.container.name, .signal]')" '["web","SIGKILL"]'
is "nothing was lost" "$(count '.event_loss')" 0
is "nothing was reported as unregistered" "$(count '.unregistered_container')" 0
finish
