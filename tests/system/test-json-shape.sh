#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# process_exec and process_exit keep Tetragon's keys with Tetragon's types; what is more is ours and
# named here.
. "$(dirname "$0")/lib.sh"

# Forks that end at once, and their parents too, while the daemon comes up.
for _ in 1 2 3; do
	(while :; do ( (:) & ); done) 2>/dev/null &
	storms+=($!)
done
stop_storms() {
	[ ${#storms[@]} = 0 ] || kill "${storms[@]}"
	storms=()
}
cleanups+=(stop_storms)
daemon_start process.credentials=yes process.namespaces=yes process.ancestors=yes sensor.environment_variables=yes
stop_storms
podman_setup
podman run --rm --name shape --label app=shop --env COLOUR=blue "$image" /bin/sh -c \
	'/bin/sh -c "/actors/nothing one \"two words\" \"\""; /bin/sh -c "exit 3"; /bin/sh -c "kill -9 \$\$"; true'
chroot "$work/rootfs" /actors/exec-not-utf8 >/dev/null
snapshot

cat >"$work/shape.jq" <<'E2'
def ours: ["container", "argv", "argv_b64", "binary_b64", "cwd_b64", "phase", "exe", "comm", "interpreter",
	"arguments_total", "ses", "exe_b64", "cgroup_id"];
def time: test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$");
def string: type == "string";
def number: type == "number";
def namespace_names: ["uts", "ipc", "mnt", "pid", "pid_for_children", "net", "time", "time_for_children", "cgroup", "user"];
def capabilities: type == "object" and (keys - ["permitted", "effective", "inheritable"] == [])
	and all(.[]; type == "array" and all(.[]; test("^(CAP_|DAC_OVERRIDE$)")));
def credentials: type == "object" and (to_entries | all(
	if .key == "caps" then .value | capabilities
	elif .key == "user_ns" then .value | type == "object"
	elif .key == "securebits" then .value | type == "array"
	else (.key | IN("uid", "gid", "euid", "egid", "suid", "sgid", "fsuid", "fsgid")) and (.value | number) end));
def flag_names: ["execve", "procFS", "errorEnvs", "truncArgs", "miss", "errorFilename", "errorArgs", "nocwd",
	"rootcwd", "errorCWD", "clone", "errorCgroupName", "errorCgroupID", "errorCgroupSubsysCgrp",
	"errorCgroupSubsys", "errorCgroups", "errorPathResolutionCwd", "dataFilename", "dataArgs", "inInitTree", "unknown"];
def check($key; $value): $value |
	if $key | IN("exec_id", "cwd", "binary", "arguments", "docker", "parent_exec_id") then string
	elif $key | IN("pid", "uid", "auid", "refcnt", "tid") then number
	elif $key == "start_time" then time
	elif $key == "flags" then string and (split(" ") - flag_names == [])
	elif $key == "in_init_tree" then type == "boolean"
	elif $key == "cap" then capabilities
	elif $key == "ns" then type == "object" and (keys - namespace_names == [])
		and all(.[]; (.inum | number) and (.is_host == null or (.is_host | type == "boolean")))
	elif $key == "process_credentials" then credentials
	elif $key == "binary_properties" then type == "object"
		and (keys - ["setuid", "setgid", "privileges_changed", "file"] == [])
	elif $key == "environment_variables" then type == "array" and all(.[]; (.Key | string) and (.Value | string))
	elif $key == "pod" or $key == "user" then type == "object"
	else ours | index($key) != null end;
def process_faults($where): if type != "object" then ["\($where) is \(type)"] else
	[to_entries[] | select(check(.key; .value) | not) | "\($where).\(.key) is \(.value | tojson)"]
	+ (["exec_id", "pid", "uid", "cwd", "binary", "flags", "start_time", "auid", "in_init_tree"] - keys
		# kernel threads have none, nor has who had ended when the daemon came
		- (if .flags | test("nocwd") then ["cwd"] else [] end)
		| map("\($where).\(.) is missing")) end;
def faults: . as $event
	| (.process_exec // .process_exit) as $body
	| ($body.process | process_faults("process"))
	+ (if $body.parent then $body.parent | process_faults("parent") else [] end)
	+ [$body.ancestors[]? | process_faults("ancestors")[]]
	+ (if $body.process.tid == null then ["process.tid is missing"] else [] end)
	+ ($body | keys - ["process", "parent", "ancestors", "signal", "status", "time"] | map("unknown \(.)"))
	+ (if $event.process_exit and ($body.time | time | not) then ["process_exit.time"] else [] end)
	+ (if $body.signal and ($body.signal | test("^SIG[A-Z0-9+]+$") | not) then ["signal is \($body.signal)"] else [] end)
	+ (if $body | has("signal") and .signal == "" then ["an empty signal"] else [] end)
	+ (if $body | has("status") and (.status | type != "number") then ["status is \($body.status)"] else [] end)
	+ (if $event.time | time | not then ["time"] else [] end)
	+ (if $event.node_name | string | not then ["node_name"] else [] end)
	+ (if $event.sequence | test("^[1-9][0-9]*$") | not then ["sequence"] else [] end)
	+ (if $event.stream | string | not then ["stream"] else [] end);
E2
is "every key of every process_exec and process_exit has Tetragon's type" \
	"$(events "$(cat "$work/shape.jq") select(.process_exec or .process_exit) | faults[]" | sort | uniq -c | sort -rn | head -n 8)" ""

is "every line of the log parses" "$(jq -c . "$events_json" | wc -l)" "$(wc -l <"$events_json")"
is "exec_id is base64 of node:ktime:pid" "$(count 'process | (.exec_id | @base64d | split(":")) as $id
	| ($id | length) != 3 or $id[2] != (.pid | tostring) or $id[0] == ""')" 0
is "parent_exec_id names the parent written beside it" \
	"$(count '(.process_exec // .process_exit // empty) | .parent and .parent.exec_id != .process.parent_exec_id')" 0
is "docker is the first 31 characters of the id" \
	"$(count 'process | .container and .docker != .container.id[0:31]')" 0
is "arguments are argv[1..] joined by blanks, those with a blank in quotes" \
	"$(events 'exec | select(.process.container and argument("two words")) | .process | select(.binary == "/actors/nothing") | .arguments')" \
	'"one \"two words\" "'
is "arguments hold all of argv" "$(count 'process | (.argv | length) > 1 and .arguments == null')" 0
is "an exit status stands as the number" "$(events 'exit | select(.status == 3 and .process.container) | .signal')" null
is "a signal stands as its name, without a status" \
	"$(events 'exit | select(.process.container and .signal) | [.signal, .status // 0]' | sort -u)" '["SIGKILL",0]'
is "the container's first process and what descends from it are in_init_tree" \
	"$(events 'exec | select(.process.container.name == "shape" and .process.phase != "setup") | .process.in_init_tree' | sort -u)" true
is "the environment is there when asked for" \
	"$(events 'exec | select(argument("two words") and .process.binary == "/actors/nothing") | .process.environment_variables[] | select(.Key == "COLOUR") | .Value')" '"blue"'
is "namespaces know which are the host's" "$(events 'exec | select(argument("two words") and .process.binary == "/actors/nothing")
	| .process.ns | [.mnt.is_host // false, .user.is_host]')" '[false,true]'
is "ancestors begin with the grandparent" "$(events 'exec | select(argument("two words") and .process.binary == "/actors/nothing")
	| [.ancestors[0].exec_id == .parent.parent_exec_id]')" '[true]'
is "kinds that Tetragon does not have are known by name" "$(events kind | sort -u | tr -d '"' | tr '\n' ' ' |
	sed -E 's/(cgroup_escape|container_(start|stop|update)|daemon_(start|stop)|event_loss|log_file|policy_change|process_(exec|exit|throttle)|unregistered_container) //g')" ""

daemon_stop
is "SIGTERM ends the daemon with 0" "$daemon_status" 0
log=$work/log events_json=$work/log/events.json
is "and daemon_stop is the last line" "$(tail -n 1 "$events_json" | jq -c 'has("daemon_stop")')" true
without_gap "sequence runs from 1 without a gap" 1 "$(sequences)"

# ---- only Tetragon's kinds ----
log=$work/log-2 events_json=$work/log-2/events.json
daemon_start json.kinds=tetragon
podman run --rm --name shape2 "$image" /bin/true
settle
is "json kinds = tetragon writes no other kind" "$(events kind | sort -u | tr -d '"\n')" process_execprocess_exit
without_gap "and its sequence has no gap" 1 "$(sequences)"
finish
