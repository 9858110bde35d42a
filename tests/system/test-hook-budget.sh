#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A daemon that hangs cannot wedge a container: the hook gives up when its budget ends.
. "$(dirname "$0")/lib.sh"

daemon_start
podman_setup
daemon_stop STOP

podman run -d --name patient --label app=shop "$image" /bin/sleep 1000 >/dev/null 2>"$work/run.log"
is "the container starts beside a stopped daemon" "$(podman inspect -f '{{.State.Status}}' patient 2>&1)" running

# The hook alone, with budgets of its own: it must end by itself, with 0.
sleep 1000 &
sleeper=$!
state() {
	jq -n -c --argjson pid "$sleeper" --arg work "$work" '{ociVersion: "1.0.2", id: "hung", status: "creating",
		pid: $pid, bundle: $work}'
}
for budget in 1 50 300; do
	timeout 20 "$tallyman_hook" --socket "$run/hook.sock" --spool "$work/spool" --budget-ms "$budget" \
		< <(state) >"$work/hook.log" 2>&1
	is "with a budget of $budget ms it ends by itself, with 0" $? 0
done
is "what could not be said is spooled" "$(find "$work/spool" -type f | wc -l | awk '{ print ($1 > 0) }')" 1

kill -CONT "$daemon_pid"
podman exec patient /actors/nothing after-the-hang
settle
is "the container is known once the daemon goes on" \
	"$(events 'exec | select(nothing("after-the-hang")) | [.process.container.name, .process.container.labels.app]')" '["patient","shop"]'
id=$(podman inspect -f '{{.Id}}' patient)
is "it is announced once" "$(count '.container_start.container.id == $id' --arg id "$id")" 1
kill "$sleeper"

# ---- no daemon, or something else in its place ----
socket=$work/evil.sock
"$tallyman_hook" --socket "$work/none/hook.sock" --spool "$work/spool" < <(state) >/dev/null 2>&1
is "no socket at all: the hook ends with 0" $? 0
: >"$socket"
"$tallyman_hook" --socket "$socket" --spool "$work/spool" < <(state) >/dev/null 2>&1
is "a file where the socket should be: the same" $? 0
finish
