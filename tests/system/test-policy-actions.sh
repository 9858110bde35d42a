#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What happens when a selector matches: which one, with which action, and what the event and the audit
# trail say of it; returns, limits, signals, memory that is not there yet, hostile bytes.
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

daemon_start
# on SYSTEM-CALL ARGUMENTS SELECTORS [MORE]: the spec of one hook
on() {
	printf 'kprobes:\n- call: sys_%s\n  syscall: true\n  args: [%s]\n' "$1" "$2"
	[ -z "${4-}" ] || sed 's/^/  /' <<<"$4"
	printf '  selectors:\n'
	sed 's/^/  /' <<<"$3"
}
who='{index: 0, type: int}, {index: 1, type: int}'

policy_add two-selectors "$(on getpriority "$who" '- label: first
  matchArgs: [{index: 1, operator: InRange, values: ["41000:41009"]}]
- label: second
  matchArgs: [{index: 1, operator: InRange, values: ["41005:41019"]}]
- label: silent
  matchArgs: [{index: 1, operator: Equal, values: ["41020"]}]
  matchActions: [{action: NoPost}]
- label: last
  matchArgs: [{index: 1, operator: InRange, values: ["41020:41021"]}]')"
policy_add said "$(on getpriority "$who" '- label: the-selector
  matchArgs: [{index: 1, operator: Equal, values: ["42000"]}]' 'message: "what it is about"
tags: [one, two]
return: true
returnArg: {index: 0, type: int}')"
policy_add returned "$(on access '{index: 0, type: string}, {index: 1, type: int}' '- matchArgs: [{index: 0, operator: Prefix, values: [/tally-return]}]
  matchReturnArgs: [{index: 0, operator: Equal, values: ["-2"]}]' 'data: [{index: 0, type: string, source: current_task, resolve: comm}]
