#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What people type: events, containers, tree, status, version.
. "$(dirname "$0")/lib.sh"

tallyman status >"$work/out" 2>&1
is "without a daemon: exit code 1" $? 1
like "and a reason" "$(cat "$work/out")" "$run/control.sock"
tallyman dance >"$work/out" 2>&1
is "an unknown verb: exit code 2" $? 2
tallyman events --dance >"$work/out" 2>&1
is "an unknown option: exit code 2" $? 2
like "version" "$(tallyman version)" '[0-9]+\.[0-9]+\.[0-9]+'

daemon_start
podman_setup
podman run -d --name web --label app=shop "$image" /bin/sh -c '/bin/sleep 1000 & wait' >/dev/null
podman run -d --name db --label app=store "$image" /bin/sleep 2000 >/dev/null

# ---- live events ----
# in place of the shell that & makes, so that $! is the program's
live_events() {
	exec "$top_builddir/cli/tallyman" --runtime-dir "$run" events "$@"
}
live_events -o json >"$work/live.json" 2>"$work/live.err" &
live=$!
live_events -o compact --container web >"$work/live.txt" 2>&1 &
compact=$!
# a subscription stands when something comes
live_works() {
	podman exec web /actors/nothing ping
	grep -q ping "$work/live.json" && grep -q ping "$work/live.txt"
}
ok "live events come" wait_for 20 live_works
podman exec web /actors/nothing "hello world"
podman exec db /actors/nothing "from db"
wait_for 10 grep -q 'from db' "$work/live.json"
kill "$live" "$compact"
wait "$live" "$compact" 2>/dev/null
is "live JSON parses" "$(jq -c . "$work/live.json" | wc -l)" "$(wc -l <"$work/live.json")"
is "and is numbered without a gap" "$(jq -s -c 'map(.sequence // empty | tonumber) | . == [range(.[0]; .[0] + length)]' "$work/live.json")" true
like "compact is one readable line" "$(grep 'hello world' "$work/live.txt" | head -n 1)" 'web.*/actors/nothing.*hello world'
is "--container leaves others out" "$(grep -c 'from db' "$work/live.txt")" 0
is "piped output has no colours" "$(grep -ac $'\033' "$work/live.txt")" 0

# ---- from the log ----
settle
# a copy: the host goes on while it is read twice
cp "$events_json" "$work/copy.json"
from_log() {
	tallyman events "$@" "$work/copy.json"
}
is "events from the file, as JSON, are all of them" "$(from_log -o json | jq -c 'has("process_exec")' | sort | uniq -c | tr -s ' ')" \
	"$(jq -c 'has("process_exec")' "$work/copy.json" | sort | uniq -c | tr -s ' ')"
is "--container" "$(from_log -o json --container db | jq -r '.. | objects | select(has("container")) | .container.name' | sort -u)" db
is "--label" "$(from_log -o json --label app=shop | jq -r '.. | objects | select(has("container")) | .container.name' | sort -u)" web
is "--event" "$(from_log -o json --event process_exit | jq -r 'keys_unsorted[0]' | sort -u)" process_exit
is "-o tetragon has only kinds that Tetragon knows" "$(from_log -o tetragon | jq -r 'keys_unsorted[0]' | sort -u | tr '\n' ' ')" "process_exec process_exit "
like "compact from the file" "$(from_log -o compact --container web)" 'hello world'
from_log -o compact >"$work/compact.txt"
is "compact is one line per event" "$(grep -c . "$work/compact.txt")" "$(from_log -o json | wc -l)"
script -qec "'$top_builddir/cli/tallyman' events -o compact --container web '$work/copy.json'" /dev/null >"$work/terminal.txt" </dev/null
is "colours on a terminal" "$(grep -ac $'\033' "$work/terminal.txt" | awk '{ print ($1 > 0) }')" 1
NO_COLOR=1 script -qec "'$top_builddir/cli/tallyman' events -o compact --container web '$work/copy.json'" /dev/null >"$work/terminal.txt" </dev/null
is "none with NO_COLOR" "$(grep -ac $'\033\[[0-9;]*m' "$work/terminal.txt")" 0
chroot "$work/rootfs" /actors/exec-not-utf8 >/dev/null
settle
cp "$events_json" "$work/copy.json"
is "an escape sequence in an argument does not reach the terminal" "$(from_log -o compact | grep -ac $'\033')" 0
tallyman events "$work/no-such-file" >"$work/out" 2>&1
is "a file that is not there: exit code 1" $? 1

