#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hostile and broken input gets a clear answer and has no effect on anything else: what a hook is
# given, what is sent to its socket, and who sends it.
. "$(dirname "$0")/lib.sh"

daemon_start
podman_setup
id=$(podman run -d --name web --label app=shop "$image" /bin/sleep 1000)
other=$(podman run -d --name db "$image" /bin/sleep 1000)
pid=$(podman inspect -f '{{.State.Pid}}' web)
other_pid=$(podman inspect -f '{{.State.Pid}}' db)
known=$(tallyman containers -o json | jq -s -c '[.[] | (if type == "array" then .[] else . end) | (.container // .).id] | unique')
is "two containers are known" "$(jq length <<<"$known")" 2

# hook NAME COMMAND…: its standard input is what COMMAND prints; it must end with 0, soon.
hook() {
	local name=$1 status=0
	shift
	"$@" 2>/dev/null | timeout 20 "$tallyman_hook" --socket "$run/hook.sock" --spool "$work/spool" \
		>"$work/hook.out" 2>&1 || status=$?
	is "hook: $name: the container may start" "$status" 0
}

state() { # JQ-FILTER over a state that would be accepted
	jq -n -c --arg id "$id" --argjson pid "$pid" '{ociVersion: "1.0.2", id: $id, status: "creating", pid: $pid,
		bundle: "/tmp"} | '"$1"
}

hook "nothing" true
hook "one byte" printf '{'
hook "truncated JSON" sh -c 'printf "{\"ociVersion\":\"1.0.2\",\"id\":\"abc"'
hook "10 MB of blanks" sh -c 'head -c 10000000 /dev/zero | tr "\0" " "'
hook "10 MB in one string" sh -c 'printf "{\"id\":\""; head -c 10000000 /dev/zero | tr "\0" x; printf "\"}"'
hook "10 MB of open brackets" sh -c 'head -c 10000000 /dev/zero | tr "\0" "["'
hook "an array" printf '[1,2,3]'
hook "wrong types" printf '{"ociVersion":1,"id":["x"],"status":{},"pid":"seven","bundle":null}'
hook "bytes that are not UTF-8" printf '{"id":"\xff\xfe","status":"creating","pid":1,"bundle":"/"}'
hook "a pid that is a string" state '.pid = "1"'
hook "pid 0" state '.pid = 0'
hook "a negative pid" state '.pid = -1'
hook "a pid beyond 64 bits" state '.pid = 1e30'
hook "pid 1" state '.pid = 1 | .id = "init"'
hook "an id that is a path" state '.id = "../../../../etc/passwd"'
hook "an id of 100 KB" state '.id = ("x" * 100000)'
hook "an empty id" state '.id = ""'
hook "100 KB of annotations" state '.annotations = {a: ("y" * 100000), b: ("z" * 100000)}'
hook "an unknown status" state '.status = "dancing"'
hook "another container's pid" state '.id = "stolen" | .pid = '"$other_pid"
hook "another container's pid and the other's id" state '.pid = '"$other_pid"

# ---- straight to the socket ----
send() { # NAME PID COMMAND…
	local name=$1 with=$2
	shift 2
	"$@" | timeout 20 "$actors/send-message" "$run/hook.sock" "$with" >"$work/answer" 2>&1
	ok "socket: $name: the daemon goes on" daemon_alive
}
send "nothing" none true
send "no JSON" none printf 'hello'
send "no pidfd" none printf '{"version":1}'
send "garbage with a pidfd" "$pid" head -c 100000 /dev/urandom
send "a message of pid 1" 1 printf '{"version":1,"stage":"createRuntime","state":{"ociVersion":"1.0.2","id":"init","status":"creating","pid":1,"bundle":"/"}}'
send "deep nesting" none sh -c 'head -c 100000 /dev/zero | tr "\0" "["'
for _ in $(seq 1 60); do
	"$actors/send-message" "$run/hook.sock" none </dev/null >/dev/null 2>&1 &
	pids+=($!)
done
wait "${pids[@]}"
ok "socket: 60 clients at once: the daemon goes on" daemon_alive

# ---- somebody else ----
state '.id = "not-root"' >"$work/state.json"
chmod 644 "$work/state.json"
cp "$tallyman_hook" "$work/hook"
setpriv --reuid 65534 --regid 65534 --clear-groups "$work/hook" --socket "$run/hook.sock" --spool "$work/spool" \
	<"$work/state.json" >"$work/hook.out" 2>&1
is "another user's hook may not harm its container" $? 0
sleep 1000 &
sleeper=$!
state '.id = "by-attacker" | .pid = '"$sleeper" >"$work/state.json"
podman run -i --rm --name attacker --privileged --pid host -v /:/host "$image" \
	/bin/busybox chroot /host "$work/hook" --socket "$run/hook.sock" --spool "$work/spool" \
	<"$work/state.json" >"$work/hook.out" 2>&1
is "root inside a container reaches the socket" $? 0
kill "$sleeper"

# ---- nothing came of all that ----
podman exec web /actors/nothing web-after-all
podman exec db /actors/nothing db-after-all
"$actors/nothing" host-after-all
settle
is "web is still web" "$(events 'exec | select(nothing("web-after-all")) | [.process.container.name, .process.container.labels.app]')" '["web","shop"]'
is "db is still db" "$(events 'exec | select(nothing("db-after-all")) | .process.container | [.name, .id]')" "[\"db\",\"$other\"]"
is "the host has no container" "$(events 'exec | select(argument("host-after-all")) | .process.container')" null
is "the same containers are known as before" \
	"$(tallyman containers -o json | jq -s -c '[.[] | (if type == "array" then .[] else . end) | (.container // .).id] | unique')" "$known"
is "no container was announced that does not exist" \
	"$(events '.container_start // empty | .container.name | select(IN("web", "db", "attacker") | not)')" ""
is "status counts what was refused" "$(tallyman status -o json |
	jq '[.. | objects | .refused?, .malformed? | numbers, (strings | tonumber)] | add > 0')" true
like "and the log says so, not more than it must" "$(wc -l <"$work/daemon.log")" '^[0-9]{1,2}$'

subscribed() {
	"$actors/nothing" wake-the-reader
	test -s "$work/live-events"
}
# ---- a client of the control socket that never reads ----
"$top_builddir/cli/tallyman" --runtime-dir "$run" events -o json >"$work/live-events" &
reader=$!
wait_for 10 subscribed
kill -STOP "$reader"
chroot "$work/rootfs" /actors/storm 20000 >/dev/null
settle 60
is "a client that never reads makes nobody lose anything" "$(count '.event_loss')" 0
ok "and the daemon answers others" tallyman containers
kill -KILL "$reader"
wait "$reader" 2>/dev/null
ok "the daemon lives" daemon_alive
finish
