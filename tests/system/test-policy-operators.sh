#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each operator, with arguments of system calls and tracepoints: an actor that makes it match and one
# that makes it miss. All policies are in force at once.
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

touch "$work/regular" && mkfifo "$work/fifo" && mkdir "$work/directory"
exec 3<>"$work/fifo"

# name | system call | its argument: index, type and more | operator and values | call that matches | that misses
# %W is the test's directory. An expression's arguments are all of the list, another operator looks at the first.
cases=$(
	cat <<'E2'
int-equal|getpriority|index: 0, type: int|Equal, values: ["-7", "7001"]|getpriority 7001 0|getpriority 7002 0
int-equal-negative|getpriority|index: 0, type: int|Equal, values: ["-7"]|getpriority -7 0|getpriority 7 0
int-not-equal|getpriority|index: 1, type: int|NotEqual, values: ["7003", "0"]|getpriority 9 7004|getpriority 9 7003
int-greater|getpriority|index: 1, type: int|GreaterThan, values: ["8000000"]|getpriority 9 8000001|getpriority 9 8000000
int-less|getpriority|index: 1, type: int|LessThan, values: ["-8000000"]|getpriority 9 -8000001|getpriority 9 -8000000
uint-greater|getpriority|index: 1, type: uint32|GT, values: ["4294967000"]|getpriority 9 -5|getpriority 9 5
mask|getpriority|index: 1, type: uint32|Mask, values: ["0x40000000"]|getpriority 9 0x40000001|getpriority 9 0x20000001
in-range|getpriority|index: 1, type: int|InRange, values: ["600100:600200"]|getpriority 9 600200|getpriority 9 600201
not-in-range|getpriority|index: 1, type: int|NotInRange, values: ["-2147483648:700000", "700002:2147483647"]|getpriority 9 700001|getpriority 9 700002
in-map|getpriority|index: 1, type: int|InMap, values: ["500100", "500200:500300", "500400", "500500", "500600", "500700"]|getpriority 9 500250|getpriority 9 500150
not-in-map|lseek|index: 1, type: int64|NotInMap, values: ["-9223372036854775808:44", "46:9223372036854775807"]|lseek -1 45|lseek -1 46
int64|lseek|index: 1, type: int64|Equal, values: ["-4611686018427387905"]|lseek -1 0xbfffffffffffffff|lseek -1 0x3fffffffffffffff
uint64|lseek|index: 1, type: uint64|Equal, values: ["0xbfffffffffffffff"]|lseek -1 0xbfffffffffffffff|lseek -1 0x3fffffffffffffff
int8|getpriority|index: 1, type: int8|Equal, values: ["-3"]|getpriority 9 0x5fd|getpriority 9 0x5fc
string-equal|access|index: 0, type: string|Equal, values: ["/tally/equal"]|access s:/tally/equal 0|access s:/tally/equal2 0
string-not-equal|access|index: 0, type: string, index: 0|NotEqual, values: ["/tally/x"]|access s:/tally/y 0|access s:/tally/x 0
string-prefix|access|index: 0, type: string|Prefix, values: ["/tally/prefix"]|access s:/tally/prefixed 0|access s:/tally/prefi 0
string-not-prefix|readlink|index: 0, type: string|NotPrefix, values: ["/", "a", "m", ".", "s"]|readlink s:tally 0 0|readlink s:/tally 0 0
string-postfix|access|index: 0, type: string|Postfix, values: [".tally"]|access s:/x/a.tally 0|access s:/x/a.tallz 0
string-not-postfix|readlink|index: 0, type: string|NotPostfix, values: ["e", "y", "s", "0", "1", "2", "3"]|readlink s:/tallyX 0 0|readlink s:/tally 0 0
string-sub|access|index: 0, type: string|SubString, values: ["-ally-"]|access s:/x/t-ally-m 0|access s:/x/t-ALLY-m 0
string-sub-case|access|index: 0, type: string|SubStringIgnCase, values: ["-ALly-man"]|access s:/x/t-alLY-MAN 0|access s:/x/t-alLY 0
string-empty|access|index: 0, type: string|Equal, values: [""]|access s: 0|access s:/ 0
string-short|access|index: 0, type: string|Equal, values: ["/ts"]|access s:/ts 0|access s:/ts/ 0
string-8-bytes|access|index: 0, type: string|Equal, values: ["/tally-8"]|access s:/tally-8 0|access s:/tally-80 0
string-16-bytes|access|index: 0, type: string|Prefix, values: ["/tally-16-bytes/"]|access s:/tally-16-bytes/more 0|access s:/tally-16-bytes 0
string-of-many|access|index: 0, type: string|Prefix, values: ["/many0", "/many1", "/many2", "/many3", "/many4", "/many5", "/many6", "/many7", "/many8", "/many9"]|access s:/many9 0|access s:/manyA 0
string-at-end|access|index: 0, type: string|Prefix, values: ["/te"]|access e:/ted 0|access e:/tf 0
string-short-at-end|access|index: 0, type: string|Equal, values: ["/tg"]|access e:/tg 0|access e:/tgg 0
string-long-at-end|access|index: 0, type: string|Equal, values: ["/tally/at/the/end/of/memory"]|access e:/tally/at/the/end/of/memory 0|access e:/tally/at/the/end/of/memor 0
string-not-at-end|readlink|index: 0, type: string|NotPrefix, values: ["/", "a", "m", ".", "s", "t"]|readlink e:n 0 0|readlink e:m 0 0
in-map-of-many|getpriority|index: 1, type: int|InMap, values: ["-400101", "-400103", "-400105", "-400107", "-400109", "-400111", "-400113", "-400115", "-400117", "-400119"]|getpriority 9 -400119|getpriority 9 -400118
cel-range|getpriority|index: 1, type: int|CelExpr, values: ["arg0 > int32(300100) && int32(300200) >= arg0"]|getpriority 9 300200|getpriority 9 300201
cel-two-arguments|getpriority|index: 0, type: int}, {index: 1, type: int|CelExpr, values: ["arg0 - int32(10) == arg1 + int32(300300)"]|getpriority 300315 5|getpriority 300314 5
cel-args|getpriority|index: 0, type: int}, {index: 1, type: int|CelExpr, args: [1, 0], values: ["arg0 > int32(300400) && arg1 == int32(9)"]|getpriority 9 300401|getpriority 300401 9
cel-wraps|getpriority|index: 1, type: int|CelExpr, values: ["arg0 + int32(1) == int32(-2147483648)"]|getpriority 9 2147483647|getpriority 9 2147483646
cel-bits|getpriority|index: 1, type: uint32|CelExpr, values: ["and(arg0, uint32(0xff000000u)) == uint32(0x5a000000u)"]|getpriority 9 0x5a000001|getpriority 9 0x5b000001
cel-booleans|getpriority|index: 0, type: int}, {index: 1, type: int|CelExpr, values: ["(arg0 == int32(300500)) != (arg1 == int32(300500)) && !(arg0 != int32(300500))"]|getpriority 300500 1|getpriority 300500 300500
cel-uint64|lseek|index: 1, type: uint64|CelExpr, values: ["arg0 > 0xcfffffffffffff00u && arg0 - 1u < 0xcffffffffffffff0u"]|lseek -1 0xcffffffffffffff0|lseek -1 0xcffffffffffffff1
cel-fewer-bits|lseek|index: 0, type: int}, {index: 1, type: int64|CelExpr, values: ["int32(arg1) == arg0 && arg1 < -1"]|lseek -1 0xfffffffeffffffff|lseek -1 0xfffffffeffffffee
buffer-equal|write|index: 1, type: char_buf, sizeArgIndex: 3|Equal, values: ["tally\n"]|write -1 s:tally\n 6|write -1 s:tally 5
buffer-prefix|write|index: 1, type: char_buf, sizeArgIndex: 3|Prefix, values: ["tally prefix"]|write -1 s:tally_prefix_and_more 21|write -1 s:tally_prefi 11
fd-equal|fsync|index: 0, type: fd|Equal, values: ["%W/regular"]|fsync f:%W/regular|fsync f:%W/directory
fd-prefix|fsync|index: 0, type: fd|Prefix, values: ["%W/dir"]|fsync f:%W/directory|fsync f:%W/regular
fd-type|fsync|index: 0, type: fd|FileType, values: [dir, fifo]|fsync f:%W/directory|fsync f:%W/regular
fd-not-type|fsync|index: 0, type: fd|NotFileType, values: [dir, reg, sock, chr, blk]|fsync f:%W/fifo|fsync f:%W/regular
source-port|connect|index: 1, type: sockaddr|SPort, values: ["7777", "8000:8010"]|connect -1 4:10.9.8.7:8005 16|connect -1 4:10.9.8.7:8011 16
not-source-port|connect|index: 1, type: sockaddr|NotSPort, values: ["0:8011", "8013:65535"]|connect -1 4:10.9.8.7:8012 16|connect -1 4:10.9.8.7:8013 16
source-port-privileged|connect|index: 1, type: sockaddr|SPortPriv|connect -1 4:10.9.8.7:1023 16|connect -1 4:10.9.8.7:1024 16
not-source-port-privileged|connect|index: 1, type: sockaddr|NotSPortPriv|connect -1 6:1024 28|connect -1 6:1023 28
source-address|connect|index: 1, type: sockaddr|SAddr, values: ["10.77.0.0/16", "::1"]|connect -1 4:10.77.1.2:80 16|connect -1 4:10.78.1.2:80 16
source-address-6|connect|index: 1, type: sockaddr|SAddr, values: ["::1/127"]|connect -1 6:80 28|connect -1 4:127.0.0.1:80 16
not-source-address|connect|index: 1, type: sockaddr|NotSAddr, values: ["0.0.0.0/1", "::/0"]|connect -1 4:200.1.1.1:80 16|connect -1 4:100.1.1.1:80 16
family|connect|index: 1, type: sockaddr|Family, values: [AF_INET6]|connect -1 6:99 28|connect -1 4:10.9.8.7:99 16
unix-equal|connect|index: 1, type: sockaddr_un|Equal, values: ["/tally.sock"]|connect -1 u:/tally.sock 110|connect -1 u:/tally2.sock 110
unix-abstract|connect|index: 1, type: sockaddr_un|Prefix, values: ["@tally"]|connect -1 u:@tallyman 110|connect -1 u:@tall 110
unix-abstract-empty|connect|index: 1, type: sockaddr_un|Equal, values: ["@"]|connect -1 u:@ 110|connect -1 u:@x 110
unix-family|connect|index: 1, type: sockaddr_un|Family, values: [AF_UNIX]|connect -1 u:/x 110|connect -1 6:1 28
E2
)