# ---- containers, tree, status ----
like "containers" "$(tallyman containers)" 'web.*busybox'
is "containers -o json" "$(tallyman containers -o json | jq -s -c '[.. | objects | .name? // empty | strings | select(IN("web", "db"))] | unique')" '["db","web"]'
tallyman tree >"$work/tree.txt"
like "tree shows the container" "$(cat "$work/tree.txt")" '\bweb\b'
like "with its processes" "$(cat "$work/tree.txt")" 'sleep 1000'
podman rm -f -t 0 db >/dev/null
wait_for 10 has '.container_stop.container.name == "db"'
is "an ended container leaves the list" "$(tallyman containers | grep -c '\bdb\b')" 0
like "and is shown with --all" "$(tallyman containers --all)" '\bdb\b'
like "tree --all shows what has ended" "$(tallyman tree --all)" 'hello world'
like "tree -o json is JSON" "$(tallyman tree -o json | jq -s 'length > 0')" true
tallyman status >"$work/status.txt"
like "status names what is attached" "$(cat "$work/status.txt")" 'sched_process_exec'
is "status -o json is JSON" "$(tallyman status -o json | jq -s length)" 1
diag "$(cat "$work/status.txt")"

# ---- policy check --kernel: what this kernel would make of hooks ----
cat >"$work/hooks.yaml" <<'Y'
apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: {name: hooks}
spec:
  kprobes:
  - {call: sys_openat, args: [{index: 1, type: string}]}
  - {call: no_such_function_anywhere, syscall: false, args: [{index: 9, type: int}]}
  - {call: sys_write, selectors: [{matchActions: [{action: GetUrl, argUrl: "http://localhost"}]}]}
  tracepoints:
  - {subsystem: sched, event: sched_process_exec}
  - {subsystem: sched, event: no_such_event}
  - {subsystem: sched, event: no_such_event, raw: true}
  - {subsystem: raw_syscalls, event: sys_enter, raw: true, args: [{index: 1, type: syscall64}]}
  - {subsystem: raw_syscalls, event: sys_enter, raw: true, args: [{index: 2}]}
Y
tallyman policy check --kernel "$work/hooks.yaml" >"$work/kernel.txt"
is "policy check --kernel: exit code 1 when a hook cannot be" $? 1
like "a system call" "$(cat "$work/kernel.txt")" 'kprobes\[0\]: openat: system call tracepoint'
like "a function that is not there" "$(cat "$work/kernel.txt")" ':7:5: kprobes\[1\]: cannot: this kernel has no such function: no_such_function_anywhere'
like "an action that is not there" "$(cat "$work/kernel.txt")" 'kprobes\[2\]: cannot: action GetUrl'
like "a tracepoint" "$(cat "$work/kernel.txt")" 'tracepoints\[0\]: sched/sched_process_exec: tracepoint'
like "a tracepoint that is not there" "$(cat "$work/kernel.txt")" \
	'tracepoints\[1\]: cannot: this kernel has no tracepoint sched/no_such_event'
like "nor raw" "$(cat "$work/kernel.txt")" 'tracepoints\[2\]: cannot: this kernel has no raw tracepoint no_such_event'
like "a raw tracepoint" "$(cat "$work/kernel.txt")" 'tracepoints\[3\]: raw_syscalls/sys_enter: raw tracepoint'
like "an argument that it has not" "$(cat "$work/kernel.txt")" 'tracepoints\[4\]: cannot: index 2: sys_enter has 2 arguments'
is "JSON says the same" "$(tallyman policy check --kernel -o json "$work/hooks.yaml" |
	jq -c '[.policies[0].hooks[].possible]')" '[true,false,false,true,false,false,true,false]'
sed -i '/no_such\|GetUrl\|index: 2/d' "$work/hooks.yaml"
tallyman policy check --kernel "$work/hooks.yaml" >/dev/null
is "exit code 0 when all can be" $? 0
finish
