#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Matches of policies, from system calls to every reader: JSON, lines to read, the audit-format log as
# ausearch reads it. Hooks on system calls and tracepoints work on every kernel.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/policies"
cat >"$work/policies/secrets.yaml" <<E
apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata:
  name: secrets
spec:
  kprobes:
  - call: sys_openat
    syscall: true
    return: true
    message: a secret was opened
    tags: [observability.filesystem]
    args:
    - {index: 0, type: int}
    - {index: 1, type: string, label: what}
    returnArg: {index: 0, type: int}
    selectors:
    - matchArgs:
      - {index: 1, operator: Prefix, values: [/tmp/secret-]}
  tracepoints:
  - subsystem: syscalls
    event: sys_enter_chmod
    args:
    - {index: 5, type: string}
    selectors:
    - matchArgs:
      - {index: 5, operator: Prefix, values: [/tmp/secret-]}
E
cat >"$work/policies/peers.yaml" <<E
apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata:
  name: peers
spec:
  kprobes:
  - call: sys_connect
    syscall: true
    args:
    - {index: 0, type: int}
    - {index: 1, type: sockaddr}
    selectors:
    - matchArgs:
      - {index: 1, operator: SAddr, values: [203.0.113.7]}
      matchActions:
      - action: Sigkill
      - {action: Post, kernelStackTrace: true, userStackTrace: true}
E
cat >"$work/policies/noise.yaml" <<E
apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata:
  name: noise
spec:
  kprobes:
  - call: sys_openat
    syscall: true
    args:
    - {index: 1, type: string}
    selectors:
    - matchArgs:
      - {index: 1, operator: Prefix, values: [/tmp/secret-]}
E
daemon_start 'filter.export_denylist={"policy_names":["noise"]}'
for policy in secrets peers noise; do
	# shellcheck disable=SC2016 # jq's variable
	wait_for 30 has '.policy_change.name == $name and .policy_change.change == "added"' --arg name "$policy" ||
		bail "policy $policy is in force" "$(cat "$work/daemon.log")"
done
podman_setup
podman run -d --name web "$image" /bin/sleep 1000 >/dev/null
web=$(podman inspect -f '{{.Id}}' web)

# ---- what happens ----
secret=$(mktemp /tmp/secret-XXXXXX)
forget_secret() {
	rm -f "$secret"
}
cleanups+=(forget_secret)
cat "$secret" "$secret-missing" >/dev/null 2>&1
odd=$'/tmp/secret-\xff\e[31m'
cat "$odd" >/dev/null 2>&1
podman exec web /bin/cat /tmp/secret-inside >/dev/null 2>&1
podman exec web /bin/sh -c 'echo >/tmp/secret-made; chmod 600 /tmp/secret-made'
bash -c 'exec 3<>/dev/udp/203.0.113.7/9' 2>/dev/null
killed=$?
settle
podman rm -fa -t 0 >/dev/null
daemon_stop
is "the daemon ends well" "$daemon_status" 0

# ---- as JSON ----
hits='(.process_kprobe // .process_tracepoint // empty)'
opens() { # JQ-CONDITION of the event's body
	events ".process_kprobe // empty | select(.policy_name == \"secrets\" and ($1)) | 1" \
		--arg secret "$secret" --arg image "$image" | wc -l
}
is "a file that is there" \
	"$(opens '.args[1].string_arg == $secret and .process.binary == "/usr/bin/cat" and .return.int_arg >= 0')" 1
is "and one that is not" "$(opens '.args[1].string_arg == $secret + "-missing" and .return.int_arg == -2')" 1
is "all that the policy says of it" "$(events '.process_kprobe // empty
	| select(.args[1].string_arg == $secret + "-missing") | del(.process, .parent)' --arg secret "$secret")" \
	'{"function_name":"__x64_sys_openat","args":[{"int_arg":-100},{"string_arg":"'"$secret"'-missing","label":"what"}],"return":{"int_arg":-2},"action":"KPROBE_ACTION_POST","policy_name":"secrets","return_action":"KPROBE_ACTION_POST","message":"a secret was opened","tags":["observability.filesystem"]}'
is "no byte is lost" "$(events '.process_kprobe // empty | .args[1].string_b64 // empty' | head -n 1)" \
	"\"$(printf %s "$odd" | base64)\""