return: true
returnArg: {index: 0, type: int}')"
for scope in thread process global; do
	policy_add "limited-$scope" "$(on getpriority "$who" "- matchArgs: [{index: 1, operator: Equal, values: [\"43000\"]}]
  matchActions: [{action: Post, rateLimit: \"1h\", rateLimitScope: $scope}]")"
done
policy_add limited-return "$(on access '{index: 0, type: string}' '- matchArgs: [{index: 0, operator: Prefix, values: [/tally-limited]}]
  matchReturnArgs: [{index: 0, operator: Equal, values: ["-2"]}]
  matchActions: [{action: Post, rateLimit: "1h", rateLimitScope: global}]' 'return: true
returnArg: {index: 0, type: int}')"
policy_add killed "$(on unlink '{index: 0, type: string}' "- matchArgs: [{index: 0, operator: Equal, values: [$work/killed]}]
  matchActions: [{action: Sigkill}]")"
policy_add signalled "$(on getpriority "$who" '- matchArgs: [{index: 1, operator: Equal, values: ["44000"]}]
  matchActions: [{action: Signal, argSig: 10}]')"
policy_file monitored "$(on getpriority "$who" '- matchArgs: [{index: 1, operator: Equal, values: ["45000"]}]
  matchActions: [{action: Sigkill}]')"
tallyman policy add -m monitor "$work/monitored.yaml" >"$work/add.txt" 2>&1 || fail "a policy in monitor mode is taken" "$(cat "$work/add.txt")"
policy_add many 'lists:
- {name: calls, type: syscalls, values: [sys_link, sys_symlink]}
kprobes:
- call: list:calls
  args: [{index: 0, type: string}, {index: 1, type: string}]
  selectors: [{matchArgs: [{index: 0, operator: Prefix, values: [tally-list]}]}]'
policy_add every 'lists: [{name: calls, type: generated_syscalls}]
kprobes:
- call: list:calls
  args: [{index: 0, type: int}, {index: 1, type: int, label: second}]
  return: true
  returnArg: {index: 0, type: int}
  selectors: [{matchArgs: [{index: 1, operator: Equal, values: [47000]}]}]'
call_registers=(rdi rsi rdx r10 r8 r9)
[ "$(uname -m)" = x86_64 ] || call_registers=(x0 x1 x2 x3 x4 x5)
policy_add registers "kprobes:
- call: sys_process_vm_writev
  data:
$(printf '  - {index: 0, type: uint64, source: pt_regs, resolve: %s}\n' "${call_registers[@]}")
  selectors: [{matchData: [{args: [3], operator: Equal, values: [\"4004\"]}, {args: [5], operator: NotEqual, values: [\"7\"]}]}]"
policy_add raw 'lists:
- {name: calls, type: syscalls, values: [sys_fsopen, sys_keyctl]}
tracepoints:
- subsystem: raw_syscalls
  event: sys_enter
  args: [{index: 4, type: syscall64}]
  selectors: [{matchArgs: [{index: 4, operator: InMap, values: ["list:calls"]}]}]'
policy_add arrays 'tracepoints:
- subsystem: raw_syscalls
  event: sys_enter
  args: [{index: 4}, {index: 5}]
  selectors: [{matchArgs: [{index: 4, operator: Equal, values: ["430"]}]}]' # fsopen
policy_add first-of-array 'tracepoints:
- subsystem: raw_syscalls
  event: sys_enter
  args: [{index: 4, type: syscall64}, {index: 5, type: uint64}]
  selectors: [{matchArgs: [{index: 0, operator: InMap, values: ["list:calls"]}, {index: 1, operator: InMap, values: ["9910:9920"]}]}]
lists: [{name: calls, type: syscalls, values: [sys_keyctl]}]'
policy_add ten "tracepoints:
- subsystem: raw_syscalls
  event: sys_enter
  raw: true
  args: [$(printf '{index: %d, type: uint64}, ' 1 1 1 1 1 1 1 1 1){index: 1, type: int64}]
  selectors: [{matchArgs: [{args: [9], operator: Equal, values: [\"428\"]}]}]" # open_tree
policy_add fresh "$(on openat '{index: 1, type: string}, {index: 2, type: int}' '- matchArgs: [{index: 1, operator: Equal, values: [/etc/hostname]}]')"
policy_add fresh-tracepoint 'tracepoints:
- {subsystem: syscalls, event: sys_enter_openat, args: [{index: 6, type: string}, {index: 7}],
  selectors: [{matchArgs: [{index: 6, operator: Equal, values: [/etc/hostname]}]}]}'
policy_add fresh-failed "$(on openat '{index: 1, type: string}' '- matchArgs: [{index: 1, operator: Equal, values: [/etc/hostname]}]
  matchReturnArgs: [{index: 0, operator: LessThan, values: ["0"]}]' 'return: true
returnArg: {index: 0, type: int}')"
policy_add copied "$(on read '{index: 1, type: char_buf, returnCopy: true}, {index: 2, type: size_t}' "- matchBinaries: [{operator: In, values: [$actors/call]}]
  matchArgs: [{index: 2, operator: Equal, values: [\"4321\"]}]")"
policy_add copied-of "$(on read '{index: 1, type: char_buf, returnCopy: true, sizeArgIndex: 3}, {index: 2, type: size_t}' '- matchArgs: [{index: 2, operator: InRange, values: ["4321:4322"]}]' 'return: true
returnArg: {index: 0, type: int}')"
policy_add sized 'tracepoints:
- {subsystem: syscalls, event: sys_enter_write, args: [{index: 5}, {index: 6, sizeArgIndex: 8}],
  selectors: [{matchArgs: [{index: 5, operator: Equal, values: ["1234567"]}]}]}'
# with a program on the return, where the kernel could look again without one (6.18)
policy_add fresh-return "$(on openat '{index: 1, type: string}, {index: 2, type: int}' '- matchArgs: [{index: 1, operator: Equal, values: [/etc/hostname]}]' 'return: true
returnArg: {index: 0, type: int}')"
policy_add fresh-exec "$(on execve '{index: 0, type: string}' '- matchArgs: [{index: 0, operator: Equal, values: [/proc/self/no-exe]}]')"
# A program that reads what is not there is at work when the fault for it passes the same tracepoint.
nested='tracepoints: [{subsystem: exceptions, event: page_fault_kernel, raw: true, args: [{index: 0, type: string}],
  selectors: [{matchArgs: [{index: 0, operator: Equal, values: [/tally-nowhere]}]}]}]'
[ "$(uname -m)" != x86_64 ] || policy_add nested "$nested"
policy_add narrow "$(on access '{index: 0, type: string}, {index: 1, type: int}' '- matchArgs: [{index: 0, operator: Prefix, values: [/tally-narrow]}, {index: 1, operator: Equal, values: ["-3"]}]
- matchArgs: [{index: 1, operator: Mask, values: ["0x40000"]}, {index: 0, operator: Equal, values: [/tally-wide]}]')"
policy_add hostile "$(on access '{index: 0, type: string}' '- matchArgs: [{index: 0, operator: Prefix, values: [/hostile]}]')"
policy_add hook-filter "$(on getpriority "$who" '- matchArgs:
  - {index: 1, operator: GreaterThan, values: ["46000"]}
  - {index: 1, operator: LessThan, values: ["46002"]}
  matchBinaries: [{operator: Postfix, values: [/call]}]')"

for number in 41001 41007 41015 41020 41021 41030; do
	act call getpriority 9 $number
	declare "pid_$number=$pid"
done
act call getpriority 9 42000
said=$pid
act call access s:/tally-return 0
absent=$pid
ln -s / "$work/tally"
ln -s /etc /tally-return-there 2>/dev/null && cleanups+=("rm -f /tally-return-there")
act call access s:/tally-return-there 0
present=$pid
act call -n 20 getpriority 9 43000
limited=$pid
act call -n 20 getpriority 9 43000
limited_again=$pid
ln -s / /tally-limited 2>/dev/null && cleanups+=("rm -f /tally-limited")
act call access s:/tally-limited 0
rm -f /tally-limited
act call access s:/tally-limited 0
limited_return=$pid
act call access s:/tally-limited 0
limited_returns=$pid
act call access s:/tally-limited-too 0
limited_too=$pid
touch "$work/killed"
"$actors/call" unlink "s:$work/killed" >"$work/act.txt"
killed_status=$? killed=$(jq .pid "$work/act.txt")
"$actors/call" getpriority 9 44000 >"$work/act.txt"
signalled_status=$? signalled=$(jq .pid "$work/act.txt")
"$actors/call" getpriority 9 45000 >"$work/act.txt"
monitored_status=$? monitored=$(jq .pid "$work/act.txt")
act call symlink s:tally-list "s:$work/symlink"
listed=$pid
act call link s:tally-list "s:$work/link"
listed_too=$pid
act call getpriority 9 47000
everywhere=$pid
act call lseek -1 47000 0
everywhere_too=$pid
act call lseek -1 47001 0
elsewhere=$pid
act call process_vm_writev 0 4002 4003 4004 4005 4006
registers=$pid
act call process_vm_writev 0 4002 4003 4004 4005 7
not_registers=$pid
act call fsopen s:tally 0
raw=$pid
act call fsopen 0x1234567890 5 7
array=$pid
act call keyctl 9915
first=$pid
act call keyctl 9921
not_first=$pid
act call open_tree -1 s:tally 0
ten=$pid
narrow=()
for call in "s:/tally-narrower -3" "s:/tally-narrower 3" "s:/tally-wide 0x40001" "s:/tally-wide 3" "e:/tally-wide 0x40000"; do
	read -ra words <<<"$call"
	act call access "${words[@]}"
	narrow+=("$pid")
done
narrow_hits=$(policy_counter narrow hits)
act call -n 50 access s:/elsewhere 0
printf 'eleven byte' >"$work/eleven"
act call read "f:$work/eleven" z:4321 4321
copied=$pid
act call read -1 z:4322 4322
not_copied=$pid
act call write 1234567 s:sized 3
sized=$pid
act fresh-open 100
fresh=$pids
act fresh-exec 20
act call access "s:/hostile\"'\\ key=\"none\" 
type=USER_LOGIN $(printf '\001\033[2J\377\376')" 0
hostile=$pid
act call getpriority 9 46001
both=$pid
settle

declare -A labels=([41001]=first [41007]=first [41015]=second [41021]=last)
for number in 41001 41007 41015 41021; do
	name=pid_$number
	is "the first selector that matches: $number" "$(hit two-selectors "${!name}" .selector)" "\"${labels[$number]}\""
done
is "NoPost: no event, and no later selector" "$(hits two-selectors "$pid_41020")" 0
is "no selector matches" "$(hits two-selectors "$pid_41030")" 0
is "what matched without an event is counted" "$(policy_counter two-selectors matches) $(policy_counter two-selectors posted)" "5 4"
is "two arguments, two selectors" "$(for pid in "${narrow[@]}"; do hits narrow "$pid"; done | tr '\n' ' ')" "1 0 1 0 1 "
ok "calls that nothing matches are hits all the same" test "$(policy_counter narrow hits)" -ge $((narrow_hits + 50))
is "and nothing else" "$(policy_counter narrow matches) $(policy_counter narrow errors)" "3 0"
is "message, tags, label, function, arguments, return, policy" \
	"$(hit said "$said" '[.message, .tags, .selector, .function_name, .args, .return, .policy_name, .action]')" \
	'["what it is about",["one","two"],"the-selector","__x64_sys_getpriority",[{"int_arg":9},{"int_arg":42000}],{"int_arg":-22},"said","KPROBE_ACTION_POST"]'
is "matchReturnArgs matches" "$(hit returned "$absent" '[.args[0].string_arg, .return.int_arg]')" '["/tally-return",-2]'
[ ! -L /tally-return-there ] || is "matchReturnArgs misses" "$(hits returned "$present")" 0
is "rateLimit of a thread: one of twenty" "$(hits limited-thread "$limited")" 1
is "and one of another's" "$(hits limited-thread "$limited_again")" 1
is "rateLimit of a process: one of twenty" "$(hits limited-process "$limited") $(hits limited-process "$limited_again")" "1 1"
is "rateLimit of all: one of all" "$(hits limited-global "$limited") $(hits limited-global "$limited_again")" "1 0"
is "what was over the limit is counted" "$(policy_counter limited-global rate_limited)" 39
is "Sigkill ends the process" "$killed_status" 137
is "and says so" "$(hit killed "$killed" .action)" '"KPROBE_ACTION_SIGKILL"'
is "the call takes effect before: it was a system call" "$(test -e "$work/killed" && echo there)" ""
is "Signal sends the signal" "$signalled_status" "$((128 + 10))"
is "and says so" "$(hit signalled "$signalled" .action)" '"KPROBE_ACTION_SIGNAL"'
is "monitor mode takes no action" "$monitored_status" 0
is "but makes its event" "$(hits monitored "$monitored")" 1
is "a list of system calls: one" "$(hit many "$listed" '[.function_name, .args[0].string_arg]')" '["__x64_sys_symlink","tally-list"]'
is "a list of system calls: another" "$(hit many "$listed_too" '[.function_name, .args[0].string_arg]')" '["__x64_sys_link","tally-list"]'
is "a list of all system calls: one" "$(hit every "$everywhere" 'select(.function_name | endswith("_getpriority")) | [.function_name, .args[1].label, .return.int_arg]')" '["__x64_sys_getpriority","second",-22]'
is "a list of all system calls: another" "$(hit every "$everywhere_too" 'select(.function_name | endswith("_lseek")) | [.function_name, .args[0].int_arg, .return.int_arg]')" '["__x64_sys_lseek",-1,-9]'
is "a list of all system calls: what does not match" "$(hit every "$elsewhere" 'select(.function_name | endswith("_lseek"))')" ""
is "a call's registers are its arguments" "$(hit registers "$registers" '[.data[].size_arg]') $(hits registers "$not_registers")" \
	'["0","4002","4003","4004","4005","4006"] 0'
like "raw_syscalls with a list" "$(hit raw "$raw" '.args[0]')" '430|fsopen'
is "raw_syscalls: others are not in the list" "$(hits raw "$ten")" 0
is "an array of longs is a number of arguments" "$(hit arrays "$array" '.args[:4]')" \
	'[{"long_arg":"430"},{"size_arg":"78187493520"},{"size_arg":"5"},{"size_arg":"7"}]'
is "an array that is to be a number is its first" "$(hits first-of-array "$first") $(hits first-of-array "$not_first") $(hit first-of-array "$first" '.args[1]')" \
	'1 0 {"size_arg":"9915"}'
is "ten arguments" "$(hit ten "$ten" '.args | length')" 10
is "memory that was not there at the entry of a tracepoint is read at the return" \
	"$(events '.process_tracepoint | select(. != null and .policy_name == "fresh-tracepoint" and .args[0].string_arg == "/etc/hostname" and ([.process.pid] | inside($pids))) | .process.pid' \
		--argjson pids "$fresh" | sort -u | wc -l) $(policy_counter fresh-tracepoint unreadable)" "100 0"
is "each is one match" "$(policy_counter fresh matches)" "$(policy_counter fresh posted)"
is "what is returned decides there too" "$(policy_counter fresh-failed posted)" 0
is "returnCopy: what the call has put there, without being asked to return" "$(hit copied "$copied" '[.args, .return]')" \
	'[[{"bytes_arg":"ZWxldmVuIGJ5dGU="},{"size_arg":"4321"}],null]'
is "returnCopy: what the call has put there, not all that has room" "$(hit copied-of "$copied" '[.args, .return]')" \
	'[[{"bytes_arg":"ZWxldmVuIGJ5dGU="},{"size_arg":"4321"}],{"int_arg":11}]'
is "returnCopy: nothing, of a call that failed" "$(hit copied-of "$not_copied" '[.args, .return]')" \
	'[[{"bytes_arg":""},{"size_arg":"4322"}],{"int_arg":-9}]'
is "an entry and its return are one event" "$(policy_counter copied-of matches) $(policy_counter copied-of posted)" "2 2"
is "text of a tracepoint is bytes where their number is told" "$(hit sized "$sized" .args)" '[{"size_arg":"1234567"},{"bytes_arg":"c2l6"}]'
for policy in fresh fresh-return; do
	is "$policy: memory that was not there at the entry is read at the return" \
		"$(events '.process_kprobe | select(. != null and .policy_name == $policy and ([.process.pid] | inside($pids))) | .process.pid' \
			--arg policy "$policy" --argjson pids "$fresh" | sort -u | wc -l)" 100
	is "$policy: and nothing was missed" "$(policy_counter "$policy" unreadable) $(policy_counter "$policy" errors)" "0 0"
done
is "and what was returned is there" \
	"$(events '.process_kprobe | select(. != null and .policy_name == "fresh-return" and ([.process.pid] | inside($pids))) | .return.int_arg >= 0' \
		--argjson pids "$fresh" | sort | uniq -c | awk '{print $1, $2}')" "100 true"
[ "$(uname -m)" != x86_64 ] ||
	is "what the kernel passes over is an error" "$(($(policy_counter nested errors) > 0))" 1
# A thread that executes another program returns by its leader's number, which a program on the return does not know.
if tallyman policy check --kernel "$work/fresh-exec.yaml" | grep -q tracepoint &&
	grep -qw bpf_task_work_schedule_resume_impl /proc/kallsyms; then
	is "what an exec took away before it could be read is counted, whoever made it" \
		"$(policy_counter fresh-exec unreadable) $(policy_counter fresh-exec errors)" "20 0"
fi
is "a call that returns otherwise does not count for the rate limit" "$(hits limited-return "$limited_return")" 1
is "one that returns the same does" "$(hits limited-return "$limited_returns") $(policy_counter limited-return rate_limited)" "0 1"
is "with other arguments it is another" "$(hits limited-return "$limited_too")" 1
is "entries of a filter are all asked" "$(hits hook-filter "$both")" 1
is "hostile bytes stay in their string" "$(hits hostile "$hostile") $(hit hostile "$hostile" '.args[0].string_arg | test("^/hostile\"")')" "1 true"

if command -v ausearch >/dev/null; then
	in_audit() { ausearch -if "$audit_log" -w "$@" 2>"$work/ausearch.txt"; }
	like "the audit-format log: by the policy's name" "$(in_audit -k said -p "$said")" "type=.*key=\"said\""
	is "the audit-format log: the caller's name is no file" "$(in_audit -k returned -p "$absent" | grep type=PATH | grep -o 'name="[^"]*"')" 'name="/tally-return"'
	is "the audit-format log: no other process of it" "$(in_audit -k said -p "$limited" | grep -c 'type=')" 0
	like "the audit-format log: a signal is a response" "$(in_audit -k killed -p "$killed")" "RESP_KILL_PROC|ANOM"
	is "the audit-format log: hostile bytes make no record" "$(in_audit -m USER_LOGIN | grep -c '^type=')" 0
	like "the audit-format log: it is still found" "$(in_audit -k hostile -p "$hostile")" "key=\"hostile\""
fi
finish