daemon_start
while IFS='|' read -r name call argument operator _; do
	[[ $operator == CelExpr* ]] || operator="$operator, args: [0]"
	policy_add "$name" "kprobes:
- call: sys_$call
  syscall: true
  args: [{${argument%, index: 0}}]
  selectors:
  - matchArgs:
    - {operator: ${operator//%W/$work}}"
done <<<"$cases"
policy_add cel-return "kprobes:
- call: sys_lseek
  return: true
  returnArg: {index: 0, type: int}
  args: [{index: 1, type: int64}]
  selectors:
  - matchArgs: [{operator: CelExpr, values: ['arg0 == 300600']}]
    matchReturnArgs: [{operator: CelExpr, values: ['arg0 + int32(9) == int32(0)']}]"
declare -A matches misses
unescape() { printf '%b' "${1//_/ }"; }
while IFS='|' read -r name _ _ _ matching missing; do
	read -ra words <<<"${matching//%W/$work}"
	[[ $name != buffer* ]] || words[2]=$(unescape "${words[2]}"; echo .) words[2]=${words[2]%.}
	act call "${words[@]}"
	matches[$name]=$pid
	read -ra words <<<"${missing//%W/$work}"
	[[ $name != buffer* ]] || words[2]=$(unescape "${words[2]}")
	act call "${words[@]}"
	misses[$name]=$pid
done <<<"$cases"
act call lseek -1 300600 0
returns_error=$pid
act call lseek "f:$work/regular" 300600 0
returns=$pid
# Numbers of the 32-bit ABI are other calls.
if [ "$(uname -m)" = x86_64 ]; then
	act call -32 getpriority 9 4294967295
	other_abi=$pid
fi
settle
all=$(events '.process_kprobe | select(.) | "\(.policy_name)|\(.process.pid)"' -r)
while IFS='|' read -r name _; do
	is "$name: matches" "$(grep -cxF "$name|${matches[$name]}" <<<"$all")" 1
	is "$name: misses" "$(grep -cxF "$name|${misses[$name]}" <<<"$all")" 0
done <<<"$cases"

is "cel-return: matches" "$(grep -cxF "cel-return|$returns_error" <<<"$all")" 1
is "cel-return: misses" "$(grep -cxF "cel-return|$returns" <<<"$all")" 0
[ "$(uname -m)" != x86_64 ] || is "a call of the 32-bit ABI with that number is another" "$(grep -c "|$other_abi\$" <<<"$all")" 0
number=$(($(wc -l <<<"$cases") + 1))
is "$number policies are in force at once" "$(tallyman policy list -o json | jq '[.[] | select(.state == "enabled")] | length')" "$number"
is "none of them had errors" "$(tallyman policy list -o json | jq -c '[.[] | select(.errors != "0") | .name]')" "[]"
is "none takes a megabyte of the kernel's memory" \
	"$(tallyman policy list -o json | jq -c '[.[] | select((.kernel_memory | tonumber) >= 1048576 or (.kernel_memory | tonumber) == 0) | .name]')" "[]"
[ -z "${mechanism-}" ] ||
	like "each is there by $mechanism" "$(tallyman policy list -o json | jq -r '[.[].hooks[].mechanism] | unique | join(",")')" "^($mechanism)\$"
finish
