#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Policies in the installed service, with its least power: functions, LSM hooks, sockets and returns, which
# kernels without kprobes and trampolines do not have; a file that is dropped in; a denial in one container.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=../../system/policy.sh
. "$tests_dir/policy.sh"

diag "Linux $(uname -r)"
import_image
echo secret >"$work/secret"

# added NAME SPEC: by its administrator, to the daemon that is not root
added() {
	policy_file "$1" "$2"
	tallyman policy add "$work/$1.yaml" >"$work/$1.add" 2>&1
	is "$1 is in force" $? 0
	[ ! -s "$work/$1.add" ] || diag "$(cat "$work/$1.add")"
}

# Debian's kernels begin with kernel.perf_event_paranoid 3, which leaves perf events to CAP_SYS_ADMIN: tracepoints
# that have no other way are refused, with the way out. Everything else of this suite does without.
if [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ]; then
	policy_file paranoid 'tracepoints: [{subsystem: sched, event: sched_process_exec}]'
	like "a tracepoint that the kernel keeps to CAP_SYS_ADMIN" "$(tallyman policy add "$work/paranoid.yaml" 2>&1)" \
		'kernel.perf_event_paranoid is [0-9]+, which wants CAP_SYS_ADMIN for it: set it to 2'
fi

tallyman policy add /usr/share/tallyman/policies/*.yaml >"$work/shipped.txt" 2>&1
is "each policy that is shipped is in force" \
	"$(tallyman policy list -o json | jq '[.[] | select(.state == "enabled")] | length')" "$(find /usr/share/tallyman/policies -name '*.yaml' | wc -l)"
diag "$(cat "$work/shipped.txt")"
mapfile -t shipped < <(tallyman policy list -o json | jq -r '.[].name')
policy_delete "${shipped[@]}"

in_force() {
	tallyman policy list -o json | jq -e --arg name "$1" 'any(.[]; .name == $name and .state == "enabled")'
}

# ---- a function, its arguments and what it returns ----
added function 'kprobes:
- call: security_file_open
  syscall: false
  return: true
  returnArg: {index: 0, type: int}
  args:
  - {index: 0, type: file}
  - {index: 0, type: uint32, resolve: f_flags, label: flags}
  selectors:
  - matchArgs: [{args: [0], operator: Postfix, values: ["/secret"]}]
    matchBinaries: [{operator: In, values: ["/usr/bin/cat"]}]'
cat "$work/secret" >/dev/null
head -c 1 "$work/secret" >/dev/null
settle
is "a function's file, once, by one program" \
	"$(events '.process_kprobe | select(.policy_name == "function") | [.function_name, .process.binary, .args[0].file_arg.path, .return.int_arg]')" \
	"[\"security_file_open\",\"/usr/bin/cat\",\"$work/secret\",0]"
is "and a field of the structure" \
	"$(events '.process_kprobe | select(.policy_name == "function") | .args[1] | [.label, (.uint_arg > 0)]')" '["flags",true]'

# ---- the same by an expression, of its argument and of what it returns ----
added expression 'kprobes:
- call: security_file_open
  syscall: false
  return: true
  returnArg: {index: 0, type: int}
  args:
  - {index: 0, type: file}
  - {index: 0, type: uint32, resolve: f_flags}
  selectors:
  - matchArgs:
    - {args: [0], operator: Postfix, values: ["/secret"]}
    - {args: [1], operator: CelExpr, values: ["and(arg0, uint32(3u)) == uint32(1u)"]}
    matchReturnArgs: [{operator: CelExpr, values: ["arg0 == int32(0)"]}]'
: >>"$work/secret"
cat "$work/secret" >/dev/null
settle
is "a file opened to be written, and not the same to be read" \
	"$(events '.process_kprobe | select(.policy_name == "expression") | [.args[0].file_arg.path, .return.int_arg]')" \
	"[\"$work/secret\",0]"
policy_delete expression

# ---- a system call, what it returns, and where it came from ----
added call 'kprobes:
- call: sys_openat
  return: true
  returnArg: {index: 0, type: int}
  args: [{index: 1, type: string}]
  selectors:
  - matchArgs: [{args: [0], operator: Postfix, values: ["/secret", "/no-secret"]}]
    matchBinaries: [{operator: In, values: ["/usr/bin/cat"]}]
    matchActions: [{action: Post, userStackTrace: true}]'
cat "$work/secret" "$work/no-secret" >/dev/null 2>&1
settle
is "a system call, its return, and its stack" \
	"$(events '.process_kprobe | select(.policy_name == "call") | [.function_name, (.args[0].string_arg | split("/")[-1]), .return.int_arg, (.user_stack_trace | length > 0)]')" \
	'["__x64_sys_openat","secret",3,true]
["__x64_sys_openat","no-secret",-2,true]'
# More calls than get a program each.
added calls 'lists: [{name: many, type: syscalls, values: [sys_mkdir, sys_rmdir, sys_unlink, sys_rename, sys_link, sys_symlink, sys_chmod, sys_truncate, sys_mknod]}]
kprobes: [{call: "list:many", args: [{index: 0, type: string}], selectors: [{matchArgs: [{args: [0], operator: Prefix, values: ["/tally-absent/"]}]}]}]'
act call chmod s:/tally-absent/x 0600
settle
is "one of a long list of system calls" "$(events '.process_kprobe | select(.policy_name == "calls") | .function_name')" '"__x64_sys_chmod"'

# ---- the same place by fentry ----
added fentry 'fentries:
- call: security_file_open
  syscall: false
  args: [{index: 0, type: file}]
  selectors: [{matchArgs: [{index: 0, operator: Postfix, values: ["/secret"]}]}]'
head -c 1 "$work/secret" >/dev/null
settle
is "fentries" "$(events '.process_kprobe | select(.policy_name == "fentry") | .args[0].file_arg.path')" "\"$work/secret\""

# ---- sockets ----
added connect 'kprobes:
- call: tcp_connect
  syscall: false
  args: [{index: 0, type: sock}]
  selectors:
  - matchArgs:
    - {index: 0, operator: DAddr, values: ["127.0.0.0/8"]}
    - {index: 0, operator: DPort, values: ["9"]}'
bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>/dev/null
bash -c 'exec 3<>/dev/tcp/127.0.0.1/10' 2>/dev/null
settle
is "a connection to one port and not to the other" \
	"$(events '.process_kprobe | select(.policy_name == "connect") | .args[0].sock_arg | [.daddr, .dport, .protocol]')" \
	'["127.0.0.1",9,"IPPROTO_TCP"]'

# ---- LSM hooks: seen, and denied in one container ----
added lsm 'lsmhooks:
- hook: bprm_check_security
  args: [{index: 0, type: linux_binprm}]
  selectors: [{matchArgs: [{index: 0, operator: Postfix, values: ["/actors/nothing"]}]}]'
added deny 'containerSelector: {matchLabels: {name: guarded}}
lsmhooks:
- hook: file_open
  args: [{index: 0, type: file}]
  selectors:
  - matchArgs: [{index: 0, operator: Equal, values: ["/etc/guarded"]}]
    matchActions: [{action: Override, argError: -13}]'
podman run --rm --name open --network none "$image" /bin/sh -c 'echo x >/etc/guarded && cat /etc/guarded; /actors/nothing' \
	>"$work/open.txt" 2>&1
is "a container that the policy is not about reads" "$(cat "$work/open.txt")" x
podman run --rm --name guarded --network none "$image" /bin/sh -c 'echo x >/etc/guarded; cat /etc/guarded; /actors/nothing' \
	>"$work/guarded.txt" 2>&1
like "the one it is about is denied" "$(cat "$work/guarded.txt")" "can't create /etc/guarded: Permission denied"
settle
is "each program that is run, by the LSM hook" \
	"$(events '.process_lsm | select(.policy_name == "lsm" and .process.container != null) | [.function_name, .process.container.name, .args[0].linux_binprm_arg.path]' | sort)" \
	'["bprm_check_security","guarded","/actors/nothing"]
["bprm_check_security","open","/actors/nothing"]'
is "each denial" \
	"$(events '.process_lsm | select(.policy_name == "deny") | [.process.container.name, .action]' | sort -u)" \
	'["guarded","KPROBE_ACTION_OVERRIDE"]'
like "ausearch finds it by the policy's name" "$(ausearch -if "$audit_log" -i -w -k deny --vm-name guarded)" 'name=/etc/guarded'

# ---- the digest of what is executed, by a daemon that is not root; where this kernel makes one ----
policy_file hash "lsmhooks: [{hook: bprm_check_security, args: [{index: 0, type: linux_binprm}], selectors: [{matchArgs: [{index: 0, operator: Equal, values: [\"$work/hashed\"]}], matchActions: [{action: Post, imaHash: true}]}]}]"
cp "$actors/nothing" "$work/hashed"
if tallyman policy add "$work/hash.yaml" >"$work/hash.txt" 2>&1; then
	"$work/hashed"
	settle
	is "a program's hash" "$(events '.process_lsm | select(.policy_name == "hash") | .ima_hash')" \
		"\"sha256:$(sha256sum "$work/hashed" | cut -d ' ' -f 1)\""
	policy_delete hash
else
	like "no hash, for one reason" "$(cat "$work/hash.txt")" 'imaHash: this kernel '
fi

# ---- a module's function, and registers: by kprobes, which the service may have with perf_event_paranoid 2 ----
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
sysctl -q -w kernel.perf_event_paranoid=2
modprobe dummy && ip link add tally0 type dummy && ip link set tally0 up && ip addr add 10.99.0.1/24 dev tally0
added module 'kprobes: [{call: dummy_xmit, syscall: false, args: [{index: 0, type: skb}, {index: 1, type: net_device}], selectors: [{matchArgs: [{index: 1, operator: Equal, values: [tally0]}, {index: 0, operator: DPort, values: ["77"]}]}]}]'
modprobe af_alg
# Types of the function's own, of a module that is named, and one that no other has
added module-types 'kprobes:
- {call: dummy_xmit, syscall: false, args: [{index: 0}, {index: 1}, {index: 1, resolve: mtu}], selectors: [{matchArgs: [{args: [0], operator: DPort, values: ["77"]}]}]}
- call: security_socket_connect
  syscall: false
  args:
  - {index: 1, type: uint8, btfType: sockaddr_alg_new, btfTypeModule: af_alg, resolve: "salg_type[1]"}
  - {index: 1, type: auto, btfType: sockaddr_alg_new, btfTypeModule: af-alg, resolve: salg_family}
  selectors: [{matchArgs: [{args: [0], operator: Equal, values: ["77"]}]}]'
policy_file no-module 'kprobes: [{call: security_socket_connect, syscall: false, args: [{index: 1, type: uint8, btfType: sockaddr_alg_new, resolve: salg_family}]}]'
like "a module's type that is asked of the kernel" "$(tallyman policy check --kernel "$work/no-module.yaml")" 'btfType: there is no structure of that name; that of a module needs btfTypeModule'
policy_file no-argument 'kprobes: [{call: dummy_xmit, syscall: false, args: [{index: 2, type: int}]}]'
like "an argument that a module's function has not" "$(tallyman policy check --kernel "$work/no-argument.yaml")" 'index 2: dummy_xmit has 2 arguments'
added registers 'kprobes: [{call: security_file_open, syscall: false, args: [{index: 0, type: file}, {index: 0, type: uint64, source: pt_regs, resolve: rdi}], selectors: [{matchArgs: [{args: [0], operator: Postfix, values: ["/secret"]}, {args: [1], operator: NotEqual, values: ["0"]}]}]}]'
echo x >/dev/udp/10.99.0.9/77
echo x >/dev/udp/10.99.0.9/78
cat "$work/secret" >/dev/null
cat "$work/call.yaml" >/dev/null
settle
is "a module's function" "$(events '.process_kprobe | select(.policy_name == "module") | [.args[0].skb_arg.dport, .args[1].string_arg]')" '[77,"tally0"]'
is "its types, by its module" "$(events '.process_kprobe | select(.policy_name == "module-types" and .function_name == "dummy_xmit") | [.args[0].skb_arg.dport, .args[1].string_arg, .args[2].uint_arg]')" \
	'[77,"tally0",1500]'
is "a type of a module that is named" "$(events '.process_kprobe | select(.policy_name == "module-types" and .function_name != "dummy_xmit") | [.args[] | .uint_arg]')" '[77,2]'
is "a register" "$(events '.process_kprobe | select(.policy_name == "registers") | [.args[0].file_arg.path, (.args[1].size_arg | length > 15)]')" "[\"$work/secret\",true]"
policy_delete module module-types registers
sysctl -q -w "kernel.perf_event_paranoid=$paranoid"

# ---- what is in force, and what it costs ----
is "each hook was reached and says so" \
	"$(tallyman policy list -o json | jq -c '[.[] | select((.matches | tonumber) == 0) | .name]')" '[]'
diag "$(tallyman policy list)"

# ---- a file ----
policy_file dropped 'kprobes:
- call: sys_unlinkat
  args: [{index: 1, type: string}]
  selectors: [{matchArgs: [{index: 1, operator: Postfix, values: [".dropped"]}]}]'
mv "$work/dropped.yaml" /etc/tallyman/policies.d/dropped.yaml
wait_for 20 in_force dropped
touch "$work/x.dropped" && rm "$work/x.dropped"
settle
is "a file in policies.d" "$(events '.process_kprobe | select(.policy_name == "dropped") | .function_name')" '"__x64_sys_unlinkat"'
rm /etc/tallyman/policies.d/dropped.yaml
systemctl restart tallymand.service
is "after a restart what was added is there, and the file's is not" \
	"$(tallyman policy list -o json | jq -c '[.[].name] | sort')" '["call","calls","connect","deny","fentry","function","lsm"]'
for name in call calls connect deny fentry function lsm; do
	policy_delete $name
done
is "the service has nothing to complain of" "$(complaints | grep -v perf_event_paranoid)" ""
finish
