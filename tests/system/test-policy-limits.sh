#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Policies as large as they may be are taken by this kernel and match; larger ones are refused with the
# limit's name, and leave nothing behind.
# A shell's limit of descriptors, lower still: the daemon raises it.
# shellcheck disable=SC2016,SC2034 # the inner shell's; for what is sourced
daemon_wrapper=(sh -c 'ulimit -Sn 256; exec "$@"' -)
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

daemon_start

# long LENGTH: so many bytes of a path
long() { head -c "$1" /dev/zero | tr '\0' "${2:-a}"; }
# list COUNT FORMAT: "…", "…"
list() { seq -s ' ' -f "\"$2\"," 1 "$1" | sed 's/,$//'; }

# number of calls, type, operator, values
on() {
	printf 'kprobes:\n- call: sys_%s\n  syscall: true\n  args: [{index: %s, type: %s}]\n  selectors: [{matchArgs: [{index: %s, operator: %s, values: [%s]}]}]\n' \
		"$1" "$2" "$3" "$2" "$4" "$5"
}

policy_add long-equal "$(on access 0 string Equal "\"/$(long 4094)\"")"
policy_add long-prefix "$(on access 0 string Prefix "\"/$(long 255 p)\"")"
policy_add long-postfix "$(on access 0 string Postfix "\"$(long 256 q)\"")"
policy_add long-sub "$(on access 0 string SubString "\"$(long 254 s)t\"")"
policy_add many-texts "$(on access 0 string Equal "$(list 4000 '/tally/%05g')")"
policy_add many-numbers "$(on getpriority 1 int InMap "$(seq -s ' ' -f '"%.0f",' 1 3 9000 | sed 's/,$//')")"
policy_add many-selectors "kprobes:
- call: sys_getpriority
  syscall: true
  args: [{index: 1, type: int}]
  selectors:
$(for i in $(seq 64); do printf '  - label: "%d"\n    matchArgs: [{index: 1, operator: Equal, values: ["%d"]}]\n' "$i" $((990000 + i)); done)"

# refused NAME LIMIT SPEC
refused() {
	policy_file "$1" "$3"
	if tallyman policy add "$work/$1.yaml" >"$work/add.txt" 2>&1; then
		fail "$1 is refused" "it was taken"
	else
		like "$1 is refused, and why" "$(cat "$work/add.txt")" "$2"
	fi
}
refused longer-equal "4095" "$(on access 0 string Equal "\"/$(long 4095)\"")"
refused longer-prefix "256" "$(on access 0 string Prefix "\"/$(long 256)\"")"
refused longer-sub "255" "$(on access 0 string SubString "\"$(long 256)\"")"
refused more-texts "more than 4096 questions" "$(on access 0 string Equal "$(list 4100 '/tally/%05g')")"
refused more-bytes "bytes" "$(on access 0 string Equal "$(for i in $(seq 70); do printf '"/%s%03d",' "$(long 4000)" "$i"; done | sed 's/,$//')")"
refused more-values "8192" "$(on getpriority 1 int InMap "$(seq -s ' ' -f '"%.0f",' 1 3 27000 | sed 's/,$//')")"
refused more-selectors "64" "kprobes:
- call: sys_getpriority
  syscall: true
  args: [{index: 1, type: int}]
  selectors:
$(for i in $(seq 65); do printf '  - matchArgs: [{index: 1, operator: Equal, values: ["%d"]}]\n' "$i"; done)"
refused number-as-text 'field [a-z]* is .*, no pointer' 'tracepoints: [{subsystem: sched, event: sched_process_exec, args: [{index: 5, type: string}]}]'
refused number-as-data 'field [a-z]* is no __data_loc' 'tracepoints: [{subsystem: sched, event: sched_process_exec, args: [{index: 5, type: data_loc}]}]'

act call access "s:/$(long 4094)" 0
equal=$pid
act call access "s:/$(long 4093)b" 0
not_equal=$pid
act call access "s:/$(long 255 p)x" 0
prefix=$pid
act call access "s:/x$(long 256 q)" 0
postfix=$pid
act call access "s:/$(long 3000 s)t/x" 0
sub=$pid
act call access "s:/$(long 3000 s)u" 0
not_sub=$pid
act call access s:/tally/04000 0
text=$pid
act call access s:/tally/04001 0
not_text=$pid
act call getpriority 9 8998
number=$pid
act call getpriority 9 8999
not_number=$pid
act call getpriority 9 990064
selector=$pid
settle
is "4095 bytes are compared" "$(hits long-equal "$equal") $(hits long-equal "$not_equal")" "1 0"
is "a prefix of 256" "$(hits long-prefix "$prefix") $(hits long-prefix "$equal")" "1 0"
is "a postfix of 256" "$(hits long-postfix "$postfix") $(hits long-postfix "$equal")" "1 0"
is "a part of 255, far away" "$(hits long-sub "$sub") $(hits long-sub "$not_sub")" "1 0"
is "the last of 4000 texts" "$(hits many-texts "$text") $(hits many-texts "$not_text")" "1 0"
is "the last of 3000 numbers" "$(hits many-numbers "$number") $(hits many-numbers "$not_number")" "1 0"
is "the last of 64 selectors" "$(hit many-selectors "$selector" .selector)" '"64"'
is "what was refused is not there" "$(tallyman policy list -o json | jq -c '[.[].name | select(test("^(longer|more)-"))]')" "[]"
# ---- many at once ----
for number in $(seq 50); do
	policy_file "at-once-$number" "$(on getpriority 1 int Equal "\"77$number\"")"
done
tallyman policy add "$work"/at-once-*.yaml >"$work/add.txt" 2>&1
is "50 policies on one system call" "$(tallyman policy list -o json | jq '[.[] | select(.name | startswith("at-once-")) | select(.state == "enabled")] | length')" 50
# with trampolines a function takes 38 programs, and the others go another way
diag "$(tallyman policy list -o json | jq -r '.[] | select(.name | startswith("at-once-")) | .hooks[].mechanism' | sort | uniq -c)"
act call getpriority 9 7750
settle
is "and only the one that it is about says so" \
	"$(events '.process_kprobe | select(. != null and .process.pid == $pid) | .policy_name | select(startswith("at-once-"))' -r --argjson pid "$pid" | paste -s -d ' ')" at-once-50
is "none had errors" "$(tallyman policy list -o json | jq -c '[.[] | select(.errors != "0") | .name]')" "[]"
finish
