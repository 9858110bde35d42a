#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# System calls by the ABI of 32-bit programs, which a 64-bit program can make too: hooks on them, hooks that
# are not about them, and what the number of a call says.
# shellcheck disable=SC2154 # what lib.sh sets
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

if [ "$(uname -m)" != x86_64 ]; then
	policy_file other 'kprobes: [{call: i386/sys_openat}]'
	like "i386 is x86's" "$(tallyman policy check --kernel "$work/other.yaml" 2>&1)" 'no system calls of this ABI'
	finish
fi
daemon_start

# ---- what is refused ----
refused() {
	policy_file refused "$2"
	like "$1" "$(tallyman policy add "$work/refused.yaml" 2>&1)" "$3"
}
refused "another machine's ABI" 'kprobes: [{call: arm64/sys_openat}]' 'arm64/sys_openat: this machine has no system calls of this ABI'
refused "a call that i386 has not" 'kprobes: [{call: i386/sys_arch_nothing}]' 'this machine has no such system call'
refused "a function of x32" 'kprobes: [{call: __x64_compat_sys_execve}]' 'no system calls of this ABI'

refused "registers of 32-bit programs" 'kprobes: [{call: i386/sys_openat, args: [{index: 0, type: uint32, source: pt_regs, resolve: rbx}]}]' \
	'source: pt_regs: not of a system call of 32-bit programs'
refused "a long of both ABIs" 'lists: [{name: l, type: syscalls, values: [sys_lseek, i386/sys_lseek]}]
kprobes: [{call: "list:l", args: [{index: 1, type: long}]}]' 'index 1: of a list with calls of both ABIs'

# ---- hooks ----
filter() {
	echo "selectors: [{matchArgs: [{index: $1, operator: $2, values: [$3]}]}]"
}
path=$(filter 1 Prefix '"/tally/"')
policy_add by-abi "kprobes: [{call: i386/sys_openat, args: [{index: 0, type: int}, {index: 1, type: string}, {index: 2, type: int}], return: true, returnArg: {index: 0, type: int}, $path}]"
policy_add by-function "kprobes: [{call: __ia32_compat_sys_openat, args: [{index: 1, type: string}], $path}]"
policy_add own "kprobes: [{call: sys_openat, args: [{index: 1, type: string}], $path}]"
policy_add by-fentry "fentries: [{call: x64/sys_openat, args: [{index: 1, type: string}], $path}]"
policy_add both "lists: [{name: l, type: syscalls, values: [sys_access, i386/sys_access]}]
kprobes: [{call: \"list:l\", args: [{index: 0, type: string}], $(filter 0 Prefix '"/tally/"')}]"
policy_add long "kprobes: [{call: i386/sys_lseek, args: [{index: 1, type: long}, {index: 1, type: size_t, label: size}], $(filter 1 Equal '"-77"')}]"
policy_add socket "kprobes: [{call: i386/sys_connect, args: [{index: 1, type: sockaddr}], $(filter 1 SPort '"999"')}]"
policy_add iovec "kprobes: [{call: i386/sys_writev, args: [{index: 1, type: char_iovec, sizeArgIndex: 3}], $(filter 1 Equal '"tally-io"')}]"
policy_add number "tracepoints: [{subsystem: raw_syscalls, event: sys_enter, raw: true, args: [{index: 1, type: syscall64}], selectors: [{matchArgs: [{index: 1, operator: InMap, values: [\"list:l\"]}]}]}]
lists: [{name: l, type: syscalls, values: [i386/sys_getpriority, sys_getpriority]}]"
policy_add number-own "tracepoints: [{subsystem: raw_syscalls, event: sys_enter, raw: true, args: [{index: 1, type: syscall64}], selectors: [{matchArgs: [{index: 1, operator: Equal, values: [\"140\"]}]}]}]"

act call -i386 openat -100 s:/tally/32 0x10000
narrow=$pid
act call openat -100 s:/tally/64 0
wide=$pid
act call -i386 openat -100 s:/other 0
other=$pid
act call -i386 access s:/tally/a 0
access_narrow=$pid
act call access s:/tally/b 0
access_wide=$pid
act call -i386 lseek -1 -77 0
seek=$pid
act call -i386 lseek -1 -78 0
seek_other=$pid
act call lseek -1 -77 0
seek_wide=$pid
act call -i386 connect -1 4:10.0.0.1:999 16
connect=$pid
act call -i386 connect -1 4:10.0.0.1:998 16
connect_other=$pid
act call -i386 writev -1 v:tally-io 2
iovec=$pid
act call -i386 writev -1 v:tally-no 2
iovec_other=$pid
act call -i386 getpriority 9 1
number_narrow=$pid
act call getpriority 9 1
number_wide=$pid
settle

is "a call by its ABI: arguments, return and name" \
	"$(hit by-abi "$narrow" '[.function_name, .args[0].int_arg, .args[1].string_arg, .args[2].int_arg, .return.int_arg]')" \
	'["__ia32_sys_openat",-100,"/tally/32",65536,-2]'
is "not what it filters out" "$(hits by-abi "$other")" 0
is "nor the same call of 64-bit programs" "$(hits by-abi "$wide")" 0
is "a call by its function's name" "$(hits by-function "$narrow"),$(hits by-function "$wide")" 1,0
is "without an ABI it is this machine's own" "$(hits own "$narrow"),$(hits own "$wide")" 0,1
is "and with its own ABI" "$(hits by-fentry "$narrow"),$(hits by-fentry "$wide")" 0,1
is "a list of both" "$(hit both "$access_narrow" '[.function_name, .args[0].string_arg]')$(hit both "$access_wide" '[.function_name, .args[0].string_arg]')" \
	'["__ia32_sys_access","/tally/a"]["__x64_sys_access","/tally/b"]'
is "a long is as wide as theirs" "$(hit long "$seek" '[.args[0].long_arg, .args[1].size_arg]')" '["-77","4294967219"]'
is "and compared so" "$(hits long "$seek_other"),$(hits long "$seek_wide")" 0,0
is "a call that had a number for all sockets" "$(hit socket "$connect" '[.args[0].sockaddr_arg.addr, .args[0].sockaddr_arg.port]')" '["10.0.0.1",999]'
is "to one port" "$(hits socket "$connect_other")" 0
is "segments as they have them" "$(hit iovec "$iovec" '.args[0].bytes_arg | @base64d')" '"tally-io"'
is "and not others" "$(hits iovec "$iovec_other")" 0
is "a number says its ABI" "$(hit number "$number_narrow" .args[0].syscall_id)$(hit number "$number_wide" .args[0].syscall_id)" \
	'{"id":96,"abi":"i386","name":"getpriority"}{"id":140,"abi":"x64","name":"getpriority"}'
is "and is compared with it" "$(hits number-own "$number_narrow"),$(hits number-own "$number_wide")" 0,1
is "without errors" "$(tallyman policy list -o json | jq -c '[.[] | select(.errors != "0") | .name]')" "[]"
like "the audit-format log has its ABI" "$(ausearch -if "$audit_log" -p "$narrow" -k by-abi --raw 2>/dev/null)" 'type=SYSCALL.* arch=40000003 syscall=295 '
finish
