#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each filter on the process: an actor that makes it match and one that makes it miss.
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

daemon_start
mkdir -p "$work/bin/sub"
for name in call call2 sub/call inside entered; do
	cp "$actors/call" "$work/bin/$name"
done
cp "$(command -v dash || command -v bash)" "$work/bin/shell"

# run PROGRAM…: an actor anywhere; its last pid in $pid
run() {
	"$@" >"$work/act.txt" 2>"$work/act-errors.txt" || diag "$* ends with $?: $(cat "$work/act-errors.txt")"
	pid=$(jq -s '.[-1].pid' "$work/act.txt")
}

# filter NAME FILTER: a policy on getpriority with this filter
filter() {
	policy_add "$1" "kprobes:
- call: sys_getpriority
  syscall: true
  args: [{index: 1, type: int}]
  selectors:
  - matchArgs: [{index: 1, operator: Equal, values: [\"31337\"]}]
    $2"
}
expected=()
# expect 1|0 POLICY WHAT: of the process that has just been run
expect() {
	expected+=("$1|$2|$pid|$3")
}

bin=$work/bin
filter binary-in "matchBinaries: [{operator: In, values: [$bin/call2, /nowhere]}]"
filter binary-not-in "matchBinaries: [{operator: NotIn, values: [$bin/call2, $bin/sub/call]}]"
filter binary-prefix "matchBinaries: [{operator: Prefix, values: [$bin/sub/]}]"
filter binary-not-prefix "matchBinaries: [{operator: NotPrefix, values: [$bin/sub/]}]"
filter binary-postfix "matchBinaries: [{operator: Postfix, values: [/call2]}]"
filter binary-not-postfix "matchBinaries: [{operator: NotPostfix, values: [/call2]}]"
filter binary-twice "matchBinaries: [{operator: Prefix, values: [$bin/]}, {operator: NotIn, values: [$bin/call2]}]"
filter binary-children "matchBinaries: [{operator: In, values: [$bin/shell], followChildren: true}]"
filter binary-not-children "matchBinaries: [{operator: NotIn, values: [$bin/shell], followChildren: true}]"
filter parent-in "matchParentBinaries: [{operator: In, values: [$bin/shell]}]"
filter parent-not-in "matchParentBinaries: [{operator: NotIn, values: [$bin/shell]}]"
filter pid-follow "matchPIDs: [{operator: In, values: [$$], followForks: true}]"
filter pid-not-follow "matchPIDs: [{operator: NotIn, values: [$$], followForks: true}]"
filter pid-one "matchPIDs: [{operator: In, values: [1]}]"
filter namespace-pid "matchPIDs: [{operator: In, values: [1], isNamespacePID: true}]"
filter not-in-tree "matchPIDs: [{operator: NotIn, values: [0, 1], isNamespacePID: true, followForks: true}]"
filter not-first "matchPIDs: [{operator: NotIn, values: [0, 1], isNamespacePID: true}]"
filter of-host "matchPIDs: [{operator: In, values: [0], isNamespacePID: true}]"
filter uts-host "matchNamespaces: [{namespace: Uts, operator: In, values: [host_ns]}]"
filter uts-not-host "matchNamespaces: [{namespace: Uts, operator: NotIn, values: [host_ns]}]"
filter uts-number "matchNamespaces: [{namespace: Uts, operator: In, values: [\"$(stat -L -c %i /proc/self/ns/uts)\"]}]"
filter uts-changed "matchNamespaceChanges: [{operator: In, values: [Uts]}]"
filter other-changed "matchNamespaceChanges: [{operator: NotIn, values: [Uts]}]"
filter mnt-or-other-changed "matchNamespaceChanges: [{operator: NotIn, values: [Mnt]}]"
filter capable "matchCapabilities: [{type: Effective, operator: In, values: [CAP_SYS_ADMIN]}]"
filter not-capable "matchCapabilities: [{type: Effective, operator: NotIn, values: [CAP_SYS_ADMIN]}]"
filter inheritable "matchCapabilities: [{type: Inheritable, operator: In, values: [CAP_NET_RAW]}]"
filter capabilities-changed "matchCapabilityChanges: [{type: Effective, operator: In, values: [CAP_SYS_ADMIN]}]"
filter others-changed "matchCapabilityChanges: [{type: Effective, operator: NotIn, values: [CAP_SYS_ADMIN]}]"

call=(getpriority 9 31337)
run "$bin/call" "${call[@]}"
for name in binary-not-in binary-not-prefix binary-not-postfix binary-twice binary-not-children parent-not-in pid-follow \
	uts-host uts-number capable of-host; do
	expect 1 $name "a plain call"
done
for name in binary-in binary-prefix binary-postfix binary-children parent-in pid-not-follow pid-one namespace-pid uts-not-host \
	uts-changed other-changed mnt-or-other-changed not-capable inheritable capabilities-changed others-changed \
	not-in-tree not-first; do
	expect 0 $name "a plain call"
done
run "$bin/call2" "${call[@]}"
expect 1 binary-in "by its path"
expect 0 binary-not-in "by its path"
expect 1 binary-postfix "by its name"
expect 0 binary-not-postfix "by its name"
expect 0 binary-twice "the second entry of a filter"
run "$bin/sub/call" "${call[@]}"
expect 1 binary-prefix "below a directory"
expect 0 binary-not-prefix "below a directory"
expect 0 binary-not-in "the second value"
ln -s call2 "$bin/link"
run "$bin/link" "${call[@]}"
expect 1 binary-in "through a link: the file counts"

# The true is there so that it forks.
shell=("$bin/shell" -c '"$@"; true' sh)
run "${shell[@]}" "$bin/call" "${call[@]}"
expect 1 parent-in "its parent"
expect 0 parent-not-in "its parent"
expect 1 binary-children "a child"
expect 0 binary-not-children "a child"
run "${shell[@]}" /bin/sh -c '"$@"; true' sh "$bin/call" "${call[@]}"
expect 1 binary-children "a grandchild, beyond another program"
expect 0 parent-in "a grandchild"

run "$bin/shell" -c 'exec "$@"' sh "$bin/call" "${call[@]}"
expect 1 parent-in "the program that it was before"
expect 0 parent-not-in "the program that it was before"
run "$bin/shell" -c 'exec "$@"' sh /bin/sh -c 'exec "$@"' sh "$bin/call" "${call[@]}"
expect 0 parent-in "two programs before"
expect 1 parent-not-in "two programs before"
run "$bin/shell" -c 'exec "$@"' sh /bin/sh -c '"$@"; true' sh "$bin/call" "${call[@]}"
expect 0 parent-in "a child of another program than it was"

# A list has the place of one that is gone, of which there still is a process.
cp "$bin/shell" "$bin/shell2"
mkfifo "$work/commands"
"$bin/shell2" "$work/commands" >"$work/act.txt" &
exec 4>"$work/commands"
filter followed-before "matchBinaries: [{operator: In, values: [$bin/shell2], followChildren: true}]"
policy_delete followed-before
filter followed-now "matchBinaries: [{operator: In, values: [/nowhere/tally], followChildren: true}]"
echo "$bin/call ${call[*]}; true" >&4
exec 4>&-
wait $!
pid=$(jq .pid "$work/act.txt")
expect 0 followed-now "of a process that another list followed"

run unshare --uts "$bin/call" "${call[@]}"
expect 1 uts-not-host "a namespace of its own"
expect 0 uts-host "a namespace of its own"
expect 0 uts-number "a namespace of its own"
expect 0 uts-changed "changed before the exec"
unshare --pid --fork "$bin/call" "${call[@]}" >/dev/null
settle
pid=$(events '.process_exec.process | select(. != null and .binary == $path) | .pid' --arg path "$bin/call" | tail -n 1)
expect 1 namespace-pid "the first of its namespace"
expect 0 not-in-tree "the first of its namespace"
expect 0 not-first "the first of its namespace"
expect 0 of-host "the first of its namespace"
expect 0 pid-one "the first of its namespace"
# A child of a namespace's first process, and who comes into the namespace from outside.
mkfifo "$work/stay"
unshare --pid --fork "$bin/shell" -c '"$@" >/dev/null; read -r _ <"$0"' "$work/stay" "$bin/inside" "${call[@]}" &
unshared=$!
# in_tree PATH: the pid that a program has, seen from here
in_tree() { events '.process_exec.process | select(. != null and .binary == $path) | .pid' --arg path "$1" | tail -n 1; }
wait_for 10 eval '[ -n "$(in_tree "$bin/inside")" ]'
nsenter --target "$(pgrep -P "$unshared")" --pid "$bin/entered" "${call[@]}" >/dev/null
settle
pid=$(in_tree "$bin/inside")
expect 0 not-in-tree "a child of the first of its namespace"
expect 1 not-first "a child of the first of its namespace"
pid=$(in_tree "$bin/entered")
expect 1 not-in-tree "who comes from outside"
expect 1 not-first "who comes from outside"
expect 0 of-host "who comes from outside"
echo >"$work/stay"
wait "$unshared"
run setpriv --bounding-set=-sys_admin "$bin/call" "${call[@]}"
expect 0 capable "without the capability"
expect 1 not-capable "without the capability"
run setpriv --inh-caps=+net_raw "$bin/call" "${call[@]}"
expect 1 inheritable "with the inheritable capability"
run bash -c 'exec "$@"' bash "$bin/call" "${call[@]}"
expect 1 pid-follow "a descendant"

# What changes after the exec needs a program that changes itself.
if command -v python3 >/dev/null; then
	"$(command -v python3)" -c 'import ctypes, json, os, sys
libc = ctypes.CDLL(None)
libc.unshare(0x04000000)
libc.getpriority(9, 31337)
print(json.dumps({"pid": os.getpid()}))' >"$work/act.txt"
	pid=$(jq .pid "$work/act.txt")
	expect 1 uts-changed "changed after the exec"
	expect 0 other-changed "changed after the exec"
	expect 1 mnt-or-other-changed "changed after the exec"
	"$(command -v python3)" -c 'import ctypes, json, os, struct
libc = ctypes.CDLL(None, use_errno=True)
header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
data = ctypes.create_string_buffer(24)
libc.capset(header, data)
libc.getpriority(9, 31337)
print(json.dumps({"pid": os.getpid()}))' >"$work/act.txt"
	pid=$(jq .pid "$work/act.txt")
	expect 1 capabilities-changed "given up after the exec"
	expect 0 others-changed "given up after the exec"
	expect 1 not-capable "given up after the exec"
fi

settle
all=$(events '.process_kprobe | select(.) | "\(.policy_name)|\(.process.pid)"' -r)
for line in "${expected[@]}"; do
	IFS='|' read -r times name number what <<<"$line"
	is "$name $([ "$times" = 1 ] || echo "does not match"): $what" "$(grep -cxF "$name|$number" <<<"$all")" "$times"
done
is "none had errors" "$(tallyman policy list -o json | jq -c '[.[] | select(.errors != "0") | .name]')" "[]"
finish