is "in the container" "$(opens '.args[1].string_arg == "/tmp/secret-inside" and .process.container.name == "web"
	and .process.phase == null and .process.container.image.name == $image')" 1
is "a tracepoint" "$(count '.process_tracepoint // empty
	| .subsys == "syscalls" and .event == "sys_enter_chmod" and .args == [{string_arg: "/tmp/secret-made"}]
	and .process.container.name == "web" and .policy_name == "secrets"')" 1
is "who connected was killed" "$killed" 137
is "which its event says" "$(count '.process_kprobe // empty
	| .policy_name == "peers" and .action == "KPROBE_ACTION_SIGKILL" and .enforced
	and .args[1].sockaddr_arg == {family: "AF_INET", addr: "203.0.113.7", port: 9}')" 1
is "and its end after it" "$(events 'if .process_kprobe.policy_name == "peers" then "match"
	elif .process_exit.signal == "SIGKILL" and (.process_exit.process.arguments | tostring | contains("203.0.113.7"))
	then "end" else empty end' | xargs)" "match end"
like "the kernel's stack by name" "$(events '.process_kprobe // empty | .kernel_stack_trace[]?.symbol // empty')" \
	'do_syscall_64'
is "without addresses" "$(count '.process_kprobe // empty | any(.kernel_stack_trace[]?; .symbol and .address)')" 0
is "and the program's" "$(count '.process_kprobe // empty | .user_stack_trace | length > 0')" 1
is "what is filtered by its policy's name does not go out" "$(count '.process_kprobe.policy_name == "noise"')" 0
is "each has its process and its parent" \
	"$(count "$hits | (.process.exec_id and .process.tid and .parent.exec_id) | not")" 0
is "readers of Tetragon's kinds get them" \
	"$(tallyman events -o tetragon "$events_json" | grep -c '^{"process_kprobe"')" "$(count .process_kprobe)"

# ---- to read ----
lines=$(tallyman events "$events_json")
like "a line for each" "$lines" "^📬️ openat  [^ ]+ /usr/bin/cat $secret\$"
like "with the container's name" "$lines" '^📬️ openat  web /bin/cat /tmp/secret-inside$'
like "hostile text in quotes" "$lines" 'openat  [^ ]+ /usr/bin/cat "/tmp/secret-.*\\x1b\[31m"$'
like "tracepoints" "$lines" '^⁉️ tracepoint web /bin/[a-z]+ syscalls sys_enter_chmod$'
like "and the stack below" "$lines" '^   0x0: do_syscall_64\+0x'

# ---- as ausearch reads it ----
found() { # OPTIONS…: how many events
	ausearch -if "$audit_log" -w --raw "$@" 2>/dev/null </dev/null | grep -c 'type=SYSCALL'
}
is "-k: the policy's name" "$(found -k secrets)" "$(count "$hits.policy_name == \"secrets\"")"
is "-f: the file" "$(found -k secrets -f "$secret-missing")" 1
is "of the container" "$(found -k secrets --vm-name web -f /tmp/secret-inside -sc openat -c cat)" 1
is "a tracepoint's" "$(found -k secrets --vm-name web -f /tmp/secret-made -sc chmod)" 1
is "by uuid" "$(found -k secrets --uuid "$web" -f /tmp/secret-inside)" 1
is "that failed" "$(found -k secrets -sv no -f "$secret-missing")" 1
is "that did not" "$(found -k secrets -sv yes -f "$secret-missing")" 0
is "with what it returned" \
	"$(ausearch -if "$audit_log" -w -k secrets -f "$secret-missing" --raw </dev/null | grep -c ' success=no exit=-2 ')" 1
is "not by another key" "$(found -k peer)" 0
is "-hn: the peer" "$(found -hn 203.0.113.7)" 1
is "-m: the kill" "$(found -m RESP_KILL_PROC -k peers)" 1
is "-m: files" "$(found -m ANOM_ACCESS_FS)" "$(found -k secrets)"
is "the host's execs are not there for that" "$(found -k tallyman-exec -x /usr/bin/cat)" 0
like "aureport -k" "$(aureport -if "$audit_log" -k --summary </dev/null)" '^[0-9]+ +secrets'
like "as a sentence" \
	"$(ausearch -if "$audit_log" -w -k secrets --vm-name web -f /tmp/secret-inside --format text </dev/null)" \
	'unsuccessfully opened-file /tmp/secret-inside using /bin/cat'

finish
